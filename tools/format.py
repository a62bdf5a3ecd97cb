"""Figures and times as people read them, the same everywhere: chat, panels, command line."""

from __future__ import annotations

from html import escape
from typing import Any


def duration(seconds: float) -> str:
    """ "45 s", "3 min", "2 h 10 min" from seconds."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def duration_range(seconds: dict[str, float]) -> str:
    """ "3 min (2 min to 5 min)" from a range of seconds."""
    low, expected, high = (duration(seconds[k]) for k in ("low", "expected", "high"))
    return expected if low == high else f"{expected} ({low} to {high})"


def usd(amount: float) -> str:
    """ "$0", "$0.42", "$1,250" from US dollars."""
    if amount == 0:
        return "$0"
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"


def usd_range(amounts: dict[str, float]) -> str:
    """ "$2.10 ($1.50 to $4.00)" from a range of US dollars."""
    low, expected, high = (usd(amounts[k]) for k in ("low", "expected", "high"))
    return expected if low == high else f"{expected} ({low} to {high})"


def gib_range(sizes: dict[str, float]) -> str:
    """ "2.1 GiB (1.9 to 2.4)" from a range of GiB."""
    low, expected, high = (f"{sizes[k]:.1f}" for k in ("low", "expected", "high"))
    return f"{expected} GiB" if low == high else f"{expected} GiB ({low} to {high})"


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
