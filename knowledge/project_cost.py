"""What a whole fine-tuning project costs in US dollars: trials, evaluation, retraining, running."""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge.cost import check_number
from knowdo.knowledge.inference_prices import inference_price
from knowdo.knowledge.prompting_cost import ABOVE, BELOW, usd_per_request
from knowdo.knowledge.schema import Estimate, Range, Source
from knowdo.knowledge.wording import Line


@dataclass(frozen=True, slots=True)
class ProjectRequest:
    """One project. Every figure that nobody has told has a default that is said."""

    # Dollars of one training run, from the estimate of that run.
    run_usd: Range
    # Runs until the settings are right; the first is seldom the last.
    trial_runs: float = 5
    retrainings_per_year: float = 4
    # Unseen examples, and models that answer them in each evaluation: base, prompted, tuned.
    test_examples: float = 200
    models_compared: float = 3
    input_tokens: float = 800
    output_tokens: float = 200
    # The model behind an API that is compared with, or judges; without one evaluation is free.
    judge_item: str | None = None
    # Dollars a month of serving the result.
    serving_usd_per_month: float = 0.0
    # Work of people on the examples, in dollars: 0 where it isn't counted.
    usd_per_example: float = 0.0
    n_examples: float = 0


def project_cost(request: ProjectRequest) -> Estimate:
    """Dollars of a project; `values` holds usd_until_first_model, usd_first_year, usd_per_year.

    usd_per_year is what each later year costs. Raises InputError on unknown models and on numbers
    that make no sense.
    """
    _check(request)
    evaluation, sources = _evaluation(request)
    once = evaluation.expected
    labelled = request.usd_per_example * request.n_examples
    first = _plus(_plus(request.run_usd, evaluation).scaled(request.trial_runs), labelled)
    again = _plus(request.run_usd, evaluation).scaled(request.retrainings_per_year)
    yearly = _plus(again, 12 * request.serving_usd_per_month)
    return Estimate(
        values={
            "usd_until_first_model": first,
            "usd_first_year": _plus(first, yearly),
            "usd_per_year": yearly,
        },
        assumptions=(
            Line("project.trials", {"n": request.trial_runs}),
            Line(
                "project.evaluations",
                {"n": request.test_examples, "models": request.models_compared, "usd": once},
            ),
            Line("project.retraining", {"n": request.retrainings_per_year}),
            Line("project.serving", {"usd": request.serving_usd_per_month}),
            Line("project.people" if labelled else "project.no_people", {"usd": labelled}),
        ),
        sources=sources,
    )


def _evaluation(request: ProjectRequest) -> tuple[Range, tuple[Source, ...]]:
    """Dollars of one evaluation: every test example answered by every model through the API."""
    if request.judge_item is None:
        return Range(0, 0, 0), ()
    price = inference_price(request.judge_item)
    usd = usd_per_request(price, request.input_tokens, request.output_tokens)
    total = usd * request.test_examples * request.models_compared
    return Range(total * BELOW, total, total * ABOVE), (price.source,)


def _plus(value: Range, other: Range | float) -> Range:
    added = other if isinstance(other, Range) else Range(other, other, other)
    return Range(value.low + added.low, value.expected + added.expected, value.high + added.high)


def _check(request: ProjectRequest) -> None:
    for name in (
        "trial_runs", "retrainings_per_year", "test_examples", "models_compared", "input_tokens",
        "output_tokens", "serving_usd_per_month", "usd_per_example", "n_examples",
    ):  # fmt: skip
        check_number(name, getattr(request, name), allow_zero=True)
    for name in ("low", "expected", "high"):
        check_number(f"run_usd.{name}", getattr(request.run_usd, name), allow_zero=True)
