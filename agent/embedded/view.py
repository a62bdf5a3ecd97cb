"""The conversation as the offline model looks at it: the latest turn, and what came before."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.entries import FILE_LINE

CASE_BLOCK = re.compile(r"<case>\s*(\{.*\})\s*</case>", re.S)


@dataclass(slots=True)
class View:
    """Everything that the policy looks at."""

    text: str = ""
    files: list[str] = field(default_factory=list)
    # Results of this turn, and of all turns before it, oldest first.
    results: list[ToolResult] = field(default_factory=list)
    earlier: list[ToolResult] = field(default_factory=list)
    case: dict[str, Any] = field(default_factory=dict)

    def latest(self, name: str) -> ToolResult | None:
        """The newest successful result of a tool in the whole conversation."""
        for result in reversed([*self.earlier, *self.results]):
            if result.name == name and result.error is None:
                return result
        return None

    def field_of(self, tool: str, key: str) -> str | None:
        """One text field of a tool's newest result."""
        result = self.latest(tool)
        value = result.data.get(key) if result and isinstance(result.data, dict) else None
        return str(value) if value else None


def look_at(messages: Sequence[BaseMessage]) -> View:
    """Read a conversation."""
    view = View()
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for message in messages:
        if isinstance(message, SystemMessage):
            if found := CASE_BLOCK.search(str(message.text)):
                view.case = json.loads(found[1])
        elif isinstance(message, HumanMessage):
            _next_turn(view, str(message.text))
        elif isinstance(message, AIMessage):
            calls.update({c["id"] or "": (c["name"], c["args"]) for c in message.tool_calls})
        elif isinstance(message, ToolMessage):
            name, args = calls.get(message.tool_call_id, (message.name or "", {}))
            view.results.append(_result(message, name, args))
    return view


def _next_turn(view: View, content: str) -> None:
    view.earlier += view.results
    view.results = []
    view.files = [m["path"] for m in FILE_LINE.finditer(content)]
    view.text = FILE_LINE.sub("", content).strip()


def _result(message: ToolMessage, name: str, args: dict[str, Any]) -> ToolResult:
    text = str(message.text)
    if message.status == "error":
        return ToolResult(name, args, None, text)
    if text.startswith("Note: "):
        # After an edit in the approval card, a note to the model stands before the result.
        text = text.partition("Tool response:")[2] or text
    try:
        return ToolResult(name, args, json.loads(text), None)
    except json.JSONDecodeError:
        return ToolResult(name, args, text, None)
