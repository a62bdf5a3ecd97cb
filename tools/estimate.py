"""The tools that estimate: memory, time and money of a training run, and the examples it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast, get_args

from knowdo.knowledge import catalog, cost, memory, throughput
from knowdo.knowledge.catalog import gpu_prices
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.managed_cost import Offer, managed_offers
from knowdo.knowledge.memory_fit import changes_that_fit
from knowdo.knowledge.price_age import stale_notes
from knowdo.knowledge.schema import (
    Estimate,
    GpuSpec,
    Method,
    ModelSpec,
    Optimizer,
    Range,
    Source,
    TrainingConfig,
)
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
    """What a training run takes; memory is that of each card."""

    base_model: str
    method: Method
    gpu: str
    n_gpus: int
    tokens: int
    peak_gib: Range
    nvidia_smi_gib: Range
    fits: bool
    smallest_gpu: str | None
    # Where it doesn't fit: single changes that make it fit, in words, least costly first.
    changes_that_fit: tuple[str, ...]
    tokens_per_second: Range
    seconds: Range
    # None where no price of the card is known: unknown stays unknown.
    usd: Range | None
    # What managed services ask for a LoRA run on an open model of that size.
    managed: tuple[Offer, ...]
    assumptions: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What decides memory, time and money of training, by the names of `estimate_cost`."""

    method: str = "qlora"
    n_examples: float | None = None
    tokens_per_example: float | None = None
    num_train_epochs: float = DEFAULT_EPOCHS
    gpu_name: str | None = None
    usd_per_hour: float | None = None
    language: str | None = None
    max_length: int = 1024
    per_device_train_batch_size: int = 4
    gradient_checkpointing: bool = True
    lora_rank: int = 16
    optimizer: str = "adamw"
    n_gpus: int = 1


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
    max_length: int = 1024,
    per_device_train_batch_size: int = 4,
    gradient_checkpointing: bool = True,
    lora_rank: int = 16,
    optimizer: str = "adamw",
    n_gpus: int = 1,
) -> TrainingEstimate:
    """Estimate memory, time and dollars of one training run, as ranges.

    Give base_model by name or model_size_b in billions; method is qlora, lora or full. usd_per_hour
    is the person's own price of the card; without it dated list prices are used. language: en, de,
    es, fr or zh, that of the assumptions. optimizer is adamw, adamw-8bit or paged-adamw-8bit; with
    n_gpus above 1 the cards share the model (FSDP) and memory is that of each. Where the run does
    not fit, changes_that_fit names single changes that make it fit.
    """
    assumptions: list[Line] = []
    spec = _model(base_model, model_size_b, assumptions)
    settings = RunSettings(
        method, n_examples, tokens_per_example, num_train_epochs, gpu_name, usd_per_hour, language,
        max_length, per_device_train_batch_size, gradient_checkpointing, lora_rank, optimizer,
        n_gpus,
    )  # fmt: skip
    return estimate_run(spec, settings, assumptions)


def estimate_run(
    spec: ModelSpec, settings: RunSettings, told: Sequence[Line] = ()
) -> TrainingEstimate:
    """What training a model of any shape takes; `told` are assumptions made so far.

    Raises InputError on settings that make no sense or name something unknown.
    """
    assumptions = list(told)
    config = TrainingConfig(
        _method(settings.method),
        max_length=settings.max_length,
        per_device_train_batch_size=settings.per_device_train_batch_size,
        gradient_checkpointing=settings.gradient_checkpointing,
        lora_rank=settings.lora_rank,
        optimizer=_optimizer(settings.optimizer),
        n_gpus=settings.n_gpus,
        sharding="full-shard" if settings.n_gpus > 1 else "none",
    )
    card = _card(settings.gpu_name, assumptions)
    tokens = _tokens(settings, assumptions)
    told_in: Language = next((name for name in LANGUAGES if name == settings.language), "en")
    needed = memory.estimate_training_memory(spec, config)
    smallest = memory.smallest_gpu_that_fits(needed)
    speed = throughput.estimate_tokens_per_second(spec, config, card).scaled(config.n_gpus)
    seconds = throughput.training_seconds(tokens, speed, START_UP_SECONDS)
    hours = seconds.scaled(1 / 3600)
    price = _price(hours, card, settings)
    assumptions += [*needed.assumptions, *price.assumptions, *needed.notes]
    assumptions += price.notes
    today = date.today()
    offers = () if config.method == "full" else managed_offers(spec.parameters_b, tokens, today)
    listed = () if settings.usd_per_hour is not None else price.sources
    assumptions += stale_notes([*listed, *(offer.source for offer in offers)], today)
    changes = changes_that_fit(spec, config, card)
    return TrainingEstimate(
        base_model=spec.name,
        method=config.method,
        gpu=card.name,
        n_gpus=config.n_gpus,
        tokens=tokens,
        peak_gib=needed.values["peak_gib"],
        nvidia_smi_gib=needed.values["nvidia_smi_gib"],
        fits=memory.card_memory_gib(needed) <= card.memory_gib,
        smallest_gpu=smallest.name if smallest else None,
        changes_that_fit=tuple(change.said.text(told_in) for change in changes),
        tokens_per_second=speed,
        seconds=seconds,
        usd=price.values.get("usd"),
        managed=offers,
        assumptions=tuple(line.text(told_in) for line in assumptions),
        sources=tuple(
            dict.fromkeys(
                (
                    *needed.sources,
                    *price.sources,
                    card.source,
                    spec.source,
                    *(offer.source for offer in offers),
                )
            )
        ),
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


def _price(hours: Range, card: GpuSpec, settings: RunSettings) -> Estimate:
    """What the hours cost; without a price of its own or a dated one, nothing but a note."""
    if settings.usd_per_hour is None and not gpu_prices(card.name):
        return Estimate({}, (), (), (Line("money.no_price", {"gpu": card.name}),))
    return cost.gpu_training_cost(hours, card, settings.usd_per_hour, settings.n_gpus)


def _method(method: str) -> Method:
    for known in ("qlora", "lora", "full"):
        if method.lower() == known:
            return known
    raise InputError(f"Unknown method '{method}'. Known are: qlora, lora, full.")


def _optimizer(name: str) -> Optimizer:
    for known in get_args(Optimizer):
        if name.lower() == known:
            return cast(Optimizer, known)
    raise InputError(f"Unknown optimizer '{name}'. Known are: {', '.join(get_args(Optimizer))}.")


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


def _tokens(settings: RunSettings, assumptions: list[Line]) -> int:
    examples, tokens = settings.n_examples, settings.tokens_per_example
    epochs = settings.num_train_epochs
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
