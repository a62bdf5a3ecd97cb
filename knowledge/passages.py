"""Guidance in short passages with dated sources in five languages, and a search over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.passage_files import entries
from knowdo.knowledge.passage_index import scores, speaks_of_the_trade
from knowdo.knowledge.passage_words import language_of
from knowdo.knowledge.schema import Passage
from knowdo.knowledge.wording import LANGUAGES, Language

# From this score on the best passage answers the question; chosen on the development part of
# tests/knowledge/data/guidance_questions.jsonl, between questions on the trade and others.
ANSWERS = 28.0
# Passages that fit less than this share of the best one are no further reading.
FURTHER = 0.5


# Points that a second opinion adds to a passage which it is sure of; chosen on the same part.
OPINION = 40.0

# What a question is about by its meaning: passage ids with probabilities, "" for none of them.
Opinion = Callable[[str], Mapping[str, float]]
_second_opinion: Opinion | None = None


def consult(opinion: Opinion | None) -> None:
    """From now on ask this too what a question is about; with None only its words count.

    The agent's trained reader gives it (`agent/__init__.py`): the knowledge imports no agent.
    """
    global _second_opinion
    _second_opinion = opinion


def passages(language: Language = "en") -> dict[str, Passage]:
    """All passages by id. Raises InputError on a passage that is malformed or has no source."""
    return {passage_id: entry.passage for passage_id, entry in entries(language).items()}


def passage(passage_id: str, language: str = "en") -> Passage:
    """The passage of that id, in English when the language is not one of ours.

    Raises InputError with the nearest ids when there is none.
    """
    found = entries(_known(language) or "en").get(passage_id)
    if found is None:
        raise unknown_name("passage", passage_id, entries())
    return found.passage


def search_passages(
    query: str, limit: int = 4, language: str | None = None
) -> list[tuple[Passage, float]]:
    """The passages that answer the query best, with scores from 0 to 100, best first.

    Empty when none answers it: a question about something else finds nothing. The texts are in
    `language`, else in the language of the query; what is asked in another language than the one to
    answer in is found as well. Raises InputError when `limit` is not positive.
    """
    if limit < 1:
        raise InputError(f"limit is {limit}; ask for at least one passage.")
    answer_in = _known(language)
    asked_in = language_of(query)
    ranked = _ranked(query, asked_in or answer_in or "en")
    if asked_in is None and not ranked:
        # One or two words tell no language: look in the others before giving up.
        others = (name for name in LANGUAGES if name != (answer_in or "en"))
        ranked = max((_ranked(query, name) for name in others), key=_best)
    texts = entries(answer_in or ("en" if language else asked_in or "en"))
    return [(texts[passage_id].passage, score) for passage_id, score in ranked[:limit]]


def _ranked(query: str, language: Language) -> list[tuple[str, float]]:
    """Ids with scores, best first; none when the best does not answer."""
    found = sorted(_opined(query, language).items(), key=lambda pair: (-pair[1], pair[0]))
    if not found or found[0][1] < ANSWERS:
        return []
    return [pair for pair in found if pair[1] >= FURTHER * found[0][1]]


def _opined(query: str, language: Language) -> dict[str, float]:
    """The scores by words, moved by the second opinion; from 0 to 100."""
    by_words = scores(query, language)
    if _second_opinion is None:
        return by_words
    opinion = _second_opinion(query)
    nothing = opinion.get("", 0.0)
    # A meaning without any word of the trade is trusted as little as such words are.
    trust = speaks_of_the_trade(query, language)
    moved = {
        passage_id: by_words.get(passage_id, 0.0) + OPINION * (trust * share - nothing)
        for passage_id, share in opinion.items()
        if passage_id
    }
    return {passage_id: min(100.0, max(0.0, score)) for passage_id, score in moved.items()}


def _best(ranked: list[tuple[str, float]]) -> float:
    return ranked[0][1] if ranked else 0.0


def _known(language: str | None) -> Language | None:
    return next((name for name in LANGUAGES if name == language), None)
