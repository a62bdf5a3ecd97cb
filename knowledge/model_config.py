"""The shape of any open model, from its `config.json`, and the parameters that a shape has."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import ModelSpec, Source

# Families whose MLP has two matrices and no gate.
_PLAIN_MLP = {
    "gpt2", "gpt_neox", "gpt_neo", "gptj", "gpt_bigcode", "starcoder2", "falcon", "phi", "opt",
    "bloom", "mpt",
}  # fmt: skip
# Families that tie embedding and output head unless their file says otherwise.
_TIED = {
    "gemma", "gemma2", "gemma3", "gemma3_text", "cohere", "cohere2", "gpt2", "gpt_bigcode",
    "starcoder2", "falcon", "opt", "bloom",
}  # fmt: skip
# Attention over a compressed cache, and models that aren't transformers, have other shapes.
_OTHER_SHAPES = {"deepseek_v2", "deepseek_v3", "mamba", "mamba2", "rwkv", "jamba", "t5", "bart"}
_MAX_BYTES = 1_000_000


def model_from_config(path: Path, day: date, name: str | None = None) -> ModelSpec:
    """The model that a `config.json`, or the folder that holds one, describes, read on `day`.

    Parameters are counted from the shape, without biases and norms (within half a per cent). Raises
    InputError when the file can't be read, lacks a size, or is of a family with another shape.
    """
    file = path / "config.json" if path.is_dir() else path
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InputError(f"{file} is larger than a config.json ever is; is it another file?")
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{file} cannot be read as a model's config.json ({error}). It lies beside the model's"
            " weights and is a JSON object."
        ) from error
    if not isinstance(told, dict):
        raise InputError(f"{file} is no JSON object, so no model's config.json.")
    found = name or str(told.get("_name_or_path") or file.resolve().parent.name)
    return spec_of_config(told, found.rsplit("/", maxsplit=1)[-1], day, str(file))


def spec_of_config(
    told: Mapping[str, Any], name: str, day: date, where: str = "config.json"
) -> ModelSpec:
    """The shape that the settings of a config.json describe. Raises InputError when one lacks."""
    family = str(told.get("model_type", ""))
    # Models that also see keep the shape of their language part apart.
    text = {**told, **told["text_config"]} if isinstance(told.get("text_config"), dict) else told
    if family in _OTHER_SHAPES or "kv_lora_rank" in text:
        raise InputError(
            f"{name} is of the family {family or 'with compressed attention'}, whose memory these"
            " formulas do not describe. Take the nearest ordinary model of its size."
        )
    sizes = _Sizes(text, name, where)
    hidden, heads = (
        sizes.of("hidden_size", "n_embd", "d_model"),
        sizes.of("num_attention_heads", "n_head", "num_heads"),
    )
    experts = sizes.of("num_local_experts", "num_experts", "n_routed_experts", default=0)
    per_token = sizes.of("num_experts_per_tok", "num_experts_per_token", default=2)
    ffn = sizes.of("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", default=4 * hidden)
    one_key = bool(text.get("multi_query")) and not text.get("new_decoder_architecture")
    spec = ModelSpec(
        name=name,
        parameters_b=1.0,
        layers=sizes.of("num_hidden_layers", "n_layer", "num_layers"),
        hidden=hidden,
        ffn=sizes.of("moe_intermediate_size", default=ffn) if experts else ffn,
        heads=heads,
        kv_heads=1 if one_key else sizes.of("num_key_value_heads", "num_kv_heads", default=heads),
        head_dim=sizes.of("head_dim", default=hidden // heads),
        vocabulary=sizes.of("vocab_size"),
        tied_embeddings=bool(text.get("tie_word_embeddings", family in _TIED)),
        context=sizes.of("max_position_embeddings", "n_positions", default=2048),
        licence="not told by config.json",
        source=Source(f"config.json of {name}", day, ""),
        experts=experts,
        experts_per_token=min(per_token, experts),
        gated_mlp=family not in _PLAIN_MLP,
    )
    counted, active = count_parameters(spec)
    shape = {name: getattr(spec, name) for name in spec.__slots__}
    return ModelSpec(
        **{
            **shape,
            "parameters_b": counted / 1e9,
            "active_parameters_b": active / 1e9 if experts else None,
        }
    )


def count_parameters(spec: ModelSpec) -> tuple[float, float]:
    """All parameters and those that a token passes through, without biases and norms."""
    query, key_value = spec.heads * spec.head_dim, spec.kv_heads * spec.head_dim
    attention = 2 * spec.hidden * query + 2 * spec.hidden * key_value
    expert = (3 if spec.gated_mlp else 2) * spec.hidden * spec.ffn
    router = spec.hidden * spec.experts
    tables = (1 if spec.tied_embeddings else 2) * spec.vocabulary * spec.hidden
    rest = tables + spec.layers * (attention + router)
    return (
        rest + spec.layers * max(1, spec.experts) * expert,
        rest + spec.layers * max(1, spec.experts_per_token) * expert,
    )


class _Sizes:
    """The positive whole numbers of a configuration, under any of the names families use."""

    def __init__(self, told: Mapping[str, Any], name: str, where: str) -> None:
        self._told, self._name, self._where = told, name, where

    def of(self, *names: str, default: int | None = None) -> int:
        """The first of the names that is there. Raises InputError when none is, or on nonsense."""
        for name in names:
            value = self._told.get(name)
            if value is None:
                continue
            whole = isinstance(value, int | float) and not isinstance(value, bool)
            if not whole or not math.isfinite(value) or value <= 0 or value != int(value):
                raise InputError(f"{self._where}: {name} is {value!r}; it must be a whole number.")
            return int(value)
        if default is None:
            raise InputError(
                f"{self._where} has no {names[0]}, so the shape of {self._name} is unknown."
            )
        return default
