"""Replies on training: the dataset, the plan, the job, base against tuned."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded.markdown import literal, quoted, short
from knowdo.agent.embedded.say_advice import METHODS
from knowdo.tools.format import duration, duration_range, usd_range


def inspect_dataset(data: dict[str, Any]) -> str:
    """What is in a training file, what is wrong with it, and what can be done next."""
    name = PurePath(data["path"]).name
    tokens = data.get("tokens")
    length = f", about {tokens['mean']:.0f} tokens each" if tokens else ""
    parts = [
        f"`{name}` holds **{data['usable']:,} usable examples** ({data['format']}{length}),"
        f" {_TASKS[data['task']]}."
    ]
    if data["bad_line_count"]:
        rows = [
            f"- line {b['line']}, {literal(b['field'])}: {literal(b['problem'])}."
            f" {literal(b['suggestion'])}"
            for b in data["bad_lines"][:SHOWN_LINES]
        ]
        more = data["bad_line_count"] - len(rows)
        rows += [f"- and {more:,} more"] if more > 0 else []
        count = data["bad_line_count"]
        lines = "1 line" if count == 1 else f"{count:,} lines"
        parts.append(f"{lines} cannot be used:\n" + "\n".join(rows))
    if data["notices"]:
        parts.append("Note:\n" + "\n".join(f"- {literal(n)}" for n in data["notices"]))
    if data["blockers"]:
        parts.append("**Not enough to train on:** " + " ".join(data["blockers"]))
    return "\n\n".join(parts)


_TASKS = {
    "classification": "short labels to choose from",
    "json": "answers in JSON",
    "text": "free text answers",
}


SHOWN_LINES = 8


def offer_training(data: dict[str, Any]) -> str:
    """The report, and how to go on."""
    ask = "" if data["blockers"] else "\n\nSay `train on this` and I plan the run and its price."
    return inspect_dataset(data) + ask


def plan_finetune(data: dict[str, Any]) -> str:
    """The plan in two sentences; the card shows all of it."""
    held = data["data"]
    if data["blockers"]:
        return "This run cannot start: " + " ".join(data["blockers"])
    reason = data["reasons"]["method"]
    notes = "".join(f"\n- {w}" for w in data["warnings"])
    return (
        f"The plan: **{METHODS[data['method']]} of {data['base_model']}** on"
        f" {held['train_examples']:,} examples, with {held['test_examples']:,} kept unseen to prove"
        f" whether it helped. It takes **{duration_range(data['seconds'])}** and costs"
        f" **{usd_range(data['cost_usd'])}**. {reason}" + (f"\n\nNote:{notes}" if notes else "")
    )


def offer_launch(data: dict[str, Any]) -> str:
    """The plan, and how to go on."""
    return plan_finetune(data) + (
        "" if data["blockers"] else "\n\nSay `launch` to see it for approval."
    )


def job(data: dict[str, Any]) -> str:
    """How a job is doing, and what can be done with it."""
    message = data["message"][:1].upper() + data["message"][1:].rstrip(".")
    parts = [f"Job `{data['job_id']}` is **{data['state']}**."]
    if data["state"] != "running":
        parts.append(f"{message}.")
    figures = []
    if data["state"] == "running":
        figures.append(f"{data['progress']:.0%} done")
    if data.get("eta_seconds") and data["state"] == "running":
        figures.append(f"about {duration(data['eta_seconds'])} left")
    if data.get("last_loss") is not None:
        figures.append(f"training loss {data['last_loss']:.3f}")
    if figures:
        parts.append(", ".join(figures) + ".")
    told = [_NEXT[action] for action in data["next_actions"] if action in _NEXT]
    after = f"\n\nYou can say {', '.join(told)}." if told else ""
    return " ".join(parts) + after


_NEXT = {
    "cancel": "`stop it`",
    "resume": "`resume it`",
    "evaluate": "`did it help?`",
    "chat": "`compare: your question`",
}


def launched(data: dict[str, Any]) -> str:
    """A job has started."""
    return (
        f"{job(data)}\n\nIt runs on its own: you can close this page. The **Jobs** panel shows its"
        " curve; ask me `how is it going?` at any time."
    )


def compare(data: dict[str, Any]) -> str:
    """Both answers, one under the other."""
    return f"**Base**\n\n{quoted(data['base'])}\n\n**Tuned**\n\n{quoted(data['tuned'])}"


def evaluation(data: dict[str, Any]) -> str:
    """Did it help: the verdict, the interval, and an example on which the two differ."""
    parts = [f"**{data['summary']}**"]
    parts.append(
        f"{data['improved']:,} of {data['examples']:,} unseen examples got better,"
        f" {data['worsened']:,} got worse."
    )
    if data["flips"]:
        flip = data["flips"][0]
        rows = [
            f"- **{side}:** {literal(short(flip[key]))}"
            for side, key in (
                ("Asked", "question"),
                ("Wanted", "expected"),
                ("Base", "base"),
                ("Tuned", "tuned"),
            )
        ]
        parts.append("One of them:\n\n" + "\n".join(rows))
    return "\n\n".join(parts)
