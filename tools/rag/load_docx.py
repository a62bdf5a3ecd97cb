"""Reads Word files: paragraphs, tables, text boxes and tracked insertions in document order."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.tools.rag.kinds import UNPACK_ERRORS
from knowdo.tools.rag.sections import Section, section_name, tidy

# Limits on what the container unpacks to; the XML tree takes about ten times its bytes.
MAX_UNPACKED_BYTES = 300 << 20
MAX_XML_BYTES = 25 << 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(path: Path) -> list[Section]:
    """One section a heading. Raises InputError for damaged, inflated and hostile files."""
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import XMLSyntaxError

    _check_container(path)
    try:
        document = docx.Document(str(path))
    except (OpcError, XMLSyntaxError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(
            f"'{path.name}' is damaged: Word's parts in it cannot be read ({error}). Open it in a"
            " word processor and save it anew."
        ) from error
    headings = {
        style.style_id for style in document.styles if (style.name or "").lower().startswith("head")
    } | {style.style_id for style in document.styles if (style.name or "").lower() == "title"}
    return list(_sections(_lines(document.element.body, headings)))


def _check_container(path: Path) -> None:
    """Refuse what would unpack to too much, and entities, which Word never writes."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            largest = max(p.file_size for p in parts if p.filename.endswith((".xml", ".rels")))
            if unpacked > MAX_UNPACKED_BYTES or largest > MAX_XML_BYTES:
                raise InputError(
                    f"'{path.name}' is refused: it unpacks to {unpacked / 1e6:.0f} MB"
                    f" ({largest / 1e6:.0f} MB in one part), over the limit. Split it or save it"
                    " as text."
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_entities(path, archive.read(part))
    except (*UNPACK_ERRORS, OSError) as error:
        raise InputError(
            f"'{path.name}' is damaged: its ZIP container cannot be read ({error}). Fetch or save"
            " it again."
        ) from error


def _refuse_entities(path: Path, xml: bytes) -> None:
    # UTF-16 has a NUL beside every letter of the markup.
    if b"<!DOCTYPE" in xml.replace(b"\x00", b"") or b"<!ENTITY" in xml.replace(b"\x00", b""):
        raise InputError(
            f"'{path.name}' is refused: its XML declares entities, which no word processor writes"
            " and which can expand without end. Open it in a word processor and save it anew."
        )


def _lines(body: Any, headings: set[str]) -> Iterator[tuple[bool, str]]:
    """Paragraphs and table rows in order: (is a heading, text).

    The walk over the raw tree also finds what python-docx's iteration leaves out: content controls,
    text boxes and tracked insertions.
    """
    for element in body.iter(f"{_W}p", f"{_W}tr"):
        ancestors = {ancestor.tag for ancestor in element.iterancestors()}
        # Rows give their cells' text; text boxes give their text with the paragraph they stand in.
        if ancestors & {f"{_W}tr", f"{_W}p", _FALLBACK}:
            continue
        if element.tag == f"{_W}tr":
            cells = [tidy(_text(cell)) for cell in element.iter(f"{_W}tc")]
            yield False, " | ".join(cell.replace("\n", " ") for cell in cells if cell)
            continue
        style = element.find(f"{_W}pPr/{_W}pStyle")
        is_heading = style is not None and style.get(f"{_W}val") in headings
        yield is_heading, _text(element)


def _text(element: Any) -> str:
    """The visible text below an element; deleted text stands in other tags and stays out."""
    parts: list[str] = []
    for node in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}p"):
        if any(ancestor.tag == _FALLBACK for ancestor in node.iterancestors()):
            continue
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        elif node.getparent().tag != f"{_W}tabs":
            parts.append("\t" if node.tag == f"{_W}tab" else "\n")
    return "".join(parts)


def _sections(lines: Iterator[tuple[bool, str]]) -> Iterator[Section]:
    heading, parts = "", [""]
    for is_heading, line in lines:
        if is_heading and tidy(line):
            if tidy("\n".join(parts)):
                yield Section(tidy("\n".join(parts)), section_name(heading), heading)
            heading, parts = tidy(line).replace("\n", " "), []
        parts.append(line)
    if tidy("\n".join(parts)):
        yield Section(tidy("\n".join(parts)), section_name(heading), heading)
