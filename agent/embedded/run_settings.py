"""How a run is to train, as far as a message says it: the method, and on how many cards."""

from __future__ import annotations

import re
from typing import Any

from knowdo.agent.embedded.hardware import wants_all_weights

_METHODS = (("qlora", re.compile(r"\bq-?lora\b", re.I)), ("lora", re.compile(r"\blora\b", re.I)))
_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "eight": 8, "zwei": 2, "drei": 3, "vier": 4, "acht": 8,
    "dos": 2, "tres": 3, "cuatro": 4, "ocho": 8, "deux": 2, "trois": 3, "quatre": 4, "huit": 8,
    "两": 2, "三": 3, "四": 4, "八": 8,
}  # fmt: skip
_CARDS = re.compile(
    rf"(?<![\w.,])([2-8]|{'|'.join(_NUMBERS)}) ?(?:[x×*] ?)?"
    r"(?:(?:of |de |von |mal |块|张|nvidia |geforce |rtx ?|tesla )+)?"
    r"(?:[ahbl]\d{2,3}s?(?![a-z\d])|[345]0[5-9]0(?!\d)|gpus?\b|cards?\b|karten\b|tarjetas\b|cartes\b|卡|显卡)",
    re.I,
)


def run_settings(text: str) -> dict[str, Any]:
    """`method` and `n_gpus` by the names of `estimate_cost`; nothing of what isn't said."""
    found: dict[str, Any] = {}
    named = [name for name, words in _METHODS if words.search(text)]
    if wants_all_weights(text):
        found["method"] = "full"
    elif named:
        found["method"] = named[0]
    if cards := _CARDS.search(text):
        number = cards[1].lower()
        found["n_gpus"] = _NUMBERS.get(number) or int(number)
    return found
