"""The page: chat on the left, the case, jobs, indexes and models on the right."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from knowdo.tools.offline import stay_offline

stay_offline()  # Gradio reports usage unless it is told otherwise before it is imported.

import gradio as gr  # noqa: E402

from knowdo.agent.conversation import Conversations  # noqa: E402
from knowdo.knowledge.errors import KnowDoError  # noqa: E402
from knowdo.ui import citations  # noqa: E402
from knowdo.ui.chat import Message, follow, keep_uploads, to_messages  # noqa: E402
from knowdo.ui.panels import approval, case, compare, estimate, indexes, jobs  # noqa: E402

Updates = dict[Any, Any]
PLACEHOLDER = (
    "### Does your model need to know something, or to do something?\n"
    "Describe what it should do and what goes wrong. Attach documents to search in, or a JSONL file"
    " of examples to train on."
)
WRITING = "<span role='status' data-turn='writing'>KnowDo is writing …</span>"
READY = "<span role='status' data-turn='ready'></span>"
EXAMPLES = [
    "Our support bot should answer from 400 manual pages that change every month. Fine-tune?",
    "We need strict JSON from mails; a prompted 7B gets 78 %, and we have 2,000 labelled mails.",
    "What is QLoRA, and when is it worth it?",
]


def theme() -> gr.themes.Base:
    """System fonts only: nothing is loaded from outside."""
    sans = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    mono = ["ui-monospace", "SFMono-Regular", "Menlo", "monospace"]
    return gr.themes.Soft(primary_hue="teal", neutral_hue="slate", font=sans, font_mono=mono)


def css() -> str:
    """The style sheet beside this module."""
    return files("knowdo.ui").joinpath("page.css").read_text(encoding="utf-8")


def build_page(conversations: Conversations) -> gr.Blocks:
    """The whole page on one set of conversations."""
    with gr.Blocks(title="KnowDo", fill_width=True, analytics_enabled=False) as page:
        # The browser remembers only an id. With Gradio's own secret, which is new with each start,
        # it could not be read after a restart of the server.
        conversation = gr.BrowserState(
            "", storage_key="knowdo-conversation", secret="knowdo-conversation"
        )
        with gr.Row(elem_id="top"):
            gr.HTML(_header(conversations), elem_id="header")
            history = gr.Dropdown(
                [],
                label="Conversations",
                elem_id="history",
                interactive=True,
                scale=0,
                min_width=320,
            )
            new = gr.Button("New conversation", elem_id="new", scale=0, min_width=190)
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=420):
                chat = gr.Chatbot(
                    elem_id="chat",
                    label="Conversation",
                    show_label=False,
                    height="62vh",
                    placeholder=PLACEHOLDER,
                    layout="bubble",
                    buttons=["copy"],
                    feedback_options=None,
                    group_consecutive_messages=True,
                )
                turn = gr.HTML("", elem_id="turn", elem_classes=["muted"])
                card = approval.build()
                box = gr.MultimodalTextbox(
                    elem_id="message",
                    show_label=False,
                    label="Your message",
                    file_count="multiple",
                    placeholder="Describe your problem, ask, or give an instruction",
                    lines=1,
                    max_lines=12,
                    max_plain_text_length=200_000,
                    autofocus=True,
                )
                examples = gr.Examples(
                    [[{"text": text, "files": []}] for text in EXAMPLES], [box], label="Try"
                )
            with gr.Column(scale=2, min_width=360), gr.Tabs(elem_id="panels"):
                with gr.Tab("Case", id="case"):
                    panel = case.build()
                with gr.Tab("Jobs", id="jobs"):
                    jobs.build()
                with gr.Tab("Indexes", id="indexes"):
                    indexes.build()
                with gr.Tab("Compare", id="compare"):
                    compare.build()
                with gr.Tab("Estimate", id="estimate"):
                    estimate.build()

        citations.build()
        shown = [chat, turn, *card.shown(), *panel.shown(), history]

        def state_of(conversation_id: str, messages: list[Message]) -> Updates:
            """Everything on the page that hangs on the conversation."""
            return {
                chat: messages,
                turn: READY,
                **card.show(conversations, conversation_id),
                **panel.show(conversations, conversation_id),
                history: _history(conversations, conversation_id),
            }

        # The conversation that each open page shows, by Gradio's session.
        open_now: dict[str, str] = {}

        def follow_run(conversation_id: str, run: Any, session: str) -> Iterator[Updates]:
            open_now[session] = conversation_id
            messages: list[Message] = []
            for messages in follow(conversations, conversation_id, run):
                if open_now.get(session) != conversation_id:
                    return  # the page shows another one now; the reply is kept all the same
                yield {chat: messages, turn: WRITING}
            if open_now.get(session) == conversation_id:
                yield state_of(conversation_id, messages)

        def send(
            message: dict[str, Any], conversation_id: str, request: gr.Request
        ) -> Iterator[Updates]:
            conversation_id = conversation_id or conversations.new()
            try:
                kept = keep_uploads(conversation_id, message.get("files") or [])
                run = conversations.send(conversation_id, message.get("text") or "", kept)
            except KnowDoError as error:
                # The text stays in the box, so that nothing typed is lost.
                gr.Warning(str(error), duration=12, title="Not sent")
                yield {turn: READY}
                return
            yield {
                box: gr.MultimodalTextbox(value=None),
                conversation: conversation_id,
            } | card.hide()
            yield from follow_run(conversation_id, run, session_of(request))

        def load(conversation_id: str, request: gr.Request) -> Iterator[Updates]:
            open_now[session_of(request)] = conversation_id
            running = conversations.running(conversation_id) if conversation_id else None
            if running:
                yield from follow_run(conversation_id, running, session_of(request))
                return
            entries = conversations.transcript(conversation_id) if conversation_id else []
            yield state_of(conversation_id, to_messages(entries))

        def open_other(
            conversation_id: str | None, current: str, request: gr.Request
        ) -> Iterator[Updates]:
            chosen = conversation_id or current
            for update in load(chosen, request):
                yield {conversation: chosen} | update

        def start_new(request: gr.Request) -> Updates:
            # With an id from the start the browser remembers the new one, not the old.
            fresh = conversations.new()
            open_now[session_of(request)] = fresh
            cleared = {conversation: fresh, box: gr.MultimodalTextbox(value=None)}
            return cleared | state_of(fresh, [])

        def say(text: str, conversation_id: str, request: gr.Request) -> Iterator[Updates]:
            """Something that a panel says for the person."""
            conversation_id = conversation_id or conversations.new()
            try:
                run = conversations.send(conversation_id, text)
            except KnowDoError as error:
                gr.Warning(str(error), duration=12, title="Not sent")
                yield {turn: READY}
                return
            yield {conversation: conversation_id} | card.hide()
            yield from follow_run(conversation_id, run, session_of(request))

        send_outputs = [box, conversation, *shown]
        box.submit(send, [box, conversation], send_outputs, show_progress="hidden", api_name=False)
        new.click(start_new, None, send_outputs, show_progress="hidden", api_name=False)
        history.input(
            open_other,
            [history, conversation],
            send_outputs,
            show_progress="hidden",
            api_name=False,
        )
        panel.connect(conversations, conversation, say, [conversation, *shown])
        card.connect(conversations, conversation, follow_run, shown)
        page.load(load, [conversation], shown, show_progress="hidden", api_name=False)
        del examples
    return page


def session_of(request: gr.Request) -> str:
    """The id of one open page."""
    return str(request.session_hash)


def _header(conversations: Conversations) -> str:
    where = conversations.settings.where_messages_go()
    return (
        "<h1>KnowDo</h1><p>Does your model need to <b>know</b> something, or to <b>do</b>"
        f" something?</p><p class='where'>{where}</p>"
    )


def _history(conversations: Conversations, current: str) -> Any:
    choices = [(info.title, info.conversation_id) for info in conversations.listed()]
    known = {conversation_id for _, conversation_id in choices}
    return gr.Dropdown(choices=choices, value=current if current in known else None)
