"""Reads plain text, Markdown and CSV: encodings, headings, rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from knowdo.knowledge.errors import InputError
from knowdo.tools.rag.kinds import delimiter_of
from knowdo.tools.rag.sections import Section, section_name, tidy

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Enough for the statistics of an encoding; the detector takes seconds on megabytes.
_SAMPLE_BYTES = 64 << 10
# A location should lead near the passage: text without headings is cut at empty lines.
_BLOCK_CHARS = 2000
MAX_ROWS = 100_000


def decode(path: Path) -> str:
    """The text of a file in whatever encoding it is. Raises InputError when it is no text."""
    data = path.read_bytes()
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _detected(path, data)
    # Binary data may happen to be valid; text has no NUL.
    if "\x00" in text:
        raise _no_text(path)
    return text


def _detected(path: Path, data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    if best is None:
        raise _no_text(path)
    return data.decode(best.encoding, "replace")


def _no_text(path: Path) -> InputError:
    return InputError(
        f"'{path.name}' is binary data of an unknown format, not text. Readable are PDF, DOCX,"
        " HTML, Markdown, TXT and CSV: convert it to one of them."
    )


def read_text(text: str) -> list[Section]:
    """Plain text in blocks of about 2,000 characters, cut at empty lines, with line numbers."""
    return list(_blocks(text, heading="", first_line=1))


def _blocks(text: str, heading: str, first_line: int) -> Iterator[Section]:
    block: list[str] = []
    start = first_line
    for number, line in enumerate(text.split("\n"), first_line):
        if not line.strip() and sum(map(len, block)) >= _BLOCK_CHARS:
            yield Section(tidy("\n".join(block)), f"line {start}", heading)
            block, start = [], number + 1
        if block or line.strip():
            block.append(line)
        else:
            start = number + 1
    if block:
        yield Section(tidy("\n".join(block)), f"line {start}", heading)


def read_markdown(text: str) -> list[Section]:
    """One section a heading; headings in code blocks do not count, images and comments go."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, count=1, flags=re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"!\[[^\]\n]*\]\([^)\n]*\)", "", text)
    # What is left of a badge, an image that is a link.
    text = re.sub(r"\[\s*\]\([^)\n]*\)", "", text)
    sections = []
    for heading, body in _under_headings(text):
        if tidy(body):
            sections.append(Section(tidy(body), section_name(heading), heading))
    return sections


def _under_headings(text: str) -> Iterator[tuple[str, str]]:
    heading, lines, fence = "", list[str](), ""
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(```+|~~~+)", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        found = None if fence else re.match(r" {0,3}#{1,6}\s+(.*?)\s*#*\s*$", line)
        underlined = not fence and len(lines) > 0 and re.match(r" {0,3}(=+|-{3,})\s*$", line)
        if found:
            yield heading, "\n".join(lines)
            heading, lines = _plain(found[1]), [line]
        elif underlined and lines[-1].strip() and (len(lines) < 2 or not lines[-2].strip()):
            title = lines.pop()
            yield heading, "\n".join(lines)
            heading, lines = _plain(title), [title]
        else:
            lines.append(line)
    yield heading, "\n".join(lines)


def _plain(heading: str) -> str:
    """A heading without link targets and emphasis."""
    return re.sub(r"[*_`]|\[|\]\([^)]*\)|\]", "", heading).strip()


def read_csv(path: Path, text: str) -> list[Section]:
    """One section a row, as `column: value` lines. Raises InputError for broken or huge tables."""
    delimiter = delimiter_of(text) or ","
    csv.field_size_limit(10_000_000)
    rows = csv.reader(io.StringIO(text.strip("\n")), delimiter=delimiter)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        sections = []
        for number, row in enumerate(rows, 2):
            if number > MAX_ROWS:
                raise InputError(
                    f"'{path.name}' has more than {MAX_ROWS:,} rows, too many to search as text."
                    " Split it, or ask a database instead."
                )
            if any(cell.strip() for cell in row):
                sections.append(Section(_row_text(header, row), f"row {number}"))
    except csv.Error as error:
        raise InputError(
            f"'{path.name}' is not a readable CSV (row {rows.line_num}: {error}). Export it again"
            " with quotes round the fields."
        ) from error
    if not sections and any(header):
        return [Section(tidy(", ".join(header)), "row 1")]
    return sections


def _row_text(header: list[str], row: list[str]) -> str:
    parts = []
    for index, cell in enumerate(row):
        name = header[index] if index < len(header) and header[index] else f"column {index + 1}"
        if cell.strip():
            parts.append(f"{name}: {tidy(cell)}")
    return tidy("\n".join(parts))
