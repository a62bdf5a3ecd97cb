"""Estimates of what comes after training: serving, an index, and where an own server pays off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from knowdo.knowledge import break_even as crossing
from knowdo.knowledge import catalog, prompting_cost, rag_cost, serving
from knowdo.knowledge.break_even import BreakEvenRequest
from knowdo.knowledge.cost import usd_per_hour_of
from knowdo.knowledge.price_age import stale_notes
from knowdo.knowledge.project_cost import ProjectRequest, project_cost
from knowdo.knowledge.rag_cost import RagRequest
from knowdo.knowledge.schema import Estimate, Range, Source
from knowdo.knowledge.wording import Language, Line

DEFAULT_LARGE = "gpt-6.1-sol"
DEFAULT_GPU = "L4"


@dataclass(frozen=True, slots=True)
class Figures:
    """Ranges by name (the unit stands in the name) with what they rest on."""

    values: dict[str, Range]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ServingEstimate:
    """What it takes to serve a model on one card."""

    model: str
    gpu: str
    weights_gib: Range
    kv_cache_gib: Range
    total_gib: Range
    fits: bool
    smallest_gpu: str | None
    tokens_per_second: Range
    usd_per_month: Range
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class BreakEvenEstimate:
    """Dollars a month of each way, where they cross, and what follows."""

    usd_per_month: dict[str, float]
    requests_per_month_from: dict[str, float | None]
    payback_months: dict[str, float | None]
    verdict: str
    points: tuple[dict[str, float], ...]
    assumptions: tuple[str, ...]
    sources: tuple[Source, ...]


def estimate_project(request: ProjectRequest, language: Language = "en") -> Figures:
    """Dollars until the first model, in the first year and in each later one."""
    return _figures(project_cost(request), language)


def estimate_serving(
    base_model: str,
    gpu_name: str = DEFAULT_GPU,
    context: int = 4096,
    concurrency: int = 8,
    weight_bits: float = 16,
    usd_per_hour: float | None = None,
    language: Language = "en",
) -> ServingEstimate:
    """Memory, speed and the monthly price of one server that is always on.

    Raises InputError on unknown names, a card without a price, and numbers that make no sense.
    """
    model, card = catalog.model(base_model), catalog.gpu(gpu_name)
    needed = serving.estimate_inference_memory(model, context, concurrency, weight_bits)
    smallest = serving.smallest_serving_gpu(needed)
    price = usd_per_hour_of(card, usd_per_hour)
    return ServingEstimate(
        model=model.name,
        gpu=card.name,
        **needed.values,
        fits=needed.values["total_gib"].expected <= card.memory_gib,
        smallest_gpu=smallest.name if smallest else None,
        tokens_per_second=serving.serving_tokens_per_second(
            model, card, concurrency, weight_bits, context
        ),
        usd_per_month=price.scaled(crossing.HOURS_A_MONTH),
        assumptions=_said(needed.assumptions, language),
        notes=_said(needed.notes, language),
        sources=(*needed.sources, card.source),
    )


def estimate_index(request: RagRequest, language: Language = "en") -> Figures:
    """What an index costs once and a month."""
    return _figures(rag_cost.rag_cost(request), language)


def estimate_prompting(
    item: str,
    requests_per_month: float,
    input_tokens: float,
    output_tokens: float,
    cached_share: float = 0.0,
    batch: bool = False,
    language: Language = "en",
) -> Figures:
    """What prompting a model behind an API costs a request and a month."""
    found = prompting_cost.prompting_cost(
        item, requests_per_month, input_tokens, output_tokens,
        cached_share=cached_share, batch=batch,
    )  # fmt: skip
    return _figures(found, language)


def estimate_break_even(request: BreakEvenRequest, language: Language = "en") -> BreakEvenEstimate:
    """Compare prompting, retrieval and serving at the person's volume."""
    found = crossing.break_even(request)
    return BreakEvenEstimate(
        usd_per_month=dict(found.usd_per_month),
        requests_per_month_from=dict(found.crossings),
        payback_months=dict(found.payback_months),
        verdict=found.verdict.text(language),
        points=tuple({"requests_per_month": v, **costs} for v, costs in found.points),
        assumptions=_said(
            (*found.assumptions, *stale_notes(crossing.price_sources(request), date.today())),
            language,
        ),
        sources=found.sources,
    )


def _figures(found: Estimate, language: Language) -> Figures:
    notes = (*found.notes, *stale_notes(found.sources, date.today()))
    return Figures(
        found.values, _said(found.assumptions, language), _said(notes, language),
        found.sources,
    )  # fmt: skip


def _said(lines: tuple[Line, ...], language: Language) -> tuple[str, ...]:
    return tuple(line.text(language) for line in lines)
