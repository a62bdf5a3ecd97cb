"""The tool that a message leads to, or what is missing for it."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from knowdo.agent.embedded import replies, talk
from knowdo.agent.embedded.digits import as_digits
from knowdo.agent.embedded.grammar import is_order, parts
from knowdo.agent.embedded.moves import Call, Say, Step
from knowdo.agent.embedded.paths import is_dataset, named_paths, without_paths
from knowdo.agent.embedded.say_lists import listed, sources_of
from knowdo.agent.embedded.settings_in_text import settings_in
from knowdo.agent.embedded.situation import Reading, chosen_index, offers
from knowdo.agent.embedded.text import words_in
from knowdo.agent.embedded.view import View

_ON_DATA = ("train", "plan", "inspect", "settings")


def files(view: View, reading: Reading) -> Step:
    """Files in the message: datasets are checked, documents planned as an index, in this order."""
    data, documents = sorted_paths(view, reading)
    if len(data) > 1:
        return ask_which_dataset(view, data)
    if data:
        return Call("inspect_dataset", {"path": data[0]})
    return plan_index(documents)


def sorted_paths(view: View, reading: Reading) -> tuple[list[str], list[str]]:
    """The datasets and the documents that a message names."""
    paths = named_paths(view)
    data = [path for path in paths if is_dataset(path, as_table=reading.kind in _ON_DATA)]
    return data, [path for path in paths if path not in data]


def gives(view: View, order: str) -> bool:
    """Whether one of the message's clauses is this order: "train on a.jsonl and index b.pdf"."""
    return any(is_order(order, clause) for clause in parts(without_paths(view)))


def plan_index(documents: list[str]) -> Call:
    """Plan an index over documents."""
    name = PurePath(documents[0]).stem if len(documents) == 1 else "documents"
    return Call("plan_index", {"paths": documents, "name": name})


def ask_which_dataset(view: View, paths: list[str]) -> Step:
    """Two datasets are two runs; one question settles which."""
    options = [
        {"name": PurePath(p).name, "path": p, "call": "inspect_dataset", "args": {"path": p}}
        for p in paths
    ]
    names = [f"`{option['name']}`" for option in options]
    return Say(
        replies.say(view.language, "dialog.which_dataset", options=listed(view.language, names)),
        {"options": options, "wanted": view.text},
    )


def decide(view: View, reading: Reading) -> Step:
    """Decide on the case as it stands."""
    del view, reading
    return Call("recommend_approach")


def answer(view: View, reading: Reading) -> Step:
    """An answer leads on to what it was asked for."""
    del reading
    then = next((t.note.get("then") for t in reversed(view.turns) if "asks" in t.note), None)
    return Call(str(then)) if then else Call("recommend_approach")


def confirm(view: View, reading: Reading) -> Step:
    """A yes means what was offered last."""
    offered = offers(view)
    result = view.last.results[-1] if offered else None
    if result is None or not isinstance(result.data, dict):
        return talk.unclear_yes(view, reading)
    if offered == "plan_index":
        return Call("build_index", {"plan_id": result.data["plan_id"]})
    if offered == "plan_finetune":
        return show_card(view, result.data)
    if result.data["blockers"]:
        return talk.unclear_yes(view, reading)
    return plan_training(view, str(result.args["path"]))


def train(view: View, reading: Reading) -> Step:
    """Plan a run on the dataset, or show the plan for approval; say what is missing for it."""
    if named_paths(view):
        return files(view, reading)
    result = view.latest("inspect_dataset")
    changes = settings_in(as_digits(view.text, view.language))
    if result is None:
        return Call("recommend_approach") if reading.describes else talk.no_dataset(view, reading)
    path = str(result.args["path"])
    plan = view.latest("plan_finetune")
    if plan and not changes and plan.args.get("dataset_path") == path and reading.kind == "train":
        return show_card(view, plan.data)
    return plan_training(view, path)


def show_card(view: View, plan: dict[str, Any]) -> Call:
    """The card of a plan, with the plan in a sentence."""
    text = replies.plan_finetune(plan, view.language)
    return Call("launch_finetune", {"plan_id": plan["plan_id"]}, text)


def plan_training(view: View, path: str) -> Call:
    """Plan a run with the settings that the message names."""
    settings = settings_in(as_digits(view.text, view.language))
    return Call("plan_finetune", {"dataset_path": path, **settings})


def unclear_setting(view: View, reading: Reading) -> Step:
    """A setting without a number that can be read."""
    if view.latest("inspect_dataset") is None:
        return talk.no_dataset(view, reading)
    return talk.say_key(view, "talk.unclear_setting")


def build(view: View, reading: Reading) -> Step:
    """Build the index that was planned."""
    if named_paths(view):
        return files(view, reading)
    plan = view.field_of("plan_index", "plan_id")
    if plan:
        return Call("build_index", {"plan_id": plan})
    return Call("recommend_approach") if reading.describes else talk.no_documents(view, reading)


