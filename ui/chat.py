"""The chat: entries of a conversation as messages to show, and a turn as it happens."""

from __future__ import annotations

import copy
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowdo.agent.conversation import Conversations
from knowdo.agent.entries import Entry, ToolUse
from knowdo.agent.run import (
    Failed,
    Progress,
    Run,
    TextDelta,
    ToolEnded,
    ToolStarted,
)
from knowdo.knowledge.errors import InputError
from knowdo.tools.home import subfolder
from knowdo.tools.tool import to_json
from knowdo.ui.citations import linked

# The page repaints at most this often while a reply streams; more only loads the browser.
REPAINT_SECONDS = 0.06
MAX_UPLOAD_BYTES = 2_000_000_000

Message = dict[str, Any]

_TOOL_TITLES = {
    "recommend_approach": "Deciding",
    "search_guidance": "Looking up guidance",
    "estimate_cost": "Estimating cost",
    "estimate_data_needs": "Estimating data needs",
    "inspect_dataset": "Checking the dataset",
    "plan_index": "Planning the index",
    "build_index": "Building the index",
    "ask_index": "Searching the documents",
    "plan_finetune": "Planning the run",
    "launch_finetune": "Launching the run",
    "list_jobs": "Listing the runs",
    "list_indexes": "Listing the indexes",
    "export_case": "Saving the case",
    "job_status": "Looking at the run",
    "cancel_job": "Stopping the run",
    "resume_job": "Resuming the run",
    "evaluate_model": "Comparing base and tuned",
    "chat_with_model": "Asking both models",
}
_MARKS = {"waiting": "pending", "done": "done", "failed": "done", "declined": "done"}
_SUFFIXES = {"waiting": "", "done": "", "failed": " (failed)", "declined": " (not run)"}


def to_messages(entries: list[Entry]) -> list[Message]:
    """Entries as the chat component takes them; tool calls become lines that open on a click."""
    messages: list[Message] = []
    for entry in entries:
        messages += [_tool_message(use) for use in entry.tools]
        names = [f"*Attached: {Path(path).name}*" for path in entry.files]
        by_person = entry.role == "user"
        said = shown_as_typed(entry.text) if by_person else linked(entry.text, entry.cited)
        text = "\n".join([said, *names]).strip()
        if text:
            messages.append({"role": entry.role, "content": text})
    return messages


def shown_as_typed(text: str) -> str:
    """What a person wrote, with nothing in it becoming a picture or an element of the page."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("![", "!\\[")


def _tool_message(use: ToolUse) -> Message:
    title = _TOOL_TITLES.get(use.name, use.name) + _SUFFIXES[use.status]
    return {
        "role": "assistant",
        "content": f"```json\n{to_json({'tool': use.name, **use.args})}\n```",
        "metadata": {"title": title, "status": _MARKS[use.status]},
    }


def follow(conversations: Conversations, conversation_id: str, run: Run) -> Iterator[list[Message]]:
    """The chat again and again while a turn runs; ends with what is kept of it."""
    base, live = _split(run.before)
    line = ""
    failure = None
    painted = time.monotonic()
    yield [*base, {"role": "assistant", "content": "…"}]
    for event in run.events():
        if isinstance(event, TextDelta):
            line = ""
            live.text += event.text
        elif isinstance(event, ToolStarted):
            line = ""
            _begin(live, event)
        elif isinstance(event, ToolEnded):
            line = ""
            _finish(live, event)
        elif isinstance(event, Progress):
            line = _progress_line(event)
        elif isinstance(event, Failed):
            failure = event.message
        if time.monotonic() - painted >= REPAINT_SECONDS:
            painted = time.monotonic()
            yield base + _live(live, line)
    messages = to_messages(conversations.transcript(conversation_id))
    if failure:
        messages.append({"role": "assistant", "content": f"⚠️ {failure}"})
    yield messages


def _live(live: Entry, line: str) -> list[Message]:
    messages = to_messages([live])
    if line:
        messages.append({"role": "assistant", "content": line})
    return messages


def _split(before: list[Entry]) -> tuple[list[Message], Entry]:
    """What stands, and the entry that grows: after an approval the assistant's last one goes on."""
    if before and before[-1].role == "assistant":
        return to_messages(before[:-1]), copy.deepcopy(before[-1])
    return to_messages(before), Entry("assistant")


def _begin(live: Entry, event: ToolStarted) -> None:
    # The graph repeats the call when a person has decided on it.
    if any(use.call_id == event.call_id for use in live.tools):
        return
    live.tools.append(ToolUse(event.name, event.args, event.call_id))
    live.text = live.text.rstrip() + "\n\n" if live.text else ""


def _finish(live: Entry, event: ToolEnded) -> None:
    for use in live.tools:
        if use.call_id == event.call_id:
            use.status = "failed" if event.status == "failed" else "done"


def _progress_line(progress: Progress) -> str:
    if not progress.total:
        return f"*{progress.text} …*"
    share = min(progress.done / progress.total, 1)
    filled = round(share * 20)
    return f"`{'█' * filled}{'░' * (20 - filled)}` {share:.0%} · {progress.text}"


def keep_uploads(conversation_id: str, paths: list[str]) -> tuple[str, ...]:
    """Copy uploaded files to where they stay; returns the new paths.

    Raises InputError for a file that is too large. A file of the same name is not overwritten.
    """
    if not re.fullmatch(r"[0-9a-f]{12}", conversation_id):
        # The id comes from the browser, and a folder is named after it.
        raise InputError("This conversation's id is not valid; start a new conversation.")
    kept = []
    for path in map(Path, paths):
        if path.stat().st_size > MAX_UPLOAD_BYTES:
            raise InputError(
                f"{path.name} is larger than {MAX_UPLOAD_BYTES // 10**9} GB. Write its path into"
                " the message instead; it is then read where it lies."
            )
        target = _free_name(subfolder("uploads") / conversation_id / path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        kept.append(str(target))
    return tuple(kept)


def _free_name(wanted: Path) -> Path:
    number = 2
    path = wanted
    while path.exists():
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        number += 1
    return path
