"""The case as a one-page use-case specification in Markdown, to hand on and to file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowdo.agent.case_words import LABELS, in_words
from knowdo.agent.edits import READ_BETWEEN
from knowdo.agent.specification_text import (
    Footnotes,
    cell,
    data_section,
    evaluation_section,
    quoted,
    source_line,
)
from knowdo.knowledge.wording import Language
from knowdo.tools.advise import Advice, advise, use_case_from
from knowdo.tools.home import subfolder, write_atomically

if TYPE_CHECKING:
    from knowdo.agent.conversation import Conversations

TITLE_CHARACTERS = 70
LABEL_NAMES = {
    "prompt": "a better prompt",
    "rag": "retrieval (RAG)",
    "finetune": "fine-tuning",
    "both": "retrieval and fine-tuning",
    "ask": "open: one fact is missing",
    "none": "no matter of adapting a language model",
}


def specification(
    case: Mapping[str, Any],
    advice: Advice,
    messages: Sequence[str],
    today: date,
    edits: Mapping[str, str] | None = None,
) -> str:
    """The page. `messages` are the person's own words on the problem, `edits` what they changed.

    Pure: every figure comes from the case, the advice and the table of data needs.
    """
    notes = Footnotes(advice.citations)
    decision = _decision(advice, notes)
    data, data_sources = data_section(case, advice.recommendation.label)
    evaluation = evaluation_section(case, advice.recommendation.label, notes)
    parts = [
        f"# Use case: {_title(messages)}",
        f"*Specification by KnowDo, {today.isoformat()}*",
        f"## The problem, in the person's words\n\n{quoted(messages)}",
        f"## Facts\n\n{_facts(case, edits or {})}",
        f"## Decision: {LABEL_NAMES[advice.recommendation.label]}\n\n{decision}",
        f"## Data: needed and there\n\n{data}",
        f"## How it will be judged\n\n{evaluation}",
        f"## Sources\n\n{_sources(notes, data_sources)}",
        notes.text(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_specification(
    conversation_id: str,
    case: Mapping[str, Any],
    messages: Sequence[str],
    today: date,
    edits: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Path:
    """Decide on the case, write `specifications/ID.md` under the KnowDo home, return its path."""
    advice = advise(use_case_from(dict(case)), language)
    path = subfolder("specifications") / f"{conversation_id}.md"
    text = specification(case, advice, on_the_problem(messages), today, edits)
    write_atomically(path, text.encode())
    return path


def of_conversation(conversations: Conversations, conversation_id: str, today: date) -> str:
    """The specification of a conversation as it stands. Raises InputError while it has no facts."""
    from knowdo.agent.embedded.language import language_of
    from knowdo.knowledge.errors import InputError

    case = conversations.case(conversation_id)
    if not case:
        raise InputError("There are no facts yet. Say what your model should do, then export.")
    said = [e.text for e in conversations.transcript(conversation_id) if e.role == "user"]
    languages = [language for text in said if (language := language_of(text))]
    advice = advise(use_case_from(case), languages[-1] if languages else "en")
    edits = conversations.edits(conversation_id)
    return specification(case, advice, conversations.told(conversation_id), today, edits)


def on_the_problem(messages: Iterable[str]) -> list[str]:
    """Those of a person's messages that describe their problem, in their order."""
    from knowdo.agent.edits import DECIDE_AGAIN
    from knowdo.agent.embedded.policy import describes_a_case
    from knowdo.agent.embedded.view import View

    said = [text.strip() for text in messages if text.strip() not in DECIDE_AGAIN.values()]
    return [text for text in said if text and describes_a_case(View(text=text))] or said[:1]


def _title(messages: Sequence[str]) -> str:
    words = " ".join(messages[0].split()) if messages else "without a description"
    if len(words) <= TITLE_CHARACTERS:
        return cell(words)
    return cell(words[:TITLE_CHARACTERS].rsplit(" ", 1)[0]) + " …"


def _facts(case: Mapping[str, Any], edits: Mapping[str, str]) -> str:
    rows = [
        f"| {label} | {cell(in_words(name, case[name]))} | {origin(name, edits)} |"
        for name, label in LABELS.items()
        if name in case
    ]
    if not rows:
        return "None stated."
    return "\n".join(["| Fact | Value | From |", "| --- | --- | --- |", *rows])


def origin(name: str, edits: Mapping[str, str]) -> str:
    """Whether a fact was said, was read between the words, or was set by hand."""
    if edits.get(name) == "edited":
        return "edited by you"
    return "understood from your words" if name in READ_BETWEEN else "said by you"


def _decision(advice: Advice, notes: Footnotes) -> str:
    chosen = advice.recommendation
    parts = [f"**{chosen.headline}**"]
    parts += [f"- {r.text}{notes.marks(r.passage_ids)}" for r in chosen.reasons]
    text = "\n".join([parts[0], "", *parts[1:]])
    if chosen.cautions:
        rows = [f"- {c.text}{notes.marks(c.passage_ids)}" for c in chosen.cautions]
        text += "\n\n**Warnings**\n\n" + "\n".join(rows)
    lines = [("Open question", chosen.question), ("What would change it", chosen.would_change)]
    lines.append(("Next step", chosen.next_step))
    return text + "".join(f"\n\n**{name}:** {said}" for name, said in lines if said)


def _sources(notes: Footnotes, others: Iterable[Any]) -> str:
    sources = dict.fromkeys([*notes.sources(), *others])
    return "\n".join(f"{i}. {source_line(source)}" for i, source in enumerate(sources, 1))
