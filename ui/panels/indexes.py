"""The panel of document indexes: what is in them, a question to one, deleting one."""

from __future__ import annotations

from typing import Any

import gradio as gr

from knowdo.agent.embedded.replies import answer
from knowdo.knowledge.errors import KnowDoError
from knowdo.tools.format import html
from knowdo.tools.indexing import ask_index
from knowdo.tools.rag.store import delete_index, folder_of, list_indexes, read_files
from knowdo.tools.tool import to_plain

NONE_YET = "<p class='muted'>No index yet. Attach documents in the chat and say: index these.</p>"
REFRESH_SECONDS = 4
SHOWN_FILES = 50


def build() -> None:
    """Lay the panel out and wire it."""
    chosen = gr.Dropdown([], label="Index", elem_id="index-choice", interactive=True)
    details = gr.HTML(NONE_YET, elem_id="index-details")
    with gr.Row():
        question = gr.Textbox(label="Question to this index", elem_id="index-question", scale=4)
        ask = gr.Button("Ask", elem_id="index-ask", scale=1, min_width=80)
    found = gr.Markdown(elem_id="index-answer")
    with gr.Accordion("Delete this index", open=False):
        gr.Markdown("The documents stay where they are; only the index goes.")
        confirm = gr.Textbox(label="Type the index's name to confirm", elem_id="index-confirm")
        delete = gr.Button("Delete", variant="stop", elem_id="index-delete")
    timer = gr.Timer(REFRESH_SECONDS)

    def refresh(current: str | None) -> tuple[Any, str]:
        infos = list_indexes()
        ids = [info.index_id for info in infos]
        value = current if current in ids else (ids[0] if ids else None)
        choices = [(f"{info.name} ({info.chunks:,} passages)", info.index_id) for info in infos]
        return gr.Dropdown(choices=choices, value=value), _details(value)

    def ask_it(index_id: str | None, text: str) -> str:
        index_id = index_id or next((info.index_id for info in list_indexes()), None)
        if not index_id or not (text or "").strip():
            return "Choose an index and write a question."
        try:
            return answer(to_plain(ask_index(index_id, text)))
        except KnowDoError as error:
            return f"⚠️ {error}"

    def delete_it(index_id: str | None, typed: str) -> tuple[Any, str, str]:
        info = next((i for i in list_indexes() if i.index_id == index_id), None)
        if info is None or (typed or "").strip() != info.name:
            raise gr.Error("Type the name exactly as it is shown to delete this index.")
        delete_index(info.index_id, confirm=info.index_id)
        return *refresh(None), ""

    timer.tick(refresh, [chosen], [chosen, details], show_progress="hidden", api_name=False)
    chosen.input(_details, [chosen], [details], show_progress="hidden", api_name=False)
    gr.on([ask.click, question.submit], ask_it, [chosen, question], [found], api_name=False)
    delete.click(delete_it, [chosen, confirm], [chosen, details, confirm], api_name=False)


def _details(index_id: str | None) -> str:
    info = next((i for i in list_indexes() if i.index_id == index_id), None)
    if info is None:
        return NONE_YET
    named = read_files(folder_of(info.index_id))
    rows = "".join(f"<li>{html(file.file)}</li>" for file in named[:SHOWN_FILES])
    more = len(named) - SHOWN_FILES
    rows += f"<li>and {more:,} more</li>" if more > 0 else ""
    return (
        f"<p><b>{html(info.name)}</b>: {info.chunks:,} passages from {info.files:,} files,"
        f" {html(info.state)}, embeddings by {html(info.embedding_model)}.</p><ul>{rows}</ul>"
    )
