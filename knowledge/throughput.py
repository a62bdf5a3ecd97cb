"""Training speed on a card, and how long a number of tokens takes.

The seconds of a micro-batch are counted in four parts: multiplications at a share of the card's
dense peak (FLOPs per token follow EleutherAI, "Transformer Math 101", and Thinking Machines, "LoRA
Without Regret", 2025-09-29), turning 4-bit weights back, what cards that share a model send each
other, and a fixed time for launching kernels. What each part weighs is a least absolute deviations
fit to 227 published measurements (fms-acceleration, llm-foundry, Qwen, torchtune, fsdp_qlora);
leaving out each publisher in turn the median error is 11.8 % (`tests/benchmarks/time.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import GpuSpec, Method, ModelSpec, Range, TrainingConfig

# Share of the dense peak that multiplications reach, by the start of the card's name. The peak of
# GeForce cards is given for their listed clock, which they exceed.
UTILISATION = {
    "A100": 0.625,
    "H100": 0.48,
    "H200": 0.48,
    "B200": 0.48,  # no measurement found; as Hopper
    "RTX": 0.93,
    "L40": 0.72,
}
# Cards without enough measurements (T4, V100, L4, A10, A10G, A40): the middle of the above.
OTHER_UTILISATION = 0.65
# Seconds that go by in each micro-batch whatever its size: Python, launches, the data.
FIXED_SECONDS = 0.11
# Turning a 4-bit weight back to 16 bits moves 4.5 bytes a parameter in each pass, 2.8 times as
# slowly as the card's memory could.
DEQUANTISED_BYTES, DEQUANTISED_SLOWER = 4.5, 2.8
# Bytes per second between cards that share a model, as far as computing does not hide them.
NVLINK, PCIE = 1.28e12, 9.3e9
_HAVE_NVLINK = ("A100", "H100", "H200", "B200", "V100", "MI300")
# Below and above the expected speed: more than four of five measurements lie between them.
BELOW, ABOVE = 0.65, 1.40


def estimate_tokens_per_second(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> Range:
    """Trained tokens per second on each card, padding counted. Raises InputError on nonsense."""
    tokens = config.per_device_train_batch_size * config.max_length
    if tokens <= 0 or not math.isfinite(gpu.bf16_tflops) or gpu.bf16_tflops <= 0:
        raise InputError(
            f"A micro-batch of {tokens} tokens on a card of {gpu.bf16_tflops} TFLOP/s makes no"
            " sense; both must be positive."
        )
    expected = tokens / sum(micro_batch_seconds(model, config, gpu).values())
    return Range(expected * BELOW, expected, expected * ABOVE)


def micro_batch_seconds(
    model: ModelSpec, config: TrainingConfig, gpu: GpuSpec
) -> Mapping[str, float]:
    """The seconds of one micro-batch by part: multiply, dequantise, send, fixed."""
    tokens = config.per_device_train_batch_size * config.max_length
    parameters = model.parameters_b * 1e9
    passes = passes_of(config)
    dequantised = sent = 0.0
    if config.method == "qlora":
        moved = passes * DEQUANTISED_BYTES * parameters
        dequantised = DEQUANTISED_SLOWER * moved / (gpu.memory_gb_per_second * 1e9)
    if config.n_gpus > 1 and config.sharding == "full-shard":
        width = 0.52 if config.method == "qlora" else 2
        share = (config.n_gpus - 1) / config.n_gpus
        between = NVLINK if gpu.name.startswith(_HAVE_NVLINK) else PCIE
        sent = passes * width * parameters * share / between
    return {
        "multiply": tokens * flops_per_token(model, config) / (_reached(gpu) * 1e12),
        "dequantise": dequantised,
        "send": sent,
        "fixed": FIXED_SECONDS,
    }


def flops_per_token(model: ModelSpec, config: TrainingConfig) -> float:
    """Floating-point operations per trained token.

    A forward pass takes 2 per parameter plus 2 x layers x hidden x length for causal attention;
    full training takes three such passes, LoRA two, and checkpointing one more. Of a mixture of
    experts only the active parameters count.
    """
    active = model.active_parameters_b or model.parameters_b
    forward = 2 * active * 1e9 + 2 * model.layers * model.hidden * config.max_length
    return passes_of(config) * forward


def training_seconds(
    tokens: float, tokens_per_second: Range, start_up_seconds: float = 0.0
) -> Range:
    """Seconds for that many trained tokens (dataset x epochs), with loading the model.

    Raises InputError on a speed that is not positive or counts that are negative.
    """
    for name, value in (("tokens", tokens), ("start_up_seconds", start_up_seconds)):
        if not math.isfinite(value) or value < 0:
            raise InputError(f"{name} is {value}; it must be a number from 0.")
    if not 0 < tokens_per_second.low <= tokens_per_second.high < math.inf:
        raise InputError(
            f"A speed of {tokens_per_second.low} to {tokens_per_second.high} tokens per second"
            " makes no sense; it must be positive."
        )
    return Range(
        start_up_seconds + tokens / tokens_per_second.high,
        start_up_seconds + tokens / tokens_per_second.expected,
        start_up_seconds + tokens / tokens_per_second.low,
    )


def measured_tokens_per_second(tokens: float, seconds: float) -> Range:
    """A speed that was measured on this machine (the only honest way on a CPU), within 15 %.

    Later steps vary with the lengths of the samples and with what else runs on the machine.
    Raises InputError when either is not a positive number.
    """
    for name, value in (("tokens", tokens), ("seconds", seconds)):
        if not math.isfinite(value) or value <= 0:
            raise InputError(f"{name} is {value}; a measurement needs a positive number.")
    speed = tokens / seconds
    return Range(speed * 0.85, speed, speed * 1.15)


def passes_of(config: TrainingConfig) -> int:
    """How often a micro-batch goes through the model, counted in forward passes."""
    return _backward_and_forward(config.method) + (1 if config.gradient_checkpointing else 0)


def _backward_and_forward(method: Method) -> int:
    return 3 if method == "full" else 2


def _reached(gpu: GpuSpec) -> float:
    """TFLOP/s that large multiplications reach."""
    fitting = (share for start, share in UTILISATION.items() if gpu.name.startswith(start))
    return next(fitting, OTHER_UTILISATION) * gpu.bf16_tflops
