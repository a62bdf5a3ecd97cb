"""The reply on a decision: what changed, a supposition, pressure, the open question, the advice."""

from __future__ import annotations

from typing import Any

from knowdo.agent.embedded import replies, talk
from knowdo.agent.embedded.moves import Say
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.short_facts import STATED
from knowdo.agent.embedded.situation import Reading
from knowdo.agent.embedded.view import View
from knowdo.tools.advise import advise, use_case_from
from knowdo.tools.tool import to_plain

Facts = dict[str, Any]
# Facts that are noted aloud when they are new or replaced.
_NOTED = (*STATED, "prompt_tried", "prompt_fell_short", "languages")
# The two ends of an answer that does not come: what follows from either.
_EITHER: dict[str, tuple[Facts, Facts]] = {
    "n_examples": ({"n_examples": 20}, {"n_examples": 3000}),
    "prompt_tried": ({"prompt_tried": False}, {"prompt_tried": True, "prompt_fell_short": True}),
    "n_classes": ({"n_classes": 3}, {"n_classes": 100}),
    "task": ({"needs_knowledge": True}, {"needs_behaviour": True}),
    "failure_kind": ({"needs_knowledge": True}, {"needs_behaviour": True}),
}
_PRESSURE = 4


def after_advice(view: View, reading: Reading, last: ToolResult) -> Say:
    """The reply on the decision that this turn asked for."""
    if reading.kind == "pressure":
        return _pressed(view, last.data["recommendation"])
    if last.supposed:
        return Say(_what_if(view, last))
    changes = _changes(view, reading)
    advice = last.data["recommendation"]
    if advice["label"] == "ask" and _asked_before(view, advice["key_fact"]):
        return _asked_again(view, last.data, changes)
    if (changes or _new_facts(view)) and _is_as_before(view, advice):
        return Say(_stays(view, changes))
    if reading.kind == "case" and reading.describes and _is_as_before(view, advice):
        change = replies.say(view.language, "advice.would_change", text=advice["would_change"])
        return Say(f"{replies.say(view.language, 'turn.same_as_before')} {change}")
    parts = [*changes, replies.recommend(last.data, view.language)]
    if reading.kind in ("train", "plan", "build"):
        parts.append(_and_the_order(view, reading))
    note = {"asks": advice["key_fact"]} if advice["label"] == "ask" else {}
    return Say("\n\n".join(parts), note)


def _and_the_order(view: View, reading: Reading) -> str:
    """What the order at the end of a description still lacks."""
    if reading.kind == "build":
        return replies.say(view.language, "talk.no_documents")
    return replies.say(view.language, "talk.no_dataset")


def _changes(view: View, reading: Reading) -> list[str]:
    """A line for what was replaced or taken back."""
    lines = []
    if reading.forgotten:
        gone = {name: view.known[name] for name in reading.forgotten if name in view.known}
        facts = replies.fact_line(view.language, gone)
        lines.append(replies.say(view.language, "dialog.forgot", facts=facts))
    replaced = [n for n in _NOTED if n in view.known and n in view.case]
    replaced = [n for n in replaced if view.known[n] != view.case[n]]
    changed = [replies.changed(view.language, n, view.case[n], view.known[n]) for n in replaced]
    return lines + ([" ".join(changed)] if changed else [])


def _new_facts(view: View) -> Facts:
    """What this message added or replaced, of what is said aloud."""
    if view.before is None:
        return {}
    return {n: view.case[n] for n in _NOTED if n in view.case and view.case[n] != view.known.get(n)}


def _stays(view: View, changes: list[str]) -> str:
    """The same advice is not read out again."""
    if changes:
        return f"{' '.join(changes)} {replies.say(view.language, 'turn.same_as_before')}"
    return replies.noted(view.language, _new_facts(view))


def _is_as_before(view: View, advice: dict[str, Any]) -> bool:
    """Whether the decision shown last was this one, with no warning that is new now."""
    shown = [r for r in view.earlier if r.name == "recommend_approach" and not r.supposed]
    done = [r.data["recommendation"] for r in shown if r.error is None]
    if not done or advice["label"] == "ask":
        return False
    return done[-1]["headline"] == advice["headline"] and _codes(advice) <= _codes(done[-1])


