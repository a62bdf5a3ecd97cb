"""The settings of a run under their Hugging Face names: read, checked, and chosen with a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.schema import Method

MethodChoice = Literal["auto", "lora", "qlora", "full"]
ALIASES = {
    "max_seq_length": "max_length",
    "cutoff_len": "max_length",
    "sequence_len": "max_length",
    "epochs": "num_train_epochs",
    "r": "lora_rank",
    "lora_r": "lora_rank",
    "lr": "learning_rate",
    "batch_size": "per_device_train_batch_size",
}
# Type, smallest and largest value.
NUMBERS: dict[str, tuple[type[int] | type[float], float, float]] = {
    "num_train_epochs": (float, 0.01, 100),
    "learning_rate": (float, 1e-8, 0.1),
    "per_device_train_batch_size": (int, 1, 512),
    "gradient_accumulation_steps": (int, 1, 1024),
    "max_length": (int, 16, 131_072),
    "lora_rank": (int, 1, 512),
    "lora_alpha": (int, 1, 2048),
    "lora_dropout": (float, 0, 0.9),
    "max_examples": (int, 1, 10_000_000),
    "eval_examples": (int, 1, 10_000),
    "save_steps": (int, 1, 1_000_000),
    "seed": (int, 0, 2**32 - 1),
}
METHODS = ("auto", "lora", "qlora", "full")


@dataclass(frozen=True, slots=True)
class FinetuneSettings:
    """Everything that the training script takes from the plan."""

    num_train_epochs: float
    learning_rate: float
    per_device_train_batch_size: int
    gradient_accumulation_steps: int
    max_length: int
    gradient_checkpointing: bool
    eval_examples: int
    seed: int
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    max_examples: int | None = None
    # None: by time, and at the end of each epoch.
    save_steps: int | None = None


def checked_overrides(overrides: dict[str, Any]) -> dict[str, Any]:
    """The settings that a person gave, under their canonical names and in their types.

    Raises InputError on an unknown name (with the nearest), a wrong type, or a value out of range.
    """
    checked: dict[str, Any] = {}
    for given, value in overrides.items():
        name = ALIASES.get(given, given)
        if name in checked:
            raise InputError(f"'{given}' sets {name} a second time; give it once.")
        if value is None:
            continue
        if name == "method":
            checked[name] = _method(value)
        elif name in NUMBERS:
            checked[name] = _number(name, value)
        else:
            raise unknown_name("setting", given, [*NUMBERS, *ALIASES, "method"])
    return checked


def choose_settings(
    overrides: dict[str, Any], method: Method, on_cpu: bool, turns: int, longest: int, context: int
) -> tuple[FinetuneSettings, dict[str, str]]:
    """The settings and, for each, why it has its value.

    `turns` counts answers to train on, `longest` and `context` are tokens. Raises InputError when
    max_length exceeds what the model can read.
    """
    chosen = _defaults(method, on_cpu, turns, longest, context)
    given = {k: v for k, v in overrides.items() if k != "method"}
    if "lora_rank" in given and "lora_alpha" not in given:
        chosen["lora_alpha"] = (2 * given["lora_rank"], "twice the rank, as is usual")
    values = {name: value for name, (value, _) in chosen.items()} | given
    if values["max_length"] > context:
        raise InputError(
            f"max_length is {values['max_length']}, but the model reads at most {context} tokens."
        )
    reasons = {name: reason for name, (_, reason) in chosen.items()}
    reasons |= dict.fromkeys(given, "as you asked")
    return FinetuneSettings(**values), reasons


def _defaults(
    method: Method, on_cpu: bool, turns: int, longest: int, context: int
) -> dict[str, tuple[Any, str]]:
    epochs = 3.0 if turns <= 600 else 2.0 if turns <= 2_000 else 1.0
    # About a hundred optimiser steps at least, or little is learned from a small set.
    batch = max(4, min(16, 2 ** int(math.log2(max(turns * epochs / 100, 1)))))
    per_device = 4 if on_cpu else min(batch, 8)
    ceiling = min(context, 1024 if on_cpu else 2048)
    max_length = min(ceiling, 64 * math.ceil(longest / 64))
    return {
        "num_train_epochs": (epochs, f"{turns} answers; fewer answers are read more often"),
        "learning_rate": (
            (2e-5, "full training changes every weight, so the steps are small")
            if method == "full"
            else (5e-4, "adapters take about ten times the rate of full training")
        ),
        "per_device_train_batch_size": (per_device, "the fastest of 4, 8 and 16 on a processor")
        if on_cpu
        else (per_device, "keeps a card busy without filling its memory"),
        "gradient_accumulation_steps": (
            max(1, batch // per_device),
            f"{batch} answers a step give at least about a hundred steps",
        ),
        "max_length": (
            max_length,
            f"the longest example has {longest} tokens, the limit {ceiling}",
        ),
        "gradient_checkpointing": (
            not on_cpu,
            "off: memory suffices and it costs a third of the speed"
            if on_cpu
            else "on: a card's memory is scarce",
        ),
        "eval_examples": (50 if on_cpu else 200, "enough for an interval, few enough to be quick"),
        "seed": (42, "fixed, so that the run can be repeated"),
        "lora_rank": (16, "ample for a narrow task"),
        "lora_alpha": (32, "twice the rank, as is usual"),
        "lora_dropout": (0.0, "a short run does not need it"),
    }


def _method(value: Any) -> MethodChoice:
    if isinstance(value, str) and value.lower() in METHODS:
        return value.lower()  # type: ignore[return-value]
    raise unknown_name("method", str(value), METHODS)


def _number(name: str, value: Any) -> int | float:
    kind, low, high = NUMBERS[name]
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    whole = kind is float or number.is_integer()
    if not math.isfinite(number) or not whole or not low <= number <= high:
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"{name} is {value!r}; it must be {what} from {low:g} to {high:g}.")
    return kind(number)
