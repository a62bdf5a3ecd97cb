"""Problems as the network takes them: pieces, places of the numbers, targets; in batches."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from knowdo.agent.embedded.clues import clues
from knowdo.agent.embedded.encoder import LONGEST, span_of
from knowdo.agent.embedded.heads import HEADS
from knowdo.agent.embedded.learning.base import Base
from knowdo.agent.embedded.learning.network import Place
from knowdo.agent.embedded.learning.targets import language_targets, role_targets, targets
from knowdo.agent.embedded.quantities import Number, find_numbers
from knowdo.agent.embedded.roles import ROLES
from knowdo.agent.embedded.task_languages import Mention, language_mentions
from knowdo.agent.embedded.text import tidy
from knowdo.agent.embedded.tokenizer import END, START, unigram

# Share of pieces left out in training, never those of a number or a language: words are seldom
# all needed.
LEFT_OUT = 0.08


@dataclass(frozen=True, slots=True)
class Example:
    """One message: its pieces, and (first, after, clues, role) of each number and language."""

    ids: list[int]
    items: list[tuple[int, int, list[float], int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step takes: piece vectors, mask, places, and the targets by head."""

    vectors: Tensor
    mask: Tensor
    places: list[Place]
    roles: Tensor
    targets: dict[str, Tensor]


class Examples:
    """A set of problems in memory."""

    def __init__(self, rows: list[dict[str, Any]], base: Base) -> None:
        tokenizer = unigram(base.pieces, base.charsmap)
        self.table = torch.tensor(
            base.codes.astype(np.float32) * base.scale[:, None] + base.offset[:, None]
        )
        self.items = [_example(row, tokenizer) for row in rows]
        self.targets = {name: torch.tensor(value) for name, value in targets(rows).items()}

    def batches(self, size: int, seed: int) -> Iterator[Batch]:
        """All problems once, in an order of chance, those of like length together."""
        order = np.random.default_rng(seed).permutation(len(self.items))
        chance = random.Random(seed)
        chunks: list[list[int]] = []
        for start in range(0, len(order), size * 8):
            near = sorted(order[start : start + size * 8], key=lambda i: len(self.items[i].ids))
            chunks += [near[i : i + size] for i in range(0, len(near), size)]
        chance.shuffle(chunks)
        for chunk in chunks:
            yield self._batch(chunk, chance)

    def _batch(self, chunk: list[int], chance: random.Random) -> Batch:
        items = [_thinned(self.items[i], chance) for i in chunk]
        longest = max(len(item.ids) for item in items)
        ids = torch.zeros(len(items), longest, dtype=torch.long)
        mask = torch.zeros(len(items), longest)
        for k, item in enumerate(items):
            ids[k, : len(item.ids)] = torch.tensor(item.ids)
            mask[k, : len(item.ids)] = 1
        numbers = [(k, n) for k, item in enumerate(items) for n in item.items]
        places: list[Place] = [(k, first, after, seen) for k, (first, after, seen, _) in numbers]
        roles = torch.tensor([role for _, (_, _, _, role) in numbers], dtype=torch.long)
        wanted = {name: self.targets[name][chunk] for name in HEADS}
        return Batch(self.table[ids], mask, places, roles, wanted)


def _example(row: dict[str, Any], tokenizer: Any) -> Example:
    text = tidy(row["message"], row["language"])
    encoded = tokenizer.encode(text)
    ids = [START, *encoded.ids[: LONGEST - 2], END]
    offsets = [(-1, -1), *encoded.offsets[: LONGEST - 2], (-1, -1)]
    numbers = find_numbers(text)
    mentions = language_mentions(text)
    roles = [*role_targets(row, text, numbers), *language_targets(row, mentions)]
    found = []
    items: list[Number | Mention] = [*numbers, *mentions]
    for item, role in zip(items, roles, strict=True):
        span = span_of(offsets, item)
        if span is not None:
            found.append((*span, clues(text, item), ROLES.index(role)))
    return Example(ids, found)


def _thinned(item: Example, chance: random.Random) -> Example:
    """The example without a few of its pieces."""
    keep = [chance.random() >= LEFT_OUT for _ in item.ids]
    for first, after, _, _ in item.items:
        keep[first:after] = [True] * (after - first)
    keep[0] = True
    moved = np.concatenate([[0], np.cumsum(keep)]).tolist()
    ids = [piece for piece, kept in zip(item.ids, keep, strict=True) if kept]
    return Example(ids, [(moved[a], moved[z], seen, role) for a, z, seen, role in item.items])
