"""Replies on documents: the plan of an index, the index, answers with quotations."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded.markdown import literal, numbered
from knowdo.agent.embedded.say import say
from knowdo.knowledge.wording import Language
from knowdo.tools.format import duration

# How the tool opens an answer that it is sure of.
_SURE = "The documents say:"


def plan_index(data: dict[str, Any], language: Language = "en") -> str:
    """What would be indexed, what is left out and why, and how long it takes."""
    parts = [_planned(data, language)]
    if data["refused"]:
        rows = [f"- `{PurePath(r['path']).name}`: {r['reason']}" for r in data["refused"]]
        more = data["refused_count"] - len(rows)
        rows += [f"- {say(language, 'documents.more', count=more)}"] if more > 0 else []
        parts.append(say(language, "documents.left_out") + "\n" + "\n".join(rows))
    notes = [f"- `{f['file']}`: {note}" for f in data["accepted"] for note in f.get("notes", [])]
    if notes:
        parts.append(say(language, "documents.note") + "\n" + "\n".join(notes[:10]))
    return "\n\n".join(parts)


def _planned(data: dict[str, Any], language: Language) -> str:
    if not data["chunks"]:
        return say(language, "documents.none_fit")
    return say(
        language,
        "documents.plan" if data["chunks_are_exact"] else "documents.plan_about",
        count=data["accepted_count"],
        chunks=data["chunks"],
        time=duration(data["expected_seconds"], language),
    )


def offer_index(data: dict[str, Any], language: Language = "en") -> str:
    """The plan, and how to go on."""
    ask = f"\n\n{say(language, 'documents.offer')}" if data["chunks"] else ""
    return plan_index(data, language) + ask


def build_index(data: dict[str, Any], language: Language = "en") -> str:
    """The index is ready."""
    return say(
        language, "documents.ready", name=data["name"], chunks=data["chunks"], count=data["files"]
    )


def answer(data: dict[str, Any], language: Language = "en") -> str:
    """Quotations with their places, or that the documents do not hold it."""
    if not data["found"]:
        return say(language, "documents.not_found")
    sure = data["text"].startswith(_SURE)
    opening = say(language, "documents.found" if sure else "documents.nearest")
    quotes = "\n\n".join(f"> {literal(q['text'])} [{n}]" for n, q in numbered(data["quotes"]))
    places = "\n".join(
        f"[{n}] {literal(q['file'])}, {literal(q['location'])}  "
        for n, q in numbered(data["quotes"])
    )
    return f"{opening}\n\n{quotes}\n\n{places}"
