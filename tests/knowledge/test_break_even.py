"""Break-even: where an own server becomes cheaper, and when it never does."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from knowdo.knowledge.break_even import BreakEvenRequest, Option, break_even, crossing
from knowdo.knowledge.catalog import gpu, model
from knowdo.knowledge.errors import InputError

LARGE = Option("large", 0.2)
REQUEST = BreakEvenRequest(
    1_000_000, 800, 200, "gpt-6.1-sol", model("Llama-3.1-8B"), gpu("l4"), training_usd=60
)


def test_an_l4_must_serve_about_three_billion_tokens_to_beat_a_cheap_model() -> None:
    # 588 dollars a month against 0.20 dollars per million tokens (3:1 blend of 0.10 and 0.50).
    assert crossing(Option("always_on", 0.0, 588.0), LARGE) == pytest.approx(2940)


def test_a_server_that_is_full_before_it_is_paid_for_never_pays() -> None:
    assert crossing(Option("always_on", 0.0, 588.0, capacity=2000), LARGE) is None
    assert crossing(Option("always_on", 0.3, 588.0), LARGE) is None


def test_a_sleeping_server_is_cheaper_at_once_or_like_one_that_is_always_on() -> None:
    cheap = Option("scale_to_zero", 0.1, 588.0, sleeps=True)
    dear = replace(cheap, usd_per_request=0.9)
    assert crossing(cheap, LARGE) == 0.0
    assert crossing(dear, LARGE) == pytest.approx(2940)
    assert dear.usd_per_month(10) == pytest.approx(9)
    assert dear.usd_per_month(1e6) == 588.0


def test_a_second_server_costs_as_much_again() -> None:
    own = Option("always_on", 0.0, 100.0, capacity=1000)
    assert own.usd_per_month(0) == 100
    assert own.usd_per_month(1000) == 100
    assert own.usd_per_month(1001) == 200


def test_costs_at_the_crossing_are_equal() -> None:
    found = break_even(REQUEST)
    meets = found.crossings["always_on"]
    assert meets is not None
    at = break_even(replace(REQUEST, requests_per_month=meets)).usd_per_month
    assert at["always_on"] == pytest.approx(at["large"])
    more = break_even(replace(REQUEST, requests_per_month=meets * 1.01)).usd_per_month
    assert more["always_on"] < more["large"]


def test_training_is_paid_back_from_what_is_saved() -> None:
    found = break_even(REQUEST)
    saved = found.usd_per_month["large"] - found.usd_per_month["always_on"]
    assert found.payback_months["always_on"] == pytest.approx(60 / saved)
    yearly = break_even(replace(REQUEST, retrainings_per_year=12))
    assert yearly.payback_months["always_on"] == pytest.approx(60 / (saved - 60))
    few = break_even(replace(REQUEST, requests_per_month=100))
    assert few.payback_months["always_on"] is None


def test_the_verdict_says_do_not_self_host_when_that_is_right() -> None:
    cheap = break_even(replace(REQUEST, large_item="gpt-6-luna"))
    assert cheap.verdict.key == "break_even.never"
    assert cheap.verdict.text("en").startswith("Do not self-host")
    few = break_even(replace(REQUEST, requests_per_month=1_000))
    assert few.verdict.key == "break_even.not_yet"
    assert "160,000" in few.verdict.text("en")
    assert break_even(REQUEST).verdict.key == "break_even.always_on"


def test_a_small_model_that_does_is_compared_with_the_own_server() -> None:
    found = break_even(replace(REQUEST, small_item="gpt-6-luna"))
    assert next(iter(found.usd_per_month)) == "small"
    assert found.verdict.key == "break_even.never"
    assert "gpt-6-luna" in found.verdict.text("en")


def test_the_own_price_wins_and_is_said() -> None:
    found = break_even(replace(REQUEST, usd_per_hour=0.1))
    assert found.usd_per_month["always_on"] == pytest.approx(73 * 2)  # two servers at this volume
    assert any(line.key == "break_even.own_price" for line in found.assumptions)


def test_passages_make_the_prompt_longer_and_nothing_else() -> None:
    found = break_even(replace(REQUEST, passage_tokens=1000))
    assert found.usd_per_month["rag"] - found.usd_per_month["large"] == pytest.approx(1000 * 2.0)


def test_the_chart_runs_around_the_volume() -> None:
    points = break_even(REQUEST).points
    assert points[0][0] == pytest.approx(1e5) and points[-1][0] == pytest.approx(1e7)
    assert all(b[1]["large"] > a[1]["large"] for a, b in pairwise(points))


@pytest.mark.parametrize(
    "changed",
    [
        {"requests_per_month": -1}, {"requests_per_month": math.nan}, {"training_usd": math.inf},
        {"input_tokens": 0, "output_tokens": 0}, {"usd_per_hour": -2.0},
        {"large_item": "gpt-999-nonsense"}, {"serverless_usd_per_million": -1.0},
    ],
)  # fmt: skip
def test_nonsense_is_refused(changed: dict[str, float]) -> None:
    with pytest.raises(InputError):
        break_even(replace(REQUEST, **changed))  # type: ignore[arg-type]
