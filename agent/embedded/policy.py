"""What the offline model does next: one tool call, or a reply, from the conversation so far."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded import replies
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.settings_in_text import settings_in
from knowdo.agent.embedded.understanding import understand
from knowdo.agent.embedded.view import View
from knowdo.knowledge.passages import search_passages

_DATASET_SUFFIXES = {".jsonl", ".json", ".parquet", ".ndjson"}
# A path that a person types: absolute, home or relative with a slash; quotes allow spaces.
_PATH = re.compile(
    r"[\"'`](?P<quoted>[~./][^\"'`\n]+)[\"'`]|(?<!\S)(?P<bare>(?:~|\.{1,2})?/[^\s,;]+)"
)
# Longer messages describe a problem, whatever verbs stand in them.
_INSTRUCTION_WORDS = 25
# The score of a passage that a question without a word of the trade must reach to be answered from
# it: on twelve probes, questions about the trade had 7.8 and more, others up to 5.6.
_SURE_PASSAGE = 7.0


@dataclass(frozen=True, slots=True)
class Say:
    """A reply that ends the turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, with what is said before it."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    text: str = ""


Step = Say | Call


@lru_cache(maxsize=1)
def _patterns() -> dict[str, dict[str, re.Pattern[str]]]:
    text = files("knowdo.agent.embedded").joinpath("intents.toml").read_text(encoding="utf-8")
    return {
        table: {key: re.compile(words, re.I) for key, words in rows.items()}
        for table, rows in tomllib.loads(text).items()
    }


def next_step(view: View) -> Step:
    """The next tool call or the reply of this turn."""
    if view.results and view.results[-1].error is not None:
        return Say(replies.failed(view.results[-1]))
    if view.results:
        return _after(view, view.results[-1])
    return _first(view)


def intent_of(text: str) -> str | None:
    """The instruction that a message gives, or None when it describes or asks something."""
    for name, pattern in _patterns()["intents"].items():
        if pattern.search(text) and not (name in _ORDERS and _is_no_order(text)):
            return name
    return None


# Intents that start or stop work: "should I train on this?" is no order.
_ORDERS = {"cancel", "resume", "train", "build", "settings", "export", "delete"}


def says_yes(text: str) -> bool:
    """Whether a message only agrees: "yes", "ok, approve it"."""
    return bool(_patterns()["advice"]["agrees"].search(text))


def _is_no_order(text: str) -> bool:
    return _asks_whether(text) or bool(_patterns()["advice"]["negated"].search(text))


def _asks_whether(text: str) -> bool:
    return bool(_patterns()["advice"]["question"].search(text))


def _first(view: View) -> Step:
    """The first step of a turn."""
    named = _named_paths(view)
    if not view.text and not named:
        return Say(replies.EMPTY)
    intent = intent_of(view.text)
    if named:
        return _with_files(named, intent, view)
    if len(view.text.split()) <= _INSTRUCTION_WORDS and intent in _INTENTS:
        step = _INTENTS[intent](view)
        if step is not None:
            return step
    if _changes_the_estimate(view):
        return Call("estimate_cost")
    if view.field_of("build_index", "index_id") and _is_document_question(view.text):
        return _ask_index(view)
    if is_trade_question(view.text):
        return Call("search_guidance", {"question": view.text})
    if _last_plan_is_an_index(view) and _is_document_question(view.text):
        return Say(replies.NOT_BUILT)
    if not view.case and not understand(view.text).known() and not _is_about_models(view.text):
        return Say(replies.NOT_UNDERSTOOD)
    return Call("recommend_approach")


def _after(view: View, last: ToolResult) -> Step:
    """The step after a tool has answered: another call of the same chain, or the reply."""
    if last.name == "inspect_dataset" and _wants_training(view) and not last.data["blockers"]:
        return _plan_training(view, str(last.args["path"]))
    if last.name == "plan_finetune" and _wants_launch(view) and not last.data.get("blockers"):
        return Call(
            "launch_finetune",
            {"plan_id": last.data["plan_id"]},
            _advice_stays(view) + replies.plan_finetune(last.data),
        )
    if last.name == "plan_index" and _wants_index(view) and last.data["chunks"]:
        return Call("build_index", {"plan_id": last.data["plan_id"]}, replies.plan_index(last.data))
    return Say(replies.reply_to(last))


def _advice_stays(view: View) -> str:
    """Said before a plan when the decision on the case was another one than training."""
    advice = view.latest("recommend_approach")
    label = advice.data["recommendation"]["label"] if advice else None
    return replies.ADVICE_STAYS.get(label or "", "")


def _with_files(paths: list[str], intent: str | None, view: View) -> Step:
    datasets = [p for p in paths if PurePath(p).suffix.lower() in _DATASET_SUFFIXES]
    table = [p for p in paths if PurePath(p).suffix.lower() == ".csv"]
    if intent in ("train", "plan", "inspect"):
        datasets += table
    if datasets:
        return Call("inspect_dataset", {"path": datasets[0]})
    name = PurePath(paths[0]).stem if len(paths) == 1 else "documents"
    return Call("plan_index", {"paths": paths, "name": name})


def _named_paths(view: View) -> list[str]:
    typed = [m["quoted"] or m["bare"].rstrip(".?!") for m in _PATH.finditer(view.text)]
    return view.files + typed


def _wants_training(view: View) -> bool:
    return intent_of(view.text) in ("train", "plan", "settings")


def _wants_launch(view: View) -> bool:
    return intent_of(view.text) in ("train", "confirm", "settings")


def _wants_index(view: View) -> bool:
    return intent_of(view.text) in ("build", "confirm")


