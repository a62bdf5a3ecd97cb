"""Plans: what they hold, how they are kept, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.tools.finetune.hardware import Hardware
from knowdo.tools.finetune.plan import load_plan, plan_path
from knowdo.tools.finetune.planning import plan_finetune

WriteExamples = Callable[..., Path]
TINY = "tiny-llama"


def test_a_plan_is_the_same_for_the_same_input_and_comes_back_from_disk(
    state: Path, write_examples: WriteExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "knowdo.tools.finetune.planning.detect_hardware",
        lambda: Hardware("cpu", "2 CPU cores", 8.0, 2, fast_bf16=True),
    )
    file = write_examples(80)
    plan = plan_finetune(file, TINY)
    assert plan_finetune(file, TINY).plan_id == plan.plan_id
    assert plan_finetune(file, TINY, seed=7).plan_id != plan.plan_id
    assert load_plan(plan.plan_id) == plan
    assert plan.data.train_examples + plan.data.test_examples == 80
    assert plan.cost_usd.high == 0
    assert plan.blockers == ()
    assert set(plan.reasons) >= {"method", "learning_rate", "num_train_epochs", "max_length"}


def test_enough_memory_means_lora_and_too_little_means_four_bits(
    state: Path, write_examples: WriteExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "knowdo.tools.finetune.planning.detect_hardware"
    monkeypatch.setattr(where, lambda: Hardware("cpu", "2 CPU cores", 8.0, 2, True))
    assert plan_finetune(write_examples(80), TINY).method == "lora"
    monkeypatch.setattr(where, lambda: Hardware("cpu", "2 CPU cores", 0.5, 2, True))
    plan = plan_finetune(write_examples(80), TINY)
    assert plan.method == "qlora"
    assert "0.5 GiB are free" in plan.reasons["method"]
    assert any("per_device_train_batch_size" in blocker for blocker in plan.blockers)


def test_a_graphics_card_is_planned_with_the_catalogue_of_cards(
    state: Path, write_examples: WriteExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Hardware("cuda", "NVIDIA T4", 14.0, 4, fast_bf16=False)
    monkeypatch.setattr("knowdo.tools.finetune.planning.detect_hardware", lambda: card)
    plan = plan_finetune(write_examples(80), TINY)
    assert plan.device == "cuda"
    assert "fp16" in plan.precision


@pytest.mark.parametrize("name", ["max_seq_length", "cutoff_len", "sequence_len", "max_length"])
def test_every_spelling_of_the_sequence_length_is_taken(
    state: Path, write_examples: WriteExamples, name: str
) -> None:
    plan = plan_finetune(write_examples(80), TINY, **{name: "128"})
    assert plan.settings.max_length == 128
    assert plan.reasons["max_length"] == "as you asked"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"learnig_rate": 1e-4}, "learning_rate"),
        ({"learning_rate": "fast"}, "must be a number"),
        ({"lora_rank": 0}, "from 1 to 512"),
        ({"lora_rank": 2.5}, "whole number"),
        ({"num_train_epochs": float("nan")}, "must be a number"),
        ({"method": "lorra"}, "lora"),
        ({"max_length": 4096}, "reads at most 256 tokens"),
        ({"max_length": 64, "cutoff_len": 32}, "a second time"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_the_way_out(
    state: Path, write_examples: WriteExamples, overrides: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        plan_finetune(write_examples(80), TINY, **overrides)


def test_too_few_examples_block_the_plan(state: Path, write_examples: WriteExamples) -> None:
    plan = plan_finetune(write_examples(20), TINY)
    assert any("at least 50" in blocker for blocker in plan.blockers)


def test_a_missing_base_model_is_named_with_where_it_was_sought(
    state: Path, write_examples: WriteExamples, tiny_models: Path
) -> None:
    with pytest.raises(InputError, match="knowdo models fetch") as caught:
        plan_finetune(write_examples(80), "not-there")
    assert str(tiny_models / "not-there") in str(caught.value)
    assert TINY in str(caught.value)


def test_a_changed_dataset_makes_the_plan_void(state: Path, write_examples: WriteExamples) -> None:
    file = write_examples(80)
    plan = plan_finetune(file, TINY)
    file.write_text(file.read_text() + "\n")
    with pytest.raises(InputError, match=r"has changed since .* Plan again"):
        load_plan(plan.plan_id)


def test_an_altered_plan_is_refused(state: Path, write_examples: WriteExamples) -> None:
    plan = plan_finetune(write_examples(80), TINY)
    path = plan_path(plan.plan_id)
    stored = json.loads(path.read_text())
    stored["settings"]["num_train_epochs"] = 50
    path.write_text(json.dumps(stored))
    with pytest.raises(InputError, match="was altered"):
        load_plan(plan.plan_id)


@pytest.mark.parametrize("plan_id", ["../../etc/passwd", "0123456789ab", ""])
def test_an_unknown_plan_is_an_error_in_words(state: Path, plan_id: str) -> None:
    with pytest.raises(InputError, match="plan"):
        load_plan(plan_id)


def test_an_own_test_file_is_kept_out_of_training(
    state: Path, write_examples: WriteExamples
) -> None:
    train, test = write_examples(80, "train.jsonl"), write_examples(10, "test.jsonl")
    plan = plan_finetune(train, TINY, test)
    assert (plan.data.train_examples, plan.data.test_examples) == (70, 10)
    assert any("10 training questions stand in the test file" in w for w in plan.warnings)


def test_a_price_an_hour_becomes_the_price_of_the_run(
    state: Path, write_examples: WriteExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWDO_USD_PER_HOUR", "3.60")
    plan = plan_finetune(write_examples(80), TINY)
    assert plan.cost_usd.expected == pytest.approx(plan.seconds.expected * 0.001)
    assert any("$3.6 an hour" in assumption for assumption in plan.assumptions)


def test_importing_the_planner_does_not_import_torch() -> None:
    import subprocess

    code = "import knowdo.tools.finetune.planning, knowdo.tools.jobs.supervisor, sys;"
    code += "print([m for m in ('torch', 'transformers', 'trl', 'peft') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
