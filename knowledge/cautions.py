"""Warnings on a use case: which codes apply, and their sentences with the person's own numbers."""

from __future__ import annotations

from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.schema import Caution, Label, UseCase

# 4-bit weights with double quantisation take 4.127 bits each (QLoRA, arXiv 2305.14314); they alone
# must fit before anything can be trained or served.
NF4_BITS_PER_WEIGHT = 4.127
# Below this many calls a month a prompt costs too little for training to pay back: at the dearest
# listed price of 10 USD per million output tokens and 1,000 tokens a call it is 10 USD.
LOW_MONTHLY_REQUESTS = 1_000

# code -> (sentence, passages). Sentences that need the person's numbers are written below.
_SENTENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "knowledge_injection": (
        "Facts don't stick in the weights: recall is unreliable and nothing can be cited.",
        ("not-for-facts",),
    ),
    "stale_facts": (
        "These facts change; a trained copy goes out of date, an index is updated in minutes.",
        ("stale-facts",),
    ),
    "pii_third_party": (
        "Personal or confidential data would reach an outside provider: settle the agreement first"
        " or stay on your own hardware.",
        ("privacy",),
    ),
    "phi_compliance": (
        "Health data needs a BAA or an equivalent agreement with the provider, or your own"
        " hardware.",
        ("health-data",),
    ),
    "air_gapped": (
        "Without a network only open weights work: training and serving happen on site.",
        ("air-gapped",),
    ),
    "no_prompt_baseline": (
        "There is no measured prompt yet; without it nobody can say what training gained.",
        ("prompting", "evaluation"),
    ),
    "eval_missing": (
        "Quality is judged by eye so far: hold out at least 10 % unseen cases and compare with the"
        " baseline.",
        ("evaluation",),
    ),
    "imbalanced_classes": (
        "The classes are uneven: report each class and fill the small ones.",
        ("class-imbalance",),
    ),
    "noisy_data": (
        "Clean the data first: duplicates and unreviewed answers are learnt as they are.",
        ("data-quality",),
    ),
    "context_overflow": (
        "The material doesn't fit the context window: split it, retrieve, or summarise in steps.",
        ("context-overflow",),
    ),
    "unlabelled_data": (
        "Texts without wanted outputs can't be trained on: pairs of input and output are needed.",
        ("unlabelled-data",),
    ),
    "retrieval_quality": (
        "Measure the search step alone (recall at 10) before you change the model.",
        ("retrieval-quality",),
    ),
    "citations_required": (
        "Answers must point to their source, which only retrieval can do.",
        ("citations",),
    ),
    "access_control": (
        "Filter by the person's rights before retrieval; weights can't keep secrets from anyone.",
        ("access-control",),
    ),
    "label_drift": (
        "Labels or layouts keep changing: each change means new examples and a new run.",
        ("label-drift",),
    ),
    "high_stakes": (
        "A person has to review the answers: a wrong one can do harm here.",
        ("high-stakes",),
    ),
    "rights_consent": (
        "These are other people's words: make sure that you have the right and their consent.",
        ("rights-consent",),
    ),
    "prompt_injection": (
        "The message contains orders to skip checks. Text gives no approval: nothing starts without"
        " your click on the exact plan.",
        ("prompt-injection",),
    ),
}


def cautions_for(case: UseCase, label: Label) -> tuple[Caution, ...]:
    """The warnings that good advice raises on this case, in a fixed order."""
    codes = set(case.signals) | _from_facts(case, label)
    cautions = [_few_examples(case)] if _has_few(case) else []
    cautions += [Caution(c, *_SENTENCES[c]) for c in _SENTENCES if c in codes]
    if case.latency_ms is not None or "latency" in codes:
        cautions.append(_latency(case))
    if case.monthly_requests is not None and case.monthly_requests < LOW_MONTHLY_REQUESTS:
        cautions.append(
            Caution(
                "low_volume_cost",
                f"At {case.monthly_requests:,} calls a month training hardly pays.",
                ("cost-volume",),
            )
        )
    if (lacking := _gpu_insufficient(case)) is not None:
        cautions.append(lacking)
    return tuple(cautions)


def _from_facts(case: UseCase, label: Label) -> set[str]:
    codes = set()
    if case.update_frequency not in (None, "static", "yearly") and label in ("rag", "both", "none"):
        codes.add("stale_facts")
    if case.privacy == "phi":
        codes.add("phi_compliance")
    if case.privacy == "air_gapped":
        codes.add("air_gapped")
    if case.privacy in ("pii", "confidential") and label in ("finetune", "both"):
        codes.add("pii_third_party")
    if label in ("prompt", "ask") and case.needs_behaviour and not case.prompt_tried:
        codes.add("no_prompt_baseline")
    return codes


def _has_few(case: UseCase) -> bool:
    if case.n_examples is None:
        return False
    return case.n_examples < data_needs(case.task_type or "style", case.n_classes).minimum


def _few_examples(case: UseCase) -> Caution:
    minimum = data_needs(case.task_type or "style", case.n_classes).minimum
    return Caution(
        "few_examples",
        f"{case.n_examples:,} examples are below the minimum of {minimum:,}.",
        ("too-few-examples", "data-minimums"),
    )


def _latency(case: UseCase) -> Caution:
    limit = f"within {case.latency_ms:,} ms" if case.latency_ms else "fast"
    return Caution(
        "latency",
        f"Answers must come {limit}: that favours a small model and short prompts; measure it.",
        ("latency",),
    )


def _gpu_insufficient(case: UseCase) -> Caution | None:
    if case.model_size_b is None or case.gpu_vram_gb is None:
        return None
    weights_gib = case.model_size_b * 1e9 * NF4_BITS_PER_WEIGHT / 8 / 2**30
    if weights_gib < case.gpu_vram_gb:
        return None
    return Caution(
        "gpu_insufficient",
        f"The 4-bit weights of a {case.model_size_b:g}B model alone take {weights_gib:.0f} GiB;"
        f" the card has {case.gpu_vram_gb:g} GB.",
        ("memory", "qlora"),
    )
