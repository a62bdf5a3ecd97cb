"""Reads training files line by line; a problem names its line, its field and the way out."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.formats import EXAMPLE_ROW, RowError, example_from
from knowdo.tools.dataset.records import Dataset, Example, LineProblem
from knowdo.tools.progress import report_progress

# A longer line is no example but a file without line ends.
MAX_LINE_BYTES = 16 * 2**20
# A JSON list has to be held in memory as a whole.
MAX_LIST_BYTES = 256 * 2**20
KEPT_PROBLEMS = 200
PROGRESS_EVERY = 5_000
SIGNATURES = {
    b"%PDF": "a PDF; attach it as a document, to search in",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"PK\x03\x04": "a ZIP archive or an Office document; export the table as CSV or JSONL",
    b"\x1f\x8b": "gzip data; unpack it first (gunzip)",
    b"PAR1": "a Parquet file; write it as JSONL first",
    b"GGUF": "model weights",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file before it is understood; `problem` where it could not be parsed."""

    line: int
    value: Any = None
    problem: LineProblem | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """One row after it was understood: an example or a problem."""

    line: int
    example: Example | None = None
    layout: str = ""
    ignored: tuple[str, ...] = ()
    problem: LineProblem | None = None


def read_examples(path: str | Path) -> Dataset:
    """All usable examples of a file, without exact repeats, in file order.

    Reads JSONL, a JSON list, and CSV with prompt and completion columns. Raises InputError on a
    file that cannot be training data at all or has no usable example.
    """
    file = checked_file(path)
    examples: dict[str, Example] = {}
    problems: list[LineProblem] = []
    layouts: set[str] = set()
    ignored: set[str] = set()
    duplicates = 0
    for read in iterate(file):
        if read.problem is not None:
            problems.append(read.problem)
        if read.example is not None:
            duplicates += read.example.key() in examples
            examples.setdefault(read.example.key(), read.example)
            layouts.add(read.layout)
            ignored.update(read.ignored)
    if not examples:
        raise no_examples(file, problems)
    return Dataset(
        path=str(file),
        format="+".join(sorted(layouts)),
        sha256=file_sha256(file),
        examples=tuple(examples.values()),
        problems=tuple(problems[:KEPT_PROBLEMS]),
        duplicates=duplicates,
        ignored_fields=tuple(sorted(ignored)),
    )


def iterate(file: Path) -> Iterator[Read]:
    """Every row as example or problem, one at a time; memory stays small on JSONL and CSV."""
    for count, row in enumerate(_rows(file), start=1):
        if count % PROGRESS_EVERY == 0:
            report_progress(f"Reading {file.name}", count)
        if row.problem is not None:
            yield Read(row.line, problem=row.problem)
            continue
        try:
            example, layout, ignored = example_from(row.value, row.line)
        except RowError as error:
            yield Read(row.line, problem=error.at(row.line))
        else:
            yield Read(row.line, example, layout, ignored)


def checked_file(path: str | Path) -> Path:
    """The path, when a text file stands there. Raises InputError that says what it is instead."""
    file = Path(path).expanduser()
    if not file.exists():
        raise InputError(f"There is no file {file}. Check the path, or attach the file.")
    if file.is_dir():
        raise InputError(f"{file} is a folder. Give one file of examples in it, such as a .jsonl.")
    if not file.is_file():
        raise InputError(f"{file} is not an ordinary file. Give a .jsonl file of examples.")
    try:
        with file.open("rb") as opened:
            head = opened.read(4096)
    except PermissionError as error:
        raise InputError(f"{file} may not be read. Change its permissions.") from error
    _refuse_other_kinds(file, head)
    return file


def no_examples(file: Path, problems: list[LineProblem]) -> InputError:
    """The error of a file in which no line can be used, with its commonest problem."""
    if not problems:
        return InputError(f"{file.name} holds no examples. Write one a line: {EXAMPLE_ROW}")
    kinds: dict[str, int] = {}
    for p in problems:
        kinds[p.problem] = kinds.get(p.problem, 0) + 1
    commonest = max(kinds, key=lambda kind: kinds[kind])
    first = next(p for p in problems if p.problem == commonest)
    return InputError(
        f"No example in {file.name} can be used: {len(problems)} lines with problems, most often"
        f" '{commonest}' (first: {first})"
    )


