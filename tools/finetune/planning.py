"""Makes the plan of a fine-tuning run from a dataset, a base model and this machine."""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.memory import card_memory_gib, estimate_training_memory
from knowdo.knowledge.memory_parts import adapter_parameters
from knowdo.knowledge.schema import Estimate, Method, ModelSpec, Range, TrainingConfig
from knowdo.tools.dataset.read import read_examples
from knowdo.tools.dataset.records import Dataset, Example
from knowdo.tools.dataset.report import MIN_EXAMPLES, percentile
from knowdo.tools.dataset.split import Split, sample, split
from knowdo.tools.dataset.task import guess_task
from knowdo.tools.dataset.tokens import ChatTokenizer, EncodedTurn
from knowdo.tools.finetune.base_model import model_folder, model_spec
from knowdo.tools.finetune.hardware import GIB, Hardware, detect_hardware
from knowdo.tools.finetune.plan import FinetunePlan, PlannedData, save_plan
from knowdo.tools.finetune.settings import FinetuneSettings, checked_overrides, choose_settings
from knowdo.tools.finetune.speed import Speed, expected_speed
from knowdo.tools.home import subfolder
from knowdo.tools.weights import DEFAULT_BASE_MODEL

TEST_FRACTION = 0.1
# Python, torch, transformers and the tokenised data beside the model itself, measured.
PROCESS_GIB = 1.2
# Imports, loading the model and tokenising.
START_UP_SECONDS = Range(10, 20, 60)
# A forward pass alone against forward and backward.
FORWARD_SPEEDUP = 2.5
# Answers much longer than this take too long to compare on a processor.
MAX_NEW_TOKENS = 256
# Two checkpoints and the final adapter; the rest is logs and the copy of the data.
KEPT_COPIES = 3
FEW_TEST_EXAMPLES = 30
USD_PER_HOUR = "KNOWDO_USD_PER_HOUR"


@dataclass(frozen=True, slots=True)
class _Lengths:
    """Tokens of the encoded training turns."""

    encoded: tuple[EncodedTurn, ...]
    longest: int
    answer_p95: int


def plan_finetune(
    dataset_path: str | Path,
    base_model: str = DEFAULT_BASE_MODEL,
    test_path: str | Path | None = None,
    **overrides: Any,
) -> FinetunePlan:
    """Plan a run; nothing is trained or spent. The plan is kept under its id.

    `test_path` names an own unseen file; without it a tenth of the dataset is set aside.
    `overrides` are settings under their Hugging Face names. Raises InputError on an unusable file,
    a missing base model, and unknown or impossible settings.
    """
    asked = checked_overrides(overrides)
    dataset = read_examples(dataset_path)
    own_test = read_examples(test_path) if test_path is not None else None
    folder = model_folder(base_model)
    model = model_spec(folder)
    hardware = detect_hardware()
    parts = split_for_training(dataset, own_test, asked.get("seed", 42), asked.get("max_examples"))
    lengths = _lengths(parts, ChatTokenizer(folder))
    draft = _Draft(dataset, own_test, parts, lengths, model, hardware, asked)
    return save_plan(draft.plan(base_model, folder))


def split_for_training(
    dataset: Dataset, own_test: Dataset | None, seed: int, max_examples: int | None
) -> Split:
    """Training and unseen examples; the same for the same files, seed and limit.

    Questions of an own test file are taken out of the training part.
    """
    if own_test is None:
        parts = split(dataset.examples, seed, TEST_FRACTION)
    else:
        unseen = {e.question_key() for e in own_test.examples}
        train = tuple(e for e in dataset.examples if e.question_key() not in unseen)
        if not train:
            raise InputError("Every training question stands in the test file too.")
        parts = Split(train, own_test.examples)
    limit = max_examples or len(parts.train)
    return Split(sample(parts.train, limit, seed), parts.test)


def _lengths(parts: Split, tokenizer: ChatTokenizer) -> _Lengths:
    encoded = tuple(tokenizer.encode(turn) for e in parts.train for turn in e.turns())
    whole = [t.prompt_tokens + t.answer_tokens for t in encoded]
    return _Lengths(encoded, max(whole), int(percentile([t.answer_tokens for t in encoded], 0.95)))


