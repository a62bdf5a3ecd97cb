"""Whether a reply is bound to the tools' results: its decision, its figures, what it claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowdo.agent.embedded.policy import is_trade_question
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.say import say
from knowdo.agent.embedded.view import View
from knowdo.agent.figures import Known, figures_in
from knowdo.agent.stated import Stated, contradicts, says_started, stated_in
from knowdo.agent.written_calls import is_no_prose

# How a refused reply is sent back to the model; no person writes so, and no reply may.
CHECK = "[check by KnowDo, not by the person]"
# Stands for a refused call without words when the model is asked again.
A_CALL = "(a tool call)"
_STARTERS = ("launch_finetune", "resume_job", "job_status", "evaluate_model")
_NAMES = {"finetune": "fine-tuning", "rag": "retrieval", "prompt": "a better prompt"}
# Longer than any figure or label; what is quoted back to the model stays short.
_SHOWN_FIGURES = 4


@dataclass(frozen=True, slots=True)
class Stray:
    """Why a reply is not accepted: for the model that writes again, and for the person.

    `reason` is a key of the conversation's sentences under `stray`; `values` fill it.
    """

    to_model: str
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)

    def to_person(self, language: str) -> str:
        """The note under a reply that stands in the place of the model's own."""
        why = say(language, f"stray.{self.reason}", **self._named(language))
        return f"*{say(language, 'stray.note', why=why)}*"

    def _named(self, language: str) -> dict[str, str]:
        """The values; the names of approaches in the language."""
        return {
            key: say(language, "stray.and").join(
                say(language, f"stray.names.{name}") for name in value.split()
            )
            if key == "names"
            else value
            for key, value in self.values.items()
        }


def decides(reply: str, view: View) -> Stated:
    """What a reply states as the decision on the person's case."""
    return stated_in(reply, view.text, general=not view.case and is_trade_question(view.text))


def current_advice(view: View) -> ToolResult | None:
    """The newest result of `recommend_approach`, when it rests on the facts as they are now."""
    advice = view.latest("recommend_approach")
    return advice if advice and advice.data["facts"] == view.case else None


def stray_of(reply: str, view: View, person_said: list[str]) -> Stray | None:
    """The first thing in a reply that its sources do not bear, or None."""
    if not reply.strip():
        return Stray("The reply was empty.", "empty")
    if any(mark in reply for mark in (CHECK, A_CALL, "<message>", "<answer>")):
        return Stray("The reply repeated its instructions.", "repeated")
    if is_no_prose(reply):
        return Stray(
            "The reply was JSON and no call of a tool that exists with valid arguments. Call a tool"
            " by its exact name, or answer in words.",
            "no_sentence",
        )
    return (
        _stray_decision(reply, view)
        or _stray_claim(reply, view)
        or _stray_figure(reply, view, person_said)
    )


def _stray_decision(reply: str, view: View) -> Stray | None:
    stated = decides(reply, view)
    advice = view.latest("recommend_approach")
    if not stated or advice is None:
        return None
    label = advice.data["recommendation"]["label"]
    if not contradicts(stated, label):
        return None
    headline = advice.data["recommendation"]["headline"]
    return Stray(
        f"The reply {_in_words(stated)}. recommend_approach decided `{label}` on this case:"
        f" {headline} State that decision and its reasons, and no other approach.",
        "recommended" if stated.recommended else "advised_against",
        {"names": " ".join(sorted(stated.recommended or stated.against))},
    )


def _in_words(stated: Stated) -> str:
    names, verb = stated.recommended, "recommended"
    if not names:
        names, verb = stated.against, "advised against"
    return f"{verb} {' and '.join(sorted(_NAMES[name] for name in names))}"


def _stray_claim(reply: str, view: View) -> Stray | None:
    if not says_started(reply) or any(view.latest(name) for name in _STARTERS):
        return None
    return Stray(
        "The reply claims that something was started or approved. Nothing was: only a person's"
        " click on the approval card starts a run.",
        "claimed_start",
    )


def _stray_figure(reply: str, view: View, person_said: list[str]) -> Stray | None:
    known = known_figures(view, person_said)
    strays = [figure.text for figure in figures_in(reply) if not known.holds(figure)]
    if not strays:
        return None
    quoted = ", ".join(f"“{text}”" for text in dict.fromkeys(strays[:_SHOWN_FIGURES]))
    return Stray(
        f"The reply holds {quoted}: no tool result and nothing that the person said holds that"
        " figure in that unit. Leave it out, or call the tool that gives it.",
        "figure",
        {"figures": quoted},
    )


def known_figures(view: View, person_said: list[str]) -> Known:
    """What a reply may name: figures of the results, of the case and of the person's words."""
    known = Known()
    known.add_data(view.case)
    for text in person_said:
        known.add_text(text)
    for result in [*view.earlier, *view.results]:
        data: Any = result.data if result.error is None else result.error
        known.add_data(data)
    return known
