"""Indexes on disk: vectors in Chroma, a word index and a description beside them."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from knowdo.knowledge.errors import InputError, OperationError, unknown_name
from knowdo.tools.home import read_json, subfolder, write_json
from knowdo.tools.rag.chunking import Chunk
from knowdo.tools.rag.embedding import DIMENSION, EMBEDDING_MODEL
from knowdo.tools.rag.keywords import Keywords

if TYPE_CHECKING:
    from knowdo.tools.rag.embedding import Vectors

State = Literal["building", "ready", "failed"]
_COLLECTION = "chunks"
# Chroma takes some 5,000 ids at once, depending on how its SQLite was built.
_MAX_BATCH = 1000
# Opening and closing share a table inside Chroma that is not guarded against threads.
_chroma_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file of an index: the name that is cited, where it was read, and its content's hash."""

    file: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index is. `created` is UTC; `files` and `chunks` are counts."""

    index_id: str
    name: str
    state: State
    created: datetime
    embedding_model: str
    dimension: int
    files: int
    chunks: int
    plan_id: str
    folder: str
    error: str | None = None


class OpenIndex:
    """An index that can be read and added to, as a context; closed, it holds no file."""

    def __init__(self, info: IndexInfo) -> None:
        self.info = info
        self._folder = Path(info.folder)

    def __enter__(self) -> OpenIndex:
        import chromadb
        from chromadb.config import Settings

        with _chroma_lock:
            self._client = chromadb.PersistentClient(
                str(self._folder / "chroma"), settings=Settings(anonymized_telemetry=False)
            )
        self._collection = self._client.get_or_create_collection(
            _COLLECTION,
            configuration={"hnsw": {"space": "cosine"}},
            # Chroma's own function would fetch a model.
            embedding_function=None,
        )
        self.keywords = Keywords(self._folder / "keywords.sqlite")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.keywords.close()
        with _chroma_lock:
            self._client.close()

    def count(self) -> int:
        """How many chunks are stored."""
        return int(self._collection.count())

    def missing(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those of the chunks that are not stored whole; at most 1,000 at a time."""
        ids = [chunk.chunk_id for chunk in chunks]
        if not ids:
            return []
        stored = set(self._collection.get(ids=ids, include=[])["ids"]) & self.keywords.known(ids)
        return [chunk for chunk in chunks if chunk.chunk_id not in stored]

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store chunks with their vectors; a chunk that is there already is written over."""
        self._collection.upsert(
            ids=[chunk.chunk_id for chunk in chunks],
            embeddings=vectors,
            documents=[chunk.text for chunk in chunks],
            metadatas=[_metadata(chunk) for chunk in chunks],
        )
        self.keywords.add(chunks)

    def keep_only(self, file: str, chunk_ids: set[str]) -> None:
        """Remove the chunks of a file that are not among these."""
        stored = self._collection.get(where={"file": file}, include=[])["ids"]
        gone = [chunk_id for chunk_id in stored if chunk_id not in chunk_ids]
        self.keywords.remove(gone)
        for start in range(0, len(gone), _MAX_BATCH):
            self._collection.delete(ids=gone[start : start + _MAX_BATCH])

    def nearest(self, vector: Vectors, count: int) -> list[str]:
        """The ids of the chunks nearest to a vector of shape (384,), nearest first."""
        stored = self.count()
        if not stored:
            return []
        found = self._collection.query(
            query_embeddings=[vector], n_results=min(count, stored), include=[]
        )
        return list(found["ids"][0])

    def fetch(self, chunk_ids: Sequence[str]) -> tuple[list[Chunk], Vectors]:
        """Chunks with their vectors, shape (n, 384), in Chroma's order."""
        import numpy as np

        found = self._collection.get(
            ids=list(chunk_ids), include=["documents", "metadatas", "embeddings"]
        )
        rows = zip(found["ids"], found["documents"], found["metadatas"], strict=True)
        chunks = [Chunk(chunk_id=key, text=text, **data) for key, text, data in rows]
        return chunks, np.asarray(found["embeddings"], dtype=np.float32).reshape(-1, DIMENSION)


def _metadata(chunk: Chunk) -> dict[str, Any]:
    return {
        "file": chunk.file,
        "location": chunk.location,
        "position": chunk.position,
        "heading": chunk.heading,
    }


