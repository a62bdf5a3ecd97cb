"""The agent: one graph for every chat model, with our tools, approval, and memory in SQLite."""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import Any

from knowdo.tools.catalogue import TOOLS
from langchain.agents import create_agent
from langchain.agents.middleware import (
    HumanInTheLoopMiddleware,
    ModelCallLimitMiddleware,
    ToolErrorMiddleware,
)
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from knowdo.agent.adapters import as_langchain
from knowdo.agent.case import CaseMiddleware
from knowdo.knowledge.errors import KnowDoError
from knowdo.tools.tool import Effect

log = logging.getLogger(__name__)
# A turn that needs more model calls than this is going in circles.
MODEL_CALLS_PER_TURN = 12


def build_agent(
    model: BaseChatModel, checkpointer: BaseCheckpointSaver[Any]
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The agent graph. Tools with Effect.SPEND stop for a person's decision."""
    prompt = files("knowdo.agent").joinpath("prompts/system.md").read_text(encoding="utf-8")
    needs_approval = {
        tool.name: {"allowed_decisions": ["approve", "edit", "reject"]}
        for tool in TOOLS
        if tool.effect is Effect.SPEND
    }
    return create_agent(
        model,
        [as_langchain(tool) for tool in TOOLS],
        middleware=[
            CaseMiddleware(prompt),
            HumanInTheLoopMiddleware(interrupt_on=needs_approval),  # type: ignore[arg-type]
            ModelCallLimitMiddleware(run_limit=MODEL_CALLS_PER_TURN),
            ToolErrorMiddleware(_explain),
        ],
        checkpointer=checkpointer,
    )


def _explain(error: Exception, request: ToolCallRequest) -> str:
    """What the model and the person read when a tool fails; the unexpected goes to the log too."""
    if isinstance(error, KnowDoError):
        return str(error)
    name = request.tool_call["name"]
    log.error("tool %s failed", name, exc_info=error)
    return (
        f"{name} failed unexpectedly ({type(error).__name__}: {error}). The details are in the"
        " server's log; nothing was lost."
    )
