"""Serving an open model: memory of weights and KV cache in GiB, and tokens per second.

A decoding step reads every active weight once for the whole batch and each request's own cache, so
it takes at least those bytes over the card's bandwidth; with many requests the multiplications take
longer (Pope et al., "Efficiently Scaling Transformer Inference", arXiv 2211.05102, section 2).
"""

from __future__ import annotations

import math

from knowdo.knowledge.catalog import gpus
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Estimate, GpuSpec, ModelSpec, Range
from knowdo.knowledge.wording import Line

GIB = 2**30
# A server keeps about a tenth of the card free for activations, graphs and fragments (vLLM's
# default gpu_memory_utilization of 0.9).
USABLE_SHARE = 0.9
# Shares of bandwidth and of dense FLOP/s that servers reach; the span covers kernels and batching.
BANDWIDTH_LOW, BANDWIDTH_SHARE, BANDWIDTH_HIGH = 0.40, 0.60, 0.80
COMPUTE_SHARE = 0.45


def estimate_inference_memory(
    model: ModelSpec,
    context: int,
    concurrency: int = 1,
    weight_bits: float = 16,
    kv_bits: float = 16,
) -> Estimate:
    """Memory to serve a model; `values` holds weights_gib, kv_cache_gib and total_gib.

    `context` is the tokens of prompt and answer of one request, `concurrency` the requests at once.
    Embeddings and output head stay in 16 bits when the weights have fewer. Raises InputError on
    numbers that make no sense.
    """
    _check(context=context, concurrency=concurrency, weight_bits=weight_bits, kv_bits=kv_bits)
    weights = _weight_bytes(model, weight_bits, model.parameters_b) / GIB
    cache = kv_bytes_per_token(model, kv_bits) * context * concurrency / GIB
    notes = []
    if context > model.context:
        values = {"context": context, "model": model.name, "longest": model.context}
        notes.append(Line("serving.too_long", values))
    return Estimate(
        values={
            "weights_gib": Range(weights, weights, weights),
            "kv_cache_gib": Range(cache, cache, cache),
            # Activations and the CUDA context come on top of both.
            "total_gib": Range(weights + cache, (weights + cache) / USABLE_SHARE,
                               (weights + cache) / USABLE_SHARE + 1.0),
        },
        assumptions=(
            Line("serving.weights", {"model": model.name, "bits": weight_bits}),
            Line("serving.cache", {"context": context, "n": concurrency, "bits": kv_bits}),
        ),
        sources=(model.source,),
        notes=tuple(notes),
    )  # fmt: skip


def smallest_serving_gpu(estimate: Estimate) -> GpuSpec | None:
    """The card with the least memory that holds the expected total, or None when none does."""
    needed = estimate.values["total_gib"].expected
    return next((g for g in gpus() if g.kind == "nvidia" and g.memory_gib >= needed), None)


def kv_bytes_per_token(model: ModelSpec, kv_bits: float = 16) -> float:
    """Bytes that one token leaves in the cache: keys and values of every layer."""
    return 2 * model.layers * model.kv_heads * model.head_dim * kv_bits / 8


def serving_tokens_per_second(
    model: ModelSpec,
    gpu: GpuSpec,
    concurrency: int = 1,
    weight_bits: float = 16,
    context: int = 1024,
) -> Range:
    """Answer tokens per second of all requests together on one card.

    The slower of two bounds: bytes over bandwidth, and 2 FLOPs a parameter and token over the
    card's speed. Raises InputError on numbers that make no sense.
    """
    _check(context=context, concurrency=concurrency, weight_bits=weight_bits)
    active = model.active_parameters_b or model.parameters_b
    # With several requests a mixture of experts reads more of its experts.
    read = min(model.parameters_b, active * concurrency) if model.experts else active
    moved = _weight_bytes(model, weight_bits, read)
    moved += kv_bytes_per_token(model) * context * concurrency
    flops = 2 * active * 1e9 * concurrency

    def speed(bandwidth_share: float) -> float:
        by_bytes = moved / (gpu.memory_gb_per_second * 1e9 * bandwidth_share)
        by_flops = flops / (gpu.bf16_tflops * 1e12 * COMPUTE_SHARE)
        return concurrency / max(by_bytes, by_flops)

    return Range(speed(BANDWIDTH_LOW), speed(BANDWIDTH_SHARE), speed(BANDWIDTH_HIGH))


def _weight_bytes(model: ModelSpec, bits: float, parameters_b: float) -> float:
    parameters = parameters_b * 1e9
    if bits >= 16:
        return parameters * bits / 8
    tables = (1 if model.tied_embeddings else 2) * model.vocabulary * model.hidden
    in_16_bits = min(float(tables), parameters)
    return (parameters - in_16_bits) * bits / 8 + 2 * in_16_bits


def _check(**values: float) -> None:
    for name, value in values.items():
        if not math.isfinite(value) or value <= 0:
            raise InputError(f"{name} is {value}; it must be a positive number.")
