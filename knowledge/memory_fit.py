"""When a run doesn't fit its card: the changes that make it fit, found by trying them.

Each is one change of the run as it stands, estimated anew; of each kind the smallest that suffices
is kept. They come in the order of what they cost: nothing, then time, then precision or reach of
the training, then money.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from knowdo.knowledge.catalog import gpus, models
from knowdo.knowledge.memory import (
    card_memory_gib,
    estimate_training_memory,
    smallest_gpu_that_fits,
)
from knowdo.knowledge.schema import GpuSpec, ModelSpec, TrainingConfig
from knowdo.knowledge.wording import Line

# Cutting samples further loses most of what they hold.
SHORTEST = 256
# Below this share of the model asked for, another model is another project.
LEAST_MODEL_SHARE = 0.1
MOST_CARDS = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One change that makes a run fit: what it is, in words, and the run as it would be."""

    kind: str
    said: Line
    model: ModelSpec
    config: TrainingConfig
    gpu: GpuSpec
    peak_gib: float


def fits(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> bool:
    """Whether a run fits its cards with the margin that `card_memory_gib` keeps."""
    return card_memory_gib(estimate_training_memory(model, config)) <= gpu.memory_gib


def changes_that_fit(
    model: ModelSpec, config: TrainingConfig, gpu: GpuSpec, limit: int = 4
) -> tuple[Change, ...]:
    """Single changes after which the run fits, least costly first; empty when it fits already.

    When no single change is enough, pairs of changes are tried that end on the same card. Empty
    too when even those are not. Raises InputError on settings that make no sense.
    """
    if fits(model, config, gpu):
        return ()
    found = [*_alone(model, config, gpu)]
    if all(change.kind in ("card", "cards") for change in found):
        found = [*_together(model, config, gpu), *found]
    return tuple(found[:limit])


def _alone(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> Iterator[Change]:
    for steps in _ladders(model, config, gpu):
        for kind, said, changed, settings, card in steps:
            if fits(changed, settings, card):
                yield _change(kind, said, changed, settings, card)
                break


def _together(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> Iterator[Change]:
    """Two changes at once: first of each kind as far as it goes, then the least of another."""
    for steps in _ladders(model, config, gpu):
        *_, farthest = [None, *steps]
        if farthest is None or farthest[0] in ("card", "cards", "model"):
            continue
        kind, said, changed, settings, card = farthest
        for second in _alone(changed, settings, card):
            if second.kind not in ("card", "cards", kind):
                both = Line("fit.both", {"first": said, "second": second.said})
                yield replace(second, kind=f"{kind}+{second.kind}", said=both)
                return


def _change(
    kind: str, said: Line, model: ModelSpec, config: TrainingConfig, gpu: GpuSpec
) -> Change:
    peak = estimate_training_memory(model, config).values["peak_gib"].expected
    return Change(kind, said, model, config, gpu, peak)


_Step = tuple[str, Line, ModelSpec, TrainingConfig, GpuSpec]


def _ladders(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> Iterator[list[_Step]]:
    """Kinds of change, each with its steps from the smallest to the largest."""
    settings: list[tuple[str, list[tuple[Line, TrainingConfig]]]] = [
        ("loss", _losses(config)),
        ("attention", _attention(config)),
        ("batch", _batches(config)),
        ("checkpointing", _checkpointing(config)),
        ("optimizer", _optimizers(config)),
        ("method", _methods(config)),
        ("length", _lengths(config)),
    ]
    for kind, steps in settings:
        yield [(kind, said, model, changed, gpu) for said, changed in steps]
    yield [("model", _smaller(m, model), m, config, gpu) for m in _models(model)]
    yield from _more_cards(model, config, gpu)


def _losses(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    """A loss that doesn't keep the logits costs nothing."""
    if config.loss in ("chunked-head", "fused-linear-ce"):
        return []
    return [(Line("fit.loss"), replace(config, loss="chunked-head"))]


def _attention(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    if config.attention != "eager":
        return []
    return [(Line("fit.attention"), replace(config, attention="memory-efficient"))]


def _batches(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    """Fewer samples at once, gathered over more steps: the same training, somewhat slower."""
    size, found = config.per_device_train_batch_size, []
    while size > 1:
        size //= 2
        said = Line("fit.batch", {"n": size})
        found.append((said, replace(config, per_device_train_batch_size=size)))
    return found


def _checkpointing(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    if config.gradient_checkpointing:
        return []
    return [(Line("fit.checkpointing"), replace(config, gradient_checkpointing=True))]


def _optimizers(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    """Only full training has moments that weigh."""
    if config.method != "full" or config.optimizer != "adamw":
        return []
    eight_bit = replace(config, optimizer="adamw-8bit")
    paged = replace(config, optimizer="paged-adamw-8bit")
    fused = replace(paged, optimizer_in_backward=True)
    return [
        (Line("fit.optimizer", {"optimizer": changed.optimizer}), changed)
        for changed in (eight_bit, paged)
    ] + [(Line("fit.in_backward", {"optimizer": fused.optimizer}), fused)]


def _methods(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    found = []
    if config.method == "full":
        found.append((Line("fit.lora"), replace(config, method="lora", master_weights=False)))
    if config.method in ("full", "lora"):
        found.append((Line("fit.qlora"), replace(config, method="qlora", master_weights=False)))
    return found


def _lengths(config: TrainingConfig) -> list[tuple[Line, TrainingConfig]]:
    """Shorter samples lose their ends: the most that fits, in steps of an eighth."""
    found = []
    for eighths in range(7, 0, -1):
        length = config.max_length * eighths // 8
        if length >= SHORTEST:
            said = Line("fit.length", {"length": length})
            found.append((said, replace(config, max_length=length)))
    return found


def _models(model: ModelSpec) -> list[ModelSpec]:
    """Smaller models of today, the largest first; those of the same family before others."""
    least = LEAST_MODEL_SHARE * model.parameters_b
    smaller = [
        m for m in models()
        if least <= m.parameters_b < 0.95 * model.parameters_b
        and not m.superseded and not m.experts
    ]  # fmt: skip
    family = [m for m in smaller if _family(m) == _family(model)]
    return sorted(family or smaller, key=lambda m: -m.parameters_b)


def _family(model: ModelSpec) -> str:
    return model.name.partition("-")[0].rstrip("0123456789.").lower()


def _smaller(smaller: ModelSpec, model: ModelSpec) -> Line:
    return Line("fit.model", {"smaller": smaller.name, "model": model.name})


def _more_cards(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> Iterator[list[_Step]]:
    """A larger card, or several of this one that share weights, gradients and states."""
    larger = smallest_gpu_that_fits(estimate_training_memory(model, config))
    if larger is not None:
        yield [("card", Line("fit.card", {"gpu": larger.name}), model, config, larger)]
    yield [_shared(n, model, config, gpu) for n in _counts(config)]
    if larger is None:
        large = [g for g in gpus() if g.kind == "nvidia" and g.memory_gib > gpu.memory_gib]
        yield [_shared(n, model, config, g) for g in large for n in _counts(config)]


def _counts(config: TrainingConfig) -> list[int]:
    return [n for n in (2, 4, 8) if config.n_gpus < n <= MOST_CARDS]


def _shared(n: int, model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> _Step:
    said = Line("fit.cards", {"n": n, "gpu": gpu.name})
    return "cards", said, model, replace(config, n_gpus=n, sharding="full-shard"), gpu
