"""The case as a page on disk: a tool of the conversation, since only it knows what was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool

from knowdo.agent.embedded.language import language_of
from knowdo.agent.entries import FILE_LINE
from knowdo.agent.specification import write_specification
from knowdo.tools.home import subfolder
from knowdo.tools.tool import to_json

NAME = "export_case"


def export_tool() -> BaseTool:
    """The tool as the model sees it; `exported` does the work, with the conversation at hand."""
    return StructuredTool.from_function(
        _only_in_a_conversation,
        name=NAME,
        description="Save the person's case as a one-page specification in Markdown on this"
        " machine. An earlier page is kept.",
    )


def _only_in_a_conversation() -> str:
    raise RuntimeError("export_case runs inside a conversation only")


def exported(request: ToolCallRequest, conversation_id: str) -> ToolMessage:
    """Write the page and answer with its path."""
    state: dict[str, Any] = request.state
    said = _said(state["messages"])
    languages = [language for text in said if (language := language_of(text))]
    path = write_specification(
        _free_name(conversation_id),
        state.get("case", {}),
        said,
        datetime.now(UTC).date(),
        state.get("edits", {}),
        languages[-1] if languages else "en",
    )
    content = to_json({"path": path})
    return ToolMessage(content, tool_call_id=request.tool_call["id"] or "", name=NAME)


def _said(messages: Sequence[BaseMessage]) -> list[str]:
    texts = [str(m.text) for m in messages if isinstance(m, HumanMessage)]
    return [said for text in texts if (said := FILE_LINE.sub("", text).strip())]


def _free_name(conversation_id: str) -> str:
    """A name under which nothing was saved yet."""
    folder: Path = subfolder("specifications")
    name, number = conversation_id, 2
    while (folder / f"{name}.md").exists():
        name, number = f"{conversation_id}-{number}", number + 1
    return name
