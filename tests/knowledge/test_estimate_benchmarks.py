"""The benchmark scripts on a small file of points: figures on the last line, the rest explained."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# Mistral-7B on an A100-80GB, in the columns that the scripts read (fms-acceleration, 2024); the
# speed is the middle of the 3,060 to 3,570 tokens per second measured there.
POINT = {
    "id": "p1", "kind": "measurement", "status": "ok", "framework": "HF SFTTrainer",
    "param_dtype": "bfloat16", "attention": "flash-attn-2", "parallelism": "none",
    "peak_nvidia_smi_gib": "", "grade": "A", "source": "fms-acceleration",
    "model": "Mistral-7B-v0.1", "params_b": "7.242",
    "active_params_b": "7.242", "hidden": "4096", "layers": "32", "ffn": "14336",
    "vocab": "32000", "heads": "32", "kv_heads": "8", "head_dim": "128", "tied_embeddings": "0",
    "gated_mlp": "1", "method": "full", "quant": "none", "lora_rank": "", "targets": "",
    "micro_batch": "4", "seq_len": "4096", "seq_exact": "1", "grad_ckpt": "1",
    "residual_bits": "16", "optimizer": "AdamW (torch, foreach)", "optimizer_in_backward": "",
    "loss": "fused-linear-ce", "offloaded_checkpoints": "", "cpu_offload": "", "ga": "1",
    "n_gpus": "1", "gpu": "A100-80GB", "metric": "torch max_memory_allocated",
    "peak_gib": "67.46", "tokens_per_s_per_gpu": "3300",
}  # fmt: skip


def figures(script: str, points: Path, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Write the rows, run the script on them, and read its last line."""
    with points.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(POINT))
        writer.writeheader()
        writer.writerows(rows)
    command = [sys.executable, str(BENCHMARKS / script), str(points)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("script", ["memory.py", "time.py"])
def test_a_measured_point_is_met_within_a_sixth(script: str, tmp_path: Path) -> None:
    found = figures(script, tmp_path / "points.csv", [POINT])
    assert found["rows"] == 1
    assert found["median_abs_error_pct"] < 100 / 6
    assert found["by_source"]["fms-acceleration"]["rows"] == 1


def test_memory_rows_that_cannot_be_compared_are_counted_by_reason(tmp_path: Path) -> None:
    others = [{**POINT, "cpu_offload": "1"}, {**POINT, "grade": "C"}, {**POINT, "method": "ia3"}]
    found = figures("memory.py", tmp_path / "points.csv", [POINT, *others])
    assert found["rows"] == 1
    assert found["left_out"] == {"offloading to the CPU": 1, "grade C": 1, "another method": 1}


def test_runs_that_ran_out_of_memory_are_counted_apart(tmp_path: Path) -> None:
    too_large = {**POINT, "grade": "oom", "status": "oom", "peak_gib": "80", "micro_batch": "64"}
    found = figures("memory.py", tmp_path / "points.csv", [POINT, too_large])
    assert (found["oom_rows"], found["oom_called_right"]) == (1, 1)
    assert (found["fitting_rows"], found["fitting_called_oom"]) == (1, 0)


def test_the_fit_is_tried_on_a_publisher_that_it_did_not_see(tmp_path: Path) -> None:
    # Rows that a loss with 14 bytes a logit would have produced: the fit to them finds it.
    rows = [
        {**POINT, "source": f"{name} table", "loss": "full-logits", "micro_batch": batch,
         "method": "lora", "lora_rank": "16", "targets": "q,v", "peak_gib": peak}
        for name in ("one", "two") for batch, peak in (("4", "24.8"), ("8", "35.6"))
    ]  # fmt: skip
    found = figures("memory.py", tmp_path / "points.csv", rows)
    unseen = found["without_each_publisher"]
    assert set(unseen["by_source"]) == {"one", "two"}
    assert unseen["median_abs_error_pct"] < found["median_abs_error_pct"]


def test_speed_on_several_cards_is_reported_apart(tmp_path: Path) -> None:
    found = figures("time.py", tmp_path / "points.csv", [POINT, {**POINT, "n_gpus": "4"}])
    assert found["rows"] == 1
    assert found["several_cards"]["rows"] == 1
