"""How many examples each task takes, and how many are missing."""

from __future__ import annotations

from typing import get_args

import pytest

from knowdo.knowledge.data_needs import data_needs, missing_examples
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import TaskType, UseCase


@pytest.mark.parametrize("task_type", get_args(TaskType))
def test_every_kind_of_task_has_needs_with_sources(task_type: str) -> None:
    needs = data_needs(task_type)
    assert needs.minimum <= needs.recommended_low < needs.recommended_high
    assert needs.note
    assert needs.sources


@pytest.mark.parametrize(
    ("task_type", "minimum", "low", "high"),
    [
        ("style", 100, 300, 500),
        ("format", 200, 500, 1_000),
        ("vocabulary", 500, 1_000, 3_000),
        ("instruction", 1_000, 5_000, 20_000),
    ],
)
def test_the_figures_of_a_task(task_type: str, minimum: int, low: int, high: int) -> None:
    needs = data_needs(task_type)
    assert (needs.minimum, needs.recommended_low, needs.recommended_high) == (minimum, low, high)


def test_a_classification_needs_fifty_examples_a_class() -> None:
    needs = data_needs("classification", 12)
    assert (needs.minimum, needs.recommended_low, needs.recommended_high) == (600, 2_400, 6_000)
    assert needs.per_class


def test_two_classes_are_assumed_while_nothing_is_said() -> None:
    assert data_needs("classification") == data_needs("classification", 2)


def test_classes_do_not_matter_to_other_tasks() -> None:
    assert data_needs("style", 12) == data_needs("style")


def test_facts_need_no_training_examples() -> None:
    needs = data_needs("knowledge_qa")
    assert needs.minimum == 0
    assert "retrieved" in needs.note


def test_an_unknown_task_is_explained() -> None:
    with pytest.raises(InputError, match=r"Unknown task type 'clasification'.*classification"):
        data_needs("clasification")


@pytest.mark.parametrize("n_classes", [0, -3])
def test_a_number_of_classes_that_makes_no_sense_is_refused(n_classes: int) -> None:
    with pytest.raises(InputError, match="n_classes"):
        data_needs("classification", n_classes)


@pytest.mark.parametrize(
    ("use_case", "missing"),
    [
        (UseCase(task_type="style", n_examples=40), 60),
        (UseCase(task_type="style", n_examples=400), 0),
        (UseCase(task_type="classification", n_examples=300, n_classes=8), 100),
        (UseCase(task_type="classification", n_examples=300), None),
        (UseCase(task_type="style"), None),
        (UseCase(n_examples=40), None),
    ],
    ids=str,
)
def test_the_examples_that_are_missing(use_case: UseCase, missing: int | None) -> None:
    assert missing_examples(use_case) == missing
