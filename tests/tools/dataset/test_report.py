"""Inspecting a training file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from knowdo.tools.dataset.read import read_examples
from knowdo.tools.dataset.report import inspect_dataset
from knowdo.tools.dataset.split import sample, split
from knowdo.tools.dataset.task import guess_task
from knowdo.tools.dataset.tokens import NOT_TRAINED, ChatTokenizer

WriteExamples = Callable[..., Path]
TINY = "tiny-llama"


def test_a_good_file_is_usable_and_its_classes_are_counted(
    state: Path, write_examples: WriteExamples
) -> None:
    report = inspect_dataset(write_examples(80), TINY)
    assert (report.verdict, report.usable, report.blockers) == ("usable", 80, ())
    assert report.task == "classification"
    assert report.classes == {"red": 20, "green": 20, "blue": 20, "yellow": 20}
    assert report.tokens is not None
    assert report.tokens.longest > report.tokens.answer_mean > 0


def test_too_few_examples_block_training(state: Path, write_examples: WriteExamples) -> None:
    report = inspect_dataset(write_examples(12), TINY)
    assert report.verdict == "unusable"
    assert "at least 50" in report.blockers[0]


def test_repeats_contradictions_and_bad_lines_are_noticed(
    state: Path, write_examples: WriteExamples
) -> None:
    file = write_examples(60)
    rows = file.read_text().splitlines()
    changed = rows[1].replace("green", "purple")
    file.write_text("\n".join([*rows, rows[0], changed, "{broken"]) + "\n")
    report = inspect_dataset(file, TINY)
    assert report.verdict == "usable with notices"
    assert (report.usable, report.duplicates, report.contradictions) == (61, 1, 1)
    assert report.bad_line_count == 1
    assert report.bad_lines[0].line == 63


def test_bad_lines_are_shown_up_to_a_limit_but_all_counted(
    state: Path, write_examples: WriteExamples
) -> None:
    file = write_examples(60)
    file.write_text(file.read_text() + "nonsense\n" * 500)
    report = inspect_dataset(file, TINY)
    assert report.bad_line_count == 500
    assert len(report.bad_lines) == 50


def test_answers_that_max_length_would_cut_are_counted(
    state: Path, write_examples: WriteExamples
) -> None:
    file = write_examples(60)
    short = inspect_dataset(file, TINY, max_length=16).tokens
    ample = inspect_dataset(file, TINY, max_length=256).tokens
    assert short is not None
    assert ample is not None
    assert short.answers_cut == 1.0
    assert ample.answers_cut == 0.0


def test_without_the_base_model_a_file_is_judged_without_lengths(
    state: Path, write_examples: WriteExamples
) -> None:
    report = inspect_dataset(write_examples(60), "not-there")
    assert report.tokens is None
    assert any("not-there" in notice for notice in report.notices)


def test_inspecting_does_not_load_torch(state: Path, write_examples: WriteExamples) -> None:
    code = (
        "import sys; from knowdo.tools.dataset.report import inspect_dataset;"
        f"inspect_dataset({str(write_examples(60))!r}, {TINY!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_tasks_are_told_from_the_answers() -> None:
    assert guess_task([json.dumps({"a": i}) for i in range(20)])[0] == "json"
    assert guess_task(["yes", "no"] * 10) == ("classification", {"yes": 10, "no": 10})
    assert guess_task([f"A sentence of its own, number {i}." for i in range(20)])[0] == "text"


def test_only_the_answer_and_its_end_mark_are_trained(
    tiny_models: Path, write_examples: WriteExamples
) -> None:
    tokenizer = ChatTokenizer(tiny_models / TINY)
    (turn,) = read_examples(write_examples(1, system="Name the colour.")).examples[0].turns()
    encoded = tokenizer.encode(turn)
    trained = [label for label in encoded.labels if label != NOT_TRAINED]
    assert tokenizer.decode(trained).strip() == "red"
    assert encoded.labels[: encoded.prompt_tokens] == [NOT_TRAINED] * encoded.prompt_tokens
    assert len(trained) == encoded.answer_tokens


def test_the_tokenizer_agrees_with_transformers(
    tiny_models: Path, write_examples: WriteExamples
) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tiny_models / TINY)
    ours = ChatTokenizer(tiny_models / TINY)
    for example in read_examples(write_examples(5, system="Be brief.")).examples:
        said = [m.as_dict() for m in example.messages]
        (turn,) = example.turns()
        whole = theirs.apply_chat_template(said, return_dict=True)["input_ids"]
        asked = theirs.apply_chat_template(said[:-1], add_generation_prompt=True, return_dict=True)
        assert ours.encode(turn).input_ids == whole
        assert ours.prompt_ids(turn.prompt) == asked["input_ids"]


def test_a_split_is_repeatable_and_shares_no_question(write_examples: WriteExamples) -> None:
    file = write_examples(100)
    rows = file.read_text().splitlines()
    # The same questions once more, with another answer.
    again = [row.replace('"red"', '"crimson"') for row in rows if '"red"' in row]
    file.write_text("\n".join([*rows, *again]) + "\n")
    examples = read_examples(file).examples
    parts = split(examples, seed=1)
    assert parts == split(examples, seed=1)
    assert parts != split(examples, seed=2)
    assert len(parts.train) + len(parts.test) == 125
    assert len(parts.test) >= 20
    questions = [{e.question_key() for e in part} for part in (parts.train, parts.test)]
    assert not questions[0] & questions[1]


def test_a_sample_keeps_the_order_of_the_file(write_examples: WriteExamples) -> None:
    examples = read_examples(write_examples(50)).examples
    drawn = sample(examples, 10, seed=3)
    assert len(drawn) == 10
    assert [e.line for e in drawn] == sorted(e.line for e in drawn)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_a_file_of_a_hundred_thousand_lines_takes_little_memory(
    state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "big.jsonl"
    with file.open("w") as opened:
        for i in range(100_000):
            said = [
                {"role": "user", "content": f"Question {i} " + "x" * 300},
                {"role": "assistant", "content": f"Answer {i} " + "y" * 300},
            ]
            opened.write(json.dumps({"messages": said}) + "\n")
    code = (
        "from knowdo.tools.dataset.report import inspect_dataset;"
        f"print(inspect_dataset({str(file)!r}, {TINY!r}).usable);"
        # Not ru_maxrss: a child begins with its parent's.
        "print(*[line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    usable, peak_kib = map(int, done.stdout.split())
    assert usable == 100_000
    assert peak_kib < 250 * 1024
