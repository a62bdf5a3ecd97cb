"""The approval card: the exact plan with its price, and Approve, Edit or Reject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from knowdo.agent.conversation import Conversations
from knowdo.knowledge.errors import InputError, KnowDoError
from knowdo.tools.finetune.plan import FinetunePlan, load_plan
from knowdo.tools.finetune.planning import plan_finetune
from knowdo.tools.format import html
from knowdo.tools.tool import to_plain
from knowdo.ui.panels.jobs import APPROVED_BY
from knowdo.ui.panels.plan_view import plan_html, title_html

Updates = dict[Any, Any]
FollowRun = Callable[[str, Any, str], Iterator[Updates]]
AS_ASKED = "as you asked"


class ApprovalCard:
    """The card's components; it is visible while a call waits for a person."""

    def __init__(self) -> None:
        self.plan_id = gr.State("")
        with gr.Column(visible=False, elem_id="approval") as self.card:
            # The buttons stand above the table, or they would be below the edge of a small screen.
            self.title = gr.HTML(elem_id="approval-title")
            with gr.Row():
                self.approve = gr.Button("Approve", variant="primary", elem_id="approve")
                self.edit = gr.Button("Edit", elem_id="edit")
                self.reject = gr.Button("Reject", variant="stop", elem_id="reject")
            self.text = gr.HTML(elem_id="approval-text")
            with gr.Column(visible=False, elem_id="edit-form") as self.form:
                with gr.Row():
                    self.method = gr.Dropdown(
                        ["auto", "lora", "qlora", "full"], label="method", elem_id="edit-method"
                    )
                    self.epochs = gr.Number(label="num_train_epochs", elem_id="edit-epochs")
                    self.rate = gr.Number(label="learning_rate", elem_id="edit-rate")
                with gr.Row():
                    self.rank = gr.Number(label="lora_rank", precision=0, elem_id="edit-rank")
                    self.length = gr.Number(label="max_length", precision=0)
                    self.batch = gr.Number(label="per_device_train_batch_size", precision=0)
                    self.examples = gr.Number(
                        label="max_examples", precision=0, elem_id="edit-examples"
                    )
                self.replan = gr.Button("Check the changes", elem_id="replan")

    @property
    def _fields(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "num_train_epochs": self.epochs,
            "learning_rate": self.rate,
            "lora_rank": self.rank,
            "max_length": self.length,
            "per_device_train_batch_size": self.batch,
            "max_examples": self.examples,
        }

    def shown(self) -> list[Any]:
        """Components that change with the conversation."""
        parts = [self.card, self.title, self.text, self.form, self.plan_id, self.approve, self.edit]
        return [*parts, *self._fields.values()]

    def hide(self) -> Updates:
        """The card put away."""
        return {self.card: gr.Column(visible=False), self.plan_id: ""}

    def show(self, conversations: Conversations, conversation_id: str) -> Updates:
        """The card of the waiting call, or none."""
        pending = conversations.pending(conversation_id) if conversation_id else None
        if pending is None:
            return self.hide()
        try:
            plan = load_plan(pending.plan_id, check_data=False)
        except InputError as error:
            # A model may ask for a plan that does not exist; it can only be turned down.
            return {
                self.card: gr.Column(visible=True),
                self.title: f"<p>{html(str(error))}</p>",
                self.text: "",
                self.form: gr.Column(visible=False),
                self.plan_id: "",
                self.approve: gr.Button(interactive=False),
                self.edit: gr.Button(interactive=False),
            }
        return self._show(plan, pending.tool)

    def _show(self, plan: FinetunePlan, tool: str) -> Updates:
        question = "Resume this run?" if tool == "resume_job" else "Start this run?"
        shown = to_plain(plan)
        values = _values(plan)
        return {
            self.card: gr.Column(visible=True),
            self.title: title_html(shown, question),
            self.text: plan_html(shown),
            self.form: gr.Column(visible=False),
            self.plan_id: plan.plan_id,
            self.approve: gr.Button(interactive=not plan.blockers),
            # A job that goes on keeps the plan that it began with.
            self.edit: gr.Button(interactive=tool == "launch_finetune"),
            **{field: values[name] for name, field in self._fields.items()},
        }

    def connect(
        self,
        conversations: Conversations,
        conversation: gr.BrowserState,
        follow_run: FollowRun,
        shown: list[Any],
    ) -> None:
        """Wire the buttons."""

        def approve(plan_id: str, conversation_id: str, request: gr.Request) -> Iterator[Updates]:
            try:
                run = conversations.approve(conversation_id, plan_id, APPROVED_BY)
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12, title="Not started") from error
            yield self.hide()
            yield from follow_run(conversation_id, run, str(request.session_hash))

        def reject(conversation_id: str, request: gr.Request) -> Iterator[Updates]:
            try:
                run = conversations.reject(conversation_id)
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12) from error
            yield self.hide()
            yield from follow_run(conversation_id, run, str(request.session_hash))

        def replan(plan_id: str, *values: Any) -> Updates:
            try:
                changed = _changed(load_plan(plan_id), dict(zip(self._fields, values, strict=True)))
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12, title="Not possible") from error
            return self._show(changed, "launch_finetune")

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_name": False}
        inputs = [self.plan_id, conversation]
        self.approve.click(approve, inputs, shown, **quiet)
        self.reject.click(reject, [conversation], shown, **quiet)
        self.edit.click(lambda: gr.Column(visible=True), None, [self.form], **quiet)
        self.replan.click(
            replan, [self.plan_id, *self._fields.values()], self.shown(), api_name=False
        )


def build() -> ApprovalCard:
    """Lay the card out."""
    return ApprovalCard()


def _values(plan: FinetunePlan) -> dict[str, Any]:
    settings = to_plain(plan.settings)
    settings["max_examples"] = plan.settings.max_examples or plan.data.train_examples
    return {"method": plan.method, **settings}


def _changed(plan: FinetunePlan, edited: dict[str, Any]) -> FinetunePlan:
    """The plan made again with what the person changed, and with what was asked for before."""
    before = _values(plan)
    asked = {name for name, reason in plan.reasons.items() if reason == AS_ASKED}
    overrides = {
        name: value
        for name, value in edited.items()
        if value is not None and (value != before[name] or name in asked)
    }
    return plan_finetune(plan.data.path, plan.base_model, plan.data.test_path, **overrides)
