"""The model card of a run: what was trained on what, with which settings, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knowdo.tools.finetune.plan import FinetunePlan
from knowdo.tools.home import write_atomically
from knowdo.tools.tool import to_plain


def write_model_card(
    folder: Path, plan: FinetunePlan, history: list[dict[str, Any]], summary: str = ""
) -> None:
    """Write README.md in the form that Hugging Face shows."""
    text = "\n".join([*_head(plan), *_facts(plan), *_losses(history), *_result(summary)])
    write_atomically(folder / "README.md", (text + "\n").encode())


def _head(plan: FinetunePlan) -> list[str]:
    library = "transformers" if plan.method == "full" else "peft"
    return [
        "---",
        f"base_model: {plan.base_model}",
        f"library_name: {library}",
        "pipeline_tag: text-generation",
        "tags: [sft, trl, knowdo]",
        "---",
        "",
        f"# {plan.name}",
        "",
    ]


def _facts(plan: FinetunePlan) -> list[str]:
    data = plan.data
    rows = {
        "Plan": f"{plan.plan_id} (sha256 {plan.sha256})",
        "Base model": plan.base_model,
        "Method": f"{plan.method}, {plan.precision}",
        "Dataset": f"{Path(data.path).name} (sha256 {data.sha256})",
        "Task": data.task,
        "Trained on": f"{data.train_examples} examples, {data.train_turns} answers",
        "Kept unseen": f"{data.test_examples} examples",
        "System prompt": data.system_prompt or "none in common",
        **{k: str(v) for k, v in to_plain(plan.settings).items()},
    }
    table = [f"| {name} | {_cell(value)} |" for name, value in rows.items()]
    return ["| | |", "| --- | --- |", *table, ""]


def _losses(history: list[dict[str, Any]]) -> list[str]:
    measured = [e for e in history if "eval_loss" in e]
    if not measured:
        return []
    lines = [f"- step {e['step']}: {e['eval_loss']:.4f}" for e in measured]
    return ["## Loss on the unseen examples, per answer token", "", *lines, ""]


def _result(summary: str) -> list[str]:
    return ["## Did it help?", "", summary] if summary else []


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
