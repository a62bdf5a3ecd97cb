"""The list of conversations: title and time, beside their states in the same SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """One conversation in the list; `updated` is UTC."""

    conversation_id: str
    title: str
    updated: datetime


def connect(database: Path) -> sqlite3.Connection:
    """A connection of one's own: the graph commits in the threads of the turns."""
    connection = sqlite3.connect(database, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


class Registry:
    """Titles and times of conversations."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        with self._lock, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS conversations"
                " (id TEXT PRIMARY KEY, title TEXT NOT NULL, updated TEXT NOT NULL)"
            )

    def touch(self, conversation_id: str, text: str) -> None:
        """Note that something was said; the first words become the title."""
        title = " ".join(text.split())[:TITLE_CHARACTERS]
        now = datetime.now(UTC).isoformat()
        with self._lock, self._connection:
            self._connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET updated = excluded.updated",
                (conversation_id, title, now),
            )

    def listed(self) -> list[ConversationInfo]:
        """Conversations, the newest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, title, updated FROM conversations ORDER BY updated DESC"
            ).fetchall()
        return [ConversationInfo(i, title, datetime.fromisoformat(at)) for i, title, at in rows]
