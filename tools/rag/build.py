"""Builds the index of a plan; a build that was cut off goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from knowdo.knowledge.errors import InputError
from knowdo.tools.progress import report_progress
from knowdo.tools.rag.chunking import Chunk, chunk_document
from knowdo.tools.rag.embedding import DIMENSION, EMBEDDING_MODEL, embed, token_counter, warm_up
from knowdo.tools.rag.plan import (
    IndexPlan,
    PlannedFile,
    StoredPlan,
    plan_index,
    read_plan,
    remember_speed,
    sha256_of,
)
from knowdo.tools.rag.reader import DocumentReader
from knowdo.tools.rag.store import (
    IndexedFile,
    IndexInfo,
    OpenIndex,
    alone,
    folder_of,
    read_files,
    read_info,
    write_info,
)

__all__ = ["IndexInfo", "IndexPlan", "build_index", "plan_index"]

# Chunks that are embedded and stored together: what a killed build loses at most.
_BATCH = 128
# Fewer say nothing about the speed of a machine.
_MIN_CHUNKS_TO_MEASURE = 100


def build_index(plan_id: str) -> IndexInfo:
    """Build a plan's index; only chunks that are not stored yet are embedded.

    Building a finished plan again changes nothing. Raises InputError for an unknown plan and for
    files that changed since, OperationError when the model is missing or another process builds
    the same index, OSError when the disk is full.
    """
    plan = read_plan(plan_id)
    folder = folder_of(plan.index_id)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, plan.name):
        done = _finished(folder, plan)
        if done:
            return done
        _require_unchanged(plan)
        warm_up()
        info, files = _begin(folder, plan)
        with _failure_noted(info, files), OpenIndex(info) as index:
            _store_all(index, plan)
            chunks = index.count()
        return write_info(replace(info, state="ready", chunks=chunks), files)


def _finished(folder: Path, plan: StoredPlan) -> IndexInfo | None:
    if not (folder / "meta.json").is_file():
        return None
    info = read_info(folder)
    return info if info.state == "ready" and info.plan_id == plan.plan_id else None


def _require_unchanged(plan: StoredPlan) -> None:
    changed = [
        file.file
        for file in plan.files
        if not Path(file.path).is_file() or sha256_of(Path(file.path)) != file.sha256
    ]
    if changed:
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        raise InputError(
            f"Changed or gone since the plan was made: {', '.join(changed[:5])}{more}. Plan again,"
            " so that what you agree to is what is built."
        )


def _begin(folder: Path, plan: StoredPlan) -> tuple[IndexInfo, list[IndexedFile]]:
    """The index's description in state `building`, and its files with those of the plan."""
    files: dict[str, IndexedFile] = {}
    name, created = plan.name, datetime.now(UTC)
    if (folder / "meta.json").is_file():
        before = read_info(folder)
        name, created = before.name, before.created
        files = {file.file: file for file in read_files(folder)}
    for file in plan.files:
        files[file.file] = IndexedFile(file.file, file.path, file.sha256)
    info = IndexInfo(
        index_id=plan.index_id,
        name=name,
        state="building",
        created=created,
        embedding_model=EMBEDDING_MODEL,
        dimension=DIMENSION,
        files=len(files),
        chunks=0,
        plan_id=plan.plan_id,
        folder=str(folder),
    )
    return write_info(info, [*files.values()]), [*files.values()]


@contextmanager
def _failure_noted(info: IndexInfo, files: list[IndexedFile]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        reason = str(error) or type(error).__name__
        write_info(replace(info, state="failed", error=reason), files)
        raise


def _store_all(index: OpenIndex, plan: StoredPlan) -> None:
    count_tokens = token_counter()
    done = 0
    with DocumentReader() as reader:
        for file in plan.files:
            document = reader.read(Path(file.path))
            chunks = chunk_document(document, file.file, count_tokens)
            _store(index, file, chunks, done, plan.chunks)
            done += len(chunks)
    report_progress("Index is ready", done, done)


def _store(index: OpenIndex, file: PlannedFile, chunks: list[Chunk], done: int, total: int) -> None:
    embedded, seconds = 0, 0.0
    for start in range(0, len(chunks), _BATCH):
        report_progress(f"Embedding {file.file}", done + start, total)
        missing = index.missing(chunks[start : start + _BATCH])
        if not missing:
            continue
        began = time.monotonic()
        vectors = embed([chunk.to_embed() for chunk in missing])
        index.add(missing, vectors)
        seconds += time.monotonic() - began
        embedded += len(missing)
    if embedded >= _MIN_CHUNKS_TO_MEASURE:
        remember_speed(embedded / seconds)
    # An older version of the file, when the plan adds to an index.
    index.keep_only(file.file, {chunk.chunk_id for chunk in chunks})
