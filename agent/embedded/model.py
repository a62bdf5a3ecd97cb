"""The offline chat model: a LangChain chat model that answers from rules, not from weights."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool

from knowdo.agent.embedded.moves import Call, Say
from knowdo.agent.embedded.policy import next_step
from knowdo.agent.embedded.view import KEPT, look_at
from knowdo.tools.tool import to_json


class EmbeddedChatModel(BaseChatModel):
    """Talks and calls tools like any other chat model, without network and without a GPU."""

    tool_names: frozenset[str] = frozenset()

    @property
    def _llm_type(self) -> str:
        return "knowdo-embedded"

    def bind_tools(
        self,
        tools: Sequence[Any],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """A copy of the model that may call these tools."""
        del tool_choice, kwargs
        names = {convert_to_openai_tool(tool)["function"]["name"] for tool in tools}
        return self.model_copy(update={"tool_names": frozenset(names)})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del stop, run_manager, kwargs
        text, calls, kept = self._answer(messages)
        message = AIMessage(content=text, tool_calls=calls, additional_kwargs=kept)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        del stop, kwargs
        text, calls, kept = self._answer(messages)
        for piece in re.findall(r"\S+\s*|\s+", text):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        pieces = [
            tool_call_chunk(name=call["name"], args=to_json(call["args"]), id=call["id"], index=i)
            for i, call in enumerate(calls)
        ]
        last = AIMessageChunk(content="", tool_call_chunks=pieces, additional_kwargs=kept)
        yield ChatGenerationChunk(message=last)

    def _answer(self, messages: list[BaseMessage]) -> tuple[str, list[ToolCall], dict[str, Any]]:
        """The text, the calls, and what is kept with them for the turns that follow."""
        step = next_step(look_at(messages))
        kept = {KEPT: step.note} if isinstance(step, Say) and step.note else {}
        if not isinstance(step, Call) or step.name not in self.tool_names:
            return step.text, [], kept
        call = ToolCall(name=step.name, args=step.args, id=f"call_{uuid.uuid4().hex[:16]}")
        return step.text, [call], kept
