"""Scores the guidance against a question: the nearest of its listed questions, and its text.

Two measures are mixed. The first is the cosine between the question and the nearest question that
a passage lists, words weighted by rarity (Salton and Buckley, 1988): it lies between 0 and 1
whatever the length, so one threshold tells whether anything fits at all. The second is the share of
the question's weight that the whole passage covers; it orders passages when nobody has asked in
these words before.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from knowdo.knowledge.passage_files import entries
from knowdo.knowledge.passage_words import (
    AMOUNT,
    everyday_words,
    pieces,
    trade_names,
    words,
    words_of_lines,
)
from knowdo.knowledge.wording import Language

# Chosen on the development part of tests/knowledge/data/guidance_questions.jsonl, and by leaving
# out a fifth of the listed questions and asking them: the share of the first measure, what pieces
# weigh against whole words, unknown words against the rarest, and names of the trade.
QUESTION_SHARE = 0.5
PIECE_WEIGHT = 0.8
UNKNOWN_WEIGHT = 0.7
NAME_WEIGHT = 1.6
# A word of the title or a keyword covers fully, one of a listed question or of the text in part.
ASKED_COVERS, TEXT_COVERS = 0.9, 0.7
# What is left of the score when the question holds no name of the trade; when its only word is an
# everyday one; and when it has several, none of them of the trade.
UNNAMED, BARE, EVERYDAY = 0.77, 0.6, 0.3
# How much of the score unknown words take when they are all there is.
STRANGE = 0.3
# An unknown word is read as a known one that shares this much of its pieces (Dice's coefficient).
NEARLY_SPELT = 0.7
SHORTEST_SLIP = 6

Vector = dict[str, float]


@dataclass(frozen=True, slots=True)
class Index:
    """What is known of one language: rarities, and where each word or piece occurs."""

    rarity: Vector
    # For each feature the listed questions with its normalised weight there.
    questions: dict[str, list[tuple[int, float]]]
    # The passage of each listed question.
    owners: list[str]
    # For each feature the passages with how far they cover it.
    covers: dict[str, dict[str, float]]
    unknown: float
    # What each known word adds to a vector, kept since questions share their words.
    weights: dict[str, Vector]


@functools.cache
def index(language: Language) -> Index:
    """The index of a language, built with the first search in it."""
    known = entries(language)
    listed = {name: (entry.passage.title, *entry.questions) for name, entry in known.items()}
    named = iter(words_of_lines([q for lines in listed.values() for q in lines], language))
    asked = {name: [next(named) for _ in lines] for name, lines in listed.items()}
    texts = words_of_lines([entry.passage.text for entry in known.values()], language)
    terms = words_of_lines([" . ".join(entry.keywords) for entry in known.values()], language)
    covers: dict[str, dict[str, float]] = defaultdict(dict)
    for name, text, keywords in zip(known, texts, terms, strict=True):
        title, *questions = asked[name]
        shares = dict.fromkeys(text, TEXT_COVERS)
        shares |= dict.fromkeys(_features(itertools.chain(*questions)), ASKED_COVERS)
        shares |= dict.fromkeys(_features([*title, *keywords]), 1.0)
        for feature, share in shares.items():
            covers[feature][name] = share
    rarity = {feature: math.log(1 + len(known) / len(held)) for feature, held in covers.items()}
    unknown = math.log(1 + len(known)) * UNKNOWN_WEIGHT
    made = Index(rarity, defaultdict(list), [], covers, unknown, {})
    for name, lines in asked.items():
        for line in lines:
            _add(made, name, _vector(made, line, language))
    return made


@functools.cache
def _spellings(language: Language) -> dict[str, list[str]]:
    """For each piece the words it stands in; built with the first word that is spelt wrongly."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in index(language).rarity:
        for piece in () if word.startswith("~") else pieces(word):
            found[piece].append(word)
    return found


