"""The process that does one job: trains, compares, and leaves a final state whatever happens."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from knowdo.knowledge.errors import KnowDoError, OperationError
from knowdo.tools.evaluate.generate import Stopped
from knowdo.tools.evaluate.models import load_pair
from knowdo.tools.evaluate.report import Evaluation, evaluate_pair, save_evaluation
from knowdo.tools.finetune.base_model import model_folder, model_spec
from knowdo.tools.finetune.card import write_model_card
from knowdo.tools.finetune.checkpoints import last_checkpoint, remove_incomplete
from knowdo.tools.finetune.hardware import detect_hardware
from knowdo.tools.finetune.monitor import STOP_FILE, stop_wish
from knowdo.tools.finetune.plan import FinetunePlan, read_plan
from knowdo.tools.finetune.speed import remember_speed
from knowdo.tools.finetune.train import TrainResult, train
from knowdo.tools.home import read_json
from knowdo.tools.jobs.ledger import settle
from knowdo.tools.jobs.liveness import start_heartbeat
from knowdo.tools.jobs.locks import held, queue_lock
from knowdo.tools.jobs.store import (
    State,
    append_event,
    change_state,
    close_broken_line,
    job_folder,
    job_state,
    utc_now,
)
from knowdo.tools.jobs.supervisor import reconcile
from knowdo.tools.offline import stay_offline

log = logging.getLogger(__name__)
# Room for the final state when the disk is full; given back before that is written.
RESERVE_FILE = "reserve"
RESERVE_BYTES = 2**20
# With less than this free, an error while writing means that the disk is full.
FULL_DISK_BYTES = 4 * 2**20


def main(job_id: str) -> int:
    """Do the job and return the exit status: 0 when it succeeded or was stopped as asked."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stay_offline()
    folder = job_folder(job_id)
    try:
        with held(folder / "lock", wait=False):
            status = _work(job_id, folder)
    except OperationError:
        log.error("another worker does the job %s already", job_id)
        return 1
    reconcile()
    return status


def _work(job_id: str, folder: Path) -> int:
    started = time.monotonic()
    with queue_lock():  # whoever started this process has then noted its id
        attempt = job_state(job_id).attempt
    signal.signal(signal.SIGTERM, lambda *_: _wish_to_stop(folder))
    close_broken_line(folder)
    heartbeat = start_heartbeat(folder)
    plan = read_plan(folder / "plan.json")
    try:
        (folder / RESERVE_FILE).write_bytes(os.urandom(RESERVE_BYTES))
        state, message = _train_and_compare(folder, plan)
    except KnowDoError as error:
        state, message = "failed", str(error)
    except Exception as error:
        # The border of the process: whatever a library raises becomes the job's last word.
        log.exception("the job %s failed", job_id)
        state, message = "failed", _explain(error, folder)
    finally:
        heartbeat.set()
        (folder / RESERVE_FILE).unlink(missing_ok=True)
    remove_incomplete(folder)
    with queue_lock():
        change_state(job_id, state, message, finished_at=utc_now())
    append_event(folder, "error" if state == "failed" else "done", state=state, message=message)
    hours = (time.monotonic() - started) / 3600
    settle(job_id, attempt, plan.plan_id, hours * _usd_per_hour(plan))
    return 1 if state == "failed" else 0


def _train_and_compare(folder: Path, plan: FinetunePlan) -> tuple[State, str]:
    if stop_wish(folder):
        return "cancelled", "stopped before the training began"
    result = train(folder, plan)
    if not result.finished:
        kept = stop_wish(folder) != "discard"
        what = "what was trained is kept" if kept else "what was trained was not kept"
        return "cancelled", f"stopped after {result.steps} of {plan.total_steps} steps; {what}"
    try:
        evaluation = _compare(folder, plan, result)
    except Stopped:
        return "cancelled", "trained to the end; stopped during the comparison with the base model"
    hardware = detect_hardware()
    remember_speed(
        model_spec(model_folder(plan.model_path)).name,
        plan.method,
        hardware,
        result.tokens_per_second,
        evaluation.generated_tokens_per_second,
    )
    return "succeeded", evaluation.summary


def _compare(folder: Path, plan: FinetunePlan, result: TrainResult) -> Evaluation:
    """Load what was saved as anybody would, and let it answer beside its base."""

    def on_progress(done: int, total: int) -> None:
        append_event(folder, "phase", phase="comparing", done=done, total=total)
        if stop_wish(folder):
            raise Stopped

    on_progress(0, 2 * len(result.unseen))
    pair = load_pair(folder, model_folder(plan.model_path), plan.method, plan.device)
    evaluation = evaluate_pair(
        pair,
        result.unseen,
        plan.data.task,
        plan.data.max_new_tokens,
        (result.base_loss, result.tuned_loss),
        on_progress,
    )
    save_evaluation(folder, evaluation)
    history = read_json(folder / "trainer_state.json")["log_history"]
    write_model_card(folder, plan, history, evaluation.summary)
    return evaluation


def _wish_to_stop(folder: Path) -> None:
    """A polite kill means: stop after this step and keep what was trained."""
    (folder / STOP_FILE).write_text("save", encoding="utf-8")


def _explain(error: Exception, folder: Path) -> str:
    if _is_full_disk(error, folder):
        (folder / RESERVE_FILE).unlink(missing_ok=True)
        checkpoint = last_checkpoint(folder)
        where = f"from {checkpoint.name}, which is whole" if checkpoint else "from the start"
        return (
            f"The disk of {folder} is full, so the run could not go on. Free some space and resume"
            f" it {where}."
        )
    return (
        f"The run failed ({type(error).__name__}: {str(error)[:500]}). The details are in"
        f" {folder / 'log.txt'}."
    )


def _is_full_disk(error: BaseException, folder: Path) -> bool:
    """Libraries report a full disk in many words; the free space and the errno tell."""
    if shutil.disk_usage(folder).free < FULL_DISK_BYTES:
        return True
    return any(
        (isinstance(e, OSError) and e.errno == errno.ENOSPC) or "No space left" in str(e)
        for e in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    while error is not None:
        yield error
        next_error = error.__cause__ or error.__context__
        if next_error is None:
            return
        error = next_error


def _usd_per_hour(plan: FinetunePlan) -> float:
    """The price that was agreed with the plan."""
    return plan.cost_usd.expected / plan.seconds.expected * 3600


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
