"""Compare the memory estimate with measured points: `python tests/benchmarks/memory.py POINTS.csv`.

Prints the error by publisher, method and number of cards, then that of each publisher with the
constants fitted to all the others' rows. The last line is one JSON object. Rows that the
estimate has no words for are left out and counted by reason.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.memory import (
    estimate_training_memory,
    logit_block_gib,
    runs_out_of_memory,
    shown_by_nvidia_smi,
)
from knowdo.knowledge.memory_stack import FITTED, MemoryConstants, TrainingStack
from knowdo.knowledge.schema import Loss, Method, ModelSpec, Optimizer, Source, TrainingConfig

Row = dict[str, str]
LOSSES: dict[str, Loss] = {
    "full-logits": "full-logits",
    "fused-ce": "fused-ce",
    "fused-linear-ce": "fused-linear-ce",
    "chunked-ce": "chunked-ce",
    "chunked-lm-head": "chunked-head",
}
METHODS = ("full", "lora", "qlora", "lora+embeddings")
BITS = {
    "": 16.0, "none": 16.0, "nf4": 4.5, "nf4 (bnb)": 4.5, "nf4-dq": 4.127,
    "gptq-int4": 4.16, "gptq-int8": 8.16,
}  # fmt: skip
# The constants that are fitted again without a source, and the values tried for each.
TRIED: dict[str, tuple[float, ...]] = {
    "plain_logits": (8, 10, 12, 13, 14, 15, 16),
    "fused_logits": (6, 7, 8, 8.5, 9, 10),
    "chunked_logits": (0.5, 1, 2, 3, 4),
    "fused_linear_logits": (0, 0.5, 1, 2),
    "kept_chunks": (8, 10, 11, 12, 13, 14),
    "adapter_input": (0, 1, 2, 3, 4, 5, 6),
    "four_bit_block": (0.9, 1.0, 1.1, 1.2, 1.3),
    "sharded_residuals": (1, 1.5, 2, 2.5),
    "trained_tables": (8, 10, 12, 14, 16),
    "deepspeed_buckets": (0, 0.6e9, 1.2e9, 1.8e9),
    "smi_factor": (1.0, 1.04, 1.078, 1.1, 1.14),
    "smi_logits": (0, 0.5, 1.01, 1.5),
    "smi_context_gib": (0.5, 0.98, 1.5, 2.0),
    "reserved_factor": (1.0, 1.04, 1.08, 1.12, 1.2),
}
# Where a fit begins that must not know: what theory says, and rules of thumb.
BEFORE = MemoryConstants(
    plain_logits=16.0, fused_logits=8.0, chunked_logits=2.0, fused_linear_logits=0.0,
    kept_chunks=14.0, adapter_input=4.0, four_bit_block=1.0, sharded_residuals=1.0,
    trained_tables=10.0, deepspeed_buckets=0.0, smi_factor=1.10, smi_logits=0.0,
    smi_context_gib=0.5, reserved_factor=1.1,
)  # fmt: skip


def left_out_because(row: Row) -> str | None:
    """Why a row cannot be compared, or None when it can."""
    if row["kind"] != "measurement":
        return "a claim"
    if row["grade"] not in ("A", "B", "oom"):
        return f"grade {row['grade']}"
    if row["method"] not in METHODS:
        return "another method"
    if not row["seq_len"]:
        return "no length given"
    if row["loss"] and row["loss"] not in LOSSES:
        return "another loss"
    if "1" in (row["offloaded_checkpoints"], row["cpu_offload"]):
        return "offloading to the CPU"
    return None


def publisher(source: str) -> str:
    """The publisher: tables of one publisher share machine, code and hand."""
    return source.split(" ")[0].split("/")[0]


def model_of(row: Row) -> ModelSpec:
    """The shape that the row itself gives."""
    sizes = {
        "layers": "layers", "hidden": "hidden", "ffn": "ffn", "heads": "heads",
        "kv_heads": "kv_heads", "head_dim": "head_dim", "vocabulary": "vocab",
    }  # fmt: skip
    return ModelSpec(
        name=row["model"],
        parameters_b=float(row["params_b"]),
        tied_embeddings=row.get("tied_embeddings") == "1",
        context=1_000_000,
        licence="",
        source=Source(row["source"], date(2026, 11, 24)),
        gated_mlp=row["gated_mlp"] == "1",
        **cast(Any, {field: int(row[column]) for field, column in sizes.items()}),
    )


def config_of(row: Row) -> TrainingConfig:
    """The settings of a row; a length that was not told to be checkpointed is taken to be."""
    targets = row["targets"].replace("mlp", "gate,up,down").replace("lm_head", "head")
    sharded = any(name in row["parallelism"] for name in ("FSDP", "ZeRO-3"))
    paged = "paged-adamw-8bit" if "Paged" in row["optimizer"] else "adamw-8bit"
    eight_bit = "8bit" in row["optimizer"] or "Paged" in row["optimizer"]
    return TrainingConfig(
        method=cast(Method, row["method"].removesuffix("+embeddings")),
        max_length=int(row["seq_len"]),
        per_device_train_batch_size=int(row["micro_batch"] or 1),
        gradient_checkpointing=row["grad_ckpt"] != "0",
        lora_rank=int(row["lora_rank"] or 16),
        target_modules=targets or "all-linear",
        loss=LOSSES[row["loss"] or "full-logits"],
        optimizer=cast(Optimizer, paged if eight_bit else "adamw"),
        optimizer_in_backward=row["optimizer_in_backward"] == "1",
        master_weights="master" in row["param_dtype"],
        attention="eager" if row["attention"] == "eager" else "memory-efficient",
        n_gpus=int(row["n_gpus"] or 1),
        sharding="full-shard" if sharded else "none",
    )


def stack_of(row: Row, fitted: MemoryConstants) -> TrainingStack:
    """What is known of the library that a row was measured with, from its code."""
    litgpt = row["framework"] == "LitGPT"
    bf16_throughout = litgpt or row["framework"].startswith("torchtune")
    # Qwen's finetune scripts run QLoRA and full training under DeepSpeed, LoRA without it.
    deepspeed = "ZeRO" in row["parallelism"] or (
        "Qwen" in row["framework"] and row["method"] == "qlora"
    )
    return TrainingStack(
        quantised_bits=BITS[row["quant"]],
        adapter_bytes=8.0 if litgpt else 16.0,
        residual_bytes=int(row["residual_bits"] or 16) / 8,
        accumulates_gradients=int(row["ga"] or 1) > 1,
        saves_frozen_inputs=not bf16_throughout,
        logit_bytes=fitted.kept_chunks if litgpt else None,
        deepspeed=deepspeed,
        unties_head=litgpt,
        keeps_frozen_gathered=litgpt and row["method"] != "full",
    )


def estimated_peak_gib(row: Row, fitted: MemoryConstants = FITTED) -> float:
    """What the estimate says for a row, in GiB, by the measure that the row was read with."""
    stack = stack_of(row, fitted)
    values = estimate_training_memory(model_of(row), config_of(row), stack, fitted).values
    peak = values["peak_gib"].expected
    if "reserved" in row["metric"]:
        return peak * fitted.reserved_factor
    # A figure that doesn't say how it was read behaves like nvidia-smi's.
    shown = row["metric"] == "nvidia-smi" or row["metric"].startswith("unspecified")
    return values["nvidia_smi_gib"].expected if shown else peak


def error_pct(row: Row, fitted: MemoryConstants = FITTED) -> float:
    """Signed error in per cent; negative is too low."""
    return 100 * (estimated_peak_gib(row, fitted) / float(row["peak_gib"]) - 1)


def figures(errors: Iterable[float]) -> dict[str, Any]:
    """Median and 90th percentile of absolute errors, and under- and over-estimates apart."""
    signed = list(errors)
    sizes = sorted(abs(error) for error in signed)
    p90 = statistics.quantiles(sizes, n=10, method="inclusive")[8] if len(sizes) > 1 else sizes[0]
    return {
        "rows": len(sizes),
        "median_abs_error_pct": round(statistics.median(sizes), 1),
        "p90_abs_error_pct": round(p90, 1),
        "too_low_by_over_10_pct": sum(error < -10 for error in signed),
        "too_high_by_over_10_pct": sum(error > 10 for error in signed),
    }


def grouped(rows: list[Row], name: Callable[[Row], str]) -> dict[str, Any]:
    """The figures of each group."""
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(error_pct(row))
    return {key: figures(group) for key, group in sorted(groups.items())}


def out_of_memory(rows: list[Row], oom: list[Row]) -> dict[str, Any]:
    """How many runs that ran out of memory are called so, and how many that fitted."""
    return {
        "oom_rows": len(oom),
        "oom_called_right": sum(map(_called_oom, oom)),
        "fitting_rows": len(rows),
        "fitting_called_oom": sum(map(_called_oom, rows)),
    }


def _called_oom(row: Row) -> bool:
    estimate = estimate_training_memory(model_of(row), config_of(row), stack_of(row, FITTED))
    return runs_out_of_memory(estimate, gpu(row["gpu"]))


def _known_card(row: Row) -> bool:
    try:
        gpu(row["gpu"])
    except InputError:
        return False
    return True


def _is_pair(row: Row) -> bool:
    """Whether a run on one card was read both as allocated and as nvidia-smi showed it."""
    return bool(row["peak_nvidia_smi_gib"]) and row["n_gpus"] == "1" and row["grade"] == "A"


def _shown_error_pct(row: Row, fitted: MemoryConstants) -> float:
    """Error of what nvidia-smi shows when the allocator's peak is known."""
    logits = logit_block_gib(model_of(row), config_of(row), stack_of(row, fitted))
    shown = shown_by_nvidia_smi(float(row["peak_gib"]), logits, fitted)
    return 100 * (shown / float(row["peak_nvidia_smi_gib"]) - 1)


