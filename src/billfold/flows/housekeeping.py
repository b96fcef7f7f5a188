"""What comes again by itself in every scope: removing what was kept long enough, and asking Google who holds what.

Each is one job row for each scope; its `due_at` is the schedule. May not enter: SQL, HTTP, settings."""

from dataclasses import replace

from billfold.domain.ids import Scope
from billfold.domain.schedules import DAY_MS, HOUR_MS, Kept, Retention, next_due_ms
from billfold.flows.ledger_check import CHECK_JOB, check_job
from billfold.flows.ledger_due import DUE_JOB, due_job
from billfold.flows.loyalty.tending import EVERY_MS, TEND_JOB
from billfold.flows.scans.missing import MISSING_JOB, missing_job
from billfold.ports import Job, Tx

HOUSEKEEPING_JOB = "housekeeping"
RECONCILE_JOB = "google.reconcile"
RECURRING = frozenset({HOUSEKEEPING_JOB, RECONCILE_JOB, TEND_JOB, DUE_JOB, CHECK_JOB, MISSING_JOB})
"""Kinds of job that never end: one that fails comes again an hour later, with its error where people see it."""

CHUNK = 1_000
"""Rows removed in one transaction: some milliseconds, so that nobody waits for it."""
RECONCILE_SPREAD_MS = 2 * HOUR_MS
_ORDER = tuple(Kept)


def ensure_schedules(tx: Tx, scope: Scope, now_ms: int, retention: Retention, reconcile_hour: int | None) -> None:
    """Each scope's recurring jobs, where it has none yet."""
    first = next_due_ms(now_ms, retention.every_ms, scope.code)
    tx.jobs.ensure(Job(f"{HOUSEKEEPING_JOB}-{scope.code}", scope, HOUSEKEEPING_JOB, {}, due_at_ms=first))
    first = next_due_ms(now_ms, EVERY_MS, scope.code)
    tx.jobs.ensure(Job(f"{TEND_JOB}-{scope.code}", scope, TEND_JOB, {}, due_at_ms=first))
    tx.jobs.ensure(due_job(scope, now_ms))
    tx.jobs.ensure(check_job(scope, now_ms))
    tx.jobs.ensure(missing_job(scope, now_ms))
    if reconcile_hour is not None:
        due = reconcile_due_ms(scope, now_ms, reconcile_hour)
        tx.jobs.ensure(Job(f"{RECONCILE_JOB}-{scope.code}", scope, RECONCILE_JOB, {}, due_at_ms=due))


def reconcile_due_ms(scope: Scope, now_ms: int, hour: int) -> int:
    """In the next night, at this scope's own minute."""
    return next_due_ms(now_ms, DAY_MS, scope.code, hour * HOUR_MS, RECONCILE_SPREAD_MS)


def prune(tx: Tx, job: Job, now_ms: int, retention: Retention) -> Job:
    """One chunk of one kind of row; the cursor says which kind is next. At the end: waiting for its next time. `done` counts the
    rows that were removed since the job is there."""
    if not job.cursor:
        tx.people.forget_old(job.scope.workspace, now_ms)
    at = _ORDER.index(Kept(job.cursor)) if job.cursor else 0
    kept = _ORDER[at]
    removed = tx.pruning.remove_older(job.scope, kept, retention.before_ms(kept, now_ms), CHUNK)
    done = job.done + removed
    if removed == CHUNK:
        return replace(job, state="running", cursor=kept.value, done=done)
    if at + 1 < len(_ORDER):
        return replace(job, state="running", cursor=_ORDER[at + 1].value, done=done)
    due = next_due_ms(now_ms, retention.every_ms, job.scope.code)
    return replace(job, state="waiting", cursor="", done=done, failed=0, error="", due_at_ms=due)
