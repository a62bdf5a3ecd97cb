"""What of a text the search compares: words without endings, pieces of words, Chinese pairs.

Pieces of four letters let "Hyperparamter" find "Hyperparameter" and "Trainingsdaten" find "Daten"
without a dictionary; pairs of characters do the same for Chinese, which writes no spaces (the
approach of McNamee and Mayfield, Character N-Gram Tokenization, 2004).
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

from knowdo.knowledge.wording import LANGUAGES, Language

PIECE = 4
# "80 examples" and "200 examples" ask the same; numbers that name a card or a model stay.
AMOUNT = "#"
_NAMES = frozenset({"3090", "4090", "5090"})
_HAN = re.compile(r"[\u3400-\u9fff]")
_RUN = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
_MARKS = re.compile(r"[\u0300-\u036f]")
# One word for what is written in many ways; folded text without accents.
_SPELLINGS = (
    (re.compile(r"\b(?:fi?ne?|fain|fein)[- ]?tun+\w*"), "finetuning"),
    (re.compile(r"微调|精调|微調"), " finetuning "),
    (re.compile(r"\b(?:feinabstimm\w*|feinjustier\w*|ajuste fino|reglage fin)"), "finetuning"),
    (re.compile(r"(?<!\d)(\d{1,2})[- ]?(?:bits?\b|位)"), r" \1bit "),
    (re.compile(r"\bq[- ]lora\w*"), "qlora"),
    (re.compile(r"\blo[- ]ra\b"), "lora"),
    (re.compile(r"\bopen ai\b"), "openai"),
    (re.compile(r"\b(?:chat ?gpt|gpt)[- ]?(?=\d)"), "gpt "),
    (re.compile(r"\b(\d+(?:[.,]\d+)?) ?(?:b|mrd)\b"), r"\1b"),
)
_ENDINGS: dict[str, tuple[str, ...]] = {
    "en": ("ations", "ation", "ings", "ing", "ies", "ed", "es", "er", "s", "e", "y"),
    "de": ("ungen", "ung", "erung", "ieren", "iert", "ern", "en", "er", "es", "em", "et", "e", "n",
           "s", "t"),
    "es": ("aciones", "acion", "amiento", "ando", "iendo", "ados", "adas", "ado", "ada", "ar",
           "er", "ir", "es", "os", "as", "a", "o", "e", "s"),
    "fr": ("issements", "ements", "ement", "ations", "ation", "aient", "ees", "ee", "er", "es",
           "ent", "e", "s", "x"),
    "zh": ("ing", "ed", "s", "e"),
}  # fmt: skip
# Shorter stems would make different words equal.
_SHORTEST_STEM = 4


def fold(text: str) -> str:
    """Lower case without accents, with one spelling for the words of the trade."""
    plain = text.lower().replace("ß", "ss")
    if not plain.isascii():
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    for pattern, spelling in _SPELLINGS:
        plain = pattern.sub(spelling, plain)
    return plain


def words(text: str, language: Language) -> list[str]:
    """The words that carry the subject, without endings; pairs of characters in Chinese text."""
    return words_of_lines([text], language)[0]


def words_of_lines(lines: Iterable[str], language: Language) -> list[list[str]]:
    """The words of each line. All lines together, for their patterns are slow to start."""
    phrases, same = _same(language)
    joined = fold("\n".join(line.replace("\n", " ") for line in lines))
    told = phrases.sub(lambda match: f" {same[match[0]]} ", joined)
    return [list(_subjects(line, language)) for line in told.split("\n")]


def _subjects(line: str, language: Language) -> Iterator[str]:
    small, same = stop_words(language), _same(language)[1]
    for run in _RUN.findall(line):
        if _HAN.match(run):
            yield from _pairs(run)
        elif run.isdigit() and run not in _NAMES:
            yield AMOUNT
        elif run in same:
            yield stem(same[run], language)
        elif run not in small:
            yield stem(run, language)


@functools.lru_cache(maxsize=50_000)
def stem(word: str, language: Language) -> str:
    """The word without its ending, as far as four letters remain."""
    for ending in _ENDINGS[language]:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


@functools.lru_cache(maxsize=20_000)
def pieces(word: str) -> tuple[str, ...]:
    """The pieces of four letters of a word, its ends marked; none of short or Chinese words."""
    if len(word) < PIECE or _HAN.match(word):
        return ()
    marked = f"_{word}_"
    return tuple(f"~{marked[i : i + PIECE]}" for i in range(len(marked) - PIECE + 1))


@functools.cache
def trade_names(language: Language) -> frozenset[str]:
    """Names that only the trade uses, as `words` gives them."""
    return frozenset(words(_lists()["trade"], language))


@functools.cache
def everyday_words(language: Language) -> frozenset[str]:
    """Words of the trade that mean other things outside it, as `words` gives them."""
    return frozenset(words(_lists()["everyday"][language], language))


def language_of(text: str) -> Language | None:
    """The language whose small words a question holds most of; None when none leads."""
    if _HAN.search(text):
        return "zh"
    runs = _RUN.findall(fold(text))
    counts = {name: sum(run in _listed(name) for run in runs) for name in LANGUAGES}
    best = max(counts.values())
    leaders = [name for name, count in counts.items() if count == best]
    return leaders[0] if best and len(leaders) == 1 else None


def _pairs(run: str) -> Iterator[str]:
    """Pairs of neighbouring characters of what is left between the small words."""
    for part in _small_words_of_chinese().split(run):
        if len(part) == 1:
            yield part
        yield from (part[i : i + 2] for i in range(len(part) - 1))


@functools.cache
def _same(language: Language) -> tuple[re.Pattern[str], dict[str, str]]:
    """Words that count as another one, and a pattern of those that are no single word."""
    same: dict[str, str] = {}
    for line in fold(_lists()["same"][language]).strip().splitlines():
        word, _, others = line.partition(":")
        same |= {other.replace("_", " "): word.replace("_", "").strip() for other in others.split()}
    phrases = [other for other in same if language == "zh" or not _RUN.fullmatch(other)]
    longest_first = "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))
    return re.compile(longest_first if language == "zh" else rf"\b(?:{longest_first})\b"), same


@functools.cache
def stop_words(language: Language) -> frozenset[str]:
    """Small words of the language; English ones count too where its texts are full of English."""
    return _listed(language) | _listed("en") if language == "zh" else _listed(language)


@functools.cache
def _listed(language: Language) -> frozenset[str]:
    return frozenset(_RUN.findall(fold(_lists()[language])))


@functools.cache
def _small_words_of_chinese() -> re.Pattern[str]:
    longest_first = sorted(_listed("zh"), key=len, reverse=True)
    return re.compile("|".join(longest_first))


@functools.cache
def _lists() -> dict[str, Any]:
    file = resources.files("knowdo.knowledge").joinpath("data", "search_words.toml")
    return dict(tomllib.loads(file.read_text("utf-8")))
