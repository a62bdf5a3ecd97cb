"""Reads one file of any supported format into sections, within limits of size and text."""

from __future__ import annotations

from pathlib import Path

from knowdo.knowledge.errors import InputError
from knowdo.tools.rag.kinds import Kind, binary_kind, misnamed, text_kind
from knowdo.tools.rag.load_docx import read_docx
from knowdo.tools.rag.load_html import read_html
from knowdo.tools.rag.load_pdf import read_pdf
from knowdo.tools.rag.load_text import decode, read_csv, read_markdown, read_text
from knowdo.tools.rag.sections import Document, Section, has_words

# Bytes on disk. A book in PDF has a few MB; one with many pictures some tens.
MAX_FILE_BYTES = 100 << 20
# Formats without pictures: more than this is data, not documents.
MAX_TEXT_BYTES = 20 << 20
# Characters of text; the Bible has 4 million.
MAX_CHARACTERS = 20_000_000


def load_document(path: Path) -> Document:
    """Read a file by its content; nothing is fetched, links and entities are not followed.

    Raises InputError with the cause and the way out: missing, empty, too large, not supported,
    damaged, locked, a scan, blank. A parser may still fail on hostile input in ways of its own:
    `reader.DocumentReader` calls this in a process with limits on time and memory.
    """
    _check_size(path)
    kind: Kind | None = binary_kind(path)
    pages, notes = None, list[str]()
    if kind == "pdf":
        sections, pages, notes = read_pdf(path)
    elif kind == "docx":
        sections = read_docx(path)
    else:
        kind, sections = _load_text(path)
    _check_text(path, kind, sections)
    sections = [section for section in sections if not _is_bare_heading(section)] or sections
    if note := misnamed(path, kind):
        notes.append(note)
    return Document(kind, tuple(sections), pages, tuple(notes))


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"'{path}' is not a file that exists. Check the path.")
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"'{path.name}' is an empty file (0 bytes). Fetch or save it again.")
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"'{path.name}' has {size / 1e6:.0f} MB, over the limit of {MAX_FILE_BYTES / 1e6:.0f}"
            " MB. Split it, or leave out its pictures."
        )


def _load_text(path: Path) -> tuple[Kind, list[Section]]:
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise InputError(
            f"'{path.name}' has {size / 1e6:.0f} MB, over the limit of"
            f" {MAX_TEXT_BYTES / 1e6:.0f} MB for text. Split it."
        )
    text = decode(path)
    kind = text_kind(path, text)
    if kind == "html":
        return kind, read_html(path)
    if kind == "csv":
        return kind, read_csv(path, text)
    return kind, read_markdown(text) if kind == "markdown" else read_text(text)


def _is_bare_heading(section: Section) -> bool:
    """Whether a section is its heading and nothing else: it would match, and answer nothing."""
    title = section.heading.rsplit(" > ", 1)[-1]
    return bool(title) and section.text.strip("#=- \n") == title


def _check_text(path: Path, kind: Kind, sections: list[Section]) -> None:
    characters = sum(len(section.text) for section in sections)
    if characters > MAX_CHARACTERS:
        raise InputError(
            f"'{path.name}' has {characters / 1e6:.0f} million characters of text, over the limit"
            f" of {MAX_CHARACTERS / 1e6:.0f} million. Split it."
        )
    if has_words(" ".join(section.text for section in sections)):
        return
    way_out = "Give a file with text."
    if kind == "html":
        way_out = "The page may draw itself with JavaScript: save it from a browser as PDF."
    raise InputError(f"'{path.name}' has no text: it is blank. {way_out}")
