"""Our tools as LangChain tools: same name, docstring and arguments; results as JSON."""

from __future__ import annotations

import functools
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from langgraph.config import get_stream_writer

from knowdo.tools.progress import progress_to
from knowdo.tools.tool import Tool, to_json


def as_langchain(tool: Tool[Any, Any]) -> BaseTool:
    """A LangChain tool that reports progress to the graph's custom stream."""

    @functools.wraps(tool.function)
    def run(*args: Any, **kwargs: Any) -> str:
        write = get_stream_writer()

        def show(text: str, done: float, total: float | None) -> None:
            write({"progress": {"text": text, "done": done, "total": total}})

        with progress_to(show):
            return to_json(tool(*args, **kwargs))

    # functools.wraps keeps the typed signature that the argument schema is made from; the result
    # is text, whatever the function returns.
    run.__annotations__ = {**tool.function.__annotations__, "return": "str"}
    return StructuredTool.from_function(run, name=tool.name, description=tool.description)
