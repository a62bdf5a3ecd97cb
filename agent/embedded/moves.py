"""What the offline model does next: say something, or call a tool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Say:
    """A reply that ends the turn.

    `note` is kept with the message for the turns that follow: what was asked, which options stand.
    """

    text: str
    note: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, with what is said before it."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    text: str = ""


Step = Say | Call
