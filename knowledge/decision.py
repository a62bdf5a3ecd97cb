"""The decision rule: prompting first; know: retrieval; do: fine-tune; or ask what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge.cautions import LOW_MONTHLY_REQUESTS, cautions_for
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.schema import Label, Reason, Recommendation, UseCase

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


@dataclass(frozen=True, slots=True)
class _Verdict:
    label: Label
    headline: str
    reasons: tuple[Reason, ...]
    next_step: str
    would_change: str
    key_fact: str | None = None
    question: str | None = None


def _decide(case: UseCase) -> _Verdict:
    if case.out_of_scope:
        return _outside(case)
    knows = bool(case.needs_knowledge) or case.task_type == "knowledge_qa"
    does = bool(case.needs_behaviour) or case.task_type in _TRAINABLE
    if not knows and not does:
        return _ask_task()
    if not does:
        return _retrieve(case)
    behaviour = _behaviour(case)
    return _with_knowledge(behaviour) if knows else behaviour


_TRAINABLE = ("style", "format", "vocabulary", "classification", "instruction")


def _behaviour(case: UseCase) -> _Verdict:
    """The decision on the part that the model should do."""
    needs = data_needs(case.task_type or "style", case.n_classes)
    few = case.n_examples is not None and case.n_examples < needs.minimum
    if case.prompt_tried is False:
        return _prompt_first(case)
    if few:
        return _too_few(case, needs.minimum)
    if case.monthly_requests is not None and case.monthly_requests < LOW_MONTHLY_REQUESTS:
        return _too_little_use(case)
    if case.prompt_tried is None:
        return _prompt_first(case) if case.n_examples is None else _ask_prompt(case)
    if case.n_examples is None:
        return _ask_examples(case, needs.minimum)
    if _classes_unknown(case):
        return _ask_classes(case)
    return _train(case, needs.minimum)


def _classes_unknown(case: UseCase) -> bool:
    return (
        case.task_type == "classification"
        and case.n_classes is None
        and (case.n_examples or 0) < PLENTY_OF_LABELLED
    )


def _with_knowledge(behaviour: _Verdict) -> _Verdict:
    """Join the decision on behaviour with retrieval for the part that the model should know."""
    know = Reason(
        "The facts it needs come from outside the model, so they are looked up at the time of the"
        " question.",
        ("rag", "not-for-facts"),
    )
    if behaviour.label == "finetune":
        return _Verdict(
            "both",
            "Use retrieval for the facts and fine-tune for the behaviour.",
            (know, *behaviour.reasons, Reason("The two do different jobs and combine.", ("both",))),
            "Build the index first and measure it; then train on examples that contain the"
            " retrieved passages.",
            "If good passages in the prompt also fix the behaviour, retrieval alone is enough.",
        )
    if behaviour.label == "ask":
        return behaviour
    return _Verdict(
        "rag",
        "Use retrieval (RAG), with the behaviour described in the prompt.",
        (know, *behaviour.reasons),
        "Build an index over your documents and put format and tone rules into its prompt.",
        behaviour.would_change,
    )


def _outside(case: UseCase) -> _Verdict:
    what, instead, passage = _OUTSIDE.get(
        case.out_of_scope or "", ("something else", "a tool made for it", "outside-scope")
    )
    return _Verdict(
        "none",
        f"This is {what}, not a matter of adapting a language model.",
        (Reason(f"What serves you here is {instead}.", (passage,)),),
        "If a language model is part of it, tell me what it should answer or write.",
        "A task in which a language model reads or writes text would change this.",
    )


_OUTSIDE = {
    "speech": ("a speech model", "a speech recognition or synthesis toolkit", "outside-scope"),
    "images": ("an image model", "an image model's own training tools", "outside-scope"),
    "classic_machine_learning": (
        "classic machine learning",
        "a model for tables or time series, with a simple baseline to beat",
        "outside-scope",
    ),
    "robotics": ("robot control", "a policy-learning toolkit", "outside-scope"),
    "live_data": (
        "a question about live data",
        "a tool call to the system that holds the current value",
        "live-data",
    ),
    "pretraining": (
        "pretraining",
        "a pretraining stack, far more data and a far larger budget",
        "outside-scope",
    ),
    "training_bug": (
        "a fault in a training run",
        "the framework's issue tracker, with the smallest script that shows the fault",
        "outside-scope",
    ),
    "serving": ("a question of serving", "the serving engine's documentation", "outside-scope"),
    "search_only": ("search without generation", "a search engine", "outside-scope"),
    "unrelated": ("another kind of request", "a general assistant", "outside-scope"),
}


def _ask_task() -> _Verdict:
    return _ask(
        "task",
        "What should the model do, and what goes wrong today: does it lack facts, or does it answer"
        " in the wrong way?",
        "The decision hangs on whether the model must know something or do something.",
    )


def _ask_prompt(case: UseCase) -> _Verdict:
    return _ask(
        "prompt_tried",
        "How well does a careful prompt with a few examples do today?",
        f"You have {case.n_examples:,} examples; whether to train on them depends on what a prompt"
        " already reaches.",
    )


def _ask_examples(case: UseCase, minimum: int) -> _Verdict:
    task = case.task_type or "this kind of task"
    return _ask(
        "n_examples",
        "How many good examples of input and wanted output do you have?",
        f"A prompt fell short, so training is next; {task} needs at least {minimum:,} examples.",
    )


def _ask_classes(case: UseCase) -> _Verdict:
    return _ask(
        "n_classes",
        "How many classes are there, and how many examples does the smallest have?",
        f"{case.n_examples:,} examples are plenty for five classes and too few for fifty: it takes"
        " 50 a class.",
    )


def _ask(key_fact: str, question: str, because: str) -> _Verdict:
    return _Verdict(
        "ask",
        "One fact decides this.",
        (Reason(because, ("decision-rule",)),),
        "Answer the question, then I decide.",
        "Your answer.",
        key_fact,
        question,
    )


def _retrieve(case: UseCase) -> _Verdict:
    reasons = [
        Reason(
            "The model has to know something that is not in it, and retrieval puts it before the"
            " model word for word.",
            ("rag", "decision-rule"),
        )
    ]
    if "knowledge_injection" in case.signals:
        reasons.append(
            Reason(
                "Training on documents teaches how they sound; it does not store the facts, and"
                " the model then invents with confidence.",
                ("not-for-facts",),
            )
        )
    if case.doc_count:
        reasons.append(Reason(f"{case.doc_count:,} documents are a small index.", ("rag",)))
    if "retrieval_quality" in case.signals:
        reasons.append(
            Reason("What fails is finding the passage, so that is mended.", ("retrieval-quality",))
        )
    return _Verdict(
        "rag",
        "Use retrieval (RAG): look the facts up, do not train them in.",
        tuple(reasons),
        "Upload your documents here or name their folder; I plan the index and say how long it"
        " takes.",
        "If the right passage is in the prompt and the answer is still wrong in form or tone,"
        " fine-tuning comes on top.",
    )


def _prompt_first(case: UseCase) -> _Verdict:
    reasons = [
        Reason(
            "A prompt with clear rules and three to five examples has not been shown to fail here,"
            " and it costs an afternoon.",
            ("prompting", "decision-rule"),
        )
    ]
    if case.task_type == "format":
        reasons.append(
            Reason(
                "For a fixed format, constrained decoding against a schema removes most errors"
                " without training.",
                ("structured-output",),
            )
        )
    return _Verdict(
        "prompt",
        "Start with a better prompt.",
        tuple(reasons),
        "Write the rules and three examples into the prompt and measure it on 30 unseen cases.",
        "If that still misses your target and you have enough examples, fine-tuning is next.",
    )


def _too_few(case: UseCase, minimum: int) -> _Verdict:
    task = (case.task_type or "this task").replace("_", " ")
    return _Verdict(
        "prompt",
        "Don't train yet: improve the prompt and collect examples.",
        (
            Reason(
                f"You have {case.n_examples:,} examples; {task} needs at least {minimum:,}.",
                ("data-minimums", "too-few-examples"),
            ),
            Reason(
                "The examples you have are worth more inside the prompt than in a training run.",
                ("prompting",),
            ),
        ),
        f"Put your best examples into the prompt, and collect {minimum - (case.n_examples or 0):,}"
        " more.",
        f"{minimum:,} good examples and a prompt that still falls short would make it a fine-tune.",
    )


def _too_little_use(case: UseCase) -> _Verdict:
    return _Verdict(
        "prompt",
        "Stay with a prompt: the volume is too small for training to pay.",
        (
            Reason(
                f"About {case.monthly_requests:,} calls a month cost a few dollars with a prompted"
                " model, less than one training run and its upkeep.",
                ("cost-volume",),
            ),
        ),
        "Improve the prompt with a few examples, and look again when the volume grows.",
        f"More than {LOW_MONTHLY_REQUESTS:,} calls a month, or a quality that no prompt reaches.",
    )


def _train(case: UseCase, minimum: int) -> _Verdict:
    task = (case.task_type or "the task").replace("_", " ")
    reasons = [
        Reason(
            "The model should behave in a certain way, and prompting has fallen short of it.",
            ("fine-tuning", "decision-rule"),
        ),
        Reason(
            f"You have {case.n_examples:,} examples; {task} needs at least {minimum:,}.",
            ("data-minimums",),
        ),
    ]
    if case.model_size_b is not None and case.model_size_b <= 15:
        reasons.append(
            Reason(
                f"A tuned {case.model_size_b:g}B model can match a far larger prompted one on one"
                " narrow task.",
                ("small-model-uplift",),
            )
        )
    return _Verdict(
        "finetune",
        "Fine-tune: this is about behaviour, and you have the examples.",
        tuple(reasons),
        "Upload the examples as a JSONL file; I check them and plan a QLoRA run with its time,"
        " memory and price.",
        "If a better prompt reaches your target on unseen cases, training is not worth it.",
    )
