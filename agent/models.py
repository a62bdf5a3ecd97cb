"""The chat model: the embedded one, or any OpenAI-compatible endpoint."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from knowdo.agent.settings import Settings
from knowdo.knowledge.errors import InputError

# A local server may need this long for the first token of a long prompt on a CPU.
REQUEST_TIMEOUT_SECONDS = 300
OPENAI_URL = "https://api.openai.com/v1"


def chat_model(settings: Settings) -> BaseChatModel:
    """The model that the settings name. Raises InputError when its key is missing."""
    if settings.is_embedded:
        from knowdo.agent.embedded.model import EmbeddedChatModel

        return EmbeddedChatModel()
    if settings.base_url is None and settings.api_key is None:
        raise InputError(
            f"KNOWDO_MODEL is {settings.model}, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is"
            " set. Set one of them, or unset KNOWDO_MODEL to use the offline model."
        )
    from langchain_openai import ChatOpenAI
    from langgraph.constants import TAG_NOSTREAM
    from pydantic import SecretStr

    return ChatOpenAI(
        model=settings.model,
        # Said outright: the client would else follow variables that the page does not show.
        base_url=settings.base_url or OPENAI_URL,
        # Local servers take any key, but the client insists on one.
        api_key=SecretStr(settings.api_key or "none"),
        timeout=REQUEST_TIMEOUT_SECONDS,
        temperature=0,
        # What it writes is shown when it has been checked, not as it streams.
        tags=[TAG_NOSTREAM],
    )
