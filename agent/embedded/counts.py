"""From the numbers of a message and their roles to facts: totals, months, dollars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from knowdo.agent.embedded.quantities import Number
from knowdo.agent.embedded.roles import (
    PERIODS,
    dollars,
    has_each,
    in_local_currency,
    milliseconds,
    period_of,
    said_by_noun,
    says_none,
    times,
    within_a_second,
)

# What a plain noun behind a number adds to its share.
NOUN_WEIGHT = 0.6
# A role that no number has most likely goes to the number that has this much of it. Rare roles
# have learnt less, and a unit at the number vouches for most of them.
MAYBE = {"n_examples": 0.1, "doc_count": 0.1, "n_classes": 0.2, "monthly_requests": 0.2,
         "budget_usd": 0.1, "latency_ms": 0.1, "tokens_per_example": 0.15}  # fmt: skip
# A likeliest role counts from this probability on.
SURE = 0.35
# From this share on a number said "of each" is so many a class.
OF_EACH = 0.1
_WHOLE = ("n_examples", "n_classes", "doc_count", "tokens_per_example", "per_class", "groups")


def counted(
    text: str, numbers: Sequence[Number], roles: Sequence[dict[str, float]]
) -> dict[str, Any]:
    """The facts that the numbers state. Per-class counts are multiplied, rates become monthly."""
    best = _most_likely([_with_noun(text, n, r) for n, r in zip(numbers, roles, strict=True)])
    facts: dict[str, Any] = {}
    for role, index in best.items():
        value = _value(role, text, numbers[index])
        if value is not None:
            facts[role] = value
    groups = facts.pop("groups", None)
    if "per_class" in facts:
        each = facts.pop("per_class")
        total = _total(text, numbers, best["per_class"], facts.get("n_classes") or groups)
        facts["n_examples"] = round(total if total is not None else each)
    parts = [n.value for n, r in zip(numbers, roles, strict=True) if _likeliest(r) == "part"]
    if "n_examples" not in facts and parts:
        facts["n_examples"] = round(sum(parts))
    if "n_examples" not in facts and says_none(text):
        facts["n_examples"] = 0
    if "latency_ms" not in facts and within_a_second(text):
        facts["latency_ms"] = 1000
    return facts


def _likeliest(shares: dict[str, float]) -> str:
    return max(shares, key=shares.__getitem__, default="none")


def _with_noun(text: str, number: Number, shares: dict[str, float]) -> dict[str, float]:
    """The shares with the noun behind the number counted in."""
    likeliest = _likeliest(shares)
    behind = text[number.end : number.end + 2]
    if likeliest in ("none", "doc_count") and behind[:1] == "-" and behind[1:].isalpha():
        return {}  # "a 120-page manual" counts nothing
    noun = said_by_noun(text, number)
    if has_each(text, number) and _may_be_of_each(noun, likeliest, shares):
        noun = "per_class"
    if noun == "finished_examples" and likeliest == "doc_count":
        return {**shares, "n_examples": shares["n_examples"] + 2 * NOUN_WEIGHT}
    if noun is None or noun not in shares:
        return shares
    return {**shares, noun: shares[noun] + NOUN_WEIGHT}


def _may_be_of_each(noun: str | None, likeliest: str, shares: dict[str, float]) -> bool:
    """Whether so many of each can be examples: "90 per code", not "700 tokens each"."""
    if noun not in (None, "n_examples") or "per_class" not in shares:
        return False
    return likeliest in ("n_examples", "per_class") or shares["per_class"] >= OF_EACH


def _most_likely(roles: Sequence[dict[str, float]]) -> dict[str, int]:
    """For each role the number that has it most surely."""
    best: dict[str, int] = {}
    for index, shares in enumerate(roles):
        role = _likeliest(shares)
        if role in ("none", "part", "language") or shares[role] < SURE:
            continue
        if role not in best or shares[role] > roles[best[role]][role]:
            best[role] = index
    for role in MAYBE:
        _add_second_best(best, role, roles)
    return best


def _add_second_best(best: dict[str, int], role: str, roles: Sequence[dict[str, float]]) -> None:
    """Where nothing was taken for a role, the number that may have it most."""
    if role in best or (role == "n_examples" and "per_class" in best):
        return
    free = [i for i, shares in enumerate(roles) if shares and i not in best.values()]
    index = max(free, key=lambda i: roles[i][role], default=None)
    if index is not None and roles[index][role] >= MAYBE[role]:
        best[role] = index


def _value(role: str, text: str, number: Number) -> float | int | None:
    if role in _WHOLE:
        return round(number.value)
    if role == "budget_usd":
        found = dollars(text, number)
        return found if found is not None else in_local_currency(text, number)
    if role == "latency_ms":
        time = milliseconds(text, number)
        return round(time) if time is not None else None
    if role == "gpu_vram_gb":
        return number.value
    return round(number.value * PERIODS[period_of(text, number) or "month"])


def _total(text: str, numbers: Sequence[Number], index: int, groups: int | None) -> float | None:
    """The product with the factor beside it ("16 systems x 500"), else with the groups."""
    each = numbers[index]
    if index and times(text, numbers[index - 1], each):
        return numbers[index - 1].value * each.value
    if index + 1 < len(numbers) and times(text, each, numbers[index + 1]):
        return each.value * numbers[index + 1].value
    return each.value * groups if groups else None
