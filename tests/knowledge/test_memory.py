"""Training memory: how it grows, what it is for runs that were measured, and what fits where."""

from __future__ import annotations

import dataclasses

import pytest

from knowdo.knowledge.catalog import gpu, model, models
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.memory import (
    card_memory_gib,
    estimate_training_memory,
    interval_factors,
    runs_out_of_memory,
    smallest_gpu_that_fits,
)
from knowdo.knowledge.memory_parts import adapter_parameters
from knowdo.knowledge.memory_stack import TrainingStack
from knowdo.knowledge.schema import Method, ModelSpec, TrainingConfig

MISTRAL = model("Mistral-7B-v0.3")
QLORA = TrainingConfig("qlora", max_length=1024, per_device_train_batch_size=4)


def peak(spec: ModelSpec, config: TrainingConfig, stack: TrainingStack | None = None) -> float:
    return estimate_training_memory(spec, config, stack).values["peak_gib"].expected


@pytest.mark.parametrize("spec", models(), ids=lambda spec: spec.name)
def test_qlora_needs_less_than_lora_and_lora_less_than_full(spec: ModelSpec) -> None:
    # Short batches: with long ones activations outweigh what the methods differ in.
    config = TrainingConfig("qlora", max_length=256, per_device_train_batch_size=1)
    qlora, lora, full = (
        peak(spec, dataclasses.replace(config, method=method))
        for method in ("qlora", "lora", "full")
    )
    assert qlora < lora < full


