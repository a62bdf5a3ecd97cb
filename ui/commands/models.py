"""knowdo models: the weights on this machine and the models that were tuned."""

from __future__ import annotations

from typing import Any

import click

from knowdo.tools.tool import to_plain
from knowdo.ui.commands.output import as_json, progress_on_stderr, show


@click.group()
def models() -> None:
    """Fetch base models; list and try tuned ones."""


@models.command()
@click.argument("names", nargs=-1)
@click.option("--default", "default_set", is_flag=True, help="All that the offline default uses.")
@as_json
def fetch(names: tuple[str, ...], default_set: bool, json_output: bool) -> None:
    """Download model weights by name, check their hashes and unpack them."""
    from knowdo.tools.weights import fetch_default_weights, fetch_weights, known_weights

    def say(text: str) -> None:
        click.echo(text, err=True)

    if not names and not default_set:
        rows = to_plain(list(known_weights().values()))
        show(rows, json_output, _available)
        return
    if default_set:
        fetch_default_weights(say)
    folders = {name: str(fetch_weights(name, say)) for name in names}
    if json_output:
        show({"fetched": folders or "default"}, True, str)


def _available(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"{r['name']}: {r['purpose']}, {r['licence']}, {r['package_megabytes']} MB" for r in rows
    ]
    return "\n".join([*lines, "Fetch with: knowdo models fetch NAME"])


@models.command("list")
@as_json
def list_all(json_output: bool) -> None:
    """List base models and tuned models on this machine."""
    from knowdo.tools.home import models_folder
    from knowdo.tools.jobs.store import list_jobs

    base = sorted(p.parent.name for p in models_folder().glob("*/config.json"))
    tuned = [job.job_id for job in list_jobs() if job.state == "succeeded"]

    def text(r: dict[str, list[str]]) -> str:
        return "\n".join(
            [*(f"base   {n}" for n in r["base"]), *(f"tuned  {n}" for n in r["tuned"])]
        )

    show({"base": base, "tuned": tuned}, json_output, text)


@models.command()
@click.argument("job_id")
@click.argument("message")
@click.option("--max-new-tokens", default=128, show_default=True, type=click.IntRange(1, 4096))
@as_json
def chat(job_id: str, message: str, max_new_tokens: int, json_output: bool) -> None:
    """Ask the base model and the tuned one the same thing."""
    from knowdo.agent.embedded import replies
    from knowdo.tools.evaluate.chat import chat_with_model

    with progress_on_stderr():
        answers = chat_with_model(job_id, message, max_new_tokens)
    show(to_plain(answers), json_output, replies.compare)
