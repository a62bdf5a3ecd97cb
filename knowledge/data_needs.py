"""How many examples a task needs, and how many are missing."""

from __future__ import annotations

import dataclasses

from knowdo.knowledge.catalog import DataNeeds, data_need_rows
from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.schema import UseCase

# Classes assumed while their number is not known: the least that a classification can have.
FEWEST_CLASSES = 2


def data_needs(task_type: str, n_classes: int | None = None) -> DataNeeds:
    """Examples that the task takes in total, as starting points and not as thresholds.

    For classification the figures of one class are multiplied by the number of classes (two while
    it is not known). Raises InputError on an unknown task or fewer than one class.
    """
    rows = {row.task_type: row for row in data_need_rows()}
    row = next((r for name, r in rows.items() if name == task_type), None)
    if row is None:
        raise unknown_name("task type", task_type, rows)
    if n_classes is not None and n_classes < 1:
        raise InputError(f"n_classes is {n_classes}; a classification has at least one class.")
    return _for_classes(row, n_classes or FEWEST_CLASSES) if row.per_class else row


def missing_examples(use_case: UseCase) -> int | None:
    """Examples still missing to the minimum; 0 when there are enough, None when nothing is known.

    None also for a classification whose number of classes was not said.
    """
    if use_case.n_examples is None or use_case.task_type is None:
        return None
    needs = data_needs(use_case.task_type, use_case.n_classes)
    if needs.per_class and use_case.n_classes is None:
        return None
    return max(0, needs.minimum - use_case.n_examples)


def _for_classes(row: DataNeeds, n_classes: int) -> DataNeeds:
    return dataclasses.replace(
        row,
        minimum=row.minimum * n_classes,
        recommended_low=row.recommended_low * n_classes,
        recommended_high=row.recommended_high * n_classes,
    )
