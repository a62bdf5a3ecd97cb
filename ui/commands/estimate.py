"""knowdo estimate: memory, time, money and data needs, as ranges with sources."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from knowdo.tools.tool import to_plain
from knowdo.ui.commands.estimate_running import break_even, index, inference, project
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
@click.option("--max-length", default=1024, show_default=True, help="Tokens of a sample at most.")
@click.option("--batch", "per_device_train_batch_size", default=4, show_default=True)
@click.option("--checkpointing/--no-checkpointing", "gradient_checkpointing", default=True)
@click.option("--rank", "lora_rank", default=16, show_default=True)
@click.option(
    "--optimizer", default="adamw",
    type=click.Choice(["adamw", "adamw-8bit", "paged-adamw-8bit"]), show_default=True,
)  # fmt: skip
@click.option("--gpus", "n_gpus", default=1, show_default=True, help="Cards that share the model.")
@click.option(
    "--config", "config_path", type=click.Path(exists=True, path_type=Path),
    help="A model's config.json, or its folder, for a model that the catalogue lacks.",
)  # fmt: skip
@as_json
def training(json_output: bool, config_path: Path | None, **options: Any) -> None:
    """Memory, time and dollars of one training run."""
    from knowdo.agent.embedded.replies import estimate_cost as text
    from knowdo.knowledge.model_config import model_from_config
    from knowdo.tools.estimate import RunSettings, estimate_cost, estimate_run

    if config_path is None:
        result = to_plain(estimate_cost(**options))
    elif options.pop("base_model") or options.pop("model_size_b"):
        raise click.UsageError("Give one of --config, --model and --size.")
    else:
        options.pop("model_size_b", None)
        spec = model_from_config(config_path, date.today())
        result = to_plain(estimate_run(spec, RunSettings(**options)))
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


for command in (inference, index, break_even, project):
    estimate.add_command(command)
