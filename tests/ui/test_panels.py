"""What the panels show and read back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowdo.agent.case_words import LABELS, allowed, read
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import UseCase
from knowdo.ui.panels.case_view import facts_html
from knowdo.ui.server import read_logins


def test_every_fact_has_a_name_and_says_what_is_allowed() -> None:
    assert set(LABELS) == set(UseCase.__dataclass_fields__)
    assert all(allowed(name) for name in LABELS)


def test_facts_stand_in_plain_words_with_where_they_come_from() -> None:
    facts = {"n_examples": 2000, "privacy": "phi", "task_type": "style"}
    shown = facts_html(facts, {"n_examples": "edited"})
    assert "2,000 <small class='muted'>edited by you" in shown
    assert "health data <small class='muted'>said by you" in shown
    assert "<small class='muted'>understood from your words" in shown
    assert "aria-label='Remove Examples'" in shown


def test_a_fact_from_a_document_or_model_shows_itself_and_nothing_else() -> None:
    assert "&lt;img src=x&gt;" in facts_html({"gpu_name": "<img src=x>"}, {})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n_examples", "2,500", 2500),
        ("n_examples", "2k", 2000),
        ("model_size_b", "1,5", 1.5),
        ("budget_usd", "$300", 300),
        ("prompt_tried", "No", False),
        ("privacy", "health data", "phi"),
        ("languages", "de, fr", ["de", "fr"]),
        ("signals", "stale_facts", ["stale_facts"]),
    ],
)
def test_a_value_is_read_as_people_write_it(name: str, text: str, value: object) -> None:
    assert read(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("prompt_tried", "perhaps", "'Prompt tried' is 'perhaps'; write one of: yes, no."),
        ("n_examples", "-3", "'Examples' is '-3'; write a number from 0"),
        ("n_classes", "0", "'Classes' is '0'; write a number above 0"),
        ("privacy", "secret", "'Privacy' is 'secret'; write one of: open, personal data"),
        ("n_examples", " ", "'Examples' is empty"),
        ("signals", "made_up", "'made_up' is none"),
        ("weather", "fine", "Choose a fact"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_with_what_is_allowed(
    name: str, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        read(name, text)


def test_a_broken_login_line_is_named_but_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    file.write_text("ada:secret\nhunter2\n")
    with pytest.raises(InputError, match="line 2") as caught:
        read_logins(file)
    assert "hunter2" not in str(caught.value)
