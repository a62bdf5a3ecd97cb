"""What the offline model says: short Markdown from tool results, figures as the tools gave them."""

from __future__ import annotations

from typing import Any, Protocol

from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.say import say
from knowdo.agent.embedded.say_advice import data_needs, estimate_cost, guidance, recommend, why
from knowdo.agent.embedded.say_case import (
    changed,
    fact,
    fact_line,
    fact_name,
    not_clear_which,
    noted,
    pressure,
    welcome_back,
    what_if,
)
from knowdo.agent.embedded.say_documents import answer, build_index, offer_index, plan_index
from knowdo.agent.embedded.say_training import (
    compare,
    evaluation,
    inspect_dataset,
    job,
    launched,
    offer_launch,
    offer_training,
    plan_finetune,
)
from knowdo.knowledge.wording import Language

__all__ = [
    "answer",
    "build_index",
    "changed",
    "compare",
    "data_needs",
    "estimate_cost",
    "evaluation",
    "fact",
    "fact_line",
    "fact_name",
    "inspect_dataset",
    "job",
    "not_clear_which",
    "noted",
    "plan_finetune",
    "plan_index",
    "pressure",
    "recommend",
    "say",
    "welcome_back",
    "what_if",
    "why",
]


class Reply(Protocol):
    """Writes a tool's result as Markdown."""

    def __call__(self, data: Any, language: Language = "en") -> str: ...


def reply_to(result: ToolResult, language: Language = "en") -> str:
    """The reply to a finished tool call."""
    write = _REPLIES.get(result.name)
    return write(result.data, language) if write else say(language, "talk.done")


def failed(result: ToolResult, language: Language = "en") -> str:
    """The reply to a tool that failed or was not approved."""
    error = (result.error or "").removeprefix("Error: ")
    if "rejected the tool call" not in error:
        return error
    reason = error.partition("with reason: ")[2].rstrip(".")
    if reason:
        return say(language, "talk.not_started_because", reason=reason)
    return say(language, "talk.not_started")


def advice_stays(label: str | None, language: Language = "en") -> str:
    """Said before the plan of a run that the decision on the case did not ask for."""
    if label not in ("rag", "prompt", "none"):
        return ""
    return say(language, f"advice_stays.{label}") + "\n\n"


_REPLIES: dict[str, Reply] = {
    "recommend_approach": recommend,
    "search_guidance": guidance,
    "estimate_cost": estimate_cost,
    "estimate_data_needs": data_needs,
    "plan_index": offer_index,
    "build_index": build_index,
    "ask_index": answer,
    "inspect_dataset": offer_training,
    "plan_finetune": offer_launch,
    "launch_finetune": launched,
    "resume_job": launched,
    "job_status": job,
    "cancel_job": job,
    "evaluate_model": evaluation,
    "chat_with_model": compare,
}
