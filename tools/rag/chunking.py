"""Cuts documents into passages that fit the embedding model, each with its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from knowdo.tools.rag.sections import Document, Section, has_words

CountTokens = Callable[[str], int]

# Word pieces of heading and text together. The model cuts at 256, two of which are its own marks.
# Measured on 1,483 sections of manuals (nDCG@10): 128 gives 0.785, 190 0.784, 240 0.792, and fewer
# chunks are also faster.
CHUNK_TOKENS = 240
OVERLAP_TOKENS = 30
# A heading may not eat up the room of the text.
_MAX_HEADING_TOKENS = 60
# The model counts any run of over 100 letters as one unknown token, and such a run must not make a
# chunk without end. Prose has four to five characters a token.
_MAX_CHARACTERS_PER_TOKEN = 8
# The splitter measures every piece again and again; longer ones are cut first.
_PIECE_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a file; `chunk_id` is a hash of everything but `position`.

    `position` counts the chunks of the file from 0, `location` is for people.
    """

    chunk_id: str
    text: str
    file: str
    location: str
    position: int
    heading: str = ""

    def to_embed(self) -> str:
        """The text as the model and the word index see it: under its heading."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def estimate_tokens(text: str) -> int:
    """Tokens without a tokenizer: four characters each, as in English prose, rounded up."""
    return -(-len(text) // 4)


def chunk_document(document: Document, file: str, count_tokens: CountTokens) -> list[Chunk]:
    """The chunks of a document, `file` being the name that people see.

    Passages never cross a section, so each has one place. Equal passages at one place are kept
    once.
    """
    chunks: dict[str, Chunk] = {}
    for section in document.sections:
        heading = _heading_of(section, file, count_tokens)
        budget = CHUNK_TOKENS - (count_tokens(heading) if heading else 0)
        for text in _split(section.text, budget, count_tokens):
            if not has_words(text):
                continue
            key = "\0".join((file, section.location, heading, text))
            chunk_id = hashlib.sha256(key.encode()).hexdigest()[:32]
            chunk = Chunk(chunk_id, text, file, section.location, len(chunks), heading)
            chunks.setdefault(chunk_id, chunk)
    return list(chunks.values())


def _heading_of(section: Section, file: str, count_tokens: CountTokens) -> str:
    """The section's heading, else the file's name as words; cut when it is overlong."""
    stem = re.sub(r"\.\w{1,8}$", "", file.rsplit("/", 1)[-1])
    heading = section.heading or re.sub(r"[_\-.]+", " ", stem).strip()
    while count_tokens(heading) > _MAX_HEADING_TOKENS:
        heading = heading[: len(heading) * 2 // 3].rstrip()
    return heading


def _split(text: str, budget: int, count_tokens: CountTokens) -> Iterator[str]:
    def length(piece: str) -> int:
        return max(count_tokens(piece), -(-len(piece) // _MAX_CHARACTERS_PER_TOKEN))

    if len(text) <= budget * _MAX_CHARACTERS_PER_TOKEN and length(text) <= budget:
        yield text
        return
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=budget,
        chunk_overlap=OVERLAP_TOKENS,
        length_function=length,
        # Full stops of Latin, CJK and Devanagari scripts.
        separators=["\n\n", "\n", ". ", "? ", "! ", "。", "।", "; ", " ", ""],
        keep_separator="end",
    )
    for start in range(0, len(text), _PIECE_CHARACTERS):
        yield from splitter.split_text(text[start : start + _PIECE_CHARACTERS])