@pytest.mark.parametrize(
    "larger",
    [
        {"max_length": 2048},
        {"per_device_train_batch_size": 8},
        {"lora_rank": 64},
        {"gradient_checkpointing": False},
        {"loss": "full-logits"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_memory_grows_with(larger: dict[str, int | str], method: Method) -> None:
    config = dataclasses.replace(QLORA, method=method)
    assert peak(MISTRAL, dataclasses.replace(config, **larger)) > peak(MISTRAL, config)  # type: ignore[arg-type]


def test_adapters_on_attention_only_take_less() -> None:
    attention = dataclasses.replace(QLORA, target_modules="attention")
    assert peak(MISTRAL, attention) < peak(MISTRAL, QLORA)


def test_the_peak_is_linear_in_the_tokens_of_a_micro_batch() -> None:
    one, two, three = (
        peak(MISTRAL, dataclasses.replace(QLORA, per_device_train_batch_size=size))
        for size in (1, 2, 3)
    )
    assert three - two == pytest.approx(two - one)


def test_adapter_parameters_match_peft() -> None:
    # PEFT prints 41,943,040 trainable parameters for Mistral-7B, rank 16, all linear layers.
    assert adapter_parameters(MISTRAL, QLORA) == 41_943_040


@pytest.mark.parametrize("batch", [1, 4])
def test_full_training_peaks_at_the_optimizer_step_whatever_the_batch(batch: int) -> None:
    # fms-acceleration, Mistral-7B, A100, AdamW in bf16: 67.46 GiB allocated with short batches.
    config = TrainingConfig("full", max_length=1024, per_device_train_batch_size=batch)
    stack = TrainingStack(accumulates_gradients=False)
    assert peak(MISTRAL, config, stack) == pytest.approx(67.46, rel=0.01)


def test_qlora_of_13b_fits_a_card_with_24_gib() -> None:
    config = TrainingConfig("qlora", max_length=1304, per_device_train_batch_size=1)
    assert peak(model("Llama-2-13B"), config) < 21.0


def test_four_bit_weights_of_7b_take_about_four_gib() -> None:
    values = estimate_training_memory(MISTRAL, QLORA).values
    assert values["weights_gib"].expected == pytest.approx(3.85, abs=0.05)


def test_the_interval_surrounds_the_peak_and_nvidia_smi_shows_more() -> None:
    values = estimate_training_memory(MISTRAL, QLORA).values
    found, smi = values["peak_gib"], values["nvidia_smi_gib"]
    assert found.low < found.expected < found.high < smi.high
    assert smi.expected == pytest.approx(found.expected * 1.078 + 1.5)


def test_nvidia_smi_shows_the_logits_that_come_and_go() -> None:
    plain = dataclasses.replace(QLORA, loss="full-logits")
    values = estimate_training_memory(MISTRAL, plain).values
    logits = 4 * 1024 * MISTRAL.vocabulary * 4 / 2**30
    over = values["nvidia_smi_gib"].expected - values["peak_gib"].expected * 1.078 - 1.5
    assert over == pytest.approx(0.75 * logits)


def test_the_interval_is_wider_upwards_for_four_bits_without_checkpointing() -> None:
    assert interval_factors("qlora", False)[1] > interval_factors("qlora", True)[1]


def test_every_estimate_says_what_it_assumes_and_where_it_comes_from() -> None:
    estimate = estimate_training_memory(MISTRAL, QLORA)
    assert any(
        "micro-batch of 4 x 1,024 tokens" in line.text("en") for line in estimate.assumptions
    )
    assert MISTRAL.source in estimate.sources


def test_a_length_beyond_the_context_is_noted() -> None:
    beyond = dataclasses.replace(QLORA, max_length=MISTRAL.context + 1)
    assert "exceed the context" in estimate_training_memory(MISTRAL, beyond).notes[0].text("en")


def test_the_suggested_card_is_the_smallest_that_has_room() -> None:
    estimate = estimate_training_memory(MISTRAL, QLORA)
    card = smallest_gpu_that_fits(estimate)
    assert card is not None
    assert card.memory_gib >= card_memory_gib(estimate)
    full = estimate_training_memory(MISTRAL, TrainingConfig("full", max_length=512))
    assert smallest_gpu_that_fits(full) == gpu("A100-80GB")


def test_no_card_is_suggested_when_none_is_large_enough() -> None:
    full = estimate_training_memory(model("Qwen2.5-72B"), TrainingConfig("full"))
    assert smallest_gpu_that_fits(full) is None


@pytest.mark.parametrize("field", ["max_length", "per_device_train_batch_size", "lora_rank"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_settings_that_make_no_sense_are_refused(field: str, value: float) -> None:
    config = dataclasses.replace(QLORA, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=field):
        estimate_training_memory(MISTRAL, config)


def test_a_model_without_parameters_is_refused() -> None:
    with pytest.raises(InputError, match="0 billion parameters"):
        estimate_training_memory(dataclasses.replace(MISTRAL, parameters_b=0), QLORA)


FULL = TrainingConfig("full", max_length=1024, per_device_train_batch_size=1)


def test_sharding_divides_what_each_card_holds_and_more_cards_never_hold_more() -> None:
    peaks = [
        peak(MISTRAL, dataclasses.replace(FULL, n_gpus=n, sharding="full-shard"))
        for n in (1, 2, 4, 8)
    ]
    assert peaks == sorted(peaks, reverse=True)
    # fms-acceleration, Mistral-7B with fp32 weights under FSDP: 67.46 GiB on two cards.
    two = dataclasses.replace(FULL, n_gpus=2, sharding="full-shard", master_weights=True)
    assert peak(MISTRAL, two) == pytest.approx(67.46, rel=0.01)


def test_without_sharding_more_cards_save_nothing() -> None:
    assert peak(MISTRAL, dataclasses.replace(FULL, n_gpus=4)) == peak(MISTRAL, FULL)


def test_cheaper_optimizers_take_less() -> None:
    plain, eight_bit, paged, fused = (
        peak(MISTRAL, dataclasses.replace(FULL, **settings))
        for settings in (
            {},
            {"optimizer": "adamw-8bit"},
            {"optimizer": "paged-adamw-8bit"},
            {"optimizer": "paged-adamw-8bit", "optimizer_in_backward": True},
        )
    )
    assert plain > eight_bit > paged > fused
    # Below the weights nothing goes.
    assert fused > 2 * MISTRAL.parameters_b * 1e9 / 2**30


def test_scores_that_are_kept_grow_with_the_square_of_the_length() -> None:
    eager = dataclasses.replace(QLORA, attention="eager")
    added = [
        peak(MISTRAL, dataclasses.replace(eager, max_length=n))
        - peak(MISTRAL, dataclasses.replace(QLORA, max_length=n))
        for n in (8192, 16384)
    ]
    assert 0 < added[0] < added[1]
    assert added[1] > 3.9 * added[0]


def test_a_mixture_keeps_the_activations_of_the_experts_at_work() -> None:
    one, two = (dataclasses.replace(MISTRAL, experts=8, experts_per_token=n) for n in (1, 2))
    assert peak(two, QLORA) > peak(one, QLORA)
    notes = estimate_training_memory(two, QLORA).assumptions
    assert any("8 experts" in line.text("en") for line in notes)


def test_a_run_far_beyond_the_card_runs_out_of_memory_and_a_small_one_does_not() -> None:
    assert runs_out_of_memory(estimate_training_memory(MISTRAL, FULL), gpu("RTX4090-24GB"))
    assert not runs_out_of_memory(estimate_training_memory(MISTRAL, QLORA), gpu("RTX4090-24GB"))


def test_an_unknown_target_is_named_with_those_that_are_known() -> None:
    wrong = dataclasses.replace(QLORA, target_modules="q,query")
    with pytest.raises(InputError, match=r"'query'.*q, k, v, o, gate"):
        estimate_training_memory(MISTRAL, wrong)
