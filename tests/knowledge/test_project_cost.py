"""A whole project in dollars, against arithmetic done by hand."""

from __future__ import annotations

import dataclasses

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.project_cost import ProjectRequest, project_cost
from knowdo.knowledge.schema import Range
from knowdo.knowledge.wording import LANGUAGES

REQUEST = ProjectRequest(Range(8, 10, 14), serving_usd_per_month=50)


def expected(request: ProjectRequest) -> dict[str, float]:
    return {name: value.expected for name, value in project_cost(request).values.items()}


def test_trials_retraining_and_serving_add_up() -> None:
    found = expected(REQUEST)
    assert found["usd_until_first_model"] == pytest.approx(5 * 10)
    assert found["usd_per_year"] == pytest.approx(4 * 10 + 12 * 50)
    assert found["usd_first_year"] == pytest.approx(50 + 640)
    assert project_cost(REQUEST).values["usd_until_first_model"] == Range(40, 50, 70)


def test_each_run_is_evaluated_through_the_api_that_judges() -> None:
    # gpt-4.1: 2 dollars in, 8 out per million tokens; 200 x 3 answers of 800 and 200 tokens.
    one = 600 * (800 * 2 + 200 * 8) / 1e6
    judged = expected(dataclasses.replace(REQUEST, judge_item="gpt-4.1"))
    assert judged["usd_until_first_model"] == pytest.approx(5 * (10 + one))
    assert judged["usd_per_year"] == pytest.approx(4 * (10 + one) + 600)


def test_the_work_of_people_is_counted_once_and_said_when_it_is_not() -> None:
    worked = dataclasses.replace(REQUEST, n_examples=500, usd_per_example=2)
    assert expected(worked)["usd_until_first_model"] == pytest.approx(1050)
    for language in LANGUAGES:
        assert project_cost(REQUEST).assumptions[-1].text(language)
    assert project_cost(REQUEST).assumptions[-1].key == "project.no_people"


@pytest.mark.parametrize("name", ["trial_runs", "retrainings_per_year", "serving_usd_per_month"])
@pytest.mark.parametrize("value", [-1, float("inf"), float("nan")])
def test_numbers_that_make_no_sense_are_named(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        project_cost(dataclasses.replace(REQUEST, **{name: value}))  # type: ignore[arg-type]
