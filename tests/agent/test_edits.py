"""What a person changed by hand holds against what is understood later."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowdo.agent.conversation import Conversations
from knowdo.agent.edits import DECIDE_AGAIN, forgotten, heeded, marked, taken_back
from knowdo.agent.settings import Settings, settings_from_environment

PROBLEM = "We need JSON from mails; the prompt fails in 3 of 10; 3,000 labelled pairs."


def test_an_edit_of_the_whole_case_marks_what_changed() -> None:
    before = {"n_examples": 20, "doc_count": 3, "signals": ["latency", "stale_facts"]}
    after = {"n_examples": 200, "privacy": "pii", "signals": ["latency"]}
    assert marked(before, after, {}) == {
        "n_examples": "edited",
        "doc_count": "removed",
        "privacy": "edited",
        "signals": "edited",
        "signals:stale_facts": "removed",
    }


def test_a_guess_does_not_undo_an_edit_but_a_stated_number_does() -> None:
    edits = {"task_type": "edited", "n_examples": "edited"}
    known = {"task_type": "format", "n_examples": 20}
    stated = {"task_type": "style", "n_examples": 300}
    assert heeded({**known, **stated}, known, stated, edits) == (
        {"task_type": "format", "n_examples": 300},
        {"task_type": "edited"},
    )


def test_a_removed_guess_and_a_removed_warning_stay_out() -> None:
    edits = {"needs_knowledge": "removed", "signals:stale_facts": "removed"}
    stated = {"needs_knowledge": True, "signals": ["latency", "stale_facts"]}
    facts, _ = heeded(stated, {}, stated, edits)
    assert facts == {"signals": ["latency"]}


def test_after_starting_over_a_new_message_counts_and_a_model_cannot_bring_facts_back() -> None:
    edits = forgotten({"task_type": "format", "n_examples": 20}, {})
    assert taken_back("n_examples", edits)
    stated = {"task_type": "style"}
    assert heeded(stated, {}, stated, edits) == (stated, {"n_examples": "forgotten"})


@pytest.fixture
def conversations(tmp_path: Path) -> Conversations:
    return Conversations(settings_from_environment(), tmp_path / "chats.sqlite")


def say(conversations: Conversations, conversation_id: str, text: str) -> str:
    list(conversations.send(conversation_id, text).events())
    return conversations.transcript(conversation_id)[-1].text


def test_edits_and_removals_outlive_messages_and_a_restart(
    conversations: Conversations, tmp_path: Path
) -> None:
    here = conversations.new()
    say(conversations, here, PROBLEM)
    facts = conversations.case(here)
    del facts["prompt_tried"]
    conversations.set_case(here, {**facts, "n_examples": 20})
    assert "You have 20 examples" in say(conversations, here, DECIDE_AGAIN["en"])
    again = Conversations(Settings(), tmp_path / "chats.sqlite")
    assert again.case(here)["n_examples"] == 20
    say(again, here, "The answers must come within 800 ms.")
    assert again.case(here)["latency_ms"] == 800
    assert again.case(here)["n_examples"] == 20 and "prompt_tried" not in again.case(here)
    assert again.edits(here) == {"n_examples": "edited", "prompt_tried": "removed"}


def test_starting_over_forgets_the_facts_and_keeps_the_messages(
    conversations: Conversations,
) -> None:
    here = conversations.new()
    say(conversations, here, PROBLEM)
    conversations.start_over(here)
    assert conversations.case(here) == {} and conversations.told(here) == []
    assert len(conversations.transcript(here)) == 2
    say(conversations, here, "Our bot must answer from 300 manuals that change weekly.")
    assert conversations.case(here)["doc_count"] == 300
    assert "n_examples" not in conversations.case(here)


@pytest.mark.weights
def test_a_waiting_card_stays_when_facts_are_edited(
    conversations: Conversations, tmp_path: Path
) -> None:
    rows = [
        f'{{"messages": [{{"role": "user", "content": "order {i}"}},'
        f' {{"role": "assistant", "content": "{{}}"}}]}}'
        for i in range(60)
    ]
    file = tmp_path / "orders.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8")
    here = conversations.new()
    list(conversations.send(here, "train on this", (str(file),)).events())
    waiting = conversations.pending(here)
    assert waiting is not None
    conversations.set_case(here, {"n_examples": 250})
    assert conversations.pending(here) == waiting
    assert conversations.case(here) == {"n_examples": 250}
    list(conversations.reject(here).events())
    assert conversations.pending(here) is None
