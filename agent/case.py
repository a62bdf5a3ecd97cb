"""Keeps the case: facts understood from each message, shown to the model and to every decision."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NotRequired

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from knowdo.agent.case_export import NAME as EXPORT_CASE
from knowdo.agent.case_export import export_tool, exported
from knowdo.agent.edits import forgotten, heeded, taken_back
from knowdo.agent.embedded.case_change import case_after, stated_by
from knowdo.agent.embedded.reading import read
from knowdo.agent.embedded.view import KEPT, View, look_at

# Tools whose arguments are facts of the case; what the person said is filled in for them.
_ON_THE_CASE = ("recommend_approach", "estimate_cost", "estimate_data_needs")
Handler = Callable[[ToolCallRequest], ToolMessage | Command[Any]]


class CaseState(AgentState[Any]):
    """The conversation's state: the messages, the facts of the person's case, their edits."""

    case: NotRequired[dict[str, Any]]
    edits: NotRequired[dict[str, str]]
    # The case before the newest message, and the facts that this message only supposes.
    before: NotRequired[dict[str, Any]]
    supposed: NotRequired[list[dict[str, Any]]]
    # The messages that described the case.
    told: NotRequired[list[str]]


class CaseMiddleware(AgentMiddleware[CaseState, Any, Any]):
    """Understands each message in code, so that both chat models decide on the same facts."""

    state_schema = CaseState

    def __init__(self, system_prompt: str) -> None:
        super().__init__()
        self._system_prompt = system_prompt
        self.tools = [export_tool()]

    def before_agent(self, state: CaseState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Add what the newest message states to the case; note what it only supposes."""
        del runtime
        if not state["messages"] or not isinstance(state["messages"][-1], HumanMessage):
            return None
        view = look_at(state["messages"])
        view.case = state.get("case", {})
        view.supposed = state.get("supposed", [])
        return _understood(view, state.get("edits", {}), state.get("told", []))

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Show the case to the model, as data beside the rules."""
        parts = [self._system_prompt, "Facts of the case so far:"]
        parts[-1] += f"\n<case>{_plain(request.state.get('case', {}))}</case>"
        before = request.state.get("before")
        if before is not None and before != request.state.get("case", {}):
            parts.append(f"Before this message they were:\n<before>{_plain(before)}</before>")
        if supposed := request.state.get("supposed"):
            told = "This message only supposes these facts; tools take them, the case stays:"
            parts.append(f"{told}\n<supposed>{_plain(supposed)}</supposed>")
        return handler(request.override(system_message=SystemMessage("\n\n".join(parts))))

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Handler
    ) -> ToolMessage | Command[Any]:
        """Decide and estimate on the facts of the case; keep what the model added to them."""
        if request.tool is None:
            return handler(request)
        name, fields = request.tool_call["name"], request.tool.args
        if name == EXPORT_CASE:
            return exported(request, _conversation(request))
        call = request.tool_call.copy()
        supposed = _supposed(request)
        if name in _ON_THE_CASE:
            call["args"] = {**_given(request), **_known(request), **supposed}
            call["args"] = {k: v for k, v in call["args"].items() if k in fields}
        if "language" in fields:
            call["args"] = {**call["args"], "language": look_at(request.state["messages"]).language}
        result = handler(request.override(tool_call=call))
        if name not in _ON_THE_CASE or not isinstance(result, ToolMessage):
            return result
        if result.status == "error":
            return result
        if supposed:
            result.additional_kwargs[KEPT] = {"supposed": supposed}
        elif name == "recommend_approach":
            facts = json.loads(str(result.text))["facts"]
            return Command(update={"messages": [result], "case": facts})
        return result


def _understood(view: View, edits: dict[str, str], told: list[str]) -> dict[str, Any]:
    """The case after the newest message, in the form of the state."""
    reading, known = read(view), view.case
    told = told if known else []
    stated = stated_by(reading, view.text, told, known)
    case = case_after(known, reading, stated)
    if reading.kind == "start_over":
        edits, told = forgotten(known, edits), []
    elif stated:
        case, edits = heeded(case, known, stated, edits)
    supposed = [dict(facts) for facts in reading.supposed if facts]
    told = [*told, view.text] if reading.describes else told
    return {"case": case, "edits": edits, "before": known, "supposed": supposed, "told": told}


def _conversation(request: ToolCallRequest) -> str:
    config = request.runtime.config.get("configurable", {})
    return re.sub(r"[^\w-]", "_", str(config.get("thread_id", "case")))[:60]


def _plain(data: Any) -> str:
    """As JSON that cannot close the block that it stands in."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _known(request: ToolCallRequest) -> dict[str, Any]:
    """What the person said wins: a model cannot talk the facts round."""
    return dict(request.state.get("case", {}))


def _given(request: ToolCallRequest) -> dict[str, Any]:
    edits = request.state.get("edits", {})
    said = request.tool_call["args"].items()
    return {k: v for k, v in said if v is not None and not taken_back(k, edits)}


def _supposed(request: ToolCallRequest) -> dict[str, Any]:
    """The supposition that this call is on: set by code from the person's words, by no model.

    Of several ("7B or 13B?") a call takes the one whose facts it names, else the first.
    """
    named = request.tool_call["args"].items()
    sets: list[dict[str, Any]] = request.state.get("supposed") or []
    return next((facts for facts in sets if facts.items() <= named), sets[0] if sets else {})
