"""What the tagger sees of a number beside its words: size, unit, period, place."""

from __future__ import annotations

import math
import re
from typing import Final

from knowdo.agent.embedded.quantities import Number
from knowdo.agent.embedded.roles import PERIODS, dollars, milliseconds, period_of, units
from knowdo.agent.embedded.task_languages import Mention

_PER_CENT: Final = re.compile(
    r"\s?(?:%|percent|per cent|prozent|por ?ciento|pour ?cent|pp\b|个点)", re.I
)
_TOKENS: Final = re.compile(r"\s?(?:tokens?|tok)(?![a-z])", re.I)
_MEMORY: Final = re.compile(r"[\s-]?(?:gb|gib|gigs?|go|g)(?![a-z])", re.I)
_PARAMETERS: Final = re.compile(r"\s?(?:b|bn|billion param\w*|mrd\.? param\w*)(?![a-zà-ÿ])", re.I)
# A word counts when it stands this near, in characters, in the same part of the sentence.
_NEAR: Final = 28


def clues(text: str, item: Number | Mention) -> list[float]:
    """The clues of a number (or a language's name) in a text, each from 0 to about 1."""
    if isinstance(item, Mention):
        return [*[0.0] * (CLUES - 1), 1.0]
    return [*_of_number(text, item), 0.0]


def _of_number(text: str, number: Number) -> list[float]:
    period = period_of(text, number)
    end = number.end
    close_before = text[max(0, number.start - 2) : number.start]
    flags = [
        bool(_PER_CENT.match(text, end)),
        dollars(text, number) is not None,
        milliseconds(text, number) is not None,
        bool(_TOKENS.match(text, end)),
        bool(_MEMORY.match(text, end)),
        bool(_PARAMETERS.match(text, end)),
        text[end : end + 1].isalpha(),
        text[end : end + 2].strip()[:1] in ("x", "×", "*"),
        "x" in close_before or "×" in close_before,
        1900 <= number.value <= 2100 and number.value == int(number.value),
        number.value != int(number.value),
        "~" in close_before,
        *_words_near(text, number),
    ]
    size = math.log10(1 + number.value)
    buckets = [float(low <= size < low + 1) for low in range(6)]
    periods = [float(period == name) for name in PERIODS]
    return [size / 6, *buckets, *map(float, flags), float(period is not None), *periods]


def _words_near(text: str, number: Number) -> list[bool]:
    """For each kind of telling word, whether one stands behind the number, or before it."""
    behind = re.split(r"[;!?。；！？\n\d]|[.,，](?=\s|$)", text[number.end : number.end + _NEAR])[0]
    before = re.split(
        r"[;!?。；！？\n\d]|[.,，](?=\s|$)", text[max(0, number.start - _NEAR) : number.start]
    )[-1]
    words = units()["near"].values()
    return [bool(w.search(part)) for w in words for part in (behind, before)]


CLUES: Final = len(_of_number("1", Number(1.0, 0, 1))) + 1
