"""Generates answers in batches, the likeliest token each time unless asked otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from knowdo.tools.dataset.records import Message
from knowdo.tools.dataset.tokens import ChatTokenizer

BATCH_SIZE = 16


class Stopped(Exception):
    """The person asked to stop."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Answers in the order of their prompts."""

    answers: tuple[str, ...]
    tokens: int
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / self.seconds if self.seconds else 0.0


def generate_answers(
    model: Any,
    tokenizer: ChatTokenizer,
    prompts: Sequence[Sequence[Message]],
    max_new_tokens: int,
    temperature: float = 0.0,
    on_batch: Callable[[int], None] = lambda done: None,
) -> Generated:
    """The model's answers to conversations that end with the user; `on_batch` hears how many.

    Prompts that are longer than the model can read lose their beginning.
    """
    encoded = [_cut(tokenizer.prompt_ids(p), model.config, max_new_tokens) for p in prompts]
    # Like lengths together: less padding.
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    answers = [""] * len(encoded)
    tokens, start = 0, time.perf_counter()
    for first in range(0, len(order), BATCH_SIZE):
        batch = order[first : first + BATCH_SIZE]
        produced = _generate(model, [encoded[i] for i in batch], max_new_tokens, temperature)
        for i, ids in zip(batch, produced, strict=True):
            answers[i] = tokenizer.decode(ids)
            tokens += len(ids)
        on_batch(first + len(batch))
    return Generated(tuple(answers), tokens, time.perf_counter() - start)


def _generate(
    model: Any, prompts: list[list[int]], max_new_tokens: int, temperature: float
) -> list[list[int]]:
    """New ids after each prompt, up to and without the end mark."""
    import torch

    ends = _end_ids(model)
    pad = ends[0] if ends else 0
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts]).to(model.device)
    sampling = {"do_sample": True, "temperature": temperature} if temperature else {}
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            pad_token_id=pad,
            **(sampling or {"do_sample": False}),
        )
    return [_until_end(row, ends) for row in output[:, width:].tolist()]


def _until_end(ids: list[int], ends: list[int]) -> list[int]:
    for i, token in enumerate(ids):
        if token in ends:
            return ids[:i]
    return ids


def _end_ids(model: Any) -> list[int]:
    ends = model.generation_config.eos_token_id
    if ends is None:
        return []
    return list(ends) if isinstance(ends, list) else [ends]


def _cut(ids: list[int], config: Any, max_new_tokens: int) -> list[int]:
    context = getattr(config, "max_position_embeddings", None) or len(ids) + max_new_tokens
    return ids[-max(1, context - max_new_tokens) :]
