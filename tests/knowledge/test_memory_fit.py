"""When a run does not fit: the changes that are found make it fit, and are as small as they can."""

from __future__ import annotations

import dataclasses

import pytest

from knowdo.knowledge.catalog import gpu, model
from knowdo.knowledge.memory_fit import changes_that_fit, fits
from knowdo.knowledge.schema import TrainingConfig
from knowdo.knowledge.wording import LANGUAGES

LLAMA = model("Llama-3.1-8B")
CARD = gpu("4090")


@pytest.mark.parametrize(
    ("name", "config", "card"),
    [
        ("Llama-3.1-8B", TrainingConfig("full"), "4090"),
        ("Llama-3.1-8B", TrainingConfig("lora", max_length=8192), "4090"),
        ("Llama-3.1-70B", TrainingConfig("qlora"), "4090"),
        ("Qwen2.5-0.5B", TrainingConfig("lora", max_length=32768), "T4"),
        ("Qwen2.5-7B", TrainingConfig("qlora", attention="eager", max_length=8192), "4090"),
        ("Llama-3.1-405B", TrainingConfig("lora"), "4090"),
    ],
)
def test_every_change_makes_the_run_fit(name: str, config: TrainingConfig, card: str) -> None:
    found = changes_that_fit(model(name), config, gpu(card), limit=20)
    assert found
    for change in found:
        assert fits(change.model, change.config, change.gpu), change.kind
        assert change.peak_gib < change.gpu.memory_gib


def test_a_run_that_fits_needs_no_change() -> None:
    assert changes_that_fit(LLAMA, TrainingConfig("qlora"), CARD) == ()


def test_what_costs_nothing_comes_before_what_costs_time_reach_or_money() -> None:
    wasteful = TrainingConfig(
        "lora", loss="full-logits", attention="eager", gradient_checkpointing=False,
        per_device_train_batch_size=8, max_length=2048,
    )  # fmt: skip
    order = ["loss", "attention", "batch", "checkpointing", "optimizer", "method", "length"]
    order += ["model", "card", "cards"]
    kinds = [c.kind for c in changes_that_fit(model("Qwen2.5-0.5B"), wasteful, CARD, limit=20)]
    single = [kind for kind in kinds if "+" not in kind]
    assert single == sorted(single, key=order.index)


def test_the_batch_is_made_no_smaller_than_it_must() -> None:
    config = TrainingConfig("lora", max_length=2048, per_device_train_batch_size=16)
    batch = next(c for c in changes_that_fit(LLAMA, config, CARD, 20) if c.kind == "batch")
    twice = 2 * batch.config.per_device_train_batch_size
    larger = dataclasses.replace(config, per_device_train_batch_size=twice)
    assert not fits(LLAMA, larger, CARD)


def test_two_changes_are_named_where_one_alone_is_not_enough() -> None:
    config = TrainingConfig("qlora", gradient_checkpointing=False, loss="full-logits")
    found = changes_that_fit(model("Qwen2.5-7B"), config, gpu("4080"))
    assert "+" in found[0].kind


def test_a_smaller_model_is_of_the_same_family() -> None:
    found = changes_that_fit(model("Qwen2.5-72B"), TrainingConfig("qlora"), CARD, 20)
    assert next(c for c in found if c.kind == "model").model.name.startswith("Qwen")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_change_is_said_in_each_language(language: str) -> None:
    found = changes_that_fit(LLAMA, TrainingConfig("full"), CARD, limit=20)
    assert all(change.said.text(language) for change in found)  # type: ignore[arg-type]
