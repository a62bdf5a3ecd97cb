"""From a person's words to the facts of their case: trained heads for sense, grammar for counts."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from knowdo.agent.embedded.counts import counted
from knowdo.agent.embedded.encoder import Reader, Reading, reader
from knowdo.agent.embedded.explanation import explained
from knowdo.agent.embedded.hardware import card_is_too_small, hardware
from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.listed import listed_classes
from knowdo.agent.embedded.quantities import find_numbers
from knowdo.agent.embedded.said import privacy, update_frequency
from knowdo.agent.embedded.task_languages import language_mentions, task_languages
from knowdo.agent.embedded.text import MAX_CHARACTERS, tidy
from knowdo.agent.embedded.thresholds import ASKED_ALONG, WARNING_THRESHOLDS
from knowdo.knowledge.decision import outcome
from knowdo.knowledge.schema import Privacy, TaskType, UpdateFrequency, UseCase

# Facts that may be asked for along with a decision.
_OPEN = ("n_examples", "prompt_tried", "n_classes", "privacy")
# Warnings that the rule itself raises from numbers; the heads add them where no number stands.
_FROM_NUMBERS = {"few_examples": "n_examples", "low_volume_cost": "monthly_requests"}


def understand(message: str, by: Reader | None = None) -> UseCase:
    """The facts and needs that one message states; fields that it says nothing about stay None.

    `by` reads with other weights than those that come with the package.
    """
    return _understood(message[:MAX_CHARACTERS], by or reader())


@lru_cache(maxsize=64)
def _understood(message: str, by: Reader) -> UseCase:
    """Cached, since one turn looks at its message from several sides."""
    text = tidy(message, language_of(message) or "en")
    numbers = find_numbers(text)
    mentions = language_mentions(text)
    reading = by.read(text, [*numbers, *mentions])
    counts, named = reading.roles[: len(numbers)], reading.roles[len(numbers) :]
    facts = {**counted(text, numbers, counts), **hardware(text)}
    task_type = _likeliest(reading, "task_type")
    if task_type == "classification" and "n_classes" not in facts:
        facts["n_classes"] = listed_classes(text)
    case = UseCase(
        task_type=cast("TaskType", task_type),
        privacy=cast("Privacy | None", privacy(text, reading.answers["privacy"])),
        update_frequency=cast(
            "UpdateFrequency | None", update_frequency(text, reading.answers["update_frequency"])
        ),
        languages=task_languages(mentions, named),
        **facts,
    )
    signals = _signals(reading, facts)
    if (too_small := card_is_too_small(text, facts)) is not None:
        # What can be computed is not guessed from words.
        signals = (signals | {"gpu_insufficient"}) if too_small else signals - {"gpu_insufficient"}
    case = replace(case, signals=signals)
    return _with_open_fact(explained(case, reading.answers), reading)


def _with_open_fact(case: UseCase, reading: Reading) -> UseCase:
    """The case with the fact that an expert would ask for, where the rule decides without it."""
    if outcome(case)[0] in ("ask", "none") or reading.answers["label"]["ask"] < ASKED_ALONG:
        return case
    shares = {name: reading.answers["key_fact"][name] for name in _OPEN}
    return replace(case, open_fact=max(shares, key=shares.__getitem__))


def merge(case: UseCase, newer: UseCase) -> UseCase:
    """The case after one more message: what is newly stated replaces, signals add up."""
    changes: dict[str, Any] = {
        name: getattr(newer, name)
        for name in UseCase.__dataclass_fields__
        if getattr(newer, name) not in (None, (), frozenset())
    }
    signals = case.signals | newer.signals
    if newer.update_frequency in ("static", "yearly"):
        signals -= {"stale_facts"}
    changes["signals"] = signals
    if case.out_of_scope:
        # One request of another kind does not make the next one so.
        case = replace(case, out_of_scope=None, task_type=None)
    return replace(case, **changes)


def _likeliest(reading: Reading, head: str) -> str:
    shares = reading.answers[head]
    return max(shares, key=shares.__getitem__)


def _signals(reading: Reading, facts: dict[str, Any]) -> frozenset[str]:
    """Warning codes that the message gives rise to by its words."""
    raised = set()
    for code, share in reading.answers["warnings"].items():
        by_number = _FROM_NUMBERS.get(code) in facts
        if share >= WARNING_THRESHOLDS[code] and not by_number:
            raised.add(code)
    return frozenset(raised)
