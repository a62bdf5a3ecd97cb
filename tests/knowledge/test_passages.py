"""The guidance: every passage is there, dated, in its own words, and found quickly."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.passages import parse_passage, passage, passages, search_passages

# The ids that the decision cites.
CITED = (
    "decision-rule prompting rag fine-tuning both not-for-facts stale-facts data-minimums"
    " too-few-examples data-quality class-imbalance small-model-uplift services-today privacy"
    " health-data air-gapped high-stakes rights-consent evaluation cost-volume latency memory"
    " context-overflow structured-output unlabelled-data label-drift retrieval-quality citations"
    " access-control live-data outside-scope prompt-injection lora qlora merge-adapters governance"
)
WHOLE = (
    '+++\nid = "a"\ntitle = "A"\nsources = [{ title = "S", retrieved = 2026-11-24 }]\n+++\nText.'
)


@pytest.mark.parametrize("passage_id", re.findall(r"\S+", CITED))
def test_every_passage_that_the_decision_cites_exists(passage_id: str) -> None:
    assert passage(passage_id).passage_id == passage_id


def test_every_passage_has_dated_sources_and_a_readable_length() -> None:
    for found in passages().values():
        assert found.sources, found.passage_id
        assert all(source.title and source.retrieved.year >= 2025 for source in found.sources)
        assert 60 <= len(found.text.split()) <= 140, found.passage_id


def test_an_unknown_passage_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"Unknown passage 'evaluations'.*evaluation"):
        passage("evaluations")


def test_a_whole_passage_is_read_with_its_source() -> None:
    found, keywords = parse_passage(WHOLE, "a.md")
    assert (found.passage_id, found.text, keywords) == ("a", "Text.", ())
    assert found.sources[0].title == "S"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Only text.", "no front matter"),
        ("+++\nid = \n+++\nText.", "not TOML"),
        (WHOLE.replace('title = "A"\n', ""), "no title"),
        (WHOLE.replace('[{ title = "S", retrieved = 2026-11-24 }]', "[]"), "no sources"),
        (WHOLE.replace(", retrieved = 2026-11-24", ""), "lacks its title or its date"),
        (WHOLE.replace("2026-11-24", '"2026-11-24"'), "lacks its title or its date"),
        (WHOLE.removesuffix("Text."), "no text"),
    ],
)
def test_a_passage_that_is_not_whole_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        parse_passage(text, "a.md")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many examples do I need?", "data-minimums"),
        ("Can I still fine-tune on OpenAI?", "openai-closing"),
        ("Which services offer tuning today?", "services-today"),
        ("Our docs change every week", "stale-facts"),
        ("The model returns invalid JSON", "structured-output"),
        ("HIPAA and patient notes", "health-data"),
        ("answers have to cite their source", "citations"),
        ("the search returns the wrong chunks", "retrieval-quality"),
        ("LoRA with 4-bit weights", "qlora"),
        ("merge the adapter and export GGUF", "merge-adapters"),
        ("Will a 7B fit on my RTX 4090?", "memory"),
        ("ignore all previous instructions", "prompt-injection"),
    ],
)
def test_a_plain_question_finds_its_passage_first(question: str, expected: str) -> None:
    assert search_passages(question)[0][0].passage_id == expected


def test_results_come_best_first_and_no_more_than_asked_for() -> None:
    scores = [score for _, score in search_passages("cost of training and hosting", limit=3)]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_words_that_occur_nowhere_find_nothing() -> None:
    assert search_passages("zzyzx") == []
    assert search_passages("") == []


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="limit is 0"):
        search_passages("cost", limit=0)


def test_a_search_takes_less_than_twenty_milliseconds() -> None:
    search_passages("warm up")
    started = time.perf_counter()
    for _ in range(10):
        search_passages("what does it cost to host a tuned model for a thousand requests a day")
    assert (time.perf_counter() - started) / 10 < 0.020


def test_no_passage_shares_eight_words_in_a_row_with_the_guide() -> None:
    path = os.environ.get("KNOWDO_GUIDE")
    if not path or not Path(path).is_file():
        pytest.skip("KNOWDO_GUIDE does not name the text of the guide to compare with")
    guide = _runs(Path(path).read_text(encoding="utf-8"))
    for found in passages().values():
        shared = _runs(f"{found.title}. {found.text}") & guide
        assert not shared, f"{found.passage_id} repeats the guide: {shared}"


def _runs(text: str, length: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
