"""The specification: one page, the person's words, every figure from the tools."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowdo.agent.conversation import Conversations
from knowdo.agent.settings import settings_from_environment
from knowdo.agent.specification import of_conversation, specification, write_specification
from knowdo.knowledge.errors import InputError
from knowdo.tools.advise import advise, use_case_from

TODAY = date(2026, 11, 24)
CASE: dict[str, Any] = {
    "task_type": "format", "needs_behaviour": True, "needs_knowledge": False, "n_examples": 120,
    "prompt_tried": True, "prompt_fell_short": True, "privacy": "phi",
}  # fmt: skip
WORDS = "We extract invoices to JSON, 120 pairs | the prompt fails."


def page(case: dict[str, Any], *messages: str, edits: dict[str, str] | None = None) -> str:
    return specification(case, advise(use_case_from(case)), messages, TODAY, edits)


def test_the_page_holds_problem_facts_decision_data_evaluation_and_sources() -> None:
    text = page(CASE, WORDS, edits={"n_examples": "edited"})
    assert text.startswith("# Use case: We extract invoices to JSON, 120 pairs \\| the prompt")
    assert "2026-11-24" in text
    assert "> “We extract invoices to JSON, 120 pairs \\| the prompt fails.”" in text
    assert "| Examples | 120 | edited by you |" in text
    assert "| Privacy | health data | said by you |" in text
    assert "## Decision: a better prompt" in text and "You have 120 examples" in text
    assert "needed at least 200, better 500 to 1,000. There: 120 (80 missing" in text
    assert "Set aside 20 unseen examples" in text
    assert "**Next step:**" in text and "**What would change it:**" in text
    assert len(text.split()) < 700  # one page


def test_every_mark_has_its_footnote_and_every_source_its_date() -> None:
    text = page(CASE, WORDS)
    body, _, notes = text.partition("\n[^1]: ")
    marks = {int(n) for n in re.findall(r"\[\^(\d+)\]", body)}
    assert marks == set(range(1, len(marks) + 1))
    assert {int(n) for n in re.findall(r"^\[\^(\d+)\]:", f"[^1]: {notes}", re.M)} == marks
    sources = body.partition("## Sources")[2].strip().splitlines()
    assert sources and all(re.search(r", read \d{4}-\d\d-\d\d$", line) for line in sources)


def test_an_open_question_stands_on_the_page() -> None:
    case = {name: value for name, value in CASE.items() if name != "n_examples"}
    text = page(case, WORDS)
    assert "## Decision: open" in text and "**Open question:**" in text
    assert "There: not known" in text


def test_retrieval_needs_documents_and_no_examples() -> None:
    text = page(
        {"task_type": "knowledge_qa", "needs_knowledge": True, "doc_count": 300}, "300 docs"
    )
    assert "300 documents" in text and "Examples: needed" not in text
    assert "recall of the right passage" in text


def test_words_of_the_person_become_no_markup() -> None:
    text = page(CASE, "# Heading\n![x](https://example.com/p.png) <b>bold</b>")
    assert "\n# Heading" not in text and "![x]" not in text and "<b>" not in text


def test_the_decision_is_told_in_its_own_language() -> None:
    advice = advise(use_case_from(CASE), "de")
    assert advice.recommendation.headline in specification(CASE, advice, [WORDS], TODAY)


def test_a_conversation_is_exported_with_what_was_told_and_edited(tmp_path: Path) -> None:
    conversations = Conversations(settings_from_environment(), tmp_path / "chats.sqlite")
    here = conversations.new()
    with pytest.raises(InputError, match="no facts yet"):
        of_conversation(conversations, here, TODAY)
    for text in ("Our bot must answer from 300 manuals that change weekly.", "What is LoRA?"):
        list(conversations.send(here, text).events())
    conversations.set_case(here, {**conversations.case(here), "doc_count": 500})
    text = of_conversation(conversations, here, TODAY)
    assert "| Documents | 500 | edited by you |" in text
    assert "300 manuals" in text and "LoRA?" not in text


def test_the_page_is_written_under_the_home(own_home: Path) -> None:
    path = write_specification("abc", CASE, [WORDS], TODAY)
    assert path == own_home / "specifications" / "abc.md"
    assert path.read_text(encoding="utf-8").startswith("# Use case")
