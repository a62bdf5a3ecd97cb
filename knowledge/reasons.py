"""Reasons that name the person's own facts, and sentences that wait for their language."""

from __future__ import annotations

from typing import Any

from knowdo.knowledge.cautions import nf4_weights_gib
from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.schema import UseCase
from knowdo.knowledge.wording import Line

# Up to here an index is a matter of minutes on a laptop; above the second it takes a server.
LAPTOP_DOCUMENTS = 10_000
SERVER_DOCUMENTS = 1_000_000
# From here on the length of the prompt is felt in the bill.
MANY_MONTHLY_REQUESTS = 100_000
# Tuned models up to this size are called small.
SMALL_MODEL_B = 15
# A run of QLoRA needs room beside the weights; below this share of the card they surely fit.
ROOMY_SHARE = 0.5
# Below this a budget is named as small: some services charge 4 USD at least for a job.
SMALL_BUDGET_USD = 20


def line(key: str, case: UseCase, *passage_ids: str, **more: Any) -> Line:
    """A sentence that may name any fact of the case."""
    known = {k: v for k, v in case.known().items() if not isinstance(v, list)}
    return Line(key, {"task_type": "other", **known, **more}, passage_ids)


def by_classes(key: str, case: UseCase) -> str:
    """The variant of a sentence that names the classes, when their number is known."""
    known = case.task_type == "classification" and case.n_classes is not None
    return f"{key}_classes" if known else key


def examples_short(case: UseCase, minimum: int) -> Line:
    """Fewer examples than the task needs."""
    key = by_classes("reasons.examples_short", case)
    return line(key, case, "data-minimums", "too-few-examples", minimum=minimum)


def examples_enough(case: UseCase, minimum: int) -> list[Line]:
    """Enough examples to train, and how many are usual when they are just enough."""
    found = [
        line(by_classes("reasons.examples_enough", case), case, "data-minimums", minimum=minimum)
    ]
    needs = data_needs(case.task_type or "style", case.n_classes)
    if (case.n_examples or 0) < needs.recommended_low:
        low, high = needs.recommended_low, needs.recommended_high
        found.append(line("reasons.examples_better", case, "data-minimums", low=low, high=high))
    return found


def of_training(case: UseCase) -> list[Line]:
    """What the stated card, model, volume and budget say about training; the two weightiest."""
    found = [_model(case), _volume(case), _budget(case)]
    return [reason for reason in found if reason is not None][:2]


def _model(case: UseCase) -> Line | None:
    size = case.model_size_b
    if size is None:
        return None
    weights = nf4_weights_gib(size)
    if case.gpu_vram_gb is not None and weights < ROOMY_SHARE * case.gpu_vram_gb:
        return line("reasons.fits_card", case, "memory", "qlora", weights_gib=round(weights, 1))
    return line("reasons.size", case, "small-model-uplift") if size <= SMALL_MODEL_B else None


def _volume(case: UseCase) -> Line | None:
    if (case.monthly_requests or 0) < MANY_MONTHLY_REQUESTS:
        return None
    return line("reasons.volume", case, "cost-volume")


def _budget(case: UseCase) -> Line | None:
    if not case.budget_usd:
        return None
    small = case.budget_usd < SMALL_BUDGET_USD
    key = "reasons.budget_small" if small else "reasons.budget"
    return line(key, case, "training-cost", "hosting-cost")


def of_documents(case: UseCase) -> list[Line]:
    """What is stated of the documents: how many, how often they change, how private."""
    found = []
    if case.doc_count:
        found.append(line(f"reasons.documents_{_size_of(case.doc_count)}", case, "rag"))
    if case.update_frequency not in (None, "static", "yearly"):
        found.append(line("reasons.updates", case, "stale-facts"))
    if case.privacy in ("pii", "confidential"):
        found.append(line("reasons.stays_here", case, "privacy"))
    return found


def _size_of(documents: int) -> str:
    if documents <= LAPTOP_DOCUMENTS:
        return "laptop"
    return "server" if documents > SERVER_DOCUMENTS else "neutral"
