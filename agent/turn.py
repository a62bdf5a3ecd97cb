"""One turn on the graph: what goes in, and its stream as events."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, StreamMode

from knowdo.agent.run import NeedsApproval, Progress, Run, TextDelta, ToolEnded, ToolStarted

Graph = CompiledStateGraph[Any, Any, Any, Any]
NOT_DECIDED = "Not run: the person wrote a new message instead of deciding."
CUT_OFF = "No result: the server stopped before this was finished. Look before you do it again."
ONE_AT_A_TIME = "Only one run is decided at a time; ask for this one again afterwards."


def new_message(graph: Graph, config: RunnableConfig, content: str) -> dict[str, Any]:
    """The input for a new message, after calls that were left open are closed.

    A call stays open when the person writes instead of deciding, or when the server stopped in the
    middle; models refuse a conversation with an unanswered call.
    """
    state = graph.get_state(config)
    if state.next:
        reason = NOT_DECIDED if state.interrupts else CUT_OFF
        closing = _closed(state.values.get("messages", []), reason)
        graph.update_state(config, {"messages": closing}, as_node="tools")
    return {"messages": [HumanMessage(content)]}


def _closed(messages: list[Any], reason: str) -> list[ToolMessage]:
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    last = next((m for m in reversed(messages) if isinstance(m, AIMessage)), None)
    return [
        ToolMessage(reason, tool_call_id=call["id"] or "", name=call["name"], status="error")
        for call in (last.tool_calls if last else [])
        if call["id"] not in answered
    ]


def waiting_calls(graph: Graph, config: RunnableConfig) -> list[dict[str, Any]]:
    """The costly calls that wait for a person, as {name, args}; usually none or one."""
    interrupts = graph.get_state(config).interrupts
    return list(interrupts[0].value["action_requests"]) if interrupts else []


def answer(decision: dict[str, Any], waiting: int) -> Command[Any]:
    """A person's decision on the first waiting call; a model that asked for several gets one."""
    others = [{"type": "reject", "message": ONE_AT_A_TIME}] * (waiting - 1)
    return Command(resume={"decisions": [decision, *others]})


def follow_stream(graph: Graph, config: RunnableConfig, given: Any, run: Run) -> None:
    """Run the graph to its end or to a person's decision, and emit what happens."""
    modes: list[StreamMode] = ["messages", "updates", "custom"]
    for mode, data in graph.stream(given, config, stream_mode=modes):
        _forward(run, mode, data)


def forget_steps(graph: Graph, conversation_id: str) -> None:
    """Keep only the newest checkpoint of a conversation.

    LangGraph keeps the whole state after every step of every turn: 12 MB in a quarter of an hour of
    chat. Only the newest is ever read here; ids of checkpoints sort by time.
    """
    saver = graph.checkpointer
    if not isinstance(saver, SqliteSaver):
        raise TypeError(f"conversations are kept in SQLite, not in {type(saver).__name__}")
    newest = "(SELECT MAX(checkpoint_id) FROM checkpoints WHERE thread_id = :thread)"
    with saver.cursor() as cursor:
        for table in ("writes", "checkpoints"):
            cursor.execute(
                f"DELETE FROM {table} WHERE thread_id = :thread AND checkpoint_id < {newest}",
                {"thread": conversation_id},
            )


def _forward(run: Run, mode: str, data: Any) -> None:
    """One piece of the graph's stream as events."""
    if mode == "messages":
        message, _ = data
        if isinstance(message, AIMessageChunk) and message.text:
            run.emit(TextDelta(str(message.text)))
    elif mode == "custom" and "progress" in data:
        run.emit(Progress(**data["progress"]))
    elif mode == "custom" and "text" in data:
        # The text of an endpoint's model, whole, when it has passed the check.
        run.emit(TextDelta(data["text"]))
    elif mode == "updates":
        if "__interrupt__" in data:
            run.emit(NeedsApproval())
        for update in data.values():
            messages = update.get("messages", []) if isinstance(update, dict) else []
            for message in messages if isinstance(messages, list) else []:
                _forward_message(run, message)


def _forward_message(run: Run, message: Any) -> None:
    if isinstance(message, AIMessage):
        for call in message.tool_calls:
            run.emit(ToolStarted(call["id"] or "", call["name"], call["args"]))
    elif isinstance(message, ToolMessage):
        status = "failed" if message.status == "error" else "done"
        run.emit(ToolEnded(message.tool_call_id, message.name or "", status))
