"""Turns text into vectors with the local embedding model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowdo.tools.home import models_folder
from knowdo.tools.rag.chunking import CountTokens
from knowdo.tools.weights import require_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

EMBEDDING_MODEL = "all-MiniLM-L6-v2"
DIMENSION = 384
BATCH_SIZE = 32
# Texts between two reports of progress; inside, they are sorted by length to save padding.
_SLICE = 256
# Two threads that load or use one model at once gain nothing and double its memory.
_lock = threading.Lock()


def is_fetched() -> bool:
    """Whether the model lies on this machine."""
    return (models_folder() / EMBEDDING_MODEL / "config.json").is_file()


def embed(texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
    """Vectors of length 1, float32, shape (len(texts), 384); text over 256 word pieces is cut.

    `on_progress` is told how many are done. Thread-safe. Raises OperationError when the model has
    not been fetched.
    """
    import numpy as np

    folder = require_weights(EMBEDDING_MODEL)
    vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
    for start in range(0, len(texts), _SLICE):
        part = list(texts[start : start + _SLICE])
        with _lock:
            found = _model(folder).encode(
                part, batch_size=BATCH_SIZE, convert_to_numpy=True, show_progress_bar=False
            )
        # bf16 has 8 bits of mantissa: normalise after it, in full precision.
        found = found.astype(np.float32)
        length = np.linalg.norm(found, axis=1, keepdims=True)
        vectors[start : start + len(part)] = found / np.maximum(length, 1e-12)
        if on_progress:
            on_progress(start + len(part))
    return vectors


def warm_up() -> None:
    """Load the model and run it once, so that the first question does not wait for it."""
    embed(["warm-up"])


def token_counter() -> CountTokens:
    """A function that counts the model's word pieces. Raises OperationError without the model."""
    tokenizer = _tokenizer(require_weights(EMBEDDING_MODEL))

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return count


@lru_cache(maxsize=1)
def _tokenizer(folder: Path) -> Any:
    # The Rust library alone: without torch, planning an index starts at once.
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@lru_cache(maxsize=1)
def _model(folder: Path) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    on_gpu = torch.cuda.is_available()
    # Where the CPU has bf16 instructions, bf16 is three times as fast as fp32 at the same quality
    # of retrieval; where it emulates them, it is slower.
    cpu = torch.cpu.get_capabilities()
    fast_bf16 = on_gpu or cpu.get("amx_bf16") or cpu.get("avx512_bf16")
    return SentenceTransformer(
        str(folder),
        device="cuda" if on_gpu else "cpu",
        local_files_only=True,
        model_kwargs={"dtype": torch.bfloat16 if fast_bf16 else torch.float32},
    )
