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

from knowdo.agent.embedded.policy import Call, next_step
from knowdo.agent.embedded.view import look_at
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
        text, calls = self._answer(messages)
        return ChatResult(
            generations=[ChatGeneration(message=AIMessage(content=text, tool_calls=calls))]
        )

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        del stop, kwargs
        text, calls = self._answer(messages)
        for piece in re.findall(r"\S+\s*|\s+", text):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        pieces = [
            tool_call_chunk(name=call["name"], args=to_json(call["args"]), id=call["id"], index=i)
            for i, call in enumerate(calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=pieces))

    def _answer(self, messages: list[BaseMessage]) -> tuple[str, list[ToolCall]]:
        step = next_step(look_at(messages))
        if not isinstance(step, Call) or step.name not in self.tool_names:
            return step.text, []
        call = ToolCall(name=step.name, args=step.args, id=f"call_{uuid.uuid4().hex[:16]}")
        return step.text, [call]
