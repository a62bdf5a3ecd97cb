"""What a message wants, from small word lists: an order counts when every word of it is known."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

# An order is short; a longer clause describes something.
LONGEST_ORDER = 110
# Words from this length on may have one slip of the pen.
_MAY_SLIP_FROM = 5
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
# "No, ..." and "ok, ..." before an order.
_OPENING = re.compile(
    r"^(?:no|nein|non|yes|ja|sí|oui|ok(?:ay)?|thanks|danke|gracias|merci|perfect|great|super|cool|nice|alright|well|hmm|好的?|不)"
    r"\s*[,.!;:，。！]\s*",
    re.I,
)
Role = Literal["verb", "object", "filler"]
Found = tuple[str, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class Order:
    """The words of one order; `needs_object`: a verb alone is no order."""

    words: dict[str, frozenset[Role]]
    needs_object: bool
    longest: int
    # Verbs that are an order by themselves, where others need an object.
    alone: frozenset[str]


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    text = files("knowdo.agent.embedded").joinpath("intents.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def _orders() -> dict[str, Order]:
    return {name: _order(row) for name, row in _tables()["orders"].items()}


def _order(row: dict[str, Any]) -> Order:
    words: dict[str, frozenset[Role]] = {}
    _add(words, f"{_tables()['fillers']} {row.get('more', '')}", "filler")
    for group in row.get("objects", []):
        _add(words, _tables()["groups"][group], "object")
    _add(words, row["verbs"], "verb")
    return Order(
        words,
        row.get("needs", False),
        max(map(len, words)),
        frozenset(_phrases(row.get("alone", ""))),
    )


def _add(words: dict[str, frozenset[Role]], phrases: str, role: Role) -> None:
    for phrase in _phrases(phrases):
        words[phrase] = words.get(phrase, frozenset()) | {role}


def _phrases(text: str) -> list[str]:
    return [normal(phrase.replace("_", " ")) for phrase in text.split()]


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Lower case without accents, one kind of apostrophe and of space."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile("|".join(f"(?:{words})" for words in rows.values()), re.I)
        for name, rows in _tables()["patterns"].items()
    }


def says(name: str, text: str) -> bool:
    """Whether an open pattern occurs in a text."""
    return bool(_patterns()[name].search(text.replace("’", "'")))


def parts(text: str) -> list[str]:
    """The clauses of a message."""
    return [part.strip() for part in _patterns()["tail"].split(text) if part and part.strip()]


@lru_cache(maxsize=2048)
def is_order(name: str, text: str, slips: bool = True) -> bool:
    """Whether the whole text is this order; `slips` lets a letter be wrong."""
    if not text or len(text) > LONGEST_ORDER:
        return False
    order = _orders()[name]
    return any(_complete(order, said, slips) for said in (text, _OPENING.sub("", text)))


def _complete(order: Order, text: str, slips: bool) -> bool:
    found = _phrases_in(normal(text), order, slips)
    roles = {role for _, own in found or [] for role in own}
    if "verb" not in roles:
        return False
    return "object" in roles or not order.needs_object or _alone(order, found or [])


def _alone(order: Order, found: list[Found]) -> bool:
    """ "Launch!" is an order without an object; "use" is none."""
    return all(phrase in order.alone for phrase, roles in found if "verb" in roles)


def _phrases_in(text: str, order: Order, slips: bool) -> list[Found] | None:
    """The phrases of a text with their roles, or None when a word is not in the lists."""
    found: list[Found] = []
    position = 0
    while position < len(text):
        if not text[position].isalnum():
            position += 1
            continue
        step = _longest(text, position, order)
        step = step or (_slip(text, position, order) if slips else None)
        if step is None:
            return None
        position, phrase = step
        found.append((phrase, order.words[phrase]))
    return found


def _longest(text: str, position: int, order: Order) -> tuple[int, str] | None:
    for end in range(min(len(text), position + order.longest), position, -1):
        phrase = text[position:end]
        if phrase in order.words and _ends(text, end):
            return end, phrase
    return None


def _ends(text: str, end: int) -> bool:
    """Whether a word may end there; Chinese has no spaces, and "l'index" is two words."""
    before, after = text[end - 1], text[end : end + 1]
    return not after.isalnum() or before == "'" or bool(_HAN.match(before) or _HAN.match(after))


def _slip(text: str, position: int, order: Order) -> tuple[int, str] | None:
    match = _WORD.match(text, position)
    if match is None or len(match[0]) < _MAY_SLIP_FROM:
        return None
    near = [w for w in order.words if len(w) >= _MAY_SLIP_FROM and one_slip_apart(match[0], w)]
    return (match.end(), near[0]) if near else None


def one_slip_apart(one: str, other: str) -> bool:
    """One letter too many, too few, wrong, or two swapped; the first letter must be right."""
    if one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    head = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if head is None:
        return True
    tails = {one[head + 1 :] == other[head + 1 :], one[head:] == other[head + 1 :],
             one[head + 1 :] == other[head:]}  # fmt: skip
    swapped = one[head : head + 2] == other[head : head + 2][::-1]
    return True in tails or (swapped and one[head + 2 :] == other[head + 2 :])


@lru_cache(maxsize=1024)
def asks(text: str) -> bool:
    """Whether a text is a question."""
    return says("question", text)
