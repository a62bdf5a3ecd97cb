"""Guidance in short passages with dated sources, and a small search over them (BM25)."""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.schema import Passage, Source

# The usual constants of BM25 (Robertson and Zaragoza, 2009). Titles and keywords count as if they
# stood in the text several times.
K1, B = 1.2, 0.75
TITLE_WEIGHT, KEYWORD_WEIGHT = 3, 3
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about an and any are as at be been but by can could do does for from get has have how i"
        " if in into is it its just know like me my need of on one or our out should so some than"
        " that the their them then there these they this to too up use using was we what when where"
        " which who why will with without would you your",
    )
)


@dataclass(frozen=True, slots=True)
class _Index:
    """Word counts of each passage, and how many passages hold a word."""

    counts: dict[str, Counter[str]]
    lengths: dict[str, int]
    holders: Counter[str]
    mean_length: float


@functools.cache
def passages() -> dict[str, Passage]:
    """All passages by id. Raises InputError on a passage that is malformed or has no source."""
    return {passage_id: found for passage_id, (found, _) in _read().items()}


def passage(passage_id: str) -> Passage:
    """The passage of that id. Raises InputError with the nearest ids when there is none."""
    found = passages().get(passage_id)
    if found is None:
        raise unknown_name("passage", passage_id, passages())
    return found


def search_passages(query: str, limit: int = 4) -> list[tuple[Passage, float]]:
    """The passages that fit the query best, with their scores, best first.

    Empty when no word of the query occurs. Raises InputError when `limit` is not positive.
    """
    if limit < 1:
        raise InputError(f"limit is {limit}; ask for at least one passage.")
    words = set(_words(query))
    scored = ((_score(passage_id, words), passage_id) for passage_id in passages())
    best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
    return [(passages()[passage_id], score) for score, passage_id in best[:limit]]


def parse_passage(text: str, name: str) -> tuple[Passage, tuple[str, ...]]:
    """A passage and its keywords from front matter between `+++` lines and the text below it.

    Raises InputError that names the file and what it lacks.
    """
    parts = re.split(r"^\+\+\+\s*$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3:
        raise InputError(f"{name} has no front matter between two lines of +++.")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The front matter of {name} is not TOML: {error}.") from error
    for field in ("id", "title", "sources"):
        if not head.get(field):
            raise InputError(f"{name} has no {field} in its front matter.")
    body = " ".join(parts[2].split())
    if not body:
        raise InputError(f"{name} has no text below its front matter.")
    sources = tuple(_source(row, name) for row in head["sources"])
    return Passage(head["id"], head["title"], body, sources), tuple(head.get("keywords", ()))


def _source(row: dict[str, Any], name: str) -> Source:
    if not row.get("title") or type(row.get("retrieved")) is not date:
        raise InputError(f"A source of {name} lacks its title or its date `retrieved`.")
    return Source(row["title"], row["retrieved"], row.get("url", ""))


@functools.cache
def _read() -> dict[str, tuple[Passage, tuple[str, ...]]]:
    folder = resources.files("knowdo.knowledge").joinpath("data", "guidance")
    read: dict[str, tuple[Passage, tuple[str, ...]]] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".md"):
            continue
        found, keywords = parse_passage(file.read_text("utf-8"), file.name)
        if found.passage_id in read:
            raise InputError(f"{file.name} repeats the passage id '{found.passage_id}'.")
        read[found.passage_id] = (found, keywords)
    return read


@functools.cache
def _index() -> _Index:
    counts = {
        passage_id: Counter(
            _words(found.title) * TITLE_WEIGHT
            + _words(" ".join(keywords)) * KEYWORD_WEIGHT
            + _words(found.text)
        )
        for passage_id, (found, keywords) in _read().items()
    }
    lengths = {passage_id: count.total() for passage_id, count in counts.items()}
    holders = Counter(word for count in counts.values() for word in count)
    return _Index(counts, lengths, holders, sum(lengths.values()) / len(lengths))


def _score(passage_id: str, words: set[str]) -> float:
    index = _index()
    counts, total = index.counts[passage_id], len(index.counts)
    norm = K1 * (1 - B + B * index.lengths[passage_id] / index.mean_length)
    score = 0.0
    for word in words & counts.keys():
        held = index.holders[word]
        rarity = math.log(1 + (total - held + 0.5) / (held + 0.5))
        score += rarity * counts[word] * (K1 + 1) / (counts[word] + norm)
    return score


def _words(text: str) -> list[str]:
    """Lower-case words without stop words, with plural and verb endings cut off."""
    text = re.sub(r"fine[- ]?tun", "finetun", text.lower())
    return [_stem(w) for w in _WORD.findall(text) if w not in _STOP_WORDS]


def _stem(word: str) -> str:
    for ending, kept in (("ing", 4), ("ies", 4), ("ed", 4), ("es", 4), ("s", 3), ("e", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= kept:
            return word[: -len(ending)]
    return word