def list_indexes() -> list[IndexInfo]:
    """All indexes, newest first."""
    found = [read_info(path.parent) for path in subfolder("indexes").glob("*/meta.json")]
    return sorted(found, key=lambda info: info.created, reverse=True)


def find_index(id_or_name: str) -> IndexInfo:
    """An index by id or name; of several with one name, the newest that is ready.

    Raises InputError that names the indexes there are.
    """
    indexes = list_indexes()
    if not indexes:
        raise InputError("There is no index yet. Plan one over your files and build it first.")
    named = [index for index in indexes if id_or_name in (index.index_id, index.name)]
    if not named:
        known = [index.index_id for index in indexes] + [index.name for index in indexes]
        raise unknown_name("index", id_or_name, dict.fromkeys(known))
    return next((index for index in named if index.state == "ready"), named[0])


def open_index(id_or_name: str) -> OpenIndex:
    """An index to ask, as a context.

    Raises InputError for an unknown or unfinished index, OperationError when it was made with
    another embedding model than the present one.
    """
    info = find_index(id_or_name)
    if info.state != "ready":
        raise InputError(
            f"The index '{info.name}' is not ready ({info.state}"
            + (f": {info.error}" if info.error else "")
            + f"). Build plan {info.plan_id} again; what is done already is kept."
        )
    require_same_model(info)
    return OpenIndex(info)


def require_same_model(info: IndexInfo) -> None:
    """Raises OperationError when vectors of this index and of the present model do not compare."""
    if (info.embedding_model, info.dimension) == (EMBEDDING_MODEL, DIMENSION):
        return
    raise OperationError(
        f"The index '{info.name}' was made with {info.embedding_model} ({info.dimension} numbers a"
        f" vector); now the model is {EMBEDDING_MODEL} ({DIMENSION}), and the two do not compare."
        " Plan and build a new index over the same files; the old one stays until you delete it."
    )


def delete_index(index_id: str, *, confirm: str) -> None:
    """Delete an index for good; its documents are left alone.

    `confirm` must equal the id: deleting is approved for one index, not for whatever a name means.
    Raises InputError otherwise, or when there is no such id, OperationError during a build.
    """
    ids = [index.index_id for index in list_indexes()]
    if index_id not in ids:
        raise unknown_name("index", index_id, ids)
    if confirm != index_id:
        raise InputError(
            f"Deleting index '{index_id}' needs its id as confirmation, not '{confirm[:80]}'."
        )
    folder = folder_of(index_id)
    with alone(folder, index_id):
        # Without its description it is an index no more, whatever happens to the rest.
        (folder / "meta.json").unlink()
    shutil.rmtree(folder)


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Hold an index's lock; the system releases it when the process dies.

    Raises OperationError when another process, or another thread, holds it.
    """
    lock = FileLock(folder / "build.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OperationError(
            f"The index '{name}' is being built at this moment. Wait until that is done."
        ) from error
    try:
        yield
    finally:
        lock.release()


def folder_of(index_id: str) -> Path:
    """The folder of an index, there or not. Raises InputError for what cannot be an id."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,80}", index_id):
        raise InputError(f"'{index_id[:80]}' is not the id of an index.")
    return subfolder("indexes") / index_id


def write_info(info: IndexInfo, files: Sequence[IndexedFile]) -> IndexInfo:
    """Write an index's description, with its list of files; returns it with their number."""
    info = replace(info, files=len(files))
    meta = {**asdict(info), "created": info.created.isoformat(), "files": [*map(asdict, files)]}
    del meta["folder"]
    write_json(Path(info.folder) / "meta.json", meta)
    return info


def read_info(folder: Path) -> IndexInfo:
    """Read an index's description. Raises OperationError when it is damaged."""
    return _read(folder)[0]


def read_files(folder: Path) -> list[IndexedFile]:
    """The files of an index. Raises OperationError when its description is damaged."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[IndexInfo, list[IndexedFile]]:
    try:
        meta = read_json(folder / "meta.json")
        files = [IndexedFile(**file) for file in meta.pop("files")]
        created = datetime.fromisoformat(meta.pop("created")).astimezone(UTC)
        return IndexInfo(created=created, files=len(files), folder=str(folder), **meta), files
    except (ValueError, TypeError, KeyError) as error:
        raise OperationError(
            f"The description of an index, {folder / 'meta.json'}, is damaged ({error}). Delete the"
            " folder and build the index again."
        ) from error