@dataclass(frozen=True, slots=True)
class _Draft:
    """Everything that is known before the plan is written down."""

    dataset: Dataset
    own_test: Dataset | None
    parts: Split
    lengths: _Lengths
    model: ModelSpec
    hardware: Hardware
    asked: dict[str, Any]

    def plan(self, base_model: str, folder: Path) -> FinetunePlan:
        method, method_reason = self._method()
        settings, reasons = self._settings(method)
        config = self._config(method, settings)
        memory = self._memory(config)
        speed = expected_speed(self.model, config, self.hardware)
        data = self._data(settings)
        evaluation = self._evaluation_seconds(data, settings, speed)
        seconds = self._seconds(data, settings, speed, evaluation)
        disk = self._disk_gib(config)
        cost, cost_assumption = _cost(seconds)
        steps_per_epoch = math.ceil(
            data.train_turns
            / (settings.per_device_train_batch_size * settings.gradient_accumulation_steps)
        )
        return FinetunePlan(
            name=f"{Path(self.dataset.path).stem} on {folder.name}",
            base_model=base_model,
            model_path=str(folder),
            data=data,
            method=method,
            precision=_precision(method, self.hardware),
            device=self.hardware.device,
            hardware=self.hardware.name,
            settings=settings,
            total_steps=max(1, math.ceil(steps_per_epoch * settings.num_train_epochs)),
            reasons={"method": method_reason, **reasons},
            seconds=seconds,
            evaluation_seconds=evaluation.expected,
            tokens_per_second=speed.training,
            peak_memory_gib=memory,
            disk_gib=disk,
            cost_usd=cost,
            assumptions=(f"speed {speed.basis}", cost_assumption),
            warnings=self._warnings(data, settings),
            blockers=self._blockers(memory, disk),
        )

    def _method(self) -> tuple[Method, str]:
        """The method by the memory that is free, unless the person named one."""
        asked = self.asked.get("method", "auto")
        if asked != "auto":
            return asked, "as you asked"
        where = self.hardware
        fits = self._memory(self._config("lora", self._settings("lora")[0])).high
        free = f"{where.free_memory_gib:g} GiB are free on {where.name}"
        if fits <= where.free_memory_gib:
            why = "4-bit would be slower here" if where.device == "cpu" else "4-bit is not needed"
            return "lora", f"LoRA in bf16 needs up to {fits:.1f} GiB and {free}; {why}."
        return "qlora", f"LoRA in bf16 would need up to {fits:.1f} GiB, but {free}: 4-bit NF4."

    def _settings(self, method: Method) -> tuple[FinetuneSettings, dict[str, str]]:
        return choose_settings(
            self.asked,
            method,
            self.hardware.device == "cpu",
            len(self.lengths.encoded),
            self.lengths.longest,
            self.model.context,
        )

    def _config(self, method: Method, settings: FinetuneSettings) -> TrainingConfig:
        return TrainingConfig(
            method=method,
            max_length=min(settings.max_length, self.lengths.longest),
            per_device_train_batch_size=settings.per_device_train_batch_size,
            gradient_checkpointing=settings.gradient_checkpointing,
            lora_rank=settings.lora_rank,
            master_weights=method == "full",
        )

    def _memory(self, config: TrainingConfig) -> Range:
        estimate = estimate_training_memory(self.model, config)
        if self.hardware.device == "cuda":
            return _with_headroom(estimate)
        peak = estimate.values["peak_gib"]
        return Range(*(getattr(peak, k) + PROCESS_GIB for k in ("low", "expected", "high")))

    def _data(self, settings: FinetuneSettings) -> PlannedData:
        limit = settings.max_length
        sizes = [t.prompt_tokens + t.answer_tokens for t in self.lengths.encoded]
        answers = self.parts.train + self.parts.test
        test = self.own_test
        return PlannedData(
            path=self.dataset.path,
            sha256=self.dataset.sha256,
            format=self.dataset.format,
            task=guess_task(e.answer for e in answers)[0],
            train_examples=len(self.parts.train),
            test_examples=len(self.parts.test),
            train_turns=len(sizes),
            tokens_per_epoch=sum(min(n, limit) for n in sizes),
            trained_tokens_per_epoch=sum(
                max(0, min(t.prompt_tokens + t.answer_tokens, limit) - t.prompt_tokens)
                for t in self.lengths.encoded
            ),
            longest_tokens=self.lengths.longest,
            answers_cut=round(sum(n > limit for n in sizes) / len(sizes), 4),
            max_new_tokens=min(MAX_NEW_TOKENS, max(8, round(self.lengths.answer_p95 * 1.25))),
            duplicates=self.dataset.duplicates,
            bad_lines=len(self.dataset.problems),
            test_path=test.path if test else None,
            test_sha256=test.sha256 if test else None,
            test_fraction=TEST_FRACTION,
            system_prompt=_common_system_prompt(answers),
        )

    def _evaluation_seconds(
        self, data: PlannedData, settings: FinetuneSettings, speed: Speed
    ) -> Range:
        """Base and tuned model each answer the unseen questions once."""
        count = min(settings.eval_examples, data.test_examples)
        generated = 2 * count * data.max_new_tokens
        fast, usual, slow = 0.4 * generated, 0.7 * generated, float(generated)
        return Range(
            fast / speed.generating.high,
            usual / speed.generating.expected,
            slow / speed.generating.low,
        )

    def _seconds(
        self, data: PlannedData, settings: FinetuneSettings, speed: Speed, evaluation: Range
    ) -> Range:
        tokens = data.tokens_per_epoch * settings.num_train_epochs
        count = min(settings.eval_examples, data.test_examples)
        losses = (settings.num_train_epochs + 1) * count
        mean = data.tokens_per_epoch / data.train_turns
        tokens += losses * mean / FORWARD_SPEEDUP
        return Range(
            START_UP_SECONDS.low + tokens / speed.training.high + evaluation.low,
            START_UP_SECONDS.expected + tokens / speed.training.expected + evaluation.expected,
            START_UP_SECONDS.high + tokens / speed.training.low + evaluation.high,
        )

    def _disk_gib(self, config: TrainingConfig) -> float:
        """Weights and both AdamW moments in fp32 for each checkpoint that is kept."""
        full = config.method == "full"
        trained = self.model.parameters_b * 1e9 if full else adapter_parameters(self.model, config)
        data = Path(self.dataset.path).stat().st_size
        return round((KEPT_COPIES * 12 * trained + data) / GIB + 0.02, 3)

    def _warnings(self, data: PlannedData, settings: FinetuneSettings) -> tuple[str, ...]:
        found: list[str] = []
        if data.answers_cut:
            found.append(
                f"{data.answers_cut:.1%} of the examples are longer than {settings.max_length}"
                " tokens; the end of their answers is cut."
            )
        if data.test_examples < FEW_TEST_EXAMPLES:
            found.append(
                f"Only {data.test_examples} unseen examples: the comparison will be rough."
            )
        if data.bad_lines:
            found.append(f"{data.bad_lines} lines of the file cannot be used and are left out.")
        if data.duplicates:
            found.append(f"{data.duplicates} exact repeats are left out.")
        if self.own_test is not None:
            taken_out = len(self.dataset.examples) - len(self.parts.train)
            if taken_out and settings.max_examples is None:
                found.append(f"{taken_out} training questions stand in the test file; left out.")
        return tuple(found)

    def _blockers(self, memory: Range, disk: float) -> tuple[str, ...]:
        found: list[str] = []
        usable = len(self.dataset.examples)
        if usable < MIN_EXAMPLES:
            found.append(
                f"Only {usable} usable examples; training needs at least {MIN_EXAMPLES}. Put the"
                " best of them into the prompt instead, and collect more."
            )
        if memory.expected > self.hardware.free_memory_gib:
            found.append(
                f"The run needs about {memory.expected:.1f} GiB, but"
                f" {self.hardware.free_memory_gib:g} GiB are free. Lower"
                " per_device_train_batch_size or max_length, or choose a smaller model."
            )
        free = shutil.disk_usage(subfolder("jobs")).free / GIB
        if disk > free:
            found.append(f"The run needs {disk:g} GiB of disk, but {free:.2f} GiB are free.")
        return tuple(found)


