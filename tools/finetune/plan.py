"""The plan of a fine-tuning run: everything it will do, its time and price, under one hash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Method, Range
from knowdo.tools.dataset.records import TaskGuess
from knowdo.tools.finetune.settings import FinetuneSettings
from knowdo.tools.home import read_json, subfolder, write_json
from knowdo.tools.tool import to_plain


@dataclass(frozen=True, slots=True)
class PlannedData:
    """What is trained on and what stays unseen; tokens are counted after cutting to max_length."""

    path: str
    sha256: str
    format: str
    task: TaskGuess
    train_examples: int
    test_examples: int
    # One row an assistant turn.
    train_turns: int
    tokens_per_epoch: int
    trained_tokens_per_epoch: int
    longest_tokens: int
    answers_cut: float
    max_new_tokens: int
    duplicates: int
    bad_lines: int
    test_path: str | None = None
    test_sha256: str | None = None
    test_fraction: float = 0.1
    system_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class FinetunePlan:
    """A run as it will be done. Equal content has an equal plan_id."""

    name: str
    base_model: str
    model_path: str
    data: PlannedData
    method: Method
    precision: str
    device: str
    hardware: str
    settings: FinetuneSettings
    total_steps: int
    # Why the method, the precision and each setting are as they are.
    reasons: dict[str, str]
    seconds: Range
    evaluation_seconds: float
    tokens_per_second: Range
    peak_memory_gib: Range
    disk_gib: float
    cost_usd: Range
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    blockers: tuple[str, ...]
    plan_id: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the plan's content, which an approval is bound to."""
        content = to_plain(dataclasses.replace(self, plan_id=""))
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


def save_plan(plan: FinetunePlan) -> FinetunePlan:
    """The plan with its id, kept at plans/<plan_id>.json."""
    named = dataclasses.replace(plan, plan_id=plan.sha256[:12])
    write_json(plan_path(named.plan_id), {**to_plain(named), "sha256": named.sha256})
    return named


def load_plan(plan_id: str, check_data: bool = True) -> FinetunePlan:
    """The plan of that id, checked against its hash and, unless told otherwise, its dataset's.

    Raises InputError when there is none, when it was altered, or when a dataset changed.
    """
    path = plan_path(plan_id)
    if not path.is_file():
        raise InputError(f"There is no plan '{plan_id[:40]}'. Make one with plan_finetune.")
    plan = read_plan(path)
    if check_data:
        check_data_unchanged(plan)
    return plan


def read_plan(path: Path) -> FinetunePlan:
    """The plan in a file (also a job's copy). Raises InputError when it was altered."""
    stored = dict(read_json(path))
    sha256 = stored.pop("sha256", "")
    plan = _plan_from(stored)
    if plan.sha256 != sha256 or plan.plan_id != sha256[:12]:
        raise InputError(f"The plan in {path} was altered after it was made. Plan again.")
    return plan


def check_data_unchanged(plan: FinetunePlan) -> None:
    """Raises InputError when a file of the plan is gone or has other content than planned."""
    from knowdo.tools.dataset.read import checked_file, file_sha256

    files = [(plan.data.path, plan.data.sha256)]
    if plan.data.test_path and plan.data.test_sha256:
        files.append((plan.data.test_path, plan.data.test_sha256))
    for path, sha256 in files:
        if file_sha256(checked_file(path)) != sha256:
            raise InputError(
                f"{Path(path).name} has changed since the plan {plan.plan_id} was made. Plan again"
                " to see what the run would be with the new content."
            )


def plan_path(plan_id: str) -> Path:
    """Where a plan is kept. Raises InputError on an id that is none."""
    if not re.fullmatch(r"[0-9a-f]{12}", plan_id):
        raise InputError(f"'{plan_id[:40]}' is no plan id; it has 12 digits and letters a to f.")
    return subfolder("plans") / f"{plan_id}.json"


def _plan_from(stored: dict[str, Any]) -> FinetunePlan:
    ranges = ("seconds", "tokens_per_second", "peak_memory_gib", "cost_usd")
    return FinetunePlan(
        **{
            **stored,
            "data": PlannedData(**stored["data"]),
            "settings": FinetuneSettings(**stored["settings"]),
            **{name: Range(**stored[name]) for name in ranges},
            **{name: tuple(stored[name]) for name in ("assumptions", "warnings", "blockers")},
        }
    )
