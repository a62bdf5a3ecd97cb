"""The verdicts that the rule can come to: headline, reasons, next step, in the person's numbers."""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge.cautions import LOW_MONTHLY_REQUESTS
from knowdo.knowledge.schema import Label, Reason, UseCase


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision before its warnings are added."""

    label: Label
    headline: str
    reasons: tuple[Reason, ...]
    next_step: str
    would_change: str
    key_fact: str | None = None
    question: str | None = None


def with_knowledge(behaviour: Verdict) -> Verdict:
    """Join the decision on behaviour with retrieval for the part that the model should know."""
    know = Reason(
        "The facts it needs come from outside the model, so they are looked up at the time of the"
        " question.",
        ("rag", "not-for-facts"),
    )
    if behaviour.label == "finetune":
        return Verdict(
            "both",
            "Use retrieval for the facts and fine-tune for the behaviour.",
            (know, *behaviour.reasons, Reason("The two do different jobs and combine.", ("both",))),
            "Build the index first and measure it; then train on examples that contain the"
            " retrieved passages.",
            "If good passages in the prompt also fix the behaviour, retrieval alone is enough.",
        )
    if behaviour.label == "ask":
        return behaviour
    return Verdict(
        "rag",
        "Use retrieval (RAG), with the behaviour described in the prompt.",
        (know, *behaviour.reasons),
        "Build an index over your documents and put format and tone rules into its prompt.",
        behaviour.would_change,
    )


def outside(case: UseCase) -> Verdict:
    """Not a matter of adapting a language model; what serves instead."""
    what, instead, passage = _OUTSIDE.get(
        case.out_of_scope or "", ("something else", "a tool made for it", "outside-scope")
    )
    return Verdict(
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


def ask_task() -> Verdict:
    """Nothing is known yet."""
    return _ask(
        "task",
        "What should the model do, and what goes wrong today: does it lack facts, or does it answer"
        " in the wrong way?",
        "The decision hangs on whether the model must know something or do something.",
    )


def ask_prompt(case: UseCase) -> Verdict:
    """What a prompt reaches decides."""
    return _ask(
        "prompt_tried",
        "How well does a careful prompt with a few examples do today?",
        f"You have {case.n_examples:,} examples; whether to train on them depends on what a prompt"
        " already reaches.",
    )


def ask_examples(case: UseCase, minimum: int) -> Verdict:
    """The number of examples decides."""
    task = case.task_type or "this kind of task"
    return _ask(
        "n_examples",
        "How many good examples of input and wanted output do you have?",
        f"A prompt fell short, so training is next; {task} needs at least {minimum:,} examples.",
    )


def ask_classes(case: UseCase) -> Verdict:
    """The number of classes decides."""
    return _ask(
        "n_classes",
        "How many classes are there, and how many examples does the smallest have?",
        f"{case.n_examples:,} examples are plenty for five classes and too few for fifty: it takes"
        " 50 a class.",
    )


def _ask(key_fact: str, question: str, because: str) -> Verdict:
    return Verdict(
        "ask",
        "One fact decides this.",
        (Reason(because, ("decision-rule",)),),
        "Answer the question, then I decide.",
        "Your answer.",
        key_fact,
        question,
    )


def retrieve(case: UseCase) -> Verdict:
    """Look the facts up."""
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
    return Verdict(
        "rag",
        "Use retrieval (RAG): look the facts up, do not train them in.",
        tuple(reasons),
        "Upload your documents here or name their folder; I plan the index and say how long it"
        " takes.",
        "If the right passage is in the prompt and the answer is still wrong in form or tone,"
        " fine-tuning comes on top.",
    )


def prompt_first(case: UseCase) -> Verdict:
    """A better prompt has not been shown to fail."""
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
    return Verdict(
        "prompt",
        "Start with a better prompt.",
        tuple(reasons),
        "Write the rules and three examples into the prompt and measure it on 30 unseen cases.",
        "If that still misses your target and you have enough examples, fine-tuning is next.",
    )


def prompt_suffices() -> Verdict:
    """A prompt does it already."""
    return Verdict(
        "prompt",
        "Keep the prompt: it already does what you need.",
        (
            Reason(
                "Training pays when a prompt falls short of the target, or when a smaller model"
                " would save more than it costs.",
                ("prompting", "cost-volume"),
            ),
        ),
        "Write 30 unseen cases down as a test, so that you notice when it gets worse.",
        "A target that the prompt misses, or so many calls that a small tuned model is cheaper.",
    )


def too_few(case: UseCase, minimum: int) -> Verdict:
    """Fewer examples than the minimum."""
    task = (case.task_type or "this task").replace("_", " ")
    return Verdict(
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


def too_little_use(case: UseCase) -> Verdict:
    """Too few calls for training to pay."""
    return Verdict(
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


def train(case: UseCase, minimum: int) -> Verdict:
    """Fine-tune."""
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
    return Verdict(
        "finetune",
        "Fine-tune: this is about behaviour, and you have the examples.",
        tuple(reasons),
        "Upload the examples as a JSONL file; I check them and plan a QLoRA run with its time,"
        " memory and price.",
        "If a better prompt reaches your target on unseen cases, training is not worth it.",
    )
