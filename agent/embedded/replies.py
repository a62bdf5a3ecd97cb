"""What the offline model says: short Markdown from tool results, figures as the tools gave them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.say_advice import data_needs, estimate_cost, guidance, recommend, why
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

__all__ = [
    "answer",
    "build_index",
    "compare",
    "data_needs",
    "estimate_cost",
    "evaluation",
    "inspect_dataset",
    "job",
    "plan_finetune",
    "plan_index",
    "recommend",
    "why",
]

EMPTY = "Your message is empty. Tell me what your model should do and what goes wrong today."

GREETING = (
    "Hello. Describe what your language model should do and what goes wrong; I tell you whether it"
    " needs a better prompt, retrieval or fine-tuning, and why. You can also attach documents to"
    " search in, or a JSONL file of examples to train on."
)

THANKS = "You're welcome. Tell me when there is more to decide or to build."

NO_DATASET = (
    "There is no dataset yet. Attach a JSONL file with one `messages` conversation a line; I check"
    " it, plan the run and show you its time and price before anything starts."
)

NO_DOCUMENTS = "There are no documents yet. Attach files, or write the path of a folder."

WHAT_TO_COMPARE = (
    "Write the message for both models after a colon, for example: `compare: Where is my refund?`"
)

NOT_UNDERSTOOD = (
    "I did not understand that. I read English best, and German, Spanish, French and Chinese in"
    " part. Tell me what your language model should do and what goes wrong, or attach documents or"
    " a JSONL file of examples."
)
NOT_BUILT = "The index is planned but not built yet. Say `build it`, then ask again."
UNCLEAR_SETTING = (
    "I did not understand the setting. Write the number as digits, for example `rank 8`,"
    " `0.5 epochs` or `learning rate 2e-4`."
)
NO_EXPORT = (
    "I can't export yet. The job's folder holds the adapter as Hugging Face's tools read it"
    " (`adapter_model.safetensors`, `adapter_config.json`); it loads in PEFT as it is."
)
NO_DELETING = (
    "I don't delete anything from the chat. An index goes in the *Indexes* panel after you type its"
    " name; jobs are folders under `jobs` in your KnowDo home."
)
FALLBACK = "Done."

# Before the plan of a run that the decision on the case did not ask for, by label.
ADVICE_STAYS = {
    "rag": "My advice for your case stays retrieval: a run teaches form, not facts.\n\n",
    "prompt": "My advice for your case stays a better prompt first.\n\n",
    "none": "My advice stays that your case is not a matter of training a language model.\n\n",
}


def reply_to(result: ToolResult) -> str:
    """The reply to a finished tool call."""
    write = _REPLIES.get(result.name)
    return write(result.data) if write else FALLBACK


def failed(result: ToolResult) -> str:
    """The reply to a tool that failed or was not approved."""
    error = (result.error or "").removeprefix("Error: ")
    if "rejected the tool call" in error:
        reason = error.partition("with reason: ")[2]
        why_not = f": {reason}" if reason else ""
        return f"Not started{why_not}. The plan is kept; say `launch` to see it again."
    return error


_REPLIES: dict[str, Callable[[Any], str]] = {
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
