"""The decision rule: prompting first; know: retrieval; do: fine-tune; or ask what is missing."""

from __future__ import annotations

from knowdo.knowledge import verdicts
from knowdo.knowledge.cautions import LOW_MONTHLY_REQUESTS, cautions_for
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.schema import Recommendation, UseCase
from knowdo.knowledge.verdicts import Verdict

# Enough examples to decide on a classification before the number of classes is known: 50 a class
# for 20 classes.
PLENTY_OF_LABELLED = 1_000


def recommend(use_case: UseCase) -> Recommendation:
    """Decide on a use case. Pure: the same facts give the same answer, whoever asks and how."""
    verdict = _decide(use_case)
    return Recommendation(
        label=verdict.label,
        headline=verdict.headline,
        reasons=verdict.reasons,
        cautions=cautions_for(use_case, verdict.label),
        next_step=verdict.next_step,
        would_change=verdict.would_change,
        key_fact=verdict.key_fact,
        question=verdict.question,
    )


def _decide(case: UseCase) -> Verdict:
    if case.out_of_scope:
        return verdicts.outside(case)
    knows = bool(case.needs_knowledge) or case.task_type == "knowledge_qa"
    does = bool(case.needs_behaviour) or case.task_type in _TRAINABLE
    if not knows and not does:
        return verdicts.ask_task()
    if not does:
        return verdicts.retrieve(case)
    behaviour = _behaviour(case)
    return verdicts.with_knowledge(behaviour) if knows else behaviour


_TRAINABLE = ("style", "format", "vocabulary", "classification", "instruction")


def _behaviour(case: UseCase) -> Verdict:
    """The decision on the part that the model should do."""
    needs = data_needs(case.task_type or "style", case.n_classes)
    few = case.n_examples is not None and case.n_examples < needs.minimum
    if case.prompt_tried is False:
        return verdicts.prompt_first(case)
    if case.prompt_fell_short is False:
        return verdicts.prompt_suffices()
    if few:
        return verdicts.too_few(case, needs.minimum)
    if case.monthly_requests is not None and case.monthly_requests < LOW_MONTHLY_REQUESTS:
        return verdicts.too_little_use(case)
    if case.prompt_tried is None:
        return verdicts.prompt_first(case) if case.n_examples is None else verdicts.ask_prompt(case)
    if case.n_examples is None:
        return verdicts.ask_examples(case, needs.minimum)
    if _classes_unknown(case):
        return verdicts.ask_classes(case)
    return verdicts.train(case, needs.minimum)


def _classes_unknown(case: UseCase) -> bool:
    return (
        case.task_type == "classification"
        and case.n_classes is None
        and (case.n_examples or 0) < PLENTY_OF_LABELLED
    )
