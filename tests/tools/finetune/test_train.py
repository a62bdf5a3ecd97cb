"""The training script: what is learned from, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.read import read_examples
from knowdo.tools.dataset.tokens import NOT_TRAINED, ChatTokenizer
from knowdo.tools.finetune.checkpoints import last_checkpoint, mark_complete, remove_incomplete
from knowdo.tools.finetune.plan import FinetunePlan
from knowdo.tools.finetune.planning import plan_finetune
from knowdo.tools.finetune.train import make_trainer, rows_to_train

WriteExamples = Callable[..., Path]
TINY = "tiny-llama"


def test_a_run_that_would_learn_nothing_is_refused(
    tiny_models: Path, write_examples: WriteExamples
) -> None:
    examples = read_examples(write_examples(10)).examples
    with pytest.raises(InputError, match="No answer token would be trained"):
        rows_to_train(examples, ChatTokenizer(tiny_models / TINY), max_length=5)


def test_each_answer_of_a_conversation_is_a_row_of_its_own(
    tiny_models: Path, tmp_path: Path
) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text(
        '{"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "uno"},'
        ' {"role": "user", "content": "two"}, {"role": "assistant", "content": "dos"}]}\n'
    )
    tokenizer = ChatTokenizer(tiny_models / TINY)
    rows = rows_to_train(read_examples(file).examples, tokenizer, max_length=256)
    trained = [[x for x in row["labels"] if x != NOT_TRAINED] for row in rows]
    assert [tokenizer.decode(ids).strip() for ids in trained] == ["uno", "dos"]


def _trainer(folder: Path, plan: FinetunePlan, models: Path) -> object:
    from transformers import TrainerCallback

    tokenizer = ChatTokenizer(models / TINY)
    rows = rows_to_train(read_examples(plan.data.path).examples, tokenizer, 64)
    return make_trainer(folder, plan, models / TINY, rows, rows[:8], TrainerCallback())


@pytest.mark.slow
def test_the_loss_on_answers_alone_equals_the_loss_of_trl(
    state: Path, tiny_models: Path, write_examples: WriteExamples, tmp_path: Path
) -> None:
    import torch
    from trl import SFTTrainer

    plan = plan_finetune(write_examples(80), TINY, method="lora")
    trainer = _trainer(tmp_path / "run", plan, tiny_models)
    batch = next(iter(trainer.get_train_dataloader()))  # type: ignore[attr-defined]
    model = trainer.model  # type: ignore[attr-defined]
    with torch.no_grad():
        ours = type(trainer).compute_loss(trainer, model, dict(batch))  # type: ignore[attr-defined]
        theirs = SFTTrainer.compute_loss(trainer, model, dict(batch))
    assert ours.item() == pytest.approx(theirs.item(), rel=0.02)


def test_a_checkpoint_without_its_mark_is_not_resumed_from(tmp_path: Path) -> None:
    for step in (5, 10, 15):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "weights").write_bytes(b"x" * 100)
    mark_complete(tmp_path / "checkpoint-5")
    mark_complete(tmp_path / "checkpoint-10")
    mark_complete(tmp_path / "checkpoint-10")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    (tmp_path / "checkpoint-10" / "weights").write_bytes(b"x" * 40)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-5"
    remove_incomplete(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-5"]
