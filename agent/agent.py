"""The agent: one graph for every chat model, with our tools, approval, and memory in SQLite."""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    InterruptOnConfig,
    ModelCallLimitMiddleware,
    ToolErrorMiddleware,
)
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from knowdo.agent.adapters import as_langchain
from knowdo.agent.bounds import BoundsMiddleware
from knowdo.agent.case import CaseMiddleware
from knowdo.agent.embedded.model import EmbeddedChatModel
from knowdo.agent.grounding import GroundingMiddleware
from knowdo.knowledge.errors import KnowDoError
from knowdo.tools.catalogue import TOOLS
from knowdo.tools.tool import Effect

log = logging.getLogger(__name__)
# A turn that needs more model calls than this is going in circles.
MODEL_CALLS_PER_TURN = 12
# What a person may answer to a costly call.
ANSWERS = InterruptOnConfig(allowed_decisions=["approve", "edit", "reject"])


def build_agent(
    model: BaseChatModel, checkpointer: BaseCheckpointSaver[Any]
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The agent graph. Tools with Effect.SPEND stop for a person's decision."""
    prompt = files("knowdo.agent").joinpath("prompts/system.md").read_text(encoding="utf-8")
    costly = [tool.name for tool in TOOLS if tool.effect is Effect.SPEND]
    middleware: list[AgentMiddleware[Any, Any, Any]] = [
        CaseMiddleware(prompt),
        HumanInTheLoopMiddleware(interrupt_on=dict.fromkeys(costly, ANSWERS)),
        ModelCallLimitMiddleware(run_limit=MODEL_CALLS_PER_TURN),
        ToolErrorMiddleware(_explain),
    ]
    if not isinstance(model, EmbeddedChatModel):
        # The offline model writes from results only; any other model is held to them. The first
        # stands before the case is filled in, the second sees what the case put into the prompt.
        middleware = [BoundsMiddleware(), *middleware, GroundingMiddleware()]
    tools = [as_langchain(tool) for tool in TOOLS]
    return create_agent(model, tools, middleware=middleware, checkpointer=checkpointer)


def _explain(error: Exception, request: ToolCallRequest) -> str:
    """What the model and the person read when a tool fails; the unexpected goes to the log too."""
    if isinstance(error, KnowDoError):
        return str(error)
    name = request.tool_call["name"]
    log.error("tool %s failed", name, exc_info=error)
    return (
        f"The tool {name} failed unexpectedly ({type(error).__name__}: {error}). The chat model is"
        " not to blame; the details are in the server's log, and nothing was lost."
    )
