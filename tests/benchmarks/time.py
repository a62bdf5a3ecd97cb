"""Compare the speed estimate with measured points: `python tests/benchmarks/time.py POINTS.csv`.

The last line is one JSON object. Runs on one card are the figures; those on several are reported
apart. `without_each_publisher` fits what each part of the time weighs to all the others' rows and
tells the error on the publisher's own.
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

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Method, ModelSpec, Range, Source, TrainingConfig
from knowdo.knowledge.throughput import (
    UTILISATION,
    estimate_tokens_per_second,
    micro_batch_seconds,
)

Row = dict[str, str]
Error = tuple[float, bool]  # signed error in per cent, and whether the interval held the value


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
    return estimate_tokens_per_second(model_of(row), config_of(row), gpu(row["gpu"]))


def config_of(row: Row) -> TrainingConfig:
    """The settings of a row; where it doesn't tell, checkpointing is taken to be on."""
    sharded = any(name in row["parallelism"] for name in ("FSDP", "ZeRO"))
    return TrainingConfig(
        method=cast(Method, row["method"].split(" ")[0]),
        max_length=int(row["seq_len"]),
        per_device_train_batch_size=int(row["micro_batch"]),
        gradient_checkpointing=row["grad_ckpt"] != "0",
        n_gpus=int(row["n_gpus"] or 1),
        sharding="full-shard" if sharded else "none",
    )


def without_each_publisher(rows: list[Row]) -> dict[str, Any] | None:
    """The error of each publisher's rows with weights of the parts fitted to all the others'.

    Each family of cards has its own share of the peak; one that only the publisher has measured
    takes the middle of the others.
    """
    publishers = [row["source"].split(" ")[0].split("/")[0] for row in rows]
    if len(set(publishers)) < 2:
        return None
    parts = [_parts(row) for row in rows]
    names = sorted({name for part in parts for name in part})
    seconds = np.array([_tokens(row) / float(row["tokens_per_s_per_gpu"]) for row in rows])
    matrix = np.array([[part.get(name, 0.0) for name in names] for part in parts])
    found = np.zeros(len(rows))
    for name in set(publishers):
        own = np.array([publisher == name for publisher in publishers])
        weights = _least_deviations(matrix[~own] / seconds[~own, None])
        families = [i for i, part in enumerate(names) if part.startswith("multiply")]
        unseen = [i for i in families if not matrix[~own][:, i].any()]
        weights[unseen] = np.median([weights[i] for i in families if i not in unseen])
        found[own] = 100 * (seconds[own] / (matrix[own] @ weights) - 1)
    errors = {
        name: _without_interval([float(e) for e in found[np.array(publishers) == name]])
        for name in sorted(set(publishers))
    }
    return {**_without_interval([float(error) for error in found]), "by_publisher": errors}


def _without_interval(errors: list[float]) -> dict[str, Any]:
    found = figures([(error, True) for error in errors])
    del found["in_interval_pct"]
    return found


def _parts(row: Row) -> dict[str, float]:
    """The parts of the time of a micro-batch, the multiplications by family of card."""
    card = gpu(row["gpu"])
    parts = dict(micro_batch_seconds(model_of(row), config_of(row), card))
    family = next((name for name in UTILISATION if card.name.startswith(name)), "other")
    multiply = parts.pop("multiply")
    link = "nvlink" if card.name.startswith(("A100", "H100", "H200", "B200")) else "pcie"
    return {**parts, f"multiply {family}": multiply, f"send {link}": parts.pop("send")}


def _tokens(row: Row) -> int:
    return int(row["micro_batch"]) * int(row["seq_len"])


def _least_deviations(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights from 0 whose products with the rows lie nearest to 1 in absolute deviation."""
    rows, columns = matrix.shape
    cost = np.concatenate([np.zeros(columns), np.ones(rows)])
    slack = np.eye(rows)
    above, below = np.hstack([matrix, -slack]), np.hstack([-matrix, -slack])
    limits = np.concatenate([np.ones(rows), -np.ones(rows)])
    solved = linprog(cost, A_ub=np.vstack([above, below]), b_ub=limits, method="highs")
    weights: NDArray[np.float64] = solved.x[:columns]
    return weights


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
    compared: list[Row] = []
    one: dict[str, list[Error]] = defaultdict(list)
    several: dict[str, list[Error]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (reason := left_out_because(row)) is not None:
                left_out[reason] += 1
                continue
            compared.append(row)
            (one if row["n_gpus"] == "1" else several)[row["source"]].append(_error(row))
    if not one:
        raise SystemExit(f"{path} holds no row that can be compared.")
    together = [error for group in several.values() for error in group]
    return {
        **figures([error for group in one.values() for error in group]),
        "by_source": _by_source(one),
        "several_cards": figures(together) if together else {"rows": 0},
        "several_cards_by_source": _by_source(several),
        "without_each_publisher": without_each_publisher(compared),
        "left_out": dict(left_out.most_common()),
    }


def main() -> None:
    """Print the figures as one JSON line."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/benchmarks/time.py POINTS.csv")
    print(json.dumps(measure(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
