"""What the panels show and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import UseCase
from knowdo.ui.panels import case
from knowdo.ui.server import read_logins


def test_every_fact_has_a_row_and_known_ones_come_first() -> None:
    rows = case.to_rows({"n_examples": 300, "prompt_tried": True})
    assert len(rows) == len(UseCase.__dataclass_fields__)
    assert rows[:2] == [["Prompt tried", "yes"], ["Examples", "300"]]


def test_rows_are_read_back_as_facts() -> None:
    facts = {
        "task_type": "format",
        "prompt_tried": False,
        "languages": ["de", "fr"],
        "n_examples": 3,
    }
    read = case.from_rows(case.to_rows(facts))
    assert read == facts


def test_a_grouped_number_is_read() -> None:
    assert case.from_rows([["Examples", "2,500"]]) == {"n_examples": 2500}
    assert case.from_rows([["Model size (billions)", "1,5"]]) == {"model_size_b": 1.5}


def test_a_flag_that_is_neither_yes_nor_no_is_named() -> None:
    with pytest.raises(InputError, match="Prompt tried"):
        case.from_rows([["Prompt tried", "perhaps"]])


def test_a_broken_login_line_is_named_but_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    file.write_text("ada:secret\nhunter2\n")
    with pytest.raises(InputError, match="line 2") as caught:
        read_logins(file)
    assert "hunter2" not in str(caught.value)
