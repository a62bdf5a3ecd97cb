"""Progress of long work: tools report, whoever called them shows it (page, terminal, nobody)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Called with a sentence, how much is done and how much there is (None when unknown).
ProgressSink = Callable[[str, float, float | None], None]


def _nobody(text: str, done: float, total: float | None) -> None:
    del text, done, total


_sink: ContextVar[ProgressSink] = ContextVar("progress_sink", default=_nobody)


def report_progress(text: str, done: float = 0, total: float | None = None) -> None:
    """Tell the current listener how far the work is."""
    _sink.get()(text, done, total)


@contextmanager
def progress_to(sink: ProgressSink) -> Iterator[None]:
    """Send progress of everything called inside to `sink`."""
    token = _sink.set(sink)
    try:
        yield
    finally:
        _sink.reset(token)
