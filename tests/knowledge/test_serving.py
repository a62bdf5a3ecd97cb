"""Serving: memory of weights and cache, speed by bandwidth and by multiplications."""

from __future__ import annotations

import math

import pytest

from knowdo.knowledge.catalog import gpu, model
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.serving import (
    estimate_inference_memory,
    kv_bytes_per_token,
    serving_tokens_per_second,
    smallest_serving_gpu,
)

LLAMA = model("Llama-3.1-8B")


def test_the_cache_of_a_token_is_keys_and_values_of_every_layer() -> None:
    # 2 x 32 layers x 8 heads x 128 x 2 bytes: 128 KiB, as the model's makers state.
    assert kv_bytes_per_token(LLAMA) == 131_072
    assert kv_bytes_per_token(LLAMA, 8) == 65_536


def test_memory_is_weights_and_cache() -> None:
    values = estimate_inference_memory(LLAMA, 8192, 4).values
    assert values["weights_gib"].expected == pytest.approx(8.03e9 * 2 / 2**30, rel=0.01)
    assert values["kv_cache_gib"].expected == pytest.approx(4.0)
    total = values["weights_gib"].expected + values["kv_cache_gib"].expected
    assert values["total_gib"].low == pytest.approx(total)
    assert values["total_gib"].expected > total


def test_more_requests_longer_texts_and_more_bits_never_need_less() -> None:
    def total(context: int = 2048, n: int = 2, weights: float = 8, cache: float = 16) -> float:
        found = estimate_inference_memory(LLAMA, context, n, weights, cache)
        return found.values["total_gib"].expected

    assert total(context=4096) > total() > total(cache=8)
    assert total(n=3) > total() > total(weights=4.5)


def test_the_smallest_card_holds_it_and_a_giant_fits_none() -> None:
    small = estimate_inference_memory(LLAMA, 4096, 1)
    card = smallest_serving_gpu(small)
    assert card is not None and 17 <= card.memory_gib <= 24.5
    giant = estimate_inference_memory(model("Qwen2.5-72B"), 32_768, 200)
    assert smallest_serving_gpu(giant) is None


def test_one_request_is_bound_by_bandwidth_and_many_share_the_weights() -> None:
    card = gpu("a100")
    alone = serving_tokens_per_second(LLAMA, card, 1)
    # 16 GB of weights at 2 TB/s: never more than 125 tokens a second.
    assert 40 < alone.expected < card.memory_gb_per_second / 16
    assert serving_tokens_per_second(LLAMA, card, 16).expected > 10 * alone.expected
    assert serving_tokens_per_second(LLAMA, card, 1, weight_bits=4.5).expected > 2 * alone.expected
    most = 0.45 * card.bf16_tflops * 1e12 / (2 * 8.03e9)
    assert serving_tokens_per_second(LLAMA, card, 4096, context=1).high <= most * 1.01


def test_a_text_longer_than_the_context_is_noted() -> None:
    note = estimate_inference_memory(model("SmolLM2-135M"), 100_000).notes[0]
    assert "exceed the context" in note.text("en")


@pytest.mark.parametrize("number", [0, -1, math.nan, math.inf])
def test_nonsense_is_refused(number: float) -> None:
    with pytest.raises(InputError):
        estimate_inference_memory(LLAMA, number)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        serving_tokens_per_second(LLAMA, gpu("l4"), number)  # type: ignore[arg-type]
