"""What a tool is: a typed function whose docstring the model reads, and its effect."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Effect(StrEnum):
    """What running a tool does to the world; SPEND needs a person's approval of the exact plan."""

    READ = "read"
    WRITE = "write"
    SPEND = "spend"


@dataclasses.dataclass(frozen=True)
class Tool(Generic[P, R]):
    """A typed function with its effect; calling it calls the function."""

    function: Callable[P, R]
    effect: Effect

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def description(self) -> str:
        return (self.function.__doc__ or "").strip()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)


def tool(effect: Effect) -> Callable[[Callable[P, R]], Tool[P, R]]:
    """Mark a typed function as a tool."""

    def mark(function: Callable[P, R]) -> Tool[P, R]:
        if not function.__doc__:
            raise TypeError(f"tool {function.__name__} needs a docstring: the model reads it")
        return Tool(function, effect)

    return mark


def to_plain(value: Any) -> Any:
    """Records, paths, dates and sets as JSON-ready values; fields that are None stay out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {k: to_plain(v) for k, v in fields.items() if v is not None}
    if isinstance(value, dict):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(to_plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [to_plain(v) for v in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value


def to_json(value: Any) -> str:
    """One line of JSON for any record."""
    return json.dumps(to_plain(value), ensure_ascii=False)
