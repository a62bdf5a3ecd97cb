"""A real language model of a few thousand weights, small datasets, and an own state folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = "tiny-llama"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
COLOURS = ("red", "green", "blue", "yellow")


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one random two-layer Llama, its tokenizer and chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(["What colour is thing", "system user assistant"], trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    wrapped.chat_template = CHAT_TEMPLATE
    wrapped.save_pretrained(folder / TINY)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(wrapped),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        eos_token_id=wrapped.eos_token_id,
        pad_token_id=wrapped.pad_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder / TINY)
    return folder


@pytest.fixture
def state(tmp_path: Path, tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder; base models are the tiny one."""
    home = tmp_path / "home"
    monkeypatch.setenv("KNOWDO_HOME", str(home))
    monkeypatch.setenv("KNOWDO_MODELS", str(tiny_models))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("KNOWDO_USD_PER_HOUR", raising=False)
    monkeypatch.delenv("KNOWDO_BUDGET_USD", raising=False)
    return home


WriteExamples = Callable[..., Path]


@pytest.fixture
def write_examples(tmp_path: Path) -> WriteExamples:
    """Writes a JSONL file of `count` different questions with one of four answers each."""

    def write(count: int = 80, name: str = "colours.jsonl", system: str | None = None) -> Path:
        path = tmp_path / name
        rows = [colour_example(i, system) for i in range(count)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


def colour_example(number: int, system: str | None = None) -> dict[str, object]:
    """One row: a question about thing `number` and its colour."""
    said = [{"role": "system", "content": system}] if system else []
    said.append({"role": "user", "content": f"What colour is thing {number}?"})
    said.append({"role": "assistant", "content": COLOURS[number % len(COLOURS)]})
    return {"messages": said}
