"""Writes the trained network as the numpy reader takes it: eight bits a weight, one file."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from knowdo.agent.embedded.learning.base import Base
from knowdo.agent.embedded.learning.network import Understanding


def write_weights(path: Path, base: Base, networks: Sequence[Understanding]) -> int:
    """Write the weights atomically and return the file's size in bytes."""
    arrays: dict[str, NDArray[np.generic]] = {
        "pieces": np.frombuffer("\n".join(p for p, _ in base.pieces).encode(), np.uint8),
        "scores": np.array([score for _, score in base.pieces], np.float32),
        "charsmap": np.frombuffer(base.charsmap, np.uint8),
        "codes": base.codes,
        "scale": base.scale.astype(np.float32),
        "offset": base.offset.astype(np.float32),
    }
    for number, network in enumerate(networks):
        for name, value in _dense(network).items():
            arrays.update(_packed(f"{number}/{name}", value))
    write_arrays(path, arrays)
    return path.stat().st_size


def write_arrays(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write named arrays to a file, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        _write_zip(file, arrays)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _write_zip(file: IO[bytes], arrays: dict[str, NDArray[np.generic]]) -> None:
    """Like numpy's savez_compressed, with the best compression and no time stamps.

    The same weights give the same bytes.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, value in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as inner:
                np.lib.format.write_array(inner, np.asanyarray(value), allow_pickle=False)


def _dense(network: Understanding) -> dict[str, NDArray[np.float32]]:
    """All weights by the reader's names, (in, out)."""
    named = {n: p.detach().float().numpy() for n, p in network.encoder.weights.items()}
    named["norm.w"] = network.norm.weight.detach().numpy()
    named["norm.b"] = network.norm.bias.detach().numpy()
    layers = {
        **network.linear_heads(),
        "roles_in": network.roles_in,
        "roles_out": network.roles_out,
    }
    for name, layer in layers.items():
        named[f"{name}.w"] = layer.weight.detach().numpy().T
        named[f"{name}.b"] = layer.bias.detach().numpy()
    return named


def _packed(name: str, value: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """A matrix as int8 with a scale a column; a vector as float32."""
    if value.ndim < 2:
        return {name: value.astype(np.float32)}
    scale = np.maximum(np.abs(value).max(0), 1e-8) / 127
    codes = np.clip(np.round(value / scale), -127, 127).astype(np.int8)
    return {name: codes, f"{name}#scale": scale.astype(np.float32)}
