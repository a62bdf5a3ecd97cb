"""Pieces of replies: text that shows itself and nothing else, passages, sources."""

from __future__ import annotations

import re
from typing import Any

from knowdo.agent.embedded.say import say
from knowdo.knowledge.wording import Language


def literal(text: str) -> str:
    """Text from a document, a dataset or a model as one line that shows it and nothing else.

    Unescaped it could set headings and links, or load a picture from outside, which would tell a
    stranger that and what somebody is reading.
    """
    without_headings = re.sub(r"^\s*#{1,6}\s+", "", text, flags=re.M)
    line = " ".join(without_headings.split())
    escaped = re.sub(r"([\\`*_{}\[\]()#+\-!|~.$:])", r"\\\1", line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159]}…"


def quoted(text: str, language: Language = "en") -> str:
    lines = text.strip().splitlines() or [say(language, "training.nothing")]
    return "\n>\n".join(f"> {literal(line)}" for line in lines)


def numbered(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(rows, 1))


def source(source: dict[str, Any], language: Language = "en") -> str:
    return say(language, "advice.read", title=source["title"], date=source["retrieved"])


def passages(cited: list[dict[str, Any]], language: Language = "en") -> str:
    """Cited passages as a block that opens on a click."""
    if not cited:
        return ""
    rows = []
    for i, c in enumerate(cited, 1):
        sources = "; ".join(source(s, language) for s in c["sources"])
        rows.append(f"<p>[{i}] <b>{c['title']}.</b> {c['text']} <i>{sources}</i></p>")
    return _opens(say(language, "advice.sources", count=len(cited)), "".join(rows))


def basis(data: dict[str, Any], language: Language = "en") -> str:
    """Assumptions and sources as a block that opens on a click."""
    rows = "".join(f"<p>{item}</p>" for item in data.get("assumptions", []))
    rows += "".join(f"<p><i>{source(s, language)}</i></p>" for s in data["sources"])
    return _opens(say(language, "advice.basis"), rows)


def _opens(summary: str, rows: str) -> str:
    return f"<details><summary>{summary}</summary>{rows}</details>"
