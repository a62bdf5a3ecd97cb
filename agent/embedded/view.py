"""The conversation as the offline model looks at it: the latest turn, and what came before."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.entries import FILE_LINE
from knowdo.knowledge.wording import Language

# Where messages keep what was asked and supposed, for the turns that follow.
KEPT = "knowdo"
_BLOCKS = {
    name: re.compile(rf"<{name}>\s*(.*?)\s*</{name}>", re.S)
    for name in ("case", "before", "supposed")
}


@dataclass(slots=True)
class Turn:
    """One message of the person with what followed on it."""

    text: str = ""
    results: list[ToolResult] = field(default_factory=list)
    note: dict[str, Any] = field(default_factory=dict)
    # The call that this turn left open, and a new message closed.
    unanswered: str | None = None


@dataclass(slots=True)
class View:
    """Everything that the policy looks at."""

    text: str = ""
    files: list[str] = field(default_factory=list)
    # Results of this turn, and of all turns before it, oldest first.
    results: list[ToolResult] = field(default_factory=list)
    earlier: list[ToolResult] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    case: dict[str, Any] = field(default_factory=dict)
    # The case before this message; None where nobody kept it.
    before: dict[str, Any] | None = None
    # What this message only supposes, each a set of facts.
    supposed: list[dict[str, Any]] = field(default_factory=list)
    # That of the last message which was sure of it.
    language: Language = "en"

    @property
    def known(self) -> dict[str, Any]:
        """The case as it was when this message came."""
        return self.case if self.before is None else self.before

    @property
    def last(self) -> Turn:
        """The turn before this one, or an empty one."""
        return self.turns[-1] if self.turns else Turn()

    def latest(self, name: str) -> ToolResult | None:
        """The newest result of a tool; a supposed one counts in its own turn only."""
        for result in reversed(self.results):
            if result.name == name and result.error is None:
                return result
        for result in reversed(self.earlier):
            if result.name == name and result.error is None and not result.supposed:
                return result
        return None

    def field_of(self, tool: str, key: str) -> str | None:
        """One text field of a tool's newest result."""
        result = self.latest(tool)
        value = result.data.get(key) if result and isinstance(result.data, dict) else None
        return str(value) if value else None

    def noted(self, key: str, turns: int = 1) -> Any:
        """What the newest of the last turns noted under a key."""
        for turn in reversed(self.turns[-turns:]):
            if key in turn.note:
                return turn.note[key]
        return None

    def noted_times(self, key: str) -> int:
        """How many turns noted something under a key."""
        return sum(key in turn.note for turn in self.turns)


def look_at(messages: Sequence[BaseMessage]) -> View:
    """Read a conversation."""
    view = View()
    note: dict[str, Any] = {}
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for message in messages:
        if isinstance(message, SystemMessage):
            _read_blocks(view, str(message.text))
        elif isinstance(message, HumanMessage):
            _next_turn(view, str(message.text), note)
            note = {}
        elif isinstance(message, AIMessage):
            calls.update({c["id"] or "": (c["name"], c["args"]) for c in message.tool_calls})
            note = {**note, **message.additional_kwargs.get(KEPT, {})}
        elif isinstance(message, ToolMessage):
            name, args = calls.get(message.tool_call_id, (message.name or "", {}))
            view.results.append(_result(message, name, args))
    return view


def _read_blocks(view: View, text: str) -> None:
    found = {name: json.loads(m[1]) for name, p in _BLOCKS.items() if (m := p.search(text))}
    view.case = found.get("case", {})
    view.before = found.get("before")
    view.supposed = found.get("supposed", [])


def _next_turn(view: View, content: str, note: dict[str, Any]) -> None:
    if view.text or view.files or view.results:
        view.turns.append(Turn(view.text, view.results, note, _left_open(view.results)))
    view.earlier += view.results
    view.results = []
    view.files = [m["path"] for m in FILE_LINE.finditer(content)]
    view.text = FILE_LINE.sub("", content).strip()
    view.language = language_of(view.text) or view.language


def _left_open(results: list[ToolResult]) -> str | None:
    """The call that waited for a decision when the person wrote on."""
    last = results[-1] if results else None
    return last.name if last and (last.error or "").startswith("Not run:") else None


def _result(message: ToolMessage, name: str, args: dict[str, Any]) -> ToolResult:
    text = str(message.text)
    supposed = message.additional_kwargs.get(KEPT, {}).get("supposed", {})
    if message.status == "error":
        return ToolResult(name, args, None, text)
    if text.startswith("Note: "):
        # After an edit in the approval card, a note to the model stands before the result.
        text = text.partition("Tool response:")[2] or text
    try:
        return ToolResult(name, args, json.loads(text), None, supposed)
    except json.JSONDecodeError:
        return ToolResult(name, args, text, None, supposed)
