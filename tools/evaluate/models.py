"""Loads base models and what was trained on them, ready to generate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Method
from knowdo.tools.dataset.tokens import ChatTokenizer


class ModelPair:
    """A base model and its tuned version; with adapters both share the base's weights."""

    def __init__(self, base: Any, tuned: Any, tokenizer: ChatTokenizer) -> None:
        self._base, self._tuned = base, tuned
        self.tokenizer = tokenizer

    @contextmanager
    def base(self) -> Iterator[Any]:
        """The base model, for the length of a `with` block."""
        if self._base is not None:
            yield self._base
            return
        with self._tuned.disable_adapter():
            yield self._tuned

    @contextmanager
    def tuned(self) -> Iterator[Any]:
        """The tuned model, for the length of a `with` block."""
        yield self._tuned


def load_base(folder: Path, method: Method, device: str, training: bool = False) -> Any:
    """The base model in the precision that the method wants, on the device ("cpu" or "cuda")."""
    import torch
    from transformers import AutoModelForCausalLM

    half = torch.bfloat16
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        half = torch.float16
    options: dict[str, Any] = {"dtype": torch.float32 if method == "full" and training else half}
    if method == "qlora":
        options["quantization_config"] = _nf4(half)
    if device == "cpu" and training:
        # Plain attention has the faster backward pass on a processor at these lengths.
        options["attn_implementation"] = "eager"
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **options)
    if method == "qlora":
        keep_gradients_right_on_cpu(model)
        return model
    return model.to(device)


def keep_gradients_right_on_cpu(model: Any) -> None:
    """Switch off bitsandbytes' repacking of 4-bit weights for inference.

    On processors with AVX512-BF16, bitsandbytes 0.50 repacks the weights of a Linear4bit in the
    first evaluation (eval mode, no gradients) and leaves them so. Training that goes on afterwards
    reads them as if they were not repacked: its gradients are wrong, without an error (cosine 0.02
    to the right ones). tests/tools/finetune/test_four_bit_gradients.py shows it.
    """
    import bitsandbytes

    for module in model.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


def load_pair(folder: Path, base: Path, method: Method, device: str) -> ModelPair:
    """Base and tuned model of a job's folder. Raises InputError when nothing was trained yet."""
    tokenizer = ChatTokenizer(base)
    if method == "full":
        _require(folder / "model.safetensors")
        first = load_base(base, "full", device).eval()
        return ModelPair(first, load_base(folder, "full", device).eval(), tokenizer)
    from peft import PeftModel

    _require(folder / "adapter_model.safetensors")
    model = PeftModel.from_pretrained(load_base(base, method, device), folder)
    return ModelPair(None, model.eval(), tokenizer)


def _require(weights: Path) -> None:
    if not weights.is_file():
        raise InputError(
            f"The job {weights.parent.name} has no trained model yet ({weights.name} is missing)."
            " Wait until it has finished, or resume it."
        )


def _nf4(compute_dtype: Any) -> Any:
    """4-bit NormalFloat with double quantisation (Dettmers et al., arXiv 2305.14314)."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute_dtype,
    )
