"""Measures the advice on JSONL files of problems: advice.py PATH ... [--wrong] [--weights FILE]."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowdo.agent.embedded.encoder import Reader, reader
from knowdo.agent.embedded.understanding import understand
from knowdo.knowledge.decision import recommend


def fact_is_right(slot: str, wanted: Any, got: Any) -> bool:
    """Whether a fact is right: a list is a range for numbers, a choice for words.

    A card's name is right without its series ("3090" for "RTX 3090") and without its memory.
    """
    if slot == "languages":
        return set(got or ()) == set(wanted)
    if slot == "gpu_name":
        return got is not None and _card(got) in _card(wanted)
    if not isinstance(wanted, list):
        return bool(got == wanted)
    if got in wanted:
        return True
    numbers = all(isinstance(x, int | float) for x in [*wanted, got])
    return numbers and len(wanted) == 2 and wanted[0] <= got <= wanted[1]


def _card(name: Any) -> str:
    return str(name).lower().replace("rtx", "").replace("gtx", "").replace(" ", "")


@dataclass
class Scores:
    """What was right on a set of problems."""

    strict: list[bool] = field(default_factory=list)
    lenient: list[bool] = field(default_factory=list)
    ask: list[bool] = field(default_factory=list)
    warnings: list[bool] = field(default_factory=list)
    facts: list[bool] = field(default_factory=list)
    warnings_raised: list[int] = field(default_factory=list)

    def add(self, row: dict[str, Any], by: Reader) -> str:
        """Score one problem; returns the label given."""
        case = understand(row["message"], by)
        advice = recommend(case)
        self.strict.append(advice.label == row["label"])
        self.lenient.append(advice.label in (row["label"], *row["acceptable"]))
        if row["label"] == "ask":
            wanted = row["key_fact"] if isinstance(row["key_fact"], list) else [row["key_fact"]]
            self.ask.append(advice.key_fact in wanted)
        raised = {caution.code for caution in advice.cautions}
        self.warnings += [code in raised for code in row["warnings"]]
        self.warnings_raised.append(len(raised))
        known = case.known()
        self.facts += [fact_is_right(s, v, known.get(s)) for s, v in row["facts"].items()]
        return advice.label

    def figures(self) -> dict[str, Any]:
        """The shares, as the format's section 'Suggested scores' defines them."""
        names = ("strict", "lenient", "ask", "warnings", "facts")
        return {"n": len(self.strict), **{name: share(getattr(self, name)) for name in names}}


def share(hits: list[bool]) -> float | None:
    """The share of hits, or None of nothing."""
    return round(sum(hits) / len(hits), 3) if hits else None


def measure(rows: list[dict[str, Any]], show_wrong: bool, by: Reader) -> dict[str, Any]:
    """All scores, over all and by label, language and difficulty, and the time a message."""
    scores: dict[tuple[str, str], Scores] = defaultdict(Scores)
    seconds = []
    for row in rows:
        began = time.perf_counter()
        recommend(understand(row["message"], by))
        seconds.append(time.perf_counter() - began)
        slices = ("label", "language", "difficulty")
        groups = [("all", "all"), *((kind, row[kind]) for kind in slices)]
        groups.append(("english", "yes" if row["language"] == "en" else "no"))
        given = ""
        for group in groups:
            given = scores[group].add(row, by)
        if show_wrong and given not in (row["label"], *row["acceptable"]):
            print(row.get("id", ""), "want", row["label"], "got", given, "|", row["message"][:110])
    for (kind, value), part in sorted(scores.items()):
        print(f"{kind:>10} {value:<8} {part.figures()}")
    raised = scores["all", "all"].warnings_raised
    return {
        **scores["all", "all"].figures(),
        "not_english_lenient": share(scores["english", "no"].lenient),
        "warnings_a_reply": round(statistics.mean(raised), 2),
        "median_ms": round(statistics.median(seconds) * 1000, 1),
        "p95_ms": round(sorted(seconds)[int(len(seconds) * 0.95)] * 1000, 1),
    }


def main() -> None:
    """Read the arguments and print the figures; the last line is one JSON object."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("paths", nargs="+", type=Path)
    arguments.add_argument("--wrong", action="store_true", help="print the wrong ones")
    arguments.add_argument("--weights", type=Path, help="other weights than the package's")
    given = arguments.parse_args()
    by = Reader(given.weights.read_bytes()) if given.weights else reader()
    lines = [x for p in given.paths for x in p.read_text(encoding="utf-8").splitlines()]
    problems = [json.loads(line) for line in lines if line.strip()]
    print(json.dumps(measure(problems, given.wrong, by)))


if __name__ == "__main__":
    main()
