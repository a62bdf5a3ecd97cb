"""Numbers as people write them, in five languages: digits, suffixes, words, rough amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Nobody counts further; a longer row of digits is no amount.
LARGEST = 1e12
# Suffixes that multiply; upper-case M is million, while a bare lower-case m is left to minutes.
_SCALES = {
    "k": 1e3, "K": 1e3, "тыс": 1e3, "mil": 1e3, "Tsd": 1e3, "tsd": 1e3, "thousand": 1e3,
    "tausend": 1e3, "Tausend": 1e3, "mille": 1e3, "M": 1e6, "Mio": 1e6, "mio": 1e6,
    "million": 1e6,
    "millions": 1e6, "Millionen": 1e6, "millón": 1e6, "millones": 1e6, "mn": 1e6,
    "bn": 1e9, "billion": 1e9, "Milliarden": 1e9, "万": 1e4, "千": 1e3, "百万": 1e6, "亿": 1e8,
    "hundred": 1e2, "百": 1e2,
}  # fmt: skip
_WORDS = {
    "zero": 0, "no": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a dozen": 12,
    "dozens of": 30, "dozens": 30, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "eighty": 80, "ninety": 90, "a hundred": 100, "one hundred": 100,
    "two hundred": 200, "a couple hundred": 200, "a few hundred": 300, "several hundred": 400,
    "hundreds of": 300, "a thousand": 1000, "a couple thousand": 2000, "a few thousand": 3000,
    "several thousand": 4000, "thousands of": 3000, "tens of thousands of": 30000,
    "hundreds of thousands of": 300000, "half a million": 500000, "a million": 1000000,
    "a handful of": 5, "a few dozen": 36, "a couple of": 2,
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "zehn": 10, "zwölf": 12, "zwanzig": 20,
    "fünfzig": 50, "hundert": 100, "tausend": 1000, "ein paar hundert": 300,
    "einige hundert": 300, "ein paar tausend": 3000, "einige tausend": 3000,
    "tausende": 3000, "hunderte": 300, "ein dutzend": 12,
    "dos": 2, "tres": 3, "cinco": 5, "diez": 10, "doce": 12, "veinte": 20, "cincuenta": 50,
    "cien": 100, "unos cientos de": 300, "cientos de": 300, "unos pocos miles de": 3000,
    "miles de": 3000, "una docena de": 12,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10, "douze": 12, "vingt": 20,
    "cinquante": 50, "cent": 100, "quelques centaines de": 300, "quelques centaines d'": 300,
    "des centaines de": 300, "quelques milliers de": 3000, "des milliers de": 3000,
    "une douzaine de": 12, "mille": 1000,
    "几百": 300, "几千": 3000, "上千": 1000, "几十": 30, "一百": 100, "两百": 200, "一千": 1000,
    "两千": 2000, "一万": 10000, "十几": 15,
}  # fmt: skip

_DIGITS = r"\d{1,3}(?:[,.\u00a0' ]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_SCALE_NAMES = "|".join(re.escape(s) for s in sorted(_SCALES, key=len, reverse=True))
_WORD_NAMES = "|".join(re.escape(w) for w in sorted(_WORDS, key=len, reverse=True))
# A number must not start inside a word or a version ("gpt-4o", "3.1"), nor run into letters that
# are no scale ("4090Ti", "7b").
NUMBER = re.compile(
    rf"(?<![A-Za-zÀ-ÿ0-9_.$€£-])(?P<currency>[$€£¥]\s?)?"
    rf"(?P<digits>{_DIGITS})(?:\s?(?P<scale>{_SCALE_NAMES})(?![a-zäöüéñ]))?"
    rf"|(?<![$€£A-Za-z0-9_])[$€£]\s?(?P<money>{_DIGITS})(?P<money_scale>[kKM])?"
    rf"|(?<![A-Za-zÀ-ÿ])(?P<word>(?i:{_WORD_NAMES}))(?![A-Za-zÀ-ÿ])"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number found in a text: its value and where it stands."""

    value: float
    start: int
    end: int
    currency: bool = False


def find_numbers(text: str) -> Iterator[Number]:
    """All numbers in a text, in order; `k`, `Mio`, `万`, words and rough amounts resolved."""
    for match in NUMBER.finditer(text):
        if word := match["word"]:
            yield Number(float(_WORDS[word.lower()]), match.start(), match.end())
            continue
        digits = match["digits"] or match["money"]
        scale = match["scale"] or match["money_scale"] or ""
        value = plain_value(digits) * _SCALES.get(scale, 1)
        if value > LARGEST:
            continue
        currency = bool(match["money"] or match["currency"])
        yield Number(value, match.start(), match.end(), currency)


def plain_value(digits: str) -> float:
    """The value of written digits: "1,200", "1.200", "1 200" are 1200, "1,2" and "1.2" are 1.2."""
    compact = re.sub(r"[\u00a0' ]", "", digits)
    separators = [c for c in compact if c in ".,"]
    if len(set(separators)) == 2:
        decimal = separators[-1]
        return float(compact.replace("," if decimal == "." else ".", "").replace(",", "."))
    if separators and re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", compact):
        return float(re.sub(r"[.,]", "", compact))
    return float(compact.replace(",", "."))
