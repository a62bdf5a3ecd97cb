"""Keeps the case: facts understood from each message, shown to the model and to every decision."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NotRequired

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from knowdo.agent.embedded.policy import describes_a_case
from knowdo.agent.embedded.understanding import merge, understand
from knowdo.agent.embedded.view import look_at
from knowdo.tools.advise import use_case_from

# Tools whose arguments are facts of the case; what the person said is filled in for them.
_ON_THE_CASE = ("recommend_approach", "estimate_cost", "estimate_data_needs")


class CaseState(AgentState[Any]):
    """The conversation's state: the messages, and the facts of the person's case."""

    case: NotRequired[dict[str, Any]]


class CaseMiddleware(AgentMiddleware[CaseState, Any, Any]):
    """Understands each message in code, so that both chat models decide on the same facts."""

    state_schema = CaseState

    def __init__(self, system_prompt: str) -> None:
        super().__init__()
        self._system_prompt = system_prompt

    def before_agent(self, state: CaseState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Add what the newest message states to the case."""
        del runtime
        if not state["messages"] or not isinstance(state["messages"][-1], HumanMessage):
            return None
        view = look_at(state["messages"])
        if not describes_a_case(view):
            return None
        known = use_case_from(state.get("case", {}))
        return {"case": merge(known, understand(view.text)).known()}

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Show the case to the model, as data beside the rules."""
        case = json.dumps(request.state.get("case", {}), ensure_ascii=False)
        system = f"{self._system_prompt}\n\nFacts of the case so far:\n<case>{case}</case>"
        return handler(request.override(system_message=SystemMessage(system)))

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Decide and estimate on the facts of the case; keep what the model added to them."""
        name = request.tool_call["name"]
        if strange := _paths_nobody_named(request):
            return ToolMessage(
                f"Nobody named {strange} in this conversation. Ask the person to attach the file or"
                " to write its path.",
                tool_call_id=request.tool_call["id"] or "",
                name=name,
                status="error",
            )
        if name not in _ON_THE_CASE or request.tool is None:
            return handler(request)
        known = {k: v for k, v in request.state.get("case", {}).items() if k in request.tool.args}
        given = {k: v for k, v in request.tool_call["args"].items() if v is not None}
        call = request.tool_call.copy()
        # What the person said wins: a model cannot talk the facts round.
        call["args"] = {**given, **known}
        result = handler(request.override(tool_call=call))
        if name != "recommend_approach" or not isinstance(result, ToolMessage):
            return result
        if result.status == "error":
            return result
        facts = json.loads(str(result.text))["facts"]
        return Command(update={"messages": [result], "case": facts})


def _paths_nobody_named(request: ToolCallRequest) -> str | None:
    """A path in the call that stands in no message of the person.

    A model, or a document that misleads it, must not choose which files are read.
    """
    args = request.tool_call["args"]
    paths = [args.get("path"), args.get("dataset_path"), *(args.get("paths") or [])]
    messages = [str(m.text) for m in request.state["messages"] if isinstance(m, HumanMessage)]
    said = "\n".join(messages)
    return next((str(path) for path in paths if path and str(path) not in said), None)
