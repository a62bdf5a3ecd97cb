"""Starts, queues, stops, resumes and watches over jobs; the only place where compute is spent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.read import file_sha256
from knowdo.tools.finetune.base_model import model_folder
from knowdo.tools.finetune.checkpoints import last_checkpoint
from knowdo.tools.finetune.hardware import usable_cores, wait_without_spinning
from knowdo.tools.finetune.monitor import STOP_FILE
from knowdo.tools.finetune.plan import FinetunePlan, load_plan, read_plan
from knowdo.tools.finetune.train import data_copy
from knowdo.tools.home import home, subfolder, write_json
from knowdo.tools.jobs.ledger import consume_approval, refuse_blocked, settle
from knowdo.tools.jobs.liveness import worker_is_alive
from knowdo.tools.jobs.locks import queue_lock
from knowdo.tools.jobs.store import (
    JobState,
    append_event,
    change_state,
    create_job,
    job_folder,
    job_state,
    list_jobs,
    new_job_id,
    utc_now,
)
from knowdo.tools.tool import to_plain


@dataclass(frozen=True, slots=True)
class JobHandle:
    """A job that was taken on; `state` is running, or queued behind another."""

    job_id: str
    plan_id: str
    state: str
    message: str


def launch(plan_id: str) -> JobHandle:
    """Start the approved plan as a job of its own process, or queue it behind the running one.

    Raises InputError when the plan has no unused approval, its data changed, its base model is
    gone, or the budget does not cover it. An approval is good for one start.
    """
    plan = load_plan(plan_id)
    refuse_blocked(plan)
    model_folder(plan.model_path)
    job_id = new_job_id()
    with queue_lock():
        _lay_out(job_id, plan)
        try:
            approved_by = consume_approval(plan, job_id, attempt=1)
        except InputError:
            shutil.rmtree(subfolder("jobs") / job_id)
            raise
        now = utc_now()
        create_job(
            JobState(
                job_id=job_id,
                name=plan.name,
                state="queued",
                message="waits for its turn",
                plan_id=plan.plan_id,
                device=plan.device,
                approved_by=approved_by,
                created_at=now,
                updated_at=now,
            )
        )
    reconcile()
    return _handle(job_id)


def resume(job_id: str) -> JobHandle:
    """Go on with a stopped job from its last whole checkpoint, else from the start.

    It spends compute again, so its plan needs a new approval. Raises InputError when the job is
    not one that can be resumed or there is no unused approval.
    """
    folder = job_folder(job_id)
    plan = read_plan(folder / "plan.json")
    model_folder(plan.model_path)
    with queue_lock():
        # Read under the lock: of two that resume at once, the second finds it queued.
        state = job_state(job_id)
        if state.state not in ("interrupted", "failed", "cancelled"):
            raise InputError(
                f"The job {job_id} is {state.state}; only a stopped job can be resumed."
            )
        approved_by = consume_approval(plan, job_id, state.attempt + 1)
        (folder / STOP_FILE).unlink(missing_ok=True)
        change_state(
            job_id,
            "queued",
            f"waits to go on {_from_where(folder)}",
            attempt=state.attempt + 1,
            approved_by=approved_by,
            pid=None,
            pid_created=None,
            finished_at=None,
        )
    reconcile()
    return _handle(job_id)


def cancel(job_id: str, save: bool = True) -> JobHandle:
    """Stop a job after its current step; with `save` what was trained so far is kept.

    Raises InputError when the job is not queued or running.
    """
    with queue_lock():
        state = job_state(job_id)
        if state.state == "queued":
            change_state(job_id, "cancelled", "cancelled before it began", finished_at=utc_now())
            settle(job_id, state.attempt, state.plan_id, 0.0)
        elif state.state in ("running", "stopping"):
            wish = "save" if save else "discard"
            (job_folder(job_id) / STOP_FILE).write_text(wish, encoding="utf-8")
            what = "and keeps what was trained" if save else "without keeping what was trained"
            change_state(job_id, "stopping", f"stops after the current step {what}")
        else:
            raise InputError(f"The job {job_id} is {state.state}; there is nothing to stop.")
    reconcile()
    return _handle(job_id)


def reconcile() -> list[JobState]:
    """Mark jobs whose worker is gone as interrupted, and start the next in each device's queue.

    Returns the jobs that were marked. Safe to call at any time and from several processes.
    """
    with queue_lock():
        jobs = list_jobs()
        lost = [job for job in jobs if job.state in ("running", "stopping") and _is_lost(job)]
        marked = [_mark_interrupted(job) for job in lost]
        busy = {job.device for job in list_jobs() if job.state in ("running", "stopping")}
        for job in reversed(jobs):  # the oldest first
            if job.state == "queued" and job.device not in busy:
                _start(job)
                busy.add(job.device)
    return marked


def _is_lost(job: JobState) -> bool:
    return not worker_is_alive(job.pid, job.pid_created)


def _mark_interrupted(job: JobState) -> JobState:
    folder = job_folder(job.job_id)
    message = (
        "its process ended without a word (killed, out of memory, or the machine restarted)."
        f" Resume it to go on {_from_where(folder)}; what it printed is in log.txt"
    )
    # What the lost attempt cost is unknown; its reservation counts as spent.
    plan = read_plan(folder / "plan.json")
    settle(job.job_id, job.attempt, job.plan_id, plan.cost_usd.high)
    append_event(folder, "error", message=message)
    return change_state(job.job_id, "interrupted", message, finished_at=utc_now())


def _start(job: JobState) -> None:
    """Run the worker as a process of its own session: it outlives this one."""
    folder = job_folder(job.job_id)
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "knowdo.tools.jobs.worker", job.job_id],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env=_environment(),
        )
    import psutil

    change_state(
        job.job_id,
        "running",
        "starts",
        pid=process.pid,
        pid_created=psutil.Process(process.pid).create_time(),
        started_at=utc_now(),
    )


def _environment() -> dict[str, str]:
    wait_without_spinning()
    return {
        **os.environ,
        "KNOWDO_HOME": str(home().absolute()),
        "OMP_NUM_THREADS": str(usable_cores()),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
        # Bars fill the log with half lines.
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }


def _lay_out(job_id: str, plan: FinetunePlan) -> None:
    """The job's own copies of plan and data: later edits of the originals do not matter."""
    folder = subfolder("jobs") / job_id
    folder.mkdir(parents=True)
    write_json(folder / "plan.json", {**to_plain(plan), "sha256": plan.sha256})
    _copy(plan.data.path, plan.data.sha256, data_copy(folder, "dataset", plan.data.path))
    if plan.data.test_path and plan.data.test_sha256:
        _copy(plan.data.test_path, plan.data.test_sha256,
              data_copy(folder, "test", plan.data.test_path))  # fmt: skip


def _copy(original: str, sha256: str, copy: Path) -> None:
    shutil.copyfile(original, copy)
    if file_sha256(copy) != sha256:
        raise InputError(f"{Path(original).name} changed while it was copied. Plan again.")


def _from_where(folder: Path) -> str:
    checkpoint = last_checkpoint(folder)
    return f"from {checkpoint.name}" if checkpoint else "from the start"


def _handle(job_id: str) -> JobHandle:
    state = job_state(job_id)
    return JobHandle(job_id, state.plan_id, state.state, state.message)
