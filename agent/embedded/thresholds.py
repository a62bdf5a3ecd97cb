"""Where an answer of the heads begins to count; learning/tune.py chose it on problems left out."""

from __future__ import annotations

from typing import Final

# From this share of "nothing said" on, words alone ("internal", "every day") state nothing.
SURE_UNSAID: Final = 0.97
# Below this share of "nothing said" the likeliest answer counts: a fact too few costs more.
RATHER_SAID: Final = 0.8
# From this probability of "one would ask" on, a decision is told with the question.
ASKED_ALONG: Final = 0.04
# By recall and precision on problems left out: a warning too few costs more than one too many.
WARNING_THRESHOLDS: Final[dict[str, float]] = {
    "few_examples": 0.05,
    "knowledge_injection": 0.05,
    "stale_facts": 0.1,
    "pii_third_party": 0.05,
    "phi_compliance": 0.1,
    "air_gapped": 0.05,
    "no_prompt_baseline": 0.2,
    "latency": 0.05,
    "eval_missing": 0.1,
    "low_volume_cost": 0.1,
    "imbalanced_classes": 0.1,
    "noisy_data": 0.15,
    "context_overflow": 0.05,
    "unlabelled_data": 0.1,
    "retrieval_quality": 0.05,
    "citations_required": 0.06,
    "access_control": 0.1,
    "label_drift": 0.1,
    "gpu_insufficient": 0.1,
    "high_stakes": 0.1,
    "rights_consent": 0.05,
    "prompt_injection": 0.1,
}
