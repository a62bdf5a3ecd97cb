"""Reads a message with the trained weights, in numpy: milliseconds, no torch, no network."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from knowdo.agent.embedded.clues import clues
from knowdo.agent.embedded.heads import HEADS
from knowdo.agent.embedded.quantities import Number
from knowdo.agent.embedded.roles import ROLES
from knowdo.agent.embedded.task_languages import Mention
from knowdo.agent.embedded.tokenizer import END, START, unigram

Array = NDArray[np.float32]
# (pieces in a window, pieces to the left of its centre) of the three convolutions.
WINDOWS: Final = ((2, 0), (3, 1), (5, 2))
WIDTH: Final = 256
EPSILON: Final = 1e-12
# The sentence vector's entries lie within 1; scaled so that the heads learn from it as fast.
SENTENCE_SCALE: Final = 4.0
# A message is read to this many pieces, about 180 words; longer ones keep their head and tail.
LONGEST: Final = 320
_HEAD = 220
# Stretches round a number, in pieces from its first or after its last one; the first is itself.
NEIGHBOURS: Final = (("first", 0, 0), ("after", 0, 3), ("after", 3, 9), ("first", -3, 0),
                     ("first", -9, -3))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What the heads say of a message: for each head its answers with their probabilities."""

    answers: dict[str, dict[str, float]]
    # For each number or mention, the probabilities of its roles; empty for one not read so far.
    roles: tuple[dict[str, float], ...]
    vector: Array


