"""Numbers as people write them, in five languages: digits, suffixes, ranges, rough amounts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

# Nobody counts further; a longer row of digits is no amount.
LARGEST = 1e12
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "₹": "INR"}

_DIGITS = r"\d{1,3}(?:[,.\u00a0\u202f'’ ]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_MARKS = "".join(_CURRENCIES)
# "1.109.1" is a version, "1.200.000" an amount; "1.2" before ".3" is the start of a version.
_VERSION = re.compile(r"(?!\d{1,3}(?:\.\d{3})+$)\d+(?:\.\d+){2,}$")
_MORE = re.compile(r"\.\d")
_BETWEEN = re.compile(r"\s?(?:-|–|~|to|or|bis|oder|und|a|o|y|à|ou|et|到|至|and)\s?[$€£¥₹]?", re.I)


# Words that join a range only when its ends are close: "200 and 300", but not "2 and 300".
_LOOSE = {"or", "oder", "und", "et", "and", "o", "y", "ou", "a"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number found in a text: its value, where it stands, and the currency written before it."""

    value: float
    start: int
    end: int
    currency: str = ""


@dataclass(frozen=True, slots=True)
class _Grammar:
    scales: dict[str, float]
    words: dict[str, float]
    number: re.Pattern[str]


@lru_cache(maxsize=1)
def _grammar() -> _Grammar:
    text = files("knowdo.agent.embedded").joinpath("numbers.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    scale = "|".join(re.escape(s) for s in sorted(tables["scales"], key=len, reverse=True))
    scale = rf"(?:\s?(?P<@>{scale})(?![A-Za-zÀ-ÿ]))?"  # no letter may follow it, except Han
    word = "|".join(re.escape(w) for w in sorted(tables["words"], key=len, reverse=True))
    # A number must not start inside a word or a version ("gpt-4o", "3.1"), nor run into letters
    # that are no scale ("4090Ti", "7b").
    number = re.compile(
        rf"(?<![A-Za-zÀ-ÿ0-9_.{_MARKS}-])(?P<currency>[{_MARKS}]\s?)?"
        rf"(?P<digits>{_DIGITS}){scale.replace('@', 'scale')}"
        rf"|(?<=\d[-–])(?P<upper>{_DIGITS}){scale.replace('@', 'upper_scale')}"
        rf"|(?<![A-Za-zÀ-ÿ])(?P<word>(?i:{word}))(?:(?<=')|(?![A-Za-zÀ-ÿ]))"
    )
    return _Grammar(tables["scales"], tables["words"], number)


def find_numbers(text: str) -> list[Number]:
    """All numbers in a text, in order; `k`, `Mio`, `万`, words and rough amounts resolved.

    "10 to 15" and "5-6k" are one number, the middle of the two.
    """
    found: list[Number] = []
    for match, number in _plain_numbers(text):
        before = found[-1] if found else None
        if before and _is_range(text, before, number):
            low = before.value
            scale = match["scale"] or match["upper_scale"] or ""
            if low * 1.0001 < plain_value(match["digits"] or match["upper"] or "0"):
                low *= _grammar().scales.get(scale, 1)
            found[-1] = replace(before, value=(low + number.value) / 2, end=number.end)
        else:
            found.append(number)
    return found


def _plain_numbers(text: str) -> Iterator[tuple[re.Match[str], Number]]:
    for match in _grammar().number.finditer(text):
        if word := match["word"]:
            yield match, Number(float(_grammar().words[word.lower()]), match.start(), match.end())
            continue
        if _VERSION.match(match["digits"] or "") or _MORE.match(text, match.end()):
            continue
        scale = match["scale"] or match["upper_scale"] or ""
        value = plain_value(match["digits"] or match["upper"]) * _grammar().scales.get(scale, 1)
        if value <= LARGEST:
            mark = (match["currency"] or "").strip()
            yield match, Number(value, match.start(), match.end(), _CURRENCIES.get(mark, ""))


def _is_range(text: str, before: Number, number: Number) -> bool:
    """ "10 to 15" is a range; "2023 and 15" or "40 and 900" are two numbers."""
    between = text[before.end : number.start]
    if not _BETWEEN.fullmatch(between) or not before.value:
        return False
    loose = between.strip(" " + _MARKS).lower() in _LOOSE
    ratio = number.value / before.value
    return 1 < ratio <= (2.1 if loose else 10) or (ratio >= 1000 and not loose)


def plain_value(digits: str) -> float:
    """The value of written digits: "1,200", "1.200", "1 200" are 1200, "1,2" and "1.2" are 1.2."""
    compact = re.sub(r"[\u00a0\u202f'’ ]", "", digits)
    separators = [c for c in compact if c in ".,"]
    if len(set(separators)) == 2:
        decimal = separators[-1]
        return float(compact.replace("," if decimal == "." else ".", "").replace(",", "."))
    if separators and re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", compact):
        return float(re.sub(r"[.,]", "", compact))
    return float(compact.replace(",", "."))
