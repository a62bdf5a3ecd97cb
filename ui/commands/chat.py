"""knowdo chat: the conversation in the terminal, or scripted for tests."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from knowdo.knowledge.errors import InputError, KnowDoError
from knowdo.ui.commands.output import as_json, plain_text

if TYPE_CHECKING:
    from knowdo.agent.conversation import Conversations


@click.command()
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSONL file of {id, turns: [{user}]}; one answer a line and turn, approving nothing.",
)
@as_json
def chat(script: Path | None, json_output: bool) -> None:
    """Talk in the terminal; end with an empty line."""
    from knowdo.agent.settings import settings_from_environment

    if script is not None:
        _run_script(script)
        return
    if json_output:
        raise click.UsageError("--json needs --script FILE.jsonl")
    settings = settings_from_environment()
    click.echo(settings.where_messages_go())
    _talk()


def _talk() -> None:
    from knowdo.agent.run import Failed

    conversations = _conversations(None)
    conversation_id = conversations.new()
    while text := click.prompt("You", default="", show_default=False).strip():
        try:
            events = list(conversations.send(conversation_id, text).events())
        except KnowDoError as error:
            click.echo(f"! {error}")
            continue
        if failures := [event.message for event in events if isinstance(event, Failed)]:
            click.echo(f"! {failures[0]}")
            continue
        click.echo(f"\n{plain_text(conversations.transcript(conversation_id)[-1].text)}\n")
        pending = conversations.pending(conversation_id)
        if pending:
            _decide(conversations, conversation_id, pending.plan_id)


def _decide(conversations: Conversations, conversation_id: str, plan_id: str) -> None:
    if click.confirm(f"Approve plan {plan_id} and start it?", default=False):
        run = conversations.approve(conversation_id, plan_id, "the person at the command line")
    else:
        run = conversations.reject(conversation_id)
    for _ in run.events():
        pass
    click.echo(f"\n{plain_text(conversations.transcript(conversation_id)[-1].text)}\n")


def _run_script(script: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        conversations = _conversations(Path(folder) / "script.sqlite")
        for dialog_id, messages in _dialogs(script):
            for number, message in enumerate(messages, 1):
                answer = _turn(conversations, dialog_id, message)
                row = {"id": dialog_id, "turn": number, **answer}
                click.echo(json.dumps(row, ensure_ascii=False))


def _dialogs(script: Path) -> list[tuple[str, list[str]]]:
    """The dialogs of a script with their messages, all checked before the first is played."""
    dialogs = []
    for number, line in enumerate(script.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            dialog = json.loads(line)
            dialogs.append((str(dialog["id"]), [str(turn["user"]) for turn in dialog["turns"]]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{script}, line {number} is no dialog ({error}). Each line is one JSON object: "
                '{"id": "a", "turns": [{"user": "What is LoRA?"}]}.'
            ) from error
    return dialogs


def _conversations(database: Path | None) -> Conversations:
    from knowdo.agent.conversation import Conversations
    from knowdo.agent.settings import settings_from_environment
    from knowdo.tools.home import home

    return Conversations(settings_from_environment(), database or home() / "chats.sqlite")


def _turn(conversations: Conversations, conversation_id: str, text: str) -> dict[str, Any]:
    from knowdo.agent.run import Failed
    from knowdo.tools.advise import advise, use_case_from

    try:
        events = list(conversations.send(conversation_id, text).events())
    except KnowDoError as error:
        events = [Failed(str(error))]
    failures = [event.message for event in events if isinstance(event, Failed)]
    entries = conversations.transcript(conversation_id)
    entry = entries[-1] if entries and entries[-1].role == "assistant" else None
    facts = conversations.case(conversation_id)
    decision = advise(use_case_from(facts)).recommendation
    decided = entry is not None and any(u.name == "recommend_approach" for u in entry.tools)
    return {
        "reply": failures[0] if failures or entry is None else entry.text,
        "label": decision.label if decided else None,
        "facts": facts,
        "warnings": [c.code for c in decision.cautions] if decided else [],
        "asks": decision.key_fact if decided else None,
        "tool_calls": [
            {"name": use.name, "args": use.args, "status": _STATUS[use.status]}
            for use in (entry.tools if entry else [])
        ],
    }


_STATUS = {
    "waiting": "awaiting_approval",
    "done": "done",
    "failed": "failed",
    "declined": "refused",
}