def fitted_to(rows: list[Row]) -> MemoryConstants:
    """The constants with the least mean absolute error (capped at 50 %), one after the other."""
    found = BEFORE

    def loss(constants: MemoryConstants) -> float:
        errors = [abs(error_pct(row, constants)) for row in rows]
        errors += [abs(_shown_error_pct(row, constants)) for row in rows if _is_pair(row)]
        return statistics.fmean(min(error, 50) for error in errors)

    least = loss(found)
    for _ in range(2):
        for name, values in TRIED.items():
            for value in values:
                tried = replace(found, **{name: value})
                if (error := loss(tried)) < least:
                    found, least = tried, error
    return found


def without_each_source(rows: list[Row], source: Callable[[str], str]) -> dict[str, Any] | None:
    """The error of each source's rows with constants fitted to all the others' rows.

    `source` makes the CSV's source a name: that of a table, or of its publisher.

    What is known of a library from its code stays (`stack_of`); every constant is fitted anew from
    the theory's value, where it stays when only the publisher's own rows could tell it.
    """
    together: list[float] = []
    groups = sorted({source(row["source"]) for row in rows})
    if len(groups) < 2:
        return None
    by_source = {}
    for name in groups:
        constants = fitted_to([row for row in rows if source(row["source"]) != name])
        errors = [error_pct(row, constants) for row in rows if source(row["source"]) == name]
        by_source[name] = figures(errors)
        together += errors
    return {**figures(together), "by_source": by_source}


