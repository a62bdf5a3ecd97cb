"""Compare the speed estimate with measured points: `python tests/benchmarks/time.py POINTS.csv`.

The last line is one JSON object. Runs on one card are the figures; runs on several cards, whose
communication the estimate does not know, are reported apart.
"""

from __future__ import annotations

import csv
import json
import statistics
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any, cast

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Method, ModelSpec, Range, Source, TrainingConfig
from knowdo.knowledge.throughput import estimate_tokens_per_second

Row = dict[str, str]
Error = tuple[float, bool]  # signed error in per cent, and whether the interval held the value
PLAIN_LOSSES = ("full-logits",)


def left_out_because(row: Row) -> str | None:
    """Why a row cannot be compared, or None when it can."""
    if row["seq_exact"] != "1":
        return "true length unknown"
    if not row["tokens_per_s_per_gpu"] or not row["micro_batch"]:
        return "no tokens per second or no micro-batch"
    if row["method"] not in ("full", "full (pre-training)", "lora", "qlora"):
        return "another method"
    if row["active_params_b"] != row["params_b"]:
        return "mixture of experts"
    if row["cpu_offload"] not in ("", "0") or row["quant"] == "fp8":
        return "offloading or fp8"
    return None if _known(row["gpu"]) else "unknown card"


def _known(name: str) -> bool:
    try:
        gpu(name)
    except InputError:
        return False
    return True


def model_of(row: Row) -> ModelSpec:
    """The shape that the row itself gives; columns that speed does not depend on may be empty."""
    sizes = {
        "layers": "layers", "hidden": "hidden", "ffn": "ffn", "heads": "heads",
        "kv_heads": "kv_heads", "head_dim": "head_dim", "vocabulary": "vocab",
    }  # fmt: skip
    return ModelSpec(
        name=row["model"],
        parameters_b=float(row["params_b"]),
        tied_embeddings=False,
        context=1_000_000,
        licence="",
        source=Source(row["source"], date(2026, 11, 24)),
        **cast(Any, {field: int(row[column] or 0) for field, column in sizes.items()}),
    )


def estimated_speed(row: Row) -> Range:
    """What the estimate says for a row, in tokens per second and card."""
    config = TrainingConfig(
        method=cast(Method, row["method"].split(" ")[0]),
        max_length=int(row["seq_len"]),
        per_device_train_batch_size=int(row["micro_batch"]),
        gradient_checkpointing=row["grad_ckpt"] != "0",
        loss="full-logits" if row["loss"] in PLAIN_LOSSES else "fused-ce",
    )
    return estimate_tokens_per_second(model_of(row), config, gpu(row["gpu"]))


def figures(errors: list[Error]) -> dict[str, Any]:
    """Median and 90th percentile of absolute errors, and how often the interval held."""
    sizes = sorted(abs(error) for error, _ in errors)
    p90 = statistics.quantiles(sizes, n=10, method="inclusive")[8] if len(sizes) > 1 else sizes[0]
    return {
        "rows": len(sizes),
        "median_abs_error_pct": round(statistics.median(sizes), 1),
        "p90_abs_error_pct": round(p90, 1),
        "in_interval_pct": round(100 * sum(inside for _, inside in errors) / len(errors), 1),
    }


def _error(row: Row) -> Error:
    speed, measured = estimated_speed(row), float(row["tokens_per_s_per_gpu"])
    return 100 * (speed.expected / measured - 1), speed.low <= measured <= speed.high


def _by_source(groups: dict[str, list[Error]]) -> dict[str, Any]:
    return {source: figures(group) for source, group in sorted(groups.items())}


def measure(path: Path) -> dict[str, Any]:
    """All figures for a file of points."""
    left_out: Counter[str] = Counter()
    one: dict[str, list[Error]] = defaultdict(list)
    several: dict[str, list[Error]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (reason := left_out_because(row)) is not None:
                left_out[reason] += 1
                continue
            (one if row["n_gpus"] == "1" else several)[row["source"]].append(_error(row))
    if not one:
        raise SystemExit(f"{path} holds no row that can be compared.")
    together = [error for group in several.values() for error in group]
    return {
        **figures([error for group in one.values() for error in group]),
        "by_source": _by_source(one),
        "several_cards": figures(together) if together else {"rows": 0},
        "several_cards_by_source": _by_source(several),
        "left_out": dict(left_out.most_common()),
    }


def main() -> None:
    """Print the figures as one JSON line."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/benchmarks/time.py POINTS.csv")
    print(json.dumps(measure(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
