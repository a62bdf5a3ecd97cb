"""Inspects a training file: what is usable, what is wrong, how long, and what is being trained."""

from __future__ import annotations

import itertools
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from knowdo.tools.dataset.read import checked_file, file_sha256, iterate, no_examples
from knowdo.tools.dataset.records import Example, LineProblem, TaskGuess
from knowdo.tools.dataset.task import guess_task
from knowdo.tools.dataset.tokens import ChatTokenizer, EncodedTurn
from knowdo.tools.home import models_folder
from knowdo.tools.weights import DEFAULT_BASE_MODEL

# Tokens of a turn: the prompt, the answer.
Length = tuple[int, int]
Verdict = Literal["usable", "usable with notices", "unusable"]
# Below this, training is refused (guidance: start at 50 to 100 well-made examples).
MIN_EXAMPLES = 50
SHOWN_PROBLEMS = 50
SHOWN_CLASSES = 200
# Lengths and the task are read off a random sample of this size, so memory stays bounded.
SAMPLE_SIZE = 4_000
SAME_ANSWER_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class TokenStatistics:
    """Lengths in tokens of whole examples, by the base model's own tokenizer."""

    measured_examples: int
    mean: float
    median: float
    p95: float
    longest: int
    answer_mean: float
    max_length: int
    # Shares from 0 to 1.
    longer_than_max_length: float
    answers_cut: float


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What a training file holds. `usable` counts examples without exact repeats."""

    path: str
    sha256: str
    format: str
    verdict: Verdict
    usable: int
    bad_line_count: int
    bad_lines: tuple[LineProblem, ...]
    problem_counts: dict[str, int]
    duplicates: int
    contradictions: int
    empty_answers: int
    tokens: TokenStatistics | None
    task: TaskGuess
    classes: dict[str, int]
    notices: tuple[str, ...]
    blockers: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What is kept while a file is read once."""

    layouts: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    problems: list[LineProblem] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    seen: set[int] = field(default_factory=set)
    answer_of: dict[int, int] = field(default_factory=dict)
    contradictions: set[int] = field(default_factory=set)
    duplicates: int = 0
    sample: list[Example] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(0))

    def add(self, example: Example) -> None:
        key = _short(example.key())
        if key in self.seen:
            self.duplicates += 1
            return
        self.seen.add(key)
        question = _short(example.question_key())
        if self.answer_of.setdefault(question, key) != key:
            self.contradictions.add(question)
        self._keep(example)

    def _keep(self, example: Example) -> None:
        """Reservoir sampling: each example stays with the same probability."""
        if len(self.sample) < SAMPLE_SIZE:
            self.sample.append(example)
        elif (place := self.random.randrange(len(self.seen))) < SAMPLE_SIZE:
            self.sample[place] = example


def inspect_dataset(
    path: str | Path, base_model: str = DEFAULT_BASE_MODEL, max_length: int = 1024
) -> DatasetReport:
    """Read a training file once and report on it; lengths are in tokens of `base_model`.

    Raises InputError when the file is of another kind, is empty, or has no usable example.
    """
    file = checked_file(path)
    tally = _read(file)
    if not tally.seen:
        raise no_examples(file, tally.problems)
    tokens = _token_statistics(tally.sample, base_model, max_length)
    task, classes = guess_task(e.answer for e in tally.sample)
    blockers = _blockers(tally)
    notices = _notices(tally, tokens, base_model)
    verdict: Verdict = "unusable" if blockers else "usable with notices" if notices else "usable"
    return DatasetReport(
        path=str(file),
        sha256=file_sha256(file),
        format="+".join(sorted(tally.layouts)),
        verdict=verdict,
        usable=len(tally.seen),
        bad_line_count=tally.kinds.total(),
        bad_lines=tuple(tally.problems[:SHOWN_PROBLEMS]),
        problem_counts=dict(tally.kinds.most_common()),
        duplicates=tally.duplicates,
        contradictions=len(tally.contradictions),
        empty_answers=tally.kinds["the answer is empty"],
        tokens=tokens,
        task=task,
        classes=dict(itertools.islice(classes.items(), SHOWN_CLASSES)),
        notices=notices,
        blockers=blockers,
    )


