"""Questions: on the trade, on cost and data, on documents; and what is none of ours."""

from __future__ import annotations

from knowdo.agent.embedded import short_facts
from knowdo.agent.embedded.grammar import asks, says
from knowdo.agent.embedded.quantities import find_numbers
from knowdo.agent.embedded.run_settings import run_settings
from knowdo.agent.embedded.situation import (
    LONG,
    SHORT,
    Reading,
    chosen_index,
    offers,
    task_of_data,
    topic,
)
from knowdo.agent.embedded.text import words_in
from knowdo.agent.embedded.understanding import understand
from knowdo.agent.embedded.view import View
from knowdo.knowledge.passages import search_passages

# A statement without a question must fit a passage this well to be answered from it.
_SURE_PASSAGE = 70.0
# A passage that fits this well shows that a question is one on the trade, whatever it sounds like.
_NAMED_IN_A_PASSAGE = 60.0
_OFF_TOPIC_WORDS, _DOCUMENT_QUESTION_WORDS = 45, 60


def on_estimates(view: View) -> Reading | None:
    text = view.text
    if words_in(text) > 2 * LONG:
        return None
    if topic(view) == "inspect_dataset" and says("enough", text) and words_in(text) <= SHORT:
        return Reading("data_needs", supposed=({"task_type": task_of_data(view)},))
    if says("data_needs", text):
        return _data_needs(view)
    if not says("cost", text):
        return None
    if says("not_training_cost", text):
        return Reading("trade") if search_passages(text, limit=1) else None
    if offers(view) == "plan_finetune" and not short_facts.figures(text):
        return Reading("plan_again")
    return _cost(view)


def _cost(view: View) -> Reading:
    figures = short_facts.figures(view.text)
    stated = {k: v for k, v in figures.items() if view.known.get(k, v) == v}
    other = {k: v for k, v in figures.items() if k not in stated}
    other |= run_settings(view.text)
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


def off_topic(view: View) -> Reading | None:
    text = view.text
    if words_in(text) > _OFF_TOPIC_WORDS or says("own", text):
        return None
    # Once there are documents, a question that only sounds unrelated may be one to them.
    unrelated = not chosen_index(view) and _is_unrelated(text)
    return Reading("off_topic") if says("off_topic", text) or unrelated else None


def _is_unrelated(text: str) -> bool:
    if words_in(text) <= 3 or says("models", text):
        return False
    if understand(text).out_of_scope != "unrelated":
        return False
    found = search_passages(text, limit=1)
    return not found or found[0][1] < _NAMED_IN_A_PASSAGE


def on_documents(view: View) -> Reading | None:
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
    if words_in(text) > _DOCUMENT_QUESTION_WORDS or says("terms", text):
        return False
    whether = says("whether", text) and says("own", text)
    if whether and not says("models", text):
        whether = says("do_it", text)
    return (asks(text) or says("search", text)) and not whether


def _is_a_catchword(text: str) -> bool:
    """ "Parking" is a question once there are documents."""
    return words_in(text) <= 2 and not says("terms", text) and text[:1].isalpha()


def on_trade(view: View) -> Reading | None:
    text = view.text
    if view.known and not asks(text) and short_facts.said_of_prompt(text):
        return None  # a fact of the case, however well it fits a passage
    return Reading("trade") if is_trade_question(text) else None


def is_trade_question(text: str) -> bool:
    """Whether a message asks about the trade in general and not about a case of one's own."""
    words = words_in(text)
    if words > LONG or (says("whether", text) and says("own", text)):
        return False
    own = says("own", text) and bool(short_facts.figures(text))
    if own or short_facts.counts_own(text):
        return False  # numbers of one's own make it a case
    if short_facts.said_of_prompt(text) and find_numbers(text):
        return False  # so does what a prompt reached
    found = search_passages(text, limit=1)
    if not found:
        return False
    return asks(text) or (_names_trouble(text) and found[0][1] >= _SURE_PASSAGE)


def _names_trouble(text: str) -> bool:
    """A statement that guidance answers: "my loss is not going down", "overfitting"."""
    return words_in(text) <= SHORT and says("terms", text) and not says("own", text)
