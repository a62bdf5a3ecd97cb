"""The form for one fact of the case: choose it, give its value in the field that suits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from knowdo.agent.case_words import LABELS, allowed, choices, code_of, in_words, read, read_signals

Updates = dict[Any, Any]
SEVERAL = "signals"


class FactEditor:
    """The form's components; the value's field is a text, a choice, or several choices."""

    def __init__(self) -> None:
        names = [(label, name) for name, label in LABELS.items()]
        warnings = [(words, code) for code, words in choices(SEVERAL).items()]
        value: dict[str, Any] = {
            "label": "Value", "elem_classes": ["value"], "visible": False, "interactive": True,
        }  # fmt: skip
        with gr.Column(elem_id="fact-editor"):
            self.name = gr.Dropdown(
                names, value=None, label="Add or edit a fact", elem_id="fact-name"
            )
            self.text = gr.Textbox(elem_id="fact-text", **value)
            self.choice = gr.Dropdown([], elem_id="fact-choice", **value)
            self.several = gr.Dropdown(warnings, multiselect=True, elem_id="fact-several", **value)
            self.save = gr.Button("Save the fact", elem_id="save-fact", visible=False)

    def parts(self) -> list[Any]:
        """All components of the form."""
        return [self.name, self.text, self.choice, self.several, self.save]

    def inputs(self) -> list[Any]:
        """What `value` reads, in its order."""
        return self.parts()[:-1]

    def close(self) -> Updates:
        """The form with nothing chosen."""
        return {self.name: None} | {part: gr.update(visible=False) for part in self.parts()[1:]}

    def open(self, name: str | None, facts: Mapping[str, Any]) -> Updates:
        """The field for one fact's value, with what is there now."""
        if name not in LABELS:
            return self.close()
        now = facts.get(name)
        listed = choices(name)
        items = [(words, code) for code, words in listed.items()]
        chosen = None if now is None or name == SEVERAL else code_of(name, now)
        return {
            self.name: name,
            self.text: gr.Textbox(
                visible=not listed,
                value="" if now is None else in_words(name, now),
                info=allowed(name),
            ),
            self.choice: gr.Dropdown(
                items, visible=bool(listed) and name != SEVERAL, value=chosen if listed else None
            ),
            self.several: gr.Dropdown(
                visible=name == SEVERAL, value=list(now or []) if name == SEVERAL else []
            ),
            self.save: gr.Button(visible=True),
        }

    @staticmethod
    def value(name: str, text: str, choice: str | None, several: list[str] | None) -> Any:
        """What the person gave. Raises InputError that names the fact and what is allowed."""
        if name == SEVERAL:
            return read_signals(several or [])
        return read(name, (choice if choices(name) else text) or "")
