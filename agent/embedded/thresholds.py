"""Where an answer of the heads begins to count; learning/tune.py chose it on problems left out."""

from __future__ import annotations

from typing import Final

from knowdo.agent.embedded.heads import WARNINGS

# "Nothing said" is multiplied by this before the likeliest answer is taken.
UNSAID_WEIGHT: Final = 1.0
WARNING_THRESHOLDS: Final[dict[str, float]] = dict.fromkeys(WARNINGS, 0.25)
