"""What the offline model says: short Markdown from tool results, every figure as the tool gave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowdo.agent.embedded.view import ToolResult

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
    return str(data)


def plan_finetune(data: dict[str, Any]) -> str:
    return str(data)


_REPLIES: dict[str, Callable[[Any], str]] = {
    "recommend_approach": recommend,
    "search_guidance": guidance,
    "plan_index": plan_index,
    "plan_finetune": plan_finetune,
}
