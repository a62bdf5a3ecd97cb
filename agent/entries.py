"""What a conversation shows: entries of either side, and how attached files stand in a message."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

# How an attached file stands in a message; the page and the command line write it so.
FILE_LINE = re.compile(r"^\[file: (?P<path>.+)\]$", re.M)


def file_line(path: str) -> str:
    """The line that stands for an attached file in a message."""
    return f"[file: {path}]"


@dataclass(slots=True)
class ToolUse:
    """One tool call; status is `waiting` until its result is there."""

    name: str
    args: dict[str, Any]
    call_id: str = ""
    status: Literal["waiting", "done", "failed", "declined"] = "waiting"


@dataclass(slots=True)
class Entry:
    """One turn of one side."""

    role: Literal["user", "assistant"]
    text: str = ""
    files: list[str] = field(default_factory=list)
    tools: list[ToolUse] = field(default_factory=list)
    # Guidance behind the marks [1], [2], ... of the text, as (passage id, title).
    cited: list[tuple[str, str]] = field(default_factory=list)
