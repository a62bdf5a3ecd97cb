"""The `knowdo` command: the same functions as the page, for scripts and CI."""

from __future__ import annotations

import sys

import click

from knowdo.knowledge.errors import InputError, KnowDoError
from knowdo.tools.offline import stay_offline
from knowdo.ui.commands.advise import advise
from knowdo.ui.commands.chat import chat
from knowdo.ui.commands.data import data
from knowdo.ui.commands.doctor import doctor
from knowdo.ui.commands.estimate import estimate
from knowdo.ui.commands.evaluate import evaluate
from knowdo.ui.commands.finetune import finetune
from knowdo.ui.commands.index import index
from knowdo.ui.commands.models import models
from knowdo.ui.commands.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="knowdo")
def cli() -> None:
    """Prompt, retrieval or fine-tuning: decide, plan, run and prove it."""


for command in (
    serve, chat, advise, estimate, data, index, finetune, evaluate, models, doctor,
):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run the command line; exit code 2 for bad input, 1 for failure."""
    stay_offline()
    try:
        cli()
    except KnowDoError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2 if isinstance(error, InputError) else 1)
