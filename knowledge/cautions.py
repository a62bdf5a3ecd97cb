"""Warnings on a use case: which codes apply, and their sentences with the person's own numbers."""

from __future__ import annotations

from typing import Any

from knowdo.knowledge.data_needs import data_needs
from knowdo.knowledge.schema import Caution, Label, UseCase
from knowdo.knowledge.wording import Language, say

# 4-bit weights with double quantisation take 4.127 bits each (QLoRA, arXiv 2305.14314); they alone
# must fit before anything can be trained or served.
NF4_BITS_PER_WEIGHT = 4.127
# Below this many calls a month a prompt costs too little for training to pay back: at the dearest
# listed price of 10 USD per million output tokens and 1,000 tokens a call it is 10 USD.
LOW_MONTHLY_REQUESTS = 1_000

# Each code with the passages behind it, the gravest first: a reply shows two in full.
_PASSAGES: dict[str, tuple[str, ...]] = {
    "prompt_injection": ("prompt-injection",),
    "phi_compliance": ("health-data",),
    "gpu_insufficient": ("memory", "qlora"),
    "air_gapped": ("air-gapped",),
    "pii_third_party": ("privacy",),
    "rights_consent": ("rights-consent",),
    "high_stakes": ("high-stakes",),
    "access_control": ("access-control",),
    "few_examples": ("too-few-examples", "data-minimums"),
    "unlabelled_data": ("unlabelled-data",),
    "knowledge_injection": ("not-for-facts",),
    "stale_facts": ("stale-facts",),
    "no_prompt_baseline": ("prompting", "evaluation"),
    "low_volume_cost": ("cost-volume",),
    "label_drift": ("label-drift",),
    "noisy_data": ("data-quality",),
    "imbalanced_classes": ("class-imbalance",),
    "eval_missing": ("evaluation",),
    "retrieval_quality": ("retrieval-quality",),
    "context_overflow": ("context-overflow",),
    "citations_required": ("citations",),
    "latency": ("latency",),
}

_NUMBERS_IN_SENTENCE = {
    "few_examples": ("n_examples",),
    "low_volume_cost": ("monthly_requests",),
    "gpu_insufficient": ("model_size_b", "gpu_vram_gb"),
}
# Messages that are no case at all: the facts told before have nothing to do with them.
_NO_CASE = ("unrelated", "injection_only")


def cautions_for(case: UseCase, label: Label, language: Language = "en") -> tuple[Caution, ...]:
    """The warnings that good advice raises on this case, the gravest first."""
    codes = set(case.signals) | _from_facts(case, label)
    if case.out_of_scope in _NO_CASE:
        codes &= {"prompt_injection"}
    values = _values(case)
    return tuple(
        Caution(code, say(language, f"cautions.{_sentence(code, case)}", **values), passages)
        for code, passages in _PASSAGES.items()
        if code in codes
    )


def nf4_weights_gib(model_size_b: float) -> float:
    """GiB that the 4-bit weights of a model take, from billions of parameters."""
    return model_size_b * 1e9 * NF4_BITS_PER_WEIGHT / 8 / 2**30


def _from_facts(case: UseCase, label: Label) -> set[str]:
    """The codes that the stated facts give rise to, whatever words were used."""
    trained = label in ("finetune", "both")
    changing = case.update_frequency not in (None, "static", "yearly")
    unmeasured = bool(case.needs_behaviour) and not case.prompt_tried
    applies = {
        "stale_facts": changing and label in ("rag", "both", "none"),
        "phi_compliance": case.privacy == "phi",
        "air_gapped": case.privacy == "air_gapped",
        "pii_third_party": case.privacy in ("pii", "confidential") and trained,
        "no_prompt_baseline": label in ("prompt", "ask") and unmeasured,
        "few_examples": case.n_examples is not None and case.n_examples < _minimum(case),
        "latency": case.latency_ms is not None,
        "low_volume_cost": _is_low(case.monthly_requests),
        "gpu_insufficient": _card_too_small(case),
    }
    return {code for code, holds in applies.items() if holds}


def _minimum(case: UseCase) -> int:
    return data_needs(case.task_type or "style", case.n_classes).minimum


def _is_low(monthly_requests: int | None) -> bool:
    return monthly_requests is not None and monthly_requests < LOW_MONTHLY_REQUESTS


def _card_too_small(case: UseCase) -> bool:
    if case.model_size_b is None or case.gpu_vram_gb is None:
        return False
    return nf4_weights_gib(case.model_size_b) >= case.gpu_vram_gb


def _sentence(code: str, case: UseCase) -> str:
    if code == "latency":
        return "latency_ms" if case.latency_ms else code
    # Said in words only ("a handful", "our old card"): a sentence without a figure.
    needed = _NUMBERS_IN_SENTENCE.get(code, ())
    return code if all(getattr(case, name) is not None for name in needed) else f"{code}_unsaid"


def _values(case: UseCase) -> dict[str, Any]:
    """What the sentences may name: the facts, and what is computed from them."""
    computed = {"minimum": _minimum(case)}
    if case.model_size_b is not None:
        computed["weights_gib"] = round(nf4_weights_gib(case.model_size_b))
    return {**case.known(), **computed}
