"""Reads the guidance: one Markdown file a passage and language, with its front matter checked.

`lora.md` is the English passage with its sources; `lora.de.md` is the same in German and takes the
sources from it, so that a translation cannot claim another one. All files lie in one folder, where
a passage and its translations stand side by side.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Passage, Source
from knowdo.knowledge.wording import Language


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage, the questions it answers as people ask them, and the terms that name it."""

    passage: Passage
    questions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@functools.cache
def entries(language: Language = "en") -> dict[str, Entry]:
    """All passages of a language by id; English where there is no translation.

    Raises InputError on a passage that is malformed, repeated or has no source.
    """
    if language != "en":
        return {passage_id: _translated(entry, language) for passage_id, entry in entries().items()}
    read: dict[str, Entry] = {}
    for file in sorted(_folder().iterdir(), key=lambda f: f.name):
        if not re.fullmatch(r"[\w-]+\.md", file.name):
            continue
        entry = parse_passage(file.read_text("utf-8"), file.name)
        if entry.passage.passage_id in read:
            raise InputError(f"{file.name} repeats the passage id '{entry.passage.passage_id}'.")
        read[entry.passage.passage_id] = entry
    return read


def parse_passage(text: str, name: str) -> Entry:
    """A passage from front matter between `+++` lines and the text below it.

    Raises InputError that names the file and what it lacks.
    """
    head, body, questions = _parts(text, name, ("id", "title", "sources"))
    sources = tuple(_source(row, name) for row in head["sources"])
    return Entry(
        Passage(head["id"], head["title"], body, sources),
        questions,
        tuple(head.get("keywords", ())),
    )


def parse_translation(text: str, name: str, original: Entry) -> Entry:
    """The passage in another language: its own title, questions and text, the original's sources.

    Terms that name it (LoRA, GGUF) are the same in all languages.
    """
    head, body, questions = _parts(text, name, ("id", "title"))
    if head["id"] != original.passage.passage_id:
        raise InputError(f"{name} has the id '{head['id']}' of another passage.")
    found = Passage(head["id"], head["title"], body, original.passage.sources)
    return Entry(found, questions, original.keywords)


def _translated(original: Entry, language: Language) -> Entry:
    file = _folder().joinpath(f"{original.passage.passage_id}.{language}.md")
    if not file.is_file():
        return original
    return parse_translation(file.read_text("utf-8"), file.name, original)


def _folder() -> Traversable:
    return resources.files("knowdo.knowledge").joinpath("data", "guidance")


def _parts(
    text: str, name: str, needed: tuple[str, ...]
) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    parts = re.split(r"^\+\+\+\s*$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3:
        raise InputError(f"{name} has no front matter between two lines of +++.")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The front matter of {name} is not TOML: {error}.") from error
    for field in needed:
        if not head.get(field):
            raise InputError(f"{name} has no {field} in its front matter.")
    lines = parts[2].strip().splitlines()
    questions = tuple(line[2:].strip() for line in lines if line.startswith("- "))
    # Not str.split: the narrow spaces inside "20 000" and before "?" have to stay.
    body = re.sub(r"[ \t]+", " ", " ".join(x for x in lines if not x.startswith("- "))).strip()
    if not body:
        raise InputError(f"{name} has no text below its front matter.")
    return head, body, questions


def _source(row: dict[str, Any], name: str) -> Source:
    if not row.get("title") or type(row.get("retrieved")) is not date:
        raise InputError(f"A source of {name} lacks its title or its date `retrieved`.")
    return Source(row["title"], row["retrieved"], row.get("url", ""))
