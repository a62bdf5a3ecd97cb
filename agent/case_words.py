"""The facts of a case in plain words: their names, what they say, and how they are read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, get_args

from knowdo.agent.embedded.quantities import find_numbers
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Privacy, TaskType, UpdateFrequency, UseCase
from knowdo.knowledge.wording import WORDS, money, number
from knowdo.tools.advise import use_case_from

LABELS = {
    "task_type": "Kind of task",
    "needs_knowledge": "Must know facts",
    "needs_behaviour": "Must behave in a way",
    "out_of_scope": "Something else instead",
    "prompt_tried": "Prompt tried",
    "prompt_fell_short": "Prompt fell short",
    "large_model_suffices": "A large model manages it",
    "place_open": "Place still open",
    "open_fact": "Fact to ask for",
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
FLAGS = (
    "needs_knowledge", "needs_behaviour", "prompt_tried", "prompt_fell_short",
    "large_model_suffices", "place_open",
)  # fmt: skip
TEXTS = ("out_of_scope", "gpu_name", "languages")
# None of something is a fact (no example, no request); these make no sense at zero.
_ABOVE_ZERO = ("n_classes", "tokens_per_example", "model_size_b", "gpu_vram_gb")
_FREQUENCIES = {"realtime": "from minute to minute", "static": "never"}
_PRIVACIES = {
    "none": "open",
    "pii": "personal data",
    "phi": "health data",
    "air_gapped": "no network allowed",
}


@cache
def choices(name: str) -> dict[str, str]:
    """Values that a fact may have, with their words; empty for a number or a free text."""
    if name in FLAGS:
        return {"yes": "yes", "no": "no"}
    if name == "open_fact":
        return {
            code: LABELS[code] for code in ("n_examples", "prompt_tried", "n_classes", "privacy")
        }
    if name == "task_type":
        return {code: WORDS.say("en", f"task_names.{code}") for code in get_args(TaskType)}
    if name == "update_frequency":
        return {code: _FREQUENCIES.get(code, code) for code in get_args(UpdateFrequency)}
    if name == "privacy":
        return {code: _PRIVACIES.get(code, code) for code in get_args(Privacy)}
    if name == "signals":
        table = "caution_names."
        entries = WORDS.entries("en").items()
        return {key.removeprefix(table): str(v) for key, v in entries if key.startswith(table)}
    return {}


def in_words(name: str, value: Any) -> str:
    """A fact's value in plain words: "2,000", "yes", "health data"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(in_words(name, item) for item in value)
    if name == "budget_usd":
        return money("en", value)
    if isinstance(value, int | float):
        return number("en", value)
    return choices(name).get(str(value)) or str(value).replace("_", " ")


def code_of(name: str, value: Any) -> str:
    """A value as `choices` lists it."""
    return in_words(name, value) if isinstance(value, bool) else str(value)


def allowed(name: str) -> str:
    """What may be written for a fact."""
    if name in TEXTS:
        return "names with commas between them" if name == "languages" else "a few words"
    if listed := choices(name):
        return f"one of: {', '.join(listed.values())}"
    return f"a number {'above' if name in _ABOVE_ZERO else 'from'} 0, such as 2,000 or 2k"


def read(name: str, text: str) -> Any:
    """The value that a person wrote for one fact. Raises InputError with what is allowed."""
    text = text.strip()
    if name not in LABELS or not text:
        named = LABELS.get(name)
        raise InputError(
            f"'{named}' is empty; write {allowed(name)}." if named else "Choose a fact."
        )
    value = _value(name, text)
    if value is None:
        raise InputError(f"'{LABELS[name]}' is '{text[:80]}'; write {allowed(name)}.")
    return use_case_from({name: value}).known()[name]


def read_signals(codes: Iterable[str]) -> list[str]:
    """Warnings that a person chose. Raises InputError for one that does not exist."""
    found = list(dict.fromkeys(codes))
    if strange := [code for code in found if code not in choices("signals")]:
        raise InputError(f"'{LABELS['signals']}': '{strange[0]}' is none; {allowed('signals')}.")
    return found


def _value(name: str, text: str) -> Any:
    if name in FLAGS:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())
    if name == "signals":
        return read_signals(part.strip() for part in text.split(","))
    if listed := choices(name):
        by_words = {words.lower(): code for code, words in listed.items()}
        return text.lower() if text.lower() in listed else by_words.get(text.lower())
    if name == "languages":
        return [part.strip() for part in text.split(",") if part.strip()] or None
    return text if name in TEXTS else _number(name, text)


def _number(name: str, text: str) -> float | None:
    found = find_numbers(text.lstrip("$€£ "))
    if len(found) != 1 or text.startswith("-"):
        return None
    amount = found[0].value
    return None if amount == 0 and name in _ABOVE_ZERO else amount


def known_first(facts: Mapping[str, Any]) -> list[str]:
    """All facts by name, those of this case first."""
    return sorted(UseCase.__dataclass_fields__, key=lambda name: name not in facts)
