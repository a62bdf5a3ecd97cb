"""What prompting a model behind an API costs, in US dollars a request and a month."""

from __future__ import annotations

import math

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.inference_prices import InferencePrice, inference_price
from knowdo.knowledge.schema import Estimate, Range
from knowdo.knowledge.wording import Line

# Tokens of one message differ; three quarters to one and a half times the mean, over a month, is a
# cautious span for a mean that somebody guessed.
BELOW, ABOVE = 0.75, 1.5


def prompting_cost(
    item: str,
    requests_per_month: float,
    input_tokens: float,
    output_tokens: float,
    *,
    cached_share: float = 0.0,
    batch: bool = False,
) -> Estimate:
    """Dollars for a month of requests; `values` holds usd_per_month and usd_per_request.

    `cached_share` is the part of the input that stands in the provider's cache (a long prompt that
    stays the same); where the table has no price for cached input, it costs in full. `batch` takes
    the price of answers within a day, where there is one. Raises InputError on unknown models and
    on numbers that make no sense.
    """
    for name, value in (
        ("requests_per_month", requests_per_month),
        ("input_tokens", input_tokens),
        ("output_tokens", output_tokens),
    ):
        if not math.isfinite(value) or value < 0:
            raise InputError(f"{name} is {value}; it must be a number from 0.")
    if not 0 <= cached_share <= 1:
        raise InputError(f"cached_share is {cached_share}; it must lie between 0 and 1.")
    price = inference_price(item)
    usd = usd_per_request(price, input_tokens, output_tokens, cached_share, batch)
    each = Range(usd * BELOW, usd, usd * ABOVE)
    return Estimate(
        values={"usd_per_request": each, "usd_per_month": each.scaled(requests_per_month)},
        assumptions=(
            Line(
                "prompting.tokens",
                {
                    "requests": requests_per_month,
                    "tokens_in": input_tokens,
                    "tokens_out": output_tokens,
                },
            ),
            _priced(price, batch),
        ),
        sources=(price.source,),
        notes=_notes(price, cached_share, batch),
    )


def usd_per_request(
    price: InferencePrice,
    input_tokens: float,
    output_tokens: float,
    cached_share: float = 0.0,
    batch: bool = False,
) -> float:
    """Dollars for one request at list price."""
    usd_in, usd_out = price.usd_in, price.usd_out
    usd_cached = price.usd_cached if price.usd_cached is not None else usd_in
    if batch and price.usd_batch_in is not None and price.usd_batch_out is not None:
        usd_in, usd_out, usd_cached = price.usd_batch_in, price.usd_batch_out, price.usd_batch_in
    fresh = input_tokens * (1 - cached_share)
    return (fresh * usd_in + input_tokens * cached_share * usd_cached + output_tokens * usd_out) / (
        1e6
    )


def _priced(price: InferencePrice, batch: bool) -> Line:
    batched = batch and price.usd_batch_in is not None and price.usd_batch_out is not None
    usd_in = price.usd_batch_in if batched else price.usd_in
    usd_out = price.usd_batch_out if batched else price.usd_out
    values = {"item": price.item, "provider": price.provider, "usd_in": usd_in, "usd_out": usd_out}
    return Line("prompting.priced", values)


def _notes(price: InferencePrice, cached_share: float, batch: bool) -> tuple[Line, ...]:
    notes = []
    if price.deprecated:
        notes.append(Line("prompting.deprecated", {"item": price.item}))
    if cached_share and price.usd_cached is None:
        notes.append(Line("prompting.no_cache", {"item": price.item}))
    if batch and price.usd_batch_in is None:
        notes.append(Line("prompting.no_batch", {"item": price.item}))
    return tuple(notes)
