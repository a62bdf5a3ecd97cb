"""The tool that finds guidance: what is known about prompting, retrieval and fine-tuning."""

from __future__ import annotations

from datetime import date

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.passage_words import language_of
from knowdo.knowledge.passages import search_passages
from knowdo.knowledge.schema import Passage
from knowdo.knowledge.services import ABOUT_TODAY, services_on
from knowdo.knowledge.wording import LANGUAGES, Language
from knowdo.tools.advise import Cited
from knowdo.tools.tool import Effect, tool


@tool(Effect.READ)
def search_guidance(
    question: str, language: str | None = None, limit: int = 3
) -> tuple[Cited, ...]:
    """Find guidance passages on prompting, RAG, fine-tuning, data, cost, services and privacy.

    Answer questions about the trade only from these passages, and cite their ids. Nothing is found
    when the guidance does not answer the question; say so then. language: en, de, es, fr or zh,
    that of the answer; without it the passages come in the language of the question.
    """
    if not question.strip():
        raise InputError("The question is empty; say what you want to know.")
    found = search_passages(question, limit=limit, language=language)
    told_in = language or language_of(question)
    return tuple(_cited(passage, told_in) for passage, _ in found)


def _cited(passage: Passage, language: str | None) -> Cited:
    """The passage; one on the services with how they stand today, since they open and close."""
    text = passage.text
    if passage.passage_id in ABOUT_TODAY:
        known: Language = next((name for name in LANGUAGES if name == language), "en")
        text = f"{text} {services_on(date.today(), known)}"
    return Cited(passage.passage_id, passage.title, text, passage.sources)
