"""The trained reader: its tokens, its speed class, its answers on sentences nobody trained on."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from knowdo.agent.embedded.digits import as_digits
from knowdo.agent.embedded.encoder import LONGEST, reader, span_of
from knowdo.agent.embedded.heads import HEADS
from knowdo.agent.embedded.listed import listed_classes
from knowdo.agent.embedded.quantities import find_numbers
from knowdo.agent.embedded.roles import ROLES, dollars, in_local_currency, milliseconds, period_of
from knowdo.agent.embedded.task_languages import language_mentions, task_languages
from knowdo.agent.embedded.text import words_in


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
    assert tuple(mention.code for mention in language_mentions(text)) == codes


def test_the_data_is_in_the_languages_that_the_reader_is_sure_of() -> None:
    mentions = language_mentions("The prompt is in English, the mails are in Dutch.")
    assert task_languages(mentions, [{"language": 0.1}, {"language": 0.9}]) == ("nl",)
    assert task_languages(mentions, [{}, {}]) == ()  # beyond what was read


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("tag them bug/docs/question/feature", 4),
        ("sentiment (good, bad or mixed)", 3),
        ("risk: low, medium, high.", 3),
        ("Is this comment rude or not?", 2),
        ("scores from 1 to 5", 5),
        ("triage P1..P4", 4),
        ("in {Lob, Kritik, Frage} einteilen", 3),
        ("情感分为正面、负面、中性。", 3),
        ("Should we fine-tune or not?", None),
        ("LLM yes/no?", None),
        ("3k mails/month", None),
        ("columns: amount, hour, country.", None),
        ("and/or", None),
        ("", None),
    ],
)
def test_classes_that_are_only_listed(text: str, classes: int | None) -> None:
    assert listed_classes(text) == classes


def test_chinese_counts_words_without_spaces() -> None:
    assert words_in("提示词试了两周还是不像") == 6
    assert words_in("用 LoRA 微调 7B 模型") == 5
    assert words_in("not sure yet") == 3
    assert words_in("") == 0


def test_a_budget_without_a_currency_is_in_that_of_the_language() -> None:
    number = find_numbers("预算8万")[0]
    assert in_local_currency("预算8万", number) == pytest.approx(11_200)
    number = find_numbers("budget 8,000")[0]
    assert in_local_currency("budget 8,000", number) == 8000
    pesos = "presupuesto de 30,000 pesos mexicanos"
    assert dollars(pesos, find_numbers(pesos)[0]) == pytest.approx(1650)
