"""Memory of a training run on one card: weights, optimizer states and activations, in GiB.

The structure combines published pieces (model states: EleutherAI, "Transformer Math 101";
activations: Korthikanti et al., arXiv 2205.05198; 4-bit weights: Dettmers et al., arXiv
2305.14314) with constants that were read off published measurements. On measurements that did
not shape it the median error is 10 to 15 %, which is why every figure is an interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from knowdo.knowledge.catalog import gpus
from knowdo.knowledge.errors import InputError
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
# Bytes of logits kept per token and vocabulary entry: plain loss keeps bf16 and fp32 copies with
# their gradients; a fused linear loss never stores the logits.
LOGIT_BYTES = {"full-logits": 14.0, "fused-ce": 8.5, "chunked-head": 2.0, "fused-linear-ce": 0.5}
SMI_FACTOR, SMI_LOGITS, SMI_CONTEXT_GIB = 1.078, 1.01, 0.98
# What a card needs beyond the allocator's peak: fragmentation, CUDA context, other processes.
HEADROOM_FACTOR, HEADROOM_GIB = 1.15, 0.5

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


@dataclass(frozen=True, slots=True)
class TrainingStack:
    """What the training library decides; the defaults are TRL with PEFT and bitsandbytes."""

    # NF4 with double quantisation: 4 + 8/64 + 32/(64*256) bits (arXiv 2305.14314).
    quantised_bits: float = 4.127
    # PEFT keeps adapters, their gradients and AdamW states in fp32 (16 bytes); bf16 takes 8.
    adapter_bytes: float = 16.0
    # 4 where the stack keeps the residual stream in fp32 (prepare_model_for_kbit_training).
    residual_bytes: float = 2.0
    # Gradients stay between the micro-batches of one step.
    accumulates_gradients: bool = True


@dataclass(frozen=True, slots=True)
class _Parts:
    """Bytes of one run."""

    weights: float
    states: float
    activations: float
    peak: float


def estimate_training_memory(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack | None = None
) -> Estimate:
    """Peak memory of training on one card, in GiB.

    `values` holds weights_gib, states_gib (adapters, gradients, optimizer), activations_gib,
    peak_gib (what the allocator reports) and nvidia_smi_gib (what nvidia-smi shows). Raises
    InputError on settings that are not positive.
    """
    _check(model, config)
    stack = stack or TrainingStack()
    parts = _parts(model, config, stack)
    below, above = interval_factors(config.method, config.gradient_checkpointing)
    peak = Range(parts.peak * below, parts.peak, parts.peak * above).scaled(1 / GIB)
    logits = _logit_block_gib(model, config)
    smi = Range(*(shown_by_nvidia_smi(v, logits) for v in (peak.low, peak.expected, peak.high)))
    return Estimate(
        values={
            "weights_gib": _exact(parts.weights),
            "states_gib": _exact(parts.states),
            "activations_gib": Range(
                parts.activations * below, parts.activations, parts.activations * above
            ).scaled(1 / GIB),
            "peak_gib": peak,
            "nvidia_smi_gib": smi,
        },
        assumptions=_assumptions(model, config, stack),
        sources=(model.source, *SOURCES),
        notes=_notes(model, config),
    )


def shown_by_nvidia_smi(peak_gib: float, logit_block_gib: float) -> float:
    """What nvidia-smi shows, in GiB, when the allocator's peak is `peak_gib`.

    Beside the allocator's peak: the CUDA context, and what the allocator has cached, which grows
    with the largest block that comes and goes, the logits in fp32. The three constants are a least
    absolute deviations fit to 56 published pairs on one card (median error 2.1 %); a plain factor
    of 1.10 and 0.5 GiB was 5.2 % off on them.
    """
    return SMI_FACTOR * peak_gib + SMI_LOGITS * logit_block_gib + SMI_CONTEXT_GIB


def _logit_block_gib(model: ModelSpec, config: TrainingConfig) -> float:
    """The logits of a micro-batch in fp32; nothing where the loss never stores them."""
    if config.loss in ("fused-linear-ce", "chunked-head"):
        return 0.0
    tokens = config.per_device_train_batch_size * config.max_length
    return tokens * model.vocabulary * 4 / GIB


def interval_factors(method: Method, gradient_checkpointing: bool) -> tuple[float, float]:
    """Factors below and above the expected peak.

    On sources that the formula was not built from the median error is 10 to 15 %, more often too
    low than too high; 4-bit bases without checkpointing came out 15 to 30 % too low. Running out
    of memory is worse than a card that is too large, so the interval is wider upwards.
    """
    if method == "qlora" and not gradient_checkpointing:
        return 0.88, 1.35
    return 0.88, 1.20


def smallest_gpu_that_fits(estimate: Estimate) -> GpuSpec | None:
    """The card with the least memory that holds the expected peak x 1.15 + 0.5 GiB, or None.

    Among cards of one size the slowest, which is as a rule the cheapest.
    """
    needed = card_memory_gib(estimate)
    fitting = [gpu for gpu in gpus() if gpu.memory_gib >= needed]
    return min(fitting, key=lambda gpu: (_size_class(gpu), gpu.bf16_tflops), default=None)


def card_memory_gib(estimate: Estimate) -> float:
    """The memory that a card should have for this run, in GiB."""
    return estimate.values["peak_gib"].expected * HEADROOM_FACTOR + HEADROOM_GIB


def _size_class(gpu: GpuSpec) -> int:
    """Cards of one nominal size report up to 1.5 GiB more or less, so sizes compare in 8 GiB."""
    return round(gpu.memory_gib / 8)


def adapter_parameters(model: ModelSpec, config: TrainingConfig) -> float:
    """Trainable parameters of the LoRA adapters: rank x (inputs + outputs) of each target."""
    shapes = _target_shapes(model, config)
    return config.lora_rank * sum(d_in + d_out for d_in, d_out in shapes) * model.layers


def _target_shapes(model: ModelSpec, config: TrainingConfig) -> list[tuple[int, int]]:
    """(inputs, outputs) of the adapted linear layers of one block."""
    query, key_value = model.heads * model.head_dim, model.kv_heads * model.head_dim
    attention = [(model.hidden, query), (model.hidden, key_value), (model.hidden, key_value)]
    attention.append((query, model.hidden))
    if config.target_modules == "attention":
        return attention
    return [*attention, (model.hidden, model.ffn), (model.hidden, model.ffn),
            (model.ffn, model.hidden)]  # fmt: skip


def _parts(model: ModelSpec, config: TrainingConfig, stack: TrainingStack) -> _Parts:
    parameters = model.parameters_b * 1e9
    activations = _activations(model, config, stack)
    if config.method == "full":
        return _full(parameters, activations, stack)
    weights = _weights(model, config, stack)
    states = stack.adapter_bytes * adapter_parameters(model, config)
    return _Parts(weights, states, activations, weights + states + activations)


def _full(parameters: float, activations: float, stack: TrainingStack) -> _Parts:
    """Pure bf16 AdamW: 2 bytes weights, 2 gradients, 4 states, 2 temporary in the foreach step."""
    weights, gradients, moments, temporary = (n * parameters for n in (2, 2, 4, 2))
    kept = gradients if stack.accumulates_gradients else 0.0
    forward = weights + moments + kept + activations
    step = weights + gradients + moments + temporary
    return _Parts(weights, gradients + moments, activations, max(forward, step))


def _weights(model: ModelSpec, config: TrainingConfig, stack: TrainingStack) -> float:
    """Bytes of the frozen base; embedding and output head stay in 16 bits."""
    parameters = model.parameters_b * 1e9
    if config.method != "qlora":
        return 2 * parameters
    tables = (1 if model.tied_embeddings else 2) * model.vocabulary * model.hidden
    return (parameters - tables) * stack.quantised_bits / 8 + 2 * tables


def _activations(model: ModelSpec, config: TrainingConfig, stack: TrainingStack) -> float:
    """Bytes kept for the backward pass of one micro-batch."""
    tokens = config.per_device_train_batch_size * config.max_length
    layer = _layer_bytes_per_token(model, config)
    logits = LOGIT_BYTES[config.loss] * model.vocabulary + 6 * model.hidden
    if not config.gradient_checkpointing:
        # 4-bit bases keep about a fifth more than 16-bit ones (read off measurements).
        kept = 1.2 if config.method == "qlora" else 1.0
        return tokens * (model.layers * layer * kept + logits)
    residual = stack.residual_bytes * model.layers * model.hidden
    dequantised = 2 * model.hidden * model.ffn if config.method == "qlora" else 0
    return max(tokens * (residual + logits), tokens * (residual + layer) + dequantised)


def _layer_bytes_per_token(model: ModelSpec, config: TrainingConfig) -> float:
    """Activations of one block with a gated MLP and flash or memory-efficient attention."""
    block = 20 * model.hidden + 4 * model.kv_heads * model.head_dim + 8 * model.ffn
    if config.method == "full":
        return block
    # PEFT keeps the input of each adapter a second time.
    return block + 3 * sum(d_in for d_in, _ in _target_shapes(model, config))


def _exact(size: float) -> Range:
    return Range(size / GIB, size / GIB, size / GIB)


def _check(model: ModelSpec, config: TrainingConfig) -> None:
    for name in ("max_length", "per_device_train_batch_size", "lora_rank"):
        value = getattr(config, name)
        if not math.isfinite(value) or value <= 0:
            raise InputError(f"{name} is {value}; it must be a positive number.")
    if not math.isfinite(model.parameters_b) or model.parameters_b <= 0:
        raise InputError(f"The model {model.name} has {model.parameters_b} billion parameters.")


def _assumptions(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack
) -> tuple[Line, ...]:
    base = {"model": model.name, "bits": stack.quantised_bits, "bytes": stack.adapter_bytes}
    switch = "on" if config.gradient_checkpointing else "off"
    batch = {"n": config.per_device_train_batch_size, "length": config.max_length}
    return (
        Line(f"memory.{config.method}", base),
        Line("memory.batch", batch),
        Line("memory.kernels", {"checkpointing": switch, "loss": config.loss}),
    )


def _notes(model: ModelSpec, config: TrainingConfig) -> tuple[Line, ...]:
    if config.max_length <= model.context:
        return ()
    values = {"context": config.max_length, "longest": model.context, "model": model.name}
    return (Line("serving.too_long", values),)
