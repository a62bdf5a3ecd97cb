"""Did it help? Base against tuned on unseen examples: scores, interval, flips, verdict."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Range
from knowdo.tools.dataset.records import Example, TaskGuess
from knowdo.tools.evaluate.generate import Generated, generate_answers
from knowdo.tools.evaluate.metrics import METRICS, mean_difference_interval
from knowdo.tools.evaluate.models import ModelPair
from knowdo.tools.home import read_json, write_json
from knowdo.tools.jobs.store import job_folder
from knowdo.tools.tool import to_plain

Verdict = Literal["helped", "no clear difference", "made it worse"]
SHOWN_FLIPS = 40
SHOWN_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Flip:
    """One unseen example on which base and tuned score differently."""

    question: str
    expected: str
    base: str
    tuned: str
    base_score: float
    tuned_score: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Base against tuned on unseen examples; scores are means from 0 to 1.

    `difference` is tuned minus base with its 95 % interval; losses are per answer token, in nats.
    """

    task: TaskGuess
    metric: str
    examples: int
    base: float
    tuned: float
    difference: Range
    verdict: Verdict
    summary: str
    improved: int
    worsened: int
    other_metrics: dict[str, dict[str, float]]
    flips: tuple[Flip, ...]
    generated_tokens_per_second: float
    base_answer_loss: float | None = None
    tuned_answer_loss: float | None = None


def evaluate_pair(
    pair: ModelPair,
    examples: Sequence[Example],
    task: TaskGuess,
    max_new_tokens: int,
    losses: tuple[float | None, float | None] = (None, None),
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Let both models answer the same questions greedily, and compare."""
    prompts = [e.messages[:-1] for e in examples]
    total = 2 * len(prompts)
    with pair.base() as model:
        base = generate_answers(
            model, pair.tokenizer, prompts, max_new_tokens, on_batch=lambda n: on_progress(n, total)
        )
    with pair.tuned() as model:
        tuned = generate_answers(
            model,
            pair.tokenizer,
            prompts,
            max_new_tokens,
            on_batch=lambda n: on_progress(len(prompts) + n, total),
        )
    return compare(examples, base, tuned, task, losses)


def compare(
    examples: Sequence[Example],
    base: Generated,
    tuned: Generated,
    task: TaskGuess,
    losses: tuple[float | None, float | None] = (None, None),
) -> Evaluation:
    """Score two sets of answers to the same examples."""
    scores = {
        name: (_scored(score, base, examples), _scored(score, tuned, examples))
        for name, score in METRICS[task].items()
    }
    metric = next(iter(scores))
    before, after = scores[metric]
    difference = mean_difference_interval(before, after)
    verdict = _verdict(difference)
    flips = _flips(examples, base, tuned, before, after)
    means = {n: {"base": _mean(b), "tuned": _mean(t)} for n, (b, t) in scores.items()}
    seconds = base.seconds + tuned.seconds
    return Evaluation(
        task=task,
        metric=metric,
        examples=len(examples),
        base=means[metric]["base"],
        tuned=means[metric]["tuned"],
        difference=difference,
        verdict=verdict,
        summary=_summary(verdict, metric, means[metric], difference, len(examples)),
        improved=sum(f.tuned_score > f.base_score for f in flips),
        worsened=sum(f.tuned_score < f.base_score for f in flips),
        other_metrics={n: m for n, m in means.items() if n != metric},
        flips=tuple(flips[:SHOWN_FLIPS]),
        generated_tokens_per_second=round((base.tokens + tuned.tokens) / max(seconds, 1e-9), 1),
        base_answer_loss=losses[0],
        tuned_answer_loss=losses[1],
    )


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Keep the evaluation beside the model, as evaluation.json."""
    write_json(folder / "evaluation.json", to_plain(evaluation))


def load_evaluation(job_id: str) -> Evaluation:
    """The evaluation of a finished job. Raises InputError while there is none."""
    path = job_folder(job_id) / "evaluation.json"
    if not path.is_file():
        raise InputError(
            f"The job {job_id} has not been evaluated. That happens at the end of a run; see its"
            " status, or resume it."
        )
    stored: dict[str, Any] = read_json(path)
    return Evaluation(
        **{
            **stored,
            "difference": Range(**stored["difference"]),
            "flips": tuple(Flip(**flip) for flip in stored["flips"]),
        }
    )


def _scored(
    score: Callable[[str, str], float], generated: Generated, examples: Sequence[Example]
) -> list[float]:
    return [score(a, e.answer) for a, e in zip(generated.answers, examples, strict=True)]


def _flips(
    examples: Sequence[Example],
    base: Generated,
    tuned: Generated,
    before: Sequence[float],
    after: Sequence[float],
) -> list[Flip]:
    """Where the scores differ; losses first, then the largest changes."""
    rows = zip(examples, base.answers, tuned.answers, before, after, strict=True)
    flips = [
        Flip(_shown(e.messages[-2].content), _shown(e.answer), _shown(b), _shown(t), sb, st)
        for e, b, t, sb, st in rows
        if sb != st
    ]
    return sorted(flips, key=lambda f: (f.tuned_score > f.base_score, -abs(_change(f))))


def _change(flip: Flip) -> float:
    return flip.tuned_score - flip.base_score


def _verdict(difference: Range) -> Verdict:
    if difference.low > 0:
        return "helped"
    return "made it worse" if difference.high < 0 else "no clear difference"


def _summary(
    verdict: Verdict, metric: str, means: dict[str, float], difference: Range, count: int
) -> str:
    name = metric.replace("_", " ")
    return (
        f"Training {verdict.replace('no clear', 'made no clear')}: {name}"
        f" {means['base']:.2f} before, {means['tuned']:.2f} after on {count} unseen examples"
        f" (difference {difference.expected:+.2f}, 95 % interval {difference.low:+.2f} to"
        f" {difference.high:+.2f})."
    )


def _mean(scores: Sequence[float]) -> float:
    return round(statistics.fmean(scores), 4)


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
