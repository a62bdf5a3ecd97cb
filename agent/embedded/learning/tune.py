"""Chooses thresholds on the problems left out: learning.tune WEIGHTS, from the project folder.

WEIGHTS come from `train --part`. Prints what belongs into thresholds.py and explanation.py.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from knowdo.agent.embedded import explanation
from knowdo.agent.embedded.encoder import Reader
from knowdo.agent.embedded.heads import WARNINGS
from knowdo.agent.embedded.learning.targets import is_left_out, read_problems
from knowdo.agent.embedded.learning.train import PROBLEMS
from knowdo.agent.embedded.text import tidy
from knowdo.agent.embedded.understanding import understand
from knowdo.knowledge.decision import outcome

# Recall counts this many times precision: a warning too few costs more than one too many.
BETA = 2.0
GRID = [x / 100 for x in range(5, 61, 5)]


def main() -> None:
    """Tune one figure after the other and print them."""
    tuned = Reader(Path(sys.argv[1]).read_bytes())
    rows = [row for row in read_problems(PROBLEMS) if is_left_out(row)]
    print(len(rows), "problems")
    for name, grid in (("LABEL_WEIGHT", (0.5, 1.0, 1.5, 2.0, 3.0)), ("KEY_WEIGHT", (0, 0.5, 1.0))):
        _try(rows, tuned, name, grid)
    for prior in (1.0, 1.5, 2.0, 3.0):
        explanation.LABEL_PRIORS["ask"] = prior
        print("prior of ask", prior, _decisions(rows, tuned))
    readings = [tuned.read(tidy(row["message"], row["language"])).answers for row in rows]
    for code in WARNINGS:
        wanted = [code in row["warnings"] for row in rows]
        shares = [answers["warnings"][code] for answers in readings]
        best = max(GRID, key=lambda bar: _f_score(wanted, [s >= bar for s in shares]))
        print(f'    "{code}": {best},  # {sum(wanted)} of them')


def _try(rows: list[dict[str, Any]], by: Reader, name: str, grid: tuple[float, ...]) -> None:
    """Print what each value of one figure gives; the present one is put back."""
    present = getattr(explanation, name)
    for value in grid:
        setattr(explanation, name, value)
        print(name, value, _decisions(rows, by))
    setattr(explanation, name, present)


def _decisions(rows: list[dict[str, Any]], by: Reader) -> str:
    given = [outcome(understand(row["message"], by)) for row in rows]
    pairs = list(zip(given, rows, strict=True))
    strict = sum(label == row["label"] for (label, _), row in pairs)
    lenient = sum(label in (row["label"], *row["acceptable"]) for (label, _), row in pairs)
    asks = [(key, row["key_fact"]) for (_, key), row in pairs if row["label"] == "ask"]
    right = sum(key in (wanted if isinstance(wanted, list) else [wanted]) for key, wanted in asks)
    n = len(rows)
    return f"strict {strict / n:.3f} lenient {lenient / n:.3f} ask {right / len(asks):.3f}"


def _f_score(wanted: list[bool], raised: list[bool]) -> float:
    hits = sum(w and r for w, r in zip(wanted, raised, strict=True))
    if not hits:
        return 0.0
    precision, recall = hits / sum(raised), hits / sum(wanted)
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


if __name__ == "__main__":
    main()
