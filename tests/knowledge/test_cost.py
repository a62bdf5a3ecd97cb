"""Dollars: worked examples, own prices first, closing services said, nothing invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.cost import gpu_training_cost
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.managed_cost import managed_training_cost
from knowdo.knowledge.rag_cost import embedding_cost
from knowdo.knowledge.schema import Range

HOURS = Range(1, 2, 3)


def test_the_own_price_wins() -> None:
    estimate = gpu_training_cost(HOURS, gpu("a100"), usd_per_hour=2)
    assert estimate.values["usd"] == Range(2, 4, 6)
    assert "your own price" in estimate.assumptions[0].text("en")


def test_several_cards_cost_as_many_times_as_much() -> None:
    one, four = (gpu_training_cost(HOURS, gpu("a100"), 2, n).values["usd"] for n in (1, 4))
    assert four.expected == 4 * one.expected
    with pytest.raises(InputError, match="n_gpus"):
        gpu_training_cost(HOURS, gpu("a100"), 2, 0)


def test_an_own_card_may_cost_nothing() -> None:
    assert gpu_training_cost(HOURS, gpu("4090"), usd_per_hour=0).values["usd"] == Range(0, 0, 0)


def test_without_an_own_price_the_range_covers_the_dated_prices() -> None:
    estimate = gpu_training_cost(HOURS, gpu("4090"))
    assert estimate.values["usd_per_hour"] == Range(0.29, 0.34, 0.74)
    assert estimate.values["usd"].low == pytest.approx(0.29)
    assert estimate.values["usd"].high == pytest.approx(2.22)
    assert estimate.sources
    assert "2026-09-25" in estimate.assumptions[1].text("en")


def test_a_card_without_a_price_asks_for_the_own_one() -> None:
    with pytest.raises(InputError, match="usd_per_hour"):
        gpu_training_cost(HOURS, gpu("RTX3060-12GB"))


@pytest.mark.parametrize(
    "hours", [Range(-1, 2, 3), Range(3, 2, 1), Range(1, float("nan"), 3), Range(1, 2, float("inf"))]
)
def test_hours_that_make_no_sense_are_refused(hours: Range) -> None:
    with pytest.raises(InputError, match="hours"):
        gpu_training_cost(hours, gpu("a100"), usd_per_hour=1)


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_an_own_price_that_makes_no_sense_is_refused(price: float) -> None:
    with pytest.raises(InputError, match="usd_per_hour"):
        gpu_training_cost(HOURS, gpu("a100"), usd_per_hour=price)


def test_half_a_million_tokens_three_times_on_gpt_4o_mini() -> None:
    # 0.5M tokens x 3 epochs x 3.00 USD per million.
    estimate = managed_training_cost("openai", "gpt-4o-mini", 500_000, 3)
    assert estimate.values["usd"].expected == pytest.approx(4.50)


def test_cost_is_linear_in_epochs_and_tokens() -> None:
    def usd(tokens: float, epochs: float) -> float:
        estimate = managed_training_cost("fireworks", "LoRA SFT up to 16B", tokens, epochs)
        return estimate.values["usd"].expected

    assert usd(1e6, 4) == pytest.approx(4 * usd(1e6, 1))
    assert usd(4e6, 1) == pytest.approx(4 * usd(1e6, 1))
    assert usd(1e13, 1) == pytest.approx(5_000_000)


def test_the_least_price_of_a_job_counts() -> None:
    estimate = managed_training_cost("together", "LoRA SFT up to 16B", 1_000, 1)
    assert estimate.values["usd"].expected == 4.0


def test_a_price_that_is_a_range_gives_a_range() -> None:
    usd = managed_training_cost("nebius", "LoRA or full", 1e6, 1).values["usd"]
    assert (usd.low, usd.high) == (0.40, 2.80)


def test_a_closing_service_is_said_with_its_dates() -> None:
    found = managed_training_cost("openai", "gpt-4.1", 1e6, 1).notes
    notes = " ".join(note.text("en") for note in found)
    assert "closing" in notes
    assert "2027-01-06" in notes
    assert "2027-01-14" in notes


def test_an_estimate_carries_dated_sources() -> None:
    estimate = managed_training_cost("bedrock", "Nova Micro", 1e6, 1)
    assert estimate.values["usd"].expected == pytest.approx(1.0)
    assert all(source.retrieved >= date(2026, 1, 1) for source in estimate.sources)


@pytest.mark.parametrize(
    ("provider", "item", "complaint"),
    [
        ("cohere", "command", "Cohere offers no fine-tuning"),
        ("claude", "haiku", "Claude API offers no fine-tuning"),
        ("azure", "gpt-4.1", "No training price of Azure Foundry is known"),
        ("vertex", "Gemini 3.5", "No price of Gemini 3.5 Flash"),
        ("openai", "o4-mini", "billed per hour"),
        ("openai", "gpt", "fits several items"),
        ("openai", "gpt-9", "Unknown OpenAI training item"),
        ("nobody", "x", "Unknown provider 'nobody'"),
    ],
)
def test_a_price_that_is_not_known_is_not_invented(
    provider: str, item: str, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        managed_training_cost(provider, item, 1e6, 1)


@pytest.mark.parametrize("number", [0, -5, float("nan"), float("inf")])
def test_tokens_and_epochs_that_make_no_sense_are_refused(number: float) -> None:
    with pytest.raises(InputError, match="tokens is"):
        managed_training_cost("openai", "gpt-4.1", number, 1)
    with pytest.raises(InputError, match="epochs is"):
        managed_training_cost("openai", "gpt-4.1", 1e6, number)


def test_embedding_a_million_tokens() -> None:
    estimate = embedding_cost(1e6, "text-embedding-3-small")
    assert estimate.values["usd"] == Range(0.02, 0.02, 0.02)
    assert embedding_cost(0, "voyage-4").values["usd"].expected == 0


def test_an_unknown_embedding_model_is_explained() -> None:
    with pytest.raises(InputError, match="Unknown embedding model 'ada-9'"):
        embedding_cost(1e6, "ada-9")


def test_a_range_of_hours_keeps_its_order() -> None:
    estimate = gpu_training_cost(replace(HOURS, high=10), gpu("h100"))
    usd = estimate.values["usd"]
    assert usd.low < usd.expected < usd.high
