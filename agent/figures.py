"""Figures in texts and in tool results, and whether a figure of a reply stands in one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from knowdo.tools.format import duration

Kind = Literal["money", "time", "memory", "percent", "count"]

_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,'’]\d+)*")
_DATE = re.compile(r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b")
# Number words as a reply may use them before a unit; "one" and "a" count nothing.
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "hundred": 100, "thousand": 1000, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6,
    "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "zwölf": 12, "zwanzig": 20, "dreißig": 30,
    "fünfzig": 50, "hundert": 100, "tausend": 1000, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5,
    "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "veinte": 20, "cincuenta": 50,
    "cien": 100, "mil": 1000, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8,
    "neuf": 9, "dix": 10, "vingt": 20, "cinquante": 50, "cent": 100, "mille": 1000, "两": 2,
    "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "百": 100,
    "千": 1000,
}  # fmt: skip
_WORD = re.compile(
    r"(?<![A-Za-zÀ-ÿ])(?:(?:"
    + "|".join(sorted(_WORDS, key=len, reverse=True))
    + r")[\s-]?)+(?<![\s-])(?![A-Za-zÀ-ÿ])",
    re.I,
)
_ONE_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)), re.I)
# Values that a scale may mean: "7B" is seven billion, or a model of seven.
_SCALES = {
    "k": (1e3,), "thousand": (1e3,), "tausend": (1e3,), "tsd": (1e3,), "mil": (1e3,),
    "mille": (1e3,), "千": (1e3,), "万": (1e4,), "m": (1e6, 1.0), "mio": (1e6,), "million": (1e6,),
    "millions": (1e6,), "millionen": (1e6,), "millones": (1e6,), "百万": (1e6,), "亿": (1e8,),
    "b": (1e9, 1.0), "bn": (1e9,), "billion": (1e9,), "milliarden": (1e9,),
}  # fmt: skip
_SCALE = re.compile(
    rf"[\s-]?({'|'.join(sorted(_SCALES, key=len, reverse=True))})(?![a-zà-ÿ])", re.I
)
_UNITS: tuple[tuple[Kind, float, str], ...] = (
    ("money", 1, r"[$€£¥]|USD|EUR|GBP|US-Dollar|dollars?|euros?|dólares|bucks|美元|欧元|元"),
    ("money", 0.01, r"cents?"),
    ("percent", 1, r"[%％]|per ?cent|Prozent|por ciento|pour ?cent|个?百分点"),
    ("memory", 1e-6, r"[Kk]i?B|Ko"),
    ("memory", 1e-3, r"Mi?B|Mo|megabytes?"),
    ("memory", 1, r"Gi?B|Go|gigs?|gigabytes?"),
    ("memory", 1e3, r"Ti?B|To|terabytes?"),
    ("time", 1e-3, r"ms|milliseconds?|Millisekunden|毫秒"),
    ("time", 1, r"s|secs?|seconds?|Sekunden?|segundos?|secondes?|秒钟?"),
    ("time", 60, r"min|mins|minutes?|Minuten?|minutos?|分钟"),
    ("time", 3600, r"h|hrs?|hours?|Stunden?|horas?|heures?|个?小时"),
    ("time", 86400, r"days?|Tag(?:e|en)?|días?|jours?|天"),
    ("time", 604800, r"weeks?|Wochen?|semanas?|semaines?|周|个?星期"),
    ("time", 2592000, r"months?|Monat(?:e|en)?|mes(?:es)?|mois|个月"),
    ("time", 31536000, r"years?|Jahre?n?|años?|ans?"),
)
_UNIT = [
    (kind, factor, re.compile(rf"[\s\u00a0-]?(?:{words})(?![A-Za-zÀ-ÿ0-9])"))
    for kind, factor, words in _UNITS
]
_CURRENCY = re.compile(r"(?:[$€£¥]|USD|EUR)\s?$")
# A number that belongs to a name ("A100", "SmolLM2-135M", "RTX 4090") or counts nothing ("4-bit").
_IN_A_NAME = re.compile(
    r"[A-Za-zÀ-ÿ_@#][-–./]?$|\b(?:RTX|GTX|GPT|Llama|Qwen|Mistral|Gemma|Phi|Claude|Gemini|Python|CUDA"
    r"|version|step|option|phase|schritt|paso|étape|line|page|Seite|Zeile|página|ligne)[\s#*]*$",
    re.I,
)
_GOES_ON = re.compile(r"[-\s]?bit|(?:st|nd|rd|th|er|e|o|ª|º)\b|/7\b")
_STRUCTURE = re.compile(
    r"\W{1,3}(?:main |simple |key |possible |other |more )?(?:options?|steps?|ways?|approach\w*"
    r"|questions?|points?|reasons?|things?|parts?|sentences?|Optionen|Schritte?|Wege?|Gründe?"
    r"|Fragen?|Punkte|opciones|pasos|maneras|preguntas|razones|étapes|façons|raisons"
    r"|个?(?:步骤|方面|问题|选项|原因))",
    re.I,
)
_NO_FIGURES = re.compile(
    r"\[\d+(?:,\s*\d+)*\]|https?://\S+|(?<![\w<])(?:~|\.{1,2})?/[^\s`'\")]+"
    r"|(?m:^[ \t]*(?:[-*>#]+[ \t]*)?\**\d{1,2}[.)](?=[\s*]))"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a text: what it may mean (money in its unit, seconds, GB), and how exact."""

    text: str
    kind: Kind
    # Each with the size of one step of its last shown digit: 100 for "1.2k", 0.1 for "3.4".
    values: tuple[tuple[float, float], ...]
    significant: int

    def shows(self, value: float) -> bool:
        """Whether `value`, rounded as this figure is, reads like it."""
        return any(self._equal(value, meant, step) for meant, step in self.values)

    def _equal(self, value: float, meant: float, step: float) -> bool:
        if math.isclose(value, meant, rel_tol=1e-6, abs_tol=1e-9):
            return True
        if abs(value - meant) <= step / 2 * (1 + 1e-9):
            return True
        if self.significant < 2 or not value or not meant:
            return False
        return math.isclose(float(f"{value:.{self.significant}g}"), meant, rel_tol=1e-9)


