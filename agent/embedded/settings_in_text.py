"""Training settings that a person names in a sentence: "use rank 8 and 2 epochs"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_NUMBER = r"(\d+(?:[.,]\d+)?(?:e-?\d+)?)"
_IS = r"\s?(?:=|:|of|to|auf|von|a|de|à|为|到)?\s?"
_SETTINGS = {
    "lora_rank": rf"\b(?:lora[ -]?)?(?:rank|rang|rango|r){_IS}{_NUMBER}|秩{_IS}{_NUMBER}",
    "num_train_epochs": rf"{_NUMBER} ?(?:epochs?|epochen|épocas|époques|轮)"
    rf"|\b(?:epochs?|epochen|épocas|époques){_IS}{_NUMBER}",
    "learning_rate": rf"(?:learning[ -]?rate|\blr|lernrate|tasa de aprendizaje|taux d'apprentissage|学习率){_IS}{_NUMBER}",  # noqa: E501
    "max_length": rf"(?:max(?:imum)?[ _](?:sequence |seq_)?length|maximale länge|longitud máxima|longueur maximale){_IS}{_NUMBER}",  # noqa: E501
    "max_examples": rf"(?:(?:only|first|use|on|with|nur|mit|solo|con|avec|seulement|只用|前) ?)(?:the |die |las |les )?(?:first |ersten |primer[ao]s |premiers )?{_NUMBER} ?(?:examples|rows|beispielen?|zeilen|ejemplos|exemples|条)",  # noqa: E501
    "per_device_train_batch_size": rf"batch(?:[ -]?size)?{_IS}{_NUMBER}",
}
_WHOLE = {"lora_rank", "max_length", "max_examples", "per_device_train_batch_size"}
_METHODS = {
    # "Launch the QLoRA job" names the kind of work; only these say how the base is to be loaded.
    "qlora": r"\b(?:use|using|with|method|as|mit|con|avec) q-?lora\b|\b4[- ]?bit",
    "full": r"\bfull fine-?tun\w*",
    "lora": r"\b(?:use|using|with|method|as|mit|con|avec) (?:bf16 )?lora\b|\bbf16 lora\b",
}


def settings_in(text: str) -> dict[str, Any]:
    """The settings named, under their Hugging Face names."""
    found: dict[str, Any] = {}
    for name, match in _matches(text):
        if name in _METHODS:
            found.setdefault("method", name)
            continue
        value = float(next(group for group in match.groups() if group).replace(",", "."))
        found[name] = int(value) if name in _WHOLE else value
    return found


def without_settings(text: str) -> str:
    """The text without the settings, as an order is read."""
    for _, match in _matches(text):
        text = text.replace(match[0], " ", 1)
    return text


def _matches(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for name, pattern in {**_SETTINGS, **_METHODS}.items():
        if match := re.search(pattern, text, re.I):
            yield name, match
