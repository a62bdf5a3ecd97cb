"""Asks the base and the tuned model the same thing, side by side."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.records import Message
from knowdo.tools.evaluate.generate import Generated, generate_answers
from knowdo.tools.evaluate.models import ModelPair, load_pair
from knowdo.tools.finetune.base_model import model_folder
from knowdo.tools.finetune.hardware import detect_hardware, wait_without_spinning
from knowdo.tools.finetune.plan import FinetunePlan, read_plan
from knowdo.tools.jobs.store import job_folder

MAX_PROMPT_CHARACTERS = 20_000
MAX_NEW_TOKENS = 2_048
# The pair that was used last stays in memory; one conversation at a time generates.
_lock = threading.Lock()
_loaded: dict[tuple[str, float], ModelPair] = {}


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What both models answer to the same prompt; `note` says how they were asked."""

    job_id: str
    prompt: str
    base: str
    tuned: str
    base_tokens_per_second: float
    tuned_tokens_per_second: float
    note: str
    system_prompt: str | None = None


def chat_with_model(
    job_id: str, prompt: str, max_new_tokens: int = 128, temperature: float = 0.0
) -> SideBySide:
    """Both answers to a prompt, with the training data's system prompt when it had one.

    Raises InputError when the job or its model does not exist, or the prompt is empty or too long.
    """
    folder = job_folder(job_id)
    _check(prompt, max_new_tokens, temperature)
    plan = read_plan(folder / "plan.json")
    system = plan.data.system_prompt
    said = [Message("system", system)] if system else []
    messages = [*said, Message("user", prompt)]
    with _lock:
        pair = _pair(job_id, plan)
        with pair.base() as model:
            base = generate_answers(model, pair.tokenizer, [messages], max_new_tokens, temperature)
        with pair.tuned() as model:
            tuned = generate_answers(model, pair.tokenizer, [messages], max_new_tokens, temperature)
    return SideBySide(
        job_id=job_id,
        prompt=prompt,
        base=base.answers[0],
        tuned=tuned.answers[0],
        base_tokens_per_second=round(base.tokens_per_second, 1),
        tuned_tokens_per_second=round(tuned.tokens_per_second, 1),
        note=_note(system, temperature, tuned),
        system_prompt=system,
    )


def _check(prompt: str, max_new_tokens: int, temperature: float) -> None:
    if not prompt.strip():
        raise InputError("The prompt is empty. Write what both models should answer.")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise InputError(
            f"The prompt has {len(prompt):,} characters; up to {MAX_PROMPT_CHARACTERS:,} are taken."
        )
    if not 1 <= max_new_tokens <= MAX_NEW_TOKENS:
        raise InputError(f"max_new_tokens is {max_new_tokens}; use 1 to {MAX_NEW_TOKENS}.")
    if not 0 <= temperature <= 2:
        raise InputError(f"temperature is {temperature}; use 0 (always the likeliest) to 2.")


def _pair(job_id: str, plan: FinetunePlan) -> ModelPair:
    """The job's models, loaded again only when they changed."""
    wait_without_spinning()
    import torch

    folder = job_folder(job_id)
    weights = "model.safetensors" if plan.method == "full" else "adapter_model.safetensors"
    path = folder / weights
    key = (job_id, path.stat().st_mtime if path.is_file() else 0.0)
    if key not in _loaded:
        hardware = detect_hardware()
        torch.set_num_threads(hardware.cores)
        pair = load_pair(folder, model_folder(plan.model_path), plan.method, hardware.device)
        _loaded.clear()
        _loaded[key] = pair
    return _loaded[key]


def _note(system: str | None, temperature: float, tuned: Generated) -> str:
    asked = "Asked without a system prompt: the training examples share none."
    if system:
        asked = f"Asked with the training data's system prompt: {system}"
    how = "the likeliest token each time" if temperature == 0 else f"temperature {temperature:g}"
    return f"{asked} Decoding: {how}; {tuned.tokens_per_second:.0f} tokens per second (tuned)."
