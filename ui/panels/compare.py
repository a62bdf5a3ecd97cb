"""The panel that asks base and tuned the same thing, side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr

from knowdo.knowledge.errors import KnowDoError
from knowdo.tools.evaluate.chat import chat_with_model
from knowdo.tools.jobs.store import JobState, list_jobs

REFRESH_SECONDS = 5


def build() -> None:
    """Lay the panel out and wire it."""
    chosen = gr.Dropdown([], label="Tuned model", elem_id="compare-choice", interactive=True)
    prompt = gr.Textbox(label="Message to both", lines=3, elem_id="compare-prompt")
    run = gr.Button("Ask both", variant="primary", elem_id="compare-run")
    with gr.Row(equal_height=True):
        base = gr.Textbox(
            label="Base", lines=6, interactive=False, elem_id="compare-base", buttons=["copy"]
        )
        tuned = gr.Textbox(
            label="Tuned", lines=6, interactive=False, elem_id="compare-tuned", buttons=["copy"]
        )
    note = gr.Markdown(elem_id="compare-note")
    timer = gr.Timer(REFRESH_SECONDS)

    def refresh(current: str | None) -> Any:
        done = _finished()
        ids = [job.job_id for job in done]
        value = current if current in ids else (ids[0] if ids else None)
        choices = [(f"{job.name} ({job.job_id})", job.job_id) for job in done]
        return gr.Dropdown(choices=choices, value=value)

    def ask(job_id: str | None, text: str) -> tuple[str, str, str]:
        # A click may come before the list was first filled.
        job_id = job_id or next((job.job_id for job in _finished()), None)
        if not job_id:
            return "", "", "No tuned model yet: a finished job appears here."
        if not (text or "").strip():
            return "", "", "Write a message for both models."
        try:
            answers = chat_with_model(job_id, text)
        except KnowDoError as error:
            return "", "", f"⚠️ {error}"
        return answers.base, answers.tuned, answers.note

    timer.tick(refresh, [chosen], [chosen], show_progress="hidden", api_name=False)
    gr.on([run.click, prompt.submit], ask, [chosen, prompt], [base, tuned, note], api_name=False)


def _finished() -> list[JobState]:
    return [job for job in list_jobs() if job.state == "succeeded"]
