"""Trains on a folder's train.jsonl, compares on its test.jsonl: `training.py FOLDER`.

The last line is JSON: {"base", "tuned", "metric", "tokens_per_second", ...}.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import KnowDoError, OperationError
from knowdo.tools.evaluate.report import load_evaluation
from knowdo.tools.finetune.planning import plan_finetune
from knowdo.tools.home import models_folder
from knowdo.tools.jobs.ledger import approve
from knowdo.tools.jobs.status import job_status
from knowdo.tools.jobs.store import ACTIVE
from knowdo.tools.jobs.supervisor import launch, reconcile

POLL_SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """Run the benchmark in a state folder of its own; 0 when the job succeeded."""
    options = _parser().parse_args(arguments)
    os.environ["KNOWDO_MODELS"] = str(models_folder())
    with tempfile.TemporaryDirectory() as home:
        os.environ["KNOWDO_HOME"] = home
        try:
            print(json.dumps(measure(options)))
        except KnowDoError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Plan, approve, launch, wait; the figures of the comparison."""
    start = time.monotonic()
    plan = plan_finetune(
        options.folder / "train.jsonl",
        options.base_model,
        options.folder / "test.jsonl",
        max_examples=options.examples,
        eval_examples=options.test_examples,
        num_train_epochs=options.epochs,
        method=options.method,
    )
    print(f"planned: {plan.total_steps} steps, {plan.seconds.expected:.0f} s", file=sys.stderr)
    approve(plan.plan_id, getpass.getuser())
    job_id = launch(plan.plan_id).job_id
    wait_for(job_id)
    evaluation, status = load_evaluation(job_id), job_status(job_id)
    print(evaluation.summary, file=sys.stderr)
    return {
        "base": evaluation.base,
        "tuned": evaluation.tuned,
        "metric": evaluation.metric,
        "tokens_per_second": status.tokens_per_second,
        "difference": [evaluation.difference.low, evaluation.difference.high],
        "other_metrics": evaluation.other_metrics,
        "base_answer_loss": evaluation.base_answer_loss,
        "tuned_answer_loss": evaluation.tuned_answer_loss,
        "generated_tokens_per_second": evaluation.generated_tokens_per_second,
        "train_examples": plan.data.train_examples,
        "test_examples": evaluation.examples,
        "planned_seconds": round(plan.seconds.expected),
        "seconds": round(time.monotonic() - start),
    }


def wait_for(job_id: str) -> None:
    """Wait until the job is over. Raises OperationError when it did not succeed."""
    while (status := job_status(job_id)).state in ACTIVE:
        line = f"\r{status.phase} {status.progress:.0%} loss {status.last_loss or 0:.3f}   "
        print(line, end="", file=sys.stderr, flush=True)
        time.sleep(POLL_SECONDS)
        reconcile()
    print(file=sys.stderr)
    if status.state != "succeeded":
        raise OperationError(f"The job is {status.state}: {status.message}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with train.jsonl and test.jsonl")
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--test-examples", type=int, default=50)
    parser.add_argument("--base-model", default="SmolLM2-135M-Instruct")
    parser.add_argument("--method", default="auto", choices=("auto", "lora", "qlora", "full"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
