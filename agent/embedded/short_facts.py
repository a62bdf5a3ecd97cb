"""Facts in few words: answers to a question, corrections, suppositions, what is to be forgotten."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from knowdo.agent.embedded.digits import as_digits
from knowdo.agent.embedded.quantities import Number, find_numbers
from knowdo.agent.embedded.text import words_in
from knowdo.agent.embedded.understanding import understand

# What a person counts or names; the rest of a case is what they need and tried.
FIGURES = (
    "n_examples", "n_classes", "tokens_per_example", "model_size_b", "gpu_name", "gpu_vram_gb",
    "budget_usd", "monthly_requests", "monthly_tokens", "doc_count", "latency_ms",
)  # fmt: skip
STATED = (*FIGURES, "privacy", "update_frequency")
# Facts that a bare number may answer.
_COUNTED = ("n_examples", "n_classes", "doc_count", "monthly_requests", "budget_usd",
            "tokens_per_example", "latency_ms", "model_size_b", "gpu_vram_gb")  # fmt: skip
_PER_CENT = re.compile(r"\s?(?:%|percent|per cent|prozent|por ciento|pour ?cent)", re.I)
_NOT_THIS = re.compile(
    r"(?:\bnot|\bnicht|\bno|\bpas|\bstatt|\banstatt|\binstead of|\brather than"
    r"|\ben (?:vez|lugar) de|\bau lieu de|而不是|不是)\s*(?:the |die |der |las |los |les )?$",
    re.I,
)
# Units that say what a number counts.
_UNITS = {
    "gpu_vram_gb": re.compile(r"[\s-]?(?:gb|gib|gigs?|go|g)(?![a-z])", re.I),
    "latency_ms": re.compile(r"\s?(?:ms|msec|milli\w+)(?![a-z])", re.I),
    "model_size_b": re.compile(r"\s?(?:b|bn)(?![a-zà-ÿ])", re.I),
    "tokens_per_example": re.compile(r"\s?tokens?\b", re.I),
    "budget_usd": re.compile(r"\s?(?:\$|€|usd|dollars?|euros?|eur\b|美元)", re.I),
}
_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d{1,3}(?:\.\d{1,2})?) ?[bB](?![A-Za-z0-9])")
# A bare number above it counts examples, whatever was asked.
_LARGEST_MODEL_B = 500
# Answers are short; what is longer is read as a description.
_ANSWER_WORDS = 14


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, re.Pattern[str]]]:
    text = files("knowdo.agent.embedded").joinpath("answers.toml").read_text(encoding="utf-8")
    return {
        table: {name: re.compile(words, re.I) for name, words in rows.items()}
        for table, rows in tomllib.loads(text).items()
    }


def _said(table: str, text: str) -> str | None:
    plain = text.replace("’", "'")
    return next((name for name, p in _words()[table].items() if p.search(plain)), None)


def cannot_say(text: str) -> bool:
    """ "No idea." """
    return _said("unknown", text) is not None


def numbers_in(text: str, language: str = "en") -> list[Number]:
    """Numbers that are no shares, with number words of the language as digits."""
    digits = as_digits(text, language)
    return [n for n in find_numbers(digits) if not _PER_CENT.match(digits, n.end)]


def figures(text: str) -> dict[str, Any]:
    """What a message counts or names."""
    return {name: v for name, v in understand(text).known().items() if name in FIGURES}


def model_sizes(text: str) -> list[float]:
    """The model sizes that a text names, in order: "7B or 13B"."""
    return list(dict.fromkeys(float(m[1]) for m in _SIZE.finditer(text)))


def task_in(text: str) -> str | None:
    """The kind of task that a text names."""
    return _said("task_type", text)


def answer(fact: str, text: str, language: str = "en") -> dict[str, Any]:
    """The facts in a short answer to the question for `fact`; empty when it answers another one."""
    if words_in(text) > _ANSWER_WORDS or cannot_say(text):
        return {}
    if fact in _COUNTED:
        return _counted(fact, text, language)
    if fact == "prompt_tried":
        return _how_far_a_prompt_gets(text)
    if fact == "privacy":
        return _place(text)
    if fact in ("task", "failure_kind"):
        return _failure(text)
    if fact == "task_type":
        task = _said("task_type", text)
        return {"task_type": task} if task else {}
    return {}


def _counted(fact: str, text: str, language: str) -> dict[str, Any]:
    understood = figures(text)
    if fact in understood:
        return understood
    numbers = numbers_in(text, language)
    others = {name for name in understood if name in _COUNTED}
    if len(numbers) == 1 and not others and _by_unit(text, language) is None:
        value = _whole(numbers[0].value)
        counted = "n_examples" if fact == "model_size_b" and value > _LARGEST_MODEL_B else fact
        return {counted: value} | understood | _also_prompt(fact, text)
    if not numbers and fact in ("n_examples", "doc_count") and _said("none", text):
        return {fact: 0}
    return {}


def _also_prompt(fact: str, text: str) -> dict[str, Any]:
    """ "About 400, and the prompt gets 60 % right": both halves of the question are answered."""
    if fact != "n_examples" or "prompt" not in text.lower():
        return {}
    return _how_far_a_prompt_gets(text)


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _how_far_a_prompt_gets(text: str) -> dict[str, Any]:
    found = _said("prompt", text)
    if found == "untried":
        return {"prompt_tried": False}
    if found in ("suffices", "failed"):
        return {"prompt_tried": True, "prompt_fell_short": found == "failed"}
    long_tried = found == "tried" and words_in(text) > 1
    return {"prompt_tried": True} if long_tried else {}


def said_of_prompt(text: str) -> dict[str, Any]:
    """What a description says outright of prompting, whatever else stands in it."""
    found = _said("prompt_said", text)
    if found is None:
        return {}
    if found == "untried":
        return {"prompt_tried": False}
    return {"prompt_tried": True, "prompt_fell_short": found == "failed"}


def counts_own(text: str) -> bool:
    """Whether a text counts examples or documents of one's own: "40 examples"."""
    names = _words()["fact_names"]
    counted = names["n_examples"].search(text) or names["doc_count"].search(text)
    return bool(counted) and bool(numbers_in(text))


