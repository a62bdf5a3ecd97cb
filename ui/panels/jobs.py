"""The panel of jobs, read from disk each time: progress, curve, log, result; stop and resume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from knowdo.knowledge.errors import KnowDoError
from knowdo.tools.evaluate.report import load_evaluation
from knowdo.tools.finetune.plan import read_plan
from knowdo.tools.format import duration, html
from knowdo.tools.jobs import supervisor
from knowdo.tools.jobs.status import JobStatus, job_status
from knowdo.tools.jobs.store import job_folder, list_jobs
from knowdo.tools.tool import to_plain
from knowdo.tools.training import approve_plan
from knowdo.ui.panels.plan_view import plan_html

NONE_YET = (
    "<p class='muted'>No job yet. Attach a JSONL file in the chat and say: train on this.</p>"
)
REFRESH_SECONDS = 2
LOG_LINES = 40
APPROVED_BY = "the person at the page"


def build() -> None:
    """Lay the panel out and wire it."""
    chosen = gr.Dropdown([], label="Job", elem_id="job-choice", interactive=True)
    summary = gr.HTML(NONE_YET, elem_id="job-summary")
    curve = gr.LinePlot(
        x="step",
        y="loss",
        color="kind",
        color_map={"training": "#0d9488", "unseen": "#d97706"},
        x_title="step",
        y_title="loss",
        title="Loss",
        height=230,
        elem_id="job-curve",
        visible=False,
    )
    with gr.Row():
        stop = gr.Button("Stop and save", elem_id="job-stop", interactive=False)
        resume = gr.Button("Resume", elem_id="job-resume", interactive=False)
    result = gr.HTML(elem_id="job-result")
    with gr.Accordion("Plan, settings and their reasons", open=False):
        plan = gr.HTML(elem_id="job-plan")
    with gr.Accordion("Log", open=False):
        log = gr.Code(language=None, lines=8, elem_id="job-log", show_label=False)
    timer = gr.Timer(REFRESH_SECONDS)
    drawn = gr.State("")
    shown = [chosen, drawn, curve, summary, stop, resume, result, plan, log]

    def refresh(current: str | None, drawn_before: str) -> list[Any]:
        jobs = list_jobs()
        ids = [job.job_id for job in jobs]
        value = current if current in ids else (ids[0] if ids else None)
        choices = [(f"{job.name} · {job.state} · {job.job_id}", job.job_id) for job in jobs]
        return [gr.Dropdown(choices=choices, value=value), *_shown(value, drawn_before)]

    def stop_it(job_id: str | None, drawn_before: str) -> list[Any]:
        return _act(lambda job: supervisor.cancel(job, save=True), job_id, drawn_before)

    def resume_it(job_id: str | None, drawn_before: str) -> list[Any]:
        # The button stands under the plan it runs: clicking it approves exactly that plan.
        def start(job: str) -> None:
            approve_plan(job_status(job).plan_id, APPROVED_BY)
            supervisor.resume(job)

        return _act(start, job_id, drawn_before)

    def _act(action: Callable[[str], Any], job_id: str | None, drawn_before: str) -> list[Any]:
        if not job_id:
            raise gr.Error("There is no job yet.")
        try:
            action(job_id)
        except KnowDoError as error:
            raise gr.Error(str(error), duration=12) from error
        return refresh(job_id, drawn_before)

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_name": False}
    timer.tick(refresh, [chosen, drawn], shown, **quiet)
    chosen.input(refresh, [chosen, drawn], shown, **quiet)
    stop.click(stop_it, [chosen, drawn], shown, **quiet)
    resume.click(resume_it, [chosen, drawn], shown, **quiet)


def _shown(job_id: str | None, drawn_before: str) -> list[Any]:
    """Which curve is drawn, the curve, summary, buttons, result, plan and log of a job."""
    if job_id is None:
        off = gr.Button(interactive=False)
        return ["", gr.LinePlot(visible=False), NONE_YET, off, off, "", "", ""]
    job = job_status(job_id)
    folder = job_folder(job_id)
    # A curve that has not changed is left alone: drawing it again makes it flicker.
    drawn = f"{job_id} {len(job.loss_curve)} {len(job.eval_curve)} {job.step}"
    return [
        drawn,
        gr.skip() if drawn == drawn_before else _curve(job),
        summary_html(job),
        gr.Button(interactive="cancel" in job.next_actions),
        gr.Button(interactive="resume" in job.next_actions),
        _result(job),
        plan_html(to_plain(read_plan(folder / "plan.json"))),
        _log_tail(job_id),
    ]


def summary_html(job: JobStatus) -> str:
    """State, progress bar, time left and speed."""
    facts = [f"step {job.step:,} of {job.total_steps:,}"] if job.step else []
    if job.eta_seconds is not None:
        facts.append(f"about {duration(job.eta_seconds)} left")
    if job.last_loss is not None:
        facts.append(f"loss {job.last_loss:.3f}")
    if job.tokens_per_second:
        facts.append(f"{job.tokens_per_second:,.0f} tokens/s")
    detail = job.message if job.phase == job.state else job.phase
    return (
        f"<p><b data-state='{job.state}'>{html(job.state)}</b>: {html(detail)}</p>"
        f"<div class='job-bar' role='progressbar' aria-valuenow='{job.progress * 100:.0f}'"
        f" aria-valuemin='0' aria-valuemax='100' aria-label='progress of the job'>"
        f"<div style='width: {job.progress:.1%}'></div></div>"
        f"<p class='muted'>{html(' · '.join(facts))}</p>"
    )


def _curve(job: JobStatus) -> Any:
    import pandas

    if not job.loss_curve:
        # The chart keeps the colours of its first data: it must not begin with the unseen loss of
        # the base model alone, or the training curve would never appear.
        return gr.LinePlot(visible=False)
    rows = [(p.step, p.loss, "training") for p in job.loss_curve]
    rows += [(p.step, p.loss, "unseen") for p in job.eval_curve]
    return gr.LinePlot(pandas.DataFrame(rows, columns=["step", "loss", "kind"]), visible=True)


def _result(job: JobStatus) -> str:
    if job.state != "succeeded" or not (job_folder(job.job_id) / "evaluation.json").is_file():
        return ""
    found = load_evaluation(job.job_id)
    rows = "".join(
        f"<tr><td>{html(flip.question)}</td><td>{html(flip.expected)}</td>"
        f"<td>{html(flip.base)}</td><td>{html(flip.tuned)}</td></tr>"
        for flip in found.flips[:10]
    )
    return (
        f"<p><b>Did it help?</b> {html(found.summary)} {found.improved} better,"
        f" {found.worsened} worse.</p><details><summary>Examples that changed</summary>"
        "<table class='flips'><tr><th>Question</th><th>Wanted</th><th>Base</th><th>Tuned</th></tr>"
        f"{rows}</table></details>"
    )


def _log_tail(job_id: str) -> str:
    path = job_folder(job_id) / "log.txt"
    if not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])
