"""What a person changed in the case by hand, and how it holds against what is understood later.

A mark for each fact: `edited` by the person, `removed` by the person, or `forgotten` when the case
was started over. A warning that was taken out has a mark of its own, `signals:CODE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from knowdo.agent.turn import Graph

Facts = dict[str, Any]
Edits = dict[str, str]
# These are guessed from every message; what the person set by hand is surer than another guess.
# Other facts are replaced when a later message states them.
_GUESSED = (
    "task_type", "needs_knowledge", "needs_behaviour", "out_of_scope", "large_model_suffices",
    "place_open", "open_fact",
)  # fmt: skip
# How the panel asks for a new decision; it states no fact, so nothing is understood from it.
DECIDE_AGAIN = {
    "en": "Decide again on the edited facts.",
    "de": "Entscheide neu mit den geänderten Angaben.",
    "es": "Decide otra vez con los datos corregidos.",
    "fr": "Décide de nouveau avec les données corrigées.",
    "zh": "请按修改后的信息重新判断。",
}


# What the reader makes of the whole telling; other facts are stated by a figure or a word.
READ_BETWEEN = (*_GUESSED, "prompt_tried", "prompt_fell_short", "signals")


def marked(before: Facts, after: Facts, edits: Edits) -> Edits:
    """The marks after a person's edit of the whole case."""
    marks = dict(edits)
    for name in {*before, *after}:
        if name not in after:
            marks[name] = "removed"
        elif after[name] != before.get(name):
            marks[name] = "edited"
    for code in set(before.get("signals", ())) ^ set(after.get("signals", ())):
        marks[f"signals:{code}"] = "edited" if code in after.get("signals", ()) else "removed"
    return marks


def forgotten(facts: Facts, edits: Edits) -> Edits:
    """The marks after the case was started over: what a new message states counts again."""
    return dict.fromkeys((name for name in {*facts, *edits} if ":" not in name), "forgotten")


def heeded(merged: Facts, known: Facts, stated: Facts, edits: Edits) -> tuple[Facts, Edits]:
    """The case after one more message, and the marks that still hold."""
    facts, marks = dict(merged), dict(edits)
    for name in [name for name in edits if name in stated and name != "signals"]:
        if name in _GUESSED and edits[name] != "forgotten":
            facts.pop(name, None)
            facts.update({name: known[name]} if name in known else {})
        else:
            del marks[name]
    kept = [c for c in facts.get("signals", ()) if edits.get(f"signals:{c}") != "removed"]
    facts.pop("signals", None)
    return facts | ({"signals": kept} if kept else {}), marks


def taken_back(name: str, edits: Mapping[str, str]) -> bool:
    """Whether the person took this fact out, so that a model may not put it back."""
    return edits.get(name) in ("removed", "forgotten")


def save(graph: Graph, config: RunnableConfig, values: dict[str, Any]) -> None:
    """Put values into a conversation's state; a call that waits for a person goes on waiting."""
    state = graph.get_state(config)
    if not state.interrupts:
        graph.update_state(config, values)
        return
    # An update drops the question that was open: write as the step before it, and ask it again.
    before = next(e.source for e in graph.get_graph().edges if e.target == state.next[0])
    graph.update_state(config, values, as_node=before)
    graph.invoke(None, config)
