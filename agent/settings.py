"""What a person configured: which chat model talks, and where it runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Settings:
    """The chat model's name and endpoint. The key is never shown."""

    model: str = EMBEDDED
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)

    @property
    def is_embedded(self) -> bool:
        return self.model == EMBEDDED

    def where_messages_go(self) -> str:
        """One sentence for the page: does anything leave this machine?"""
        if self.is_embedded:
            return "Offline model: nothing leaves this machine."
        return (
            f"{self.model} at {self.base_url or 'the OpenAI API'}: your messages, and what the"
            " tools find for them, are sent there."
        )


def settings_from_environment() -> Settings:
    """`KNOWDO_MODEL` chooses; `OPENAI_BASE_URL` and `OPENAI_API_KEY` say where and with which key.

    A key alone changes nothing: many people have one for other programs, and a conversation must
    not leave the machine because of it.
    """
    return Settings(
        model=os.environ.get("KNOWDO_MODEL", "").strip() or EMBEDDED,
        base_url=os.environ.get("OPENAI_BASE_URL") or None,
        api_key=os.environ.get("OPENAI_API_KEY") or None,
    )
