"""How a message changes the case: what it states, corrects, takes back."""

from __future__ import annotations

from typing import Any

from knowdo.agent.embedded.short_facts import STATED, said_of_prompt, supposed
from knowdo.agent.embedded.situation import Reading
from knowdo.agent.embedded.text import words_in
from knowdo.agent.embedded.understanding import merge, understand
from knowdo.tools.advise import use_case_from

Facts = dict[str, Any]
# Facts that stand between the words: they are read from all that was told, not from one sentence.
_SENSE = (
    "task_type", "needs_knowledge", "needs_behaviour", "out_of_scope", "large_model_suffices",
    "place_open", "open_fact", "signals",
)  # fmt: skip
_PROMPT = ("prompt_tried", "prompt_fell_short")
# A message this short that names figures adds them and tells nothing else.
_ONLY_FIGURES_WORDS = 12
# A fact that goes when the other one is said anew: the card and its memory.
_BELONG_TOGETHER = (("gpu_name", "gpu_vram_gb"), ("gpu_vram_gb", "gpu_name"))
# A warning that a fact settles: (fact, the values that do, any when empty, warning).
_SETTLES: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    ("prompt_tried", (True,), "no_prompt_baseline"),
    ("n_examples", (), "few_examples"),
    ("monthly_requests", (), "low_volume_cost"),
    ("update_frequency", ("static", "yearly"), "stale_facts"),
)


def stated_by(reading: Reading, text: str, told: list[str], known: Facts) -> Facts:
    """The facts that a message states; `told` are the messages before that described the case."""
    if not reading.describes:
        return dict(reading.facts)
    own = understand(text).known()
    stated = {name: own[name] for name in (*STATED, "languages") if name in own}
    if words_in(text) <= _ONLY_FIGURES_WORDS:
        # In few words the word that names a fact is surer than what is read between them.
        stated |= supposed(text)
    only_figures = words_in(text) <= _ONLY_FIGURES_WORDS and "task_type" in known
    if not only_figures:
        sense = understand("\n".join([*told, text])).known() if told else own
        stated |= {name: sense[name] for name in _SENSE if name in sense}
    stated |= said_of_prompt(text) or _guessed_of_prompt(own, known, text)
    stated |= reading.facts
    told_outright = {**known, **said_of_prompt(text), **reading.facts}
    if stated.get("open_fact") in told_outright:
        del stated["open_fact"]  # what was answered is not asked again
    return stated


def _guessed_of_prompt(own: Facts, known: Facts, text: str) -> Facts:
    """What was read between the words, unless something is known."""
    if "prompt_tried" in known or words_in(text) < _ONLY_FIGURES_WORDS // 2:
        return {}
    return {name: own[name] for name in _PROMPT if name in own}


def case_after(known: Facts, reading: Reading, stated: Facts) -> Facts:
    """The case after a message."""
    if reading.kind == "start_over":
        return {}
    kept = {name: value for name, value in known.items() if name not in reading.forgotten}
    if not stated:
        return kept
    for named, other in _BELONG_TOGETHER:
        if named in stated and other not in stated and kept.get(named) != stated[named]:
            kept.pop(other, None)
    if kept.get("open_fact") in stated:
        del kept["open_fact"]
    if stated.get("prompt_tried") is False:
        kept.pop("prompt_fell_short", None)
    if "task_type" in stated:
        kept.pop("signals", None)  # they were read anew with all that was told
    return _settled(merge(use_case_from(kept), use_case_from(stated)).known())


def _settled(case: Facts) -> Facts:
    """Without the warnings that facts answer."""
    gone = {
        code
        for name, values, code in _SETTLES
        if name in case and (not values or case[name] in values)
    }
    signals = [code for code in case.get("signals", []) if code not in gone]
    without = {name: value for name, value in case.items() if name != "signals"}
    return without | ({"signals": signals} if signals else {})
