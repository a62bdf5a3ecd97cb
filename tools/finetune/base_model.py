"""The base model's folder: found, checked, and described for the estimates."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import ModelSpec, Source
from knowdo.tools.home import models_folder
from knowdo.tools.weights import DEFAULT_BASE_MODEL


def model_folder(base_model: str) -> Path:
    """The folder of a base model by name, or the path itself when it is a folder.

    Raises InputError that says how to get the weights when there are none.
    """
    named = Path(base_model).expanduser()
    folder = named if named.is_absolute() else models_folder() / base_model.rsplit("/", 1)[-1]
    missing = [f for f in ("config.json", "tokenizer.json") if not (folder / f).is_file()]
    if not missing and not any(folder.glob("*.safetensors")):
        missing = ["*.safetensors"]
    if missing:
        raise InputError(
            f"The base model '{base_model}' is not at {folder} (missing: {', '.join(missing)})."
            f" {_known()} Get the default one with: knowdo models fetch"
            f" {DEFAULT_BASE_MODEL}, or put a Hugging Face model"
            " folder there."
        )
    return folder


@functools.lru_cache(maxsize=8)
def model_spec(folder: Path) -> ModelSpec:
    """The model's shape from its own config.json. Raises InputError for other architectures."""
    path = folder / "config.json"
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    try:
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        shape = {
            "layers": config["num_hidden_layers"],
            "hidden": hidden,
            "ffn": config["intermediate_size"],
            "heads": heads,
            "kv_heads": config.get("num_key_value_heads") or heads,
            "head_dim": config.get("head_dim") or hidden // heads,
            "vocabulary": config["vocab_size"],
        }
    except KeyError as error:
        raise InputError(
            f"{path} has no {error}: only text models with ordinary attention can be trained here."
        ) from error
    tied = bool(config.get("tie_word_embeddings", False))
    read = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return ModelSpec(
        name=folder.name,
        parameters_b=_parameters(shape, tied) / 1e9,
        tied_embeddings=tied,
        context=config.get("max_position_embeddings", 2048),
        licence="see the model's card",
        source=Source(f"config.json of {folder.name}", read),
        **shape,
    )


def _parameters(shape: dict[str, int], tied: bool) -> float:
    """Weights of a decoder with gated MLP; norms are too few to count."""
    queries, keys = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"]
    attention = shape["hidden"] * (2 * queries + 2 * keys)
    block = attention + 3 * shape["hidden"] * shape["ffn"]
    tables = shape["vocabulary"] * shape["hidden"] * (1 if tied else 2)
    return shape["layers"] * block + tables


def _known() -> str:
    there = sorted(p.parent.name for p in models_folder().glob("*/tokenizer_config.json"))
    return f"There are: {', '.join(there)}." if there else "There are none yet."
