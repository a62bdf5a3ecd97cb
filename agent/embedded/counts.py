"""From the numbers of a message and their roles to facts: totals, months, dollars."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from knowdo.agent.embedded.quantities import Number
from knowdo.agent.embedded.roles import (
    PERIODS,
    dollars,
    milliseconds,
    period_of,
    said_by_noun,
    says_none,
    times,
)

# What a plain noun behind a number adds to its share.
NOUN_WEIGHT = 0.6
# A role that no number has most likely goes to the number that has this much of it.
MAYBE = 0.1
# A likeliest role counts from this probability on.
SURE = 0.35
_WHOLE = ("n_examples", "n_classes", "doc_count", "tokens_per_example")
_YES_OR_NO = re.compile(r"\b(?:yes ?/ ?no|y/n|ja ?/ ?nein|s[ií] ?/ ?no|oui ?/ ?non|binary|binär\w*|"
                        r"binari[oa]|binaire)\b|是/否|二分类", re.I)  # fmt: skip


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
    if "per_class" in facts:
        each = facts.pop("per_class")
        total = _total(text, numbers, best["per_class"], facts.get("n_classes"))
        facts["n_examples"] = round(total if total is not None else each)
    if "n_examples" not in facts and says_none(text):
        facts["n_examples"] = 0
    if "n_classes" not in facts and _YES_OR_NO.search(text):
        facts["n_classes"] = 2
    return facts


def _with_noun(text: str, number: Number, shares: dict[str, float]) -> dict[str, float]:
    """The shares with the noun behind the number counted in."""
    likeliest = max(shares, key=shares.__getitem__, default="none")
    behind = text[number.end : number.end + 2]
    if likeliest == "none" and behind[:1] == "-" and behind[1:].isalpha():
        return {}  # "a 120-page manual" counts nothing
    noun = said_by_noun(text, number)
    if noun == "finished_examples" and likeliest == "doc_count":
        return {**shares, "n_examples": shares["n_examples"] + 2 * NOUN_WEIGHT}
    if noun is None or noun not in shares:
        return shares
    return {**shares, noun: shares[noun] + NOUN_WEIGHT}


def _most_likely(roles: Sequence[dict[str, float]]) -> dict[str, int]:
    """For each role the number that has it most surely."""
    best: dict[str, int] = {}
    for index, shares in enumerate(roles):
        role = max(shares, key=shares.__getitem__, default="none")
        if role == "none" or shares[role] < SURE:
            continue
        if role not in best or shares[role] > roles[best[role]][role]:
            best[role] = index
    for role in ("n_examples", "doc_count"):
        _add_second_best(best, role, roles)
    return best


def _add_second_best(best: dict[str, int], role: str, roles: Sequence[dict[str, float]]) -> None:
    """Where nothing was taken for a role, the number that may have it most."""
    if role in best or "per_class" in best:
        return
    free = [i for i, shares in enumerate(roles) if shares and i not in best.values()]
    index = max(free, key=lambda i: roles[i][role], default=None)
    if index is not None and roles[index][role] >= MAYBE:
        best[role] = index


def _value(role: str, text: str, number: Number) -> float | int | None:
    if role in _WHOLE or role == "per_class":
        return round(number.value)
    if role == "budget_usd":
        return dollars(text, number) or number.value
    if role == "latency_ms":
        time = milliseconds(text, number)
        return round(time) if time is not None else None
    if role == "gpu_vram_gb":
        return number.value
    return round(number.value * PERIODS[period_of(text, number) or "month"])


def _total(text: str, numbers: Sequence[Number], index: int, classes: int | None) -> float | None:
    """The product with the factor beside it ("16 systems x 500"), else with the classes."""
    each = numbers[index]
    if index and times(text, numbers[index - 1], each):
        return numbers[index - 1].value * each.value
    if index + 1 < len(numbers) and times(text, each, numbers[index + 1]):
        return each.value * numbers[index + 1].value
    return each.value * classes if classes else None
