"""Numbers in the spellings that people use."""

from __future__ import annotations

import pytest

from knowdo.agent.embedded.quantities import find_numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2k rows", 2000),
        ("1,200 rows", 1200),
        ("1.200 Zeilen", 1200),
        ("12 000 lignes", 12000),
        ("1,2 Mio Tokens", 1_200_000),
        ("每月20万次", 200_000),
        ("15万条数据", 150_000),
        ("a few hundred examples", 300),
        ("unos cientos de ejemplos", 300),
        ("ein paar tausend Paare", 3000),
        ("0.5 million", 500_000),
        (">291,000 messages", 291_000),
        ("~20,000 dialogues", 20_000),
    ],
)
def test_one_number_is_read(text: str, value: float) -> None:
    assert [n.value for n in find_numbers(text)] == [value]


@pytest.mark.parametrize(
    "text", ["gpt-4o", "llama3.2", "Qwen2.5", "RTX4090Ti", "1.109.1", "v1.2.3", "2026.10.11549"]
)
def test_a_version_is_no_number(text: str) -> None:
    assert find_numbers(text) == []


def test_money_is_marked() -> None:
    number = find_numbers("we have $1.5k to spend")[0]
    assert number.currency == "USD"
    assert number.value == 1500


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10 to 15 rows", [12.5]),
        ("5-6k documents", [5500]),
        ("1 to 1.5M rows", [1_250_000]),
        ("2 000 à 3 000 lignes", [2500]),
        ("between 200 and 300", [250]),
        ("40 and 900", [40, 900]),
        ("50 per class x 12", [50, 12]),
        ("1.4 lakh addresses", [140_000]),
        ("300万条", [3_000_000]),
        ("une trentaine d'exemples", [30]),
        ("half a million lines", [500_000]),
    ],
)
def test_ranges_are_one_number_and_other_pairs_are_two(text: str, values: list[float]) -> None:
    assert [n.value for n in find_numbers(text)] == values
