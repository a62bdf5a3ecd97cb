"""The order that a message gives, as a whole or at its end."""

from __future__ import annotations

from knowdo.agent.embedded.digits import as_digits
from knowdo.agent.embedded.grammar import asks, is_order, parts, says
from knowdo.agent.embedded.paths import without_paths
from knowdo.agent.embedded.settings_in_text import settings_in, without_settings
from knowdo.agent.embedded.situation import SHORT
from knowdo.agent.embedded.text import words_in
from knowdo.agent.embedded.view import View

_WHOLE_ORDERS = (
    "yes", "no", "thanks", "greeting", "evaluate", "help", "where", "cancel", "resume", "list_jobs",
    "list_indexes", "status", "export_case", "export", "delete", "train", "plan",
    "build", "inspect",
)  # fmt: skip


def order_of(text: str, language: str = "en") -> str | None:
    """The order that a whole message is."""
    for slips in (False, True):
        for name in _WHOLE_ORDERS:
            if is_order(name, text, slips):
                return name
    if says("compare", text):
        return "compare"
    for name in ("would_change", "stays_here", "talker", "upload"):
        if says(name, text) and words_in(text) <= SHORT + 4:
            return {"talker": "help"}.get(name, name)
    if (says("why", text) or says("doubts", text)) and words_in(text) <= SHORT + 4:
        return "why"
    return _with_settings(as_digits(text, language))


def _with_settings(text: str) -> str | None:
    """ "Train on this with rank 8", "3 epochs, please"."""
    rest = text
    if settings_in(text):
        rest = without_settings(text).strip(" .,!")
        if is_order("train", rest) or is_order("plan", rest):
            return "train"
        if not rest or is_order("settings", f"use {rest}"):
            return "settings"
    told = says("setting_words", rest) and not asks(text)
    return "unclear_setting" if told and any(map(_starts_order, parts(text))) else None


def _starts_order(part: str) -> bool:
    words = part.split()
    return any(
        is_order(name, " ".join(words[:count]))
        for count in range(1, min(len(words), 4) + 1)
        for name in ("train", "settings")
    )


def order_at_end(text: str) -> str | None:
    clauses = parts(text)
    if len(clauses) < 2 or says("later", text[-len(clauses[-1]) - 25 :]):
        return None
    before = clauses[-2]
    if says("unless", before.split()[0]) or asks(text):
        return None
    return next(
        (n for n in ("train", "plan", "build", "inspect") if is_order(n, clauses[-1])), None
    )


def order_of_chosen(text: str) -> str:
    """The order in the message that a choice of file was asked on."""
    plain = without_paths(View(text=text))
    return order_of(plain) or order_at_end(plain) or "files"
