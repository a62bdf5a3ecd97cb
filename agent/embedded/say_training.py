"""Replies on training: the dataset, the plan, the job, base against tuned."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded.markdown import literal, quoted, short
from knowdo.agent.embedded.say import SENTENCES, say
from knowdo.agent.embedded.say_advice import method
from knowdo.knowledge import wording
from knowdo.knowledge.wording import Language
from knowdo.tools.format import duration, duration_range, usd_range

SHOWN_LINES = 8


def inspect_dataset(data: dict[str, Any], language: Language = "en") -> str:
    """What is in a training file, what is wrong with it, and what can be done next."""
    parts = [_contents(data, language)]
    if data["bad_line_count"]:
        parts.append(_bad_lines(data, language))
    if data["notices"]:
        notes = "\n".join(f"- {literal(n)}" for n in data["notices"])
        parts.append(f"{say(language, 'documents.note')}\n{notes}")
    if data["blockers"]:
        parts.append(say(language, "training.not_enough", reasons=" ".join(data["blockers"])))
    return "\n\n".join(parts)


def _contents(data: dict[str, Any], language: Language) -> str:
    tokens = data.get("tokens")
    return say(
        language,
        "training.holds_length" if tokens else "training.holds",
        name=PurePath(data["path"]).name,
        count=data["usable"],
        format=data["format"],
        tokens=round(tokens["mean"]) if tokens else 0,
        task=say(language, f"training.{data['task']}"),
    )


def _bad_lines(data: dict[str, Any], language: Language) -> str:
    shown = data["bad_lines"][:SHOWN_LINES]
    rows = [f"- {_bad_line(line, language)}" for line in shown]
    more = data["bad_line_count"] - len(rows)
    rows += [f"- {say(language, 'documents.more', count=more)}"] if more > 0 else []
    return "\n".join([say(language, "training.bad_lines", count=data["bad_line_count"]), *rows])


def _bad_line(line: dict[str, Any], language: Language) -> str:
    said = {k: literal(line[k]) for k in ("field", "problem", "suggestion")}
    where = say(
        language,
        "training.line",
        line=line["line"],
        field=said["field"],
        problem=said["problem"],
    )
    return f"{where} {said['suggestion']}".rstrip()


def offer_training(data: dict[str, Any], language: Language = "en") -> str:
    """The report, and how to go on."""
    ask = "" if data["blockers"] else f"\n\n{say(language, 'training.offer_plan')}"
    return inspect_dataset(data, language) + ask


def plan_finetune(data: dict[str, Any], language: Language = "en") -> str:
    """The plan in two sentences; the card shows all of it."""
    if data["blockers"]:
        return say(language, "training.cannot_start", reasons=" ".join(data["blockers"]))
    line = say(
        language,
        "training.plan",
        method=method(data["method"], language),
        model=data["base_model"],
        train=data["data"]["train_examples"],
        test=data["data"]["test_examples"],
        time=duration_range(data["seconds"], language),
        usd=usd_range(data["cost_usd"], language),
    )
    notes = "".join(f"\n- {w}" for w in data["warnings"])
    after = f"\n\n{say(language, 'documents.note')}{notes}" if notes else ""
    return f"{line} {data['reasons']['method']}{after}"


def offer_launch(data: dict[str, Any], language: Language = "en") -> str:
    """The plan, and how to go on."""
    ask = "" if data["blockers"] else f"\n\n{say(language, 'training.offer_launch')}"
    return plan_finetune(data, language) + ask


def job(data: dict[str, Any], language: Language = "en") -> str:
    """How a job is doing, and what can be done with it."""
    state = say(language, f"states.{data['state']}")
    parts = [say(language, "training.job", job=data["job_id"], state=state)]
    if data["state"] != "running" and _tells(data, language):
        parts.append(f"{data['message'][:1].upper()}{data['message'][1:].rstrip('.')}.")
    if figures := _figures(data, language):
        parts.append(say(language, "training.figures", figures=_listed(figures, language)))
    told = [
        say(language, f"training.{action}")
        for action in data["next_actions"]
        if SENTENCES.has(f"training.{action}")
    ]
    space = wording.say(language, "time.space")
    after = say(language, "training.say_next", words=_listed(told, language)) if told else ""
    return space.join(parts) + (f"\n\n{after}" if after else "")


def _tells(data: dict[str, Any], language: Language) -> bool:
    """Whether the message says more than the state: an error does, in whatever language."""
    return language == "en" or data["state"] in ("failed", "interrupted")


def _figures(data: dict[str, Any], language: Language) -> list[str]:
    figures = []
    if data["state"] == "running":
        figures.append(say(language, "training.percent", percent=round(100 * data["progress"])))
    if data.get("eta_seconds") and data["state"] == "running":
        left = duration(data["eta_seconds"], language)
        figures.append(say(language, "training.left", time=left))
    if data.get("last_loss") is not None:
        loss = wording.number(language, data["last_loss"], decimals=3)
        figures.append(say(language, "training.loss", loss=loss))
    return figures


def _listed(items: list[str], language: Language) -> str:
    return wording.say(language, "time.comma").join(items)


def launched(data: dict[str, Any], language: Language = "en") -> str:
    """A job has started."""
    return f"{job(data, language)}\n\n{say(language, 'training.launched')}"


def compare(data: dict[str, Any], language: Language = "en") -> str:
    """Both answers, one under the other."""
    base, tuned = say(language, "training.base"), say(language, "training.tuned")
    return (
        f"**{base}**\n\n{quoted(data['base'], language)}\n\n"
        f"**{tuned}**\n\n{quoted(data['tuned'], language)}"
    )


def evaluation(data: dict[str, Any], language: Language = "en") -> str:
    """Did it help: the verdict, the interval, and an example on which the two differ."""
    counts = {name: data[name] for name in ("examples", "improved", "worsened")}
    parts = [f"**{_verdict(data, language)}**", say(language, "training.better", **counts)]
    if data["flips"]:
        parts.append(f"{say(language, 'training.one_of_them')}\n\n{_flip(data, language)}")
    return "\n\n".join(parts)


def _verdict(data: dict[str, Any], language: Language) -> str:
    """The tool's own sentence in English, else the same figures in the language."""
    if language == "en":
        return str(data["summary"])
    figures = {name: wording.number(language, data[name], 2) for name in ("base", "tuned")}
    interval = {k: _signed(data["difference"][k], language) for k in ("low", "expected", "high")}
    return say(
        language,
        f"training.verdict_{data['verdict'].replace(' ', '_')}",
        metric=data["metric"].replace("_", " "),
        examples=data["examples"],
        **figures,
        **interval,
    )


def _signed(value: float, language: Language) -> str:
    return ("+" if value >= 0 else "−") + wording.number(language, abs(value), 2)


def _flip(data: dict[str, Any], language: Language) -> str:
    sides = {"asked": "question", "wanted": "expected", "base": "base", "tuned": "tuned"}
    rows = []
    for side, key in sides.items():
        label = say(language, "training.label", name=say(language, f"training.{side}"))
        rows.append(f"- {label} {literal(short(data['flips'][0][key]))}")
    return "\n".join(rows)