def length_statistics(lengths: Sequence[Sequence[Length]], max_length: int) -> TokenStatistics:
    """Statistics of examples, each given by the lengths of its turns before cutting."""
    whole = [max(prompt + answer for prompt, answer in turns) for turns in lengths]
    answers = [answer for turns in lengths for _, answer in turns]
    cut = [prompt + answer > max_length for turns in lengths for prompt, answer in turns]
    return TokenStatistics(
        measured_examples=len(whole),
        mean=round(statistics.fmean(whole), 1),
        median=statistics.median(whole),
        p95=percentile(whole, 0.95),
        longest=max(whole),
        answer_mean=round(statistics.fmean(answers), 1),
        max_length=max_length,
        longer_than_max_length=sum(n > max_length for n in whole) / len(whole),
        answers_cut=sum(cut) / len(cut),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _read(file: Path) -> _Tally:
    tally = _Tally()
    for read in iterate(file):
        if read.problem is not None:
            tally.kinds[read.problem.problem] += 1
            if len(tally.problems) < SHOWN_PROBLEMS:
                tally.problems.append(read.problem)
        if read.example is not None:
            tally.layouts.add(read.layout)
            tally.ignored.update(read.ignored)
            tally.add(read.example)
    return tally


def _token_statistics(
    examples: Sequence[Example], base_model: str, max_length: int
) -> TokenStatistics | None:
    """None while the base model's tokenizer is not there; the file can be judged without it."""
    folder = models_folder() / base_model
    if not (folder / "tokenizer.json").is_file():
        return None
    tokenizer = ChatTokenizer(folder)
    return length_statistics(
        [[_length(tokenizer.encode(turn)) for turn in e.turns()] for e in examples], max_length
    )


def _length(encoded: EncodedTurn) -> Length:
    """The numbers alone: the ids of thousands of examples would fill memory."""
    return encoded.prompt_tokens, encoded.answer_tokens


def _blockers(tally: _Tally) -> tuple[str, ...]:
    if len(tally.seen) >= MIN_EXAMPLES:
        return ()
    return (
        f"Only {len(tally.seen)} usable examples; training needs at least {MIN_EXAMPLES}. Put the"
        " best of them into the prompt instead (few-shot), and collect more.",
    )


def _notices(tally: _Tally, tokens: TokenStatistics | None, base_model: str) -> tuple[str, ...]:
    notices: list[str] = []
    if bad := tally.kinds.total():
        lines = ", ".join(str(p.line) for p in tally.problems[:8])
        more = ", ..." if bad > 8 else ""
        notices.append(f"{bad} lines cannot be used and are left out: {lines}{more}.")
    if tally.duplicates:
        notices.append(f"{tally.duplicates} exact repeats are left out.")
    if tally.contradictions:
        notices.append(f"{len(tally.contradictions)} questions have more than one answer.")
    if tally.ignored:
        notices.append(f"Fields that are not read: {', '.join(sorted(tally.ignored)[:8])}.")
    notices += _same_answer(tally.sample)
    if tokens is None:
        notices.append(f"Lengths are unknown until the base model {base_model} is there.")
    elif tokens.answers_cut:
        notices.append(
            f"{tokens.answers_cut:.1%} of the answers would be cut at {tokens.max_length} tokens"
            f" (longest example: {tokens.longest:,})."
        )
    return tuple(notices)


def _same_answer(examples: Sequence[Example]) -> list[str]:
    (answer, count), *_ = Counter(e.answer.strip() for e in examples).most_common(1)
    if count < SAME_ANSWER_SHARE * len(examples) or len(examples) < 2:
        return []
    return [
        f"{count / len(examples):.0%} of the answers are the same ('{answer[:40]}'); the model"
        " would learn to say that always."
    ]


def _short(key: str) -> int:
    """64 bits of a hash: a set of a million takes about 60 MB, a false match is unlikely."""
    return int(key[:16], 16)
