"""Reads the text layer of PDF files, page by page."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools.rag.sections import Section, has_words, tidy

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader
    from pypdf.generic import DictionaryObject

MAX_PAGES = 3000
# A line at the edge of this share of the pages is a running head, no content.
_RUNNING_SHARE = 0.6
_RUNNING_MIN_PAGES = 4


def read_pdf(path: Path) -> tuple[list[Section], int, list[str]]:
    """One section a page that has text, the number of pages, and notes.

    Raises InputError for encrypted, damaged, scanned, blank and overlong files, OperationError when
    a package for decryption is missing.
    """
    from pypdf.errors import PyPdfError

    try:
        reader = _open(path)
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise InputError(
                f"'{path.name}' has {count:,} pages, over the limit of {MAX_PAGES:,}. Split it."
            )
        texts = [_page_text(page) for page in reader.pages]
        has_images = any(_shows_image(page) for page in list(reader.pages)[:5])
    except (PyPdfError, RecursionError) as error:
        raise InputError(
            f"'{path.name}' is damaged or cut off: {_reason(error)}. Fetch it again, or open it in"
            " a PDF viewer and save it anew."
        ) from error
    _require_text(path, texts, has_images)
    texts = _without_running_lines(texts)
    sections = [
        Section(text, f"page {number}") for number, text in enumerate(texts, 1) if has_words(text)
    ]
    return sections, count, _notes(count, len(sections))


def _open(path: Path) -> PdfReader:
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(path)
        # Many files are encrypted against editing only and open with an empty password.
        locked = reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED
    except DependencyError as error:
        raise OperationError(
            f"'{path.name}' is encrypted with AES (it may need a password); reading it takes a"
            " package that is not installed: pip install 'pypdf[crypto]'. Or save a copy without"
            " encryption and give that."
        ) from error
    if locked:
        raise InputError(
            f"'{path.name}' needs a password. Save a copy without a password and give that."
        )
    return reader


def _page_text(page: PageObject) -> str:
    text = tidy(page.extract_text())
    if _is_glued(text) and _mend_word_gaps(page):
        text = tidy(page.extract_text())
    # Words that the layout broke at a line end; a capital or digit behind it is a real hyphen.
    return re.sub(r"(?<=[^\W\d_])-\n(?=[^\W\d_A-Z])", "", text)


def _is_glued(text: str) -> bool:
    """Whether words run together: prose has a space for every six or seven letters."""
    letters = len(re.findall(r"[A-Za-z]", text))
    return letters > 200 and len(re.findall(r"\s", text)) < letters / 10


def _mend_word_gaps(page: PageObject) -> bool:
    """Give fonts that have no space character a plausible width for it; whether any was changed.

    XeTeX writes no spaces, only gaps. pypdf measures gaps against the width of code 32, which in
    such a font belongs to any other glyph: with a wide one there, all spaces are lost. The width
    of 250 thousandths of the font size is what most fonts have. Only the copy in memory changes.
    """
    from pypdf.generic import ArrayObject, NameObject, NumberObject

    changed = False
    for font in _resources(page, "/Font"):
        for descendant in font.get("/DescendantFonts", []):
            widths = descendant.get_object().get("/W", ArrayObject()).get_object()
            space = [NumberObject(32), ArrayObject([NumberObject(250)])]
            descendant.get_object()[NameObject("/W")] = ArrayObject([*widths, *space])
            changed = True
    return changed


def _shows_image(page: PageObject) -> bool:
    return any(item.get("/Subtype") == "/Image" for item in _resources(page, "/XObject"))


def _resources(page: PageObject, kind: str) -> list[DictionaryObject]:
    """The page's fonts or external objects; malformed entries are left out."""
    from pypdf.generic import DictionaryObject

    holder = page.get_inherited("/Resources")
    entries = holder.get(kind) if isinstance(holder, DictionaryObject) else None
    table = entries.get_object() if entries is not None else None
    if not isinstance(table, DictionaryObject):
        return []
    items = [item.get_object() for item in table.values()]
    return [item for item in items if isinstance(item, DictionaryObject)]


def _require_text(path: Path, texts: list[str], has_images: bool) -> None:
    whole = " ".join(texts)
    if has_words(whole):
        return
    if whole.strip():
        raise InputError(
            f"'{path.name}' has unreadable text: its font has no character map, so the letters"
            " cannot be known. Run OCR on it (for instance ocrmypdf --force-ocr), or find its"
            " source."
        )
    if has_images:
        raise InputError(
            f"'{path.name}' has no text layer: it is a scan. Run OCR on it first (for instance"
            " ocrmypdf) and give the result."
        )
    raise InputError(f"'{path.name}' has no text: its pages are blank. Give a file with text.")


def _without_running_lines(texts: list[str]) -> list[str]:
    """Pages without the head and foot lines that repeat, page numbers aside."""
    if len(texts) < _RUNNING_MIN_PAGES:
        return texts
    lines = [text.split("\n") for text in texts]
    edges = Counter(
        edge for page in lines for edge in {_numberless(page[0]), _numberless(page[-1])}
    )
    running = {line for line, n in edges.items() if n >= _RUNNING_SHARE * len(texts)}
    for page in lines:
        if page and _numberless(page[-1]) in running:
            page.pop()
        if page and _numberless(page[0]) in running:
            page.pop(0)
    return ["\n".join(page) for page in lines]


def _numberless(line: str) -> str:
    return re.sub(r"\d+", "#", line).strip()


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")[:200]


def _notes(pages: int, with_text: int) -> list[str]:
    if with_text == pages:
        return []
    return [f"{pages - with_text} of {pages} pages have no text (blank, or scans that need OCR)"]
