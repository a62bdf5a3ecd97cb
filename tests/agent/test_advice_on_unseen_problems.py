"""The advice on problems that neither the weights nor the grammar were made with."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from knowdo.agent.embedded import learning
from knowdo.agent.embedded.encoder import reader

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
UNSEEN = BENCHMARKS / "problems"
TRAINED_ON = Path(learning.__file__).parent / "problems"
# Somewhat below what was measured (tests/benchmarks/RESULTS.md), so that only a real loss fails.
FLOORS = {"strict": 0.80, "lenient": 0.86, "not_english_lenient": 0.84, "ask": 0.66,
          "warnings": 0.76, "facts": 0.85}  # fmt: skip


def benchmark() -> ModuleType:
    """The program that measures; its folder is no package and has names of the standard library."""
    spec = spec_from_file_location("advice_benchmark", BENCHMARKS / "advice.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def rows(folder: Path) -> list[dict[str, Any]]:
    """All problems of a folder."""
    files = sorted(folder.glob("*.jsonl"))
    lines = [line for f in files for line in f.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines if line.strip()]


def test_the_advice_on_unseen_problems_stays_right() -> None:
    figures = benchmark().measure(rows(UNSEEN), show_wrong=False, by=reader())
    assert figures["n"] == 740
    assert {name: figures[name] for name in FLOORS if figures[name] < FLOORS[name]} == {}


def shingles(message: str) -> set[str]:
    """Rows of five words, or of eight letters where no spaces are written."""
    words = re.findall(r"\w+", message.lower())
    if len(words) > 5:
        return {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
    joined = "".join(words)
    return {joined[i : i + 8] for i in range(max(1, len(joined) - 7))}


def test_no_unseen_problem_is_one_trained_on() -> None:
    trained = [shingles(row["message"]) for row in rows(TRAINED_ON)]
    by_shingle: dict[str, list[int]] = {}
    for index, parts in enumerate(trained):
        for part in parts:
            by_shingle.setdefault(part, []).append(index)
    for row in rows(UNSEEN):
        parts = shingles(row["message"])
        near = {i for part in parts for i in by_shingle.get(part, [])}
        for index in near:
            shared = len(parts & trained[index]) / len(parts | trained[index])
            assert shared < 0.3, (row["message"], rows(TRAINED_ON)[index]["message"])