def scores(question: str, language: Language) -> dict[str, float]:
    """How well each passage answers, from 0 to 100; passages without a common word are left out."""
    found = index(language)
    asked = [_spelt(found, word, language) for word in words(question, language)]
    vector = _vector(found, asked, language)
    norm = math.sqrt(sum(weight * weight for weight in vector.values()))
    if not norm:
        return {}
    nearest = _nearest(found, vector, norm)
    covered = _covered(found, vector)
    factor = 100 * _subject(found, asked, language)
    return {
        passage_id: factor
        * (QUESTION_SHARE * nearest.get(passage_id, 0.0) + (1 - QUESTION_SHARE) * share)
        for passage_id, share in covered.items()
    }


def speaks_of_the_trade(question: str, language: Language) -> float:
    """How much the words speak for a question on the trade, from EVERYDAY to 1."""
    found = index(language)
    asked = [_spelt(found, word, language) for word in words(question, language)]
    return _subject(found, asked, language)


def _subject(found: Index, asked: list[str], language: Language) -> float:
    """How much the words speak for a question on the trade, whatever passage they fit."""
    if not trade_names(language).isdisjoint(asked):
        return 1.0
    common = everyday_words(language)
    if any(word in found.rarity and word not in common for word in asked if word != AMOUNT):
        strange = sum(word not in found.rarity for word in asked) / len(asked)
        return UNNAMED * (1 - STRANGE * strange)
    return BARE if len(asked) == 1 and asked[0] in common else EVERYDAY


def _spelt(found: Index, word: str, language: Language) -> str:
    """The word itself, or the known one that a slip of the keyboard has made it from."""
    parts = set(pieces(word))
    if word in found.rarity or len(word) < SHORTEST_SLIP:
        return word
    spellings = _spellings(language)
    shared = Counter(known for piece in parts for known in spellings.get(piece, ()))
    alike = {
        known: 2 * count / (len(parts) + len(pieces(known)))
        for known, count in shared.items()
        if abs(len(known) - len(word)) <= 2
    }
    nearest = max(alike, key=lambda known: alike[known], default=word)
    return nearest if alike.get(nearest, 0.0) >= NEARLY_SPELT else word


def _add(found: Index, passage_id: str, vector: Vector) -> None:
    norm = math.sqrt(sum(weight * weight for weight in vector.values()))
    if not norm:
        return
    number = len(found.owners)
    found.owners.append(passage_id)
    for feature, weight in vector.items():
        found.questions[feature].append((number, weight / norm))


def _nearest(found: Index, vector: Vector, norm: float) -> Vector:
    cosines: dict[int, float] = defaultdict(float)
    for feature, weight in vector.items():
        for number, other in found.questions.get(feature, ()):
            cosines[number] += weight * other / norm
    best: Vector = {}
    for number, cosine in cosines.items():
        owner = found.owners[number]
        best[owner] = max(best.get(owner, 0.0), cosine)
    return best


def _covered(found: Index, vector: Vector) -> Vector:
    total = sum(weight * weight for weight in vector.values())
    shares: Vector = defaultdict(float)
    for feature, weight in vector.items():
        for passage_id, share in found.covers.get(feature, {}).items():
            shares[passage_id] += share * weight * weight / total
    return shares


def _vector(found: Index, terms: Iterable[str], language: Language) -> Vector:
    """Each word once with its rarity, and its pieces, which together weigh less than the word."""
    vector: Vector = {}
    for term in set(terms):
        weights = found.weights.get(term)
        if weights is None:
            weights = _weights(found, term, language)
            if term in found.rarity:  # the words of questions are not kept
                found.weights[term] = weights
        for feature, weight in weights.items():
            if weight > vector.get(feature, 0.0):
                vector[feature] = weight
    return vector


def _weights(found: Index, term: str, language: Language) -> Vector:
    """What one word adds to a vector: itself and its pieces."""
    rarity, unknown = found.rarity, found.unknown
    parts = pieces(term)
    share = PIECE_WEIGHT / math.sqrt(len(parts) or 1)
    weights = {piece: rarity.get(piece, unknown) * share for piece in parts}
    name = NAME_WEIGHT if term in trade_names(language) else 1.0
    weights[term] = rarity.get(term, unknown) * name
    return weights


def _features(terms: Iterable[str]) -> set[str]:
    found = set(terms)
    return found | {piece for term in found for piece in pieces(term)}
