"""The script that trains: data, model, trainer, run, save; reads from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools.dataset.read import read_examples
from knowdo.tools.dataset.records import Example
from knowdo.tools.dataset.split import Split, sample
from knowdo.tools.dataset.tokens import NOT_TRAINED, ChatTokenizer
from knowdo.tools.evaluate.models import load_base
from knowdo.tools.finetune.base_model import model_folder
from knowdo.tools.finetune.card import write_model_card
from knowdo.tools.finetune.checkpoints import last_checkpoint, remove_incomplete
from knowdo.tools.finetune.hardware import usable_cores
from knowdo.tools.finetune.monitor import monitor, stop_wish
from knowdo.tools.finetune.plan import FinetunePlan
from knowdo.tools.finetune.planning import split_for_training
from knowdo.tools.jobs.store import append_event

EVAL_BATCH_SIZE = 8
# Points of the loss curve.
LOGGED_POINTS = 100
WARMUP_SHARE = 0.05
KEPT_CHECKPOINTS = 2


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run came to; losses are means per answer token, in nats, on the unseen examples."""

    finished: bool
    steps: int
    tokens_per_second: float
    base_loss: float | None
    tuned_loss: float | None
    # The unseen examples that the losses belong to, for the comparison afterwards.
    unseen: tuple[Example, ...]


def train(folder: Path, plan: FinetunePlan) -> TrainResult:
    """Train what the plan says in a job's folder, from its last whole checkpoint if there is one.

    Leaves adapter_model.safetensors, adapter_config.json, trainer_state.json, README.md and
    checkpoints there. Raises InputError when no answer token would be trained, OperationError when
    the loss is not finite.
    """
    append_event(folder, "phase", phase="loading")
    base = model_folder(plan.model_path)
    parts = planned_split(folder, plan)
    unseen = sample(parts.test, plan.settings.eval_examples, plan.settings.seed)
    tokenizer = ChatTokenizer(base)
    rows = rows_to_train(parts.train, tokenizer, plan.settings.max_length)
    unseen_rows = rows_to_train(unseen, tokenizer, plan.settings.max_length)

    remove_incomplete(folder)
    checkpoint = last_checkpoint(folder)
    watcher = monitor(folder, save_by_time=plan.settings.save_steps is None)
    trainer = make_trainer(folder, plan, base, rows, unseen_rows, watcher)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)

    state = trainer.state
    if stop_wish(folder) != "discard":
        trainer.save_model(str(folder))
        trainer.save_state()
        write_model_card(folder, plan, state.log_history)
    losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
    _require_finite(state.log_history)
    return TrainResult(
        finished=state.global_step >= state.max_steps,
        steps=state.global_step,
        tokens_per_second=round(watcher.tokens_per_second(state), 1),
        base_loss=losses[0] if losses else None,
        tuned_loss=losses[-1] if len(losses) > 1 else None,
        unseen=unseen,
    )


def planned_split(folder: Path, plan: FinetunePlan) -> Split:
    """The plan's two parts, from the copies in the job's folder."""
    dataset = read_examples(data_copy(folder, "dataset", plan.data.path))
    test = None
    if plan.data.test_path:
        test = read_examples(data_copy(folder, "test", plan.data.test_path))
    return split_for_training(dataset, test, plan.settings.seed, plan.settings.max_examples)


def data_copy(folder: Path, name: str, original: str) -> Path:
    """Where a job keeps its own copy of a file; the ending decides how it is read."""
    return folder / f"{name}{Path(original).suffix.lower()}"


def rows_to_train(
    examples: Sequence[Example], tokenizer: ChatTokenizer, max_length: int
) -> list[dict[str, list[int]]]:
    """One row an answer: input_ids and labels, -100 wherever nothing is to be learned.

    Answers that max_length leaves nothing of are left out. Raises InputError when none is left.
    """
    encoded = [tokenizer.encode(turn, max_length) for e in examples for turn in e.turns()]
    rows = [{"input_ids": e.input_ids, "labels": e.labels} for e in encoded if e.trained_tokens]
    if not rows:
        raise InputError(
            f"No answer token would be trained: every question alone is longer than max_length ="
            f" {max_length}. Raise max_length or shorten the questions."
        )
    return rows


