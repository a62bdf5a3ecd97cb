"""The verdicts that the rule can come to: headline, reasons, next step, in the person's numbers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from knowdo.knowledge.cautions import LOW_MONTHLY_REQUESTS, cautions_for
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.reasons import (
    by_classes,
    examples_enough,
    examples_short,
    line,
    of_documents,
    of_training,
)
from knowdo.knowledge.schema import Label, Reason, Recommendation, UseCase
from knowdo.knowledge.wording import WORDS, Language, Line

_TRAINABLE = ("style", "format", "vocabulary", "classification", "instruction")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision before it is said: its sentences wait for a language, its warnings are to come."""

    label: Label
    headline: Line
    reasons: tuple[Line, ...]
    next_step: Line
    would_change: Line
    key_fact: str | None = None
    question: Line | None = None

    def said(self, case: UseCase, language: Language) -> Recommendation:
        """The recommendation in a language, with the warnings that the case gives rise to."""
        return Recommendation(
            label=self.label,
            headline=self.headline.text(language),
            reasons=tuple(Reason(r.text(language), r.passage_ids) for r in self.reasons),
            cautions=cautions_for(case, self.label, language),
            next_step=self.next_step.text(language),
            would_change=self.would_change.text(language),
            key_fact=self.key_fact,
            question=self.question.text(language) if self.question else None,
        )


def with_knowledge(behaviour: Verdict, case: UseCase) -> Verdict:
    """Join the decision on behaviour with retrieval for the part that the model should know."""
    if behaviour.label == "ask":
        # The index is right whatever the answer is; the question decides on training on top.
        later = line("rag_then_ask.would_change", case, question=behaviour.question)
        return dataclasses.replace(retrieve(case), would_change=later)
    facts = of_documents(case)
    if behaviour.label == "finetune":
        know = line("reasons.know", case, "both", "rag")
        first, last = behaviour.reasons[0], behaviour.reasons[-1]
        return _verdict("both", "both", case, *facts[:2], first, know, last)
    know = line("reasons.know", case, "rag", "not-for-facts")
    return Verdict(
        "rag",
        line("rag_and_prompt.headline", case),
        (*facts, know, *behaviour.reasons),
        line("rag_and_prompt.next", case),
        behaviour.would_change,
    )


def outside(case: UseCase) -> Verdict:
    """Not a matter of adapting a language model; what serves instead."""
    kind = case.out_of_scope or ""
    if kind == "injection_only":
        return injected(case)
    parts = {part: _of_kind(kind, part) for part in ("headline", "reason", "next", "would_change")}
    return Verdict(
        "none",
        line(parts["headline"], case),
        (line(parts["reason"], case, _OUTSIDE_PASSAGES.get(kind, "outside-scope")),),
        line(parts["next"], case),
        line(parts["would_change"], case),
    )


_OUTSIDE_PASSAGES = {
    "speech": "speech-and-images",
    "images": "speech-and-images",
    "classic_machine_learning": "classic-machine-learning",
    "live_data": "live-data",
}


def _of_kind(kind: str, part: str) -> str:
    """The key of a kind's own sentence, or of the one for all kinds."""
    own = f"outside.{kind}.{part}"
    return own if WORDS.has(own) else f"outside.{part}"


def injected(case: UseCase) -> Verdict:
    """Only orders stood in the message."""
    return _verdict(
        "none",
        "outside.injection_only",
        case,
        line("outside.injection_only.reason", case, "prompt-injection"),
    )


def ask_task() -> Verdict:
    """Nothing is known yet."""
    return _ask("task", "ask_task.question", line("ask_task.because", UseCase(), "decision-rule"))


def ask_failure(case: UseCase) -> Verdict:
    """The task is known, what fails is not."""
    because = line("ask_failure.because", case, "decision-rule")
    return _ask("failure_kind", "ask_failure.question", *of_documents(case)[:1], because)


def ask_prompt(case: UseCase) -> Verdict:
    """What a prompt reaches decides."""
    because = line("ask_prompt.because", case, "decision-rule", "prompting", "evaluation")
    return _ask("prompt_tried", "ask_prompt.question", because)


def ask_examples(case: UseCase, minimum: int) -> Verdict:
    """The number of examples decides; how far a prompt gets is asked along when it was not said."""
    told = bool(case.prompt_tried)
    key = by_classes("ask_examples.because" if told else "ask_examples.because_untried", case)
    because = line(key, case, "decision-rule", "data-minimums", minimum=minimum)
    question = "ask_examples.question" if told else "ask_examples.question_untried"
    return _ask("n_examples", question, because)


def ask_classes(case: UseCase) -> Verdict:
    """The number of classes decides."""
    because = line("ask_classes.because", case, "decision-rule", "data-minimums")
    return _ask("n_classes", "ask_classes.question", because)