def file_sha256(file: Path) -> str:
    """The hash of the file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _refuse_other_kinds(file: Path, head: bytes) -> None:
    if not head:
        raise InputError(f"{file.name} is empty (0 bytes). Write one example a line: {EXAMPLE_ROW}")
    for signature, kind in SIGNATURES.items():
        if head.startswith(signature):
            raise InputError(
                f"{file.name} is {kind}. Training takes a text file with one example a line:"
                f" {EXAMPLE_ROW}"
            )
    if b"\0" in head:
        raise InputError(f"{file.name} is binary, not text. Give a .jsonl file of examples.")


def _rows(file: Path) -> Iterator[Row]:
    if file.suffix.lower() == ".csv":
        yield from _csv_rows(file)
        return
    with file.open("rb") as opened:
        start = opened.read(4096).removeprefix(codecs.BOM_UTF8).lstrip()
        opened.seek(0)
        first_line = start.split(b"\n", 1)[0].strip()
        # "{" alone, or the start of a list: objects that are spread over lines.
        if start.startswith(b"[") or first_line == b"{":
            yield from _list_rows(file, opened)
        else:
            yield from _line_rows(opened)


def _line_rows(opened: BinaryIO) -> Iterator[Row]:
    line = 0
    while raw := opened.readline(MAX_LINE_BYTES + 1):
        line += 1
        if len(raw) > MAX_LINE_BYTES:
            yield _bad(line, f"is longer than {MAX_LINE_BYTES // 2**20} MB", "One example a line.")
            return
        raw = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
        if raw.strip():
            yield _parsed(line, raw)


def _parsed(line: int, raw: bytes) -> Row:
    try:
        return Row(line, json.loads(raw.decode("utf-8")))
    except UnicodeDecodeError as error:
        where = f"has a byte at {error.start} that is not UTF-8"
        return _bad(line, where, "Save the file as UTF-8.")
    except json.JSONDecodeError as error:
        return _bad(line, *_json_problem(raw.strip(), error))
    except RecursionError:
        return _bad(line, "is nested too deeply", f"Write {EXAMPLE_ROW}.")


def _json_problem(raw: bytes, error: json.JSONDecodeError) -> tuple[str, str]:
    if raw.startswith((b"{'", b"[{'")):
        return "is no JSON (single quotes, a Python dict)", "Write it with json.dumps."
    suggestion = "Check quotes and commas there."
    if raw.endswith((b"},", b"}],")) or b",}" in raw.replace(b" ", b"") or b",]" in raw:
        suggestion = "Remove the trailing comma."
    return f"is no JSON ({error.msg})", f"{suggestion} The error is at column {error.colno}."


def _bad(line: int, problem: str, suggestion: str) -> Row:
    return Row(line, problem=LineProblem(line, "line", problem, suggestion))


def _list_rows(file: Path, opened: BinaryIO) -> Iterator[Row]:
    """The items of a JSON list, or objects that are spread over several lines."""
    if file.stat().st_size > MAX_LIST_BYTES:
        raise InputError(
            f"{file.name} is one JSON value of more than {MAX_LIST_BYTES // 2**20} MB. Write one"
            f" example a line instead: jq -c '.[]' {file.name} > examples.jsonl"
        )
    try:
        text = opened.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name} is not UTF-8 (byte {error.start}). Save it so.") from error
    decoder = json.JSONDecoder()
    position, line = 0, 0
    while (position := _skip_blanks(text, position)) < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as error:
            at = text.count("\n", 0, getattr(error, "pos", position)) + 1
            yield _bad(at, f"is no JSON ({getattr(error, 'msg', 'nested too deeply')})",
                       "Check quotes and commas there; what follows was not read.")  # fmt: skip
            return
        for item in value if isinstance(value, list) else [value]:
            line += 1
            yield Row(line, item)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _csv_rows(file: Path) -> Iterator[Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            for row in reader:
                yield Row(reader.line_num, {k: v for k, v in row.items() if k is not None})
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file.name} cannot be read as CSV in UTF-8: {error}.") from error
