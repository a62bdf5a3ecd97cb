"""Scores of one answer against the expected one, from 0 to 1, and intervals of their mean."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from knowdo.knowledge.schema import Range
from knowdo.tools.dataset.records import TaskGuess
from knowdo.tools.dataset.task import is_json_object

Score = Callable[[str, str], float]


def exact_match(answer: str, expected: str) -> float:
    """1 when both say the same, apart from blanks around them and from case."""
    return float(answer.strip().casefold() == expected.strip().casefold())


def valid_json(answer: str, expected: str) -> float:
    """1 when the whole answer is one JSON object or list, as a program would need it."""
    del expected
    return float(is_json_object(answer))


def exact_object(answer: str, expected: str) -> float:
    """1 when both are the same JSON value, whatever the order of keys and the blanks."""
    if not is_json_object(expected):
        return exact_match(answer, expected)
    return float(is_json_object(answer) and json.loads(answer) == json.loads(expected))


def field_f1(answer: str, expected: str) -> float:
    """F1 over the (path, value) pairs of two JSON values; 0 when the answer is no JSON.

    A set of JSON answers may hold a few that are none: those have to be matched as they are.
    """
    if not is_json_object(expected):
        return exact_match(answer, expected)
    if not is_json_object(answer):
        return 0.0
    return _f1(Counter(_leaves(json.loads(answer))), Counter(_leaves(json.loads(expected))))


def rouge_l(answer: str, expected: str) -> float:
    """ROUGE-L: F1 of the longest common subsequence of words.

    Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), with beta = 1;
    words are runs of letters and digits, in lower case.
    """
    left, right = _words(answer), _words(expected)
    common = _longest_common_subsequence(left, right)
    return 2 * common / (len(left) + len(right)) if common else 0.0


# The deciding metric of each task first.
METRICS: dict[TaskGuess, dict[str, Score]] = {
    "classification": {"exact_match": exact_match},
    "json": {"field_f1": field_f1, "valid_json": valid_json, "exact_object": exact_object},
    "text": {"rouge_l": rouge_l, "exact_match": exact_match},
}


def mean_difference_interval(
    before: Sequence[float], after: Sequence[float], seed: int = 0, resamples: int = 2_000
) -> Range:
    """Mean of after - before over the same examples, with its 95 % percentile bootstrap interval.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Raises
    ValueError when the lengths differ or nothing was scored.
    """
    differences = [b - a for a, b in zip(before, after, strict=True)]
    if not differences:
        raise ValueError("no scores to compare")
    count = len(differences)
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(differences, k=count)) / count for _ in range(resamples))
    low, high = means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]
    return Range(low, sum(differences) / count, high)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The scalars of a JSON value with their paths; items of a list count in any order."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for item in value:
            yield from _leaves(item, f"{path}[]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _f1(found: Counter[tuple[str, str]], wanted: Counter[tuple[str, str]]) -> float:
    right = (found & wanted).total()
    total = found.total() + wanted.total()
    return 2 * right / total if total else 1.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _longest_common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Its length, with one row of the table at a time."""
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for i, other in enumerate(right, start=1):
            above = row[i]
            row[i] = diagonal + 1 if word == other else max(row[i - 1], above)
            diagonal = above
    return row[-1]
