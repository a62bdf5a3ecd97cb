"""What training on rented cards costs in US dollars, from dated prices or the person's own."""

from __future__ import annotations

import math
import statistics
from datetime import date

from knowdo.knowledge.catalog import gpu_prices
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.price_age import stale_notes
from knowdo.knowledge.schema import Estimate, GpuSpec, Price, Range
from knowdo.knowledge.wording import Line


def gpu_training_cost(
    hours: Range,
    gpu: GpuSpec,
    usd_per_hour: float | None = None,
    n_gpus: int = 1,
    day: date | None = None,
) -> Estimate:
    """Dollars for hours on rented cards; `values` holds usd and usd_per_hour (of one card).

    The person's own price wins. Without one the range runs from the cheapest to the dearest dated
    price of the card, with the median as expected. `day` is today, for the age of prices. Raises
    InputError when the numbers make no sense or no price is known.
    """
    _check_hours(hours)
    if n_gpus < 1:
        raise InputError(f"n_gpus is {n_gpus}; a run takes at least one card.")
    rate = usd_per_hour_of(gpu, usd_per_hour)
    usd = Range(hours.low * rate.low, hours.expected * rate.expected, hours.high * rate.high)
    values = {"usd": usd.scaled(n_gpus), "usd_per_hour": rate}
    if usd_per_hour is not None:
        own = Line("money.own_price", {"gpu": gpu.name, "usd": usd_per_hour})
        return Estimate(values, (own,), (gpu.source,))
    known = gpu_prices(gpu.name)
    return Estimate(
        values=values,
        assumptions=(
            Line("money.rented", {"gpu": gpu.name, "n": n_gpus}),
            Line(
                "money.offers",
                {"n": len(known), "low": _offer(known[0]), "high": _offer(known[-1])},
            ),
        ),
        sources=tuple(dict.fromkeys(price.source for price in known)),
        notes=(Line("money.vendors_differ"), *stale_notes([p.source for p in known], day)),
    )


def usd_per_hour_of(gpu: GpuSpec, own: float | None = None) -> Range:
    """Dollars an hour of one card: the person's own price, else the dated ones.

    Raises InputError when the price makes no sense or none is known.
    """
    if own is not None:
        check_number("usd_per_hour", own, allow_zero=True)
        return Range(own, own, own)
    per_hour = [price.usd for price in gpu_prices(gpu.name) if price.usd is not None]
    if not per_hour:
        raise InputError(
            f"No dated price is known for a {gpu.name}; give your own price as usd_per_hour."
        )
    return Range(min(per_hour), statistics.median(per_hour), max(per_hour))


def check_number(name: str, value: float, *, allow_zero: bool = False) -> None:
    """Raise InputError when a number is negative, not finite, or 0 where that makes no sense."""
    if not math.isfinite(value) or value < 0 or (value == 0 and not allow_zero):
        least = "a number from 0" if allow_zero else "a positive number"
        raise InputError(f"{name} is {value}; it must be {least}.")


def _offer(price: Price) -> Line:
    day = price.source.retrieved.isoformat()
    return Line("money.offer", {"usd": price.usd, "provider": price.provider, "day": day})


def _check_hours(hours: Range) -> None:
    for name in ("low", "expected", "high"):
        check_number(f"hours.{name}", getattr(hours, name), allow_zero=True)
    if not hours.low <= hours.expected <= hours.high:
        raise InputError(f"The hours {hours} are not in order; low must be the smallest.")
