"""Training speed: against measured anchors, how it moves, and the time that follows from it."""

from __future__ import annotations

import dataclasses

import pytest

from knowdo.knowledge.catalog import gpu, model
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Range, TrainingConfig
from knowdo.knowledge.throughput import (
    estimate_tokens_per_second,
    flops_per_token,
    measured_tokens_per_second,
    training_seconds,
)

MISTRAL, A100 = model("Mistral-7B-v0.3"), gpu("a100")
PACKED = TrainingConfig("lora", max_length=4096, per_device_train_batch_size=2, loss="fused-ce")


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("full", 3_060, 3_570), ("lora", 3_330, 3_950), ("qlora", 2_900, 4_240)],
)
def test_the_interval_holds_what_was_measured_on_an_a100(
    method: str, low: float, high: float
) -> None:
    # fms-acceleration: Mistral-7B, A100-80GB, 4,096 packed tokens, checkpointing.
    config = dataclasses.replace(PACKED, method=method)  # type: ignore[arg-type]
    speed = estimate_tokens_per_second(MISTRAL, config, A100)
    assert speed.low < low < high < speed.high


def test_adapters_take_two_thirds_of_the_work_of_full_training() -> None:
    lora = dataclasses.replace(PACKED, gradient_checkpointing=False)
    full = dataclasses.replace(lora, method="full")
    assert flops_per_token(MISTRAL, lora) / flops_per_token(MISTRAL, full) == pytest.approx(2 / 3)


def test_checkpointing_and_small_batches_cost_speed() -> None:
    expected = estimate_tokens_per_second(MISTRAL, PACKED, A100).expected
    plain = dataclasses.replace(PACKED, gradient_checkpointing=False)
    small = dataclasses.replace(PACKED, max_length=256, per_device_train_batch_size=1)
    assert estimate_tokens_per_second(MISTRAL, plain, A100).expected > expected
    assert estimate_tokens_per_second(MISTRAL, small, A100).expected < expected / 2


def test_a_larger_model_and_a_slower_card_are_slower() -> None:
    expected = estimate_tokens_per_second(MISTRAL, PACKED, A100).expected
    assert estimate_tokens_per_second(model("Llama-2-13B"), PACKED, A100).expected < expected
    assert estimate_tokens_per_second(MISTRAL, PACKED, gpu("t4")).expected < expected


def test_a_card_outside_the_catalogue_is_estimated_too() -> None:
    own = dataclasses.replace(A100, name="Own card")
    assert estimate_tokens_per_second(MISTRAL, PACKED, own).expected > 0


def test_time_is_tokens_over_speed_plus_start_up() -> None:
    assert training_seconds(12_000, Range(50, 100, 200), 30) == Range(90, 150, 270)


def test_ten_trillion_tokens_are_a_long_time_and_no_error() -> None:
    assert training_seconds(1e13, Range(3_000, 3_500, 4_000), 60).expected > 80 * 365 * 86_400


@pytest.mark.parametrize("tokens", [-1, float("nan"), float("inf")])
def test_a_number_of_tokens_that_makes_no_sense_is_refused(tokens: float) -> None:
    with pytest.raises(InputError, match="tokens is"):
        training_seconds(tokens, Range(1, 2, 3))


@pytest.mark.parametrize("speed", [Range(0, 0, 0), Range(-1, 1, 2), Range(1, 2, float("nan"))])
def test_a_speed_that_makes_no_sense_is_refused(speed: Range) -> None:
    with pytest.raises(InputError, match="makes no sense"):
        training_seconds(1_000, speed)


def test_a_micro_batch_without_tokens_is_refused() -> None:
    with pytest.raises(InputError, match="micro-batch of 0 tokens"):
        estimate_tokens_per_second(MISTRAL, dataclasses.replace(PACKED, max_length=0), A100)


def test_a_measured_speed_becomes_a_range_around_it() -> None:
    speed = measured_tokens_per_second(tokens=10_240, seconds=40)
    assert speed.expected == 256
    assert speed.low < 256 < speed.high
    with pytest.raises(InputError, match="seconds is 0"):
        measured_tokens_per_second(tokens=10_240, seconds=0)
