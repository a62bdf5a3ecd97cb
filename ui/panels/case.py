"""The panel with the facts of the case: what was understood, for the person to correct."""

from __future__ import annotations

import re
from typing import Any

from knowdo.agent.embedded.quantities import plain_value
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import UseCase
from knowdo.tools.format import value

HINT = "Edit a value and save; an empty cell means unknown. Numbers may be written plainly."
_LABELS = {
    "task_type": "Kind of task",
    "needs_knowledge": "Must know facts",
    "needs_behaviour": "Must behave in a way",
    "out_of_scope": "Something else instead",
    "prompt_tried": "Prompt tried",
    "prompt_fell_short": "Prompt fell short",
    "n_examples": "Examples",
    "n_classes": "Classes",
    "tokens_per_example": "Tokens per example",
    "model_size_b": "Model size (billions)",
    "gpu_name": "Graphics card",
    "gpu_vram_gb": "Card memory (GB)",
    "budget_usd": "Budget (USD)",
    "monthly_requests": "Requests per month",
    "monthly_tokens": "Tokens per month",
    "doc_count": "Documents",
    "update_frequency": "Facts change",
    "privacy": "Privacy",
    "latency_ms": "Response time (ms)",
    "languages": "Languages",
    "signals": "Warnings raised",
}
_FLAGS = ("needs_knowledge", "needs_behaviour", "prompt_tried", "prompt_fell_short")
_LISTS = ("languages", "signals")
_YES = {"yes": True, "true": True, "no": False, "false": False}


def to_rows(facts: dict[str, Any]) -> list[list[str]]:
    """Table rows [fact, value]: what is known first, then what could be added."""
    order = sorted(UseCase.__dataclass_fields__, key=lambda name: name not in facts)
    return [[_LABELS[name], value(facts[name]) if name in facts else ""] for name in order]


def from_rows(rows: list[list[Any]]) -> dict[str, Any]:
    """Facts from edited rows. Raises InputError that names the row that cannot be read."""
    names = {label: name for name, label in _LABELS.items()}
    facts: dict[str, Any] = {}
    for label, cell in rows:
        text = "" if cell is None else str(cell).strip()
        if text and label in names:
            facts[names[label]] = _parse(label, names[label], text)
    return facts


def _parse(label: str, name: str, text: str) -> Any:
    if name in _FLAGS:
        if text.lower() not in _YES:
            raise InputError(f"'{label}' is '{text}'; write yes or no, or leave it empty.")
        return _YES[text.lower()]
    if name in _LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    if re.fullmatch(r"\d[\d.,' ]*", text):
        return plain_value(text.rstrip(".,"))
    return text
