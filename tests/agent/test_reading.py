"""What single messages are taken for, in five languages and in the situations they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.policy import Call, Say, next_step
from knowdo.agent.embedded.reading import read
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.situation import smaller_model
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


def test_a_bare_number_in_a_what_if_is_one_of_what_was_asked_for() -> None:
    view = in_situation("asked", "what if it were 50?")
    view.case["model_size_b"] = 7.0
    assert read(view).supposed == ({"n_examples": 50},)


def test_too_expensive_asks_for_the_next_smaller_model_once() -> None:
    view = in_situation("cost", "that's too expensive")
    view.supposed = [{"model_size_b": 7.0, "n_examples": 2000}]
    reading = read(view)
    assert reading.supposed == ({"model_size_b": 3.0, "n_examples": 2000},)
    # Within the turn what was supposed is what the estimate runs with: the size stays.
    view.supposed = [dict(reading.supposed[0])]
    step = next_step(view)
    assert isinstance(step, Call) and step.name == "estimate_cost" and "3B" in step.text


def test_below_the_smallest_model_other_ways_to_save_are_named() -> None:
    view = in_situation("cost", "still too expensive")
    view.supposed = [{"model_size_b": 0.5}]
    assert "model_size_b" not in smaller_model(view)
    view.supposed = []
    view.case["model_size_b"] = 0.5
    step = next_step(view)
    assert isinstance(step, Say) and "better prompt" in step.text


def test_an_index_that_the_same_message_asks_for_follows_the_run(tmp_path: Path) -> None:
    data, notes = tmp_path / "a.jsonl", tmp_path / "b.md"
    data.write_text("{}\n", encoding="utf-8")
    notes.write_text("# B", encoding="utf-8")
    view = View(text=f"train on {data} and index {notes}", language="en")
    assert next_step(view) == Call("inspect_dataset", {"path": str(data)})
    checked = {"blockers": [], "task": "json"}
    view.results = [ToolResult("inspect_dataset", {"path": str(data)}, checked, None)]
    step = next_step(view)
    assert isinstance(step, Call) and step.name == "plan_finetune"
    started = {
        "job_id": "20260101-101010-aaaa",
        "state": "queued",
        "message": "",
        "next_actions": [],
    }
    view.results = [*view.results, ToolResult("launch_finetune", {"plan_id": "p"}, started, None)]
    step = next_step(view)
    assert isinstance(step, Call) and step.name == "plan_index"
    assert step.args["paths"] == [str(notes)]
