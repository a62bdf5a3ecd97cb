"""The one book of approvals and money: who approved what, what is reserved, what was spent."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from knowdo.knowledge.errors import InputError
from knowdo.tools.finetune.plan import FinetunePlan, load_plan
from knowdo.tools.home import home
from knowdo.tools.jobs.store import utc_now

BUDGET_USD = "KNOWDO_BUDGET_USD"
# A start follows a click at once; what is older belongs to a start that failed.
APPROVAL_LASTS = timedelta(minutes=10)
_TABLES = """
CREATE TABLE IF NOT EXISTS approvals (
    id INTEGER PRIMARY KEY, plan_id TEXT NOT NULL, plan_sha256 TEXT NOT NULL,
    approved_by TEXT NOT NULL, approved_at TEXT NOT NULL, max_usd REAL NOT NULL, consumed_by TEXT);
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, job_id TEXT NOT NULL, attempt INTEGER NOT NULL, plan_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('reserve', 'settle')), usd REAL NOT NULL, at TEXT NOT NULL,
    UNIQUE (job_id, attempt, kind));
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's consent to exactly one plan, good for one start."""

    plan_id: str
    plan_sha256: str
    approved_by: str
    approved_at: str
    max_usd: float


@dataclass(frozen=True, slots=True)
class Budget:
    """US dollars: the limit, what was spent, what running jobs may still take, and the rest."""

    limit_usd: float
    spent_usd: float
    reserved_usd: float

    @property
    def remaining_usd(self) -> float:
        return self.limit_usd - self.spent_usd - self.reserved_usd


def approve(plan_id: str, approved_by: str) -> Approval:
    """Record that a person approved this plan as it is now.

    Raises InputError when the plan is unknown, altered or blocked, or nobody is named. Whether its
    data is still the same is checked at launch; a resumed job has its own copy.
    """
    plan = load_plan(plan_id, check_data=False)
    if not approved_by.strip():
        raise InputError("An approval needs the name of the person who gives it.")
    refuse_blocked(plan)
    row = (plan.plan_id, plan.sha256, approved_by.strip(), utc_now(), plan.cost_usd.high)
    with _database() as database:
        # One click is good for one start: an older one that never led to a start is withdrawn.
        database.execute(
            "DELETE FROM approvals WHERE plan_sha256 = ? AND consumed_by IS NULL", (plan.sha256,)
        )
        database.execute(
            "INSERT INTO approvals (plan_id, plan_sha256, approved_by, approved_at, max_usd)"
            " VALUES (?, ?, ?, ?, ?)",
            row,
        )
    return Approval(*row)


def refuse_blocked(plan: FinetunePlan) -> None:
    """Raises InputError that names what stands in the way of a plan."""
    if plan.blockers:
        raise InputError(f"The plan {plan.plan_id} cannot run: {' '.join(plan.blockers)}")


def consume_approval(plan: FinetunePlan, job_id: str, attempt: int) -> str:
    """Use up one approval of exactly this plan and reserve its worst case; returns the approver.

    Raises InputError when no unused approval is there or the budget does not cover it; nothing is
    used up then.
    """
    with _database() as database:
        found = database.execute(
            "SELECT id, approved_by, max_usd FROM approvals"
            " WHERE plan_sha256 = ? AND consumed_by IS NULL AND approved_at >= ?"
            " ORDER BY id LIMIT 1",
            (plan.sha256, _oldest_approval()),
        ).fetchone()
        if found is None:
            raise InputError(
                f"The plan {plan.plan_id} is not approved, or its approval was used already. A"
                f" person has to approve it first (knowdo finetune launch --approve {plan.plan_id},"
                " or the approval card in the chat)."
            )
        approval, approved_by, max_usd = found
        _refuse_over_budget(_budget(database), max_usd)
        database.execute(
            "UPDATE approvals SET consumed_by = ? WHERE id = ?", (f"{job_id}/{attempt}", approval)
        )
        _enter(database, job_id, attempt, plan.plan_id, "reserve", max_usd)
    return str(approved_by)


def _oldest_approval() -> str:
    """Before this an approval that was never used no longer counts."""
    return (datetime.now(UTC) - APPROVAL_LASTS).isoformat(timespec="seconds")


def settle(job_id: str, attempt: int, plan_id: str, usd: float) -> None:
    """Replace the reservation of a job's attempt by what it really took; once is enough."""
    with _database() as database:
        _enter(database, job_id, attempt, plan_id, "settle", usd)


def budget() -> Budget:
    """The budget as it stands."""
    with _database() as database:
        return _budget(database)


def set_budget(limit_usd: float) -> Budget:
    """Set how much may be spent in all. Raises InputError on a negative or odd amount."""
    if not math.isfinite(limit_usd) or limit_usd < 0:
        raise InputError(f"A budget of {limit_usd} makes no sense; give US dollars from 0.")
    with _database() as database:
        database.execute("INSERT OR REPLACE INTO settings VALUES ('budget_usd', ?)", (limit_usd,))
        return _budget(database)


def _refuse_over_budget(budget: Budget, max_usd: float) -> None:
    if max_usd > budget.remaining_usd and max_usd > 0:
        raise InputError(
            f"The run may cost up to ${max_usd:,.2f}, but ${max(budget.remaining_usd, 0):,.2f} of"
            f" the budget of ${budget.limit_usd:,.2f} are left. Raise the budget ({BUDGET_USD}), or"
            " plan a smaller run (max_examples, num_train_epochs)."
        )


def _budget(database: sqlite3.Connection) -> Budget:
    spent = database.execute("SELECT SUM(usd) FROM entries WHERE kind = 'settle'").fetchone()[0]
    reserved = database.execute(
        "SELECT SUM(usd) FROM entries AS r WHERE kind = 'reserve' AND NOT EXISTS (SELECT 1 FROM"
        " entries AS s WHERE s.job_id = r.job_id AND s.attempt = r.attempt AND s.kind = 'settle')"
    ).fetchone()[0]
    return Budget(_limit(database), spent or 0.0, reserved or 0.0)


def _limit(database: sqlite3.Connection) -> float:
    """The stored limit, else the environment's, else nothing may be spent."""
    row = database.execute("SELECT value FROM settings WHERE name = 'budget_usd'").fetchone()
    if row is not None:
        return float(row[0])
    stated = os.environ.get(BUDGET_USD, "0")
    try:
        limit = float(stated)
    except ValueError as error:
        raise InputError(f"{BUDGET_USD} is '{stated}'; it must be US dollars.") from error
    if not math.isfinite(limit) or limit < 0:
        raise InputError(f"{BUDGET_USD} is '{stated}'; it must be US dollars from 0.")
    return limit


def _enter(
    database: sqlite3.Connection, job_id: str, attempt: int, plan_id: str, kind: str, usd: float
) -> None:
    database.execute(
        "INSERT OR IGNORE INTO entries (job_id, attempt, plan_id, kind, usd, at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (job_id, attempt, plan_id, kind, usd, utc_now()),
    )


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """One transaction on the ledger; it is undone when the block raises."""
    connection = sqlite3.connect(home() / "ledger.sqlite", isolation_level=None, timeout=30)
    try:
        connection.executescript(_TABLES)
        # Immediate: two starts at the same time must not use the same approval or dollar.
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()
