"""Any model by its config.json: the shape, the parameters, and files that are something else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowdo.knowledge.catalog import model
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.memory import estimate_training_memory
from knowdo.knowledge.model_config import model_from_config, spec_of_config
from knowdo.knowledge.schema import TrainingConfig

DAY = date(2026, 12, 1)
# The sizes of Qwen2.5-0.5B, as its config.json names them.
QWEN: dict[str, Any] = {
    "model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24, "intermediate_size": 4864,
    "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
    "tie_word_embeddings": True, "max_position_embeddings": 32768,
}  # fmt: skip


def test_a_config_gives_the_shape_that_the_catalogue_has() -> None:
    found, known = spec_of_config(QWEN, "mine", DAY), model("Qwen2.5-0.5B")
    for name in ("layers", "hidden", "ffn", "heads", "kv_heads", "head_dim", "vocabulary"):
        assert getattr(found, name) == getattr(known, name), name
    assert found.parameters_b == pytest.approx(known.parameters_b, rel=0.005)


def test_a_folder_is_read_and_names_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(QWEN), encoding="utf-8")
    spec = model_from_config(folder, DAY)
    assert spec.name == "my-model"
    peak = estimate_training_memory(spec, TrainingConfig("lora")).values["peak_gib"]
    assert peak.expected > 0


def test_gpt2_names_its_sizes_otherwise_and_has_no_gate() -> None:
    told = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}
    spec = spec_of_config(told, "gpt2", DAY)
    assert (spec.ffn, spec.gated_mlp, spec.tied_embeddings) == (3072, False, True)
    assert spec.parameters_b == pytest.approx(0.124, rel=0.01)


def test_a_mixture_counts_all_experts_and_those_at_work() -> None:
    told = {
        "model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32,
        "intermediate_size": 14336, "num_attention_heads": 32, "num_key_value_heads": 8,
        "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2,
    }  # fmt: skip
    spec, known = spec_of_config(told, "mixtral", DAY), model("Mixtral-8x7B")
    assert spec.parameters_b == pytest.approx(known.parameters_b, rel=0.002)
    assert spec.active_parameters_b == pytest.approx(known.active_parameters_b, rel=0.002)


def test_the_language_part_of_a_model_that_sees_is_taken() -> None:
    spec = spec_of_config({"model_type": "llava", "text_config": QWEN}, "sees", DAY)
    assert spec.layers == 24


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"hidden_size": None}, "has no hidden_size"),
        ({"num_hidden_layers": -3}, "num_hidden_layers is -3"),
        ({"vocab_size": "many"}, "vocab_size is 'many'"),
        ({"model_type": "deepseek_v3"}, "nearest ordinary model"),
    ],
)
def test_what_is_no_usable_shape_is_said(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        spec_of_config({**QWEN, **changed}, "mine", DAY)


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]"])
def test_a_file_that_is_no_config_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"config\.json"):
        model_from_config(file, DAY)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.*cannot be read"):
        model_from_config(tmp_path / "nowhere", DAY)
