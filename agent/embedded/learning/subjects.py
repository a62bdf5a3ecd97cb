"""Trains what tells the subject of a question: python -m knowdo.agent.embedded.learning.subjects.

Learns from the questions that the guidance lists, and from what has nothing to do with it: everyday
questions in `questions/` and problems about something else. Runs after `train.py`, whose sentence
vectors it reads: the layer fits one set of weights only, and carries their checksum. About a
minute.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from knowdo.agent.embedded.encoder import Reader
from knowdo.agent.embedded.learning.export import write_arrays
from knowdo.agent.embedded.learning.targets import read_problems
from knowdo.agent.embedded.learning.train import PROBLEMS, WEIGHTS
from knowdo.agent.embedded.subjects import NOTHING
from knowdo.knowledge.passage_files import entries
from knowdo.knowledge.wording import LANGUAGES

QUESTIONS = Path(__file__).parent / "questions"
LAYER = WEIGHTS.parent / "subjects.npz"
# What a problem may be instead that no passage is about either.
_ELSEWHERE = ("unrelated", "live_data", "robotics", "images", "speech", "classic_machine_learning")
EPOCHS, BATCH, RATE, WEIGHT_DECAY, DROPOUT, SMOOTHING = 60, 128, 3e-3, 0.3, 0.4, 0.05


def labelled() -> Iterator[tuple[str, str]]:
    """(question, passage id or NOTHING) of everything there is to learn from."""
    for language in LANGUAGES:
        for passage_id, entry in entries(language).items():
            title = entry.passage.title
            for text in (title, *entry.questions, *(f"{title} {k}" for k in entry.keywords[:3])):
                yield text, passage_id
    for path in sorted(QUESTIONS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["question"], NOTHING
    for row in read_problems(PROBLEMS):
        if row["outside"] in _ELSEWHERE:
            yield row["message"], NOTHING


def main() -> None:
    """Read the arguments, train, write the layer."""
    arguments = argparse.ArgumentParser(description=__doc__.split(":")[0])
    arguments.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments.add_argument("--out", type=Path, default=LAYER)
    given = arguments.parse_args()
    stored = given.weights.read_bytes()
    by = Reader(stored)
    pairs = list(labelled())
    ids = [*sorted(entries()), NOTHING]
    vectors = np.stack([by.read(text).vector for text, _ in pairs]).astype(np.float32)
    middle, spread = vectors.mean(0), vectors.std(0) + 1e-6
    wanted = torch.tensor([ids.index(passage_id) for _, passage_id in pairs])
    layer = _trained(torch.from_numpy((vectors - middle) / spread), wanted, len(ids))
    # The layer takes vectors as they are: their scaling is folded into it.
    weights = layer.weight.detach().numpy().T / spread[:, None]
    offsets = layer.bias.detach().numpy() - middle @ weights
    scale = np.abs(weights).max(0) / 127
    write_arrays(
        given.out,
        {
            "ids": np.frombuffer("\n".join(ids).encode(), np.uint8),
            "weights": np.round(weights / scale).astype(np.int8),
            "scale": scale.astype(np.float32),
            "offsets": offsets.astype(np.float32),
            "of": np.frombuffer(hashlib.sha256(stored).digest(), np.uint8),
        },
    )
    print(f"{len(pairs)} questions, wrote {given.out}")


def _trained(vectors: torch.Tensor, wanted: torch.Tensor, answers: int) -> torch.nn.Linear:
    torch.manual_seed(0)
    layer = torch.nn.Linear(vectors.shape[1], answers)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    for _ in range(EPOCHS):
        order = torch.randperm(len(vectors))
        for first in range(0, len(order), BATCH):
            part = order[first : first + BATCH]
            seen = functional.dropout(vectors[part], DROPOUT)
            loss = functional.cross_entropy(layer(seen), wanted[part], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return layer


if __name__ == "__main__":
    main()
