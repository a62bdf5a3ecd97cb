"""Files and folders that a message names: attached, quoted, or typed as a path."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from knowdo.agent.embedded.view import View

DATASETS = {".jsonl", ".json", ".parquet", ".ndjson"}
TABLES = {".csv", ".tsv"}
_SUFFIX = r"\.(?:jsonl|ndjson|json|parquet|csv|tsv|pdf|docx|md|txt|html?)(?![\w./])"
_QUOTED = re.compile(r"[\"'`“„«](?P<path>[^\"'`“”„«»\n]*[/\\][^\"'`“”„«»\n]+)[\"'`”“»]")
# A path begins at a slash, a home or a dot; without one it needs a slash and an ending.
_BEGINS = re.compile(r"(?<!\S)(?:~|\.{1,2})?/[^\s,;]+")
_RELATIVE = re.compile(rf"(?<!\S)[\w.-]+(?:/[\w.-]+)+{_SUFFIX}")
_NAME = re.compile(rf"(?<![\S])[\w-]+(?:\.[\w-]+)*{_SUFFIX}")
# How many words a path with spaces may take.
_WORDS_IN_PATH = 8


def named_paths(view: View) -> list[str]:
    """The paths of a message, in order: attached files first, then those written in the text."""
    return list(dict.fromkeys([*view.files, *(path for _, path in _typed(view))]))


def without_paths(view: View) -> str:
    """The text with "this" in the place of each path, as an order is read."""
    text = view.text
    for written, _ in _typed(view):
        text = text.replace(written, "this", 1)
    return text


def is_dataset(path: str, as_table: bool) -> bool:
    """Whether a file is one to train on; a table is one when the message is about training."""
    suffix = PurePath(path).suffix.lower()
    return suffix in DATASETS or (as_table and suffix in TABLES)


def _typed(view: View) -> list[tuple[str, str]]:
    """(as written, path) of the paths in the text."""
    quoted = [(m[0], m["path"].strip()) for m in _QUOTED.finditer(view.text)]
    rest = _without(view.text, quoted)
    begun = [(path, path) for m in _BEGINS.finditer(rest) if (path := _path_at(rest, m))]
    rest = _without(rest, begun)
    relative = [(m[0], m[0]) for m in _RELATIVE.finditer(rest)]
    return [*quoted, *begun, *relative, *_names(view, _without(rest, relative))]


def _without(text: str, found: list[tuple[str, str]]) -> str:
    for written, _ in found:
        text = text.replace(written, " ", 1)
    return text


def _path_at(text: str, match: re.Match[str]) -> str | None:
    """The longest path that exists from here on, else the word as it stands."""
    line = text[match.start() :].split("\n", 1)[0]
    words = re.findall(r"\S+\s*", line)[:_WORDS_IN_PATH]
    for count in range(len(words), 1, -1):
        candidate = "".join(words[:count]).strip().rstrip(".,;:?!")
        if " " in candidate and Path(candidate).expanduser().exists():
            return candidate
    path = match[0].rstrip(".,;:?!)")
    return path if _is_path(path) else None


def _is_path(path: str) -> bool:
    """ "/help" and "/day" are words, unless there is such a folder."""
    parts = PurePath(path).parts
    bare = path.startswith("/") and len(parts) <= 2 and not PurePath(path).suffix
    return not bare or Path(path).exists()


def _names(view: View, text: str) -> list[tuple[str, str]]:
    """ "orders.jsonl" is the file of that name that this conversation has seen, else itself."""
    seen = {PurePath(path).name: path for path in _seen(view)}
    names = [m[0] for m in _NAME.finditer(text)]
    return [(n, seen.get(n, n)) for n in names if n in seen or is_dataset(n, as_table=False)]


def _seen(view: View) -> list[str]:
    paths: list[str] = []
    for result in view.earlier:
        paths += [str(p) for p in (result.args.get("path"), *(result.args.get("paths") or [])) if p]
    for turn in view.turns:
        paths += [o["path"] for o in turn.note.get("options", []) if "path" in o]
    return paths
