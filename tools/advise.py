"""The tool that decides: facts of a use case in, the recommendation with its passages out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowdo.knowledge.decision import recommend
from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.passages import passage
from knowdo.knowledge.schema import Recommendation, Source, UseCase
from knowdo.knowledge.wording import LANGUAGES, Language
from knowdo.tools.tool import Effect, tool

_CHOICES = {
    "open_fact": ("n_examples", "prompt_tried", "n_classes", "privacy"),
    "task_type": (
        "style", "format", "vocabulary", "classification", "instruction", "knowledge_qa", "other",
    ),
    "privacy": ("none", "pii", "phi", "confidential", "air_gapped"),
    "update_frequency": (
        "realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "static",
    ),
}  # fmt: skip
_COUNTS = ("n_examples", "monthly_requests", "monthly_tokens", "doc_count", "n_classes",
           "tokens_per_example", "latency_ms")  # fmt: skip
_AMOUNTS = ("model_size_b", "gpu_vram_gb", "budget_usd")
_FLAGS = ("needs_knowledge", "needs_behaviour", "prompt_tried", "prompt_fell_short",
          "large_model_suffices", "place_open")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage behind the advice, as it is shown."""

    passage_id: str
    title: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """The decision, the facts that it rests on, and the passages cited."""

    recommendation: Recommendation
    facts: dict[str, Any]
    citations: tuple[Cited, ...]
    # That of its sentences; the passages are in English.
    language: Language = "en"


def advise(use_case: UseCase, language: Language = "en") -> Advice:
    """Decide on a use case and collect the passages that the reasons cite."""
    recommendation = recommend(use_case, language)
    cited = [passage(passage_id, language) for passage_id in recommendation.citations()]
    return Advice(
        recommendation,
        use_case.known(),
        tuple(Cited(p.passage_id, p.title, p.text, p.sources) for p in cited),
        language,
    )


def use_case_from(facts: dict[str, Any]) -> UseCase:
    """A use case from plain values. Raises InputError that names the field that is wrong."""
    known = set(UseCase.__dataclass_fields__)
    for name in facts:
        if name not in known:
            raise unknown_name("fact", name, known)
    return UseCase(**{name: _checked(name, value) for name, value in facts.items()})


def _checked(name: str, value: Any) -> Any:
    if value is None or value == "":
        return () if name == "languages" else frozenset() if name == "signals" else None
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise unknown_name(name, str(value), _CHOICES[name])
        return value
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise InputError(f"{name} is {value!r}; it must be true or false.")
        return value
    if name in _COUNTS or name in _AMOUNTS:
        return _number(name, value)
    if name in ("languages", "signals"):
        items = [value] if isinstance(value, str) else value
        return tuple(items) if name == "languages" else frozenset(items)
    return str(value)


def _number(name: str, value: Any) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {value!r}; it must be a number.") from error
    if not 0 <= number < 1e15:
        raise InputError(f"{name} is {value!r}; it must be a number from 0 to 1e15.")
    return round(number) if name in _COUNTS else number


@tool(Effect.READ)
def recommend_approach(
    task_type: str | None = None,
    needs_knowledge: bool | None = None,
    needs_behaviour: bool | None = None,
    out_of_scope: str | None = None,
    prompt_tried: bool | None = None,
    prompt_fell_short: bool | None = None,
    large_model_suffices: bool | None = None,
    place_open: bool | None = None,
    open_fact: str | None = None,
    n_examples: float | None = None,
    n_classes: float | None = None,
    tokens_per_example: float | None = None,
    model_size_b: float | None = None,
    gpu_name: str | None = None,
    gpu_vram_gb: float | None = None,
    budget_usd: float | None = None,
    monthly_requests: float | None = None,
    monthly_tokens: float | None = None,
    doc_count: float | None = None,
    update_frequency: str | None = None,
    privacy: str | None = None,
    latency_ms: float | None = None,
    languages: list[str] | None = None,
    signals: list[str] | None = None,
    language: str | None = None,
) -> Advice:
    """Decide between prompt, rag, finetune, both, ask and none for the person's problem.

    Call it before you state any decision. The facts of the case are filled in for you; pass only
    what the person said and the case lacks. task_type: style, format, vocabulary, classification,
    instruction, knowledge_qa or other. needs_knowledge: facts must be looked up. needs_behaviour:
    it must answer in a certain way. update_frequency: realtime, daily, weekly, monthly, quarterly,
    yearly or static. privacy: none, pii, phi, confidential or air_gapped. out_of_scope: what it is
    instead, when it is not about adapting a language model. large_model_suffices: a prompt does it,
    but only with a model larger than the one wanted. place_open: the person asks whether the data
    may go to a provider. language: en, de, es, fr or zh, that of the answer.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    answer_in = _language(given.pop("language", "en"))
    return advise(use_case_from(given), answer_in)


def _language(name: str) -> Language:
    found = next((language for language in LANGUAGES if language == name), None)
    if found is None:
        raise unknown_name("language", name, LANGUAGES)
    return found
