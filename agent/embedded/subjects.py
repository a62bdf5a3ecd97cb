"""Which passage of the guidance a question is about, by what it means and not by its words.

One linear layer over the sentence vector of the reader, trained on questions that people ask
(`learning/subjects.py`); milliseconds, and in any of the five languages.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowdo.agent.embedded.encoder import reader

# What stands for a question that no passage answers.
NOTHING = ""


@lru_cache(maxsize=1)
def _layer() -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float32]]:
    """Ids of the passages, weights (1024, ids) and offsets (ids,)."""
    path = files("knowdo.agent.embedded").joinpath("weights/subjects.npz")
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
        ids = tuple(bytes(stored["ids"]).decode().split("\n"))
        weights = stored["weights"].astype(np.float32) * stored["scale"].astype(np.float32)
        return ids, weights, stored["offsets"].astype(np.float32)


@lru_cache(maxsize=64)
def subjects(text: str) -> dict[str, float]:
    """The probability of each passage id; of NOTHING that no passage answers the text."""
    ids, weights, offsets = _layer()
    logits = reader().read(text).vector @ weights + offsets
    powers = np.exp(logits - logits.max())
    return dict(zip(ids, (powers / powers.sum()).tolist(), strict=True))
