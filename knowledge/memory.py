"""Memory of a training run on each of its cards, in GiB, and which card it fits.

`memory_parts` counts the bytes, `memory_stack` holds what the training library decides and the few
constants that were fitted. On 208 published measurements the median error is 2 %, on those of a
publisher whose figures the fit did not see 9 % (`tests/benchmarks/memory.py`): every figure is an
interval.
"""

from __future__ import annotations

import math
from datetime import date

from knowdo.knowledge.catalog import gpus
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.memory_parts import TARGET_NAMES, parts, targets
from knowdo.knowledge.memory_stack import FITTED, MemoryConstants, TrainingStack
from knowdo.knowledge.schema import (
    Estimate,
    GpuSpec,
    Method,
    ModelSpec,
    Range,
    Source,
    TrainingConfig,
)
from knowdo.knowledge.wording import Line

GIB = 2**30
# What a card needs beyond the allocator's peak: fragmentation, CUDA context, other processes.
HEADROOM_FACTOR, HEADROOM_GIB = 1.15, 0.5
# Beyond this much of the card's memory a run is expected to run out of it.
LEAST_FACTOR = 1.09

SOURCES = (
    Source(
        "EleutherAI: Transformer Math 101",
        date(2026, 11, 24),
        "https://blog.eleuther.ai/transformer-math/",
    ),
    Source(
        "Korthikanti et al.: Reducing Activation Recomputation in Large Transformer Models",
        date(2026, 11, 24),
        "https://arxiv.org/abs/2205.05198",
    ),
    Source(
        "Dettmers et al.: QLoRA",
        date(2026, 11, 24),
        "https://arxiv.org/abs/2305.14314",
    ),
    Source(
        "fms-acceleration: benchmark tables (constants read off them)",
        date(2026, 11, 24),
        "https://github.com/foundation-model-stack/fms-acceleration",
    ),
)


def estimate_training_memory(
    model: ModelSpec,
    config: TrainingConfig,
    stack: TrainingStack | None = None,
    fitted: MemoryConstants = FITTED,
) -> Estimate:
    """Peak memory of training on each card, in GiB.

    `values` holds weights_gib, states_gib (adapters, gradients, optimizer), activations_gib,
    peak_gib (what the allocator reports) and nvidia_smi_gib (what nvidia-smi shows). Raises
    InputError on settings that are not positive or that nothing stands for.
    """
    _check(model, config)
    stack = stack or TrainingStack()
    run = parts(model, config, stack, fitted)
    below, above = interval_factors(config.method, config.gradient_checkpointing)
    peak = Range(run.peak * below, run.peak, run.peak * above).scaled(1 / GIB)
    logits = logit_block_gib(model, config, stack)
    smi = Range(
        *(shown_by_nvidia_smi(v, logits, fitted) for v in (peak.low, peak.expected, peak.high))
    )
    return Estimate(
        values={
            "weights_gib": _exact(run.weights),
            "states_gib": _exact(run.states),
            "activations_gib": Range(
                run.activations * below, run.activations, run.activations * above
            ).scaled(1 / GIB),
            "peak_gib": peak,
            "nvidia_smi_gib": smi,
        },
        assumptions=_assumptions(model, config, stack),
        sources=(model.source, *SOURCES),
        notes=_notes(model, config),
    )


def shown_by_nvidia_smi(
    peak_gib: float, logit_block_gib: float, fitted: MemoryConstants = FITTED
) -> float:
    """What nvidia-smi shows, in GiB, when the allocator's peak is `peak_gib`.

    Beside the allocator's peak: the CUDA context, and what the allocator has cached, which grows
    with the largest block that comes and goes, the logits in fp32. The three constants are fitted
    to 56 published pairs on one card (median error 3.1 %) and 39 figures that do not say how they
    were read (4.3 %); a plain factor of 1.10 and 0.5 GiB was 5.2 % off on the pairs.
    """
    cached = fitted.smi_logits * logit_block_gib
    return fitted.smi_factor * peak_gib + cached + fitted.smi_context_gib


def logit_block_gib(model: ModelSpec, config: TrainingConfig, stack: TrainingStack) -> float:
    """The logits of a micro-batch in fp32; nothing where the loss never makes them."""
    if stack.deepspeed or config.loss in ("fused-linear-ce", "chunked-head"):
        return 0.0
    tokens = config.per_device_train_batch_size * config.max_length
    return tokens * model.vocabulary * 4 / GIB


