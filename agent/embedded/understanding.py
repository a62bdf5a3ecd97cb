"""From a person's words to the facts of their case: patterns for words, a grammar for numbers."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

from knowdo.agent.embedded.quantities import Number, find_numbers
from knowdo.knowledge.schema import Privacy, TaskType, UpdateFrequency, UseCase

# Reading time grows with length; what a problem is stands in its first pages.
MAX_CHARACTERS = 20_000
_TASK_ORDER = ("classification", "style", "format", "vocabulary", "instruction", "knowledge_qa")
_MODEL_SIZE = re.compile(
    r"(?<![A-Za-z0-9.])(\d{1,3}(?:\.\d{1,2})?) ?[bB](?![A-Za-z0-9])(?! ?(?:usd|dollars))"
)
_VRAM = re.compile(
    r"(?<![\w.])(\d{1,3}) ?(?:gb|gig|gigs|go|g)\b(?: of)? ?(?:vram|card|gpu|video|grafik\w*|显存)"
    r"|(\d{1,3})(?:gb|g)? ?显存",
    re.I,
)
_GPU = re.compile(
    r"\b(?:(?:rtx|gtx) ?(\d{4}(?: ?ti| ?super)?)|(4090|3090(?: ?ti)?|3080|4080|4070|3060|5090)"
    r"|(a100|h100|h200|b200|l40s|l40|l4|a10g|a10|a6000|v100|t4|p100|mi300x?"
    r"|m[1-4] (?:max|pro|ultra)))s?\b",
    re.I,
)
_MONEY_PERIOD = re.compile(r"\s*(?:usd|dollars?|euros?|eur)?\s*(?:/|per |a |im |pro |par |al )")
_MONEY_WORD = re.compile(r"\s*(?:usd|dollars?|euros?|eur\b|€|\$|bucks|美元)", re.I)
_PER_CLASS = re.compile(
    r"\s*(?:\w+ )?(?:per|each|a|pro|je|por|par)[ /]?"
    r"(?:class|label|intent|categor\w+|klasse|clase|classe)|\s*(?:条|个)?/?每(?:个)?类",
    re.I,
)
_LANGUAGES = {
    "german": "de", "swiss german": "gsw", "russian": "ru", "french": "fr", "spanish": "es",
    "italian": "it", "chinese": "zh", "japanese": "ja", "korean": "ko", "arabic": "ar",
    "portuguese": "pt", "polish": "pl", "dutch": "nl", "turkish": "tr", "hindi": "hi",
    "cherokee": "chr", "ukrainian": "uk", "czech": "cs", "swedish": "sv", "vietnamese": "vi",
}  # fmt: skip


@lru_cache(maxsize=1)
def _patterns() -> dict[str, dict[str, re.Pattern[str]]]:
    """Every table of the two pattern files, compiled."""
    tables: dict[str, dict[str, re.Pattern[str]]] = {}
    for name in ("facts.toml", "signals.toml"):
        text = files("knowdo.agent.embedded").joinpath(name).read_text(encoding="utf-8")
        for table, rows in tomllib.loads(text).items():
            tables[table] = {
                key: re.compile(row["words"] if isinstance(row, dict) else row, re.I)
                for key, row in rows.items()
            }
    return tables


@lru_cache(maxsize=1)
def _per_month() -> dict[str, float]:
    text = files("knowdo.agent.embedded").joinpath("facts.toml").read_text(encoding="utf-8")
    return {key: float(row["factor"]) for key, row in tomllib.loads(text)["per"].items()}


def understand(message: str) -> UseCase:
    """The facts and needs that one message states; fields that it says nothing about stay None."""
    text = " ".join(message[:MAX_CHARACTERS].split())
    tables = _patterns()
    numbers = _number_facts(text)
    warnings = {code for code, p in tables["warnings"].items() if p.search(text)}
    outside = next((kind for kind, p in tables["outside"].items() if p.search(text)), None)
    needs = {name for name, p in tables["needs"].items() if p.search(text)}
    if tables["doubt"]["words"].search(text):
        # "Not good enough", "works well only in 60 %", "if it is good enough".
        needs.discard("prompt_suffices")
    privacy = next((kind for kind, p in tables["privacy"].items() if p.search(text)), None)
    frequency = next(
        (kind for kind, p in tables["update_frequency"].items() if p.search(text)), None
    )
    if privacy in ("pii", "confidential") and "external_data" in needs:
        warnings.add("pii_third_party")
    tried = _prompt_tried(needs)
    doing = True if "behaviour" in needs else None
    knowing = True if "knowledge" in needs or "doc_count" in numbers else None
    if knowing and not doing and "wants_training" in needs:
        warnings.add("knowledge_injection")
    knowing = True if "knowledge_injection" in warnings else knowing
    task = _task_type(text, numbers)
    if outside:
        task = "other"
    elif knowing and not doing:
        task = "knowledge_qa"
    use_case = UseCase(
        task_type=cast("TaskType | None", task),
        needs_knowledge=knowing,
        needs_behaviour=doing,
        out_of_scope=outside,
        prompt_tried=tried,
        prompt_fell_short=_fell_short(needs),
        update_frequency=cast("UpdateFrequency | None", frequency),
        privacy=cast("Privacy | None", privacy),
        languages=_languages(text),
        signals=frozenset(warnings),
    )
    return replace(use_case, **numbers, **_hardware(text))


def merge(case: UseCase, newer: UseCase) -> UseCase:
    """The case after one more message: what is newly stated replaces, signals add up."""
    changes: dict[str, Any] = {
        name: getattr(newer, name)
        for name in UseCase.__dataclass_fields__
        if getattr(newer, name) not in (None, (), frozenset())
    }
    signals = case.signals | newer.signals
    if newer.update_frequency in ("static", "yearly"):
        signals -= {"stale_facts"}
    changes["signals"] = signals
    if case.out_of_scope:
        # One request of another kind does not make the next one so.
        case = replace(case, out_of_scope=None, task_type=None)
    return replace(case, **changes)


def _fell_short(needs: set[str]) -> bool | None:
    if "prompt_suffices" in needs:
        return False
    return True if "prompt_failed" in needs else None


def _prompt_tried(needs: set[str]) -> bool | None:
    if "prompt_untried" in needs:
        return False
    if needs & {"prompt_failed", "prompt_done", "prompt_suffices"}:
        return True
    return None


def _task_type(text: str, numbers: dict[str, Any]) -> str | None:
    scores = {}
    for kind, pattern in _patterns()["task_type"].items():
        scores[kind] = len({m.group(0).lower() for m in pattern.finditer(text)})
    if "n_classes" in numbers:
        scores["classification"] += 2
    best = max(_TASK_ORDER, key=lambda kind: scores.get(kind, 0))
    return best if scores.get(best) else None


def _languages(text: str) -> tuple[str, ...]:
    lowered = text.lower()
    return tuple(code for name, code in _LANGUAGES.items() if re.search(rf"\b{name}\b", lowered))


def _hardware(text: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if size := _MODEL_SIZE.search(text):
        facts["model_size_b"] = float(size[1])
    if vram := _VRAM.search(text):
        facts["gpu_vram_gb"] = float(vram[1] or vram[2])
    if card := _GPU.search(text):
        series = card[1] or card[2]
        facts["gpu_name"] = f"RTX {series}" if series else card[3].upper()
    return facts


def _number_facts(text: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    per_class = None
    examples: list[tuple[bool, int]] = []
    for number in find_numbers(text):
        rest = text[number.end : number.end + 90]
        if _PER_CLASS.match(rest):
            per_class = number.value
        elif number.currency or _MONEY_WORD.match(rest):
            if not _money_is_a_rate(text, number):
                facts.setdefault("budget_usd", number.value)
        else:
            _counted(facts, examples, number, rest)
    if per_class is not None:
        facts["n_examples"] = int(per_class * facts.get("n_classes", 1))
    elif examples:
        # Finished examples count before traffic or few-shot samples, then the larger number.
        facts["n_examples"] = max(examples)[1]
    return facts


def _money_is_a_rate(text: str, number: Number) -> bool:
    return bool(_MONEY_PERIOD.match(text[number.end : number.end + 20]))


def _counted(
    facts: dict[str, Any], examples: list[tuple[bool, int]], number: Number, rest: str
) -> None:
    """Add what the words after a number say that it counts; the first statement of a fact wins."""
    value = number.value
    rest = rest.lstrip(" +~")
    month = _monthly_factor(rest)
    after = _patterns()["after"]
    if re.match(r"tokens?\b|tok\b", rest, re.I):
        slot = "monthly_tokens" if month else "tokens_per_example"
        facts.setdefault(slot, round(value * (month or 1)))
    elif after["latency_ms"].match(rest):
        facts.setdefault("latency_ms", round(value))
    elif after["latency_s"].match(rest) and value <= 60:
        facts.setdefault("latency_ms", round(value * 1000))
    elif after["n_classes"].match(rest) and 0 < value < 2000:
        facts.setdefault("n_classes", round(value))
    elif month:
        facts.setdefault("monthly_requests", round(value * month))
    elif after["doc_count"].match(rest):
        facts.setdefault("doc_count", round(value))
    elif after["n_examples"].match(rest):
        clause = re.split(r"[.;!?。；！？]", rest, maxsplit=1)[0][:60]
        finished = bool(_patterns()["strong"]["n_examples"].search(clause))
        examples.append((finished, round(value)))


def _monthly_factor(rest: str) -> float | None:
    """The factor to a month when a period follows within the next few words, else None.

    "400 pages that change every month" counts pages, not requests.
    """
    near = re.split(r"[,.;:!?。，；！？\d]", rest, maxsplit=1)[0][:45]
    if _patterns()["change"]["verbs"].search(near):
        return None
    for period, pattern in _patterns()["per"].items():
        if pattern.search(near):
            return _per_month()[period]
    return None