def figures_in(text: str) -> list[Figure]:
    """Every figure of a text, without list numbers, citation marks, names and paths."""
    plain = _NO_FIGURES.sub(lambda match: " " * len(match[0]), text)
    plain = _DATE.sub(lambda match: re.sub(r"\D", " ", match[0]), plain)
    return [*_digits(plain), *_words(plain)]


def _digits(text: str) -> Iterator[Figure]:
    for match in _NUMBER.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        currency = bool(_CURRENCY.search(before))
        if not currency and _IN_A_NAME.search(before[-24:]):
            continue
        scale = _SCALE.match(after)
        kind, factor = _unit(after[scale.end() if scale else 0 :], currency)
        if kind == "count" and not scale and _counts_nothing(match[0], after):
            continue
        scales = _SCALES[scale[1].lower()] if scale else (1.0,)
        yield _figure(match[0], kind, tuple(factor * s for s in scales))


def _counts_nothing(digits: str, after: str) -> bool:
    if _GOES_ON.match(after) or re.match(r"[A-Za-z]", after):
        return True
    return digits.isdigit() and int(digits) <= 10 and bool(_STRUCTURE.match(after))


def _words(text: str, typed: bool = True) -> Iterator[Figure]:
    """Numbers in words; `typed`: only where a unit follows, as in "two hundred dollars"."""
    for match in _WORD.finditer(text):
        kind, factor = _unit(text[match.end() :], False)
        if kind != "count" or not typed:
            yield Figure(match[0], kind, ((_value_of(match[0]) * factor, 0.0),), 1)


def _value_of(words: str) -> float:
    """ "two hundred" is 200, "twenty five" 25, "三百五十" 350."""
    total = last = 0
    for word in _ONE_WORD.findall(words):
        value = _WORDS[word.lower()]
        if value >= 10 and last and last < value:
            total, last = total + last * value, 0
        else:
            total, last = total + last, value
    return float(total + last)


def _unit(after: str, currency: bool) -> tuple[Kind, float]:
    if currency:
        return "money", 1
    for kind, factor, unit in _UNIT:
        if unit.match(after):
            return kind, factor
    return "count", 1


def _figure(digits: str, kind: Kind, factors: tuple[float, ...]) -> Figure:
    readings = _readings(re.sub(r"[ \u00a0\u202f'’]", "", digits))
    values = tuple((v * f, 10.0**-places * f) for v, places in readings for f in factors)
    significant = len(re.sub(r"\D", "", digits).lstrip("0").rstrip("0")) or 1
    return Figure(digits, kind, values, significant)


def _readings(digits: str) -> list[tuple[float, int]]:
    """Values and decimal places that written digits may mean: "1.200" is 1200 or 1.2."""
    separators = [c for c in digits if c in ".,"]
    if not separators:
        return [(float(digits), 0)]
    whole, _, rest = digits.rpartition(separators[-1])
    decimal = (float(re.sub(r"\D", "", whole) + "." + rest), len(rest))
    joined = (float(re.sub(r"\D", "", digits)), 0)
    if len(set(separators)) == 2:
        return [decimal]
    if len(separators) > 1:
        return [joined]
    return [joined, decimal] if len(rest) == 3 and whole != "0" else [decimal]


class Known:
    """Every value that a reply may name, by kind."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add_text(self, text: str) -> None:
        """Figures of a text; what a person writes without a unit counts."""
        for figure in figures_in(text):
            self._add(figure.kind, (value for value, _ in figure.values))
        self._add("count", (v for f in _words(text, typed=False) for v, _ in f.values))

    def add_data(self, data: Any, key: str = "") -> None:
        """Figures of a tool's result or of the case; the keys say the units."""
        if isinstance(data, dict):
            for name, value in data.items():
                self.add_data(value, f"{key}.{name}")
        elif isinstance(data, list):
            self._add("count", (len(data),))
            for value in data:
                self.add_data(value, key)
        elif isinstance(data, str):
            self.add_text(data)
        elif isinstance(data, int | float) and not isinstance(data, bool):
            self._add_number(key.lower(), float(data))

    def holds(self, figure: Figure) -> bool:
        """Whether a figure of a reply stands here; a bare count may be of any kind."""
        kinds = self._values if figure.kind == "count" else [figure.kind]
        return any(figure.shows(v) for kind in kinds for v in self._values.get(kind, ()))

    def _add(self, kind: str, values: Iterable[float]) -> None:
        self._values.setdefault(kind, []).extend(values)

    def _add_number(self, key: str, value: float) -> None:
        self._add("count", (value,))
        if re.search(r"usd|price|cost", key):
            self._add("money", (value,))
        elif re.search(r"_ms\b|latency", key):
            self._add("time", (value / 1000,))
        elif found := re.search(r"(seconds|minutes|hours|days)\b", key):
            seconds = value * {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}[found[1]]
            self._add("time", (seconds,))
            self.add_text(duration(seconds))
        elif "bytes" in key:
            self._add("memory", (value / 1e9, value / 2**30))
        elif re.search(r"gib|gb|vram", key):
            self._add("memory", (value,))
        if 0 < abs(value) <= 1:
            self._add("percent", (value * 100,))
