"""The languages that a message names for its data or output."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

# Two codes for a pair of languages ("EN->FR") or in a row ("DE, FR, IT").
_CODES = re.compile(r"\b([A-Z]{2})(?= ?(?:->|→|=>|,|/|&|-|to\b|and\b|und\b|et\b|y\b)? ?[A-Z]{2}\b)|"
                    r"(?<=[>→/,&-])\s?([A-Z]{2})\b")  # fmt: skip
_ENDING = r"(?:e|en|er|es|em|a|as|os|s)?"


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], re.Pattern[str]]:
    text = files("knowdo.agent.embedded").joinpath("languages.toml").read_text(encoding="utf-8")
    codes = {name: code for code, names in tomllib.loads(text).items() for name in names}
    ordered = sorted(codes, key=len, reverse=True)
    latin = "|".join(re.escape(n) for n in ordered if n[0] < "\u3000")
    han = "|".join(re.escape(n) for n in ordered if n[0] >= "\u3000")
    return codes, re.compile(rf"\b({latin}){_ENDING}\b|({han})", re.I)


@dataclass(frozen=True, slots=True)
class Mention:
    """A language named in a text: its code and where it stands."""

    code: str
    start: int
    end: int


def language_mentions(text: str) -> list[Mention]:
    """The languages that a text names, in order. Which of them the data is in, the reader tells."""
    codes, pattern = _names()
    known = set(codes.values())
    found = [
        Mention(codes[(m[1] or m[2]).lower()], m.start(), m.end()) for m in pattern.finditer(text)
    ]
    for match in _CODES.finditer(text):
        code = (match[1] or match[2]).lower()
        if code in known:
            found.append(Mention(code, match.start(), match.end()))
    return sorted(found, key=lambda mention: mention.start)


# From this probability on, the data is in the language that was named.
DATA_IN = 0.35


def task_languages(
    mentions: Sequence[Mention], roles: Sequence[dict[str, float]]
) -> tuple[str, ...]:
    """The codes of the languages that the data is in, each once. roles: one a mention."""
    sure = [
        mention.code
        for mention, shares in zip(mentions, roles, strict=True)
        if shares.get("language", 0.0) >= DATA_IN
    ]
    return tuple(dict.fromkeys(sure))
