"""The languages that a message names for its data or output."""

from __future__ import annotations

import re
import tomllib
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


def task_languages(text: str) -> tuple[str, ...]:
    """The codes of the languages named, in the order of the text, each once."""
    codes, pattern = _names()
    known = set(codes.values())
    found = [(m.start(), codes[(m[1] or m[2]).lower()]) for m in pattern.finditer(text)]
    for match in _CODES.finditer(text):
        code = (match[1] or match[2]).lower()
        if code in known:
            found.append((match.start(), code))
    return tuple(dict.fromkeys(code for _, code in sorted(found)))
