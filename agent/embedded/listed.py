"""How many classes a message means that only lists them: "pass / fail / retest", "P1 to P4"."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Final

# Longer than this is no label but a part of the sentence.
_LETTERS_OF_A_LABEL: Final = 24
_MOST: Final = 12
_WORD = r"[^\W\d_][\w'-]*"
_ITEM = rf"{_WORD}(?: [\w'-]+){{0,2}}?"
_LAST = rf"(?:,? (?:or|and|oder|und|o|y|u|ou|et) {_ITEM})?"
# "ok/not ok/escalate", "bug | docs | question": of the first item its last word is enough.
_SLASHES = re.compile(
    rf"(?<![\w/.:@])({_WORD}(?:(?:/| [/|] )(?:(?:not?|nicht|pas|kein) )?{_WORD})+)(?![\w/]|\.\w)"
)
# "severity (low, medium, high)", "labels: spam, ham or other".
_OPENED = re.compile(rf"[({{\[:→>] ?[({{\[]?({_ITEM}(?:, {_ITEM})+{_LAST}) ?(?=[)}}\](.;]|$)")
# "sort into urgent, normal or low"
_OR_LIST = re.compile(
    rf"(?:\b(?:as|into|in|either|als|entweder|en|como|entre|soit|comme)|[,:?]) "
    rf"({_ITEM}(?:, {_ITEM})*,? (?:or|oder|o|u|ou) {_WORD})",
    re.I,
)
_HAN_LIST = re.compile(
    r"[（(：:是为]([^\W\d_a-zA-Z]{1,6}(?:[、/，][^\W\d_a-zA-Z]{1,6})+)(?=[）)。；，]|$)"
)
_SPLIT = re.compile(r",? (?:or|and|oder|und|o|y|u|ou|et) | ?[/|,、，] ?", re.I)
_QUOTES = re.compile(r"(?<!\w)['‘’]|['‘’](?!\w)|[\"“”„«»]")
# How far before a list the word stands that makes it one of labels, in characters.
_BEFORE = 48


@lru_cache(maxsize=1)
def _words() -> dict[str, re.Pattern[str]]:
    text = files("knowdo.agent.embedded").joinpath("listed.toml").read_text(encoding="utf-8")
    return {name: re.compile(words, re.I) for name, words in tomllib.loads(text).items()}


def listed_classes(text: str) -> int | None:
    """The number of classes that a text lists or implies, or None. For classifications only."""
    if scale := _words()["scale"].search(text):
        low, high = (int(x) for x in scale.groups() if x is not None)
        if 0 <= low < high <= _MOST:
            return high - low + 1
    plain = _QUOTES.sub("", text)
    counts = [len(found) for found in _lists(plain)]
    if counts:
        return max(counts)
    return 2 if _words()["two"].search(plain) else None


def _lists(text: str) -> list[list[str]]:
    """All lists of what may be labels: those with slashes, and others after a word for labels."""
    lists = []
    for pattern in (_SLASHES, _OPENED, _OR_LIST, _HAN_LIST):
        for match in pattern.finditer(text):
            items = [item.strip() for item in _SPLIT.split(match[1])]
            before = text[max(0, match.start() - _BEFORE) : match.start(1)]
            told = pattern is _SLASHES or (
                _words()["labels_before"].search(before)
                and not _words()["others_before"].search(before)
            )
            if told and _are_labels(items) and not _asks_us(items, text[match.end() :]):
                lists.append(items)
    return lists


def _are_labels(items: list[str]) -> bool:
    """Whether items are short, different, and most of them not known for something else."""
    return (
        2 <= len(items) <= _MOST
        and len({item.lower() for item in items}) == len(items)
        and all(0 < len(item) <= _LETTERS_OF_A_LABEL for item in items)
        and 2 * sum(bool(_words()["not_a_label"].fullmatch(item)) for item in items) < len(items)
    )


def _asks_us(items: list[str], behind: str) -> bool:
    """ "Fine-tune, yes/no?" is a question to us."""
    return len(items) == 2 and behind.lstrip().startswith("?")
