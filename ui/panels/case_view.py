"""The facts of the case as a table with a button to edit and one to remove each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowdo.agent.case_words import LABELS, in_words
from knowdo.agent.specification import origin
from knowdo.tools.format import html

EMPTY = (
    "<p class='muted'>Nothing is known yet. Facts appear here as you describe your problem; you can"
    " also add them below.</p>"
)
# The buttons of the table, as events of the component: `edit` and `delete` with the fact's name.
ON_CLICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-fact]');
  if (button) trigger(button.dataset.action, {fact: button.dataset.fact});
});
"""
# After an edit or removal the keyboard goes on where the person was working; the page paints first.
_FOCUS = "() => setTimeout(() => {found}?.focus(), 250)"
TO_VALUE = _FOCUS.format(
    found="document.querySelector('#fact-editor .value textarea, #fact-editor .value input')"
)
TO_TABLE = _FOCUS.format(
    found="(document.querySelector('#facts button') ?? document.querySelector('#fact-name input'))"
)
# The specification as a file, made by the browser from the text that it was given.
DOWNLOAD = """(text, id) => {
  if (!text) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/markdown'}));
  link.download = `use-case-${id}.md`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}"""


def facts_html(facts: Mapping[str, Any], edits: Mapping[str, str]) -> str:
    """The table, in the order of the labels."""
    rows = [_row(name, facts[name], edits) for name in LABELS if name in facts]
    if not rows:
        return EMPTY
    return f"<table aria-label='Facts of the case'><tbody>{''.join(rows)}</tbody></table>"


def _row(name: str, value: Any, edits: Mapping[str, str]) -> str:
    label = LABELS[name]
    buttons = "".join(
        f"<button type='button' data-action='{action}' data-fact='{name}'"
        f" aria-label='{word} {html(label)}'>{word}</button>"
        for action, word in (("edit", "Edit"), ("delete", "Remove"))
    )
    return (
        f"<tr><th scope='row'>{html(label)}</th><td>{html(in_words(name, value))}"
        f" <small class='muted'>{origin(name, edits)}</small></td>"
        f"<td class='acts'>{buttons}</td></tr>"
    )
