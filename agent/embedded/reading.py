"""What a message does: one kind of move, the facts that it states, and what it only supposes."""

from __future__ import annotations

from collections.abc import Callable

from knowdo.agent.edits import DECIDE_AGAIN
from knowdo.agent.embedded import short_facts
from knowdo.agent.embedded.choices import choose, picks, points
from knowdo.agent.embedded.grammar import asks, is_order, says
from knowdo.agent.embedded.order_words import order_at_end, order_of
from knowdo.agent.embedded.paths import named_paths, without_paths
from knowdo.agent.embedded.questions import off_topic, on_documents, on_estimates, on_trade
from knowdo.agent.embedded.run_settings import run_settings
from knowdo.agent.embedded.situation import (
    LONG,
    SHORT,
    Reading,
    asked,
    offers,
    on_top,
    smaller_model,
    topic,
)
from knowdo.agent.embedded.text import words_in
from knowdo.agent.embedded.understanding import understand
from knowdo.agent.embedded.view import Turn, View
from knowdo.knowledge.passages import search_passages

_PRESSURE_WORDS = 45


def read(view: View) -> Reading:
    """The move of the newest message."""
    if not view.text and not view.files:
        return Reading("empty")
    for step in _STEPS:
        if (reading := step(view)) is not None:
            return reading
    return Reading("unknown")


def _files(view: View) -> Reading | None:
    if not named_paths(view):
        return None
    order = order_of(without_paths(view)) or order_at_end(without_paths(view)) or "files"
    describes = words_in(without_paths(view)) > SHORT and order == "files"
    return Reading(order, describes=describes)


def _undo(view: View) -> Reading | None:
    if is_order("start_over", view.text):
        return Reading("start_over")
    if is_order("dismiss", view.text) or _stops_what_waits(view):
        return Reading("dismiss")
    if not says("forget", view.text) or words_in(view.text) > SHORT + 2:
        return None
    names = short_facts.named_facts(view.text, view.known)
    if names:
        return Reading("forget", forgotten=names)
    return Reading("nothing_to_forget") if _names_a_fact_only(view.text) else None


def _names_a_fact_only(text: str) -> bool:
    return words_in(text) <= SHORT // 2 and short_facts.names_a_fact(text)


def _stops_what_waits(view: View) -> bool:
    waits = view.last.unanswered is not None or offers(view) in ("plan_finetune", "plan_index")
    return waits and (is_order("cancel", view.text) or is_order("no", view.text))


def _answered(view: View) -> Reading | None:
    fact = asked(view)
    if fact is None or (asks(view.text) and words_in(view.text) > 3):
        return None
    facts = short_facts.answer(fact, view.text, view.language)
    if not facts and fact == "n_examples" and "prompt_tried" not in view.known:
        # The question was for both.
        facts = short_facts.answer("prompt_tried", view.text, view.language)
    if not facts and short_facts.cannot_say(view.text):
        return Reading("cannot_say")
    more = words_in(view.text) > SHORT or bool(short_facts.figures(view.text).keys() - facts)
    return Reading("answer", facts, describes=more) if facts else None


def _other_run(view: View) -> Reading | None:
    """ "And with QLoRA?", "on two of them?": the run just estimated, trained otherwise."""
    settings = run_settings(view.text)
    short = words_in(view.text) <= SHORT and asks(view.text) and says("follow_up", view.text)
    if topic(view) != "estimate_cost" or not settings or not short:
        return None
    return Reading("cost", supposed=(on_top(settings | short_facts.figures(view.text), view),))


def _orders(view: View) -> Reading | None:
    order = order_of(view.text, view.language)
    return Reading(order) if order else None


def _option(view: View) -> Reading | None:
    options = view.last.note.get("options")
    if options and (option := choose(view.text, options)):
        return Reading("option", facts=option.get("facts", {}), option=option)
    pointed = options and points(view.text) and not asks(view.text)
    if (pointed and words_in(view.text) <= 5) or (picks(view.text) and not asks(view.text)):
        return Reading("which")
    return None


