"""What the offline model says: short Markdown from tool results, figures as the tools gave them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded.view import ToolResult
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
    quotes = "\n\n".join(f"> {_one_line(q['text'])} [{n}]" for n, q in _numbered(data["quotes"]))
    places = "\n".join(
        f"[{n}] `{q['file']}`, {q['location']}  " for n, q in _numbered(data["quotes"])
    )
    return f"{data['text'].partition(chr(10))[0]}\n\n{quotes}\n\n{places}"


def _numbered(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(rows, 1))


def _one_line(text: str) -> str:
    return " ".join(text.split())


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


def plan_finetune(data: dict[str, Any]) -> str:
    return str(data)


_REPLIES: dict[str, Callable[[Any], str]] = {
    "recommend_approach": recommend,
    "search_guidance": guidance,
    "estimate_cost": estimate_cost,
    "estimate_data_needs": data_needs,
    "plan_index": offer_index,
    "build_index": build_index,
    "ask_index": answer,
    "plan_finetune": plan_finetune,
}
