"""Sentences in five languages: TOML catalogues, with numbers as each language writes them."""

from __future__ import annotations

import functools
import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal, get_args

Language = Literal["en", "de", "es", "fr", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# Between groups of three digits, and before decimals. A table and not Babel, whose import alone
# takes 80 ms of a command that answers in 200.
_SEPARATORS: dict[str, tuple[str, str]] = {
    "en": (",", "."),
    "de": (".", ","),
    "es": ("\u202f", ","),
    "fr": ("\u202f", ","),
    "zh": (",", "."),
}


class WordingError(KeyError):
    """A sentence that is missing or lacks a value: a fault of the program, not of its user."""


@dataclass(frozen=True)
class Catalogue:
    """The sentences of one part of the program, read when first needed.

    One TOML file a language, `de.toml`, and more of them beside it by subject, `de.memory.toml`.
    """

    package: str
    folder: str

    def say(self, language: str, key: str, /, **values: Any) -> str:
        """One sentence with its values. Raises WordingError when either is missing."""
        sentence = self.entries(language).get(key)
        if not isinstance(sentence, str):
            raise WordingError(f"{self.package}: no sentence '{key}' in '{language}'")
        return _Filler(language, key).vformat(sentence, (), values)

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return isinstance(self.entries("en").get(key), str)

    def entries(self, language: str) -> dict[str, Any]:
        """All sentences of a language by dotted key."""
        return _entries(self.package, self.folder, language)


@functools.cache
def _entries(package: str, folder: str, language: str) -> dict[str, Any]:
    files = [
        file
        for file in resources.files(package).joinpath(folder).iterdir()
        if file.name == f"{language}.toml" or file.name.startswith(f"{language}.")
    ]
    found: dict[str, Any] = {}
    for file in files:
        found |= dict(_flat("", tomllib.loads(file.read_text(encoding="utf-8"))))
    return found


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Nested tables as dotted keys."""
    found: list[tuple[str, Any]] = []
    for name, entry in table.items():
        key = f"{prefix}{name}"
        found += _flat(f"{key}.", entry) if isinstance(entry, dict) else [(key, entry)]
    return found


class _Filler(string.Formatter):
    """Fills `{n}` with a number, `{n:example}` with a number and its noun, text with itself."""

    def __init__(self, language: str, key: str) -> None:
        self._language = language
        self._key = key

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = kwargs.get(str(key))
        if value is None:
            raise WordingError(f"sentence '{self._key}' lacks its value '{key}'")
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            return self._word(value, format_spec)
        if format_spec == "plain":  # "7", "1.5": sizes of models are names, not amounts
            return f"{value:g}"
        if format_spec == "usd":
            return money(self._language, value)
        if format_spec:
            return counted(self._language, value, format_spec)
        return number(self._language, value)

    def _word(self, value: str, format_spec: str) -> str:
        if format_spec == "lower":  # a sentence that goes on after a colon
            return re.sub(r"^(\W*)(\w)", lambda m: m[1] + m[2].lower(), value)
        # `{task:tasks}` is the name that the table `tasks` gives to the task.
        return say(self._language, f"{format_spec}.{value}") if format_spec else value


def number(language: str, value: float, decimals: int | None = None) -> str:
    """A number as the language writes it; without `decimals` as many as it has, at most two."""
    group, point = _SEPARATORS[language]
    text = f"{value:,.{2 if decimals is None else decimals}f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    return text.translate({ord(","): group, ord("."): point})


def money(language: str, usd: float) -> str:
    """US dollars as the language writes them, with cents below 100: "$0.42", "1.250 $"."""
    decimals = 2 if 0 < usd < 100 else 0
    return say(language, "time.usd", amount=number(language, usd, decimals))


def counted(language: str, value: float, noun: str) -> str:
    """ "1 example", "1,200 examples": the noun in the form that the number asks for."""
    forms = WORDS.entries(language).get(f"nouns.{noun}")
    if not isinstance(forms, list):
        raise WordingError(f"no noun '{noun}' in '{language}'")
    form = forms[min(_form(language, value), len(forms) - 1)]
    return str(form).replace("{n}", number(language, value))


def _form(language: str, value: float) -> int:
    """0 for one, 1 for several, 2 for whole millions ("un million de documents")."""
    if language == "fr" and 0 <= value < 2:
        return 0
    if value == 1:
        return 0
    return 2 if language in ("es", "fr") and value >= 1e6 and value % 1e6 == 0 else 1


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that is still to be said: its key, its values, the passages behind it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    passage_ids: tuple[str, ...] = ()

    def text(self, language: Language) -> str:
        """The sentence in a language; values that are sentences are said in it, too."""
        return say(language, self.key, **{k: _said(v, language) for k, v in self.values.items()})


def _said(value: Any, language: Language) -> Any:
    return value.text(language) if isinstance(value, Line) else value


WORDS = Catalogue("knowdo.knowledge", "data/wording")


def say(language: str, key: str, /, **values: Any) -> str:
    """A sentence of the verdicts, the cautions or the names of things."""
    return WORDS.say(language, key, **values)
