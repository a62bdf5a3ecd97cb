"""Model sizes and graphics cards that a message names."""

from __future__ import annotations

import re
from typing import Any

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.cautions import nf4_weights_gib
from knowdo.knowledge.errors import InputError

_SIZE = re.compile(
    r"(?<![A-Za-z0-9.,])(\d{1,3}(?:[.,]\d{1,2})?)[ -]?"
    r"(?:[bB](?![A-Za-z0-9])|billion[ -]param\w*|Mrd\.?[ -]Param\w*|十亿参数)(?! ?(?:usd|dollars))"
    r"|(?<![A-Za-z0-9.])(\d{2,3})M(?= ?(?:param|model\b))"
)
_SERIES = r"(?:10[678]0|1660|20[678]0|30[56789]0|40[56789]0|50[6789]0)(?:[ -]?ti)?(?:[ -]?super)?"
_DATA_CENTRE = (
    r"a100|a800|h100|h200|h800|h20|b200|gb200|l40s?|l4|l20|a10g?|a16|a2|a30|a40|v100|t4|p100|p40"
    r"|k80|m40|mi\d{2,3}x?|rtx ?6000(?: ada)?|rtx ?a[2456]000|a[456]000|7900 ?xtx?|910b"
)
_CARD = re.compile(
    r"(?<![A-Za-z0-9.])(?:\d{1,2} ?[x×] ?)?"
    r"(?:(?:nvidia|geforce|amd|radeon|rtx|gtx|quadro|tesla|rx)[ -]?)*"
    rf"(?:(?P<rtx>{_SERIES})|(?P<data>{_DATA_CENTRE})|(?P<mac>m[1-5] ?(?:max|pro|ultra)))"
    r"(?:er|s)?(?![A-Za-z0-9-])",
    re.I,
)
_MEMORY = re.compile(
    r"(?<![\w.])(\d{1,3}) ?(?:gb|gib|gigs?|go|g)\b[ -]?(?:of |de |an )?"
    r"(?:vram|video\w*|gpu|card|karte|grafik\w*|tarjeta|carte|显存)"
    r"|(?:vram|显存|gpu-speicher)[^.;\d]{0,12}(\d{1,3}) ?(?:gb|g\b)|(\d{1,3}) ?(?:gb|g)?的?显存",
    re.I,
)
# A card's memory behind its name: "A100 80GB", "4090 (24GB)".
_BEHIND = re.compile(r"\s?\(?-?(\d{1,3}) ?(?:gb|gib|g)\b", re.I)


def hardware(text: str) -> dict[str, Any]:
    """`model_size_b`, `gpu_name` and `gpu_vram_gb`, as far as the text names them."""
    facts: dict[str, Any] = {}
    if size := _SIZE.search(text):
        billions = size[1].replace(",", ".") if size[1] else None
        facts["model_size_b"] = float(billions) if billions else float(size[2]) / 1000
    if card := _CARD.search(text):
        facts["gpu_name"] = _name(card)
        if memory := _BEHIND.match(text, card.end()):
            facts["gpu_vram_gb"] = float(memory[1])
    if memory := _MEMORY.search(text):
        facts["gpu_vram_gb"] = float(next(group for group in memory.groups() if group))
    return facts


_FULL = re.compile(
    r"\bfull(?:[- ]parameter|[- ]weight)?[- ]?(?:fine|ft\b|train)|\bfully (?:fine|train)"
    r"|\ball (?:the |its )?(?:weights|parameters)\b|vollständig\w* (?:fine|train|fein)"
    r"|alle (?:gewichte|parameter)\b|fine-?tun\w* compl[eè]t|(?:ajuste|entrenamiento) completo"
    r"|entra[iî]nement complet|todos los (?:pesos|parámetros)|tous les (?:poids|paramètres)"
    r"|全参|全量(?:微调|训练|参数)",
    re.I,
)
# AdamW in bf16 at its step: weights, gradients, two moments, a temporary (`memory_parts`).
_FULL_BYTES = 10
_SEVERAL = re.compile(r"\b([2-9]|\d{2}) ?[x×*]|[x×] ?([2-9]|\d{2})\b", re.I)


def wants_all_weights(text: str) -> bool:
    """Whether a text speaks of training all weights of a model."""
    return _FULL.search(text) is not None


def card_is_too_small(text: str, facts: dict[str, Any]) -> bool | None:
    """Whether the cards that a text names cannot hold what is to be trained; None where open.

    All weights, where the text wants them trained; else the 4-bit weights that QLoRA takes.
    """
    size, memory = facts.get("model_size_b"), facts.get("gpu_vram_gb")
    if memory is None and facts.get("gpu_name"):
        try:
            memory = gpu(facts["gpu_name"]).memory_gib
        except InputError:  # a card that the catalogue lacks tells nothing
            memory = None
    if size is None or memory is None:
        return None
    if several := _SEVERAL.search(text):
        memory *= int(several[1] or several[2])  # they can share the model
    if wants_all_weights(text):
        return bool(size * _FULL_BYTES * 1e9 / 2**30 > memory)
    return bool(nf4_weights_gib(size) >= memory)


def _name(card: re.Match[str]) -> str:
    if card["rtx"]:
        series = "GTX" if card["rtx"].startswith("1") else "RTX"
        number = card["rtx"].lower().replace("-", " ")
        return f"{series} {number.replace('ti', 'Ti').replace('super', 'SUPER')}"
    name = (card["data"] or card["mac"]).upper()
    return name.replace(" MAX", " Max").replace(" PRO", " Pro").replace(" ULTRA", " Ultra")
