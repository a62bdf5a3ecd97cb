"""knowdo finetune: plan, launch, watch, stop and resume training jobs."""

from __future__ import annotations

from typing import Any

import click

from knowdo.knowledge.errors import InputError
from knowdo.tools.tool import to_plain
from knowdo.ui.commands.output import as_json, progress_on_stderr, show

_APPROVED_BY = "the person at the command line"


@click.group()
def finetune() -> None:
    """Plan and run fine-tuning on this machine."""


@finetune.command()
@click.argument("dataset")
@click.option("--model", "base_model", default="SmolLM2-135M-Instruct", show_default=True)
@click.option("--test", "test_path", help="A file of unseen examples; else a tenth is set aside.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting by its Hugging Face name, for instance num_train_epochs=2.",
)
@as_json
def plan(
    dataset: str,
    base_model: str,
    test_path: str | None,
    settings: tuple[str, ...],
    json_output: bool,
) -> None:
    """Plan a run on DATASET: settings, time, memory, price. Starts nothing."""
    from knowdo.tools.finetune.planning import plan_finetune

    with progress_on_stderr():
        made = plan_finetune(dataset, base_model, test_path, **_pairs(settings))
    show(to_plain(made), json_output, _plan_text)


def _pairs(settings: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for item in settings:
        name, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"--set {item}: write NAME=VALUE, for instance num_train_epochs=2.")
        pairs[name.strip()] = value.strip()
    return pairs


def _plan_text(made: dict[str, Any]) -> str:
    from knowdo.agent.embedded.replies import plan_finetune

    launch = (
        ""
        if made["blockers"]
        else f"\n\nStart it with: knowdo finetune launch --approve {made['plan_id']}"
    )
    return plan_finetune(made) + launch


@finetune.command()
@click.option("--approve", "plan_id", metavar="PLAN_ID", help="The plan that you approve.")
@click.option("--dry-run", is_flag=True, help="Show the plan again; start nothing.")
@as_json
def launch(plan_id: str | None, dry_run: bool, json_output: bool) -> None:
    """Start an approved plan as a job of its own process."""
    from knowdo.tools.finetune.plan import load_plan
    from knowdo.tools.jobs.status import job_status
    from knowdo.tools.jobs.supervisor import launch as start
    from knowdo.tools.training import approve_plan

    if not plan_id:
        raise InputError("Name the plan that you approve: knowdo finetune launch --approve PLAN_ID")
    if dry_run:
        show(to_plain(load_plan(plan_id)), json_output, _plan_text)
        return
    approve_plan(plan_id, _APPROVED_BY)
    show(to_plain(job_status(start(plan_id).job_id)), json_output, _job_text)


@finetune.command()
@click.argument("job_id", required=False)
@as_json
def status(job_id: str | None, json_output: bool) -> None:
    """How a job is doing (the newest without JOB_ID)."""
    from knowdo.tools.jobs.status import job_status
    from knowdo.tools.jobs.supervisor import reconcile
    from knowdo.tools.training import newest_job

    reconcile()
    show(to_plain(job_status(job_id or newest_job())), json_output, _job_text)


@finetune.command()
@click.argument("job_id")
@as_json
def logs(job_id: str, json_output: bool) -> None:
    """Everything that a job printed; with --json its events, one a line."""
    from knowdo.tools.jobs.store import job_events, job_folder
    from knowdo.tools.tool import to_json

    if json_output:
        for event in job_events(job_id):
            click.echo(to_json(event))
        return
    path = job_folder(job_id) / "log.txt"
    click.echo(
        path.read_text(encoding="utf-8", errors="replace") if path.is_file() else "", nl=False
    )


@finetune.command()
@click.argument("job_id")
@click.option("--discard", is_flag=True, help="Do not keep what was trained since the last save.")
@as_json
def cancel(job_id: str, discard: bool, json_output: bool) -> None:
    """Stop a job; what it has learnt is kept unless --discard."""
    from knowdo.tools.jobs.status import job_status
    from knowdo.tools.jobs.supervisor import cancel as stop

    stop(job_id, save=not discard)
    show(to_plain(job_status(job_id)), json_output, _job_text)


@finetune.command()
@click.argument("job_id")
@click.option("--approve", "plan_id", metavar="PLAN_ID", help="The job's plan, approved again.")
@as_json
def resume(job_id: str, plan_id: str | None, json_output: bool) -> None:
    """Go on with a stopped job from its last checkpoint."""
    from knowdo.tools.jobs.status import job_status
    from knowdo.tools.jobs.supervisor import resume as go_on
    from knowdo.tools.training import approve_plan

    planned = job_status(job_id).plan_id
    if plan_id != planned:
        raise InputError(
            f"Resuming spends compute again. Approve it: knowdo finetune resume {job_id}"
            f" --approve {planned}"
        )
    approve_plan(planned, _APPROVED_BY)
    go_on(job_id)
    show(to_plain(job_status(job_id)), json_output, _job_text)


@finetune.command("list")
@as_json
def list_all(json_output: bool) -> None:
    """List the jobs, the newest first."""
    from knowdo.tools.jobs.store import list_jobs
    from knowdo.tools.jobs.supervisor import reconcile

    reconcile()

    def table(rows: list[dict[str, Any]]) -> str:
        lines = [f"{r['job_id']}  {r['state']:11} {r['name']}" for r in rows]
        return "\n".join(lines) or "No job yet: knowdo finetune plan FILE"

    show(to_plain(list_jobs()), json_output, table)


def _job_text(job: dict[str, Any]) -> str:
    from knowdo.agent.embedded.replies import job as text

    return text(job)
