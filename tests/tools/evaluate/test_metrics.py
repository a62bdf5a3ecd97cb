"""Scores and their intervals."""

from __future__ import annotations

import pytest

from knowdo.tools.dataset.records import Example, Message
from knowdo.tools.evaluate.generate import Generated
from knowdo.tools.evaluate.metrics import (
    exact_match,
    exact_object,
    field_f1,
    mean_difference_interval,
    rouge_l,
    valid_json,
)
from knowdo.tools.evaluate.report import compare


def test_exact_match_forgives_blanks_and_case_only() -> None:
    assert exact_match(" Refund\n", "refund") == 1
    assert exact_match("refund please", "refund") == 0


def test_field_f1_counts_right_fields_and_punishes_made_up_ones() -> None:
    expected = '{"name": "Aroma", "stars": 3}'
    assert field_f1('{"stars": 3, "name": "Aroma"}', expected) == 1
    assert field_f1('{"name": "Aroma", "stars": 4}', expected) == pytest.approx(0.5)
    assert field_f1('{"name": "Aroma", "stars": 3, "area": "x"}', expected) == pytest.approx(0.8)
    assert field_f1('Sure! {"name": "Aroma"}', expected) == 0
    assert field_f1('{"a": {"b": [1, 2]}}', '{"a": {"b": [2, 1]}}') == 1


def test_true_and_1_are_different_values() -> None:
    assert field_f1('{"open": 1}', '{"open": true}') == 0


def test_json_must_be_the_whole_answer() -> None:
    assert valid_json('{"a": 1}', "") == 1
    assert valid_json('```json\n{"a": 1}\n```', "") == 0
    assert valid_json('"text"', "") == 0
    assert exact_object('{"b": 2, "a": 1}', '{"a": 1, "b": 2}') == 1


def test_rouge_l_follows_its_definition() -> None:
    # Lin (2004), 3.1: LCS of "police killed the gunman" and "police kill the gunman" is 3 of 4.
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(0.75)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(0.5)
    assert rouge_l("", "police") == 0


def test_the_interval_contains_the_mean_and_narrows_with_more_examples() -> None:
    few = mean_difference_interval([0, 0, 1, 0], [1, 0, 1, 1])
    many = mean_difference_interval([0, 0, 1, 0] * 50, [1, 0, 1, 1] * 50)
    assert few.low <= few.expected <= few.high
    assert few.expected == many.expected == 0.5
    assert many.high - many.low < few.high - few.low
    assert mean_difference_interval([0, 1], [0, 1]).high == 0


def test_no_scores_give_no_interval() -> None:
    with pytest.raises(ValueError, match="no scores"):
        mean_difference_interval([], [])


def _examples(count: int) -> list[Example]:
    return [
        Example((Message("user", f"Q{i}"), Message("assistant", "yes")), i) for i in range(count)
    ]


def _said(*answers: str) -> Generated:
    return Generated(answers, tokens=len(answers), seconds=1.0)


def test_a_comparison_lists_what_got_worse_first() -> None:
    base, tuned = _said("no", "no", "yes", "no"), _said("yes", "yes", "no", "no")
    result = compare(_examples(4), base, tuned, "classification")
    assert (result.base, result.tuned) == (0.25, 0.5)
    assert (result.improved, result.worsened) == (2, 1)
    assert [flip.question for flip in result.flips] == ["Q2", "Q0", "Q1"]
    assert result.verdict == "no clear difference"


def test_a_clear_gain_and_a_clear_loss_are_called_so() -> None:
    wrong, right = _said(*["no"] * 30), _said(*["yes"] * 30)
    assert compare(_examples(30), wrong, right, "classification").verdict == "helped"
    assert compare(_examples(30), right, wrong, "classification").verdict == "made it worse"
