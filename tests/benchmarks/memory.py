"""Compare the memory estimate with measured points: `python tests/benchmarks/memory.py POINTS.csv`.

The last line is one JSON object with the figures over grades A and B. Rows whose settings a
TrainingConfig cannot express are left out and counted by reason.
"""

from __future__ import annotations

import csv
import json
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from knowdo.knowledge.memory import TrainingStack, estimate_training_memory
from knowdo.knowledge.schema import Method, ModelSpec, Source, TrainingConfig

Row = dict[str, str]
Loss = Literal["full-logits", "fused-ce", "chunked-head", "fused-linear-ce"]
LOSSES: dict[str, Loss] = {
    "full-logits": "full-logits",
    "fused-ce": "fused-ce",
    "fused-linear-ce": "fused-linear-ce",
    "chunked-lm-head": "chunked-head",
}
TARGETS: dict[str, Literal["all-linear", "attention"]] = {
    "": "all-linear",
    "all-linear": "all-linear",
    "q,k,v,o,gate,up,down": "all-linear",
    "q,k,v,o": "attention",
}
# Targets that a TrainingConfig lacks, with the nearest that it has; reported apart.
NEAREST_TARGETS: dict[str, Literal["all-linear", "attention"]] = {
    "q,k,v,o,gate,up": "all-linear",
    "q,v": "attention",
    "q,k,v": "attention",
}
BITS = {"none": 16.0, "nf4": 4.5, "nf4 (bnb)": 4.5, "nf4-dq": 4.127, "gptq-int4": 4.16}


def left_out_because(row: Row) -> str | None:
    """Why a row cannot be compared, or None when it can."""
    if row["grade"] not in ("A", "B"):
        return f"grade {row['grade']}"
    if row["n_gpus"] != "1":
        return "several cards"
    if row["method"] not in ("full", "lora", "qlora"):
        return "another method"
    if row["gated_mlp"] != "1":
        return "no gated MLP, or a mixture of experts"
    if float(row["active_params_b"] or 0) != float(row["params_b"] or 0):
        return "no gated MLP, or a mixture of experts"
    if row["targets"] not in TARGETS | NEAREST_TARGETS:
        return "other adapter targets"
    if row["loss"] not in LOSSES or row["quant"] not in BITS:
        return "another loss or quantisation"
    if "1" in (row["offloaded_checkpoints"], row["cpu_offload"], row["optimizer_in_backward"]):
        return "offloading, or optimizer inside backward"
    if "DeepSpeed" in row["optimizer"] or "8bit" in row["optimizer"]:
        return "another optimizer"
    return None


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
        **{field: int(row[column]) for field, column in sizes.items()},
    )


def estimated_peak_gib(row: Row) -> float:
    """What the estimate says for a row, in GiB: as allocated, or as nvidia-smi shows it."""
    config = TrainingConfig(
        method=cast(Method, row["method"]),
        max_length=int(row["seq_len"]),
        per_device_train_batch_size=int(row["micro_batch"]),
        gradient_checkpointing=row["grad_ckpt"] == "1",
        lora_rank=int(row["lora_rank"] or 16),
        target_modules=(TARGETS | NEAREST_TARGETS)[row["targets"]],
        loss=LOSSES[row["loss"]],
    )
    stack = TrainingStack(
        quantised_bits=BITS[row["quant"]],
        residual_bytes=int(row["residual_bits"] or 16) / 8,
        accumulates_gradients=int(row["ga"] or 1) > 1,
    )
    values = estimate_training_memory(model_of(row), config, stack).values
    return values["nvidia_smi_gib" if row["metric"] == "nvidia-smi" else "peak_gib"].expected


def figures(errors: Iterable[float]) -> dict[str, Any]:
    """Median and 90th percentile of absolute errors, and how many were too low, in per cent."""
    signed = list(errors)
    sizes = sorted(abs(error) for error in signed)
    p90 = statistics.quantiles(sizes, n=10, method="inclusive")[8] if len(sizes) > 1 else sizes[0]
    return {
        "rows": len(sizes),
        "median_abs_error_pct": round(statistics.median(sizes), 1),
        "p90_abs_error_pct": round(p90, 1),
        "too_low_pct": round(100 * sum(error < 0 for error in signed) / len(signed), 1),
    }


def measure(path: Path) -> dict[str, Any]:
    """All figures for a file of points."""
    left_out: Counter[str] = Counter()
    errors: dict[str, list[float]] = defaultdict(list)
    grades: dict[str, list[float]] = defaultdict(list)
    nearest: dict[str, list[float]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (reason := left_out_because(row)) is not None:
                left_out[reason] += 1
                continue
            error = 100 * (estimated_peak_gib(row) / float(row["peak_gib"]) - 1)
            if row["targets"] in NEAREST_TARGETS:
                left_out["other adapter targets (see nearest_targets)"] += 1
                nearest[row["source"]].append(error)
                continue
            errors[row["source"]].append(error)
            grades[row["grade"]].append(error)
    if not errors:
        raise SystemExit(f"{path} holds no row that can be compared.")
    return {
        **figures(error for group in errors.values() for error in group),
        "by_grade": {grade: figures(group) for grade, group in sorted(grades.items())},
        "by_source": {source: figures(group) for source, group in sorted(errors.items())},
        "nearest_targets": {source: figures(group) for source, group in sorted(nearest.items())},
        "left_out": dict(left_out.most_common()),
    }


def main() -> None:
    """Print the figures as one JSON line."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/benchmarks/memory.py POINTS.csv")
    print(json.dumps(measure(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
