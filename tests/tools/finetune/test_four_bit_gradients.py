"""4-bit training on a processor: gradients stay right after an evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowdo.tools.evaluate.models import keep_gradients_right_on_cpu


def _needs_avx512_bf16() -> None:
    info = Path("/proc/cpuinfo")
    if not info.is_file() or "avx512_bf16" not in info.read_text():
        pytest.skip("the repacking happens only on processors with AVX512-BF16")


def _four_bit(tmp_path: Path) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256, hidden_size=128, intermediate_size=256, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(tmp_path)
    quantised = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    base = LlamaForCausalLM.from_pretrained(
        tmp_path, quantization_config=quantised, dtype=torch.bfloat16
    )
    torch.manual_seed(1)
    adapters = LoraConfig(r=8, target_modules="all-linear", init_lora_weights=False)
    return get_peft_model(base, adapters)


def _gradients(model: Any) -> Any:
    """All LoRA gradients of one training step, as one vector."""
    import torch

    torch.manual_seed(2)
    ids = torch.randint(0, 256, (2, 32))
    model.train()
    model.zero_grad()
    model(input_ids=ids, labels=ids).loss.backward()
    found = [p.grad.flatten().float() for n, p in model.named_parameters() if "lora_" in n]
    return torch.cat(found)


def _evaluate(model: Any) -> None:
    import torch

    model.eval()
    with torch.no_grad():
        model(input_ids=torch.randint(0, 256, (2, 32)))


def _cosine(left: Any, right: Any) -> float:
    import torch

    return float(torch.nn.functional.cosine_similarity(left, right, dim=0))


def test_an_evaluation_does_not_spoil_the_gradients(tmp_path: Path) -> None:
    _needs_avx512_bf16()
    model = _four_bit(tmp_path)
    keep_gradients_right_on_cpu(model)
    before = _gradients(model)
    _evaluate(model)
    assert _cosine(before, _gradients(model)) > 0.99


def test_without_the_precaution_an_evaluation_spoils_them(tmp_path: Path) -> None:
    """When this fails, bitsandbytes has mended it: remove keep_gradients_right_on_cpu."""
    _needs_avx512_bf16()
    model = _four_bit(tmp_path)
    before = _gradients(model)
    _evaluate(model)
    assert _cosine(before, _gradients(model)) < 0.9
