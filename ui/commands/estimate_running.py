"""knowdo estimate inference, index and break-even: what comes after training."""

from __future__ import annotations

from typing import Any

import click

from knowdo.tools.tool import to_plain
from knowdo.ui.commands.output import as_json, show


@click.command()
@click.option("--model", "base_model", required=True, help="Name of an open model.")
@click.option("--gpu", "gpu_name", default="L4", show_default=True, help="Name of a card.")
@click.option("--context", default=4096, show_default=True, help="Tokens of prompt and answer.")
@click.option("--concurrency", default=8, show_default=True, help="Requests at once.")
@click.option("--bits", "weight_bits", type=float, default=16, show_default=True)
@click.option("--usd-per-hour", type=float, help="Your own price of the card; it wins.")
@as_json
def inference(json_output: bool, **options: Any) -> None:
    """Memory, speed and monthly price of serving a model on one card."""
    from knowdo.tools.running_cost import estimate_serving

    show(to_plain(estimate_serving(**options)), json_output, _inference)


@click.command()
@click.option("--tokens", "corpus_tokens", type=float, required=True, help="Tokens of documents.")
@click.option("--requests", "requests_per_month", type=float, default=1000, show_default=True)
@click.option("--embedder", help="An embedding API; without it the model on this machine.")
@click.option("--answerer", help="A model behind an API that answers; without it your own.")
@click.option("--dimension", default=384, show_default=True, help="Numbers of a vector.")
@click.option("--changed-share", type=float, default=0.0, help="Share embedded anew each month.")
@as_json
def index(json_output: bool, **options: Any) -> None:
    """What an index over documents costs once and a month."""
    from knowdo.knowledge.rag_cost import RagRequest
    from knowdo.tools.running_cost import estimate_index

    show(to_plain(estimate_index(RagRequest(**options))), json_output, _index)


@click.command("break-even")
@click.option("--requests", "requests_per_month", type=float, required=True, help="A month.")
@click.option("--tokens-in", "input_tokens", type=float, default=800, show_default=True)
@click.option("--tokens-out", "output_tokens", type=float, default=200, show_default=True)
@click.option("--large", "large_item", default="gpt-6.1-sol", show_default=True)
@click.option("--small", "small_item", help="A small model behind an API that may do.")
@click.option("--model", "base_model", default="Llama-3.1-8B", show_default=True)
@click.option("--gpu", "gpu_name", default="L4", show_default=True)
@click.option("--usd-per-hour", type=float, help="Your own price of the card; it wins.")
@click.option("--training-usd", type=float, default=0.0, help="What training costs once.")
@click.option("--passage-tokens", type=float, default=0.0, help="Retrieved text in each prompt.")
@click.option("--by-token", "serverless_usd_per_million", type=float,
              help="Price of a tuned adapter per million tokens.")  # fmt: skip
@as_json
def break_even(json_output: bool, base_model: str, gpu_name: str, **options: Any) -> None:
    """Dollars a month of prompting, retrieval and an own server, and where they cross."""
    from knowdo.knowledge.break_even import BreakEvenRequest
    from knowdo.knowledge.catalog import gpu, model
    from knowdo.tools.running_cost import estimate_break_even

    request = BreakEvenRequest(model=model(base_model), gpu=gpu(gpu_name), **options)
    show(to_plain(estimate_break_even(request)), json_output, _break_even)


@click.command()
@click.option("--run-usd", type=float, required=True, help="Dollars of one training run.")
@click.option("--trial-runs", type=float, default=5, show_default=True)
@click.option("--retrainings", "retrainings_per_year", type=float, default=4, show_default=True)
@click.option("--test-examples", type=float, default=200, show_default=True)
@click.option("--judge", "judge_item", help="A model behind an API that is compared with.")
@click.option("--serving", "serving_usd_per_month", type=float, default=0.0, help="USD a month.")
@click.option("--examples", "n_examples", type=float, default=0, help="Examples people make.")
@click.option("--usd-per-example", type=float, default=0.0, help="What one of them costs.")
@as_json
def project(json_output: bool, run_usd: float, **options: Any) -> None:
    """What a whole project costs: trials, evaluation, retraining, serving."""
    from knowdo.knowledge.project_cost import ProjectRequest
    from knowdo.knowledge.schema import Range
    from knowdo.tools.running_cost import estimate_project

    request = ProjectRequest(Range(run_usd, run_usd, run_usd), **options)
    show(to_plain(estimate_project(request)), json_output, _project)


def _project(data: dict[str, Any]) -> str:
    values = data["values"]
    lines = [
        f"Until the first model: {_range(values['usd_until_first_model'], 2)} USD",
        f"In the first year: {_range(values['usd_first_year'], 2)} USD",
        f"In each later year: {_range(values['usd_per_year'], 2)} USD",
    ]
    return _with_basis(lines, data)


def _inference(data: dict[str, Any]) -> str:
    fits = "fits" if data["fits"] else "does not fit"
    smallest = data.get("smallest_gpu") or "none of the catalogue"
    speed = data["tokens_per_second"]
    lines = [
        f"{data['model']} on one {data['gpu']}: {_range(data['total_gib'], 1)} GiB ({fits};"
        f" smallest card: {smallest})",
        f"Weights {data['weights_gib']['expected']:.1f} GiB, cache"
        f" {data['kv_cache_gib']['expected']:.1f} GiB",
        f"Speed of all requests together: {_range(speed, 0)} tokens a second",
        f"Always on: {_range(data['usd_per_month'], 0)} USD a month",
    ]
    return _with_basis(lines, data)


def _index(data: dict[str, Any]) -> str:
    values = data["values"]
    lines = [
        f"Embedding once: {values['usd_once']['expected']:.2f} USD",
        f"A month: {_range(values['usd_per_month'], 2)} USD",
        f"Storage: {_range(values['storage_gib'], 2)} GiB",
    ]
    return _with_basis(lines, data)


_NAMES = {
    "large": "large model, prompted", "rag": "large model with passages",
    "small": "small model, prompted", "always_on": "own server, always on",
    "scale_to_zero": "own server, sleeps when idle", "serverless": "tuned adapter, by token",
}  # fmt: skip


def _break_even(data: dict[str, Any]) -> str:
    lines = [data["verdict"], ""]
    for name, usd in data["usd_per_month"].items():
        start = data["requests_per_month_from"].get(name)
        from_there = f"  cheaper than the large model from {start:,.0f} a month" if start else ""
        months = data["payback_months"].get(name)
        paid = f", training paid back in {months:.1f} months" if months else ""
        lines.append(f"{_NAMES[name]:<30}{usd:>12,.2f} USD a month{from_there}{paid}")
    return _with_basis(lines, data)


def _range(value: dict[str, float], digits: int) -> str:
    low, expected, high = (f"{value[k]:,.{digits}f}" for k in ("low", "expected", "high"))
    return expected if low == high else f"{expected} ({low} to {high})"


def _with_basis(lines: list[str], data: dict[str, Any]) -> str:
    basis = [f"- {line}" for line in [*data["assumptions"], *data.get("notes", [])]]
    sources = [f"- {source['title']}, read on {source['retrieved']}" for source in data["sources"]]
    return "\n".join([*lines, "", "Assumptions:", *basis, "", "Sources:", *sources])
