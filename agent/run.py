"""One turn in progress: runs in its own thread, so that it goes on when the page is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from knowdo.agent.entries import Entry


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The model calls a tool."""

    call_id: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool has answered; status is `done` or `failed`."""

    call_id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long tool is; total is None when unknown."""

    text: str
    done: float
    total: float | None


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """The graph waits for a person's decision."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn ended with an error that is explained."""

    message: str


Event = TextDelta | ToolStarted | ToolEnded | Progress | NeedsApproval | Failed


class Run:
    """The events of one turn. Any number of readers may follow, from the start, at any time."""

    def __init__(self, before: list[Entry]) -> None:
        # What the conversation showed when the turn began, with the person's new message.
        self.before = before
        self._events: list[Event] = []
        self._finished = False
        self._changed = threading.Condition()

    def emit(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    @property
    def finished(self) -> bool:
        return self._finished

    def events(self) -> Iterator[Event]:
        """Every event so far, then the new ones as they come; ends with the turn."""
        position = 0
        while True:
            with self._changed:
                while not self._finished and len(self._events) == position:
                    self._changed.wait()
                if position == len(self._events):
                    return
                event = self._events[position]
            position += 1
            yield event