def _hesitates(view: View) -> Reading | None:
    """Not sure, while a plan waits."""
    waits = view.last.unanswered is not None or offers(view) in ("plan_finetune", "plan_index")
    if waits and words_in(view.text) <= SHORT + 4 and says("hesitates", view.text):
        return Reading("hesitates")
    return None


def _too_dear(view: View) -> Reading | None:
    """A price was told and it is too high."""
    if words_in(view.text) > SHORT + 4 or not says("too_dear", view.text):
        return None
    about = topic(view)
    if about == "estimate_cost" and not short_facts.supposed(view.text, view.language, view.known):
        return Reading("cheaper", supposed=(on_top(smaller_model(view), view),))
    return Reading("cheaper_plan") if about in ("plan_finetune", "launch_finetune") else None


def _supposes(view: View) -> Reading | None:
    if not says("what_if", view.text) or words_in(view.text) > 2 * LONG:
        return None
    # A bare number is one of what was just asked for, else of what is known.
    fact = asked(view)
    about = {fact: None} if fact in short_facts.FIGURES else view.known
    facts = short_facts.supposed(view.text, view.language, about)
    goes_on = says("and", view.text)
    return (
        Reading("what_if", supposed=(on_top(facts, view) if goes_on else facts,)) if facts else None
    )


def _pressure(view: View) -> Reading | None:
    text = view.text
    if not says("pressure", text) or words_in(text) > _PRESSURE_WORDS:
        return None
    figures = short_facts.figures(text)
    if any(view.known.get(name) != value for name, value in figures.items()):
        return None
    if not view.known and not any(map(_has_advice, view.turns)) and words_in(text) > SHORT + 4:
        return None  # a first message describes a problem, however it is put
    return Reading("pressure")


def _has_advice(turn: Turn) -> bool:
    return any(result.name == "recommend_approach" for result in turn.results)


def _follows(view: View) -> Reading | None:
    """ "And on a 4090?" changes one thing in the question before."""
    text = view.text
    about = topic(view)
    if about is None or words_in(text) > SHORT + 4 or not says("follow_up", text):
        return None
    facts = short_facts.supposed(text, view.language, view.known)
    kinds = {"estimate_cost": "cost", "plan_finetune": "cost", "estimate_data_needs": "data_needs"}
    if kinds.get(about) == "cost":
        facts |= run_settings(text)
    if not facts:
        return _follows_in_trade(view)
    if says("cost", text) and about not in kinds:
        return None  # a new question, whatever word it begins with
    if about in kinds:
        return Reading(kinds[about], supposed=(on_top(facts, view),))
    if about == "recommend_approach" and asks(text):
        return Reading("what_if", supposed=(on_top(facts, view),))
    return None


def _follows_in_trade(view: View) -> Reading | None:
    found = says("terms", view.text) and asks(view.text) and search_passages(view.text, limit=1)
    return Reading("trade") if found else None


def _corrects(view: View) -> Reading | None:
    text = view.text
    if not view.known or not says("correction", text) or words_in(text) > LONG:
        return None
    facts = short_facts.corrected(text, view.known, view.language)
    return Reading("case", facts, describes=not facts) if facts else None


def _orders_last(view: View) -> Reading | None:
    """A long message with an order at its end: its facts count, and so does the order."""
    order = order_at_end(view.text)
    return Reading(order, describes=True) if order else None


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


def _describes(text: str) -> bool:
    """Whether a message without a word of the field still describes a problem."""
    understood = understand(text)
    return words_in(text) > SHORT and understood.out_of_scope != "unrelated"


_STEPS: tuple[Callable[[View], Reading | None], ...] = (
    _files, _undo, _hesitates, _answered, _too_dear, _other_run, _orders, _option, _pressure,
    _supposes, _follows, _corrects, on_estimates, _orders_last, off_topic, on_documents, on_trade,
    _case,
)  # fmt: skip
