"""knowdo estimate: memory, time, money and data needs, as ranges with sources."""

from __future__ import annotations

from typing import Any

import click

from knowdo.tools.tool import to_plain
from knowdo.ui.commands.estimate_running import break_even, index, inference
from knowdo.ui.commands.output import as_json, show


@click.group()
def estimate() -> None:
    """Estimate what a run takes, before anything is spent."""


@estimate.command()
@click.option("--model", "base_model", help="Name of an open model, for instance Llama-3.1-8B.")
@click.option("--size", "model_size_b", type=float, help="Model size in billions instead.")
@click.option("--method", type=click.Choice(["qlora", "lora", "full"]), default="qlora")
@click.option("--examples", "n_examples", type=float)
@click.option("--tokens", "tokens_per_example", type=float, help="Tokens of one example.")
@click.option("--epochs", "num_train_epochs", type=float, default=3, show_default=True)
@click.option("--gpu", "gpu_name", help="Name of a card, for instance 4090.")
@click.option("--usd-per-hour", type=float, help="Your own price of the card; it wins.")
@as_json
def training(json_output: bool, **options: Any) -> None:
    """Memory, time and dollars of one training run."""
    from knowdo.agent.embedded.replies import estimate_cost as text
    from knowdo.tools.estimate import estimate_cost

    result = to_plain(estimate_cost(**options))
    show(result, json_output, text)


@estimate.command()
@click.argument("task_type")
@click.option("--classes", "n_classes", type=int, help="Number of classes, for classification.")
@as_json
def data(task_type: str, n_classes: int | None, json_output: bool) -> None:
    """How many examples TASK_TYPE needs (style, format, vocabulary, classification, ...)."""
    from knowdo.agent.embedded.replies import data_needs as text
    from knowdo.tools.estimate import estimate_data_needs

    result = to_plain(estimate_data_needs(task_type, n_classes))
    show(result, json_output, text)


for command in (inference, index, break_even):
    estimate.add_command(command)
