"""Where state lives: the folders under KNOWDO_HOME, and files that are written whole or not."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def home() -> Path:
    """The state folder: `KNOWDO_HOME`, else `~/.knowdo`. Made on first use, private to the user."""
    folder = Path(os.environ.get("KNOWDO_HOME") or Path.home() / ".knowdo")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def subfolder(name: str) -> Path:
    """A folder under home (`jobs`, `indexes`, `uploads`, `plans`, ...); made when missing."""
    folder = home() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def models_folder() -> Path:
    """Where model weights lie: `KNOWDO_MODELS`, else `models` under home."""
    override = os.environ.get("KNOWDO_MODELS")
    return Path(override) if override else subfolder("models")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old or the new content, also after a power cut.

    Raises OSError (for instance ENOSPC); the old content is kept then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, readable by people (indented, UTF-8 as is)."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False)
    write_atomically(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises FileNotFoundError or json.JSONDecodeError."""
    return json.loads(path.read_text(encoding="utf-8"))
