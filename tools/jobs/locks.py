"""Locks between processes that the system releases when their holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from knowdo.knowledge.errors import OperationError
from knowdo.tools.home import home


@contextmanager
def held(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock on a file. Raises OperationError when another holds it and `wait` is off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise OperationError(f"{path} is held by another process.") from error
        yield


def queue_lock() -> AbstractContextManager[None]:
    """The lock under which the states of jobs change; hold it for moments only."""
    return held(home() / "queue.lock")
