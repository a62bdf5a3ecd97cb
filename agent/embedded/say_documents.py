"""Replies on documents: the plan of an index, the index, answers with quotations."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded.markdown import files, literal, numbered
from knowdo.tools.format import duration


def plan_index(data: dict[str, Any]) -> str:
    """What would be indexed, what is left out and why, and how long it takes."""
    about = "" if data["chunks_are_exact"] else "about "
    parts = []
    if data["chunks"]:
        parts.append(
            f"**{data['accepted_count']:,} {files(data['accepted_count'])}**, {about}"
            f"{data['chunks']:,} passages; indexing takes about"
            f" {duration(data['expected_seconds'])} on this machine, and nothing leaves it."
        )
    else:
        parts.append("None of these files can be indexed.")
    if data["refused"]:
        rows = [f"- `{PurePath(r['path']).name}`: {r['reason']}" for r in data["refused"]]
        more = data["refused_count"] - len(rows)
        rows += [f"- and {more:,} more"] if more > 0 else []
        parts.append("Left out:\n" + "\n".join(rows))
    notes = [f"- `{f['file']}`: {note}" for f in data["accepted"] for note in f.get("notes", [])]
    if notes:
        parts.append("Note:\n" + "\n".join(notes[:10]))
    return "\n\n".join(parts)


def offer_index(data: dict[str, Any]) -> str:
    """The plan, and how to go on."""
    ask = "\n\nShall I build it? Say `build it`." if data["chunks"] else ""
    return plan_index(data) + ask


def build_index(data: dict[str, Any]) -> str:
    """The index is ready."""
    return (
        f"The index **{data['name']}** is ready: {data['chunks']:,} passages from"
        f" {data['files']:,} {files(data['files'])}. Ask me anything about them."
    )


def answer(data: dict[str, Any]) -> str:
    """Quotations with their places, or that the documents do not hold it."""
    if not data["found"]:
        return (
            f"{data['text']} I answer only from what stands in them; try other words, or add"
            " documents."
        )
    quotes = "\n\n".join(f"> {literal(q['text'])} [{n}]" for n, q in numbered(data["quotes"]))
    places = "\n".join(
        f"[{n}] {literal(q['file'])}, {literal(q['location'])}  "
        for n, q in numbered(data["quotes"])
    )
    return f"{data['text'].partition(chr(10))[0]}\n\n{quotes}\n\n{places}"
