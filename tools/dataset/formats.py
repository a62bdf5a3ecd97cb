"""Turns a row of a known layout (messages, ShareGPT, Alpaca, prompt/completion) into an example."""

from __future__ import annotations

import difflib
from typing import Any, cast

from knowdo.tools.dataset.records import Example, LineProblem, Message, Role

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "ai": "assistant",
}
# The layouts by their telling keys, the first that fits wins; then the keys it also reads.
LAYOUTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "messages": (("messages",), ()),
    "sharegpt": (("conversations",), ("system",)),
    "alpaca": (("instruction", "output"), ("input", "system")),
    "prompt-completion": (("prompt", "completion"), ("system",)),
    "prompt-response": (("prompt", "response"), ("system",)),
}
EXAMPLE_ROW = (
    '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'
)


class RowError(Exception):
    """A row that cannot be used; carries the problem without its line."""

    def __init__(self, field: str, problem: str, suggestion: str) -> None:
        super().__init__(problem)
        self.field, self.problem, self.suggestion = field, problem, suggestion

    def at(self, line: int) -> LineProblem:
        """The problem with its line."""
        return LineProblem(line, self.field, self.problem, self.suggestion)


def layout_of(row: Any) -> str:
    """The layout's name. Raises RowError when the keys fit none."""
    if not isinstance(row, dict):
        raise RowError("row", f"is a {_kind(row)}, not an object", f"Write {EXAMPLE_ROW}.")
    for name, (telling, _) in LAYOUTS.items():
        if all(key in row for key in telling):
            return name
    known = [key for telling, also in LAYOUTS.values() for key in (*telling, *also)]
    for key in row:
        near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.75)
        if near and near[0] != key:
            raise RowError(str(key)[:40], "is not a known key", f"Did you mean '{near[0]}'?")
    keys = ", ".join(f"'{str(key)[:30]}'" for key in list(row)[:6]) or "none"
    raise RowError("row", f"has no known layout (keys: {keys})", f"Write {EXAMPLE_ROW}.")


def example_from(row: Any, line: int) -> tuple[Example, str, tuple[str, ...]]:
    """The example of a row, its layout, and the fields that were not read.

    Raises RowError that names the field and says how to mend it.
    """
    layout = layout_of(row)
    messages = _checked(_READERS[layout](row))
    telling, also = LAYOUTS[layout]
    ignored = tuple(key for key in row if key not in telling and key not in also)
    return Example(messages, line), layout, ignored


def _from_messages(row: dict[str, Any]) -> list[Message]:
    return [_message(item, f"messages[{i}]", "role", "content") for i, item in _items(row)]


def _from_sharegpt(row: dict[str, Any]) -> list[Message]:
    items = _items(row, "conversations")
    # Some files of this name carry role/content inside.
    old = all(isinstance(item, dict) and "from" in item for _, item in items)
    role, content = ("from", "value") if old else ("role", "content")
    said = [_message(item, f"conversations[{i}]", role, content) for i, item in items]
    return [*_system(row), *said]


def _from_alpaca(row: dict[str, Any]) -> list[Message]:
    question = _text(row["instruction"], "instruction")
    # Alpaca's own template sets the input under the instruction.
    extra = _text(row.get("input") or "", "input")
    asked = f"{question}\n\n{extra}" if extra.strip() else question
    answer = _text(row["output"], "output")
    return [*_system(row), Message("user", asked), Message("assistant", answer)]


def _from_prompt(row: dict[str, Any]) -> list[Message]:
    answer_key = "completion" if "completion" in row else "response"
    prompt, answer = row["prompt"], row[answer_key]
    if isinstance(prompt, list) and isinstance(answer, list):
        return _from_messages({"messages": prompt + answer})
    said = [
        Message("user", _text(prompt, "prompt")),
        Message("assistant", _text(answer, answer_key)),
    ]
    return [*_system(row), *said]


_READERS = {
    "messages": _from_messages,
    "sharegpt": _from_sharegpt,
    "alpaca": _from_alpaca,
    "prompt-completion": _from_prompt,
    "prompt-response": _from_prompt,
}


def _system(row: dict[str, Any]) -> list[Message]:
    text = row.get("system")
    return [Message("system", _text(text, "system"))] if text else []


def _items(row: dict[str, Any], key: str = "messages") -> list[tuple[int, Any]]:
    value = row[key]
    if not isinstance(value, list):
        raise RowError(key, f"is a {_kind(value)}, not a list", f"Write {EXAMPLE_ROW}.")
    if not value:
        raise RowError(key, "is empty", "Put a user message and an assistant message in it.")
    return list(enumerate(value))


def _message(item: Any, where: str, role_key: str, content_key: str) -> Message:
    if not isinstance(item, dict):
        raise RowError(where, f"is a {_kind(item)}, not an object", "Give it a role and a content.")
    for key in (role_key, content_key):
        if key not in item:
            raise RowError(where, f"has no '{key}'", _nearest_key(key, item))
    role = _role(item[role_key], f"{where}.{role_key}")
    return Message(role, _text(item[content_key], f"{where}.{content_key}"))


def _role(value: Any, where: str) -> Role:
    role = ROLES.get(value) if isinstance(value, str) else None
    if role is not None:
        return role
    if value in ("tool", "function"):
        raise RowError(
            where, "is a tool message; tools cannot be trained here yet", "Leave it out."
        )
    near = difflib.get_close_matches(str(value), ROLES, n=1, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'?" if near else "Use system, user or assistant."
    raise RowError(where, f"'{str(value)[:30]}' is not a role", hint)


def _nearest_key(key: str, item: dict[str, Any]) -> str:
    near = difflib.get_close_matches(key, [str(k) for k in item], n=1, cutoff=0.6)
    return f"Rename '{near[0]}' to '{key}'." if near else f"Add '{key}'."


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    raise RowError(where, f"is {_kind(value)}, not text", "Write it as one string in quotes.")


def _checked(messages: list[Message]) -> tuple[Message, ...]:
    """The messages, when they alternate and every answer says something."""
    said = [m for m in messages if m.role != "system"]
    if any(m.role == "system" for m in messages[1:]):
        raise RowError("messages", "has a system message that is not the first", "Move it up.")
    if not any(m.role == "assistant" for m in said):
        raise RowError("messages", "has no assistant message", "Add the answer to learn.")
    for before, after in zip([Message("assistant", "-"), *said], said, strict=False):
        if before.role == after.role:
            raise RowError(
                "messages",
                f"roles do not alternate ('{after.role}' where the other side should speak)",
                "Join the messages of one side, or add what is missing.",
            )
    if said[-1].role != "assistant":
        raise RowError("messages", "ends with the user", "Let the last message be the answer.")
    _refuse_empty(said)
    return tuple(messages)


def _refuse_empty(said: list[Message]) -> None:
    for message in said:
        if not message.content.strip():
            name = "answer" if message.role == "assistant" else "question"
            raise RowError("content", f"the {name} is empty", "Fill it in or leave the line out.")


def _kind(value: Any) -> str:
    names: dict[type, str] = {
        type(None): "null",
        str: "text",
        bool: "true/false",
        int: "number",
        float: "number",
        list: "list",
        dict: "object",
    }
    return names.get(cast(type, type(value)), type(value).__name__)