def _plan_training(view: View, path: str) -> Step:
    return Call("plan_finetune", {"dataset_path": path, **settings_in(view.text)})


def _train(view: View) -> Step | None:
    result = view.latest("inspect_dataset")
    if result is None:
        described = view.latest("recommend_approach")
        return Say(replies.NO_DATASET) if described or len(view.text.split()) < 9 else None
    changes = settings_in(view.text)
    if not changes and _patterns()["advice"]["names_a_setting"].search(view.text):
        return Say(replies.UNCLEAR_SETTING)
    plan = view.latest("plan_finetune")
    if plan and not changes and plan.args.get("dataset_path") == result.args["path"]:
        return Call("launch_finetune", {"plan_id": plan.data["plan_id"]})
    return _plan_training(view, str(result.args["path"]))


def _confirm(view: View) -> Step | None:
    """A yes means the plan that was shown last."""
    for result in reversed(view.earlier):
        if result.error is not None:
            continue
        if result.name == "plan_index":
            return Call("build_index", {"plan_id": result.data["plan_id"]})
        if result.name == "plan_finetune":
            return Call("launch_finetune", {"plan_id": result.data["plan_id"]})
        if result.name == "inspect_dataset" and not result.data["blockers"]:
            return _plan_training(view, str(result.args["path"]))
        break
    return None


def _build(view: View) -> Step | None:
    plan = view.field_of("plan_index", "plan_id")
    if plan:
        return Call("build_index", {"plan_id": plan})
    return Say(replies.NO_DOCUMENTS) if len(view.text.split()) < 9 else None


def _on_job(tool: str) -> Callable[[View], Step | None]:
    def step(view: View) -> Step | None:
        job = view.field_of("launch_finetune", "job_id")
        return Call(tool, {"job_id": job} if job else {})

    return step


def _compare(view: View) -> Step | None:
    question = re.split(r"[:：\n]", view.text, maxsplit=1)
    prompt = question[1].strip() if len(question) > 1 else ""
    if not prompt:
        return Say(replies.WHAT_TO_COMPARE)
    return Call("chat_with_model", {"prompt": prompt})


def _why(view: View) -> Step | None:
    advice = view.latest("recommend_approach")
    return Say(replies.why(advice.data)) if advice else None


def _cost(view: View) -> Step | None:
    case = view.case
    if not case.get("model_size_b") and not case.get("n_examples"):
        return None
    return Call("estimate_cost")


def _data_needs(view: View) -> Step | None:
    if view.case.get("task_type") in (None, "knowledge_qa", "other"):
        return None
    return Call("estimate_data_needs")


def _last_plan_is_an_index(view: View) -> bool:
    return bool(view.earlier) and view.earlier[-1].name == "plan_index"


def _is_about_models(text: str) -> bool:
    return bool(_patterns()["trade"]["models"].search(text))


def _changes_the_estimate(view: View) -> bool:
    """ "And on a 4090?" after an estimate; the case holds the new fact already."""
    follows = bool(view.earlier) and view.earlier[-1].name == "estimate_cost"
    return follows and bool(_patterns()["follow_up"]["words"].search(view.text))


def _settings(view: View) -> Step | None:
    return _train(view) if settings_in(view.text) or view.latest("inspect_dataset") else None


def _inspect(view: View) -> Step | None:
    result = view.latest("inspect_dataset")
    return Call("inspect_dataset", result.args) if result else None


_INTENTS: dict[str, Callable[[View], Step | None]] = {
    "cancel": _on_job("cancel_job"),
    "resume": _on_job("resume_job"),
    "status": _on_job("job_status"),
    "evaluate": lambda _: Call("evaluate_model"),
    "compare": _compare,
    "train": _train,
    "plan": _train,
    "build": _build,
    "confirm": _confirm,
    "inspect": _inspect,
    "data_needs": _data_needs,
    "cost": _cost,
    "why": _why,
    "settings": _settings,
    "export": lambda _: Say(replies.NO_EXPORT),
    "delete": lambda _: Say(replies.NO_DELETING),
    "greeting": lambda _: Say(replies.GREETING),
    "thanks": lambda _: Say(replies.THANKS),
}


def is_trade_question(text: str) -> bool:
    """Whether a message asks about the trade in general and not about a case of one's own."""
    trade = _patterns()["trade"]
    asks = trade["question"].search(text) and not trade["personal"].search(text)
    if not asks or len(text.split()) > _INSTRUCTION_WORDS:
        return False
    stated = understand(text)
    if stated.n_examples is not None or stated.doc_count is not None:
        return False  # numbers of one's own make it a case
    if trade["terms"].search(text):
        return True
    found = search_passages(text, limit=1)
    return bool(found) and found[0][1] >= _SURE_PASSAGE


def _is_document_question(text: str) -> bool:
    asks = "?" in text or "？" in text or _patterns()["trade"]["question"].search(text)
    about_training = _asks_whether(text) and _patterns()["trade"]["terms"].search(text)
    if about_training or len(text.split()) > 60:
        return False
    return bool(asks) and not is_trade_question(text)


def _ask_index(view: View) -> Step:
    index_id = view.field_of("build_index", "index_id")
    return Call("ask_index", {"index_id": index_id, "question": view.text})


def describes_a_case(view: View) -> bool:
    """Whether the newest message tells about the person's own problem, so that facts are kept."""
    text = view.text
    if not text or is_trade_question(text):
        return False
    if view.field_of("build_index", "index_id") and _is_document_question(text):
        return False
    return len(text.split()) > _INSTRUCTION_WORDS or intent_of(text) in (None, "data_needs", "cost")
