"""What the offline model says: short Markdown from tool results, figures as the tools gave them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded.results import ToolResult
from knowdo.tools.format import duration, duration_range, gib_range, usd_range

EMPTY = "Your message is empty. Tell me what your model should do and what goes wrong today."
GREETING = (
    "Hello. Describe what your language model should do and what goes wrong; I tell you whether it"
    " needs a better prompt, retrieval or fine-tuning, and why. You can also attach documents to"
    " search in, or a JSONL file of examples to train on."
)
THANKS = "You're welcome. Tell me when there is more to decide or to build."
NO_DATASET = (
    "There is no dataset yet. Attach a JSONL file with one `messages` conversation a line; I check"
    " it, plan the run and show you its time and price before anything starts."
)
NO_DOCUMENTS = "There are no documents yet. Attach files, or write the path of a folder."
WHAT_TO_COMPARE = (
    "Write the message for both models after a colon, for example: `compare: Where is my refund?`"
)
FALLBACK = "Done."
# Before the plan of a run that the decision on the case did not ask for, by label.
ADVICE_STAYS = {
    "rag": "My advice for your case stays retrieval: a run teaches form, not facts.\n\n",
    "prompt": "My advice for your case stays a better prompt first.\n\n",
    "none": "My advice stays that your case is not a matter of training a language model.\n\n",
}


def reply_to(result: ToolResult) -> str:
    """The reply to a finished tool call."""
    write = _REPLIES.get(result.name)
    return write(result.data) if write else FALLBACK


def failed(result: ToolResult) -> str:
    """The reply to a tool that failed or was not approved."""
    error = (result.error or "").removeprefix("Error: ")
    if "rejected the tool call" in error:
        reason = error.partition("with reason: ")[2]
        why_not = f": {reason}" if reason else ""
        return f"Not started{why_not}. The plan is kept; say `launch` to see it again."
    return error


def recommend(data: dict[str, Any]) -> str:
    """The decision with reasons, cautions, next step and the passages behind them."""
    advice = data["recommendation"]
    numbers = {c["passage_id"]: i for i, c in enumerate(data["citations"], 1)}
    parts = [f"**{advice['headline']}**"]
    parts.append(" ".join(_with_marks(r, numbers) for r in advice["reasons"]))
    if advice.get("question"):
        parts.append(advice["question"])
    if advice["cautions"]:
        cautions = "\n".join(f"- {_with_marks(c, numbers)}" for c in advice["cautions"])
        parts.append(f"Keep in mind:\n{cautions}")
    if advice["label"] != "ask":
        parts.append(f"**Next:** {advice['next_step']}")
        parts.append(f"What would change this: {advice['would_change']}")
    parts.append(passages(data["citations"]))
    return "\n\n".join(part for part in parts if part)


def why(data: dict[str, Any]) -> str:
    """The reasons once more, with the passages in full."""
    numbers = {c["passage_id"]: i for i, c in enumerate(data["citations"], 1)}
    reasons = " ".join(_with_marks(r, numbers) for r in data["recommendation"]["reasons"])
    texts = "\n\n".join(
        f"[{i}] **{c['title']}.** {c['text']}" for i, c in enumerate(data["citations"], 1)
    )
    facts = ", ".join(f"{k.replace('_', ' ')}: {_plain(v)}" for k, v in data["facts"].items())
    return f"{reasons}\n\n{texts}\n\nFacts of your case: {facts or 'none stated yet'}."


def guidance(data: list[dict[str, Any]]) -> str:
    """The best passage as the answer, the others to open."""
    if not data:
        return (
            "My guidance has nothing on that. I can help with prompting, retrieval, fine-tuning,"
            " data, cost, evaluation and privacy."
        )
    return f"**{data[0]['title']}.** {data[0]['text']} [1]\n\n{passages(data)}"


def passages(cited: list[dict[str, Any]]) -> str:
    """Cited passages as a block that opens on a click."""
    if not cited:
        return ""
    rows = []
    for i, c in enumerate(cited, 1):
        sources = "; ".join(_source(s) for s in c["sources"])
        rows.append(f"<p>[{i}] <b>{c['title']}.</b> {c['text']} <i>{sources}</i></p>")
    return f"<details><summary>Sources ({len(cited)})</summary>{''.join(rows)}</details>"


def _source(source: dict[str, Any]) -> str:
    return f"{source['title']}, read {source['retrieved']}"


def _with_marks(part: dict[str, Any], numbers: dict[str, int]) -> str:
    marks = "".join(f"[{numbers[p]}]" for p in part["passage_ids"] if p in numbers)
    return f"{part['text']} {marks}".strip()


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def plan_index(data: dict[str, Any]) -> str:
    """What would be indexed, what is left out and why, and how long it takes."""
    about = "" if data["chunks_are_exact"] else "about "
    parts = []
    if data["chunks"]:
        parts.append(
            f"**{data['accepted_count']:,} {_files(data['accepted_count'])}**, {about}"
            f"{data['chunks']:,} passages; indexing takes about"
            f" {duration(data['expected_seconds'])} on this machine, and nothing leaves it."
        )
    else:
        parts.append("None of these files can be indexed.")
    if data["refused"]:
        rows = [f"- `{PurePath(r['path']).name}`: {r['reason']}" for r in data["refused"]]
        more = data["refused_count"] - len(rows)
        rows += [f"- and {more:,} more"] if more > 0 else []
        parts.append("Left out:\n" + "\n".join(rows))
    notes = [f"- `{f['file']}`: {note}" for f in data["accepted"] for note in f.get("notes", [])]
    if notes:
        parts.append("Note:\n" + "\n".join(notes[:10]))
    return "\n\n".join(parts)


def offer_index(data: dict[str, Any]) -> str:
    """The plan, and how to go on."""
    ask = "\n\nShall I build it? Say `build it`." if data["chunks"] else ""
    return plan_index(data) + ask


def build_index(data: dict[str, Any]) -> str:
    """The index is ready."""
    return (
        f"The index **{data['name']}** is ready: {data['chunks']:,} passages from"
        f" {data['files']:,} {_files(data['files'])}. Ask me anything about them."
    )


def answer(data: dict[str, Any]) -> str:
    """Quotations with their places, or that the documents do not hold it."""
    if not data["found"]:
        return (
            f"{data['text']} I answer only from what stands in them; try other words, or add"
            " documents."
        )
    quotes = "\n\n".join(f"> {literal(q['text'])} [{n}]" for n, q in _numbered(data["quotes"]))
    places = "\n".join(
        f"[{n}] `{q['file']}`, {q['location']}  " for n, q in _numbered(data["quotes"])
    )
    return f"{data['text'].partition(chr(10))[0]}\n\n{quotes}\n\n{places}"


def _numbered(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(rows, 1))


def literal(text: str) -> str:
    """Text from a document, a dataset or a model as one line that shows it and nothing else.

    Unescaped it could set headings and links, or load a picture from outside, which would tell a
    stranger that and what somebody is reading.
    """
    line = " ".join(text.split())
    escaped = re.sub(r"([\\`*_{}\[\]()#+\-!|~.$:])", r"\\\1", line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def estimate_cost(data: dict[str, Any]) -> str:
    """Memory, time and money of a run, with what they rest on."""
    fits = "fits" if data["fits"] else "does not fit"
    smallest = data.get("smallest_gpu")
    other = f" The smallest listed card that fits is {smallest}." if smallest else ""
    return (
        f"{_METHODS[data['method']]} of {data['base_model']} on one {data['gpu']}:"
        f" **{usd_range(data['usd'])}**, {duration_range(data['seconds'])},"
        f" peak memory {gib_range(data['peak_gib'])} ({fits}).{other}\n\n{_basis(data)}"
    )


_METHODS = {"qlora": "QLoRA", "lora": "LoRA", "full": "Full fine-tuning"}


def data_needs(data: dict[str, Any]) -> str:
    """Examples that a task takes."""
    return (
        f"**At least {data['minimum']:,}** good examples for {data['task_type']}, better"
        f" {data['recommended_low']:,} to {data['recommended_high']:,}. {data['note']}\n\n"
        f"{_basis(data)}"
    )


def _basis(data: dict[str, Any]) -> str:
    """Assumptions and sources as a block that opens on a click."""
    rows = "".join(f"<p>{item}</p>" for item in data.get("assumptions", []))
    rows += "".join(f"<p><i>{_source(s)}</i></p>" for s in data["sources"])
    return f"<details><summary>Assumptions and sources</summary>{rows}</details>"


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
            f"- line {b['line']}, {b['field']}: {b['problem']}. {b['suggestion']}"
            for b in data["bad_lines"][:SHOWN_LINES]
        ]
        more = data["bad_line_count"] - len(rows)
        rows += [f"- and {more:,} more"] if more > 0 else []
        count = data["bad_line_count"]
        lines = "1 line" if count == 1 else f"{count:,} lines"
        parts.append(f"{lines} cannot be used:\n" + "\n".join(rows))
    if data["notices"]:
        parts.append("Note:\n" + "\n".join(f"- {n}" for n in data["notices"]))
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
        f"The plan: **{_METHODS[data['method']]} of {data['base_model']}** on"
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
    return f"**Base**\n\n{_quoted(data['base'])}\n\n**Tuned**\n\n{_quoted(data['tuned'])}"


def _quoted(text: str) -> str:
    lines = text.strip().splitlines() or ["(nothing)"]
    return "\n>\n".join(f"> {literal(line)}" for line in lines)


def evaluation(data: dict[str, Any]) -> str:
    """Did it help: the verdict, the interval, and an example on which the two differ."""
    parts = [f"**{data['summary']}**"]
    parts.append(
        f"{data['improved']:,} of {data['examples']:,} unseen examples got better,"
        f" {data['worsened']:,} got worse."
    )
    if data["flips"]:
        flip = data["flips"][0]
        parts.append(
            f"For example, asked `{_short(flip['question'])}`, the base wrote"
            f" `{_short(flip['base'])}` and the tuned model `{_short(flip['tuned'])}`"
            f" (wanted: `{_short(flip['expected'])}`)."
        )
    return "\n\n".join(parts)


def _short(text: str) -> str:
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= 160 else f"{line[:159]}…"


_REPLIES: dict[str, Callable[[Any], str]] = {
    "recommend_approach": recommend,
    "search_guidance": guidance,
    "estimate_cost": estimate_cost,
    "estimate_data_needs": data_needs,
    "plan_index": offer_index,
    "build_index": build_index,
    "ask_index": answer,
    "inspect_dataset": offer_training,
    "plan_finetune": offer_launch,
    "launch_finetune": launched,
    "resume_job": launched,
    "job_status": job,
    "cancel_job": job,
    "evaluate_model": evaluation,
    "chat_with_model": compare,
}
