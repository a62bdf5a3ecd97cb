"""A small set of real-looking order mails and the JSON that stands for them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

_GOODS = ["screws", "hinges", "washers", "brackets", "bolts", "anchors", "nails", "rivets"]
_TOWNS = ["Bonn", "Lyon", "Porto", "Graz", "Turku", "Ghent", "Split"]
_OPENINGS = [
    "Please send {n} boxes of {good} to our site in {town}.",
    "Hello, we need {n} boxes of {good}; delivery to {town} as usual.",
    "Could you ship {good} ({n} boxes) to {town} this week?",
    "Order for {town}: {n} boxes {good}. Thanks!",
]
SYSTEM = "Turn the order into one JSON object with goods, boxes and town."


def write_orders(path: Path, count: int) -> Path:
    """Write that many different examples as `messages` JSONL."""
    wanted = itertools.islice(itertools.product(_TOWNS, _GOODS, _OPENINGS), count)
    lines = []
    for number, (town, good, opening) in enumerate(wanted, 2):
        boxes = number % 40 + 1
        answer = json.dumps({"goods": good, "boxes": boxes, "town": town})
        messages = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": opening.format(n=boxes, good=good, town=town)},
            {"role": "assistant", "content": answer},
        ]
        lines.append(json.dumps({"messages": messages}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
