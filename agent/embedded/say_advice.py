"""Replies on a case and on the trade: the decision, its reasons, guidance, estimates."""

from __future__ import annotations

from typing import Any

from knowdo.agent.embedded.markdown import basis, passages, plain
from knowdo.tools.format import duration_range, gib_range, usd_range


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
    facts = ", ".join(f"{k.replace('_', ' ')}: {plain(v)}" for k, v in data["facts"].items())
    return f"{reasons}\n\n{texts}\n\nFacts of your case: {facts or 'none stated yet'}."


def guidance(data: list[dict[str, Any]]) -> str:
    """The best passage as the answer, the others to open."""
    if not data:
        return (
            "My guidance has nothing on that. I can help with prompting, retrieval, fine-tuning,"
            " data, cost, evaluation and privacy."
        )
    return f"**{data[0]['title']}.** {data[0]['text']} [1]\n\n{passages(data)}"


def _with_marks(part: dict[str, Any], numbers: dict[str, int]) -> str:
    marks = "".join(f"[{numbers[p]}]" for p in part["passage_ids"] if p in numbers)
    return f"{part['text']} {marks}".strip()


def estimate_cost(data: dict[str, Any]) -> str:
    """Memory, time and money of a run, with what they rest on."""
    fits = "fits" if data["fits"] else "does not fit"
    smallest = data.get("smallest_gpu")
    other = f" The smallest listed card that fits is {smallest}." if smallest else ""
    return (
        f"{METHODS[data['method']]} of {data['base_model']} on one {data['gpu']}:"
        f" **{usd_range(data['usd'])}**, {duration_range(data['seconds'])},"
        f" peak memory {gib_range(data['peak_gib'])} ({fits}).{other}\n\n{basis(data)}"
    )


METHODS = {"qlora": "QLoRA", "lora": "LoRA", "full": "Full fine-tuning"}


def data_needs(data: dict[str, Any]) -> str:
    """Examples that a task takes."""
    return (
        f"**At least {data['minimum']:,}** good examples for {data['task_type']}, better"
        f" {data['recommended_low']:,} to {data['recommended_high']:,}. {data['note']}\n\n"
        f"{basis(data)}"
    )
