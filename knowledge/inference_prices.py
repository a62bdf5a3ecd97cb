"""Prices of models behind an API, from the offline table that the package genai-prices carries.

The package can fetch a newer table; that is never asked for here, so nothing leaves the machine.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

from knowdo.knowledge.errors import unknown_name
from knowdo.knowledge.schema import Source

# A bare model name means its maker's own service first, then the clouds that resell it.
_FIRST = ("openai", "anthropic", "google", "mistral", "deepseek", "aws", "azure")
_DAY = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")


@dataclass(frozen=True, slots=True)
class InferencePrice:
    """Dollars per million tokens of one model at one service; None where the table has none."""

    provider: str
    item: str
    usd_in: float
    usd_out: float
    usd_cached: float | None
    usd_batch_in: float | None
    usd_batch_out: float | None
    deprecated: bool
    source: Source


def inference_price(item: str) -> InferencePrice:
    """The price of a model: "gpt-4.1", or "aws/nova-lite" at a named service.

    Raises InputError with the nearest names when there is none.
    """
    wanted = item.strip().lower()
    found = _table().get(wanted)
    if found is None:
        raise unknown_name("priced model", item, _table())
    return found


def known_items() -> tuple[str, ...]:
    """Every name that `inference_price` takes."""
    return tuple(_table())


@functools.cache
def _table() -> dict[str, InferencePrice]:
    """All prices by "service/model"; the bare name stands for the first service that has it."""
    prices = list(_prices())
    named = {f"{p.provider}/{p.item}".lower(): p for p in prices}
    order = {name: i for i, name in enumerate(_FIRST)}
    for price in sorted(prices, key=lambda p: order.get(p.provider, len(order))):
        named.setdefault(price.item.lower(), price)
    return named


def _prices() -> Iterator[InferencePrice]:
    from genai_prices.data import providers  # 0.2 s: only who asks for a price pays for it

    comments = [m.price_comments or "" for p in providers for m in p.models]
    newest = max(_days(" ".join(comments)))
    title = f"genai-prices {version('genai-prices')}"
    for provider in providers:
        urls = provider.pricing_urls or [""]
        for model in provider.models:
            price = _now(model.prices)
            usd_in, usd_out = _usd(price, "input_mtok"), _usd(price, "output_mtok")
            if usd_in is None or usd_out is None:
                continue
            batch = _batch(model)
            seen = max(_days(model.price_comments or ""), default=newest)
            yield InferencePrice(
                provider.id, model.id, usd_in, usd_out,
                _usd(price, "cache_read_mtok"),
                _usd(batch, "input_mtok"), _usd(batch, "output_mtok"),
                bool(model.deprecated),
                Source(f"{provider.name}: prices as listed in {title}", seen, urls[0]),
            )  # fmt: skip


def _now(prices: Any) -> Any:
    """The price that is in force: the last of several whose first day has come."""
    if not isinstance(prices, list):
        return prices
    started = [p for p in prices if _first_day(p) is None or _first_day(p) <= date.today()]
    return started[-1].prices if started else None


def _first_day(price: Any) -> Any:
    return getattr(price.constraint, "start_date", None)


def _batch(model: Any) -> Any:
    """What the same model costs when the answers may take a day, where that is told."""
    variants = [v for v in model.price_variants or [] if v.when == {"processing": "batch"}]
    return variants[-1].prices if variants else None


def _usd(price: Any, field: str) -> float | None:
    """A price as a number; of prices that grow with the length, the lowest."""
    value = getattr(price, field, None)
    if value is None:
        return None
    return float(getattr(value, "base", value))


def _days(text: str) -> list[date]:
    """Days that a comment names, without those to come."""
    found = []
    for year, month, day in _DAY.findall(text):
        try:
            found.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue  # digits that are no day, as in a model's name
    return [day for day in found if day <= date.today()]
