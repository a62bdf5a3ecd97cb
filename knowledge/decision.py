"""The decision rule: prompting first; know: retrieval; do: fine-tune; or ask what is missing."""

from __future__ import annotations

from dataclasses import replace

from knowdo.knowledge import verdicts
from knowdo.knowledge.cautions import LOW_MONTHLY_REQUESTS
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.schema import Label, Recommendation, UseCase
from knowdo.knowledge.verdicts import Verdict
from knowdo.knowledge.wording import Language

# Enough examples to decide on a classification before the number of classes is known: 50 a class
# for 20 classes.
PLENTY_OF_LABELLED = 1_000


def recommend(use_case: UseCase, language: Language = "en") -> Recommendation:
    """Decide on a use case. Pure: the same facts give the same answer, whoever asks and how."""
    return _asking(_decide(use_case), use_case).said(use_case, language)


def _asking(verdict: Verdict, case: UseCase) -> Verdict:
    """The verdict with the question for a fact that the telling leaves open, if it still is."""
    if verdict.label in ("ask", "none") or case.open_fact is None or _is_settled(case):
        return verdict
    minimum = data_needs(case.task_type or "style", case.n_classes).minimum
    asked = {
        "n_examples": verdicts.ask_examples(case, minimum),
        "prompt_tried": verdicts.ask_prompt(case),
        "n_classes": verdicts.ask_classes(case),
        "privacy": verdicts.ask_place(case),
    }[case.open_fact]
    return replace(verdict, key_fact=asked.key_fact, question=asked.question)


def _is_settled(case: UseCase) -> bool:
    return {
        "n_examples": case.n_examples is not None or case.prompt_fell_short is False,
        "prompt_tried": case.prompt_fell_short is not None,
        "n_classes": case.n_classes is not None or case.task_type != "classification",
        "privacy": case.place_open is False
        or case.privacy in ("none", "confidential", "air_gapped"),
    }[case.open_fact or "n_examples"]


def outcome(use_case: UseCase) -> tuple[Label, str | None]:
    """The label and the fact asked for, alone: cheaper than the whole recommendation."""
    verdict = _decide(use_case)
    return verdict.label, verdict.key_fact


def _decide(case: UseCase) -> Verdict:
    if case.out_of_scope:
        return verdicts.outside(case)
    knows = _needs(case.needs_knowledge, case.task_type == "knowledge_qa")
    does = _needs(case.needs_behaviour, case.task_type in _TRAINABLE)
    if not knows and not does:
        return _neither(case)
    if not does:
        return _retrieval(case)
    behaviour = _behaviour(case)
    return verdicts.with_knowledge(behaviour, case) if knows else behaviour


_TRAINABLE = ("style", "format", "vocabulary", "classification", "instruction")


def _needs(said: bool | None, by_task: bool) -> bool:
    """What was said of a need; while nothing was said, the kind of task speaks for it."""
    return by_task if said is None else said


def _neither(case: UseCase) -> Verdict:
    """Nothing to look up and nothing to learn, or nothing known yet."""
    if "context_overflow" in case.signals:
        return verdicts.split_context(case)
    if case.needs_knowledge is False and case.needs_behaviour is False:
        return verdicts.prompt_first(case)
    if case.task_type is None:
        return verdicts.ask_task()
    return verdicts.ask_failure(case)


def _retrieval(case: UseCase) -> Verdict:
    if "retrieval_quality" in case.signals:
        return verdicts.mend_retrieval(case)
    return verdicts.retrieve(case)


def _behaviour(case: UseCase) -> Verdict:
    """The decision on the part that the model should do."""
    needs = data_needs(case.task_type or "style", case.n_classes)
    if case.prompt_tried is False:
        terms = case.task_type == "vocabulary"
        return verdicts.glossary(case) if terms else verdicts.prompt_first(case)
    if case.prompt_fell_short is False and not case.large_model_suffices:
        return verdicts.prompt_suffices(case)
    if case.n_examples is not None and case.n_examples < needs.minimum:
        return verdicts.too_few(case, needs.minimum)
    if case.monthly_requests is not None and case.monthly_requests < LOW_MONTHLY_REQUESTS:
        return verdicts.too_little_use(case)
    return _missing(case, needs.minimum) or _train(case, needs.minimum)


def _missing(case: UseCase, minimum: int) -> Verdict | None:
    """The question whose answer decides, when a fact is missing."""
    if case.place_open:
        return verdicts.ask_place(case)
    if case.n_examples is None:
        return verdicts.ask_examples(case, minimum)
    if case.prompt_tried is None:
        return verdicts.ask_prompt(case)
    if _classes_unknown(case):
        return verdicts.ask_classes(case)
    return None


def _train(case: UseCase, minimum: int) -> Verdict:
    if case.large_model_suffices:
        return verdicts.small_model(case, minimum)
    return verdicts.train(case, minimum)


def _classes_unknown(case: UseCase) -> bool:
    return (
        case.task_type == "classification"
        and case.n_classes is None
        and (case.n_examples or 0) < PLENTY_OF_LABELLED
    )
