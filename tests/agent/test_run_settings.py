"""How a run is to train, read from what people write, and the estimates that follow from it."""

from __future__ import annotations

from typing import Any

import pytest

from knowdo.agent.embedded.run_settings import run_settings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What would it cost to fully fine-tune an 8B on a 4090?", {"method": "full"}),
        ("and with QLoRA?", {"method": "qlora"}),
        ("and plain LoRA on two A100?", {"method": "lora", "n_gpus": 2}),
        ("LoRA or QLoRA for a 7B?", {"method": "qlora"}),
        ("¿y en dos A100?", {"n_gpus": 2}),
        ("und auf vier H100?", {"n_gpus": 4}),
        ("et sur deux cartes ?", {"n_gpus": 2}),
        ("两张4090全参微调要多少钱", {"method": "full", "n_gpus": 2}),
        ("8x A100 80GB", {"n_gpus": 8}),
        ("What does a 7B cost with 2,000 examples?", {}),
        ("on a 4090 with 24 GB", {}),
        ("300 not 3000", {}),
    ],
)
def test_method_and_cards_are_read(text: str, found: dict[str, Any]) -> None:
    assert run_settings(text) == found
