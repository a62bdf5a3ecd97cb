"""A training plan as a person reads it before approving: what, on what, how long, how much."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from knowdo.tools.format import duration_range, gib_range, html, usd_range

_METHODS = {
    "lora": "LoRA on the unquantised base",
    "qlora": "QLoRA (base in 4 bits)",
    "full": "Full fine-tuning",
}


def title_html(plan: dict[str, Any], question: str) -> str:
    """What is asked, with the time and the price."""
    return (
        f"<h3>{html(question)} <span class='muted'>plan {html(plan['plan_id'])}</span></h3>"
        f"<p>{html(duration_range(plan['seconds']))}, {html(usd_range(plan['cost_usd']))}</p>"
    )


def plan_html(plan: dict[str, Any]) -> str:
    """The plan's table; every figure is the plan's own."""
    data = plan["data"]
    settings = plan["settings"]
    rows = [
        ("Base model", plan["base_model"]),
        ("Method", f"{_METHODS[plan['method']]}, {plan['precision']}, {plan['hardware']}"),
        ("Dataset", f"{PurePath(data['path']).name}, SHA-256 {data['sha256'][:12]}…"),
        ("Data", f"{data['train_examples']:,} to learn, {data['test_examples']:,} kept unseen"),
        (
            "Tokens",
            f"{data['tokens_per_epoch']:,} an epoch, of them {data['trained_tokens_per_epoch']:,}"
            " in answers (only these are learnt)",
        ),
        (
            "Training",
            f"{counted(settings['num_train_epochs'], 'epoch')}, {plan['total_steps']:,} steps,"
            f" learning rate {settings['learning_rate']:g}, rank {settings['lora_rank']}, alpha"
            f" {settings['lora_alpha']}, max_length {settings['max_length']}, batch"
            f" {settings['per_device_train_batch_size']} x"
            f" {settings['gradient_accumulation_steps']}, seed {settings['seed']}",
        ),
        ("Time", duration_range(plan["seconds"])),
        ("Memory", gib_range(plan["peak_memory_gib"])),
        ("Disk", f"{plan['disk_gib']:.2f} GiB"),
        ("Price", usd_range(plan["cost_usd"])),
    ]
    table = "".join(f"<tr><td>{html(k)}</td><td><b>{html(v)}</b></td></tr>" for k, v in rows)
    return (
        f"<table>{table}</table>"
        f"{_list('Stops this run', plan['blockers'])}{_list('Note', plan['warnings'])}"
        f"<details><summary>Why these settings, and what the figures rest on</summary>"
        f"{_reasons(plan)}</details>"
    )


def counted(number: float, noun: str) -> str:
    """ "1 epoch", "2 epochs"."""
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"


def _list(title: str, items: list[str]) -> str:
    if not items:
        return ""
    return f"<p><b>{title}:</b></p><ul>{''.join(f'<li>{html(i)}</li>' for i in items)}</ul>"


def _reasons(plan: dict[str, Any]) -> str:
    rows = [f"<li><b>{html(k)}</b>: {html(v)}</li>" for k, v in plan["reasons"].items()]
    rows += [f"<li>{html(a)}</li>" for a in plan["assumptions"]]
    return f"<ul>{''.join(rows)}</ul>"
