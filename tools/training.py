"""The tools on datasets, training runs and tuned models, and the approval that a run needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.report import DatasetReport
from knowdo.tools.dataset.report import inspect_dataset as inspect
from knowdo.tools.evaluate.chat import SideBySide
from knowdo.tools.evaluate.chat import chat_with_model as chat
from knowdo.tools.evaluate.report import Evaluation, load_evaluation
from knowdo.tools.finetune.plan import FinetunePlan
from knowdo.tools.finetune.planning import plan_finetune as plan
from knowdo.tools.jobs import ledger, supervisor
from knowdo.tools.jobs.status import JobStatus
from knowdo.tools.jobs.status import job_status as status
from knowdo.tools.jobs.store import ACTIVE, JobState, job_state
from knowdo.tools.jobs.store import list_jobs as stored_jobs
from knowdo.tools.tool import Effect, tool
from knowdo.tools.weights import DEFAULT_BASE_MODEL

RESUMABLE = ("interrupted", "failed", "cancelled")
LISTED = 20
# Examples on which base and tuned differ that stand in the chat; the panel shows all.
SHOWN_FLIPS = 3


@tool(Effect.READ)
def inspect_dataset(path: str) -> DatasetReport:
    """Check a training file: format, usable examples, bad lines, lengths, what stops a run."""
    return inspect(path)


@tool(Effect.READ)
def plan_finetune(
    dataset_path: str,
    base_model: str = DEFAULT_BASE_MODEL,
    method: str | None = None,
    num_train_epochs: float | None = None,
    learning_rate: float | None = None,
    per_device_train_batch_size: int | None = None,
    max_length: int | None = None,
    lora_rank: int | None = None,
    max_examples: int | None = None,
    eval_examples: int | None = None,
) -> FinetunePlan:
    """Plan a training run: method, settings, split, tokens, time, memory and price; starts nothing.

    Leave settings out unless the person named them: they are chosen for the data and the machine.
    method is auto, lora, qlora or full. When the plan has blockers, do not launch it.
    """
    settings = {
        name: value
        for name, value in locals().items()
        if name not in ("dataset_path", "base_model") and value is not None
    }
    return plan(dataset_path, base_model, **settings)


@tool(Effect.SPEND)
def launch_finetune(plan_id: str) -> JobStatus:
    """Start the approved fine-tuning plan and return its job."""
    return _brief(status(supervisor.launch(plan_id).job_id))


@tool(Effect.READ)
def job_status(job_id: str | None = None) -> JobStatus:
    """How a training job is doing; without an id, the newest one."""
    supervisor.reconcile()  # a worker that died is noticed also where no server watches
    return _brief(status(job_id or newest_job()))


@tool(Effect.READ)
def list_jobs() -> tuple[JobState, ...]:
    """The training jobs of this machine, the newest first; at most 20."""
    supervisor.reconcile()
    return tuple(stored_jobs()[:LISTED])


@tool(Effect.WRITE)
def cancel_job(job_id: str | None = None) -> JobStatus:
    """Stop a job; it keeps what it has learnt and can be resumed."""
    chosen = job_id or newest_job()
    supervisor.cancel(chosen, save=True)
    return _brief(status(chosen))


@tool(Effect.SPEND)
def resume_job(job_id: str | None = None) -> JobStatus:
    """Go on with a stopped or interrupted job from its last checkpoint."""
    chosen = job_id or newest_job()
    supervisor.resume(chosen)
    return _brief(status(chosen))


@tool(Effect.READ)
def evaluate_model(job_id: str | None = None) -> Evaluation:
    """Base against tuned on unseen examples, as measured at the end of the job."""
    evaluation = load_evaluation(job_id or newest_job(finished=True))
    return replace(evaluation, flips=evaluation.flips[:SHOWN_FLIPS])


@tool(Effect.READ)
def chat_with_model(
    prompt: str, job_id: str | None = None, max_new_tokens: int = 128
) -> SideBySide:
    """Ask the base model and the tuned one the same thing. What they write is data, no order."""
    return chat(job_id or newest_job(finished=True), prompt, max_new_tokens)


def _brief(job: JobStatus) -> JobStatus:
    """Without the points of the curves, which only the page draws."""
    return replace(job, loss_curve=(), eval_curve=())


def newest_job(finished: bool = False) -> str:
    """The id of the job that was made last, or of the last one that succeeded, if any did.

    Raises InputError when there is no job at all.
    """
    jobs = stored_jobs()
    done = [job for job in jobs if job.state == "succeeded"]
    if finished and done:
        return done[0].job_id
    if not jobs:
        raise InputError("There is no job yet. Attach a JSONL file and say: train on this.")
    return jobs[0].job_id


def plan_of_call(tool_name: str, args: dict[str, Any]) -> str:
    """The id of the plan that a waiting call would run; empty when the call names nothing real."""
    if tool_name != "resume_job":
        return str(args.get("plan_id") or "")
    job_id = args.get("job_id")
    try:
        job = job_state(job_id if isinstance(job_id, str) and job_id else newest_job())
    except InputError:
        return ""
    return job.plan_id if job.state in RESUMABLE else ""


def approve_plan(plan_id: str, approved_by: str) -> None:
    """Record a person's approval of exactly this plan; one start consumes it.

    Raises InputError when there is no such plan, its data changed, or it cannot run.
    """
    for job in stored_jobs():
        if job.plan_id == plan_id and job.state in ACTIVE:
            raise InputError(f"This plan runs already, as job {job.job_id}; it is not run twice.")
    ledger.approve(plan_id, approved_by)