def _codes(advice: dict[str, Any]) -> set[str]:
    return {caution["code"] for caution in advice["cautions"]}


def _asked_before(view: View, fact: str) -> int:
    """How often in a row this fact was asked for."""
    return sum(turn.note.get("asks") == fact for turn in view.turns[-6:])


def _asked_again(view: View, data: dict[str, Any], changes: list[str]) -> Say:
    """Once more with an example; after that the advice goes on with what is known."""
    advice, language = data["recommendation"], view.language
    fact = advice["key_fact"]
    new = _new_facts(view)
    noted = changes or ([replies.noted(language, new, stays=False)] if new else [])
    if _asked_before(view, fact) == 1 and not _gave_up(view):
        again = [advice["question"], replies.say(language, f"dialog.{fact}")]
        return Say("\n\n".join([*noted, " ".join(again)]), {"asks": fact})
    return Say("\n\n".join([*noted, _either_way(view, fact)]), {"asks": fact})


def _gave_up(view: View) -> bool:
    return view.noted_times("gave_up") > 0


def _either_way(view: View, fact: str) -> str:
    """What follows from either answer, so that the person can go on without it."""
    language = view.language
    if fact not in _EITHER:
        return talk.open_step(view)
    lines = [replies.say(language, "dialog.goes_on")]
    for facts in _ends(view, fact):
        case = use_case_from({**view.case, **facts, "place_open": False})
        advice = advise(case, language).recommendation
        lead = replies.say(language, "turn.what_if_new", new=replies.fact_line(language, facts))
        lines.append(f"- {lead} {advice.headline}")
    return "\n".join([lines[0], "", *lines[1:]])


def _ends(view: View, fact: str) -> tuple[Facts, Facts]:
    """The two ends; with examples enough it also counts that a prompt falls short."""
    few, many = _EITHER[fact]
    if fact == "n_examples" and "prompt_tried" not in view.case:
        return few, {**many, "prompt_tried": True, "prompt_fell_short": True}
    return few, many


def _pressed(view: View, advice: dict[str, Any]) -> Say:
    """The rule does not move; each time in other words."""
    times, note = view.noted_times("pressed"), {"pressed": True}
    if advice["label"] in ("finetune", "both"):
        key = "dialog.pressure_card_2" if times % 2 else "dialog.pressure_card"
        return Say(replies.say(view.language, key), note)
    if times == 0:
        return Say(replies.pressure(view.language, advice), note)
    fact = advice.get("question") or advice["would_change"]
    number = (times - 1) % (_PRESSURE - 1) + 2
    return Say(replies.say(view.language, f"dialog.pressure_{number}", fact=fact), note)


def _what_if(view: View, last: ToolResult) -> str:
    """The decision on supposed facts, and how it differs from the advice now."""
    language, advice = view.language, last.data["recommendation"]
    now = to_plain(advise(use_case_from(view.case), language).recommendation)
    lead = _supposition(view, last.supposed)
    if (advice["headline"], advice.get("key_fact")) == (now["headline"], now.get("key_fact")):
        change = replies.say(language, "advice.would_change", text=advice["would_change"])
        same = replies.say(language, "turn.same_as_before")
        return f"{lead} {same}" + ("" if advice["label"] == "ask" else f" {change}")
    reasons = " ".join(reason["text"] for reason in advice["reasons"][:2])
    parts = [f"{lead} **{advice['headline']}** {reasons}", advice.get("question") or ""]
    if view.case:
        parts.append(replies.say(language, "dialog.what_if_now", headline=now["headline"]))
    return "\n\n".join(part for part in parts if part)


def _supposition(view: View, facts: Facts) -> str:
    if len(facts) == 1:
        name, value = next(iter(facts.items()))
        return replies.what_if(view.language, name, value, view.case.get(name))
    line = replies.fact_line(view.language, facts)
    return replies.say(view.language, "turn.what_if_new", new=line)
