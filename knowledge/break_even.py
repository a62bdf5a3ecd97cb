"""Where serving a tuned model becomes cheaper than prompting a large one, in dollars a month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from knowdo.knowledge.catalog import gpu_prices
from knowdo.knowledge.cost import usd_per_hour_of
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.inference_prices import InferencePrice, inference_price
from knowdo.knowledge.prompting_cost import usd_per_request
from knowdo.knowledge.schema import GpuSpec, ModelSpec, Source
from knowdo.knowledge.serving import COMPUTE_SHARE, serving_tokens_per_second
from knowdo.knowledge.wording import Line

HOURS_A_MONTH = 730
# A day has quiet hours: the busiest hour takes about this many times the mean hour's requests.
PEAK = 3.0
# A server that sleeps is billed for waking up and for the minutes before it sleeps again; here
# after every request, which is the worst case.
IDLE_MINUTES = 6.0
CHART_POINTS = 25
# The chart runs from a tenth to ten times the volume.
CHART_DECADES = 1.0


@dataclass(frozen=True, slots=True)
class BreakEvenRequest:
    """What is compared. Tokens are those of one request, without passages."""

    requests_per_month: float
    input_tokens: float
    output_tokens: float
    large_item: str
    model: ModelSpec
    gpu: GpuSpec
    # The person's own price of the card; None takes the median of dated prices.
    usd_per_hour: float | None = None
    # One-off, and again with every retraining.
    training_usd: float = 0.0
    retrainings_per_year: float = 0.0
    # A small model behind an API that a better prompt makes do; None leaves it out.
    small_item: str | None = None
    # Tokens of the passages that retrieval puts into each prompt; 0 leaves the option out.
    passage_tokens: float = 0.0
    # What examples and rules in the prompt of the large model take that a tuned one needs no more.
    prompt_overhead_tokens: float = 0.0
    # Dollars per million tokens of a tuned adapter at a service that bills by token; None: not
    # offered.
    serverless_usd_per_million: float | None = None
    cached_share: float = 0.0
    weight_bits: float = 16
    concurrency: int = 16


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run it: dollars a month for the first server, and dollars a request."""

    name: str
    usd_per_request: float
    # Of a server that is never off; of one that sleeps, the most that a month can cost.
    usd_per_server: float = 0.0
    sleeps: bool = False
    # Requests a month that one server takes; beyond them another one is needed.
    capacity: float = math.inf
    tuned: bool = False

    def usd_per_month(self, requests: float) -> float:
        """Dollars for a month of that many requests."""
        servers = max(1, math.ceil(requests / self.capacity)) * self.usd_per_server
        used = requests * self.usd_per_request
        return min(servers, used) if self.sleeps else servers + used


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The comparison: options cheapest first, and where tuned ones begin to be cheaper."""

    usd_per_month: Mapping[str, float]
    # For each tuned option the requests a month from which it costs less than the large model.
    crossings: Mapping[str, float | None]
    # Months until the training is paid back at this volume; None: never.
    payback_months: Mapping[str, float | None]
    verdict: Line
    points: tuple[tuple[float, Mapping[str, float]], ...]
    assumptions: tuple[Line, ...]
    sources: tuple[Source, ...]


def break_even(request: BreakEvenRequest) -> BreakEven:
    """Compare the options at the person's volume.

    Raises InputError on unknown models, cards without a price, and numbers that make no sense.
    """
    _check(request)
    options = _options(request)
    volume = request.requests_per_month
    costs = {o.name: o.usd_per_month(volume) for o in options}
    large = options[0]
    tuned = [o for o in options if o.tuned]
    retraining = request.training_usd * request.retrainings_per_year / 12
    return BreakEven(
        usd_per_month=dict(sorted(costs.items(), key=lambda pair: pair[1])),
        crossings={o.name: crossing(o, large) for o in tuned},
        payback_months={
            o.name: _payback(request.training_usd, costs[large.name] - costs[o.name] - retraining)
            for o in tuned
        },
        verdict=_verdict(options, costs, request),
        points=_points(options, volume),
        assumptions=_assumptions(request, options),
        sources=_sources(request),
    )  # fmt: skip


def crossing(option: Option, other: Option) -> float | None:
    """The fewest requests a month from which `option` costs no more than `other`, or None.

    `other` is billed by request alone. A server that sleeps is cheaper from the first request on,
    or like one that is always on. With k servers the lines meet at k x server / (difference a
    request), which counts only when that many requests need no further server.
    """
    own = 0.0 if option.sleeps else option.usd_per_request
    if option.usd_per_server == 0 or (
        option.sleeps and option.usd_per_request <= other.usd_per_request
    ):
        return 0.0 if option.usd_per_request <= other.usd_per_request else None
    saved = other.usd_per_request - own
    if saved <= 0:
        return None
    meets = option.usd_per_server / saved
    return meets if meets <= option.capacity else None


def _options(r: BreakEvenRequest) -> list[Option]:
    large = inference_price(r.large_item)
    tokens_in = r.input_tokens + r.prompt_overhead_tokens

    def prompted(name: str, price: InferencePrice, tokens: float) -> Option:
        return Option(name, usd_per_request(price, tokens, r.output_tokens, r.cached_share))

    options = [prompted("large", large, tokens_in)]
    if r.passage_tokens:
        options.append(prompted("rag", large, tokens_in + r.passage_tokens))
    if r.small_item:
        options.append(prompted("small", inference_price(r.small_item), tokens_in))
    return [*options, *_own(r)]


def _own(r: BreakEvenRequest) -> list[Option]:
    """The tuned model: always on, sleeping when idle, or at a service that bills by token."""
    usd_per_hour = usd_per_hour_of(r.gpu, r.usd_per_hour).expected
    server = usd_per_hour * HOURS_A_MONTH
    hours = seconds_of_card(r) / 3600
    capacity = HOURS_A_MONTH / hours / PEAK
    woken = usd_per_hour * (hours + IDLE_MINUTES / 60)
    own = [
        Option("always_on", 0.0, server, capacity=capacity, tuned=True),
        Option("scale_to_zero", woken, server, sleeps=True, capacity=capacity, tuned=True),
    ]
    if r.serverless_usd_per_million is not None:
        usd = r.serverless_usd_per_million * (r.input_tokens + r.output_tokens) / 1e6
        own.append(Option("serverless", usd, tuned=True))
    return own


def seconds_of_card(r: BreakEvenRequest) -> float:
    """Seconds of the card that one request takes, when it is busy with `concurrency` of them.

    Reading the prompt is bound by multiplications (2 FLOPs a parameter and token), writing the
    answer as `serving_tokens_per_second` says.
    """
    context = max(1, int(r.input_tokens + r.output_tokens))
    speed = serving_tokens_per_second(r.model, r.gpu, r.concurrency, r.weight_bits, context)
    active = (r.model.active_parameters_b or r.model.parameters_b) * 1e9
    reading = 2 * active * r.input_tokens / (r.gpu.bf16_tflops * 1e12 * COMPUTE_SHARE)
    return reading + r.output_tokens / speed.expected


def _payback(training_usd: float, saved: float) -> float | None:
    """Months; 0 when nothing was paid for training."""
    return training_usd / saved if saved > 0 else None


def _verdict(options: list[Option], costs: Mapping[str, float], r: BreakEvenRequest) -> Line:
    best = min(options, key=lambda o: costs[o.name])
    name = r.small_item if best.name == "small" else r.large_item
    usd_large = costs[options[0].name]
    values = {"usd": costs[best.name], "large": name, "usd_large": usd_large}
    if not best.tuned:
        own = min((o for o in options if o.usd_per_server), key=lambda o: costs[o.name])
        meets = crossing(own, best)
        key = "break_even.never" if meets is None else "break_even.not_yet"
        more = {} if meets is None else {"requests": _rounded(meets)}
        return Line(key, {**values, "usd_own": costs[own.name], **more})
    return Line(f"break_even.{best.name}", values)


def _rounded(requests: float) -> float:
    """To two digits: an estimate is not known more exactly."""
    if requests <= 0:
        return 0.0
    return round(requests, 1 - math.floor(math.log10(requests)))


def _points(options: list[Option], volume: float) -> tuple[tuple[float, Mapping[str, float]], ...]:
    middle = math.log10(max(volume, 1.0))
    steps = [
        2 * CHART_DECADES * i / (CHART_POINTS - 1) - CHART_DECADES for i in range(CHART_POINTS)
    ]
    volumes = [10 ** (middle + step) for step in steps]
    return tuple((v, {o.name: o.usd_per_month(v) for o in options}) for v in volumes)


def _assumptions(r: BreakEvenRequest, options: list[Option]) -> tuple[Line, ...]:
    own = next(o for o in options if o.name == "always_on")
    tokens = {"tokens_in": r.input_tokens, "tokens_out": r.output_tokens}
    price = usd_per_hour_of(r.gpu, r.usd_per_hour).expected
    server = {"gpu": r.gpu.name, "usd": price, "hours": HOURS_A_MONTH}
    lines = [
        Line("break_even.tokens", {"requests": r.requests_per_month, **tokens}),
        Line("break_even.own_price" if r.usd_per_hour is not None else "break_even.server", server),
        Line("break_even.capacity", {"model": r.model.name, "requests": _rounded(own.capacity),
                                     "n": r.concurrency, "peak": PEAK}),
        Line("break_even.sleeping", {"minutes": IDLE_MINUTES}),
    ]  # fmt: skip
    if r.serverless_usd_per_million is not None:
        lines.append(Line("break_even.by_token", {"usd": r.serverless_usd_per_million}))
    return tuple(lines)


def _sources(r: BreakEvenRequest) -> tuple[Source, ...]:
    return tuple(dict.fromkeys([*price_sources(r), r.model.source, r.gpu.source]))


def price_sources(r: BreakEvenRequest) -> list[Source]:
    """Where the prices come from."""
    items = [r.large_item, *([r.small_item] if r.small_item else [])]
    cards = [] if r.usd_per_hour is not None else [p.source for p in gpu_prices(r.gpu.name)]
    return [*(inference_price(item).source for item in items), *cards]


def _check(r: BreakEvenRequest) -> None:
    for name in ("requests_per_month", "input_tokens", "output_tokens", "training_usd",
                 "passage_tokens", "prompt_overhead_tokens", "serverless_usd_per_million",
                 "usd_per_hour"):  # fmt: skip
        value = getattr(r, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise InputError(f"{name} is {value}; it must be a number from 0.")
    if r.input_tokens + r.output_tokens <= 0:
        raise InputError("A request has no tokens; give input_tokens or output_tokens.")
