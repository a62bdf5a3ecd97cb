"""Where an answer of the heads begins to count; learning/tune.py chose it on problems left out."""

from __future__ import annotations

from typing import Final

from knowdo.agent.embedded.heads import WARNINGS

# From this share of "nothing said" on, words alone ("internal", "every day") state nothing.
SURE_UNSAID: Final = 0.97
WARNING_THRESHOLDS: Final[dict[str, float]] = dict.fromkeys(WARNINGS, 0.25)