def ask_place(case: UseCase) -> Verdict:
    """Where it may run decides."""
    key = "ask_place.because_bare" if case.n_examples is None else "ask_place.because"
    because = line(key, case, "decision-rule", "privacy")
    return _ask("privacy", "ask_place.question", because)


def _ask(key_fact: str, question: str, *because: Line) -> Verdict:
    return dataclasses.replace(
        _verdict("ask", "ask", UseCase(), *because), key_fact=key_fact, question=Line(question)
    )


def _verdict(label: Label, name: str, case: UseCase, *reasons: Line) -> Verdict:
    """A verdict whose other sentences stand under its name."""
    return Verdict(
        label,
        line(f"{name}.headline", case),
        reasons,
        line(f"{name}.next", case),
        line(f"{name}.would_change", case),
    )


def split_context(case: UseCase) -> Verdict:
    """The length is what fails."""
    reason = line("split_context.reason", case, "context-overflow")
    return _verdict("prompt", "split_context", case, reason)


def mend_retrieval(case: UseCase) -> Verdict:
    """The search step fails."""
    reason = line("mend_retrieval.reason", case, "retrieval-quality")
    return _verdict("rag", "mend_retrieval", case, reason, *of_documents(case)[:1])


def glossary(case: UseCase) -> Verdict:
    """Terms are a list, and a list goes into the prompt."""
    minimum = data_needs("vocabulary").minimum
    return dataclasses.replace(
        _verdict("prompt", "glossary", case, line("glossary.reason", case, "prompting")),
        would_change=line("glossary.would_change", case, minimum=minimum),
    )


def retrieve(case: UseCase) -> Verdict:
    """Look the facts up."""
    reasons = of_documents(case)
    if "knowledge_injection" in case.signals:
        reasons.append(line("reasons.injection", case, "not-for-facts"))
    reasons.append(line("rag.reason", case, "rag", "decision-rule"))
    return _verdict("rag", "rag", case, *reasons)


def prompt_first(case: UseCase) -> Verdict:
    """A better prompt has not been shown to fail."""
    reasons = []
    if case.n_examples:
        reasons.append(line("reasons.examples_in_prompt", case, "prompting"))
    reasons.append(line("prompt_first.reason", case, "prompting", "decision-rule"))
    if case.task_type == "format":
        reasons.append(line("prompt_first.schema", case, "structured-output"))
    verdict = _verdict("prompt", "prompt_first", case, *reasons)
    if case.task_type not in _TRAINABLE:
        return verdict
    minimum = data_needs(case.task_type, case.n_classes).minimum
    after = line("prompt_first.would_change_minimum", case, minimum=minimum)
    return dataclasses.replace(verdict, would_change=after)


def prompt_suffices(case: UseCase) -> Verdict:
    """A prompt does it already."""
    reason = line("prompt_suffices.reason", case, "prompting", "cost-volume")
    return _verdict("prompt", "prompt_suffices", case, reason)


def too_few(case: UseCase, minimum: int) -> Verdict:
    """Fewer examples than the minimum."""
    reasons = (examples_short(case, minimum), line("too_few.reason", case, "prompting"))
    missing = minimum - (case.n_examples or 0)
    return dataclasses.replace(
        _verdict("prompt", "too_few", case, *reasons),
        next_step=line(_next_of_few(case), case, missing=missing),
        would_change=line("too_few.would_change", case, minimum=minimum),
    )


def _next_of_few(case: UseCase) -> str:
    return "too_few.next" if case.n_examples else "too_few.next_none"


def too_little_use(case: UseCase) -> Verdict:
    """Too few calls for training to pay."""
    reason = line("too_little_use.reason", case, "cost-volume")
    return dataclasses.replace(
        _verdict("prompt", "too_little_use", case, reason),
        would_change=line("too_little_use.would_change", case, minimum=LOW_MONTHLY_REQUESTS),
    )


def train(case: UseCase, minimum: int) -> Verdict:
    """Fine-tune."""
    facts = [*examples_enough(case, minimum), *of_training(case)]
    reason = line("train.reason", case, "fine-tuning", "decision-rule")
    return _verdict("finetune", "train", case, *facts, reason)


def small_model(case: UseCase, minimum: int) -> Verdict:
    """A large model does it, and a small tuned one can match it on this task."""
    size = "small_model.reason" if case.model_size_b is None else "small_model.reason_size"
    others = [r for r in of_training(case) if r.key != "reasons.size"]
    reason = line(size, case, "small-model-uplift", "decision-rule")
    return _verdict(
        "finetune", "small_model", case, *examples_enough(case, minimum), *others, reason
    )
