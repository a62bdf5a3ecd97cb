"""Marks of a reply become links to passages; code, folded blocks and other brackets stay."""

from __future__ import annotations

from knowdo.agent.entries import Entry
from knowdo.knowledge.passages import passage
from knowdo.ui.chat import to_messages
from knowdo.ui.citations import linked, passage_html

CITED = [("rag", passage("rag").title), ("evaluation", passage("evaluation", "de").title)]


def test_a_mark_links_to_its_passage_in_the_language_that_was_shown() -> None:
    assert linked("Look it up. [1][2]", CITED) == (
        "Look it up. [\\[1\\]](#passage/en/rag)[\\[2\\]](#passage/de/evaluation)"
    )


def test_a_passage_that_a_model_names_is_linked_too() -> None:
    assert (
        linked("Look it up [rag] [later].", [])
        == "Look it up [\\[rag\\]](#passage/en/rag) [later]."
    )


def test_what_is_no_mark_stays_as_it_is() -> None:
    for text in ("`a[1]`", "```\n[1]\n```", "<details><p>[1] x</p></details>", "[3]", "[1](x)"):
        assert linked(text, CITED) == text
    assert linked("nothing cited [1]", []) == "nothing cited [1]"


def test_a_person_cannot_write_a_citation() -> None:
    (message,) = to_messages([Entry("user", "[1]", cited=CITED)])
    assert message["content"] == "[1]"


def test_a_passage_shows_its_text_and_dated_sources_with_links() -> None:
    shown = passage_html("en/evaluation")
    assert passage("evaluation").title in shown
    assert "read 20" in shown and "rel='noopener noreferrer'" in shown


def test_a_made_up_passage_is_refused_and_shown_as_text() -> None:
    assert "Unknown passage" in passage_html("en/<script>")
    assert "<script>" not in passage_html("en/<script>")
