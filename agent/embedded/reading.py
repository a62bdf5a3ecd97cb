"""What a message does: one kind of move, the facts that it states, and what it only supposes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from knowdo.agent.edits import DECIDE_AGAIN
from knowdo.agent.embedded import short_facts
from knowdo.agent.embedded.choices import choose, picks, points
from knowdo.agent.embedded.digits import as_digits
from knowdo.agent.embedded.grammar import asks, is_order, parts, says
from knowdo.agent.embedded.paths import named_paths, without_paths
from knowdo.agent.embedded.settings_in_text import settings_in, without_settings
from knowdo.agent.embedded.understanding import understand
from knowdo.agent.embedded.view import View
from knowdo.knowledge.passages import search_passages

# Longer messages describe a problem, whatever else stands in them.
_SHORT, _LONG = 8, 25
_PRESSURE_WORDS = 45
# A statement without a question must fit a passage this well to be answered from it.
_SURE_PASSAGE = 70.0
# Turns after which a question that was asked is no longer open.
_OPEN_FOR = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it is understood in its conversation."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    # The whole message is read for facts, needs and warnings.
    describes: bool = False
    supposed: tuple[dict[str, Any], ...] = ()
    forgotten: tuple[str, ...] = ()
    option: dict[str, Any] | None = None


def read(view: View) -> Reading:
    """The move of the newest message."""
    if not view.text and not view.files:
        return Reading("empty")
    for step in _STEPS:
        if (reading := step(view)) is not None:
            return reading
    return Reading("unknown")


def asked(view: View) -> str | None:
    """The fact that was asked for in the last turns and is still open."""
    fact = view.noted("asks", _OPEN_FOR)
    if fact is None or (fact in view.known and fact not in ("privacy", "task", "task_type")):
        return None
    return str(fact)


def offers(view: View) -> str | None:
    """The tool whose result the last turn ended with, when it waits for a word of the person."""
    if "dismissed" in view.last.note:
        return None
    done = [r for r in view.last.results if r.error is None]
    name = done[-1].name if done else None
    return name if name in ("plan_finetune", "plan_index", "inspect_dataset") else None


def _files(view: View) -> Reading | None:
    if not named_paths(view):
        return None
    order = order_of(without_paths(view)) or _order_at_end(without_paths(view)) or "files"
    describes = len(without_paths(view).split()) > _SHORT and order == "files"
    return Reading(order, describes=describes)


def _undo(view: View) -> Reading | None:
    if is_order("start_over", view.text):
        return Reading("start_over")
    if is_order("dismiss", view.text) or _stops_what_waits(view):
        return Reading("dismiss")
    if not says("forget", view.text) or len(view.text.split()) > _SHORT + 2:
        return None
    names = short_facts.named_facts(view.text, view.known)
    if names:
        return Reading("forget", forgotten=names)
    return Reading("nothing_to_forget") if _names_a_fact_only(view.text) else None


def _names_a_fact_only(text: str) -> bool:
    return len(text.split()) <= _SHORT // 2 and short_facts.names_a_fact(text)


def _stops_what_waits(view: View) -> bool:
    waits = view.last.unanswered is not None or offers(view) in ("plan_finetune", "plan_index")
    return waits and (is_order("cancel", view.text) or is_order("no", view.text))


def _answered(view: View) -> Reading | None:
    fact = asked(view)
    if fact is None or (asks(view.text) and len(view.text.split()) > 3):
        return None
    facts = short_facts.answer(fact, view.text, view.language)
    if not facts and fact == "n_examples" and "prompt_tried" not in view.known:
        # The question was for both.
        facts = short_facts.answer("prompt_tried", view.text, view.language)
    if not facts and short_facts.cannot_say(view.text):
        return Reading("cannot_say")
    more = len(view.text.split()) > _SHORT or bool(short_facts.figures(view.text).keys() - facts)
    return Reading("answer", facts, describes=more) if facts else None


def _orders(view: View) -> Reading | None:
    order = order_of(view.text, view.language)
    return Reading(order) if order else None


_WHOLE_ORDERS = (
    "yes", "no", "thanks", "greeting", "evaluate", "help", "where", "cancel", "resume", "list_jobs",
    "list_indexes", "status", "export_case", "export", "delete", "train", "plan",
    "build", "inspect",
)  # fmt: skip


def order_of(text: str, language: str = "en") -> str | None:
    """The order that a whole message is."""
    for name in _WHOLE_ORDERS:
        if is_order(name, text):
            return name
    if says("compare", text):
        return "compare"
    for name in ("would_change", "stays_here", "talker", "upload"):
        if says(name, text) and len(text.split()) <= _SHORT + 4:
            return {"talker": "help"}.get(name, name)
    if (says("why", text) or says("doubts", text)) and len(text.split()) <= _SHORT + 4:
        return "why"
    return _with_settings(as_digits(text, language))


def _with_settings(text: str) -> str | None:
    """ "Train on this with rank 8", "3 epochs, please"."""
    rest = text
    if settings_in(text):
        rest = without_settings(text).strip(" .,!")
        if is_order("train", rest) or is_order("plan", rest):
            return "train"
        if not rest or is_order("settings", f"use {rest}"):
            return "settings"
    told = says("setting_words", rest) and not asks(text)
    return "unclear_setting" if told and any(map(_starts_order, parts(text))) else None


def _starts_order(part: str) -> bool:
    words = part.split()
    return any(
        is_order(name, " ".join(words[:count]))
        for count in range(1, min(len(words), 4) + 1)
        for name in ("train", "settings")
    )


def _option(view: View) -> Reading | None:
    options = view.last.note.get("options")
    if options and (option := choose(view.text, options)):
        return Reading("option", facts=option.get("facts", {}), option=option)
    pointed = options and points(view.text) and not asks(view.text)
    if (pointed and len(view.text.split()) <= 5) or (picks(view.text) and not asks(view.text)):
        return Reading("which")
    return None


def _supposes(view: View) -> Reading | None:
    if not says("what_if", view.text) or len(view.text.split()) > 2 * _LONG:
        return None
    facts = short_facts.supposed(view.text, view.language, view.known)
    goes_on = says("and", view.text)
    return (
        Reading("what_if", supposed=(_on_top(facts, view) if goes_on else facts,))
        if facts
        else None
    )


def _pressure(view: View) -> Reading | None:
    text = view.text
    if not says("pressure", text) or len(text.split()) > _PRESSURE_WORDS:
        return None
    figures = short_facts.figures(text)
    if any(view.known.get(name) != value for name, value in figures.items()):
        return None
    if not view.known and not any(map(_has_advice, view.turns)) and len(text.split()) > _SHORT + 4:
        return None  # a first message describes a problem, however it is put
    return Reading("pressure")


def _has_advice(turn: Any) -> bool:
    return any(result.name == "recommend_approach" for result in turn.results)


def topic(view: View) -> str | None:
    """The tool that answered last, in the last two turns."""
    for turn in reversed(view.turns[-2:]):
        for result in reversed(turn.results):
            if result.error is None:
                return result.name
    return None


def _follows(view: View) -> Reading | None:
    """ "And on a 4090?" changes one thing in the question before."""
    text = view.text
    about = topic(view)
    if about is None or len(text.split()) > _SHORT + 4 or not says("follow_up", text):
        return None
    facts = short_facts.supposed(text, view.language, view.known)
    if not facts:
        return _follows_in_trade(view)
    kinds = {"estimate_cost": "cost", "plan_finetune": "cost", "estimate_data_needs": "data_needs"}
    if about in kinds:
        return Reading(kinds[about], supposed=(_on_top(facts, view),))
    if about == "recommend_approach" and asks(text):
        return Reading("what_if", supposed=(_on_top(facts, view),))
    return None


def _follows_in_trade(view: View) -> Reading | None:
    found = says("terms", view.text) and asks(view.text) and search_passages(view.text, limit=1)
    return Reading("trade") if found else None


def _on_top(facts: dict[str, Any], view: View) -> dict[str, Any]:
    """With what the turn before supposed: "and" goes on from there."""
    return {**(view.supposed[0] if view.supposed else {}), **facts}


def _corrects(view: View) -> Reading | None:
    text = view.text
    if not view.known or not says("correction", text) or len(text.split()) > _LONG:
        return None
    facts = short_facts.corrected(text, view.known, view.language)
    return Reading("case", facts, describes=not facts) if facts else None


def _estimates(view: View) -> Reading | None:
    text = view.text
    if len(text.split()) > 2 * _LONG:
        return None
    if topic(view) == "inspect_dataset" and says("enough", text) and len(text.split()) <= _SHORT:
        return Reading("data_needs", supposed=({"task_type": _task_of_data(view)},))
    if says("data_needs", text):
        return _data_needs(view)
    if not says("cost", text):
        return None
    if says("not_training_cost", text):
        return Reading("trade") if search_passages(text, limit=1) else None
    if offers(view) == "plan_finetune" and not short_facts.figures(text):
        return Reading("plan_again")
    return _cost(view)


def _task_of_data(view: View) -> str:
    """The kind of task that the dataset last looked at is for."""
    data = view.latest("inspect_dataset")
    task = data.data.get("task") if data else None
    return {"json": "format", "classification": "classification"}.get(str(task), "style")


def _cost(view: View) -> Reading:
    figures = short_facts.figures(view.text)
    stated = {k: v for k, v in figures.items() if view.known.get(k, v) == v}
    other = {k: v for k, v in figures.items() if k not in stated}
    sizes = short_facts.model_sizes(view.text)[:3]
    if len(sizes) > 1:
        stated.pop("model_size_b", None)
        return Reading("cost", stated, supposed=tuple({**other, "model_size_b": s} for s in sizes))
    return Reading("cost", stated, supposed=(other,) if other else ())


def _data_needs(view: View) -> Reading:
    facts = short_facts.figures(view.text)
    task = short_facts.task_in(view.text)
    told = {"n_classes": facts["n_classes"]} if "n_classes" in facts else {}
    if task in (None, "knowledge_qa", "other"):
        task = "classification" if told else view.known.get("task_type")
    if task in (None, "knowledge_qa", "other"):
        return Reading("trade")
    return Reading("data_needs", supposed=({"task_type": task, **told},))


def _orders_last(view: View) -> Reading | None:
    """A long message with an order at its end: its facts count, and so does the order."""
    order = _order_at_end(view.text)
    return Reading(order, describes=True) if order else None


def _order_at_end(text: str) -> str | None:
    clauses = parts(text)
    if len(clauses) < 2 or says("later", text[-len(clauses[-1]) - 25 :]):
        return None
    before = clauses[-2]
    if says("unless", before.split()[0]) or asks(text):
        return None
    return next(
        (n for n in ("train", "plan", "build", "inspect") if is_order(n, clauses[-1])), None
    )


def _off_topic(view: View) -> Reading | None:
    text = view.text
    if len(text.split()) > _PRESSURE_WORDS or says("own", text):
        return None
    unrelated = _is_unrelated(text)
    return Reading("off_topic") if says("off_topic", text) or unrelated else None


def _is_unrelated(text: str) -> bool:
    asked_of_us = len(text.split()) > 3 and not says("models", text)
    return asked_of_us and understand(text).out_of_scope == "unrelated"


def _documents(view: View) -> Reading | None:
    """A question that the person's documents may answer."""
    index = chosen_index(view)
    if not _asks_documents(view.text) and not (index and _is_a_catchword(view.text)):
        return None
    if index:
        return Reading("ask_index")
    last = [r for turn in view.turns[-1:] for r in turn.results]
    planned = bool(last) and last[-1].name == "plan_index"
    return Reading("not_built") if planned and not is_trade_question(view.text) else None


