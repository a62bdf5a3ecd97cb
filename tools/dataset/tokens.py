"""Counts and encodes conversations with the base model's own tokenizer, without loading torch."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.records import Message, Turn
from knowdo.tools.weights import DEFAULT_BASE_MODEL

# The label that the loss leaves out (torch's cross_entropy, ignore_index).
NOT_TRAINED = -100


@dataclass(frozen=True, slots=True)
class EncodedTurn:
    """Token ids of prompt and answer, cut to max_length; labels are -100 outside the answer."""

    input_ids: list[int]
    labels: list[int]
    # Before cutting.
    prompt_tokens: int
    answer_tokens: int

    @property
    def trained_tokens(self) -> int:
        """Answer tokens that are left after cutting."""
        return sum(label != NOT_TRAINED for label in self.labels)

    @property
    def answer_is_cut(self) -> bool:
        """Whether max_length removes a part of the answer."""
        return self.trained_tokens < self.answer_tokens


class ChatTokenizer:
    """A model's tokenizer and chat template, read from its folder."""

    def __init__(self, model_folder: Path) -> None:
        """Raises InputError when the folder has no tokenizer.json or no chat template."""
        from jinja2.sandbox import ImmutableSandboxedEnvironment
        from tokenizers import Tokenizer

        path = model_folder / "tokenizer.json"
        if not path.is_file():
            raise InputError(
                f"The base model has no {path}. Get the weights with: knowdo models"
                f" fetch {DEFAULT_BASE_MODEL} (or set KNOWDO_MODELS to the folder that holds them)."
            )
        self._tokenizer = Tokenizer.from_file(str(path))
        config = _config(model_folder)
        self._names = {k: _token(v) for k, v in config.items() if k.endswith("_token")}
        # As transformers renders them (apply_chat_template): blocks leave no blank lines.
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _raise
        environment.filters["tojson"] = functools.partial(json.dumps, ensure_ascii=False)
        self._template = environment.from_string(_template(model_folder, config))

    def count(self, text: str) -> int:
        """Tokens of a text on its own."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = False) -> str:
        """The conversation as the model reads it. Raises InputError when the template refuses."""
        return self._template.render(
            messages=[m.as_dict() for m in messages],
            add_generation_prompt=add_generation_prompt,
            **self._names,
        )

    def encode(self, turn: Turn, max_length: int | None = None) -> EncodedTurn:
        """Prompt and answer as ids; only the answer, with its end mark, keeps its labels.

        The answer begins where the text with it departs from the prompt alone, as in TRL.
        """
        answered = (*turn.prompt, Message("assistant", turn.answer))
        before = self.prompt_ids(turn.prompt)
        ids = self._ids(self.render(answered))
        start = _common_prefix(before, ids)
        labels = [NOT_TRAINED] * start + ids[start:]
        return EncodedTurn(ids[:max_length], labels[:max_length], start, len(ids) - start)

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Ids of a conversation up to where the assistant begins to answer."""
        return self._ids(self.render(messages, add_generation_prompt=True))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of generated ids, without the marks of turns."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _common_prefix(left: list[int], right: list[int]) -> int:
    for i, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return i
    return min(len(left), len(right))


def _config(model_folder: Path) -> dict[str, Any]:
    path = model_folder / "tokenizer_config.json"
    loaded = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(loaded)


def _template(model_folder: Path, config: dict[str, Any]) -> str:
    path = model_folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    template = config.get("chat_template")
    if isinstance(template, str):
        return template
    raise InputError(
        f"The model in {model_folder} has no chat template, so it is no chat model. Choose its"
        " instruct version."
    )


def _token(value: Any) -> str:
    """Older configurations hold a token as an object."""
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def _raise(message: str) -> None:
    raise InputError(f"The model's chat template refuses the conversation: {message}")
