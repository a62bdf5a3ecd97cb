"""A job's whole life, with real processes: approved, run, killed, resumed, stopped, queued."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.tools.evaluate.chat import chat_with_model
from knowdo.tools.evaluate.report import load_evaluation
from knowdo.tools.finetune.plan import FinetunePlan
from knowdo.tools.finetune.planning import plan_finetune
from knowdo.tools.home import subfolder
from knowdo.tools.jobs.ledger import approve, budget
from knowdo.tools.jobs.status import JobStatus, job_status
from knowdo.tools.jobs.store import (
    ACTIVE,
    append_event,
    close_broken_line,
    job_events,
    job_folder,
    job_state,
    list_jobs,
)
from knowdo.tools.jobs.supervisor import cancel, launch, reconcile, resume

WriteExamples = Callable[..., Path]
TINY = "tiny-llama"
PATIENCE_SECONDS = 180.0


@pytest.fixture
def plan(state: Path, write_examples: WriteExamples) -> FinetunePlan:
    """A run of a few seconds, with a checkpoint every five steps."""
    file = write_examples(120, system="Name the colour.")
    return plan_finetune(
        file, TINY, num_train_epochs=2, eval_examples=8, save_steps=5, method="lora"
    )


@pytest.fixture(autouse=True)
def no_worker_is_left_behind(state: Path) -> Iterator[None]:
    yield
    for job in list_jobs():
        if job.state in ("running", "stopping"):
            _kill(job.job_id)


def wait(job_id: str, until: Callable[[JobStatus], bool]) -> JobStatus:
    """The status once the condition holds; fails the test when it never does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        reconcile()
        status = job_status(job_id)
        if until(status):
            return status
        time.sleep(0.1)
    log = (job_folder(job_id) / "log.txt").read_text(errors="replace")
    pytest.fail(
        f"job {job_id} is {status.state} ({status.message}) after {PATIENCE_SECONDS} s\n{log}"
    )


def is_over(status: JobStatus) -> bool:
    return status.state not in ACTIVE


def _kill(job_id: str) -> None:
    """kill -9, as the out-of-memory killer does it."""
    pid = job_state(job_id).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_nothing_starts_without_an_approval_and_one_is_good_for_one_start(
    plan: FinetunePlan,
) -> None:
    with pytest.raises(InputError, match="not approved"):
        launch(plan.plan_id)
    assert list_jobs() == []
    assert list(subfolder("jobs").iterdir()) == []
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    assert job_state(job_id).approved_by == "ada"
    with pytest.raises(InputError, match="was used already"):
        launch(plan.plan_id)
    cancel(job_id, save=False)
    assert wait(job_id, is_over).state == "cancelled"


@pytest.mark.slow
def test_a_job_trains_is_compared_and_leaves_a_folder_that_other_tools_read(
    plan: FinetunePlan,
) -> None:
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    status = wait(job_id, is_over)
    assert (status.state, status.progress) == ("succeeded", 1.0), status.message
    assert status.loss_curve[0].loss > status.loss_curve[-1].loss
    assert status.eval_curve[0].step == 0
    folder = job_folder(job_id)
    for name in ("adapter_model.safetensors", "adapter_config.json", "trainer_state.json"):
        assert (folder / name).stat().st_size > 0
    card = (folder / "README.md").read_text()
    assert plan.data.sha256 in card
    assert "Did it help?" in card
    assert status.checkpoint == f"checkpoint-{plan.total_steps}"
    assert (folder / status.checkpoint / "optimizer.pt").is_file()
    evaluation = load_evaluation(job_id)
    assert (evaluation.metric, evaluation.examples) == ("exact_match", 8)
    assert evaluation.base_answer_loss is not None
    assert evaluation.tuned_answer_loss is not None
    assert evaluation.tuned_answer_loss < evaluation.base_answer_loss
    kinds = {event["kind"] for event in job_events(job_id)}
    assert kinds == {"phase", "train", "eval", "checkpoint", "done"}
    both = chat_with_model(job_id, "What colour is thing 3?", max_new_tokens=5)
    assert both.system_prompt == "Name the colour."
    assert "Name the colour." in both.note
    with pytest.raises(InputError, match="only a stopped job"):
        resume(job_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "weights"),
    [("qlora", "adapter_model.safetensors"), ("full", "model.safetensors")],
)
def test_four_bit_and_full_training_run_to_the_end(
    state: Path, write_examples: WriteExamples, method: str, weights: str
) -> None:
    plan = plan_finetune(
        write_examples(80), TINY, num_train_epochs=2, eval_examples=4, method=method,
        learning_rate=1e-3,
    )  # fmt: skip
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    status = wait(job_id, is_over)
    assert status.state == "succeeded", status.message
    assert (job_folder(job_id) / weights).is_file()
    assert status.eval_curve[-1].loss < status.eval_curve[0].loss
    assert chat_with_model(job_id, "What colour is thing 1?", 4).job_id == job_id


