"""Watches a run from inside: events for the page, checkpoints by time, and the stop file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

from knowdo.tools.finetune.checkpoints import is_complete, mark_complete
from knowdo.tools.jobs.store import append_event

# A crash loses at most about this much work.
CHECKPOINT_SECONDS = 120.0
STOP_FILE = "stop"
StopWish = Literal["save", "discard"]


def stop_wish(folder: Path) -> StopWish | None:
    """What the person asked for in the stop file, if anything."""
    path = folder / STOP_FILE
    if not path.is_file():
        return None
    return "discard" if path.read_text(encoding="utf-8").strip() == "discard" else "save"


def monitor(folder: Path, save_by_time: bool) -> Any:
    """A transformers TrainerCallback that writes the events of the job in `folder`."""
    from transformers import TrainerCallback

    class Monitor(TrainerCallback):  # type: ignore[misc]
        """The state's `num_input_tokens_seen` counts without padding and survives a resume."""

        def __init__(self) -> None:
            self.start = self.saved = time.monotonic()
            self.start_step = self.start_tokens = 0
            # Seconds since the start that went into training, evaluation left out.
            self.evaluating = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.start = self.saved = time.monotonic()
            self.start_step, self.start_tokens = state.global_step, state.num_input_tokens_seen
            append_event(folder, "phase", phase="training", step=state.global_step,
                         total_steps=state.max_steps)  # fmt: skip

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if wish := stop_wish(folder):
                control.should_training_stop = True
                control.should_save = wish == "save"
                control.should_evaluate = False
            elif save_by_time and time.monotonic() - self.saved > CHECKPOINT_SECONDS:
                control.should_save = True

        def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            # transformers saves at the last step by itself.
            whole = is_complete(folder / f"checkpoint-{state.global_step}")
            wish = stop_wish(folder)
            control.should_save = not whole and wish != "discard"
            # Whoever stops a run does not want to wait for an evaluation.
            control.should_evaluate = control.should_evaluate and wish is None

        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any
        ) -> None:
            if "loss" not in logs:
                return
            append_event(
                folder,
                "train",
                step=state.global_step,
                total_steps=state.max_steps,
                epoch=round(state.epoch, 4),
                loss=logs["loss"],
                learning_rate=logs.get("learning_rate"),
                grad_norm=logs.get("grad_norm"),
                tokens_per_second=round(self.tokens_per_second(state), 1),
                eta_seconds=round(self.eta_seconds(state), 1),
            )

        def on_evaluate(
            self, args: Any, state: Any, control: Any, metrics: dict[str, Any], **kwargs: Any
        ) -> None:
            self.evaluating += metrics.get("eval_runtime", 0.0)
            append_event(
                folder,
                "eval",
                step=state.global_step,
                total_steps=state.max_steps,
                epoch=round(state.epoch or 0.0, 4),
                loss=metrics["eval_loss"],
            )

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.saved = time.monotonic()
            checkpoint = folder / f"checkpoint-{state.global_step}"
            mark_complete(checkpoint)
            append_event(folder, "checkpoint", step=state.global_step, path=checkpoint.name)

        def tokens_per_second(self, state: Any) -> float:
            """Tokens without padding a second of training, since this start."""
            tokens: int = state.num_input_tokens_seen - self.start_tokens
            return tokens / self._seconds()

        def eta_seconds(self, state: Any) -> float:
            steps = max(state.global_step - self.start_step, 1)
            left: int = state.max_steps - state.global_step
            return float(self._seconds() / steps * left)

        def _seconds(self) -> float:
            return max(time.monotonic() - self.start - self.evaluating, 1e-6)

    return Monitor()
