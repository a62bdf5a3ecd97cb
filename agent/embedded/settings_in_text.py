"""Training settings that a person names in a sentence: "use rank 8 and 2 epochs"."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"
_SETTINGS = {
    "lora_rank": rf"\b(?:lora )?(?:rank|r) ?(?:=|of|to)? ?{_NUMBER}",
    "num_train_epochs": rf"{_NUMBER} ?(?:epochs?|epochen|épocas|époques|轮)",
    "learning_rate": rf"(?:learning rate|lr|lernrate) ?(?:=|of|to)? ?{_NUMBER}",
    "max_length": rf"(?:max(?:imum)? (?:sequence )?length|max_length|max_seq_length) ?(?:=|of|to)? ?{_NUMBER}",  # noqa: E501
    "max_examples": rf"(?:(?:only|first|use|on|with) )(?:the )?(?:first )?{_NUMBER} ?(?:examples|rows|beispielen?|ejemplos|exemples|条)",  # noqa: E501
    "per_device_train_batch_size": rf"batch(?: size)? ?(?:=|of|to)? ?{_NUMBER}",
}
_WHOLE = {"lora_rank", "max_length", "max_examples", "per_device_train_batch_size"}
_METHODS = {
    # "Launch the QLoRA job" names the kind of work; only these say how the base is to be loaded.
    "qlora": r"\b(?:use|using|with|method|as) q-?lora\b|\b4[- ]?bit",
    "full": r"\bfull fine-?tun",
    "lora": r"\b(?:use|using|with|method|as) (?:bf16 )?lora\b|\bbf16 lora\b",
}


def settings_in(text: str) -> dict[str, Any]:
    """The settings named, under their Hugging Face names."""
    found: dict[str, Any] = {}
    for name, pattern in _SETTINGS.items():
        if match := re.search(pattern, text, re.I):
            value = float(match[1])
            found[name] = int(value) if name in _WHOLE else value
    for method, pattern in _METHODS.items():
        if re.search(pattern, text, re.I):
            found["method"] = method
            break
    return found