@pytest.mark.slow
def test_a_killed_job_is_noticed_and_goes_on_from_its_checkpoint(plan: FinetunePlan) -> None:
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    wait(job_id, lambda s: s.checkpoint is not None or is_over(s))
    _kill(job_id)
    status = wait(job_id, is_over)
    assert status.state == "interrupted"
    assert "Resume it to go on from checkpoint-" in status.message
    assert status.next_actions == ("resume",)
    with pytest.raises(InputError, match="not approved"):
        resume(job_id)
    approve(plan.plan_id, "bob")
    resumed_at = time.time()
    assert resume(job_id).job_id == job_id
    done = wait(job_id, is_over)
    assert (done.state, done.attempt) == ("succeeded", 2), done.message
    started = [
        e["step"]
        for e in job_events(job_id)
        if e.get("phase") == "training" and e["t"] >= resumed_at - 1
    ]
    assert started[-1] >= 5
    steps = [point.step for point in done.loss_curve]
    assert steps == sorted(set(steps))


@pytest.mark.slow
def test_stop_and_save_keeps_a_model_that_can_be_resumed(
    state: Path, write_examples: WriteExamples
) -> None:
    plan = plan_finetune(
        write_examples(120), TINY, num_train_epochs=60, eval_examples=4, method="lora"
    )
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    wait(job_id, lambda s: s.step > 2 or is_over(s))
    assert cancel(job_id).state == "stopping"
    status = wait(job_id, is_over)
    assert status.state == "cancelled"
    assert "is kept" in status.message
    assert (job_folder(job_id) / "adapter_model.safetensors").is_file()
    assert status.checkpoint is not None
    with pytest.raises(InputError, match="nothing to stop"):
        cancel(job_id)


@pytest.mark.slow
def test_a_second_job_waits_for_the_first(plan: FinetunePlan) -> None:
    approve(plan.plan_id, "ada")
    first = launch(plan.plan_id)
    approve(plan.plan_id, "ada")
    second = launch(plan.plan_id)
    assert (first.state, second.state) == ("running", "queued")
    cancel(first.job_id, save=False)
    wait(second.job_id, lambda s: s.state == "running")
    assert job_status(first.job_id).state == "cancelled"
    cancel(second.job_id, save=False)
    wait(second.job_id, is_over)


@pytest.mark.slow
def test_two_workers_never_do_the_same_job(plan: FinetunePlan) -> None:
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    wait(job_id, lambda s: s.phase != "starting")
    second = subprocess.run(
        [sys.executable, "-m", "knowdo.tools.jobs.worker", job_id], capture_output=True, text=True
    )
    assert second.returncode == 1
    assert "does the job" in second.stderr
    cancel(job_id, save=False)
    wait(job_id, is_over)


def test_two_clicks_on_one_plan_are_good_for_one_start(plan: FinetunePlan) -> None:
    approve(plan.plan_id, "ada")
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    with pytest.raises(InputError, match="not approved"):
        launch(plan.plan_id)
    cancel(job_id, save=False)
    wait(job_id, is_over)


