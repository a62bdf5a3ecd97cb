"""The questions that the trained heads answer about a message, and the order of their answers."""

from __future__ import annotations

from typing import Final

NEEDS: Final = ("know", "do", "both", "neither", "unclear")
PROMPT: Final = ("untried", "failed", "suffices", "expensive_only", "unknown")
LABELS: Final = ("prompt", "rag", "finetune", "both", "ask", "none")
OUTSIDE: Final = (
    "no", "speech", "images", "classic_machine_learning", "robotics", "live_data", "pretraining",
    "training_bug", "serving", "search_only", "unrelated", "injection_only",
)  # fmt: skip
TASKS: Final = (
    "style", "format", "vocabulary", "classification", "instruction", "knowledge_qa", "other",
)  # fmt: skip
PRIVACY: Final = ("unsaid", "none", "pii", "phi", "confidential", "air_gapped")
FREQUENCY: Final = (
    "unsaid", "realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "static",
)  # fmt: skip
KEY_FACTS: Final = ("task", "n_examples", "prompt_tried", "n_classes", "privacy", "other")
WARNINGS: Final = (
    "few_examples", "knowledge_injection", "stale_facts", "pii_third_party", "phi_compliance",
    "air_gapped", "no_prompt_baseline", "latency", "eval_missing", "low_volume_cost",
    "imbalanced_classes", "noisy_data", "context_overflow", "unlabelled_data", "retrieval_quality",
    "citations_required", "access_control", "label_drift", "gpu_insufficient", "high_stakes",
    "rights_consent", "prompt_injection",
)  # fmt: skip
# One answer each, except that any number of warnings may apply.
HEADS: Final[dict[str, tuple[str, ...]]] = {
    "needs": NEEDS,
    "prompt": PROMPT,
    "label": LABELS,
    "outside": OUTSIDE,
    "task_type": TASKS,
    "privacy": PRIVACY,
    "update_frequency": FREQUENCY,
    "key_fact": KEY_FACTS,
    "warnings": WARNINGS,
}
