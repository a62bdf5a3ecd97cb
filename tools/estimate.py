"""The tools that estimate: memory, time and money of a training run, and the examples it takes."""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge import catalog, cost, memory, throughput
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import GpuSpec, Method, ModelSpec, Range, Source, TrainingConfig
from knowdo.knowledge.wording import LANGUAGES, Language, Line
from knowdo.tools.tool import Effect, tool

DEFAULT_MODEL_SIZE_B = 7.0
DEFAULT_EXAMPLES = 1_000
# The seed guide's own example; said as an assumption wherever it is used.
DEFAULT_TOKENS_PER_EXAMPLE = 500
DEFAULT_EPOCHS = 3
START_UP_SECONDS = 60.0
# Without a card named: what a rented training machine most often has.
DEFAULT_GPU = "A100 80GB"


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """What a training run takes on one card."""

    base_model: str
    method: Method
    gpu: str
    tokens: int
    peak_gib: Range
    fits: bool
    smallest_gpu: str | None
    tokens_per_second: Range
    seconds: Range
    usd: Range
    assumptions: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class DataNeedsEstimate:
    """How many examples a task takes, in total."""

    task_type: str
    minimum: int
    recommended_low: int
    recommended_high: int
    note: str
    sources: tuple[Source, ...]


@tool(Effect.READ)
def estimate_cost(
    base_model: str | None = None,
    model_size_b: float | None = None,
    method: str = "qlora",
    n_examples: float | None = None,
    tokens_per_example: float | None = None,
    num_train_epochs: float = DEFAULT_EPOCHS,
    gpu_name: str | None = None,
    usd_per_hour: float | None = None,
    language: str | None = None,
) -> TrainingEstimate:
    """Estimate memory, time and dollars of one training run on one card, as ranges.

    Give base_model by name or model_size_b in billions; method is qlora, lora or full. usd_per_hour
    is the person's own price of the card; without it dated list prices are used. language: en, de,
    es, fr or zh, that of the assumptions.
    """
    told_in: Language = next((name for name in LANGUAGES if name == language), "en")
    assumptions: list[Line] = []
    spec = _model(base_model, model_size_b, assumptions)
    config = TrainingConfig(_method(method))
    card = _card(gpu_name, assumptions)
    tokens = _tokens(n_examples, tokens_per_example, num_train_epochs, assumptions)
    needed = memory.estimate_training_memory(spec, config)
    smallest = memory.smallest_gpu_that_fits(needed)
    speed = throughput.estimate_tokens_per_second(spec, config, card)
    seconds = throughput.training_seconds(tokens, speed, START_UP_SECONDS)
    price = cost.gpu_training_cost(seconds.scaled(1 / 3600), card, usd_per_hour)
    return TrainingEstimate(
        base_model=spec.name,
        method=config.method,
        gpu=card.name,
        tokens=tokens,
        peak_gib=needed.values["peak_gib"],
        fits=memory.card_memory_gib(needed) <= card.memory_gib,
        smallest_gpu=smallest.name if smallest else None,
        tokens_per_second=speed,
        seconds=seconds,
        usd=price.values["usd"],
        assumptions=tuple(
            line.text(told_in) for line in (*assumptions, *needed.assumptions, *price.assumptions)
        ),
        sources=tuple(dict.fromkeys((*needed.sources, *price.sources, card.source, spec.source))),
    )


@tool(Effect.READ)
def estimate_data_needs(task_type: str, n_classes: float | None = None) -> DataNeedsEstimate:
    """How many examples a kind of task needs: at least, and better.

    task_type is style, format, vocabulary, classification or instruction.
    """
    needs = data_needs(task_type, int(n_classes) if n_classes else None)
    return DataNeedsEstimate(
        task_type,
        needs.minimum,
        needs.recommended_low,
        needs.recommended_high,
        needs.note,
        needs.sources,
    )


def _method(method: str) -> Method:
    for known in ("qlora", "lora", "full"):
        if method.lower() == known:
            return known
    raise InputError(f"Unknown method '{method}'. Known are: qlora, lora, full.")


def _model(name: str | None, size_b: float | None, assumptions: list[Line]) -> ModelSpec:
    if name:
        return catalog.model(name)
    spec = catalog.closest_model_by_size(size_b or DEFAULT_MODEL_SIZE_B)
    key = "estimate.size" if size_b else "estimate.no_model"
    size = size_b or DEFAULT_MODEL_SIZE_B
    assumptions.append(Line(key, {"size": size, "model": spec.name}))
    return spec


def _card(name: str | None, assumptions: list[Line]) -> GpuSpec:
    if name:
        return catalog.gpu(name)
    assumptions.append(Line("estimate.no_card", {"gpu": DEFAULT_GPU}))
    return catalog.gpu(DEFAULT_GPU)


def _tokens(
    examples: float | None, tokens: float | None, epochs: float, assumptions: list[Line]
) -> int:
    for name, amount in (("n_examples", examples), ("tokens_per_example", tokens)):
        if amount is not None and not 0 < amount < 1e12:
            raise InputError(f"{name} is {amount:g}; it must be more than 0 and below 1e12.")
    if not 0 < epochs <= 1000:
        raise InputError(f"num_train_epochs is {epochs:g}; it must be more than 0, at most 1000.")
    count = examples or DEFAULT_EXAMPLES
    length = tokens or DEFAULT_TOKENS_PER_EXAMPLE
    counted = {"examples": count, "tokens": length, "epochs": epochs}
    assumptions.append(Line("estimate.tokens", counted))
    if not examples or not tokens:
        assumptions.append(Line("estimate.default"))
    return round(count * length * epochs)
