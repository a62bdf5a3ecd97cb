"""The catalogues of sentences: complete, equal in their values, and in their own language."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest

from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.say import SENTENCES
from knowdo.knowledge.wording import (
    LANGUAGES,
    WORDS,
    Catalogue,
    Language,
    WordingError,
    counted,
    money,
    number,
)

OTHERS = [language for language in LANGUAGES if language != "en"]
CATALOGUES = [WORDS, SENTENCES]
# The same word in both languages, on purpose.
SAME = {
    ("de", "time.minutes"), ("es", "time.minutes"), ("fr", "time.minutes"),
    ("de", "task_names.format"), ("fr", "task_names.format"), ("fr", "task_names.style"),
    ("fr", "task_names.classification"), ("de", "fact_names.budget_usd"),
    ("fr", "fact_names.budget_usd"), ("es", "training.base"), ("fr", "training.base"),
    ("fr", "advice.sources"), ("fr", "nouns.class"), ("fr", "nouns.passage"),
    ("fr", "nouns.document"), ("de", "nouns.token"), ("fr", "nouns.token"), ("es", "nouns.token"),
}  # fmt: skip
N = "\u202f"


def sentences(catalogue: Catalogue, language: str) -> Iterator[tuple[str, str]]:
    for key, entry in catalogue.entries(language).items():
        for sentence in [entry] if isinstance(entry, str) else entry:
            yield key, sentence


def holes(sentence: str) -> list[tuple[str, str]]:
    parts = string.Formatter().parse(sentence)
    return [(name, spec or "") for _, name, spec, _ in parts if name is not None]


def bare(sentence: str) -> str:
    return re.sub(r"\{[^}]*\}|`[^`]*`|\*", " ", sentence)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("catalogue", CATALOGUES, ids=["decision", "conversation"])
def test_every_language_has_every_sentence_with_the_same_values(
    catalogue: Catalogue, language: Language
) -> None:
    english = {k for k in catalogue.entries("en") if not k.startswith("nouns.")}
    theirs = {k for k in catalogue.entries(language) if not k.startswith("nouns.")}
    assert theirs == english
    for key in english:
        wanted = {name for name, _ in holes(catalogue.entries("en")[key])}
        assert {name for name, _ in holes(catalogue.entries(language)[key])} == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("catalogue", CATALOGUES, ids=["decision", "conversation"])
def test_nouns_and_names_that_a_sentence_asks_for_exist(
    catalogue: Catalogue, language: Language
) -> None:
    known = WORDS.entries(language)
    tables = {key.split(".")[0] for key in known}
    for key, sentence in sentences(catalogue, language):
        for _, spec in holes(sentence):
            ready = spec in ("", "plain", "usd", "lower") or key.startswith("nouns.")
            assert ready or f"nouns.{spec}" in known or spec in tables, (key, spec)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("catalogue", CATALOGUES, ids=["decision", "conversation"])
def test_nothing_is_left_in_english(catalogue: Catalogue, language: Language) -> None:
    english = dict(sentences(catalogue, "en"))
    for key, sentence in sentences(catalogue, language):
        if (language, key) in SAME or not re.search(r"[^\W\d_]{2}", bare(sentence)):
            continue
        assert sentence != english.get(key), key
        if len(re.findall(r"[^\W\d_]+", bare(sentence))) >= 8:
            assert language_of(bare(sentence)) == language, (key, sentence)


def test_chinese_sentences_end_in_chinese_punctuation() -> None:
    for catalogue in CATALOGUES:
        for key, sentence in sentences(catalogue, "zh"):
            if key != "training.line":  # it ends in the tool's own English
                assert not re.search(r"[\u4e00-\u9fff\}][.,;:?!](?:\s|$)", sentence), key


def test_french_sentences_keep_their_punctuation_on_the_line() -> None:
    for catalogue in CATALOGUES:
        for key, sentence in sentences(catalogue, "fr"):
            assert not re.search(r" [;:?!]", re.sub(r"`[^`]*`", "", sentence)), key


def test_a_sentence_that_lacks_a_value_fails_and_names_it() -> None:
    with pytest.raises(WordingError, match="monthly_requests"):
        WORDS.say("de", "cautions.low_volume_cost")
    with pytest.raises(WordingError, match="monthly_requests"):
        WORDS.say("de", "cautions.low_volume_cost", monthly_requests=None)
    with pytest.raises(WordingError, match=r"cautions\.nothing"):
        WORDS.say("en", "cautions.nothing")


@pytest.mark.parametrize(
    ("language", "whole", "broken"),
    [
        ("en", "1,234,567", "0.25"),
        ("de", "1.234.567", "0,25"),
        ("es", f"1{N}234{N}567", "0,25"),
        ("fr", f"1{N}234{N}567", "0,25"),
        ("zh", "1,234,567", "0.25"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(
    language: Language, whole: str, broken: str
) -> None:
    assert number(language, 1_234_567) == whole
    assert number(language, 0.25) == broken
    assert number(language, 1200.0) == number(language, 1200)


@pytest.mark.parametrize(
    ("language", "amount", "text"),
    [
        ("en", 1, "1 example"),
        ("en", 0, "0 examples"),
        ("de", 1, "1 Beispiel"),
        ("de", 1200, "1.200 Beispiele"),
        ("es", 1, "1 ejemplo"),
        ("es", 2_000_000, f"2{N}000{N}000 de ejemplos"),
        ("fr", 0, "0 exemple"),
        ("fr", 2, "2 exemples"),
        ("fr", 1_000_000, f"1{N}000{N}000 d'exemples"),
        ("fr", 1_000_500, f"1{N}000{N}500 exemples"),
        ("zh", 1200, "1,200 个样本"),
    ],
)
def test_nouns_agree_with_their_number(language: Language, amount: int, text: str) -> None:
    assert counted(language, amount, "example") == text


def test_a_noun_after_a_preposition_is_declined() -> None:
    assert counted("de", 5, "document_dative") == "5 Dokumenten"


def test_money_stands_where_the_language_puts_it() -> None:
    said = [money(language, 1250) for language in LANGUAGES]
    assert said == ["$1,250", "1.250 $", f"1{N}250 $", f"1{N}250 $", "1,250 美元"]
    assert money("de", 0.4) == "0,40 $"
