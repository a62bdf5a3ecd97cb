"""Jobs on disk: one folder each, with its plan, state, events, log, checkpoints and results."""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from knowdo.knowledge.errors import InputError
from knowdo.tools.home import read_json, subfolder, write_json
from knowdo.tools.tool import to_plain

State = Literal["queued", "running", "stopping", "succeeded", "failed", "cancelled", "interrupted"]
EventKind = Literal["train", "eval", "checkpoint", "phase", "error", "done"]
# What may follow on what; a finished job becomes queued again by resuming it.
TRANSITIONS: dict[State, tuple[State, ...]] = {
    "queued": ("running", "cancelled", "failed", "interrupted"),
    "running": ("stopping", "succeeded", "failed", "cancelled", "interrupted"),
    "stopping": ("succeeded", "failed", "cancelled", "interrupted"),
    "succeeded": (),
    "failed": ("queued",),
    "cancelled": ("queued",),
    "interrupted": ("queued",),
}
ACTIVE: tuple[State, ...] = ("queued", "running", "stopping")


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job stands. Times are ISO 8601 in UTC; `pid_created` is seconds since the epoch."""

    job_id: str
    name: str
    state: State
    message: str
    plan_id: str
    device: str
    approved_by: str
    created_at: str
    updated_at: str
    attempt: int = 1
    pid: int | None = None
    pid_created: float | None = None
    started_at: str | None = None
    finished_at: str | None = None


def new_job_id() -> str:
    """An id that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def job_folder(job_id: str) -> Path:
    """The folder of an existing job. Raises InputError when there is none of that id."""
    if re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", job_id):
        folder = subfolder("jobs") / job_id
        if (folder / "state.json").is_file():
            return folder
    known = ", ".join(_job_ids()[:5]) or "none yet"
    raise InputError(f"There is no job '{job_id[:40]}'. The latest jobs: {known}.")


def job_state(job_id: str) -> JobState:
    """The stored state of a job. Raises InputError when there is none of that id."""
    return JobState(**read_json(job_folder(job_id) / "state.json"))


def list_jobs() -> list[JobState]:
    """All jobs, the newest first."""
    return [job_state(job_id) for job_id in _job_ids()]


def create_job(state: JobState) -> None:
    """Make the state file of a new job, which makes it visible."""
    write_json(subfolder("jobs") / state.job_id / "state.json", to_plain(state))


def change_state(job_id: str, state: State, message: str, **fields: Any) -> JobState:
    """Move a job to another state. Raises ValueError on a step that cannot follow."""
    before = job_state(job_id)
    if state != before.state and state not in TRANSITIONS[before.state]:
        raise ValueError(f"job {job_id} is {before.state}; it cannot become {state}")
    after = dataclasses.replace(
        before, state=state, message=message, updated_at=utc_now(), **fields
    )
    write_json(job_folder(job_id) / "state.json", to_plain(after))
    return after


def append_event(folder: Path, kind: EventKind, **values: Any) -> None:
    """Add one line to the job's events, with the time in seconds since the epoch."""
    event = {"t": round(datetime.now(UTC).timestamp(), 3), "kind": kind, **values}
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(event, ensure_ascii=False) + "\n")


def close_broken_line(folder: Path) -> None:
    """End a line that a killed worker left half written, so that the next event stands alone."""
    path = folder / "events.jsonl"
    if path.is_file() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def job_events(job_id: str, since: int = 0) -> list[dict[str, Any]]:
    """The events after the first `since`, oldest first; a line that is being written is left out.

    Raises InputError when there is no job of that id.
    """
    path = job_folder(job_id) / "events.jsonl"
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    events = [event for line in lines if (event := _event(line)) is not None]
    return events[since:]


def utc_now() -> str:
    """The time as it is kept in files."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _job_ids() -> list[str]:
    states = subfolder("jobs").glob("*/state.json")
    return sorted((path.parent.name for path in states), reverse=True)
