"""What training and embedding cost in US dollars, from dated prices or the person's own price."""

from __future__ import annotations

import math
import re
import statistics

from knowdo.knowledge.catalog import Provider, gpu_prices, prices, provider
from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.schema import Estimate, GpuSpec, Price, Range


def gpu_training_cost(hours: Range, gpu: GpuSpec, usd_per_hour: float | None = None) -> Estimate:
    """Dollars for hours on one rented card; `values` holds usd and usd_per_hour.

    The person's own price wins. Without one the range runs from the cheapest to the dearest dated
    price of the card, with the median as expected. Raises InputError when the numbers make no
    sense or no price is known.
    """
    _check_hours(hours)
    if usd_per_hour is not None:
        _check("usd_per_hour", usd_per_hour, allow_zero=True)
        return _own_price(hours, gpu, usd_per_hour)
    known = gpu_prices(gpu.name)
    if not known:
        raise InputError(
            f"No dated price is known for a {gpu.name}; give your own price as usd_per_hour."
        )
    per_hour = [price.usd for price in known if price.usd is not None]
    rate = Range(min(per_hour), statistics.median(per_hour), max(per_hour))
    usd = Range(hours.low * rate.low, hours.expected * rate.expected, hours.high * rate.high)
    return Estimate(
        values={"usd": usd, "usd_per_hour": rate},
        assumptions=(
            f"one {gpu.name}, rented on demand, billed for the training time only",
            f"{len(known)} dated prices from {_offer(known[0])} to {_offer(known[-1])}",
        ),
        sources=tuple(dict.fromkeys(price.source for price in known)),
        notes=(
            "The same card costs several times more at one vendor than at another; your own price"
            " gives a better figure.",
        ),
    )


def managed_training_cost(
    provider_name: str, item: str, tokens: float, epochs: float = 1.0
) -> Estimate:
    """Dollars for training on a managed service: price x tokens x epochs; `values` holds usd.

    `tokens` are those of the dataset. A service that is closing or closed is said in the notes.
    Raises InputError on unknown names, on prices that are not known or not per token, and on
    numbers that make no sense.
    """
    service = provider(provider_name)
    _check("tokens", tokens)
    _check("epochs", epochs)
    price = _training_price(service, item)
    trained_millions = tokens * epochs / 1e6
    low, high = _usd_per_million(price)
    # Where a price is a range, nothing says what lies in the middle.
    rate = Range(low, (low + high) / 2, high).scaled(trained_millions)
    least = service.minimum_usd_per_job
    return Estimate(
        values={"usd": Range(*(max(usd, least) for usd in (rate.low, rate.expected, rate.high)))},
        assumptions=(
            f"{tokens:,.0f} tokens x {epochs:g} epochs, {price.item} at {price.provider}"
            f" ({price.unit})",
            "training only; serving the tuned model is billed apart",
        ),
        sources=(price.source, service.source),
        notes=_managed_notes(service, price),
    )


def embedding_cost(tokens: float, item: str) -> Estimate:
    """Dollars to embed that many tokens once through an embedding API; `values` holds usd.

    Raises InputError on an unknown model and on numbers that make no sense.
    """
    _check("tokens", tokens, allow_zero=True)
    price = _pick("embedding model", item, [p for p in prices() if p.kind == "embed"])
    usd, _ = _usd_per_million(price)
    total = usd * tokens / 1e6
    return Estimate(
        values={"usd": Range(total, total, total)},
        assumptions=(f"{tokens:,.0f} tokens, {price.item} at {price.provider} ({price.unit})",),
        sources=(price.source,),
        notes=_notes(price.note),
    )


def _own_price(hours: Range, gpu: GpuSpec, usd_per_hour: float) -> Estimate:
    return Estimate(
        values={
            "usd": hours.scaled(usd_per_hour),
            "usd_per_hour": Range(usd_per_hour, usd_per_hour, usd_per_hour),
        },
        assumptions=(f"one {gpu.name} at your own price of {usd_per_hour:g} USD an hour",),
        sources=(gpu.source,),
    )


def _training_price(service: Provider, item: str) -> Price:
    offered = [p for p in prices() if p.kind == "ft_train" and p.provider in service.price_names]
    if offered:
        return _pick(f"{service.name} training item", item, offered)
    if service.status == "closed":
        raise InputError(
            f"{service.name} offers no fine-tuning. {service.note} Choose an open provider, or"
            " train an open model on your own card."
        )
    raise InputError(
        f"No training price of {service.name} is known. {service.note} Ask for a quote there, or"
        " choose a provider with a listed price."
    )


def _pick(kind: str, item: str, offered: list[Price]) -> Price:
    """The price of that name, with or without its date, or the only one that contains it."""
    wanted = item.strip().lower()
    exact = [p for p in offered if wanted in (p.item.lower(), _undated(p.item))]
    near = exact or [p for p in offered if wanted and wanted in p.item.lower()]
    if len(near) == 1:
        return near[0]
    if not near:
        raise unknown_name(kind, item, [p.item for p in offered])
    raise InputError(
        f"'{item[:80]}' fits several items: {', '.join(p.item for p in near)}. Name one of them."
    )


def _undated(item: str) -> str:
    """gpt-4.1-2025-04-14 as gpt-4.1."""
    return re.sub(r"-\d{4}-\d{2}-\d{2}$", "", item.lower())


def _usd_per_million(price: Price) -> tuple[float, float]:
    """Lowest and highest dollars per million tokens. Raises InputError when there is no such."""
    if price.usd is None:
        raise InputError(
            f"No price of {price.item} at {price.provider} is known ({price.note}). Ask for a"
            " quote there."
        )
    if not price.unit.startswith("per 1M"):
        raise InputError(
            f"{price.item} at {price.provider} is billed {price.unit} ({price.usd:g} USD), so"
            " tokens do not give its cost."
        )
    return price.usd, price.usd_out if price.usd_out is not None else price.usd


def _managed_notes(service: Provider, price: Price) -> tuple[str, ...]:
    dates = [
        f"{what} {day.isoformat()}"
        for what, day in (
            ("last day for new jobs", service.jobs_until),
            ("tuned models answer until", service.serving_until),
        )
        if day is not None
    ]
    state = ""
    if service.status != "open":
        state = f"{service.name} is {service.status} for fine-tuning: {'; '.join(dates)}."
    return _notes(state, service.who if state else "", service.note, price.note)


def _notes(*notes: str) -> tuple[str, ...]:
    return tuple(note for note in notes if note)


def _offer(price: Price) -> str:
    return f"{price.usd:g} USD an hour ({price.provider}, {price.source.retrieved.isoformat()})"


def _check_hours(hours: Range) -> None:
    for name in ("low", "expected", "high"):
        _check(f"hours.{name}", getattr(hours, name), allow_zero=True)
    if not hours.low <= hours.expected <= hours.high:
        raise InputError(f"The hours {hours} are not in order; low must be the smallest.")


def _check(name: str, value: float, *, allow_zero: bool = False) -> None:
    if not math.isfinite(value) or value < 0 or (value == 0 and not allow_zero):
        least = "a number from 0" if allow_zero else "a positive number"
        raise InputError(f"{name} is {value}; it must be {least}.")
