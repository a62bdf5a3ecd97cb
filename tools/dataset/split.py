"""Divides examples into a part to train on and a part that stays unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.records import Example

# Fewer unseen examples than this say nothing about the difference between two models.
MIN_TEST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Split:
    """The two parts, each in file order."""

    train: tuple[Example, ...]
    test: tuple[Example, ...]


def split(examples: Sequence[Example], seed: int, test_fraction: float = 0.1) -> Split:
    """Two parts without a common question, the same ones for the same examples and seed.

    The unseen part has `test_fraction` of the examples, at least 20 where a fifth of them allows
    it. Raises InputError for fewer than 2 different questions or a fraction outside (0, 1).
    """
    if not 0 < test_fraction < 1:
        raise InputError(f"test_fraction is {test_fraction}; it must lie between 0 and 1.")
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(example.question_key(), []).append(example)
    if len(groups) < 2:
        raise InputError("The examples all ask the same question; nothing unseen can be set aside.")
    wanted = unseen_count(len(examples), test_fraction)
    chosen: set[str] = set()
    taken = 0
    for key in shuffled(groups, seed):
        if taken >= wanted or len(chosen) == len(groups) - 1:
            break
        chosen.add(key)
        taken += len(groups[key])
    train = tuple(e for e in examples if e.question_key() not in chosen)
    test = tuple(e for e in examples if e.question_key() in chosen)
    return Split(train, test)


def unseen_count(count: int, test_fraction: float) -> int:
    """How many examples are set aside."""
    return max(1, round(count * test_fraction), min(MIN_TEST_EXAMPLES, count // 5))


def sample(examples: Sequence[Example], count: int, seed: int) -> tuple[Example, ...]:
    """At most `count` examples, drawn by seed, in file order."""
    if len(examples) <= count:
        return tuple(examples)
    keys = [f"{e.line}:{e.key()}" for e in examples]
    chosen = set(list(shuffled(keys, seed))[:count])
    return tuple(e for e, key in zip(examples, keys, strict=True) if key in chosen)


def shuffled(keys: Iterable[str], seed: int) -> list[str]:
    """Keys in an order that depends on the seed and the keys alone, not on their order."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())
