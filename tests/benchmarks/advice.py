"""Measures the advice on a JSONL file of problems: advice.py PATH [--wrong]."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from knowdo.agent.embedded.understanding import understand
from knowdo.knowledge.decision import recommend


def fact_is_right(slot: str, wanted: Any, got: Any) -> bool:
    """Whether a fact is right: a list is a range for numbers, a choice for words."""
    if not isinstance(wanted, list):
        return bool(got == wanted)
    if slot == "languages":
        return set(got or ()) == set(wanted)
    if got in wanted:
        return True
    numbers = all(isinstance(x, int | float) for x in [*wanted, got])
    return numbers and len(wanted) == 2 and wanted[0] <= got <= wanted[1]


def share(hits: list[bool]) -> float | None:
    """The share of hits, or None of nothing."""
    return round(sum(hits) / len(hits), 3) if hits else None


def measure(rows: list[dict[str, Any]], show_wrong: bool) -> dict[str, Any]:
    """All scores of the format's section 'Suggested scores'."""
    strict, lenient, asks, warnings, facts = [], [], [], [], []
    for row in rows:
        case = understand(row["message"])
        advice = recommend(case)
        strict.append(advice.label == row["label"])
        lenient.append(advice.label in (row["label"], *row["acceptable"]))
        if row["label"] == "ask":
            wanted = row["key_fact"] if isinstance(row["key_fact"], list) else [row["key_fact"]]
            asks.append(advice.key_fact in wanted)
        raised = {caution.code for caution in advice.cautions}
        warnings += [code in raised for code in row["warnings"]]
        known = case.known()
        facts += [fact_is_right(s, v, known.get(s)) for s, v in row["facts"].items()]
        if show_wrong and not lenient[-1]:
            print(row["id"], "want", row["label"], "got", advice.label, "|", row["message"][:110])
    return {
        "n": len(rows),
        "strict": share(strict),
        "lenient": share(lenient),
        "ask": share(asks),
        "warnings": share(warnings),
        "facts": share(facts),
    }


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    problems = [json.loads(line) for line in lines if line.strip()]
    print(json.dumps(measure(problems, "--wrong" in sys.argv)))
