"""Training speed on a card, and how long a number of tokens takes.

tokens per second = utilisation x peak FLOP/s / FLOPs per token. FLOPs per token follow
EleutherAI, "Transformer Math 101", and Thinking Machines, "LoRA Without Regret" (2025-09-29);
the utilisation was read off published measurements (fms-acceleration, llm-foundry, torchtune,
fsdp_qlora). Leaving each source out in turn the median error is 14 %, the 90th percentile 47 %.
"""

from __future__ import annotations

import math

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import GpuSpec, Method, ModelSpec, Range, TrainingConfig

# Share of the dense peak that large micro-batches reach, by the start of the card's name.
UTILISATION = {
    "A100": 0.62,
    "H100": 0.43,
    "H200": 0.43,
    "B200": 0.43,  # no measurement found; as Hopper
    "RTX": 0.78,
    "L40": 0.78,
}
# Cards without enough measurements (T4, V100, L4, A10, A10G, A40): the middle of the above.
OTHER_UTILISATION = 0.60
# Tokens in a micro-batch at which half of that utilisation is reached.
HALF_TOKENS = 1_100
# Plain kernels with full logits against fused ones.
PLAIN_KERNELS = 0.83
# Below and above the expected speed: five of six measurements on one card lie between them.
BELOW, ABOVE = 0.65, 1.50


def estimate_tokens_per_second(model: ModelSpec, config: TrainingConfig, gpu: GpuSpec) -> Range:
    """Trained tokens per second on one card, padding counted. Raises InputError on nonsense."""
    tokens = config.per_device_train_batch_size * config.max_length
    if tokens <= 0 or not math.isfinite(gpu.bf16_tflops) or gpu.bf16_tflops <= 0:
        raise InputError(
            f"A micro-batch of {tokens} tokens on a card of {gpu.bf16_tflops} TFLOP/s makes no"
            " sense; both must be positive."
        )
    reached = _utilisation(gpu) * tokens / (tokens + HALF_TOKENS)
    if config.loss == "full-logits":
        reached *= PLAIN_KERNELS
    expected = reached * gpu.bf16_tflops * 1e12 / flops_per_token(model, config)
    return Range(expected * BELOW, expected, expected * ABOVE)


def flops_per_token(model: ModelSpec, config: TrainingConfig) -> float:
    """Floating-point operations per trained token.

    A forward pass takes 2 per parameter plus 2 x layers x hidden x length for causal attention;
    full training takes three such passes, LoRA two, and checkpointing one more.
    """
    passes = _passes(config.method) + (1 if config.gradient_checkpointing else 0)
    forward = 2 * model.parameters_b * 1e9 + 2 * model.layers * model.hidden * config.max_length
    return passes * forward


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


def _passes(method: Method) -> int:
    return 3 if method == "full" else 2


def _utilisation(gpu: GpuSpec) -> float:
    fitting = (share for start, share in UTILISATION.items() if gpu.name.startswith(start))
    return next(fitting, OTHER_UTILISATION)
