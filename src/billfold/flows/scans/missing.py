"""Numbers that a device used and nobody has heard: told as an event, once, whether the device comes again or stays silent.

May not enter: HTTP, what the numbers stand for (domain/offline.py)."""

from dataclasses import replace
from typing import Protocol

from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.offline import Heard
from billfold.domain.schedules import MINUTE_MS, next_due_ms
from billfold.ports import Clock, Entropy, Job, Tx

MISSING_JOB = "scans.missing"
EVERY_MS = 5 * MINUTE_MS
CHUNK = 200
"""Devices of one transaction."""
CAUSE = "schedule"


class Recording(Protocol):
    """What a recorded fact needs of `Services`."""

    @property
    def clock(self) -> Clock: ...
    @property
    def entropy(self) -> Entropy: ...


def note_missing(services: Recording, tx: Tx, scope: Scope, terminal_id: str, cause: str) -> Heard:
    """What we have heard of the device; numbers that have been missing for long become an event, once."""
    now = services.clock.now_ms()
    heard, missing = tx.scans.heard_locked(scope, terminal_id).missing(now)
    if missing:
        tx.scans.put_heard(scope, terminal_id, heard)
    for gap in missing:
        data: dict[str, str | int] = {"first": gap.first, "last": gap.last}
        event_id, kind = services.entropy.event_id(), EventKind.SCANNER_OPS_MISSING
        tx.events.append(Event(event_id, scope, now, kind, terminal_id, cause=cause, data=data))
    return heard


def missing_job(scope: Scope, now_ms: int) -> Job:
    due = next_due_ms(now_ms, EVERY_MS, scope.code)
    return Job(f"{MISSING_JOB}-{scope.code}", scope, MISSING_JOB, {}, due_at_ms=due)


def look(services: Recording, tx: Tx, job: Job, now_ms: int) -> Job:
    """One chunk of the devices with gaps. `done` counts how often one was looked at."""
    chunk = tx.scans.with_gaps(job.scope, job.cursor, CHUNK)
    for terminal_id in chunk:
        note_missing(services, tx, job.scope, terminal_id, CAUSE)
    done = job.done + len(chunk)
    if len(chunk) == CHUNK:
        return replace(job, state="running", cursor=chunk[-1], done=done)
    following = next_due_ms(now_ms, EVERY_MS, job.scope.code)
    return replace(job, state="waiting", cursor="", done=done, failed=0, error="", due_at_ms=following)
