"""Figures and times as people read them, the same everywhere: chat, panels, command line."""

from __future__ import annotations

from html import escape
from typing import Any

from knowdo.knowledge.wording import Language, money, number, say


def duration(seconds: float, language: Language = "en") -> str:
    """ "45 s", "3 min", "2 h 10 min" from seconds."""
    if seconds < 90:
        return say(language, "time.seconds", n=max(round(seconds), 1))
    minutes = round(seconds / 60)
    if minutes < 90:
        return say(language, "time.minutes", n=minutes)
    hours, rest = divmod(minutes, 60)
    whole = say(language, "time.hours", n=hours)
    return f"{whole} {say(language, 'time.minutes', n=rest)}" if rest else whole


def duration_range(seconds: dict[str, float], language: Language = "en") -> str:
    """ "3 min (2 min to 5 min)" from a range of seconds."""
    return _range(language, *(duration(seconds[k], language) for k in _ENDS))


def usd(amount: float, language: Language = "en") -> str:
    """ "$0", "$0.42", "$1,250" from US dollars."""
    return money(language, amount)


def usd_range(amounts: dict[str, float], language: Language = "en") -> str:
    """ "$2.10 ($1.50 to $4.00)" from a range of US dollars."""
    return _range(language, *(usd(amounts[k], language) for k in _ENDS))


def gib_range(sizes: dict[str, float], language: Language = "en") -> str:
    """ "2.1 GiB (1.9 to 2.4)" from a range of GiB."""
    low, expected, high = (number(language, sizes[k], decimals=1) for k in _ENDS)
    if low == high:
        return f"{expected} GiB"
    return say(language, "time.range", low=low, expected=f"{expected} GiB", high=high)


_ENDS = ("low", "expected", "high")


def _range(language: Language, low: str, expected: str, high: str) -> str:
    if low == high:
        return expected
    return say(language, "time.range", low=low, expected=expected, high=high)


def size(byte_count: float) -> str:
    """ "512 B", "3.4 MB" from bytes (decimal units, as file managers show them)."""
    for unit in ("B", "kB", "MB", "GB"):
        if byte_count < 1000 or unit == "GB":
            return f"{byte_count:.0f} {unit}" if unit == "B" else f"{byte_count:.1f} {unit}"
        byte_count /= 1000
    raise AssertionError("unreachable")


def value(item: Any) -> str:
    """A fact's value for a table cell."""
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, item)))
    if isinstance(item, float) and item.is_integer():
        return f"{item:.0f}"
    return str(item)


def html(text: str) -> str:
    """Text made safe for HTML."""
    return escape(text, quote=True)
