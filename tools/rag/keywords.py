"""The word index of the chunks: which share of a question's words a chunk holds."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowdo.tools.rag.chunking import Chunk

# A question has few; more would be a document that somebody pasted.
_MAX_WORDS = 64
# Words that carry no topic. English, like the embedding model; in other languages, words that stand
# in many chunks weigh little by themselves.
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and any are as at be been but by can could did do does for from had has have how i
        if in into is it its me my no not of on or our should so than that the their them then there
        these they this those to us was we were what when where which who why will with without
        would you your""",
    )
)


class Keywords:
    """An SQLite full-text index; SQLite brings the stemmer and BM25 along. Close it after use."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=30)
        self._db.executescript(
            "create table if not exists chunks (id integer primary key, chunk_id text unique);"
            "create virtual table if not exists words"
            " using fts5(text, tokenize = 'porter unicode61');"
        )

    def close(self) -> None:
        self._db.close()

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Add chunks in one transaction; those that are there already are left alone."""
        with self._db:
            for chunk in chunks:
                added = self._db.execute(
                    "insert or ignore into chunks (chunk_id) values (?)", (chunk.chunk_id,)
                )
                if added.rowcount:
                    self._db.execute(
                        "insert into words (rowid, text) values (?, ?)",
                        (added.lastrowid, chunk.to_embed()),
                    )

    def remove(self, chunk_ids: Iterable[str]) -> None:
        """Remove chunks in one transaction; unknown ones are ignored."""
        with self._db:
            for chunk_id in chunk_ids:
                ids = self._db.execute("select id from chunks where chunk_id = ?", (chunk_id,))
                for (rowid,) in ids.fetchall():
                    self._db.execute("delete from words where rowid = ?", (rowid,))
                    self._db.execute("delete from chunks where id = ?", (rowid,))

    def known(self, chunk_ids: Sequence[str]) -> set[str]:
        """Those of the ids that are in the index."""
        found = self._db.execute(
            f"select chunk_id from chunks where chunk_id in ({_marks(chunk_ids)})", chunk_ids
        )
        return {chunk_id for (chunk_id,) in found}

    def best(self, question: str, count: int) -> list[str]:
        """The chunk ids with the highest BM25 for a question, best first."""
        words = words_of(question)
        if not words:
            return []
        found = self._db.execute(
            "select c.chunk_id from words join chunks c on c.id = words.rowid"
            " where words match ? order by bm25(words) limit ?",
            (" OR ".join(f'"{word}"' for word in words), count),
        )
        return [chunk_id for (chunk_id,) in found]

    def coverage(self, question: str, chunk_ids: Sequence[str]) -> dict[str, float]:
        """How much of a question's words each chunk holds, 0 to 1, rare words weighing more.

        The weight of a word is BM25's inverse document frequency, ln(1 + (N - n + 0.5)/(n + 0.5)),
        n of N chunks holding it (Robertson and Zaragoza 2009, section 3).
        """
        ids = self._db.execute(
            f"select id, chunk_id from chunks where chunk_id in ({_marks(chunk_ids)})", chunk_ids
        )
        names: dict[int, str] = dict(ids.fetchall())
        covered = dict.fromkeys(chunk_ids, 0.0)
        total = 0.0
        (chunk_count,) = self._db.execute("select count(*) from chunks").fetchone()
        for word in words_of(question):
            match = f'"{word}"'
            (n,) = self._db.execute(
                "select count(*) from words where words match ?", (match,)
            ).fetchone()
            weight = math.log(1 + (chunk_count - n + 0.5) / (n + 0.5))
            total += weight
            holding = self._db.execute(
                f"select rowid from words where words match ? and rowid in ({_marks(names)})",
                (match, *names),
            )
            for (rowid,) in holding:
                covered[names[rowid]] += weight
        return {chunk_id: value / total if total else 0.0 for chunk_id, value in covered.items()}


def words_of(question: str) -> list[str]:
    """The distinct words of a question that carry a topic, in order."""
    words = dict.fromkeys(re.findall(r"\w+", question.lower()))
    return [word for word in words if word not in _STOP_WORDS][:_MAX_WORDS]


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)