def test_a_changed_dataset_is_refused_at_launch(plan: FinetunePlan) -> None:
    approve(plan.plan_id, "ada")
    Path(plan.data.path).write_text("{}\n")
    with pytest.raises(InputError, match="has changed"):
        launch(plan.plan_id)
    assert list_jobs() == []


def test_a_run_above_the_budget_is_refused_and_its_approval_stays(
    plan: FinetunePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWDO_USD_PER_HOUR", "2")
    dear = plan_finetune(plan.data.path, TINY, num_train_epochs=3, save_steps=5)
    approve(dear.plan_id, "ada")
    with pytest.raises(InputError, match="Raise the budget"):
        launch(dear.plan_id)
    assert budget().remaining_usd == 0
    monkeypatch.setenv("KNOWDO_BUDGET_USD", "10")
    job_id = launch(dear.plan_id).job_id
    assert budget().reserved_usd == pytest.approx(dear.cost_usd.high)
    cancel(job_id, save=False)
    wait(job_id, is_over)
    assert budget().reserved_usd == 0
    assert 0 <= budget().spent_usd <= dear.cost_usd.high


def test_a_base_model_that_is_gone_stops_the_launch(plan: FinetunePlan, tiny_models: Path) -> None:
    approve(plan.plan_id, "ada")
    weights = tiny_models / TINY / "model.safetensors"
    aside = weights.rename(weights.with_suffix(".aside"))
    try:
        with pytest.raises(InputError, match="knowdo models fetch"):
            launch(plan.plan_id)
    finally:
        aside.rename(weights)


def test_a_blocked_plan_cannot_be_approved(state: Path, write_examples: WriteExamples) -> None:
    blocked = plan_finetune(write_examples(20), TINY)
    with pytest.raises(InputError, match="cannot run"):
        approve(blocked.plan_id, "ada")


def test_a_half_written_event_is_left_out_and_the_next_stands_alone(
    plan: FinetunePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(plan.plan_id, "ada")
    monkeypatch.setattr("knowdo.tools.jobs.supervisor._start", lambda job: None)
    job_id = launch(plan.plan_id).job_id
    folder = job_folder(job_id)
    append_event(folder, "train", step=1, loss=2.0)
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"t": 1, "kind": "tra')
    assert [e["step"] for e in job_events(job_id)] == [1]
    close_broken_line(folder)
    append_event(folder, "train", step=2, loss=1.0)
    assert [e["step"] for e in job_events(job_id)] == [1, 2]
    assert [e["step"] for e in job_events(job_id, since=1)] == [2]
    assert cancel(job_id).state == "cancelled"


@pytest.mark.parametrize("job_id", ["../../x", "20260101-000000-abcd", ""])
def test_an_unknown_job_is_an_error_in_words(state: Path, job_id: str) -> None:
    with pytest.raises(InputError, match="no job"):
        job_status(job_id)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB; the test is skipped where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_fails_in_words_and_the_last_checkpoint_can_be_resumed(
    small_disk: Path, write_examples: WriteExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWDO_HOME", str(small_disk))
    plan = plan_finetune(
        write_examples(120), TINY, num_train_epochs=4, eval_examples=4, save_steps=5, method="lora",
        lora_rank=64,
    )  # fmt: skip
    assert plan.blockers == ()
    approve(plan.plan_id, "ada")
    job_id = launch(plan.plan_id).job_id
    wait(job_id, lambda s: s.checkpoint is not None or is_over(s))
    filler = small_disk / "filler"
    _fill(filler)
    status = wait(job_id, is_over)
    assert status.state == "failed"
    assert "is full" in status.message
    assert status.checkpoint is not None
    filler.unlink()
    approve(plan.plan_id, "ada")
    resume(job_id)
    wait(job_id, lambda s: s.phase in ("training", "comparing") or is_over(s))
    cancel(job_id, save=False)
    assert wait(job_id, is_over).state in ("cancelled", "succeeded")


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65_536)
        except OSError:
            return
