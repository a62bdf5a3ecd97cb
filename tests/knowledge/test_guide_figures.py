"""The figures that people have read in guides to fine-tuning: reproduced here, or contradicted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowdo.knowledge.break_even import HOURS_A_MONTH
from knowdo.knowledge.catalog import closest_model_by_size, model
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.inference_prices import inference_price
from knowdo.knowledge.managed_cost import managed_training_cost
from knowdo.knowledge.memory import estimate_training_memory
from knowdo.knowledge.schema import ModelSpec, TrainingConfig
from knowdo.tools.estimate import estimate_cost

MISTRAL = model("Mistral-7B-v0.3")
FULL = TrainingConfig("full", max_length=2048, per_device_train_batch_size=1)


def peak(spec: ModelSpec, config: TrainingConfig) -> float:
    return estimate_training_memory(spec, config).values["peak_gib"].expected


def run_usd(item: str, epochs: float) -> float:
    return managed_training_cost("openai", item, 500_000, epochs).values["usd"].expected


def test_half_a_million_tokens_cost_three_times_as_much_as_said_since_epochs_count() -> None:
    # Said: 1.50 to 4.00 dollars a run. One epoch of gpt-4o-mini, yes; three epochs of it, no.
    assert run_usd("gpt-4o-mini", 1) == pytest.approx(1.50)
    assert run_usd("gpt-4o-mini", 3) == pytest.approx(4.50)
    assert run_usd("gpt-4.1", 3) == pytest.approx(37.50)


def test_full_training_of_7b_takes_less_or_more_than_40_to_80_gb_by_the_optimizer() -> None:
    assert 40 < peak(MISTRAL, FULL) < 80
    assert peak(MISTRAL, replace(FULL, master_weights=True)) > 80
    saving = replace(FULL, optimizer="paged-adamw-8bit", optimizer_in_backward=True)
    assert peak(MISTRAL, saving) < 20


def test_adapters_cut_memory_four_to_ten_times_and_less_with_long_batches() -> None:
    full, lora, qlora = (
        peak(MISTRAL, replace(FULL, method=method)) for method in ("full", "lora", "qlora")
    )
    assert 4 < full / lora < 5
    assert 10 < full / qlora < 12.5
    long = replace(FULL, max_length=32_768)
    assert peak(MISTRAL, long) / peak(MISTRAL, replace(long, method="lora")) < 3


def test_13b_loads_in_8_gb_in_4_bits_and_trains_on_a_card_of_24() -> None:
    llama = model("Llama-2-13B")
    found = estimate_training_memory(llama, replace(FULL, method="qlora")).values
    assert 6 < found["weights_gib"].expected < 8
    assert found["peak_gib"].high < 24


def test_a_qlora_run_of_7b_takes_minutes_on_an_a100_and_not_hours() -> None:
    # Said: 1 to 2 hours and 2 to 8 dollars for 1,000 examples.
    found = estimate_cost(model_size_b=7, n_examples=1000, tokens_per_example=500)
    assert found.usd is not None
    assert 6 * 60 < found.seconds.expected < 10 * 60
    assert 0.20 < found.usd.expected < 0.50
    # An hour describes a T4, of which no dated price is known.
    old_card = estimate_cost(model_size_b=7, n_examples=1000, tokens_per_example=500, gpu_name="T4")
    assert 30 * 60 < old_card.seconds.expected < 60 * 60 and old_card.usd is None


def test_70b_takes_one_a100_hour_and_not_four_to_eight() -> None:
    found = estimate_cost(model_size_b=70, n_examples=1000, tokens_per_example=500)
    assert 0.8 * 3600 < found.seconds.expected < 1.3 * 3600


def test_13b_costs_about_twice_as_much_as_7b() -> None:
    seven, thirteen = (
        estimate_cost(base_model=name, n_examples=20_000, tokens_per_example=500)
        for name in ("Llama-2-7B", "Llama-2-13B")
    )
    assert thirteen.seconds.expected / seven.seconds.expected == pytest.approx(1.9, abs=0.15)


def test_an_always_on_card_breaks_even_far_later_than_against_the_price_of_2023() -> None:
    # Said: weeks, against 0.03 dollars per 1,000 tokens of a model that has been shut down.
    card_usd = 0.8048 * HOURS_A_MONTH
    luna = inference_price("gpt-6-luna")
    blended = (3 * luna.usd_in + luna.usd_out) / 4
    assert card_usd / blended == pytest.approx(2_938, rel=0.01)
    assert card_usd / 37.5 < 20


def test_a_size_of_7b_is_no_special_case() -> None:
    assert closest_model_by_size(7) is MISTRAL


@pytest.mark.parametrize(
    ("task", "minimum"),
    [("style", 100), ("format", 200), ("vocabulary", 500), ("instruction", 1000)],
)
def test_the_starting_points_for_data_are_kept(task: str, minimum: int) -> None:
    assert data_needs(task).minimum == minimum


def test_classification_counts_per_class() -> None:
    assert data_needs("classification", 12).minimum == 600