def interval_factors(method: Method, gradient_checkpointing: bool) -> tuple[float, float]:
    """Factors below and above the expected peak.

    On publishers that the fit did not see the median error is 9 %, more often too low than too
    high; 4-bit bases without checkpointing came out 15 to 30 % too low. Running out of memory is
    worse than a card that is too large, so the interval is wider upwards.
    """
    if method == "qlora" and not gradient_checkpointing:
        return 0.88, 1.35
    return 0.88, 1.20


def smallest_gpu_that_fits(estimate: Estimate) -> GpuSpec | None:
    """The card with the least memory that holds the expected peak x 1.15 + 0.5 GiB, or None.

    Among cards of one size the slowest, which is as a rule the cheapest. Only cards that the 4-bit
    kernels are written for are looked at.
    """
    needed = card_memory_gib(estimate)
    fitting = [g for g in gpus() if g.kind == "nvidia" and g.memory_gib >= needed]
    return min(fitting, key=lambda gpu: (_size_class(gpu), gpu.bf16_tflops), default=None)


def card_memory_gib(estimate: Estimate) -> float:
    """The memory that a card should have for this run, in GiB."""
    return estimate.values["peak_gib"].expected * HEADROOM_FACTOR + HEADROOM_GIB


def runs_out_of_memory(estimate: Estimate, gpu: GpuSpec) -> bool:
    """Whether the expected peak is beyond the card even without any margin to spare.

    The 9 % and half a GiB are what allocator and CUDA context take at least: of 37 published runs
    that ran out of memory 34 are beyond, of 208 that fitted 2.
    """
    return estimate.values["peak_gib"].expected * LEAST_FACTOR + HEADROOM_GIB > gpu.memory_gib


def _size_class(gpu: GpuSpec) -> int:
    """Cards of one nominal size report up to 1.5 GiB more or less, so sizes compare in 8 GiB."""
    return round(gpu.memory_gib / 8)


def _exact(size: float) -> Range:
    return Range(size / GIB, size / GIB, size / GIB)


def _check(model: ModelSpec, config: TrainingConfig) -> None:
    for name in ("max_length", "per_device_train_batch_size", "lora_rank", "n_gpus"):
        value = getattr(config, name)
        if not math.isfinite(value) or value <= 0:
            raise InputError(f"{name} is {value}; it must be a positive number.")
    if not math.isfinite(model.parameters_b) or model.parameters_b <= 0:
        raise InputError(f"The model {model.name} has {model.parameters_b} billion parameters.")
    unknown = [name for name in targets(config) if name not in TARGET_NAMES]
    if unknown:
        raise InputError(
            f"Unknown target module '{unknown[0]}'. Known are: all-linear, attention, or names of"
            f" {', '.join(TARGET_NAMES)} joined by commas."
        )


def _assumptions(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack
) -> tuple[Line, ...]:
    base = {"model": model.name, "bits": stack.quantised_bits, "bytes": stack.adapter_bytes}
    switch = Line("memory.on" if config.gradient_checkpointing else "memory.off")
    batch = {"n": config.per_device_train_batch_size, "length": config.max_length}
    key = "full_fp32" if config.method == "full" and config.master_weights else config.method
    lines = [
        Line(f"memory.{key}", base),
        Line("memory.batch", batch),
        Line(f"memory.kernels_{config.attention.split('-')[0]}",
             {"checkpointing": switch, "loss": config.loss}),
    ]  # fmt: skip
    if config.method == "full" and (config.optimizer != "adamw" or config.optimizer_in_backward):
        name = "in_backward" if config.optimizer_in_backward else "optimizer"
        lines.append(Line(f"memory.{name}", {"optimizer": config.optimizer}))
    if config.n_gpus > 1:
        lines.append(Line(f"memory.{config.sharding.replace('-', '_')}", {"n": config.n_gpus}))
    if model.experts and config.method != "full":
        lines.append(Line("memory.experts", {"experts": model.experts}))
    return tuple(lines)


def _notes(model: ModelSpec, config: TrainingConfig) -> tuple[Line, ...]:
    if config.max_length <= model.context:
        return ()
    values = {"context": config.max_length, "longest": model.context, "model": model.name}
    return (Line("serving.too_long", values),)