def milliseconds(row: Row) -> float:
    """The time of one estimate."""
    began = time.perf_counter()
    for _ in range(100):
        estimate_training_memory(model_of(row), config_of(row))
    return (time.perf_counter() - began) * 10


def measure(path: Path, leave_out: bool) -> dict[str, Any]:
    """All figures for a file of points."""
    left_out: Counter[str] = Counter()
    rows: list[Row] = []
    oom: list[Row] = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (reason := left_out_because(row)) is not None:
                left_out[reason] += 1
            else:
                (oom if row["status"] == "oom" else rows).append(row)
    if not rows:
        raise SystemExit(f"{path} holds no row that can be compared.")
    of_known_cards = [row for row in rows if _known_card(row)]
    return {
        **figures(map(error_pct, rows)),
        "by_grade": grouped(rows, lambda row: row["grade"]),
        "by_source": grouped(rows, lambda row: publisher(row["source"])),
        "by_method": grouped(rows, lambda row: row["method"]),
        "by_cards": grouped(rows, lambda row: "one" if row["n_gpus"] == "1" else "several"),
        **out_of_memory(of_known_cards, [row for row in oom if _known_card(row)]),
        "without_each_table": without_each_source(rows, str) if leave_out else None,
        "without_each_publisher": without_each_source(rows, publisher) if leave_out else None,
        "left_out": dict(left_out.most_common()),
        "ms_an_estimate": round(milliseconds(rows[0]), 2),
    }


def main() -> None:
    """Print the figures, the last line as JSON."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("points", type=Path)
    arguments.add_argument("--quick", action="store_true", help="leave no source out in turn")
    arguments.add_argument("--worst", type=int, default=0, help="print the rows farthest off")
    given = arguments.parse_args()
    found = measure(given.points, not given.quick)
    if given.worst:
        with given.points.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if left_out_because(row) is None]
        kept = [row for row in rows if row["status"] != "oom"]
        for row in sorted(kept, key=lambda row: -abs(error_pct(row)))[: given.worst]:
            print(
                f"{error_pct(row):+6.1f} %", row["id"], row["model"], row["method"], row["metric"]
            )
    for name in ("by_source", "by_method", "by_cards"):
        for key, values in found[name].items():
            print(f"{name:>10} {key:<24} {values}")
    if found["without_each_publisher"]:
        for key, values in found["without_each_publisher"]["by_source"].items():
            print(f"{'unseen':>10} {key:<24} {values}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
