"""What an endpoint's model may put into a tool call: facts and paths that the person named."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, AgentState
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from langgraph.types import Command

from knowdo.agent.entries import FILE_LINE
from knowdo.agent.figures import Figure, Known

# Settings of these tools are the person's to name; what the model makes up is left to the default.
_SETTINGS_OF = ("estimate_cost", "estimate_data_needs", "plan_finetune")
# Paths have a check of their own; the kind of task is one of a few and the result repeats it.
_KEPT_ARGUMENTS = ("path", "dataset_path", "paths", "task_type")


class BoundsMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """Stands before the case is filled in, so that only the model's own arguments are cut."""

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Run a call with the arguments that the person named, and on no other path."""
        call = request.tool_call.copy()
        said = said_by_person(request.state["messages"])
        if strange := path_nobody_named(call["args"], said):
            return ToolMessage(
                f"Nobody named {strange} in this conversation. Ask the person to attach the file or"
                " to write its path.",
                tool_call_id=call["id"] or "",
                name=call["name"],
                status="error",
            )
        call["args"] = bounded(call["name"], call["args"], said)
        return handler(request.override(tool_call=call))


def bounded(name: str, args: dict[str, Any], said: list[str]) -> dict[str, Any]:
    """The arguments without what the person did not say.

    The decision rests on the facts that were understood in code and that the person sees and
    edits: a model adds none, neither by mistake nor because a document told it to.
    """
    if name == "recommend_approach":
        return {}
    if name not in _SETTINGS_OF:
        return args
    known = Known()
    for text in said:
        known.add_text(text)
    return {k: v for k, v in args.items() if k in _KEPT_ARGUMENTS or _was_said(v, said, known)}


def _was_said(value: Any, said: list[str], known: Known) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return known.holds(Figure(str(value), "count", ((float(value), 0.0),), 1))
    words = _plain(str(value))
    return bool(words) and any(words in _plain(text) for text in said)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def path_nobody_named(args: dict[str, Any], said: list[str]) -> str | None:
    """A path in a call that is no whole path in the person's messages, nor an attached file."""
    given = [args.get("path"), args.get("dataset_path"), *(args.get("paths") or [])]
    return next((str(path) for path in given if path and not _is_named(str(path), said)), None)


def _is_named(path: str, said: list[str]) -> bool:
    if any(match["path"] == path for text in said for match in FILE_LINE.finditer(text)):
        return True
    if not re.search(r"[/.\\]", path) or not re.search(r"\w", path):
        return False
    whole = re.compile(rf"(?<![\w./\\~-]){re.escape(path)}(?![\w/\\~-]|\.\w)")
    return any(whole.search(FILE_LINE.sub("", text)) for text in said)


def said_by_person(messages: Sequence[BaseMessage]) -> list[str]:
    """The texts of the person's messages, oldest first."""
    return [str(message.text) for message in messages if isinstance(message, HumanMessage)]
