"""What single messages are taken for, in five languages and in the situations they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.reading import read
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.view import Turn, View

FILE = Path(__file__).parent.parent / "data" / "messages.tsv"
ROWS = [
    line.split("\t")
    for line in FILE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
CASE: dict[str, Any] = {
    "task_type": "classification",
    "needs_behaviour": True,
    "needs_knowledge": False,
    "prompt_tried": True,
    "prompt_fell_short": True,
    "n_examples": 300,
    "n_classes": 12,
    "budget_usd": 300.0,
}
ADVICE = {"recommendation": {"label": "prompt", "headline": "x", "cautions": []}, "facts": CASE}
DATASET = ToolResult(
    "inspect_dataset", {"path": "/a.jsonl"}, {"blockers": [], "task": "json"}, None
)
PLAN = ToolResult("plan_finetune", {"dataset_path": "/a.jsonl"}, {"plan_id": "p"}, None)
RESULTS = {
    "index": [ToolResult("build_index", {}, {"index_id": "docs", "name": "docs"}, None)],
    "plan": [DATASET, PLAN],
    "job": [ToolResult("launch_finetune", {}, {"job_id": "20260101-101010-aaaa"}, None)],
    "cost": [ToolResult("estimate_cost", {}, {"usd": {}}, None)],
}
# Situations in which a question was asked: its fact, and what is not known then.
ASKED = {
    "asked": ("n_examples", ["n_examples"]),
    "prompt": ("prompt_tried", ["prompt_tried", "prompt_fell_short"]),
}


def in_situation(situation: str, text: str) -> View:
    """A message after one turn of that kind."""
    view = View(text=text, language=language_of(text) or "en")
    if situation == "new":
        return view
    fact, unknown = ASKED.get(situation, (None, []))
    view.case = {name: value for name, value in CASE.items() if name not in unknown}
    view.earlier = RESULTS.get(situation, [ToolResult("recommend_approach", {}, ADVICE, None)])
    view.turns = [Turn("before", view.earlier, {"asks": fact} if fact else {})]
    return view


@pytest.mark.parametrize(("situation", "kinds", "text"), ROWS)
def test_a_message_is_taken_for_what_it_is(situation: str, kinds: str, text: str) -> None:
    assert read(in_situation(situation, text)).kind in kinds.split("/")


def test_a_condition_before_an_order_is_no_order() -> None:
    for text in (
        "If the loss explodes, stop the job",
        "Wenn das Budget reicht, starte das Training",
        "Our agents say: cancel the training",
        "don't cancel the job",
    ):
        assert read(in_situation("job", text)).kind not in ("cancel", "train"), text


def test_a_what_if_supposes_and_states_nothing() -> None:
    reading = read(in_situation("case", "what if I had 5,000 examples?"))
    assert reading.supposed == ({"n_examples": 5000},)
    assert not reading.facts and not reading.describes
