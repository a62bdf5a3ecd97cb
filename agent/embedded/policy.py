"""What the offline model does next: one tool call, or a reply, from the conversation so far."""

from __future__ import annotations

from collections.abc import Callable

from knowdo.agent.embedded import orders, replies, talk
from knowdo.agent.embedded.after import after
from knowdo.agent.embedded.grammar import says
from knowdo.agent.embedded.moves import Call, Say, Step
from knowdo.agent.embedded.order_words import order_of
from knowdo.agent.embedded.questions import is_trade_question
from knowdo.agent.embedded.reading import read
from knowdo.agent.embedded.situation import Reading
from knowdo.agent.embedded.view import View

__all__ = [
    "Call",
    "Say",
    "Step",
    "describes_a_case",
    "intent_of",
    "is_trade_question",
    "next_step",
    "says_yes",
]


def next_step(view: View) -> Step:
    """The next tool call or the reply of this turn."""
    if view.results and view.results[-1].error is not None:
        return Say(replies.failed(view.results[-1], view.language))
    reading = read(view)
    if view.results:
        return after(view, reading, view.results[-1])
    return _MOVES.get(reading.kind, talk.unknown)(view, reading)


def intent_of(text: str) -> str | None:
    """The order that a whole message gives, or None when it describes or asks something."""
    return order_of(text)


def says_yes(text: str) -> bool:
    """Whether a message only agrees: "yes", "ok, approve it"."""
    return says("agrees", text)


def describes_a_case(view: View) -> bool:
    """Whether the newest message tells about the person's own problem, so that facts are kept."""
    return bool(view.text) and read(view).describes


Move = Callable[[View, Reading], Step]
_MOVES: dict[str, Move] = {
    "empty": talk.empty,
    "files": orders.files,
    "start_over": talk.start_over,
    "dismiss": talk.dismiss,
    "forget": orders.decide,
    "nothing_to_forget": talk.nothing_to_forget,
    "answer": orders.answer,
    "cannot_say": orders.decide,
    "yes": orders.confirm,
    "no": talk.no,
    "thanks": talk.thanks,
    "greeting": talk.greeting,
    "help": talk.help_,
    "where": talk.where,
    "cancel": orders.on_job,
    "resume": orders.on_job,
    "status": orders.on_job,
    "list_jobs": orders.listing,
    "list_indexes": orders.listing,
    "evaluate": orders.evaluate,
    "compare": orders.compare,
    "export_case": orders.export_case,
    "export": talk.no_export,
    "delete": talk.no_deleting,
    "train": orders.train,
    "plan": orders.train,
    "settings": orders.train,
    "unclear_setting": orders.unclear_setting,
    "build": orders.build,
    "inspect": orders.inspect,
    "why": orders.why,
    "would_change": talk.would_change,
    "stays_here": talk.stays_here,
    "upload": talk.no_documents,
    "option": orders.option,
    "which": talk.which,
    "what_if": orders.decide,
    "which_fact": talk.which_fact,
    "pressure": orders.pressure,
    "cost": orders.cost,
    "cheaper": orders.cheaper,
    "cheaper_plan": talk.cheaper_plan,
    "hesitates": talk.hesitates,
    "plan_again": talk.plan_again,
    "data_needs": orders.data_needs,
    "off_topic": talk.off_topic,
    "not_built": talk.not_built,
    "ask_index": orders.ask_index,
    "trade": orders.trade,
    "case": orders.decide,
}
