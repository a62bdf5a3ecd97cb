"""A message as it is read: spaces joined, number words as digits."""

from __future__ import annotations

from knowdo.agent.embedded.digits import as_digits

# Reading time grows with length; what a problem is stands in its first pages.
MAX_CHARACTERS = 20_000


def tidy(message: str, language: str) -> str:
    """The message in one line with digits for number words of its language."""
    return " ".join(as_digits(message[:MAX_CHARACTERS], language).split())
