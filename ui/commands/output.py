"""How commands print: one JSON object with --json, else text; progress goes to stderr."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from knowdo.tools.progress import progress_to
from knowdo.tools.tool import to_json

as_json = click.option("--json", "json_output", is_flag=True, help="Print one JSON object.")


def show(result: Any, json_output: bool, text: Callable[[Any], str]) -> None:
    """Print a result, as JSON or as the text that `text` makes of it."""
    click.echo(to_json(result) if json_output else plain_text(text(result)))


def plain_text(markdown: str) -> str:
    """A reply without the marks that only the page shows."""
    text = re.sub(r"</p>|</summary>|<p>", "\n", markdown)
    text = html.unescape(re.sub(r"</?(?:details|summary|b|i)>", "", text))
    text = re.sub(r"\*\*|(?<!\\)`", "", text)
    text = re.sub(r"\\([\\`*_{}\[\]()#+\-!|~.$:])", r"\1", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


@contextmanager
def progress_on_stderr() -> Iterator[None]:
    """Show progress of what runs inside on stderr, in one line that is rewritten on a terminal."""
    on_terminal = sys.stderr.isatty()

    def line(text: str, done: float, total: float | None) -> None:
        share = f"{done / total:4.0%} " if total else ""
        if on_terminal:
            click.echo(f"\r\033[K{share}{text}", err=True, nl=False)

    with progress_to(line):
        yield
    if on_terminal:
        click.echo("\r\033[K", err=True, nl=False)
