"""The case panel: what was understood, for the person to correct, to decide on, to take along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import gradio as gr

from knowdo.agent.case_words import LABELS
from knowdo.agent.conversation import Conversations
from knowdo.agent.edits import DECIDE_AGAIN
from knowdo.agent.embedded.language import language_of
from knowdo.agent.specification import of_conversation
from knowdo.knowledge.errors import KnowDoError
from knowdo.ui.panels.case_view import DOWNLOAD, EMPTY, ON_CLICK, TO_TABLE, TO_VALUE, facts_html
from knowdo.ui.panels.fact_editor import FactEditor

Updates = dict[Any, Any]
Say = Callable[[str, str, gr.Request], Iterator[Updates]]
FORGET = "Forget all facts of this case? Messages, documents and jobs stay."
PUT_AWAY = (
    "A plan waits for your decision. Deciding again puts its card away; the plan is kept, and"
    " <i>launch</i> brings it back. Decide again now?"
)
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_name": False}


class CasePanel:
    """The panel's components; every change is saved at once, a decision is made when asked for."""

    def __init__(self) -> None:
        self.facts = gr.HTML(EMPTY, js_on_load=ON_CLICK, elem_id="facts", label="Facts")
        self.note = gr.HTML("", elem_id="case-note", elem_classes=["muted"])
        self.editor = FactEditor()
        self.decide = gr.Button("Decide again", variant="primary", elem_id="decide-again")
        with gr.Row():
            self.export = gr.Button("Download specification", elem_id="export-case")
            self.over = gr.Button("Start over", elem_id="start-over")
        with gr.Column(visible=False, elem_id="case-question") as self.question:
            self.question_text = gr.HTML()
            with gr.Row():
                self.yes = gr.Button("Yes", variant="stop", elem_id="case-yes")
                self.no = gr.Button("No", elem_id="case-no")
        # What the open question is about: "decide" or "over".
        self.asked = gr.State("")
        self.page = gr.Textbox(visible=False)

    def shown(self) -> list[Any]:
        """Components that change with the conversation."""
        question = [self.question, self.question_text, self.asked]
        return [self.facts, self.note, *self.editor.parts(), *question]

    def show(self, conversations: Conversations, conversation_id: str, note: str = "") -> Updates:
        """The facts as they stand, the form closed, nothing asked."""
        facts = conversations.case(conversation_id) if conversation_id else {}
        edits = conversations.edits(conversation_id) if conversation_id else {}
        said = f"<span role='status'>{note}</span>" if note else ""
        table = {self.facts: facts_html(facts, edits), self.note: said}
        return table | self.editor.close() | self._answered()

    def _ask(self, asked: str, question: str) -> Updates:
        text = f"<p role='alert'>{question}</p>"
        return {
            self.question: gr.Column(visible=True), self.question_text: text, self.asked: asked,
        }  # fmt: skip

    def _answered(self) -> Updates:
        return {self.question: gr.Column(visible=False), self.asked: ""}

    def connect(
        self,
        conversations: Conversations,
        conversation: gr.BrowserState,
        say: Say,
        shown: list[Any],
    ) -> None:
        """Wire the panel; `say` says something in the chat, `shown` is all that this changes."""
        self._connect_facts(conversations, conversation)
        self._connect_decision(conversations, conversation, say, shown)
        self._connect_page(conversations, conversation)

    def _connect_facts(self, conversations: Conversations, conversation: gr.BrowserState) -> None:
        editor = self.editor

        def choose(name: str | None, conversation_id: str) -> Updates:
            return editor.open(name, conversations.case(conversation_id) if conversation_id else {})

        def edit(conversation_id: str, event: gr.EventData) -> Updates:
            return choose(_fact(event), conversation_id)

        def change(conversation_id: str, name: str, value: Any) -> str:
            conversation_id = conversation_id or conversations.new()
            facts = conversations.case(conversation_id)
            facts.pop(name, None)
            facts.update({} if value in (None, []) else {name: value})
            conversations.set_case(conversation_id, facts)
            return conversation_id

        def keep(
            name: str, text: str, choice: str | None, several: list[str], conversation_id: str
        ) -> Updates:
            try:
                value = editor.value(name, text, choice, several)
                conversation_id = change(conversation_id, name, value)
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12, title="Not saved") from error
            note = f"Saved: {LABELS[name]}. The next answer uses it."
            return {conversation: conversation_id} | self.show(conversations, conversation_id, note)

        def remove(conversation_id: str, event: gr.EventData) -> Updates:
            name = _fact(event)
            try:
                change(conversation_id, name, None)
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12, title="Not removed") from error
            return self.show(conversations, conversation_id, f"Removed: {LABELS[name]}.")

        form = [editor.name, conversation]
        editor.name.input(choose, form, editor.parts(), **QUIET)
        opened = self.facts.edit(edit, [conversation], editor.parts(), **QUIET)
        opened.then(None, None, None, js=TO_VALUE)
        values = [*editor.inputs(), conversation]
        saved = [
            event(keep, values, [conversation, *self.shown()], **QUIET)
            for event in (editor.save.click, editor.text.submit)
        ]
        removed = self.facts.delete(remove, [conversation], self.shown(), **QUIET)
        for done in (*saved, removed):
            done.success(None, None, None, js=TO_TABLE)

    def _connect_decision(
        self,
        conversations: Conversations,
        conversation: gr.BrowserState,
        say: Say,
        shown: list[Any],
    ) -> None:
        def decide(conversation_id: str, request: gr.Request) -> Iterator[Updates]:
            if conversation_id and conversations.pending(conversation_id):
                yield self._ask("decide", PUT_AWAY)
                return
            yield from say(_again(conversations, conversation_id), conversation_id, request)

        def agree(asked: str, conversation_id: str, request: gr.Request) -> Iterator[Updates]:
            yield self._answered()
            if asked == "decide":
                yield from say(_again(conversations, conversation_id), conversation_id, request)
            elif asked == "over" and conversation_id:
                yield start_over(conversation_id)

        def start_over(conversation_id: str) -> Updates:
            try:
                conversations.start_over(conversation_id)
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12, title="Not started over") from error
            return self.show(conversations, conversation_id, "All facts are forgotten.")

        self.decide.click(decide, [conversation], shown, **QUIET)
        self.over.click(lambda: self._ask("over", FORGET), None, self.shown(), **QUIET)
        self.yes.click(agree, [self.asked, conversation], shown, **QUIET)
        self.no.click(self._answered, None, self.shown(), **QUIET)

    def _connect_page(self, conversations: Conversations, conversation: gr.BrowserState) -> None:
        def page(conversation_id: str) -> str:
            try:
                return of_conversation(conversations, conversation_id, date.today())
            except KnowDoError as error:
                raise gr.Error(str(error), duration=12, title="Nothing to download") from error

        made = self.export.click(page, [conversation], [self.page], **QUIET)
        made.success(None, [self.page, conversation], None, js=DOWNLOAD)


def build() -> CasePanel:
    """Lay the panel out."""
    return CasePanel()


def _fact(event: gr.EventData) -> str:
    """The fact whose button was clicked; a name that the browser made up is refused."""
    if event.fact not in LABELS:
        raise gr.Error("There is no such fact; reload the page.")
    return str(event.fact)


def _again(conversations: Conversations, conversation_id: str) -> str:
    """The request for a new decision, in the language of the conversation."""
    entries = conversations.transcript(conversation_id) if conversation_id else []
    said = [language_of(entry.text) for entry in entries if entry.role == "user"]
    return DECIDE_AGAIN[next((language for language in reversed(said) if language), "en")]