def make_trainer(
    folder: Path,
    plan: FinetunePlan,
    base: Path,
    rows: list[dict[str, list[int]]],
    unseen_rows: list[dict[str, list[int]]],
    watcher: Any,
) -> Any:
    """TRL's SFTTrainer with the model, the encoded rows and our settings."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer

    torch.set_num_threads(usable_cores())
    settings = plan.settings
    adapters = None
    if plan.method != "full":
        adapters = LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    trainer = trainer_class()(
        model=load_base(base, plan.method, plan.device, training=True),
        args=training_arguments(folder, plan, len(rows)),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(unseen_rows),
        processing_class=AutoTokenizer.from_pretrained(base, local_files_only=True),
        peft_config=adapters,
        callbacks=[watcher],
    )
    _require_trained_tokens(trainer.train_dataset)
    return trainer


def training_arguments(folder: Path, plan: FinetunePlan, rows: int) -> Any:
    """The plan's settings as TRL takes them; what is not named keeps TRL's default."""
    import torch
    from trl import SFTConfig

    settings = plan.settings
    batch = settings.per_device_train_batch_size * settings.gradient_accumulation_steps
    steps = max(1, math.ceil(math.ceil(rows / batch) * settings.num_train_epochs))
    on_cpu = plan.device == "cpu"
    bf16 = on_cpu or torch.cuda.is_bf16_supported(including_emulation=False)
    return SFTConfig(
        output_dir=str(folder),
        use_cpu=on_cpu,
        bf16=bf16,
        fp16=not bf16,
        num_train_epochs=settings.num_train_epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=math.ceil(WARMUP_SHARE * steps),
        per_device_train_batch_size=settings.per_device_train_batch_size,
        per_device_eval_batch_size=EVAL_BATCH_SIZE,
        gradient_accumulation_steps=settings.gradient_accumulation_steps,
        gradient_checkpointing=settings.gradient_checkpointing,
        max_length=settings.max_length,
        # Like lengths in one batch: no work on padding.
        train_sampling_strategy="group_by_length",
        include_num_input_tokens_seen="non_padding",
        eval_strategy="epoch",
        eval_on_start=True,
        logging_steps=max(1, steps // LOGGED_POINTS),
        logging_first_step=True,
        # With save_steps unset the watcher saves: by time, and at the end of each epoch.
        save_strategy="steps",
        save_steps=settings.save_steps or steps + 1,
        save_total_limit=KEPT_CHECKPOINTS,
        seed=settings.seed,
        data_seed=settings.seed,
        dataloader_pin_memory=not on_cpu,
        disable_tqdm=True,
        report_to="none",
    )


def trainer_class() -> Any:
    """SFTTrainer, scoring answers only where TRL would score every position.

    Without Triton (on a processor) TRL 1.16 sends the whole prompt through the output head, whose
    49,152 columns are a fifth of SmolLM2's work. The loss is the same: the mean negative
    log-likelihood of the labels that are not -100.
    """
    import torch
    from trl import SFTTrainer

    class AnswerTrainer(SFTTrainer):  # type: ignore[misc]
        def compute_loss(
            self,
            model: Any,
            inputs: dict[str, Any],
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            if return_outputs or inputs["input_ids"].device.type != "cpu":
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            causal = model.get_base_model() if hasattr(model, "get_base_model") else model
            hidden = causal.base_model(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                use_cache=False,
            ).last_hidden_state[:, :-1]
            labels = inputs["labels"][:, 1:]
            answers = labels != NOT_TRAINED
            logits = causal.get_output_embeddings()(hidden[answers]).float()
            total = torch.nn.functional.cross_entropy(logits, labels[answers], reduction="sum")
            count = answers.sum() if num_items_in_batch is None else num_items_in_batch
            return total / torch.as_tensor(count).clamp(min=1)

        def create_model_card(self, *args: Any, **kwargs: Any) -> None:
            """The card is written once, at the end, with data and results."""

    return AnswerTrainer


def _require_trained_tokens(dataset: Any) -> None:
    """After the trainer's own preparation: labels that are all -100 would train nothing."""
    if not any(label != NOT_TRAINED for row in dataset["labels"] for label in row):
        raise InputError(
            "No answer token is left to train on after preparing the data. Raise max_length."
        )


def _require_finite(history: list[dict[str, Any]]) -> None:
    losses = [entry["loss"] for entry in history if "loss" in entry]
    if losses and not math.isfinite(losses[-1]):
        raise OperationError(
            "The loss became infinite or not a number, so what was trained is of no use. Plan again"
            " with a learning_rate ten times lower."
        )