def _place(text: str) -> dict[str, Any]:
    found = _said("place", text)
    if found is None:
        return {}
    stays = {"privacy": "confidential"} if found == "stays" else {}
    return {"place_open": False, **stays}


def _failure(text: str) -> dict[str, Any]:
    knows = bool(_words()["failure"]["knowledge"].search(text))
    does = bool(_words()["failure"]["behaviour"].search(text))
    if knows == does:
        return {"needs_knowledge": True, "needs_behaviour": True} if knows else {}
    return {"needs_knowledge": knows, "needs_behaviour": does}


def supposed(
    text: str, language: str = "en", known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The facts of "what if ...": figures, privacy, how often facts change, the prompt's reach."""
    facts = {name: v for name, v in understand(text).known().items() if name in FIGURES}
    facts |= _named_states(text)
    if re.search(r"prompt|提示", text, re.I) and (told := _how_far_a_prompt_gets(text)):
        facts |= told
    numbers = numbers_in(text, language)
    if len(numbers) == 1 and (name := _what_counts(text, language)):
        facts = {k: v for k, v in facts.items() if k not in _COUNTED}
        return facts | {name: _whole(numbers[0].value)}
    if not facts and len(numbers) == 1 and (name := _restated(text, known or {})):
        return {name: _whole(numbers[0].value)}
    return facts


def _named_states(text: str) -> dict[str, Any]:
    """Privacy and how often facts change, where a word names them."""
    named = {table: _said(table, text) for table in ("privacy", "update_frequency")}
    return {table: name for table, name in named.items() if name}


def corrected(text: str, case: Mapping[str, Any], language: str = "en") -> dict[str, Any]:
    """The facts that a correction restates: "300 not 3000", "I meant 45 replies", "doch 24 GB"."""
    digits = as_digits(text, language)
    numbers = numbers_in(text, language)
    denied = [n for n in numbers if _NOT_THIS.search(digits[: n.start])]
    right = [n for n in numbers if n not in denied]
    for wrong in denied:
        name = next((k for k in _COUNTED if case.get(k) == wrong.value), None)
        if name and len(right) == 1:
            return {name: _whole(right[0].value)}
    without = _without(digits, denied)
    understood = figures(without) | _named_states(without) | said_of_prompt(without)
    if understood:
        return understood
    if len(right) != 1:
        return _prompt_after_all(without, case)
    name = _by_unit(text, language) or _restated(text, case)
    return {name: _whole(right[0].value)} if name else {}


def _prompt_after_all(text: str, case: Mapping[str, Any]) -> dict[str, Any]:
    """ "Sorry, yes: for weeks, 60 % right": another answer on the prompt than before."""
    found = _said("prompt", text.partition(",")[2] or text)
    if "prompt_tried" not in case or found in (None, "untried"):
        return {}
    return _how_far_a_prompt_gets(text.partition(",")[2] or text)


def _by_unit(text: str, language: str) -> str | None:
    """What the only number of a text counts, by the unit behind it."""
    digits = as_digits(text, language)
    number = numbers_in(text, language)[0]
    if number.currency:
        return "budget_usd"
    return next((name for name, p in _UNITS.items() if p.match(digits, number.end)), None)


def _what_counts(text: str, language: str) -> str | None:
    """What the only number of a short text counts, when one thing alone is named in it."""
    if unit := _by_unit(text, language):
        return unit
    named = [k for k, p in _words()["fact_names"].items() if k in _COUNTED and p.search(text)]
    return named[0] if len(named) == 1 and words_in(text) <= _ANSWER_WORDS else None


def _without(text: str, numbers: list[Number]) -> str:
    for number in reversed(numbers):
        text = f"{text[: number.start]} {text[number.end :]}"
    return text


def _restated(text: str, case: Mapping[str, Any]) -> str | None:
    """The counted fact that a bare number restates: the one named, else the one there is."""
    named = [k for k, p in _words()["fact_names"].items() if k in _COUNTED and p.search(text)]
    present = [name for name in _COUNTED if name in case]
    return next((name for name in [*named, *present] if name in case), None)


def names_a_fact(text: str) -> bool:
    """Whether a text names any fact: "the budget"."""
    return any(pattern.search(text) for pattern in _words()["fact_names"].values())


def named_facts(text: str, case: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts of the case that a text names: "the budget", "my graphics card"."""
    return tuple(k for k, p in _words()["fact_names"].items() if k in case and p.search(text))