def _asks_documents(text: str) -> bool:
    if len(text.split()) > 60 or says("terms", text):
        return False
    whether = says("whether", text) and says("own", text) and says("models", text)
    return (asks(text) or says("search", text)) and not whether


def _is_a_catchword(text: str) -> bool:
    """ "Parking" is a question once there are documents."""
    return len(text.split()) <= 2 and not says("terms", text) and text[:1].isalpha()


def chosen_index(view: View) -> str | None:
    """The index that questions go to: chosen from a list, or built here, whichever is later."""
    for turn in reversed(view.turns):
        if "index_id" in turn.note:
            return str(turn.note["index_id"])
        for result in reversed(turn.results):
            if result.name == "build_index" and result.error is None:
                return str(result.data["index_id"])
    return None


def _trade(view: View) -> Reading | None:
    return Reading("trade") if is_trade_question(view.text) else None


def is_trade_question(text: str) -> bool:
    """Whether a message asks about the trade in general and not about a case of one's own."""
    words = len(text.split())
    if words > _LONG or (says("whether", text) and says("own", text)):
        return False
    if short_facts.counts_own(text):
        return False  # numbers of one's own make it a case
    found = search_passages(text, limit=1)
    if not found:
        return False
    return asks(text) or (_names_trouble(text) and found[0][1] >= _SURE_PASSAGE)


