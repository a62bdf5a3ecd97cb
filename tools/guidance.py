"""The tool that finds guidance: what is known about prompting, retrieval and fine-tuning."""

from __future__ import annotations

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.passages import search_passages
from knowdo.tools.advise import Cited
from knowdo.tools.tool import Effect, tool


@tool(Effect.READ)
def search_guidance(question: str, limit: int = 3) -> tuple[Cited, ...]:
    """Find guidance passages on prompting, RAG, fine-tuning, data, cost, services and privacy.

    Answer questions about the trade only from these passages, and cite their ids.
    """
    if not question.strip():
        raise InputError("The question is empty; say what you want to know.")
    found = search_passages(question, limit=limit)
    return tuple(Cited(p.passage_id, p.title, p.text, p.sources) for p, _ in found)
