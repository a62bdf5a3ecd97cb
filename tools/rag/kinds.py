"""Finds out what a file is from its first bytes and its content, not from its name."""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from pathlib import Path
from typing import Literal

from knowdo.knowledge.errors import InputError

# What unpacking a damaged or odd ZIP container raises; ValueError is for names in no encoding.
UNPACK_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
Kind = Literal["pdf", "docx", "html", "markdown", "csv", "text"]
READABLE = "PDF, DOCX, HTML, Markdown, TXT and CSV"
_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "pdf": (".pdf",),
    "docx": (".docx",),
    "html": (".html", ".htm", ".xhtml"),
    "markdown": (".md", ".markdown"),
    "csv": (".csv", ".tsv"),
}
# First bytes of formats that are not read: the name to show and the way out.
_FOREIGN = (
    (b"{\\rtf", "RTF text", "save it as DOCX"),
    (b"\x89PNG", "a PNG image", "run OCR on it and give the text or the PDF"),
    (b"\xff\xd8\xff", "a JPEG image", "run OCR on it and give the text or the PDF"),
    (b"II*\x00", "a TIFF image", "run OCR on it and give the text or the PDF"),
    (b"MM\x00*", "a TIFF image", "run OCR on it and give the text or the PDF"),
    (b"GIF8", "a GIF image", "run OCR on it and give the text or the PDF"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"PAR1", "a Parquet table", "save it as CSV"),
    (b"SQLite format 3", "an SQLite database", "export its tables as CSV"),
)
_OFFICE = (
    ("xl/", "an Excel workbook (XLSX)", "save each sheet as CSV"),
    ("ppt/", "a PowerPoint presentation (PPTX)", "save it as PDF"),
)
_MIMETYPES = (
    ("epub", "an EPUB book", "convert it to PDF or HTML"),
    ("opendocument.text", "an OpenDocument text (ODT)", "save it as DOCX or PDF"),
    ("opendocument.spreadsheet", "an OpenDocument sheet (ODS)", "save each sheet as CSV"),
    ("opendocument", "an OpenDocument file", "save it as PDF"),
)
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


def binary_kind(path: Path) -> Kind | None:
    """The kind of a file with telling first bytes; None when it can only be text.

    Raises InputError for formats that are not read, with what to convert them to.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    # Readers of PDF accept some bytes of rubbish before the header, so mail gateways add them.
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office(path)
    for start, name, way_out in _FOREIGN:
        if head.startswith(start):
            raise not_read(path, name, way_out)
    return None


def text_kind(path: Path, text: str) -> Kind:
    """The kind of a text file; the name only decides between kinds that content cannot tell apart.

    Raises InputError for XML that is no web page.
    """
    start = text[:4096]
    if _HTML_START.match(start):
        return "html"
    if start.lstrip().startswith("<?xml"):
        raise not_read(path, "XML", "convert it to HTML, text or CSV")
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES["html"] and re.search(r"<[a-zA-Z][^>]*>", start):
        return "html"
    if suffix in _SUFFIXES["markdown"]:
        return "markdown"
    if suffix in _SUFFIXES["csv"] and delimiter_of(text) is not None:
        return "csv"
    return "text"


def delimiter_of(text: str) -> str | None:
    """The delimiter of a table in text form; None when it does not look like a table."""
    try:
        return csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|").delimiter
    except csv.Error:
        # The sniffer gives up on rows of uneven length; the head row alone still tells.
        first = text.lstrip().split("\n", 1)[0]
        best = max(",;\t|", key=first.count)
        return best if first.count(best) else None


def misnamed(path: Path, kind: Kind) -> str | None:
    """A note when the name says another kind than the content, else None."""
    suffix = path.suffix.lower()
    said = next((k for k, suffixes in _SUFFIXES.items() if suffix in suffixes), None)
    if said is None or said == kind or {said, kind} <= {"text", "markdown", "csv"}:
        return None
    return (
        f"wrong type: named {suffix}, but it is {kind.upper() if kind != 'text' else 'plain text'}"
    )


def not_read(path: Path, name: str, way_out: str) -> InputError:
    """The error for a format that is not supported."""
    return InputError(
        f"'{path.name}' is {name}; this format is not supported. Readable are {READABLE}:"
        f" {way_out}."
    )


def _zip_kind(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            marker = (
                archive.open("mimetype").read(200).decode("ascii", "replace")
                if ("mimetype" in names)
                else ""
            )
    except (*UNPACK_ERRORS, OSError) as error:
        raise InputError(
            f"'{path.name}' is damaged: its ZIP container cannot be opened ({error}). It may be cut"
            " off: fetch or save it again."
        ) from error
    if "word/document.xml" in names:
        return "docx"
    for part, name, way_out in _OFFICE:
        if any(n.startswith(part) for n in names):
            raise not_read(path, name, way_out)
    for part, name, way_out in _MIMETYPES:
        if part in marker:
            raise not_read(path, name, way_out)
    raise not_read(path, "a ZIP archive", "unpack it and give the files or their folder")


def _old_office(path: Path) -> InputError:
    # An OLE container: old Office formats, and the wrapping of new ones that have a password.
    # Stream names stand in UTF-16 in the directory, which for small files is near the start.
    with path.open("rb") as file:
        content = file.read(8 << 20)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return InputError(
            f"'{path.name}' needs a password: it is an encrypted Office file. Save a copy without"
            " a password and give that."
        )
    return not_read(
        path, "an old Office file (DOC, XLS, PPT or MSG)", "save it as DOCX, PDF or CSV"
    )
