"""A conversation's messages as entries to show: who spoke, the text, the tools that ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from knowdo.agent.entries import FILE_LINE, Entry, ToolUse


def transcript(messages: Sequence[BaseMessage]) -> list[Entry]:
    """Entries in order; everything that the assistant says in one turn is one entry."""
    entries: list[Entry] = []
    uses: dict[str, ToolUse] = {}
    for message in messages:
        if isinstance(message, HumanMessage):
            content = str(message.text)
            files = [m["path"] for m in FILE_LINE.finditer(content)]
            entries.append(Entry("user", FILE_LINE.sub("", content).strip(), files))
        elif isinstance(message, AIMessage):
            if not entries or entries[-1].role == "user":
                entries.append(Entry("assistant"))
            entry = entries[-1]
            entry.text = "\n\n".join(t for t in (entry.text, str(message.text).strip()) if t)
            for call in message.tool_calls:
                use = ToolUse(call["name"], call["args"], call["id"] or "")
                uses[use.call_id] = use
                entry.tools.append(use)
        elif isinstance(message, ToolMessage) and message.tool_call_id in uses:
            uses[message.tool_call_id].status = _status(message)
    return entries


def _status(message: ToolMessage) -> Literal["done", "failed", "declined"]:
    if message.status != "error":
        return "done"
    # A call that a person turned down, or wrote past, did not fail.
    declined = str(message.text).startswith(("User rejected", "Not run:"))
    return "declined" if declined else "failed"
