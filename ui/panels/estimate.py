"""The panel that estimates: every change recomputes at once, every figure shows its sources."""

from __future__ import annotations

import shlex
from html import escape
from typing import Any, get_args

import gradio as gr

from knowdo.knowledge import catalog
from knowdo.knowledge.break_even import BreakEvenRequest
from knowdo.knowledge.errors import InputError, KnowDoError
from knowdo.knowledge.schema import Optimizer
from knowdo.tools.estimate import estimate_cost
from knowdo.tools.running_cost import DEFAULT_LARGE, estimate_break_even
from knowdo.tools.tool import to_plain
from knowdo.ui.panels import estimate_view as view

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_name": False}
DEFAULT_MODEL, DEFAULT_CARD = "Llama-3.1-8B", "A100-80GB"


def build() -> None:
    """Lay the panel out and wire it."""
    models = [model.name for model in catalog.models()]
    cards = [card.name for card in catalog.gpus() if card.kind == "nvidia"]
    priced = [name for name in cards if catalog.gpu_prices(name)]
    with gr.Row():
        model = gr.Dropdown(models, value=DEFAULT_MODEL, label="Model", elem_id="estimate-model")
        method = gr.Dropdown(["qlora", "lora", "full"], value="qlora", label="Method")
    with gr.Row():
        card = gr.Dropdown(cards, value=DEFAULT_CARD, label="Card", elem_id="estimate-card")
        price = gr.Textbox("", label="Your own price (USD an hour)")
    with gr.Row():
        examples = gr.Number(1000, label="Examples", minimum=1, precision=0)
        tokens = gr.Slider(50, 4000, value=500, step=50, label="Tokens of one example")
        epochs = gr.Slider(1, 10, value=3, step=1, label="Epochs")
    with gr.Accordion("How it trains", open=False):
        with gr.Row():
            length = gr.Slider(128, 32_768, value=1024, step=128, label="Longest sample (tokens)")
            batch = gr.Slider(1, 64, value=4, step=1, label="Samples at once")
        with gr.Row():
            optimizer = gr.Dropdown(list(get_args(Optimizer)), value="adamw", label="Optimizer")
            n_cards = gr.Dropdown([1, 2, 4, 8], value=1, label="Cards that share it")
        checkpointing = gr.Checkbox(True, label="Gradient checkpointing")
    trained = gr.HTML(elem_id="estimate-training")
    command = gr.Code(
        "",
        language="shell",
        label="As command",
        lines=1,
        wrap_lines=True,
        elem_id="estimate-command",
    )
    with gr.Accordion("Running it: prompt, retrieval or an own server", open=False):
        with gr.Row():
            requests = gr.Number(100_000, label="Calls a month", minimum=1, precision=0)
            tokens_in = gr.Slider(10, 20_000, value=800, step=10, label="Tokens in")
            tokens_out = gr.Slider(1, 4000, value=200, step=1, label="Tokens out")
        with gr.Row():
            large = gr.Textbox(DEFAULT_LARGE, label="Large model behind an API")
            small = gr.Textbox("", label="Small model that may do")
            serving = gr.Dropdown(priced, value="L4-24GB", label="Card of the own server")
        run = gr.HTML(elem_id="estimate-running")
        run_command = gr.Code("", language="shell", label="As command", lines=1, wrap_lines=True)

    def show_training(*given: Any) -> tuple[str, str]:
        options = dict(zip(_TRAINING, given, strict=True))
        try:
            options["usd_per_hour"] = _price(options["usd_per_hour"])
            data = to_plain(estimate_cost(**options))
        except KnowDoError as error:
            return _failed(error), ""
        shown = view.training(data, catalog.gpu(options["gpu_name"]).memory_gib)
        return shown, _command("training", _TRAINING_FLAGS, options)

    def show_running(base: str, *given: Any) -> tuple[str, str]:
        options = dict(zip(_RUNNING, given, strict=True))
        options["small_item"] = options["small_item"].strip() or None
        try:
            request = BreakEvenRequest(
                model=catalog.model(base),
                gpu=catalog.gpu(options["gpu_name"]),
                **{k: v for k, v in options.items() if k != "gpu_name"},
            )
            data = to_plain(estimate_break_even(request))
        except KnowDoError as error:
            return _failed(error), ""
        told = {"base_model": base, **options}
        return view.running(data), _command("break-even", _RUNNING_FLAGS, told)

    training = [model, method, card, price, examples, tokens, epochs]
    training += [length, batch, optimizer, n_cards, checkpointing]
    running = [model, requests, tokens_in, tokens_out, large, small, serving]
    gr.on([c.change for c in training], show_training, training, [trained, command], **QUIET)
    gr.on([c.change for c in running], show_running, running, [run, run_command], **QUIET)
    for shown, inputs, outputs in (
        (show_training, training, [trained, command]),
        (show_running, running, [run, run_command]),
    ):
        first, code = shown(*[component.value for component in inputs])
        outputs[0].value, outputs[1].value = first, code


_TRAINING = (
    "base_model", "method", "gpu_name", "usd_per_hour", "n_examples", "tokens_per_example",
    "num_train_epochs", "max_length", "per_device_train_batch_size", "optimizer", "n_gpus",
    "gradient_checkpointing",
)  # fmt: skip
_TRAINING_FLAGS = dict(
    zip(_TRAINING, ("model", "method", "gpu", "usd-per-hour", "examples", "tokens", "epochs",
                    "max-length", "batch", "optimizer", "gpus", "checkpointing"), strict=True)
)  # fmt: skip
# What the command line takes anyway need not stand there.
_USUAL = {"max_length": 1024, "per_device_train_batch_size": 4, "optimizer": "adamw", "n_gpus": 1,
          "gradient_checkpointing": True}  # fmt: skip
_RUNNING = (
    "requests_per_month", "input_tokens", "output_tokens", "large_item", "small_item", "gpu_name",
)  # fmt: skip
_RUNNING_FLAGS = {
    "base_model": "model",
    **dict(zip(_RUNNING, ("requests", "tokens-in", "tokens-out", "large", "small", "gpu"),
               strict=True)),
}  # fmt: skip


def _command(name: str, flags: dict[str, str], options: dict[str, Any]) -> str:
    """The same estimate on the command line."""
    told = {k: v for k, v in options.items() if v is not None and _USUAL.get(k) != v}
    given = [_flag(flags[k], v) for k, v in told.items() if k in flags]
    return " ".join(["knowdo estimate", name, *given])


def _flag(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name} {shlex.quote(f'{value:g}' if isinstance(value, float) else str(value))}"


def _price(text: str) -> float | None:
    """A price as written; nothing written is none. Raises InputError on words."""
    if not text.strip():
        return None
    try:
        return float(text.replace(",", ".").strip().lstrip("$"))
    except ValueError:
        raise InputError(f"'{text[:20]}' is no price; write it as 1.50, or leave it out.") from None


def _failed(error: KnowDoError) -> str:
    return f"<p role='alert'>⚠️ {escape(str(error))}</p>"
