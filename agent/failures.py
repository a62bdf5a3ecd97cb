"""Why a turn failed, in words that blame the right part and say the way out."""

from __future__ import annotations

import sys
from typing import Any

from knowdo.agent.settings import Settings

_WAY_OUT = " Or unset KNOWDO_MODEL to use the offline model. Your message is kept."


def explain(error: Exception, settings: Settings) -> str:
    """The failure of a turn for the person: the endpoint only where the endpoint failed."""
    # Where the client was never loaded, no endpoint was asked.
    openai = sys.modules.get("openai")
    if settings.is_embedded or openai is None or not isinstance(error, openai.OpenAIError):
        return (
            f"Something went wrong in KnowDo itself ({type(error).__name__}: {str(error)[:300]})."
            " The details are in the server's log. Nothing was lost; send it again."
        )
    where = f"The chat model {settings.model} at {settings.base_url or 'the OpenAI API'}"
    return f"{where} {_cause(error, openai)}{_WAY_OUT}"


def _cause(error: Exception, openai: Any) -> str:
    said = f" ({str(error)[:200]})"
    if _context_is_full(error):
        return (
            f"can't take a conversation of this length{said}. Start a new conversation, or give the"
            " model a larger context."
        )
    for kind, text in _causes(openai):
        if isinstance(error, kind):
            return text.format(said=said)
    return f"answered with an error{said}. It is the endpoint's; try again or look at its log."


def _causes(openai: Any) -> list[tuple[type[Exception], str]]:
    """Kinds of the client's errors, the special before the general."""
    return [
        (
            openai.APITimeoutError,
            "took too long to answer. It may be busy, or too slow for this prompt: try again.",
        ),
        (
            openai.APIConnectionError,
            "could not be reached{said}. Check that it is running and that OPENAI_BASE_URL is"
            " right.",
        ),
        (openai.AuthenticationError, "refused the key{said}. Check OPENAI_API_KEY."),
        (openai.PermissionDeniedError, "does not allow this key to use it{said}."),
        (openai.RateLimitError, "refused because of its rate limit or quota{said}. Wait a moment."),
        (
            openai.NotFoundError,
            "does not exist there{said}. Check KNOWDO_MODEL and OPENAI_BASE_URL.",
        ),
    ]


def _context_is_full(error: Exception) -> bool:
    words = str(error).lower()
    return any(
        sign in words
        for sign in ("context_length", "context length", "context size", "maximum context")
    )