class Reader:
    """The trained network. One instance serves all threads: reading changes nothing."""

    def __init__(self, weights: bytes) -> None:
        with np.load(io.BytesIO(weights), allow_pickle=False) as stored:
            named = {n: _plain(stored, n) for n in stored.files if not n.endswith("#scale")}
        # Several networks, trained from different starts, share the table of pieces.
        numbers = sorted({n.partition("/")[0] for n in named if "/" in n})
        self._networks = [_of_network(named, number) for number in numbers]
        self._table = named["codes"], named["scale"], named["offset"]
        # Matrices this small are slower on several threads, far slower beside other work.
        self._threads = ThreadpoolController()
        pieces = bytes(named["pieces"]).decode().split("\n")
        scores = named["scores"].tolist()
        self._tokenizer = unigram(list(zip(pieces, scores, strict=True)), bytes(named["charsmap"]))

    def read(self, text: str, items: Sequence[Number | Mention] = ()) -> Reading:
        """Read a message with its numbers and the languages it names (of the same text)."""
        with self._threads.limit(limits=1, user_api="blas"):
            return self._read(text, items)

    def _read(self, text: str, items: Sequence[Number | Mention]) -> Reading:
        ids, offsets = self._pieces(text)
        codes, scale, offset = self._table
        vectors = codes[ids].astype(np.float32) * scale[ids, None] + offset[ids, None]
        found = [(n, span_of(offsets, n)) for n in items]
        spans = [(span, clues(text, n)) for n, span in found if span is not None]
        logits = [_logits(w, vectors, spans) for w in self._networks]
        mean: dict[str, Array] = {n: np.mean([x[n] for x in logits], 0) for n in logits[0]}
        answers = {}
        for name, options in HEADS.items():
            shares = _sigmoid(mean[name]) if name == "warnings" else _softmax(mean[name])
            answers[name] = dict(zip(options, shares.tolist(), strict=True))
        tagged = iter(_softmax(row) for row in mean["roles"])
        roles = tuple(
            dict(zip(ROLES, next(tagged).tolist(), strict=True)) if span else {}
            for _, span in found
        )
        return Reading(answers, roles, mean["vector"])

    def _pieces(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        encoded = self._tokenizer.encode(text)
        ids, offsets = encoded.ids, encoded.offsets
        if len(ids) > LONGEST:
            ids = ids[:_HEAD] + ids[_HEAD - LONGEST :]
            offsets = offsets[:_HEAD] + offsets[_HEAD - LONGEST :]
        return [START, *ids, END], [(-1, -1), *offsets, (-1, -1)]


def _logits(
    w: dict[str, Any], vectors: Array, spans: Sequence[tuple[tuple[int, int], list[float]]]
) -> dict[str, Array]:
    """What one network makes of a message: the logits of its heads and of each number's roles."""
    features, joined = _encoded(w, vectors)
    logits = {name: joined @ w[f"{name}.w"] + w[f"{name}.b"] for name in HEADS}
    logits["vector"] = joined
    roles = [_role(w, features, joined, span, seen) for span, seen in spans]
    logits["roles"] = np.array(roles, np.float32)
    return logits


def _encoded(w: dict[str, Any], vectors: Array) -> tuple[Array, Array]:
    """Features (pieces, 1280) and what the heads see (1024,)."""
    parts = [vectors]
    for size, left in WINDOWS:
        x = vectors @ w[f"proj{size}"] + w[f"proj_b{size}"]
        x = _normed(x, w[f"ln_g{size}"], w[f"ln_b{size}"])
        for layer in (1, 2):
            window = _windows(x, size, left)
            x = x + np.maximum(window @ w[f"w{layer}_{size}"] + w[f"b{layer}_{size}"], 0)
        parts.append(x)
    features = _normed(np.concatenate(parts, 1), w["ln_g"], w["ln_b"])
    length = len(vectors)
    mean = (features.sum(0) @ w["cnn_W"] + length * w["cnn_b"]) / np.sqrt(length)
    y0 = np.maximum(mean @ w["d0"], 0)
    y1 = np.maximum(mean @ w["p1"] + y0 @ w["d1"], 0)
    y2 = np.maximum(y1 @ w["d2"], 0)
    sentence = np.tanh(y1 @ w["p3"] + y2 @ w["d3"]) * SENTENCE_SCALE
    # torch's LayerNorm has this epsilon; the pretrained encoder's own norms have the other.
    seen = _normed(np.asarray(mean, np.float32), w["norm.w"], w["norm.b"], 1e-5)
    return features, np.concatenate([seen, sentence]).astype(np.float32)


def _role(
    w: dict[str, Any], features: Array, joined: Array, span: tuple[int, int], seen: list[float]
) -> Array:
    parts = [
        features[low:high].mean(0) if high > low else np.zeros(features.shape[1], np.float32)
        for low, high in neighbours(*span, len(features))
    ]
    row = np.concatenate([*parts, joined[512:], np.array(seen, np.float32)])
    hidden = np.maximum(row @ w["roles_in.w"] + w["roles_in.b"], 0)
    logits: Array = hidden @ w["roles_out.w"] + w["roles_out.b"]
    return logits


def span_of(offsets: Sequence[tuple[int, int]], item: Number | Mention) -> tuple[int, int] | None:
    """The pieces [first, after) that an item is written in, or None when they were cut off."""
    inside = [i for i, (a, z) in enumerate(offsets) if z > item.start and 0 <= a < item.end]
    return (inside[0], inside[-1] + 1) if inside else None


def neighbours(first: int, after: int, length: int) -> list[tuple[int, int]]:
    """The stretches of pieces (low, high) that say what a number at [first, after) counts."""
    starts = {"first": first, "after": after}
    spans = [(starts[side] + low, starts[side] + high) for side, low, high in NEIGHBOURS]
    spans[0] = (first, after)
    return [(max(0, low), min(length, high)) for low, high in spans]


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The reader with the weights that come with the package; about 0.3 s at first use."""
    path = files("knowdo.agent.embedded").joinpath("weights/understanding.npz")
    return Reader(path.read_bytes())


def _of_network(named: dict[str, Any], number: str) -> dict[str, Any]:
    prefix = f"{number}/"
    return {n.removeprefix(prefix): value for n, value in named.items() if n.startswith(prefix)}


def _plain(stored: Any, name: str) -> Any:
    """A weight as float32; eight-bit ones are scaled by column. Codes and texts stay bytes."""
    value = stored[name]
    if value.dtype == np.int8:
        return value.astype(np.float32) * stored[f"{name}#scale"].astype(np.float32)
    return value.astype(np.float32) if value.dtype == np.float16 else value


def _windows(x: Array, size: int, left: int) -> Array:
    """(pieces, width) to (pieces, size * width), zero outside the message."""
    padded = np.pad(x, ((left, size - 1 - left), (0, 0)))
    return np.concatenate([padded[i : i + len(x)] for i in range(size)], 1)


def _normed(x: Array, gain: Array, shift: Array, epsilon: float = EPSILON) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + epsilon)
    normed: Array = centred / spread * gain + shift
    return normed


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max())
    shares: Array = powers / powers.sum()
    return shares


def _sigmoid(logits: Array) -> Array:
    shares: Array = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return shares
