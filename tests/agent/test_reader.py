"""The trained reader: its tokens, its speed class, its answers on sentences nobody trained on."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from knowdo.agent.embedded.digits import as_digits
from knowdo.agent.embedded.encoder import LONGEST, reader, span_of
from knowdo.agent.embedded.heads import HEADS
from knowdo.agent.embedded.quantities import find_numbers
from knowdo.agent.embedded.roles import ROLES, dollars, milliseconds, period_of
from knowdo.agent.embedded.task_languages import task_languages


def test_every_head_gives_shares_that_add_up() -> None:
    answers = reader().read("We want our bot to quote the current price list.").answers
    assert set(answers) == set(HEADS)
    for head, shares in answers.items():
        assert set(shares) == set(HEADS[head])
        assert all(0 <= share <= 1 for share in shares.values())
        if head != "warnings":
            assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def test_reading_twice_gives_the_same() -> None:
    first, second = (reader().read("300 examples, the prompt failed") for _ in range(2))
    assert np.array_equal(first.vector, second.vector)


def test_a_message_of_any_length_is_read() -> None:
    for text in ("", "?", "word " * 20_000, "字" * 5_000, "\x00\ud7ff😀"):
        assert set(reader().read(text).answers) == set(HEADS)


def test_a_number_beyond_what_is_read_has_no_role() -> None:
    text = "word " * (LONGEST * 2) + "400 examples" + " word" * (LONGEST * 2)
    numbers = find_numbers(text)
    assert reader().read(text, numbers).roles == ({},)


def test_each_number_gets_shares_of_all_roles() -> None:
    text = "We have 300 examples and 40 manuals."
    roles = reader().read(text, find_numbers(text)).roles
    assert [set(shares) for shares in roles] == [set(ROLES)] * 2


def test_a_number_is_found_in_the_pieces_that_it_is_written_in() -> None:
    number = find_numbers("ab 300 cd")[0]
    assert span_of([(-1, -1), (0, 2), (2, 5), (5, 6), (6, 9)], number) == (2, 4)
    assert span_of([(-1, -1), (0, 2)], number) is None


def test_reading_needs_no_torch() -> None:
    code = (
        "import sys; from knowdo.agent.embedded.understanding import understand;"
        "understand('We have 300 examples'); assert not {'torch', 'transformers', 'sklearn'} &"
        " set(sys.modules), 'a heavy library was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("en", "twenty-five examples", "25 examples"),
        (
            "en",
            "a few hundred examples, two of them bad",
            "a few hundred examples, two of them bad",
        ),
        ("en", "2.3 million rows", "2.3 million rows"),
        ("de", "dreihundertfünfzig Beispiele", "350 Beispiele"),
        ("fr", "deux mille cinq cents lignes", "2500 lignes"),
        ("es", "trescientos cincuenta ejemplos", "350 ejemplos"),
        ("zh", "三百五十条数据，十二个类别", "350条数据，12个类别"),
        ("zh", "千万别这样，一般来说", "千万别这样，一般来说"),
    ],
)
def test_number_words_become_digits(language: str, text: str, digits: str) -> None:
    assert as_digits(text, language) == digits


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("200 calls a day", "day"),
        ("200 Anfragen pro Woche", "week"),
        ("unas 20 por semana", "week"),
        ("20 par mois", "month"),
        ("每天200次", "day"),
        ("200 examples", None),
        ("200 examples. One day we train.", None),
        ("12k/day", "day"),
        ("1,200 p.a.", "year"),
    ],
)
def test_the_period_of_a_number(text: str, period: str | None) -> None:
    assert period_of(text, find_numbers(text)[0]) == period


@pytest.mark.parametrize(
    ("text", "usd"), [("$300", 300), ("400€", 440), ("1,000 RMB", 140), ("300 rows", None)]
)
def test_money_in_dollars(text: str, usd: float | None) -> None:
    found = dollars(text, find_numbers(text)[0])
    assert found == (None if usd is None else pytest.approx(usd))


def test_times_in_milliseconds() -> None:
    assert milliseconds("2 s", find_numbers("2 s")[0]) == 2000
    assert milliseconds("150ms", find_numbers("150ms")[0]) == 150
    assert milliseconds("2 sites", find_numbers("2 sites")[0]) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("summaries of Russian calls", ("ru",)),
        ("auf Schweizerdeutsch und Französisch", ("gsw", "fr")),
        ("traducción del alemán al español", ("de", "es")),
        ("把日语翻译成中文", ("ja", "zh")),
        ("patents JA->EN", ("ja", "en")),
        ("our AI is OK, see the PR", ()),
    ],
)
def test_languages_that_a_message_names(text: str, codes: tuple[str, ...]) -> None:
    assert task_languages(text) == codes
