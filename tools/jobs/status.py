"""Where a job stands, for people: progress, time left, loss curve, and what can be done next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowdo.tools.finetune.checkpoints import last_checkpoint
from knowdo.tools.finetune.plan import FinetunePlan, read_plan
from knowdo.tools.jobs.liveness import seconds_since_heartbeat
from knowdo.tools.jobs.store import JobState, State, job_events, job_folder, job_state

CURVE_POINTS = 200
SILENT_SECONDS = 60.0
NEXT: dict[State, tuple[str, ...]] = {
    "queued": ("cancel",),
    "running": ("cancel",),
    "stopping": (),
    "succeeded": ("evaluate", "chat", "export"),
    "failed": ("resume",),
    "cancelled": ("resume",),
    "interrupted": ("resume",),
}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of a loss curve."""

    step: int
    loss: float


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as the page shows it; progress runs from 0 to 1."""

    job_id: str
    name: str
    plan_id: str
    state: State
    phase: str
    message: str
    progress: float
    total_steps: int
    loss_curve: tuple[CurvePoint, ...]
    eval_curve: tuple[CurvePoint, ...]
    next_actions: tuple[str, ...]
    attempt: int
    created_at: str
    step: int = 0
    eta_seconds: float | None = None
    last_loss: float | None = None
    tokens_per_second: float | None = None
    checkpoint: str | None = None
    finished_at: str | None = None


def job_status(job_id: str) -> JobStatus:
    """The status of a job. Raises InputError when there is none of that id."""
    state = job_state(job_id)
    folder = job_folder(job_id)
    plan = read_plan(folder / "plan.json")
    events = job_events(job_id)
    trained = _since_last_resume([e for e in events if e["kind"] == "train"])
    last = trained[-1] if trained else {}
    phase = _phase(state.state, events)
    checkpoint = last_checkpoint(folder)
    trained_share = last.get("step", 0) / max(last.get("total_steps", plan.total_steps), 1)
    compared = _compared_share(events) if phase == "comparing" else 0.0
    return JobStatus(
        job_id=job_id,
        name=state.name,
        plan_id=state.plan_id,
        state=state.state,
        phase=phase,
        message=_message(state),
        progress=_progress(state.state, plan, trained_share, compared),
        step=last.get("step", 0),
        total_steps=last.get("total_steps", plan.total_steps),
        eta_seconds=_eta(state.state, plan, phase, last, compared),
        last_loss=last.get("loss"),
        tokens_per_second=last.get("tokens_per_second"),
        loss_curve=_thinned(trained),
        eval_curve=_thinned(_since_last_resume([e for e in events if e["kind"] == "eval"])),
        next_actions=NEXT[state.state],
        attempt=state.attempt,
        created_at=state.created_at,
        finished_at=state.finished_at,
        checkpoint=checkpoint.name if checkpoint else None,
    )


def _since_last_resume(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps that were done twice count once: a later start replaces what it repeats."""
    kept: list[dict[str, Any]] = []
    for event in events:
        while kept and kept[-1]["step"] >= event["step"]:
            kept.pop()
        kept.append(event)
    return kept


def _thinned(events: list[dict[str, Any]]) -> tuple[CurvePoint, ...]:
    every = max(1, -(-len(events) // CURVE_POINTS))
    chosen = events[::every]
    if events and chosen[-1] is not events[-1]:
        chosen.append(events[-1])
    return tuple(CurvePoint(e["step"], e["loss"]) for e in chosen)


def _phase(state: State, events: list[dict[str, Any]]) -> str:
    if state not in ("running", "stopping"):
        return state
    phases = [e["phase"] for e in events if e["kind"] == "phase"]
    return phases[-1] if phases else "starting"


def _compared_share(events: list[dict[str, Any]]) -> float:
    last = [e for e in events if e["kind"] == "phase"][-1]
    done, total = float(last.get("done", 0)), float(last.get("total", 1))
    return done / max(total, 1.0)


def _progress(state: State, plan: FinetunePlan, trained: float, compared: float) -> float:
    if state == "succeeded":
        return 1.0
    comparing = min(plan.evaluation_seconds / plan.seconds.expected, 0.9)
    return round(trained * (1 - comparing) + compared * comparing, 3)


def _eta(
    state: State, plan: FinetunePlan, phase: str, last: dict[str, Any], compared: float
) -> float | None:
    """Seconds left: the rest of the steps as measured, the comparison as planned."""
    if state not in ("running", "stopping"):
        return None
    if phase == "comparing":
        return round(plan.evaluation_seconds * (1 - compared), 1)
    if "eta_seconds" not in last:
        return round(plan.seconds.expected, 1)
    return round(float(last["eta_seconds"]) + plan.evaluation_seconds, 1)


def _message(state: JobState) -> str:
    """The stored message, with a word when a running worker shows no sign of life."""
    silent = seconds_since_heartbeat(job_folder(state.job_id))
    if state.state != "running" or silent is None or silent < SILENT_SECONDS:
        return state.message
    return f"no sign of life for {silent:.0f} s; it is hanging or waits for memory"
