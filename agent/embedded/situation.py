"""Where a conversation stands: what was asked, what is offered, what it was about last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from knowdo.agent.embedded.view import View
from knowdo.tools.estimate import DEFAULT_MODEL_SIZE_B

# Longer messages describe a problem, whatever else stands in them.
SHORT, LONG = 8, 25
# Turns after which a question that was asked is no longer open.
_OPEN_FOR = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it is understood in its conversation."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    # The whole message is read for facts, needs and warnings.
    describes: bool = False
    supposed: tuple[dict[str, Any], ...] = ()
    forgotten: tuple[str, ...] = ()
    option: dict[str, Any] | None = None


def asked(view: View) -> str | None:
    """The fact that was asked for in the last turns and is still open."""
    fact = view.noted("asks", _OPEN_FOR)
    if fact is None or (fact in view.known and fact not in ("privacy", "task", "task_type")):
        return None
    return str(fact)


def offers(view: View) -> str | None:
    """The tool whose result the last turn ended with, when it waits for a word of the person."""
    if "dismissed" in view.last.note:
        return None
    done = [r for r in view.last.results if r.error is None]
    name = done[-1].name if done else None
    return name if name in ("plan_finetune", "plan_index", "inspect_dataset") else None


def topic(view: View) -> str | None:
    """The tool that answered last, in the last two turns."""
    for turn in reversed(view.turns[-2:]):
        for result in reversed(turn.results):
            if result.error is None:
                return result.name
    return None


def on_top(facts: dict[str, Any], view: View) -> dict[str, Any]:
    """With what the turn before supposed: "and" goes on from there."""
    return {**(view.supposed[0] if view.supposed else {}), **facts}


# Sizes that open models come in, in billions of parameters, from small to large.
_SIZES = (0.5, 1.5, 3.0, 7.0, 14.0, 32.0, 70.0)


def smaller_model(view: View) -> dict[str, Any]:
    """The next smaller size of model than the one that was estimated last; empty below the least.

    Where no size was told, the estimate was for `DEFAULT_MODEL_SIZE_B`.
    """
    before = {**view.known, **(view.supposed[0] if view.supposed else {})}
    size = before.get("model_size_b", DEFAULT_MODEL_SIZE_B)
    smaller = [s for s in _SIZES if s < size]
    return {"model_size_b": smaller[-1]} if smaller else {}


def task_of_data(view: View) -> str:
    """The kind of task that the dataset last looked at is for."""
    data = view.latest("inspect_dataset")
    task = data.data.get("task") if data else None
    return {"json": "format", "classification": "classification"}.get(str(task), "style")


def chosen_index(view: View) -> str | None:
    """The index that questions go to: chosen from a list, or built here, whichever is later."""
    for turn in reversed(view.turns):
        if "index_id" in turn.note:
            return str(turn.note["index_id"])
        for result in reversed(turn.results):
            if result.name == "build_index" and result.error is None:
                return str(result.data["index_id"])
    return None