def inspect(view: View, reading: Reading) -> Step:
    """Look at the dataset once more."""
    if named_paths(view):
        return files(view, reading)
    result = view.latest("inspect_dataset")
    return Call("inspect_dataset", result.args) if result else talk.no_dataset(view, reading)


_JOB_TOOLS = {"cancel": "cancel_job", "resume": "resume_job", "status": "job_status"}


def on_job(view: View, reading: Reading) -> Step:
    """Act on the job of this conversation; else look which jobs there are."""
    if job := job_here(view):
        card = replies.say(view.language, "dialog.card") if reading.kind == "resume" else ""
        return Call(_JOB_TOOLS[reading.kind], {"job_id": job}, card)
    return Call("job_status") if reading.kind == "status" else Call("list_jobs")


def job_here(view: View) -> str | None:
    """The job that was started or chosen last in this conversation."""
    for turn in reversed(view.turns):
        if "job_id" in turn.note:
            return str(turn.note["job_id"])
        for result in reversed(turn.results):
            if result.error is None and result.name in ("launch_finetune", *_JOB_TOOLS.values()):
                return str(result.data["job_id"])
    return None


def listing(view: View, reading: Reading) -> Step:
    """The jobs or the indexes that there are."""
    del view
    return Call(reading.kind)


def evaluate(view: View, reading: Reading) -> Step:
    """Base against tuned."""
    del reading
    job = job_here(view)
    return Call("evaluate_model", {"job_id": job} if job else {})


def compare(view: View, reading: Reading) -> Step:
    """Ask base and tuned model the same thing."""
    del reading
    question = re.split(r"[:：\n]", view.text, maxsplit=1)
    prompt = question[1].strip() if len(question) > 1 else ""
    if not prompt:
        return talk.say_key(view, "talk.what_to_compare")
    return Call("chat_with_model", {"prompt": prompt})


def export_case(view: View, reading: Reading) -> Step:
    """Save the case as a page."""
    del reading
    return Call("export_case") if view.case else talk.say_key(view, "turn.case_empty")


def why(view: View, reading: Reading) -> Step:
    """The reasons and sources of what was said last."""
    last = next((r for t in reversed(view.turns[-2:]) for r in reversed(t.results)), None)
    if last and last.error is None and last.name in _HAVE_SOURCES:
        return Say(sources_of(last.data, view.language))
    advice = view.latest("recommend_approach")
    if advice:
        return Say(replies.why(advice.data, view.language))
    return trade(view, reading) if words_in(view.text) > 1 else talk.unknown(view, reading)


_HAVE_SOURCES = ("estimate_cost", "estimate_data_needs")


def option(view: View, reading: Reading) -> Step:
    """The thing that the person chose."""
    chosen = reading.option or {}
    if "index_id" in chosen:
        text = replies.say(view.language, "dialog.index_chosen", name=chosen["name"])
        return Say(text, {"index_id": chosen["index_id"]})
    return Call(chosen["call"], dict(chosen.get("args", {})))


def pressure(view: View, reading: Reading) -> Step:
    """The rule stays; which fact would move it is known from the decision."""
    plan = view.latest("plan_finetune")
    if view.last.unanswered == "launch_finetune" and plan:
        # The card comes back: a sentence neither opens it for good nor closes it.
        said = talk.no_approval(view, reading)
        return Call("launch_finetune", {"plan_id": plan.data["plan_id"]}, said.text)
    return Call("recommend_approach") if view.case else talk.no_approval(view, reading)


def cost(view: View, reading: Reading) -> Step:
    """What a run costs; without a model size or examples one question."""
    known = {**view.case, **(view.supposed[0] if view.supposed else {})}
    if "model_size_b" not in known and "n_examples" not in known:
        text = replies.say(view.language, "dialog.what_cost")
        return Say(text, {"asks": "model_size_b", "then": "estimate_cost"})
    del reading
    return Call("estimate_cost", dict(view.supposed[0]) if len(view.supposed) > 1 else {})


def cheaper(view: View, reading: Reading) -> Step:
    """The same run with the next smaller model; below the smallest, what else saves money."""
    # What was supposed when the message came: read again, the next size down would be another one.
    size = view.supposed[0].get("model_size_b") if view.supposed else None
    if size is None:
        return talk.cheaper_plan(view, reading)
    return Call("estimate_cost", {}, replies.say(view.language, "dialog.cheaper", size=f"{size:g}"))


def data_needs(view: View, reading: Reading) -> Step:
    """How many examples a task takes."""
    del view
    facts = reading.supposed[0] if reading.supposed else {}
    named = {k: v for k, v in facts.items() if k in ("task_type", "n_classes")}
    return Call("estimate_data_needs", {"task_type": "style", **named})


def ask_index(view: View, reading: Reading) -> Step:
    """Ask the documents."""
    del reading
    return Call("ask_index", {"index_id": chosen_index(view), "question": view.text})


def trade(view: View, reading: Reading) -> Step:
    """Answer from the guidance."""
    del reading
    return Call("search_guidance", {"question": view.text})