def _with_headroom(estimate: Estimate) -> Range:
    peak = estimate.values["peak_gib"]
    needed = card_memory_gib(estimate)
    return Range(peak.low, needed, needed * peak.high / peak.expected)


def _precision(method: Method, hardware: Hardware) -> str:
    """Cards before Ampere have no bf16; there fp16 takes its place."""
    in_bf16 = {
        "lora": "bf16 base, fp32 adapters, bf16 arithmetic",
        "qlora": "NF4 base with double quantisation, bf16 arithmetic",
        "full": "fp32 weights, bf16 arithmetic",
    }[method]
    old_card = hardware.device == "cuda" and not hardware.fast_bf16
    return in_bf16.replace("bf16", "fp16") if old_card else in_bf16


def _common_system_prompt(examples: tuple[Example, ...]) -> str | None:
    """The system message when all examples have the same."""
    prompts = {e.system_prompt for e in examples}
    return prompts.pop() if len(prompts) == 1 else None


def _cost(seconds: Range) -> tuple[Range, str]:
    """US dollars for the machine's time; an own machine without a stated price costs nothing."""
    stated = os.environ.get(USD_PER_HOUR, "").strip()
    if not stated:
        return Range(0, 0, 0), f"your own machine at $0 an hour ({USD_PER_HOUR} is not set)"
    try:
        rate = float(stated)
    except ValueError:
        rate = math.nan
    if not math.isfinite(rate) or rate < 0:
        raise InputError(f"{USD_PER_HOUR} is '{stated}'; it must be a price such as 1.20.")
    return seconds.scaled(rate / 3600), f"this machine at ${rate:g} an hour ({USD_PER_HOUR})"
