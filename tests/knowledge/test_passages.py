"""The guidance: every passage is there, dated, in its own words, and found quickly."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

from knowdo.knowledge import passage_files
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.passage_files import entries, parse_passage, parse_translation
from knowdo.knowledge.passages import passage, passages, search_passages
from knowdo.knowledge.services import services_on
from knowdo.knowledge.wording import LANGUAGES, Language
from knowdo.tools.guidance import search_guidance

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
        assert 40 <= len(found.text.split()) <= 125, found.passage_id


def test_an_unknown_passage_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"Unknown passage 'evaluations'.*evaluation"):
        passage("evaluations")


def test_a_whole_passage_is_read_with_its_source() -> None:
    entry = parse_passage(WHOLE, "a.md")
    found = entry.passage
    assert (found.passage_id, found.text, entry.keywords) == ("a", "Text.", ())
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


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_passage_is_there_in_every_language_with_the_same_figures_and_sources(
    language: Language,
) -> None:
    told = entries(language)
    for passage_id, english in entries().items():
        found = told[passage_id]
        assert found.passage.text != english.passage.text, f"no {passage_id}.{language}.md"
        assert found.passage.sources == english.passage.sources
        assert figures(found.passage.text) == figures(english.passage.text), passage_id
        assert len(found.questions) >= 4, passage_id
        length = len(found.passage.text) if language == "zh" else len(found.passage.text.split())
        assert length <= (420 if language == "zh" else 145), passage_id


def test_no_file_of_the_guidance_is_left_over() -> None:
    folder = Path(passage_files.__file__).parent / "data" / "guidance"
    expected = {f"{name}.md" for name in passages()}
    expected |= {f"{name}.{language}.md" for name in passages() for language in LANGUAGES[1:]}
    assert {file.name for file in folder.iterdir()} == expected


def test_a_translation_of_another_passage_is_refused() -> None:
    original = parse_passage(WHOLE, "a.md")
    with pytest.raises(InputError, match=r"a\.de\.md has the id 'b'"):
        parse_translation(WHOLE.replace('id = "a"', 'id = "b"'), "a.de.md", original)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_services_of_a_day_are_told_with_their_last_day(language: Language) -> None:
    before, after = (services_on(date(2027, 1, day), language) for day in (6, 7))
    assert "2027-01-06" in before and "OpenAI" in before and "AWS Bedrock" in before
    assert "2027-01-06" not in after and "OpenAI" in after


def test_the_tool_answers_in_the_language_asked_for_with_today() -> None:
    found = search_guidance("Which service offers fine-tuning today?", language="de")
    assert found[0].passage_id == "services-today"
    assert date.today().isoformat() in found[0].text and "laut Katalog" in found[0].text
    assert search_guidance("Was ist LoRA?")[0].title.startswith("LoRA: einen")
    assert search_guidance("How is the weather?") == ()


# A number with the word for its scale: "65 mil millones", "1.5 亿".
NUMBER = re.compile(
    r"(\d+(?:[.,\u202f]\d+)*)[ \u202f-]?"
    r"(billion|million|Milliarden|Millionen|mil millones|millones|milliards|millions?|亿|万)?"
)
SCALES = {"billion": 1e9, "Milliarden": 1e9, "mil millones": 1e9, "milliards": 1e9, "亿": 1e8,
          "万": 1e4, "": 1.0}  # fmt: skip


def figures(text: str) -> set[float]:
    """The numbers of a text, however the language writes them; without months in digits."""
    text = re.sub(r"\d+ 月", "", text)
    text = re.sub(r"(?<=\d)[.,\u202f](?=\d{3}(?!\d))", "", text)
    return {
        round(float(number.replace(",", ".")) * SCALES.get(scale, 1e6), 6)
        for number, scale in NUMBER.findall(text)
        if number.count(".") + number.count(",") < 2
    }


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
