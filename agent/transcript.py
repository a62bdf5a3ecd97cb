"""A conversation's messages as entries to show: who spoke, the text, the tools that ran."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from knowdo.agent.entries import FILE_LINE, Entry, ToolUse


def transcript(messages: Sequence[BaseMessage]) -> list[Entry]:
    """Entries in order; everything that the assistant says in one turn is one entry."""
    entries: list[Entry] = []
    uses: dict[str, ToolUse] = {}
    # Of the newest decision: "why?" repeats its marks without calling a tool.
    decided: list[tuple[str, str]] = []
    for message in messages:
        if isinstance(message, HumanMessage):
            content = str(message.text)
            files = [m["path"] for m in FILE_LINE.finditer(content)]
            entries.append(Entry("user", FILE_LINE.sub("", content).strip(), files))
        elif isinstance(message, AIMessage):
            if not entries or entries[-1].role == "user":
                entries.append(Entry("assistant", cited=decided))
            entry = entries[-1]
            entry.text = "\n\n".join(t for t in (entry.text, str(message.text).strip()) if t)
            for call in message.tool_calls:
                use = ToolUse(call["name"], call["args"], call["id"] or "")
                uses[use.call_id] = use
                entry.tools.append(use)
        elif isinstance(message, ToolMessage) and message.tool_call_id in uses:
            use = uses[message.tool_call_id]
            use.status = _status(message)
            if (cited := _cited(message)) is not None:
                entries[-1].cited = cited
            decided = entries[-1].cited if use.name == "recommend_approach" else decided
    return entries


def _cited(message: ToolMessage) -> list[tuple[str, str]] | None:
    """The passages that a tool gave, in the order in which a reply numbers them.

    None for a tool that gives nothing to cite; empty when what it gives is no guidance.
    """
    try:
        data: Any = json.loads(str(message.text))
    except json.JSONDecodeError:
        return None
    rows = data.get("citations") if isinstance(data, dict) else data
    if message.status == "error" or not isinstance(rows, list):
        return None
    cited = [row for row in rows if isinstance(row, dict) and "passage_id" in row]
    return [(str(row["passage_id"]), str(row["title"])) for row in cited]


def _status(message: ToolMessage) -> Literal["done", "failed", "declined"]:
    if message.status != "error":
        return "done"
    # A call that a person turned down, or wrote past, did not fail.
    declined = str(message.text).startswith(("User rejected", "Not run:"))
    return "declined" if declined else "failed"
