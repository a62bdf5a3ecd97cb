"""Replies on a case and on the trade: the decision, its reasons, guidance, estimates."""

from __future__ import annotations

from typing import Any

from knowdo.agent.embedded.markdown import basis, passages
from knowdo.agent.embedded.say import say
from knowdo.agent.embedded.say_case import fact_line
from knowdo.knowledge import wording
from knowdo.knowledge.passages import passage
from knowdo.knowledge.wording import Language
from knowdo.tools.advise import advise, use_case_from
from knowdo.tools.format import duration_range, gib_range, usd_range
from knowdo.tools.tool import to_plain

# More warnings than this are a wall, and beside a question one is enough; the others are named in
# one line.
FULL_CAUTIONS, FULL_CAUTIONS_OF_A_QUESTION = 2, 1


def recommend(data: dict[str, Any], language: Language | None = None) -> str:
    """The decision with reasons, cautions, next step and the passages behind them.

    Without a language it is said in the one that it was made in.
    """
    language = language or data.get("language", "en")
    data = in_language(data, language)
    advice, numbers = data["recommendation"], _numbers(data)
    parts = [f"**{advice['headline']}**", _reasons(data), advice.get("question") or ""]
    parts += _cautions(advice, numbers, language)
    if advice["label"] != "ask":
        parts.append(say(language, "advice.next", step=advice["next_step"]))
        parts.append(say(language, "advice.would_change", text=advice["would_change"]))
    parts.append(passages(data["citations"], language))
    return "\n\n".join(part for part in parts if part)


def why(data: dict[str, Any], language: Language | None = None) -> str:
    """The reasons once more, the first passage in full, the others to open."""
    language = language or data.get("language", "en")
    data = in_language(data, language)
    first = [passage(c["passage_id"], language) for c in data["citations"][:1]]
    texts = [f"[1] **{_closed(p.title)}** {p.text}" for p in first]
    facts = fact_line(language, data["facts"]) or say(language, "advice.no_facts")
    told = say(language, "advice.facts", facts=facts)
    folded = passages(data["citations"], language)
    return "\n\n".join(part for part in (_reasons(data), *texts, told, folded) if part)


def _closed(title: str) -> str:
    return title if title[-1] in ".?!。？！" else f"{title}."


def in_language(data: dict[str, Any], language: Language) -> dict[str, Any]:
    """The same decision in the language of now, when the person has changed it since."""
    if data.get("language", language) == language:
        return data
    again: dict[str, Any] = to_plain(advise(use_case_from(data["facts"]), language))
    return again


def _numbers(data: dict[str, Any]) -> dict[str, int]:
    return {c["passage_id"]: i for i, c in enumerate(data["citations"], 1)}


def _reasons(data: dict[str, Any]) -> str:
    numbers = _numbers(data)
    return " ".join(_with_marks(r, numbers) for r in data["recommendation"]["reasons"])


def _cautions(advice: dict[str, Any], numbers: dict[str, int], language: Language) -> list[str]:
    """Two warnings in full and the others by name; none that the reasons have said already."""
    said = {p for reason in advice["reasons"] for p in reason["passage_ids"]}
    new = [c for c in advice["cautions"] if not set(c["passage_ids"]) <= said]
    if not new:
        return []
    full = FULL_CAUTIONS_OF_A_QUESTION if advice["label"] == "ask" else FULL_CAUTIONS
    rows = "\n".join(f"- {_with_marks(c, numbers)}" for c in new[:full])
    parts = [f"{say(language, 'advice.keep_in_mind')}\n{rows}"]
    names = [wording.say(language, f"caution_names.{c['code']}") for c in new[full:]]
    if names:
        comma = wording.say(language, "time.comma")
        parts.append(say(language, "advice.also", items=comma.join(names)))
    return parts


def _with_marks(part: dict[str, Any], numbers: dict[str, int]) -> str:
    marks = "".join(f"[{numbers[p]}]" for p in part["passage_ids"] if p in numbers)
    return f"{part['text']} {marks}".strip()


def guidance(data: list[dict[str, Any]], language: Language = "en") -> str:
    """The best passage as the answer, the others to open."""
    if not data:
        return say(language, "advice.nothing_found")
    stop = "。" if language == "zh" else "."
    return f"**{data[0]['title']}{stop}** {data[0]['text']} [1]\n\n{passages(data, language)}"


def estimate_cost(data: dict[str, Any], language: Language = "en") -> str:
    """Memory, time and money of a run, with what they rest on."""
    line = say(
        language,
        "advice.cost" if data["n_gpus"] == 1 else "advice.cost_cards",
        n=data["n_gpus"],
        method=method(data["method"], language),
        model=data["base_model"],
        gpu=data["gpu"],
        usd=usd_range(data["usd"], language) if "usd" in data else say(language, "advice.no_price"),
        time=duration_range(data["seconds"], language),
        memory=gib_range(data["peak_gib"], language),
        fits=say(language, "advice.fits" if data["fits"] else "advice.fits_not"),
    )
    parts = [f"{line} {_room(data, language)}".rstrip(), _managed(data, language)]
    return "\n\n".join([*filter(None, parts), basis(data, language)])


def _room(data: dict[str, Any], language: Language) -> str:
    """What makes it fit where it doesn't, else the smallest card."""
    changes = data["changes_that_fit"]
    if changes:
        others = "".join(f"\n- {change}" for change in changes[1:])
        more = f" {say(language, 'advice.or')}{others}" if others else ""
        return f"{say(language, 'advice.change_that_fits', change=changes[0])}{more}"
    smallest = data.get("smallest_gpu")
    return say(language, "advice.smallest", gpu=smallest) if smallest else ""


def _managed(data: dict[str, Any], language: Language) -> str:
    """The two cheapest managed services, where any lists a price for such a model."""
    offers = [f"{o['provider']} {usd_range(o['usd'], language)}" for o in data["managed"][:2]]
    if not offers:
        return ""
    items = wording.say(language, "time.comma").join(offers)
    return say(language, "advice.managed", items=items)


def method(name: str, language: Language) -> str:
    """The name of a training method."""
    return {"qlora": "QLoRA", "lora": "LoRA"}.get(name) or say(language, "advice.full")


def data_needs(data: dict[str, Any], language: Language = "en") -> str:
    """Examples that a task takes."""
    line = say(
        language,
        "advice.data_needs",
        minimum=data["minimum"],
        task_type=data["task_type"],
        low=data["recommended_low"],
        high=data["recommended_high"],
    )
    return f"{line} {data['note']}\n\n{basis(data, language)}"
