"""Guesses from the answers what is trained: classification, JSON, or free text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from knowdo.tools.dataset.records import TaskGuess

# A class name is short, and each class comes up several times.
MAX_LABEL_CHARACTERS = 60
MAX_LABEL_WORDS = 6
MIN_REPEATS = 2.0
JSON_SHARE = 0.9


def guess_task(answers: Iterable[str]) -> tuple[TaskGuess, dict[str, int]]:
    """The task, and for classification the answers with their counts, most frequent first."""
    counts: Counter[str] = Counter()
    objects = total = 0
    for answer in answers:
        total += 1
        counts[answer.strip()] += 1
        objects += is_json_object(answer)
    if total and objects >= JSON_SHARE * total:
        return "json", {}
    labels = all(
        len(a) <= MAX_LABEL_CHARACTERS and len(a.split()) <= MAX_LABEL_WORDS for a in counts
    )
    if labels and total >= MIN_REPEATS * len(counts):
        return "classification", dict(counts.most_common())
    return "text", {}


def is_json_object(text: str) -> bool:
    """Whether the text is one JSON object or list."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (json.JSONDecodeError, RecursionError):
        return False
