"""knowdo evaluate: base against tuned on unseen examples."""

from __future__ import annotations

import click

from knowdo.tools.tool import to_plain
from knowdo.ui.commands.output import as_json, show


@click.command()
@click.argument("job_id")
@as_json
def evaluate(job_id: str, json_output: bool) -> None:
    """Did JOB_ID help? Scores, interval and examples from the end of its run."""
    from knowdo.agent.embedded.replies import evaluation
    from knowdo.tools.evaluate.report import load_evaluation

    show(to_plain(load_evaluation(job_id)), json_output, evaluation)
