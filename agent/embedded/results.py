"""What a tool answered, as replies are written from it; without LangChain, which loads slowly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolResult:
    """One finished tool call: `data` is its JSON result, or `error` says why there is none."""

    name: str
    args: dict[str, Any]
    data: Any
    error: str | None
    # Facts that this call only supposed: "what if I had 5,000 examples?".
    supposed: dict[str, Any] = field(default_factory=dict)
