"""The reading of a message that explains it best: needs, prompting and place, taken together.

Each head answers by itself, and its likeliest answer may be wrong. One more head was asked for the
decision as a whole. The answers are therefore chosen together: those whose product of
probabilities, times that of the decision that the rule draws from them, is the highest. What is
kept are the facts; the rule decides on them again, alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from knowdo.knowledge.decision import outcome
from knowdo.knowledge.schema import UseCase

# Answers below this share of the likeliest one are not tried.
_TRIED = 0.04
# How much the decision as a whole counts beside the single answers; chosen by learning/tune.py.
LABEL_WEIGHT = 3.0
KEY_WEIGHT = 0.5
# A question too much costs less than a wrong decision, and turning a need away costs most.
LABEL_PRIORS = {"ask": 2.0, "none": 0.25}
_FLOOR = 1e-4

_NEEDS: dict[str, dict[str, bool | None]] = {
    "know": {"needs_knowledge": True, "needs_behaviour": False},
    "do": {"needs_knowledge": False, "needs_behaviour": True},
    "both": {"needs_knowledge": True, "needs_behaviour": True},
    "neither": {"needs_knowledge": False, "needs_behaviour": False},
    "unclear": {"needs_knowledge": None, "needs_behaviour": None},
}
_PROMPT: dict[str, dict[str, bool | None]] = {
    "untried": {"prompt_tried": False},
    "failed": {"prompt_tried": True, "prompt_fell_short": True},
    "suffices": {"prompt_tried": True, "prompt_fell_short": False},
    "expensive_only": {
        "prompt_tried": True,
        "prompt_fell_short": True,
        "large_model_suffices": True,
    },
    "unknown": {},
}


def explained(case: UseCase, answers: dict[str, dict[str, float]]) -> UseCase:
    """The case with the needs, the state of prompting and the scope that explain it best."""
    return max(_readings(case, answers), key=lambda reading: reading[0])[1]


def _readings(
    case: UseCase, answers: dict[str, dict[str, float]]
) -> Iterator[tuple[float, UseCase]]:
    place = _place(answers)
    for needs, prompt, outside, place_open in product(
        _likely(answers["needs"]), _likely(answers["prompt"]), _likely(answers["outside"]), place
    ):
        facts: dict[str, Any] = {**_NEEDS[needs[0]], **_PROMPT[prompt[0]]}
        if needs[0] == "unclear":
            facts["task_type"] = None
        if outside[0] != "no":
            facts.update(out_of_scope=outside[0], needs_knowledge=None, needs_behaviour=None)
        reading = replace(case, place_open=place_open, **facts)
        label, key_fact = outcome(reading)
        single = _log(needs[1]) + _log(prompt[1]) + _log(outside[1])
        whole = _log(answers["label"][label] * LABEL_PRIORS.get(label, 1.0))
        asked = KEY_WEIGHT * _log(_asked(answers, key_fact)) if label == "ask" else 0.0
        yield single + LABEL_WEIGHT * whole + asked, reading


def _asked(answers: dict[str, dict[str, float]], key_fact: str | None) -> float:
    """How likely the fact that the rule asks for is the one to ask for."""
    name = "task" if key_fact == "failure_kind" else key_fact or "other"
    return answers["key_fact"][name]


def _likely(shares: dict[str, float]) -> list[tuple[str, float]]:
    least = max(shares.values()) * _TRIED
    return [(answer, share) for answer, share in shares.items() if share >= least]


def _place(answers: dict[str, dict[str, float]]) -> list[bool | None]:
    """Whether where the data may go can be the open question."""
    asked = max(answers["key_fact"], key=answers["key_fact"].__getitem__) == "privacy"
    return [None, True] if asked else [None]


def _log(share: float) -> float:
    return math.log(max(share, _FLOOR))
