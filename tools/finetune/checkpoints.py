"""Which checkpoints of a run are whole: a mark is written last, with the size of every file."""

from __future__ import annotations

import shutil
from pathlib import Path

from knowdo.tools.home import read_json, write_json

MARK = "complete.json"


def mark_complete(checkpoint: Path) -> None:
    """Say that everything of this checkpoint was written."""
    sizes = {
        p.name: p.stat().st_size for p in checkpoint.iterdir() if p.is_file() and p.name != MARK
    }
    write_json(checkpoint / MARK, sizes)


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint of a job's folder, or None."""
    whole = [path for path in folder.glob("checkpoint-*") if is_complete(path)]
    return max(whole, key=step_of, default=None)


def is_complete(checkpoint: Path) -> bool:
    """Whether the mark is there and every file has the size it had then."""
    mark = checkpoint / MARK
    if not mark.is_file():
        return False
    sizes: dict[str, int] = read_json(mark)
    files = {name: checkpoint / name for name in sizes}
    return all(f.is_file() and f.stat().st_size == sizes[name] for name, f in files.items())


def remove_incomplete(folder: Path) -> None:
    """Delete checkpoints that a crash or a full disk left half written."""
    for path in folder.glob("checkpoint-*"):
        if not is_complete(path):
            shutil.rmtree(path)


def step_of(checkpoint: Path) -> int:
    """The optimiser step in a checkpoint's name."""
    return int(checkpoint.name.rpartition("-")[2])
