"""The encoder with its heads as a torch module, for training only; numpy runs it afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from knowdo.agent.embedded.clues import CLUES
from knowdo.agent.embedded.encoder import (
    EPSILON,
    NEIGHBOURS,
    SENTENCE_SCALE,
    WIDTH,
    WINDOWS,
    neighbours,
)
from knowdo.agent.embedded.heads import HEADS
from knowdo.agent.embedded.learning.base import Base
from knowdo.agent.embedded.roles import ROLES

HIDDEN_OF_ROLES = 128
# Where a number stands: (message in the batch, first piece, piece after the last), and its clues.
Place = tuple[int, int, int, list[float]]


class Encoder(nn.Module):
    """Piece vectors (batch, pieces, 512) and their mask (batch, pieces) to what is made of them."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        weights = {name: torch.tensor(value) for name, value in base.dense.items() if value.ndim}
        self.weights = nn.ParameterDict({n: nn.Parameter(v) for n, v in weights.items()})

    def forward(self, vectors: Tensor, mask: Tensor, dropout: float) -> tuple[Tensor, ...]:
        """Features (batch, pieces, 1280), their mean (batch, 512), the sentence (batch, 512)."""
        w = self.weights
        kept = mask.unsqueeze(-1)
        parts = [vectors]
        for size, left in WINDOWS:
            x = vectors @ w[f"proj{size}"] + w[f"proj_b{size}"]
            x = functional.layer_norm(x, (WIDTH,), w[f"ln_g{size}"], w[f"ln_b{size}"], EPSILON)
            for layer in (1, 2):
                window = _windows(x * kept, size, left)
                update = functional.relu(window @ w[f"w{layer}_{size}"] + w[f"b{layer}_{size}"])
                x = x + functional.dropout(update, dropout, self.training)
            parts.append(x)
        features = torch.cat(parts, -1)
        shape = (features.shape[-1],)
        features = functional.layer_norm(features, shape, w["ln_g"], w["ln_b"], EPSILON)
        length = mask.sum(1, keepdim=True)
        total = (features * kept).sum(1) @ w["cnn_W"] + length * w["cnn_b"]
        mean = functional.dropout(total / length.sqrt(), dropout, self.training)
        y0 = functional.relu(mean @ w["d0"])
        y1 = functional.relu(mean @ w["p1"] + y0 @ w["d1"])
        y2 = functional.relu(y1 @ w["d2"])
        return features, mean, torch.tanh(y1 @ w["p3"] + y2 @ w["d3"])


def _windows(x: Tensor, size: int, left: int) -> Tensor:
    """(batch, pieces, width) to (batch, pieces, size * width), zero outside the message."""
    padded = functional.pad(x, (0, 0, left, size - 1 - left))
    return torch.cat([padded[:, i : i + x.shape[1]] for i in range(size)], -1)


class Understanding(nn.Module):
    """The encoder, one linear head a question, and a small tagger for the numbers."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.encoder = Encoder(base)
        self.norm = nn.LayerNorm(512)
        self.heads = nn.ModuleDict({n: nn.Linear(1024, len(a)) for n, a in HEADS.items()})
        for head in self.linear_heads().values():
            nn.init.normal_(head.weight, std=0.01)
        self.roles_in = nn.Linear(len(NEIGHBOURS) * 1280 + 512 + CLUES, HIDDEN_OF_ROLES)
        self.roles_out = nn.Linear(HIDDEN_OF_ROLES, len(ROLES))

    def linear_heads(self) -> dict[str, nn.Linear]:
        """The heads by name, typed."""
        return {name: head for name, head in self.heads.items() if isinstance(head, nn.Linear)}

    def forward(
        self, vectors: Tensor, mask: Tensor, places: Sequence[Place], dropout: float
    ) -> dict[str, Tensor]:
        """The logits of each head (batch, answers), and of `roles` (numbers, roles)."""
        features, mean, sentence = self.encoder(vectors, mask, dropout)
        sentence = sentence * SENTENCE_SCALE
        joined = torch.cat([self.norm(mean), sentence], -1)
        joined = functional.dropout(joined, dropout, self.training)
        out = {name: head(joined) for name, head in self.heads.items()}
        if places:
            x = _around(features, mask, places, sentence)
            x = functional.dropout(x, dropout, self.training)
            hidden = functional.relu(self.roles_in(x))
            hidden = functional.dropout(hidden, dropout, self.training)
            out["roles"] = self.roles_out(hidden)
        return out


def _around(features: Tensor, mask: Tensor, places: Sequence[Place], sentence: Tensor) -> Tensor:
    """For each number the mean features of it and its neighbours, the sentence and the clues.

    One product with a matrix of weights: slices would each cost a gradient of the whole batch.
    """
    batch, pieces = mask.shape
    lengths = mask.sum(1).long().tolist()
    mixing = torch.zeros(len(places) * len(NEIGHBOURS), batch * pieces)
    for i, (row, first, after, _) in enumerate(places):
        for j, (low, high) in enumerate(neighbours(first, after, lengths[row])):
            if high > low:
                start = row * pieces
                mixing[i * len(NEIGHBOURS) + j, start + low : start + high] = 1 / (high - low)
    flat = features.reshape(batch * pieces, -1)
    means = (mixing.to(flat.dtype) @ flat).reshape(len(places), -1)
    rows = torch.tensor([place[0] for place in places])
    clues = torch.tensor([place[3] for place in places], dtype=flat.dtype)
    return torch.cat([means, sentence[rows], clues], -1)
