"""Reads documents in a process of its own, so that a hostile file cannot hang or fill this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools.rag.sections import Document, Section

SECONDS_PER_FILE = 120.0
# Address space, which is well over what is in use: a PDF of 100 MB needs about 500 MB.
MEMORY_BYTES = 1 << 30


class DocumentReader:
    """A context in which `read` works; the reading process starts when it is first needed."""

    def __init__(
        self, seconds_per_file: float = SECONDS_PER_FILE, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._seconds = seconds_per_file
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[str] | None = None
        self._closing = ExitStack()

    def __enter__(self) -> DocumentReader:
        file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._complaints: IO[str] = self._closing.enter_context(file)
        self._closing.callback(self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def read(self, path: Path) -> Document:
        """A file's document. Raises what `load_document` raises, and InputError at a limit."""
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(self._seconds, give_up)
        timer.start()
        try:
            process.stdin.write(json.dumps(str(path)) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line.endswith("\n"):
            raise self._explained(path, timed_out.is_set())
        return _decoded(json.loads(line))

    def _start(self) -> subprocess.Popen[str]:
        self._complaints.seek(0)
        self._complaints.truncate()
        self._process = subprocess.Popen(
            # -P: a folder with a module of a known name must not lend its code to the reader.
            [sys.executable, "-P", "-m", "knowdo.tools.rag.reader", str(self._memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            encoding="utf-8",
        )
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        # It holds nothing that needs saving.
        self._process.kill()
        self._process.communicate()
        self._process = None

    def _explained(self, path: Path, timed_out: bool) -> InputError:
        """Why the process ended instead of answering; the next file gets a new one."""
        if self._process is not None and not timed_out:
            with suppress(subprocess.TimeoutExpired):
                # Its last words come after it has closed its output.
                self._process.wait(5)
        self._stop()
        self._complaints.seek(0)
        last = (self._complaints.read().strip().splitlines() or ["the reader stopped"])[-1][:200]
        if timed_out:
            cause = f"reading it took more than {self._seconds:g} seconds"
        elif "MemoryError" in last or "bad_alloc" in last:
            cause = f"reading it takes more than {self._memory_bytes >> 20} MiB of memory"
        else:
            cause = f"it is damaged or malformed ({last})"
        return InputError(
            f"'{path.name}' cannot be read: {cause}. Open it in the program it comes from and save"
            " it anew, or split it."
        )


def _decoded(answer: dict[str, Any]) -> Document:
    if "input_error" in answer:
        raise InputError(answer["input_error"])
    if "operation_error" in answer:
        raise OperationError(answer["operation_error"])
    sections = tuple(Section(**section) for section in answer.pop("sections"))
    return Document(sections=sections, notes=tuple(answer.pop("notes")), **answer)


def _limit_memory(limit_bytes: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    # macOS refuses limits on address space; the limit on time holds there all the same.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _answer(path: Path) -> dict[str, Any]:
    from knowdo.tools.rag.loaders import load_document

    try:
        return asdict(load_document(path))
    except InputError as error:
        return {"input_error": str(error)}
    except OperationError as error:
        return {"operation_error": str(error)}


def main() -> None:
    """Answer paths on standard input with documents on standard output, one JSON a line."""
    import logging

    # Parsers warn at length about what they mend by themselves.
    logging.disable(logging.CRITICAL)
    _limit_memory(int(sys.argv[1]))
    # A library that prints must not print into the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            answers.write(json.dumps(_answer(Path(json.loads(line)))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
