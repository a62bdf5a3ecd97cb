"""The language of a message, among those that replies are written in; None when it is unsure."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from knowdo.knowledge.wording import LANGUAGES, Language

# Code, addresses, paths and quotations say nothing of the language that the person writes in.
_FOREIGN = re.compile(
    r"```.*?(?:```|$)|`[^`]*`|https?://\S+|\S+@\S+|(?<!\S)(?:~|\.{0,2})/\S+|\S+\.[a-z]{2,5}\b"
    r"|\"[^\"\n]{2,}\"|“[^”\n]{2,}”|„[^“”\n]{2,}[“”]|«[^»\n]{2,}»",
    re.S,
)
_WORD = re.compile(r"(?<![\w.])[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
# Scripts of languages that get English replies: Greek to Thai, Georgian, Ethiopic, Hangul.
_OTHER_SCRIPT = re.compile(r"[\u0370-\u0e7f\u10a0-\u13ff\uac00-\ud7af]")
_ACCENTS = {
    "de": re.compile(r"[äöüß]", re.I),
    "es": re.compile(r"[ñ¿¡óíú]", re.I),
    "fr": re.compile(r"[çœèêàùîûë]|\b[ldjnmtsc]['’]|\bqu['’]", re.I),
    "it": re.compile(r"[àèìòù]", re.I),
    "pt": re.compile(r"[ãõç]", re.I),
    "sv": re.compile(r"[åäö]", re.I),
    "da": re.compile(r"[åøæ]", re.I),
    "pl": re.compile(r"[łęąśżźćń]", re.I),
    "tr": re.compile(r"[şŞğĞıİ]"),  # without re.I, which takes "i" for "ı"
}
# A language is sure when it leads the next by this many words, or when no other has any.
_LEAD = 2
# Below this share of the probability the model decides nothing.
_MODEL_SURE = 0.8
# A small word more makes a language this much likelier beside what the model says.
_WEIGHT_OF_A_WORD = 4
# Those that the model chooses among when no word helps: ours, and the likely others.
_CANDIDATES = (*LANGUAGES, "it", "pt", "nl", "sv", "da", "pl", "tr", "cs", "ro", "ca", "id", "fi")


@lru_cache(maxsize=512)
def language_of(text: str) -> Language | None:
    """The language to reply in, or None when a message is too short or too mixed to tell.

    Languages without replies of their own count as English.
    """
    own = _FOREIGN.sub(" ", text)
    words = [word.lower().replace("’", "'") for word in _WORD.findall(own)]
    if (language := _by_script(own, words)) is not None:
        return language
    left = _by_words(own, words)
    if len(left) == 1:
        return _known(next(iter(left)))
    return _by_model(words, left)


def _by_script(text: str, words: list[str]) -> Language | None:
    """Chinese characters outweigh code words; a script of another language means English."""
    english = sum(word in _words()["en"] for word in words)
    if (other := len(_OTHER_SCRIPT.findall(text)) + len(_KANA.findall(text))) > 2:
        return "en" if other > len(words) else None
    han = len(_HAN.findall(text))
    return "zh" if han >= 2 and han > 2 * english else None


def _by_words(text: str, words: list[str]) -> dict[str, int]:
    """The languages that the small words and accents leave, with their hits; none without hits."""
    scores = {name: _score(name, text, words) for name in _words()}
    most, next_most = sorted(scores.values(), reverse=True)[:2]
    if most - next_most >= _LEAD or most > next_most == 0:
        return {name: score for name, score in scores.items() if score == most}
    near = {name: score for name, score in scores.items() if score > max(0, most - _LEAD)}
    # A neighbour that is no likelier than one of ours is left out.
    ours: dict[str, int] = {name: near[name] for name in near if name in LANGUAGES}
    return ours if most in ours.values() else near


def _score(name: str, text: str, words: list[str]) -> int:
    hits = sum(word in _words()[name] for word in words)
    accents = len(_ACCENTS[name].findall(text)) if name in _ACCENTS else 0
    return hits + min(accents, 2)


@cache
def _words() -> dict[str, frozenset[str]]:
    text = files("knowdo.agent.embedded").joinpath("function_words.toml").read_text("utf-8")
    return {name: frozenset(row.split()) for name, row in tomllib.loads(text).items()}


def _by_model(words: list[str], left: dict[str, int]) -> Language | None:
    """What the statistics of letters say. Asked last: the model takes half a second to load."""
    if len(words) < (2 if left else 3):
        return None
    shares = {
        name: share * _WEIGHT_OF_A_WORD ** left.get(name, 0)
        for name, share in _identifier().rank(" ".join(words))
        if name in (left or _CANDIDATES)
    }
    best = max(shares, key=lambda name: shares[name])
    return _known(best) if shares[best] >= _MODEL_SURE * sum(shares.values()) else None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_CANDIDATES))
    return identifier


def _known(name: str) -> Language:
    return next((language for language in LANGUAGES if language == name), "en")
