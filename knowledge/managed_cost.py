"""What training on a managed service costs in US dollars, by each one's billing rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from knowdo.knowledge.catalog import Provider, prices, provider, providers
from knowdo.knowledge.cost import check_number
from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.price_age import stale_notes
from knowdo.knowledge.schema import Estimate, Price, Range, Source
from knowdo.knowledge.wording import Line


def managed_training_cost(
    provider_name: str,
    item: str,
    tokens: float,
    epochs: float = 1.0,
    *,
    validation_tokens: float = 0.0,
    n_examples: int | None = None,
    max_length: int | None = None,
    packing: bool = True,
    day: date | None = None,
) -> Estimate:
    """Dollars for training on a managed service: price x tokens x epochs; `values` holds usd.

    `tokens` are those of the dataset. Where the service bills padding and `packing` is off, each of
    the `n_examples` rows counts `max_length` tokens; where it bills validation, its tokens count
    once an epoch. `day` is today, for the age of prices. A service that is closing or closed is
    said in the notes. Raises InputError on unknown names, on prices that are not known or not per
    token, and on numbers that make no sense.
    """
    service = provider(provider_name)
    check_number("tokens", tokens)
    check_number("epochs", epochs)
    price = _training_price(service, item)
    check_number("validation_tokens", validation_tokens, allow_zero=True)
    billed = _billed_tokens(service, tokens, packing, n_examples, max_length)
    validated = validation_tokens if service.bills_validation else 0.0
    trained_millions = (billed + validated) * epochs / 1e6
    low, high = _usd_per_million(price)
    # Where a price is a range, nothing says what lies in the middle.
    rate = Range(low, (low + high) / 2, high).scaled(trained_millions)
    least = service.minimum_usd_per_job
    return Estimate(
        values={"usd": Range(*(max(usd, least) for usd in (rate.low, rate.expected, rate.high)))},
        assumptions=(
            *(
                (Line("money.padded", {"rows": n_examples, "length": max_length}),)
                if billed != tokens
                else ()
            ),
            Line(
                "money.trained",
                {
                    "tokens": billed + validated,
                    "epochs": epochs,
                    "item": price.item,
                    "provider": price.provider,
                    "unit": price.unit,
                },
            ),
            Line("money.serving_apart"),
        ),
        sources=(price.source, service.source),
        notes=_notes(service, price, day),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """What one service asks for training an open model of a size."""

    provider: str
    item: str
    usd: Range
    source: Source


def managed_offers(size_b: float, tokens: float, day: date) -> tuple[Offer, ...]:
    """What each service asks for a LoRA run on an open model, cheapest first.

    `tokens` are those of all epochs, packed. Only services that take jobs on `day` and list a
    price for that size in billions of parameters. Raises InputError when a number makes no sense.
    """
    check_number("size_b", size_b)
    check_number("tokens", tokens)
    found = []
    for service in providers():
        if service.status_on(day) == "closed":
            continue
        for price in prices():
            if price.provider not in service.price_names or price.sizes_b is None:
                continue
            if price.sizes_b[0] < size_b <= price.sizes_b[1]:
                cost = managed_training_cost(service.name, price.item, tokens, day=day)
                found.append(Offer(service.name, price.item, cost.values["usd"], price.source))
    return tuple(sorted(found, key=lambda offer: offer.usd.expected))


def _billed_tokens(
    service: Provider, tokens: float, packing: bool, n_examples: int | None, max_length: int | None
) -> float:
    """Tokens of one epoch as the service counts them."""
    if packing or not service.bills_padding:
        return tokens
    if n_examples is None or max_length is None:
        raise InputError(
            f"{service.name} bills every row as max_length tokens when packing is off; give"
            " n_examples and max_length, or turn packing on."
        )
    check_number("n_examples", n_examples)
    check_number("max_length", max_length)
    return float(n_examples * max_length)


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


def _notes(service: Provider, price: Price, day: date | None) -> tuple[Line, ...]:
    """What to know of the service and the price: closing dates, whom it takes, age."""
    notes = []
    if service.status != "open":
        values = {"name": service.name}
        notes.append(Line(f"money.{service.status}", values))
        for key, last in (("jobs_until", service.jobs_until),
                          ("serving_until", service.serving_until)):  # fmt: skip
            if last is not None:
                notes.append(Line(f"money.{key}", {"day": last.isoformat()}))
    told = (service.who if service.status != "open" else "", service.note, price.note)
    notes += [Line("money.note", {"note": note}) for note in told if note]
    return (*notes, *stale_notes([price.source], day))
