"""Which of several things a person means: "the second", "the cheaper", "that one", a name."""

from __future__ import annotations

import re
from typing import Any, Final

from knowdo.agent.embedded.grammar import normal
from knowdo.agent.embedded.text import words_in

# A longer message says more than a choice.
_CHOICE_WORDS = 9
_ORDINALS: Final = (
    r"\b(?:first|1st|erste\w*|primer\w*|premi[eè]re?|former)\b|第一|^\W*1\W*$|^#1",
    r"\b(?:second|2nd|zweite\w*|segund[oa]|deuxieme|seconde?|latter)\b|第二|^\W*2\W*$|^#2",
    r"\b(?:third|3rd|dritte\w*|tercer\w*|troisieme)\b|第三|^\W*3\W*$|^#3",
    r"\b(?:fourth|4th|vierte\w*|cuart[oa]|quatrieme)\b|第四|^\W*4\W*$|^#4",
)
_LAST: Final = re.compile(
    r"\b(?:last|letzte\w*|ultim[oa]|dernier\w*|newest|latest|neueste\w*)\b|最后"
)
# (words, the figure that decides, whether the smallest one is meant)
_COMPARED: Final = (
    (r"\b(?:cheap\w*|billig\w*|gunstig\w*|barat\w*|moins cher\w*|economi\w*)\b|便宜", "usd", True),
    (r"\b(?:dear\w*|expensive|teuer\w*|teur\w*|car[oa]|plus cher\w*)\b|贵", "usd", False),
    (r"\b(?:fast\w*|quick\w*|schnell\w*|rapid\w*)\b|快", "seconds", True),
    (r"\b(?:small\w*|klein\w*|pequen\w*|petit\w*)\b|小", "size", True),
    (r"\b(?:big\w*|large\w*|gross\w*|grand\w*|mayor)\b|大", "size", False),
)
_POINTS: Final = re.compile(
    r"\b(?:that one|this one|that|this|the one|it|das|dies\w*|den|die|jen\w*|ese|esa|este|esta"
    r"|celui-(?:la|ci)|celle-(?:la|ci)|ca)\b|那个|这个|它"
)


def choose(text: str, options: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The option that a short message means, or None when it names none of them."""
    if words_in(text) > _CHOICE_WORDS or not options:
        return None
    plain = normal(text)
    if named := _named(plain, options):
        return named
    for number, words in enumerate(_ORDINALS):
        if re.search(words, plain) and number < len(options):
            return options[number]
    if _LAST.search(plain):
        return options[-1]
    return _compared(plain, options) or (options[0] if points(text) and len(options) == 1 else None)


def points(text: str) -> bool:
    """Whether a short message points at something without naming it: "that one"."""
    return words_in(text) <= _CHOICE_WORDS and bool(_POINTS.search(normal(text)))


def picks(text: str) -> bool:
    """Whether a short message picks from a list: "the second", "the cheaper one"."""
    plain = normal(text)
    if words_in(text) > 5 or not _PICKS.search(plain):
        return False
    words = [*_ORDINALS, *(row[0] for row in _COMPARED), r"\b(?:that|this) one\b|那个"]
    return any(re.search(pattern, plain) for pattern in words)


# A choice has an article: "the cheaper", unlike "that is too expensive".
_PICKS: Final = re.compile(
    r"^(?:ok,? |and |und |y |et )*(?:the|der|die|das|den|el|la|los|las|le|les|that one|this one"
    r"|celui|celle|第|那个|便宜)"
)


def _named(plain: str, options: list[dict[str, Any]]) -> dict[str, Any] | None:
    found = [o for o in options if _mentions(plain, normal(str(o["name"])))]
    return found[0] if len(found) == 1 else None


def _mentions(plain: str, name: str) -> bool:
    stem = name.rsplit(".", 1)[0]
    return any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", plain) for n in (name, stem) if n)


def _compared(plain: str, options: list[dict[str, Any]]) -> dict[str, Any] | None:
    for words, figure, smallest in _COMPARED:
        if re.search(words, plain) and all(figure in o for o in options):
            ranked = sorted(options, key=lambda o, figure=figure: float(o[figure]))  # type: ignore[misc]
            return ranked[0 if smallest else -1]
    return None