def _names_trouble(text: str) -> bool:
    """A statement that guidance answers: "my loss is not going down", "overfitting"."""
    return len(text.split()) <= _SHORT and says("terms", text) and not says("own", text)


def _case(view: View) -> Reading | None:
    text = view.text
    if text in DECIDE_AGAIN.values() or (view.known and says("decide", text) and len(text) < 60):
        return Reading("case")
    about = says("models", text) or (view.known and (says("own", text) or says("whether", text)))
    if about or short_facts.supposed(text, view.language) or _describes(text):
        return Reading("case", describes=True)
    if asked(view) is not None:
        return Reading("case")
    return None


def order_of_chosen(text: str) -> str:
    """The order in the message that a choice of file was asked on."""
    plain = without_paths(View(text=text))
    return order_of(plain) or _order_at_end(plain) or "files"


def _describes(text: str) -> bool:
    """Whether a message without a word of the field still describes a problem."""
    understood = understand(text)
    return len(text.split()) > _SHORT and understood.out_of_scope != "unrelated"


_STEPS: tuple[Callable[[View], Reading | None], ...] = (
    _files, _undo, _answered, _orders, _option, _pressure, _supposes, _follows, _corrects,
    _estimates, _orders_last, _off_topic, _documents, _trade, _case,
)  # fmt: skip
