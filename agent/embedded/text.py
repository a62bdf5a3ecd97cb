"""A message as it is read: spaces joined, number words as digits."""

from __future__ import annotations

import re

from knowdo.agent.embedded.digits import as_digits

# Reading time grows with length; what a problem is stands in its first pages.
MAX_CHARACTERS = 20_000


def tidy(message: str, language: str) -> str:
    """The message in one line with digits for number words of its language."""
    return " ".join(as_digits(message[:MAX_CHARACTERS], language).split())


def words_in(text: str) -> int:
    """How many words a text has; Chinese, written without spaces, has one in two characters."""
    han = len(_HAN.findall(text))
    return len(_HAN.sub(" ", text).split()) + (han + 1) // 2


_HAN = re.compile("[\u4e00-\u9fff]")
