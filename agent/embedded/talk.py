"""What is said without a tool: greetings, what is missing, a way back to the matter."""

from __future__ import annotations

from typing import Any

from knowdo.agent.embedded import replies
from knowdo.agent.embedded.moves import Say, Step
from knowdo.agent.embedded.short_facts import STATED
from knowdo.agent.embedded.situation import Reading, asked, offers
from knowdo.agent.embedded.view import View
from knowdo.tools.advise import advise, use_case_from


def say_key(view: View, key: str) -> Say:
    """A sentence of the conversation as the reply."""
    return Say(replies.say(view.language, key))


def empty(view: View, reading: Reading) -> Step:
    """Nothing was written."""
    del reading
    return say_key(view, "talk.empty")


def unknown(view: View, reading: Reading) -> Step:
    """What was not understood; the question that is open is asked again by the decision."""
    del reading
    return say_key(view, "talk.not_understood")


def unclear_yes(view: View, reading: Reading) -> Step:
    """A yes to nothing that was offered."""
    return where(view, reading) if view.case else say_key(view, "dialog.fine")


def greeting(view: View, reading: Reading) -> Step:
    """Hello; in a conversation with a case, where it stands."""
    return where(view, reading) if view.case else say_key(view, "talk.greeting")


def help_(view: View, reading: Reading) -> Step:
    """What can be done here."""
    del reading
    return say_key(view, "talk.greeting")


def thanks(view: View, reading: Reading) -> Step:
    """You're welcome."""
    del reading
    return say_key(view, "talk.thanks")


def no(view: View, reading: Reading) -> Step:
    """A no to nothing that waits, or to an offer."""
    if offers(view):
        return dismiss(view, reading)
    return say_key(view, "dialog.fine")


def dismiss(view: View, reading: Reading) -> Step:
    """Leave what was planned; nothing was started."""
    del reading
    return Say(replies.say(view.language, "turn.cancelled"), {"dismissed": True})


def start_over(view: View, reading: Reading) -> Step:
    """The case is forgotten."""
    del reading
    return Say(replies.say(view.language, "turn.forgotten"), {"dismissed": True})


def off_topic(view: View, reading: Reading) -> Step:
    """A kind way back."""
    del reading
    return say_key(view, "turn.off_topic")


def not_built(view: View, reading: Reading) -> Step:
    """A question on documents whose index is only planned."""
    del reading
    return say_key(view, "talk.not_built")


def no_export(view: View, reading: Reading) -> Step:
    """What stands in place of an export."""
    del reading
    return say_key(view, "talk.no_export")


def no_deleting(view: View, reading: Reading) -> Step:
    """Where things are deleted."""
    del reading
    return say_key(view, "talk.no_deleting")


def no_documents(view: View, reading: Reading) -> Step:
    """Nothing to index yet."""
    del reading
    return say_key(view, "talk.no_documents")


def no_dataset(view: View, reading: Reading) -> Step:
    """What is missing for a run: the dataset, and what a prompt reaches."""
    del reading
    return Say(missing_for_training(view))


def missing_for_training(view: View) -> str:
    """The dataset, and the prompt's result when nothing was said of it."""
    language = view.language
    parts = [replies.say(language, "talk.no_dataset")]
    label = advise(use_case_from(view.case), language).recommendation.label if view.case else None
    if label not in ("rag", "none", None) and not view.case.get("prompt_tried"):
        parts.append(replies.say(language, "dialog.no_baseline"))
    return replies.advice_stays(label, language) + "\n\n".join(parts)


def no_approval(view: View, reading: Reading) -> Say:
    """A sentence approves nothing."""
    del reading
    again = view.noted_times("pressed") % 2
    key = "dialog.pressure_card_2" if again else "dialog.pressure_card"
    return Say(replies.say(view.language, key), {"pressed": True})


def cheaper_plan(view: View, reading: Reading) -> Step:
    """What makes a planned run cheaper; the card that waits stays."""
    del reading
    return say_key(view, "dialog.cheaper_plan")


def hesitates(view: View, reading: Reading) -> Step:
    """Nothing presses: what the plan waits for, and what can be asked."""
    del reading
    return say_key(view, "dialog.hesitates")


def which(view: View, reading: Reading) -> Step:
    """It cannot be known which thing is meant."""
    del reading
    options = view.last.note.get("options")
    if not options:
        return say_key(view, "dialog.nothing_shown")
    names = [str(option["name"]) for option in options]
    return Say(replies.not_clear_which(view.language, names), {"options": options})


def would_change(view: View, reading: Reading) -> Step:
    """The fact that would move the advice."""
    if not view.case:
        return where(view, reading)
    advice = advise(use_case_from(view.case), view.language).recommendation
    if advice.question:
        return Say(advice.question, {"asks": advice.key_fact})
    return Say(replies.say(view.language, "advice.would_change", text=advice.would_change))


def stays_here(view: View, reading: Reading) -> Step:
    """Nothing leaves this machine."""
    del reading
    return say_key(view, "dialog.stays_here")


def nothing_to_forget(view: View, reading: Reading) -> Step:
    """A fact to forget that was never noted."""
    del reading
    return say_key(view, "dialog.nothing_to_forget")


def which_fact(view: View, reading: Reading) -> Step:
    """A supposition without a fact that is understood."""
    del reading
    return say_key(view, "dialog.which_fact")


def plan_again(view: View, reading: Reading) -> Step:
    """The plan of the last turn once more: its time and price."""
    del reading
    return Say(replies.reply_to(view.last.results[-1], view.language))


def where(view: View, reading: Reading) -> Step:
    """The case in one line and the step that is open."""
    del reading
    if not view.case and open_offer(view) is None:
        return say_key(view, "turn.case_empty")
    note = {"asks": fact} if (fact := asked(view) or _asks(view)) else {}
    return Say(replies.welcome_back(view.language, _plain(view), open_step(view)), note)


def _plain(view: View) -> dict[str, Any]:
    """What a person would name of their case: not what was read between the words."""
    return {k: v for k, v in view.case.items() if k in (*STATED, "task_type", *_PROMPT)}


_PROMPT = ("prompt_tried", "prompt_fell_short")


def _asks(view: View) -> str | None:
    return advise(use_case_from(view.case)).recommendation.key_fact if view.case else None


def open_step(view: View) -> str:
    """What comes next, as a sentence."""
    if offer := open_offer(view):
        return offer
    advice = advise(use_case_from(view.case), view.language).recommendation
    return advice.question or advice.next_step


def open_offer(view: View) -> str | None:
    """What waits for a word of the person, or is ready, after the tools that ran."""
    language = view.language
    for result in reversed([r for r in view.earlier if r.error is None]):
        if result.name in ("launch_finetune", "resume_job", "job_status"):
            return replies.say(language, "dialog.job_started", job=result.data["job_id"])
        if result.name == "build_index":
            return replies.say(language, "dialog.index_ready", name=result.data["name"])
        if result.name in _OFFERS and not result.data.get("blockers"):
            return replies.say(language, _OFFERS[result.name])
    return None


_OFFERS = {
    "plan_finetune": "training.offer_launch",
    "plan_index": "documents.offer",
    "inspect_dataset": "training.offer_plan",
}
