"""What a training example is: a conversation, where it stood in its file, and what was wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
TaskGuess = Literal["classification", "json", "text"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str

    def as_dict(self) -> dict[str, str]:
        """The form that chat templates take."""
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer to learn, and the messages before it."""

    prompt: tuple[Message, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation; `line` counts from 1 (in a JSON list: the item)."""

    messages: tuple[Message, ...]
    line: int

    def turns(self) -> Iterator[Turn]:
        """Each assistant message with everything before it."""
        for position, message in enumerate(self.messages):
            if message.role == "assistant":
                yield Turn(self.messages[:position], message.content)

    @property
    def system_prompt(self) -> str | None:
        """The system message, if there is one."""
        first = self.messages[0]
        return first.content if first.role == "system" else None

    @property
    def answer(self) -> str:
        """The last assistant message."""
        return self.messages[-1].content

    def question_key(self) -> str:
        """Equal for examples that ask the same: everything before the last answer."""
        return _digest(self.messages[:-1])

    def key(self) -> str:
        """Equal for examples that are the same throughout."""
        return _digest(self.messages)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why one example cannot be used, and what would mend it."""

    line: int
    field: str
    problem: str
    suggestion: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.problem}. {self.suggestion}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """The usable examples of a file, exact repeats left out."""

    path: str
    format: str
    sha256: str
    examples: tuple[Example, ...]
    problems: tuple[LineProblem, ...]
    duplicates: int
    ignored_fields: tuple[str, ...]


def _digest(messages: tuple[Message, ...]) -> str:
    text = "\x1e".join(f"{m.role}\x1f{m.content.strip()}" for m in messages)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
