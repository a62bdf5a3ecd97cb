"""Tool calls that a model wrote into its text instead of using the protocol for them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import ToolCall
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ValidationError

_FENCED = re.compile(r"```(?:json|tool_call)?\s*(\{.*?\})\s*```", re.S)
_TAGGED = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.S)
_ALL_JSON = re.compile(r"(?:```\w*\s*)?[{\[]\s*[\"{\[]")


def written_call(text: str, tools: Sequence[BaseTool | dict[str, Any]]) -> ToolCall | None:
    """The first call of a known tool with valid arguments: fenced, tagged, or the whole text."""
    known = {tool.name: tool for tool in tools if isinstance(tool, BaseTool)}
    bare = [text.strip()] if text.strip().startswith("{") else []
    for block in [*_FENCED.findall(text), *_TAGGED.findall(text), *bare]:
        if call := _call(block, known):
            return call
    return None


def is_no_prose(text: str) -> bool:
    """Whether a text is JSON from end to end, or a broken call: no reply for a person."""
    bare = text.strip()
    return bool(_ALL_JSON.match(bare)) or "<tool_call>" in bare


def _call(block: str, known: dict[str, BaseTool]) -> ToolCall | None:
    try:
        data = json.loads(block)
    except json.JSONDecodeError:
        return None
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in known:
        return None
    args = data.get("arguments", data.get("parameters", {}))
    if not isinstance(args, dict) or not _valid(known[name], args):
        return None
    return ToolCall(name=name, args=args, id=f"call_{uuid.uuid4().hex[:16]}")


def _valid(tool: BaseTool, args: dict[str, Any]) -> bool:
    schema = tool.args_schema
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return False
    try:
        schema.model_validate(args)
    except ValidationError:
        return False
    return True
