"""How many documents of a folder are read, or refused with the right reason.

Usage: python tests/benchmarks/documents.py FOLDER, with files/ and manifest.jsonl in it. Each line
of the manifest has `file`, `expect` (text, error or warning), `must_find` and `report`.
"""

from __future__ import annotations

import json
import re
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import KnowDoError
from knowdo.tools.rag.reader import DocumentReader

# What a message must say, for a kind of trouble named in the manifest: any of these words.
WORDS = {
    "password": ("password",),
    "scan": ("scan",),
    "blank": ("blank", "no text"),
    "no text": ("no text",),
    "damaged": ("damaged", "cut off"),
    "font": ("font",),
    "empty": ("empty",),
    "wrong type": ("wrong type",),
    "entities": ("entities",),
    "not supported": ("not supported",),
}


def main(folder: Path) -> None:
    """Print a line for each file that is wrong, and one JSON line at the end."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    wrong = []
    with DocumentReader() as reader:
        for row in rows:
            began = time.monotonic()
            text, message = _read(reader, folder / row["file"])
            seconds = time.monotonic() - began
            trouble = _trouble(row, text, message)
            print(f"{'wrong' if trouble else 'right'}  {seconds:5.1f} s  {row['file']}  {trouble}")
            print(f"       {message}" if message else f"       {len(text):,} characters")
            if trouble:
                wrong.append(row["file"])
    print(json.dumps({"files": len(rows), "right": len(rows) - len(wrong), "wrong": wrong}))


def _read(reader: DocumentReader, path: Path) -> tuple[str, str]:
    """The text, and what the person is told."""
    try:
        document = reader.read(path)
    except KnowDoError as error:
        return "", str(error)
    return "\n".join(s.text for s in document.sections), "; ".join(document.notes)


def _trouble(row: dict[str, Any], text: str, message: str) -> str:
    missing = [phrase for phrase in row["must_find"] if _plain(phrase) not in _plain(text)]
    if missing:
        return f"not found: {missing[0]}"
    if row["expect"] == "text":
        return "" if text else "refused"
    if row["expect"] == "error" and text:
        return "read, but nothing usable is in it"
    # "format not supported, or read": reading it is right as well.
    if text and "or read" in row["report"]:
        return ""
    known = [words for key, words in WORDS.items() if key in row["report"]]
    if known and not any(word in message.lower() for words in known for word in words):
        return f"does not say: {row['report']}"
    return "" if message else "nothing was said"


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
