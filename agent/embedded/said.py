"""Privacy and frequency of change: words that state them, weighed by what the heads think."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Final

from knowdo.agent.embedded.thresholds import RATHER_SAID, SURE_UNSAID

# A period says how often something changes when a word of change stands this near, in characters.
_BEFORE: Final = 60
_BEHIND: Final = 35


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, re.Pattern[str]]]:
    text = files("knowdo.agent.embedded").joinpath("said.toml").read_text(encoding="utf-8")
    return {
        table: {name: re.compile(words, re.I) for name, words in rows.items()}
        for table, rows in tomllib.loads(text).items()
    }


def privacy(text: str, shares: dict[str, float]) -> str | None:
    """How private the data is: the head's answer, or a word for it that the head thinks possible.

    shares: the head's probabilities with `unsaid` among them.
    """
    if answer := _rather_said(shares):
        return answer
    if shares["unsaid"] >= SURE_UNSAID:
        return None
    written = [name for name, words in _words()["privacy"].items() if words.search(text)]
    return max(written, key=shares.__getitem__, default=None)


def update_frequency(text: str, shares: dict[str, float]) -> str | None:
    """How often facts change: a period beside a word of change, else the head's answer."""
    written = _period_of_change(text)
    if written == "static" or (written is not None and shares["unsaid"] < SURE_UNSAID):
        return written
    return _rather_said(shares)


def _rather_said(shares: dict[str, float]) -> str | None:
    """The likeliest answer, unless it is fairly sure that nothing was said."""
    if shares["unsaid"] >= RATHER_SAID:
        return None
    return max((name for name in shares if name != "unsaid"), key=shares.__getitem__)


def _period_of_change(text: str) -> str | None:
    """The period that stands nearest to a word of change."""
    changes = [m.start() for m in _words()["changes"]["words"].finditer(text)]
    found: list[tuple[int, str]] = []
    for name, words in _words()["update_frequency"].items():
        for match in words.finditer(text):
            if name == "static":
                return name  # "never changes" holds its own word of change
            near = [
                min(abs(at - match.start()), abs(at - match.end()))
                for at in changes
                if match.start() - _BEFORE <= at < match.end() + _BEHIND
            ]
            found += [(distance, name) for distance in near]
    return min(found)[1] if found else None
