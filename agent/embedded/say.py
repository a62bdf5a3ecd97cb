"""The sentences of the conversation, in the person's language."""

from __future__ import annotations

from typing import Any

from knowdo.knowledge.wording import Catalogue

SENTENCES = Catalogue("knowdo.agent.embedded", "wording")


def say(language: str, key: str, /, **values: Any) -> str:
    """A sentence of the conversation with its values, from `wording/LANGUAGE.toml`."""
    return SENTENCES.say(language, key, **values)
