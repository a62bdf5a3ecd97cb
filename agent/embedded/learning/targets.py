"""Problems as people write them with what an expert says of each, as targets for the heads."""

from __future__ import annotations

import json
import zlib
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowdo.agent.embedded.heads import HEADS
from knowdo.agent.embedded.quantities import Number
from knowdo.agent.embedded.roles import PERIODS, dollars, has_each, milliseconds, period_of
from knowdo.agent.embedded.task_languages import Mention

# Weight of a decision that an expert would also defend, beside 1 for the one given.
ALSO_RIGHT = 0.35


def read_problems(folder: Path) -> list[dict[str, Any]]:
    """The rows of all JSON Lines files in a folder, by name of the file."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def is_left_out(row: dict[str, Any]) -> bool:
    """Whether a problem belongs to the sixth that thresholds are chosen on."""
    return zlib.crc32(row["message"].encode()) % 6 == 0


# What a later message of a conversation ("about 400") does not tell by itself.
_OF_A_PROBLEM = ("needs", "label", "key_fact")


def targets(rows: list[dict[str, Any]]) -> dict[str, NDArray[np.float32]]:
    """For each head (rows, answers): the share of each answer; a row of zeros does not count."""
    found = {name: np.zeros((len(rows), len(a)), np.float32) for name, a in HEADS.items()}
    for i, row in enumerate(rows):
        for head, shares in _shares(row).items():
            if row.get("later") and head in _OF_A_PROBLEM:
                continue
            for answer, share in shares.items():
                found[head][i, HEADS[head].index(answer)] = share
    # Problems written for the border between asking and deciding would shift that border, were
    # they to count in full: so near together they are rare among what people bring.
    weights = np.array([[row.get("share", 1.0)] for row in rows], np.float32)
    for name, array in found.items():
        if name != "warnings":
            array /= np.maximum(array.sum(1, keepdims=True), 1e-9)
        if name in ("needs", "prompt", "label"):
            array *= weights
    return found


def _shares(row: dict[str, Any]) -> dict[str, dict[str, float]]:
    facts = row["facts"]
    label = {row["label"]: 1.0, **dict.fromkeys(row["acceptable"], ALSO_RIGHT)}
    return {
        "needs": {row["needs"]: 1.0},
        "prompt": {row["prompt"]: 1.0},
        "label": label,
        "outside": {row["outside"] or "no": 1.0},
        "task_type": dict.fromkeys(_several(facts.get("task_type")), 1.0),
        "privacy": dict.fromkeys(_several(facts.get("privacy")) or ["unsaid"], 1.0),
        "update_frequency": dict.fromkeys(
            _several(facts.get("update_frequency")) or ["unsaid"], 1.0
        ),
        "key_fact": dict.fromkeys(map(_key_fact, _several(row["key_fact"])), 1.0),
        "warnings": dict.fromkeys(row["warnings"], 1.0),
    }


def _several(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _key_fact(name: str) -> str:
    if name == "failure_kind":
        return "task"
    return name if name in HEADS["key_fact"] else "other"


def role_targets(row: dict[str, Any], text: str, numbers: list[Number]) -> list[str]:
    """The role of each number in a row's text, found by the value of the fact that it states."""
    facts = {k: _limits(v) for k, v in row["facts"].items() if k in _NUMERIC}
    roles = [_role(facts, text, number) for number in numbers]
    if "n_examples" in facts and not {"n_examples", "per_class"} & set(roles):
        for i, role in _product(facts["n_examples"], text, numbers) or _sum(
            facts["n_examples"], roles, numbers
        ):
            roles[i] = role
    return roles


def language_targets(row: dict[str, Any], mentions: list[Mention]) -> list[str]:
    """Whether the data is in each language that a row's text names."""
    stated = row["facts"].get("languages") or ()
    return ["language" if mention.code in stated else "none" for mention in mentions]


def _product(
    limits: tuple[float, float], text: str, numbers: list[Number]
) -> list[tuple[int, str]]:
    """The two numbers whose product is the examples: so many each, and how many groups."""
    for i, j in combinations(range(len(numbers)), 2):
        if limits[0] <= numbers[i].value * numbers[j].value <= limits[1]:
            each_first = has_each(text, numbers[i]) and not has_each(text, numbers[j])
            each, groups = (i, j) if each_first else (j, i)
            if j == i + 1 or has_each(text, numbers[each]):
                return [(each, "per_class"), (groups, "groups")]
    return []


def _sum(
    limits: tuple[float, float], roles: list[str], numbers: list[Number]
) -> list[tuple[int, str]]:
    """Numbers in a row that nothing else was found for and that add up to the examples."""
    free = [i for i, role in enumerate(roles) if role == "none"]
    for first, after in combinations(range(len(free) + 1), 2):
        run = free[first:after]
        total = sum(numbers[i].value for i in run)
        if len(run) > 1 and min(numbers[i].value for i in run) and limits[0] <= total <= limits[1]:
            return [(i, "part") for i in run]
    return []


_NUMERIC = (
    "n_classes", "n_examples", "doc_count", "tokens_per_example", "monthly_requests",
    "monthly_tokens", "budget_usd", "latency_ms", "gpu_vram_gb",
)  # fmt: skip


def _limits(value: Any) -> tuple[float, float]:
    low, high = value if isinstance(value, list) else (value, value)
    return low * 0.985, high * 1.015


def _role(facts: dict[str, tuple[float, float]], text: str, number: Number) -> str:
    monthly = number.value * PERIODS[period_of(text, number) or "month"]
    money, time = dollars(text, number), milliseconds(text, number)
    values = {
        "n_classes": number.value, "n_examples": number.value, "doc_count": number.value,
        "tokens_per_example": number.value, "monthly_requests": monthly,
        "monthly_tokens": monthly, "budget_usd": money, "latency_ms": time,
        "gpu_vram_gb": number.value,
    }  # fmt: skip
    for slot, (low, high) in facts.items():
        value = values[slot]
        if value is not None and low <= value <= high:
            return slot
    if "n_classes" in facts and "n_examples" in facts:
        low, high = facts["n_examples"]
        classes = facts["n_classes"]
        if low <= number.value * classes[0] / 0.985 <= high * 1.01:
            return "per_class"
    return "none"
