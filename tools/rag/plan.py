"""Plans an index: which files can be read, how many chunks they make, how long it takes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError, KnowDoError, OperationError
from knowdo.tools.home import home, read_json, subfolder, write_json
from knowdo.tools.progress import report_progress
from knowdo.tools.rag.chunking import chunk_document, estimate_tokens
from knowdo.tools.rag.embedding import EMBEDDING_MODEL, is_fetched, token_counter
from knowdo.tools.rag.reader import DocumentReader
from knowdo.tools.rag.store import find_index, folder_of, require_same_model

MAX_FILES = 5000
MAX_CHUNKS = 200_000
# A plan is read by people and language models: the rest of a long list stays in the plan's file.
SHOWN_FILES = 50
# One core without bf16 instructions; the first build replaces it by what this machine does.
DEFAULT_CHUNKS_PER_SECOND = 25.0
_MODEL_LOAD_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that will be indexed. `file` is the name that answers cite."""

    file: str
    path: str
    sha256: str
    kind: str
    bytes: int
    chunks: int
    pages: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that is left out, with the cause and the way out."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What building would do. The lists show the first 50 files; the counts are of all.

    `expected_seconds` covers reading the model and embedding, at the last measured speed.
    """

    plan_id: str
    index_id: str
    name: str
    embedding_model: str
    accepted_count: int
    refused_count: int
    bytes: int
    pages: int
    chunks: int
    chunks_are_exact: bool
    expected_seconds: float
    accepted: tuple[PlannedFile, ...]
    refused: tuple[RefusedFile, ...]


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as the build reads it back, with all its files."""

    plan_id: str
    index_id: str
    name: str
    embedding_model: str
    files: tuple[PlannedFile, ...]

    @property
    def chunks(self) -> int:
        return sum(file.chunks for file in self.files)


def plan_index(paths: list[str], name: str, add_to: str = "") -> IndexPlan:
    """Plan an index over files and folders, or additions to the index `add_to` (id or name).

    Folders are walked; hidden files, and links that lead out of them, are skipped. Files that
    cannot be used are listed with the reason. Nothing is built; the plan is kept for `build_index`.
    The same files under the same name give the same plan. Raises InputError when nothing can be
    indexed or it is too much.
    """
    files, refused = _find_files(paths)
    accepted, refused_too = _read_all(files)
    refused += refused_too
    chunks = sum(file.chunks for file in accepted)
    _require_sensible(accepted, refused, chunks)
    content: dict[str, Any] = {
        "name": name.strip()[:80] or "documents",
        "embedding_model": EMBEDDING_MODEL,
        "add_to": _id_of(add_to),
        "files": [asdict(file) for file in accepted],
        "refused": [asdict(file) for file in refused],
    }
    digest = _digest(content)
    content["index_id"] = content["add_to"] or f"{_slug(name)}-{digest[:8]}"
    plan_id = f"index-{digest[:12]}"
    plan_file = {"plan_id": plan_id, "content": content, "sha256": _digest(content)}
    write_json(subfolder("plans") / f"{plan_id}.json", plan_file)
    return IndexPlan(
        plan_id=plan_id,
        index_id=content["index_id"],
        name=content["name"],
        embedding_model=EMBEDDING_MODEL,
        accepted_count=len(accepted),
        refused_count=len(refused),
        bytes=sum(file.bytes for file in accepted),
        pages=sum(file.pages or 0 for file in accepted),
        chunks=chunks,
        chunks_are_exact=is_fetched(),
        expected_seconds=round(_MODEL_LOAD_SECONDS + chunks / chunks_per_second(), 1),
        accepted=tuple(accepted[:SHOWN_FILES]),
        refused=tuple(refused[:SHOWN_FILES]),
    )


def read_plan(plan_id: str) -> StoredPlan:
    """A plan by its id.

    Raises InputError when there is none, OperationError when its file was changed since.
    """
    path = subfolder("plans") / f"{plan_id}.json"
    if not re.fullmatch(r"index-[0-9a-f]{12}", plan_id) or not path.is_file():
        raise InputError(f"There is no index plan '{plan_id[:80]}'. Plan the index first.")
    stored = read_json(path)
    content = stored["content"]
    if stored["sha256"] != _digest(content):
        raise OperationError(
            f"The plan {path} was changed after it was made, so it is not what was shown. Plan"
            " again."
        )
    files = tuple(PlannedFile(**{**f, "notes": tuple(f["notes"])}) for f in content["files"])
    return StoredPlan(
        plan_id, content["index_id"], content["name"], content["embedding_model"], files
    )


