"""Whether a job's worker is still there: its process, and the file that it touches."""

from __future__ import annotations

import threading
import time
from pathlib import Path

HEARTBEAT_SECONDS = 2.0
HEARTBEAT_FILE = "heartbeat"


def worker_is_alive(pid: int | None, created: float | None) -> bool:
    """Whether the process still runs; its creation time tells it from a later one with its id."""
    import psutil

    if pid is None or created is None:
        return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start_heartbeat(folder: Path) -> threading.Event:
    """Touch the heartbeat file from a thread until the returned event is set."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            (folder / HEARTBEAT_FILE).touch()

    (folder / HEARTBEAT_FILE).touch()
    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    return stop


def seconds_since_heartbeat(folder: Path) -> float | None:
    """Age of the last sign of life, in seconds; None before the first."""
    path = folder / HEARTBEAT_FILE
    return time.time() - path.stat().st_mtime if path.is_file() else None
