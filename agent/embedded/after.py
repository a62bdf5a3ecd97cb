"""The step after a tool has answered: another call of the same chain, or the reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowdo.agent.embedded import orders, replies, talk
from knowdo.agent.embedded.after_advice import after_advice
from knowdo.agent.embedded.moves import Call, Say, Step
from knowdo.agent.embedded.order_words import order_of_chosen
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.say import say
from knowdo.agent.embedded.say_lists import indexes, jobs
from knowdo.agent.embedded.situation import Reading
from knowdo.agent.embedded.view import View

ACTIVE = ("queued", "running")
RESUMABLE = ("interrupted", "failed", "cancelled")
_PLANS = ("train", "plan", "settings")


def after(view: View, reading: Reading, last: ToolResult) -> Step:
    """The next step on a result of this turn."""
    write = _AFTER.get(last.name)
    if write is not None:
        return write(view, reading, last)
    return Say(replies.reply_to(last, view.language))


def _inspected(view: View, reading: Reading, last: ToolResult) -> Step:
    trains = _wanted(view, reading) in _PLANS or orders.gives(view, "train")
    if trains and not last.data["blockers"]:
        return orders.plan_training(view, str(last.args["path"]))
    _, documents = orders.sorted_paths(view, reading) if reading.option is None else ([], [])
    if documents:
        return Call(
            "plan_index",
            orders.plan_index(documents).args,
            replies.reply_to(last, view.language),
        )
    return Say(replies.reply_to(last, view.language))


def _wanted(view: View, reading: Reading) -> str:
    """The order, also when it was given before the file was chosen."""
    if reading.kind != "option":
        return reading.kind
    return order_of_chosen(str(view.noted("wanted", 2) or ""))


def _planned_run(view: View, reading: Reading, last: ToolResult) -> Step:
    trains = _wanted(view, reading) in ("train", "settings") or orders.gives(view, "train")
    if trains and not last.data.get("blockers"):
        text = _advice_stays(view) + replies.plan_finetune(last.data, view.language)
        return Call("launch_finetune", {"plan_id": last.data["plan_id"]}, text)
    return Say(replies.reply_to(last, view.language))


def _advice_stays(view: View) -> str:
    """Said before a plan when the decision on the case was another one than training."""
    advice = view.latest("recommend_approach")
    label = advice.data["recommendation"]["label"] if advice else None
    return replies.advice_stays(label, view.language)


def _planned_index(view: View, reading: Reading, last: ToolResult) -> Step:
    builds = reading.kind == "build" or orders.gives(view, "build")
    if builds and last.data["chunks"]:
        shown = replies.plan_index(last.data, view.language)
        return Call("build_index", {"plan_id": last.data["plan_id"]}, shown)
    return Say(replies.reply_to(last, view.language))


def _launched(view: View, reading: Reading, last: ToolResult) -> Step:
    """The run has started; an index that the same message asked for is planned next."""
    _, documents = orders.sorted_paths(view, reading)
    text = replies.reply_to(last, view.language)
    if documents and orders.gives(view, "build"):
        return Call("plan_index", orders.plan_index(documents).args, text)
    return Say(text)


def _estimated(view: View, reading: Reading, last: ToolResult) -> Step:
    """Each of several sizes in turn; with more than one the person may choose afterwards."""
    del reading
    done = [r for r in view.results if r.name == "estimate_cost" and r.error is None]
    text = replies.reply_to(last, view.language)
    if len(done) < len(view.supposed):
        return Call("estimate_cost", dict(view.supposed[len(done)]), text)
    options = [_as_option(r, facts) for r, facts in zip(done, view.supposed, strict=False)]
    return Say(text, {"options": options} if len(options) > 1 else {})


def _as_option(result: ToolResult, facts: dict[str, Any]) -> dict[str, Any]:
    size = facts.get("model_size_b")
    return {
        "name": f"{size:g}B" if size else str(result.data["gpu"]),
        "facts": facts,
        "call": "estimate_cost",
        **({"usd": result.data["usd"]["expected"]} if "usd" in result.data else {}),
        "seconds": result.data["seconds"]["expected"],
        "size": size or 0,
    }


def _listed_jobs(view: View, reading: Reading, last: ToolResult) -> Step:
    """The list, or the one job that an order can mean."""
    wanted = {"cancel": ACTIVE, "resume": RESUMABLE}.get(reading.kind)
    fitting = [j for j in last.data if wanted is None or j["state"] in wanted]
    tool = {"cancel": "cancel_job", "resume": "resume_job"}.get(reading.kind, "job_status")
    options = [_job_option(job, tool) for job in fitting]
    if wanted is None:
        return Say(jobs(last.data, view.language), {"options": options} if options else {})
    if not options:
        return _nothing_to_act_on(view, reading, last.data)
    if len(options) > 1:
        names = [f"`{option['name']}`" for option in options]
        return Say(replies.not_clear_which(view.language, names), {"options": options})
    card = say(view.language, "dialog.card") if reading.kind == "resume" else ""
    return Call(tool, options[0]["args"], card)


def _nothing_to_act_on(view: View, reading: Reading, known: list[dict[str, Any]]) -> Step:
    running = [job for job in known if job["state"] in ACTIVE]
    if reading.kind == "resume" and running:
        return Call("job_status", {"job_id": running[0]["job_id"]})
    key = "nothing_runs" if reading.kind == "cancel" else "nothing_to_resume"
    return talk.say_key(view, f"dialog.{key}")


def _job_option(job: dict[str, Any], tool: str) -> dict[str, Any]:
    return {"name": job["job_id"], "call": tool, "args": {"job_id": job["job_id"]}}


def _listed_indexes(view: View, reading: Reading, last: ToolResult) -> Step:
    del reading
    ready = [index for index in last.data if index["state"] == "ready"]
    options = [{"name": index["name"], "index_id": index["index_id"]} for index in ready]
    note: dict[str, Any] = {"options": options} if options else {}
    if len(options) == 1:
        note["index_id"] = options[0]["index_id"]
    return Say(indexes(last.data, view.language), note)


def _saved(view: View, reading: Reading, last: ToolResult) -> Step:
    del reading
    return Say(say(view.language, "dialog.saved", path=last.data["path"]))


_AFTER: dict[str, Callable[[View, Reading, ToolResult], Step]] = {
    "inspect_dataset": _inspected,
    "plan_finetune": _planned_run,
    "plan_index": _planned_index,
    "launch_finetune": _launched,
    "estimate_cost": _estimated,
    "list_jobs": _listed_jobs,
    "list_indexes": _listed_indexes,
    "recommend_approach": after_advice,
    "export_case": _saved,
}