def sha256_of(path: Path) -> str:
    """The hash of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chunks_per_second() -> float:
    """The speed of embedding on this machine: as measured last, else a careful default."""
    path = home() / "embedding_speed.json"
    if not path.is_file():
        return DEFAULT_CHUNKS_PER_SECOND
    return float(read_json(path)["chunks_per_second"])


def remember_speed(value: float) -> None:
    """Keep a measured speed for later plans; what is no speed is not kept."""
    if math.isfinite(value) and value > 0:
        write_json(home() / "embedding_speed.json", {"chunks_per_second": round(value, 1)})


def _find_files(paths: Iterable[str]) -> tuple[list[tuple[str, Path]], list[RefusedFile]]:
    """Files with the names they are cited by, and paths that lead to none."""
    found: dict[Path, str] = {}
    refused = []
    for given in paths:
        path = Path(given).expanduser()
        if not given.strip():
            refused.append(RefusedFile(given, "A path is empty."))
        elif path.is_dir():
            for file in _walk(path):
                found.setdefault(file, f"{path.resolve().name}/{file.relative_to(path.resolve())}")
        elif _holds_secrets(path.resolve()):
            refused.append(RefusedFile(given, f"'{given}' holds keys or system data, no text."))
        elif path.is_file():
            found.setdefault(path.resolve(), path.name)
        else:
            reason = "is no file or folder" if path.exists() else "does not exist: check the path"
            refused.append(RefusedFile(given, f"'{given}' {reason}."))
        if len(found) > MAX_FILES:
            raise InputError(f"There are more than {MAX_FILES:,} files. Give fewer folders.")
    names = Counter(found.values())
    # Two files of one name cannot be told apart in an answer: they get their whole path.
    return [(n if names[n] == 1 else str(p), p) for p, n in found.items()], refused


def _holds_secrets(path: Path) -> bool:
    """Places that a slip of the keyboard, or somebody with a login, must not get into an index."""
    places = {".ssh", ".gnupg", ".aws", ".kube"} & set(path.parts)
    names = {"shadow", "gshadow", "sudoers", "id_rsa", "id_ed25519", ".netrc", ".env"}
    system = path.parts[1:2] in (("proc",), ("sys",), ("dev",))
    return bool(places) or system or path.name in names or path.suffix in (".pem", ".key")


def _walk(folder: Path) -> list[Path]:
    root = folder.resolve()
    files: list[Path] = []
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent) / name
            if name.startswith(".") or not path.resolve().is_relative_to(root):
                continue
            # Pipes and devices would be waited for.
            if path.is_file() and not _holds_secrets(path):
                files.append(path)
        if len(files) > MAX_FILES:
            raise InputError(
                f"'{folder}' holds more than {MAX_FILES:,} files. Give a folder further down."
            )
    return files


def _read_all(files: list[tuple[str, Path]]) -> tuple[list[PlannedFile], list[RefusedFile]]:
    count_tokens = token_counter() if is_fetched() else estimate_tokens
    accepted: list[PlannedFile] = []
    refused: list[RefusedFile] = []
    first_with: dict[str, str] = {}
    with DocumentReader() as reader:
        for number, (name, path) in enumerate(files):
            report_progress(f"Reading {name}", number, len(files))
            try:
                digest = sha256_of(path)
                if digest in first_with:
                    raise InputError(f"'{name}' has the same content as '{first_with[digest]}'.")
                document = reader.read(path)
            except (KnowDoError, OSError) as error:
                refused.append(RefusedFile(str(path), str(error)))
                continue
            chunks = len(chunk_document(document, name, count_tokens))
            first_with[digest] = name
            accepted.append(
                PlannedFile(
                    name,
                    str(path),
                    digest,
                    document.kind,
                    path.stat().st_size,
                    chunks,
                    document.pages,
                    document.notes,
                )
            )
    return accepted, refused


def _require_sensible(accepted: list[PlannedFile], refused: list[RefusedFile], chunks: int) -> None:
    if not accepted:
        reasons = " ".join(file.reason for file in refused[:5]) or "The folder has no files."
        raise InputError(f"None of the files can be indexed. {reasons}")
    if chunks > MAX_CHUNKS:
        raise InputError(
            f"These files make {chunks:,} chunks, over the limit of {MAX_CHUNKS:,}. Make several"
            " indexes, or leave out files that nobody asks about."
        )


def _id_of(add_to: str) -> str:
    if not add_to:
        return ""
    info = find_index(add_to)
    require_same_model(info)
    return info.index_id


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "documents"
    folder_of(slug)
    return slug


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
