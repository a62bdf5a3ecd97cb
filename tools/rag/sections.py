"""What a reader makes of a file: pieces of clean text, each with the place where it stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Soft hyphens, zero-width characters and marks of direction: invisible, and they break up words.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")


@dataclass(frozen=True, slots=True)
class Section:
    """Text that belongs together; `location` is for people ("page 3", "row 12", "section 'Use'").

    `heading` is the title the text stands under; it is embedded with the text, but not quoted.
    """

    text: str
    location: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was read. `pages` is None for formats without pages."""

    kind: str
    sections: tuple[Section, ...]
    pages: int | None = None
    # What the person should know: pages without text, a name that does not fit the content, ...
    notes: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """Text without control and invisible characters, odd spaces and runs of empty lines.

    Spaces that indent a line stay, for code.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    text = _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = re.sub(r"(?<=\S)[^\S\n]+", " ", text.expandtabs(4))
    text = re.sub(r"(?m)^ (?=\S)| +$", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def has_words(text: str) -> bool:
    """Whether there is at least one letter pair or number: less is no text that answers anything.

    A font without a character map, for instance, comes out as a few signs such as `"7+%-`.
    """
    return re.search(r"[^\W\d_]{2}|[^\W\d_][\u0300-\u036f]|[\u3040-\u9fff]|\d{2}", text) is not None


def section_name(heading: str) -> str:
    """The location of text under a heading."""
    return f"section '{heading}'" if heading else "start"
