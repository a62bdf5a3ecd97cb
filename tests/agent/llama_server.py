"""llama.cpp on loopback as an OpenAI-compatible server: `llama_server.py FILE.gguf [--port N]`."""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The prompt with all tools takes about 4,000 tokens; a conversation needs room after it.
CONTEXT_TOKENS = 16_384
CACHED_PIECE_TOKENS = 64
# A reply of ours is short; a small model that repeats itself is stopped here.
REPLY_TOKENS = 120
# One thread is faster than two where another program keeps a core busy: they wait for each other.
THREADS = 1


@contextmanager
def serving_gguf(weights: Path, port: int = 0) -> Iterator[str]:
    """The server on a port of loopback (0: any free one); yields the endpoint's URL."""
    # A wheel without type information, and not everywhere.
    xllamacpp = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = CONTEXT_TOKENS
    params.n_predict = REPLY_TOKENS
    # One place for conversations and one for rewordings, each with its prompt kept; the tools'
    # part of a prompt is kept also where the facts before it have changed.
    params.n_parallel = 2
    params.n_cache_reuse = CACHED_PIECE_TOKENS
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    params.warmup = False
    params.use_jinja = True
    params.verbosity = 0
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


def main() -> None:
    """Serve a file until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--port", type=int, default=8080)
    arguments = parser.parse_args()
    with serving_gguf(arguments.weights, arguments.port) as url:
        print(f"Serving at {url}; stop with Ctrl+C", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
