"""Number words as digits, so that one grammar reads "twenty-five", "dreihundert" and 三百五十."""

from __future__ import annotations

import re
from functools import lru_cache

from text_to_num import alpha2digit

_HAN = re.compile(
    r"[零〇一二两三四五六七八九十百千万亿]{2,}|[二两三四五六七八九十](?=[个条类种份篇次天张元页名家级档]|分类)"
)
# "1万5" is 1.5 times ten thousand.
_TEN_THOUSANDS = re.compile(r"(?<![\d.])(\d{1,3})万(\d)(?![\d万千百.年月])")
# "8x40" as "8 x 40", not a picture's "1024x768" or hexadecimal "0x40".
_FACTORS = re.compile(r"(?<=[\s(][1-9])([x×])(?=\d{2,4}\b)", re.I)
# Words that end a rough amount stay: "a few hundred" is no 100.
_ROUGH = re.compile(
    r"\b(?:few|several|couple|quarter|viertel|many|some|hundreds|thousands|dozens|ein paar|einige|"
    r"mehrere|unos|unas|varios|varias|cientos|miles|quelques|plusieurs|centaines?|milliers?|half a|"
    r"eine halbe|medio)\b[^,.;!?]{0,14}"
    # "2.3 million" is read as digits with a scale.
    r"|\d[ -]?(?:thousand|hundred|million|billion|tausend|hundert|mio|mil|mill|mille|cent)\w*",
    re.I,
)  # fmt: skip
# Smaller numbers stay words when they stand alone: "one of them", "deux fois".
_ALONE_FROM = 3


def as_digits(text: str, language: str) -> str:
    """The text with number words of its language written as digits."""
    text = _HAN.sub(_han, _TEN_THOUSANDS.sub(r"\1.\2万", _FACTORS.sub(r" \1 ", text)))
    if language not in ("en", "de", "es", "fr"):
        return text
    parts: list[str] = []
    last = 0
    for rough in _ROUGH.finditer(text):
        parts += [_words(text[last : rough.start()], language), rough.group(0)]
        last = rough.end()
    return "".join([*parts, _words(text[last:], language)])


@lru_cache(maxsize=256)
def _words(text: str, language: str) -> str:
    if not text.strip():
        return text
    lead = text[: len(text) - len(text.lstrip())]
    tail = text[len(text.rstrip()) :]
    written: str = alpha2digit(text.strip(), language, threshold=_ALONE_FROM)
    return lead + written + tail


def _han(match: re.Match[str]) -> str:
    import cn2an  # only Chinese texts pay for loading it

    try:
        return str(cn2an.cn2an(match.group(0), "smart"))
    except ValueError:
        return match.group(0)  # "千万" as a word, "一一" and the like
