"""Sentences on the person's case in a conversation: facts in plain words, changes, pressure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowdo.agent.embedded.say import SENTENCES, say
from knowdo.knowledge import wording
from knowdo.knowledge.wording import Language

# What a person counts and names comes first; that they want or tried something comes last.
_ORDER = (
    "n_examples", "n_classes", "tokens_per_example", "doc_count", "update_frequency",
    "model_size_b", "gpu_name", "gpu_vram_gb", "privacy", "monthly_requests", "monthly_tokens",
    "latency_ms", "budget_usd", "languages", "task_type", "prompt_tried", "prompt_fell_short",
    "large_model_suffices", "needs_knowledge", "needs_behaviour", "place_open", "open_fact",
    "out_of_scope", "signals",
)  # fmt: skip


def fact_line(language: Language, facts: Mapping[str, Any]) -> str:
    """ "300 examples, 7B, 24 GB card, data: confidential"; empty without facts."""
    said = [fact(language, name, facts[name]) for name in _ORDER if name in facts]
    return wording.say(language, "time.comma").join(part for part in said if part)


def fact(language: Language, name: str, value: Any) -> str:
    """One fact in plain words; empty when it says nothing (a place that is not open)."""
    key = f"facts.{name}"
    if value is False:
        return say(language, f"{key}_not") if SENTENCES.has(f"{key}_not") else ""
    if isinstance(value, list | tuple | set | frozenset):
        value = _listed(language, name, value)
    return say(language, key, value=value)


def _listed(language: Language, name: str, items: Any) -> str:
    names = [_item(language, name, str(item)) for item in sorted(items)]
    return wording.say(language, "time.comma").join(names)


def _item(language: Language, name: str, item: str) -> str:
    known = wording.WORDS.has(f"caution_names.{item}")
    return wording.say(language, f"caution_names.{item}") if name == "signals" and known else item


def fact_name(language: Language, name: str) -> str:
    """What a fact is called: "number of examples"."""
    return say(language, f"fact_names.{name}")


def pressure(language: Language, advice: Mapping[str, Any]) -> str:
    """ "Just say yes" moves nothing; what would, is named. `advice` is a recommendation."""
    if advice.get("question"):
        return say(language, "turn.pressure_ask", fact=advice["question"])
    return say(language, "turn.pressure", fact=advice["would_change"])


def what_if(language: Language, name: str, new: Any, old: Any = None) -> str:
    """The line before the decision on facts that are only supposed."""
    if old is None:
        return say(language, "turn.what_if_new", new=fact(language, name, new))
    return say(
        language, "turn.what_if", new=fact(language, name, new), old=_replaced(language, name, old)
    )


def changed(language: Language, name: str, new: Any, old: Any) -> str:
    """A correction: what is noted now, and what it replaces."""
    return say(
        language, "turn.changed", new=fact(language, name, new), old=_replaced(language, name, old)
    )


# Facts whose values have names of their own.
_NAMED = {"privacy": "privacies", "update_frequency": "frequencies", "task_type": "task_names"}


def _replaced(language: Language, name: str, value: Any) -> str:
    """The old value without the word for the fact, which the new one has: "instead of 3,000"."""
    if name in _NAMED:
        return wording.say(language, f"{_NAMED[name]}.{value}")
    if name == "budget_usd":
        return wording.money(language, value)
    if isinstance(value, bool) or not isinstance(value, int | float) or name == "model_size_b":
        return fact(language, name, value)
    return wording.number(language, value)


def noted(language: Language, facts: Mapping[str, Any], stays: bool = True) -> str:
    """New facts are noted; `stays` says that the advice is the same with them."""
    key = "turn.noted_stays" if stays else "turn.noted"
    return say(language, key, new=fact_line(language, facts))


def welcome_back(language: Language, facts: Mapping[str, Any], step: str) -> str:
    """The case in one line, and the step that is open (a sentence)."""
    if not fact_line(language, facts):
        return say(language, "turn.welcome_back_no_facts", step=step)
    return say(language, "turn.welcome_back", facts=fact_line(language, facts), step=step)


def not_clear_which(language: Language, options: list[str] | None = None) -> str:
    """Ask which of several things is meant."""
    if not options:
        return say(language, "turn.not_clear")
    comma = wording.say(language, "time.comma")
    return say(language, "turn.not_clear_which", options=comma.join(options))
