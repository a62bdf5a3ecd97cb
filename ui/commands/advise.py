"""knowdo advise: the decision on one problem or on a file of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.ui.commands.output import as_json, plain_text


@click.command()
@click.argument("text", required=False)
@click.option(
    "--batch",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSONL file of {id, message}; one answer a line.",
)
@click.option(
    "--spec",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the case as a one-page specification (Markdown).",
)
@as_json
def advise(text: str | None, batch: Path | None, spec: Path | None, json_output: bool) -> None:
    """Decide: prompt, rag, finetune, both, ask or none."""
    if batch is not None and spec is not None:
        raise click.UsageError("--spec writes one case; use it without --batch.")
    if batch is not None:
        for row in _problems(batch):
            click.echo(json.dumps({"id": row["id"], **_answer(row["message"])}, ensure_ascii=False))
        return
    if text is None and not sys.stdin.isatty():
        text = sys.stdin.read()
    if not (text or "").strip():
        raise click.UsageError("Describe the problem, for instance: knowdo advise 'Our bot ...'")
    answer = _answer(text or "")
    click.echo(
        json.dumps(answer, ensure_ascii=False) if json_output else plain_text(answer["reply"])
    )
    if spec is not None:
        _write_specification(text or "", spec)


def _problems(batch: Path) -> list[dict[str, Any]]:
    """The rows of a batch, checked before the first is answered."""
    rows = []
    try:
        text = batch.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{batch} is not UTF-8 text ({error.reason}); save it as UTF-8."
        ) from error
    # Not `splitlines`, which also cuts at characters that JSON allows inside a text.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{batch}, line {number}: no JSON ({error.msg}).") from error
        if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("message"), str):
            raise InputError(f'{batch}, line {number}: write {{"id": ..., "message": "text"}}.')
        rows.append(row)
    return rows


def _answer(message: str) -> dict[str, Any]:
    from knowdo.agent.embedded.language import language_of
    from knowdo.agent.embedded.replies import recommend
    from knowdo.agent.embedded.understanding import understand
    from knowdo.tools.advise import advise as decide
    from knowdo.tools.tool import to_plain

    advice = decide(understand(message), language_of(message) or "en")
    chosen = advice.recommendation
    return {
        "label": chosen.label,
        "key_fact": chosen.key_fact,
        "warnings": [caution.code for caution in chosen.cautions],
        "facts": advice.facts,
        "reasons": [reason.text for reason in chosen.reasons],
        "citations": [cited.passage_id for cited in advice.citations],
        "reply": recommend(to_plain(advice)),
    }


def _write_specification(message: str, file: Path) -> None:
    from datetime import date

    from knowdo.agent.embedded.language import language_of
    from knowdo.agent.embedded.understanding import understand
    from knowdo.agent.specification import specification
    from knowdo.tools.advise import advise as decide
    from knowdo.tools.home import write_atomically

    case = understand(message)
    advice = decide(case, language_of(message) or "en")
    try:
        write_atomically(
            file, specification(case.known(), advice, [message], date.today()).encode()
        )
    except OSError as error:
        raise OperationError(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"Specification: {file}", err=True)
