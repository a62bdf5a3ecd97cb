"""What a number or a name in a message may stand for, and the words that tell it."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Final

from knowdo.agent.embedded.quantities import Number

ROLES: Final = (
    "none", "n_examples", "per_class", "n_classes", "doc_count", "tokens_per_example",
    "monthly_requests", "monthly_tokens", "budget_usd", "latency_ms", "gpu_vram_gb",
    # Summands of the examples ("600 mails and 300 chats"); how many groups have so many each; a
    # language that the data is in.
    "part", "groups", "language",
)  # fmt: skip
# Times a period goes into a month; an hour means the working day's or the day's, so 24 x 30.
PERIODS: Final[dict[str, float]] = {
    "second": 2_592_000, "minute": 43_200, "hour": 720, "day": 30, "week": 4.3, "month": 1,
    "quarter": 1 / 3, "year": 1 / 12,
}  # fmt: skip
_MILLISECONDS: Final = re.compile(r"\s?(?:ms|msec|milli\w+|milisegundos?|毫秒)(?![a-z])", re.I)
_SECONDS: Final = re.compile(
    r"\s?(?:s|sec|secs|seconds?|sek|sekunden?|segundos?|secondes?|秒)(?![a-z])", re.I
)
# Rough rates to the dollar (2026-11): a budget decides by its order of magnitude only.
_RATES: Final = {"USD": 1.0, "EUR": 1.1, "GBP": 1.3, "CNY": 0.14, "INR": 0.012, "CHF": 1.2,
          "MXN": 0.055, "PEN": 0.27, "COP": 0.00025, "CLP": 0.00105, "BRL": 0.18}  # fmt: skip


@lru_cache(maxsize=1)
def units() -> dict[str, dict[str, re.Pattern[str]]]:
    """The words of `units.toml` as patterns, by table and name."""
    text = files("knowdo.agent.embedded").joinpath("units.toml").read_text(encoding="utf-8")
    return {
        table: {name: re.compile(words, re.I) for name, words in rows.items()}
        for table, rows in tomllib.loads(text).items()
    }


def period_of(text: str, number: Number) -> str | None:
    """The period that a number is said for: close behind it, or just before it."""
    behind = re.split(
        r"[;!?。；！？\n]|\.(?=\s|$)", text[number.end : number.end + 60], maxsplit=1
    )[0]
    behind = re.split(r"\d", behind, maxsplit=1)[0]
    before = re.split(r"[.,;!?。，；！？\n\d]", text[max(0, number.start - 28) : number.start])[-1]
    for part in (behind, before):
        hits = [
            (m.start(), name) for name, p in units()["periods"].items() if (m := p.search(part))
        ]
        if hits:
            return min(hits)[1]
    return None


def dollars(text: str, number: Number) -> float | None:
    """The number as dollars when a currency stands at it, else None."""
    if number.currency:
        return number.value * _RATES[number.currency]
    close = number.end + (text[number.end : number.end + 1] == " ")
    for code, pattern in units()["money"].items():
        if pattern.match(text, close):
            return number.value * _RATES[code]
    return None


def in_local_currency(text: str, number: Number) -> float:
    """A budget without a currency, as dollars: who writes Chinese means yuan."""
    return number.value * (_RATES["CNY"] if _HAN.search(text) else 1.0)


_HAN: Final = re.compile("[\u4e00-\u9fff]")


def milliseconds(text: str, number: Number) -> float | None:
    """The number as milliseconds when a unit of time below a minute follows, else None."""
    if _MILLISECONDS.match(text, number.end):
        return number.value
    return number.value * 1000 if _SECONDS.match(text, number.end) else None


def times(text: str, number: Number, following: Number) -> bool:
    """Whether two numbers are factors: "16 systems x 500 lines", "50 per class x 12"."""
    return _TIMES.fullmatch(text[number.end : following.start]) is not None


_TIMES: Final = re.compile(
    r"[^\d.,;!?。，；]{0,24}?(?:\sx\s?|×|\*|(?<=\d)x|x(?=$)|\stimes\s|\smal\s|\spor\s|\sfois\s|乘)\s?~?",
    re.I,
)


_TOKENS: Final = re.compile(r"(?:tokens?|个?词元)(?![a-z])", re.I)


def said_by_noun(text: str, number: Number) -> str | None:
    """The role that a noun right behind the number tells ("400 examples"), if one does.

    `finished_examples` is surer than `n_examples`: "900 annotated pages".
    """
    behind = text[number.end : number.end + 40].lstrip(" +~)")
    if _TOKENS.match(behind):
        if period_of(text, number):
            return "monthly_tokens"
        return "tokens_per_example" if has_each(text, number) else None
    if units()["finished"]["words"].match(behind):
        return "finished_examples"
    for role, words in units()["nouns"].items():
        if words.match(behind):
            return role
    before = units()["budget_before"]["words"].search(
        text[max(0, number.start - 30) : number.start]
    )
    return "budget_usd" if before and dollars(text, number) is not None else None


def says_none(text: str) -> bool:
    """Whether a text says that there are no examples: "no examples yet", "keine Beispiele"."""
    return units()["none"]["examples"].search(text) is not None


def has_each(text: str, number: Number) -> bool:
    """Whether a number is said of each of several: "90 per code", "je 80"."""
    each = units()["near"]["each"]
    behind = re.split(r"[,.;!?。，；！？\n\d]", text[number.end : number.end + 28])[0]
    before = re.split(r"[,.;!?。，；！？\n\d]", text[max(0, number.start - 12) : number.start])[-1]
    return each.search(behind) is not None or each.search(before) is not None


def within_a_second(text: str) -> bool:
    """Whether a text asks for answers in less than a second, in words."""
    return units()["latency"]["second"].search(text) is not None
