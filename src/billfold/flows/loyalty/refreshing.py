"""Cards follow their member and their brand: some at once, many by a job, chunk after chunk.

May not enter: HTTP, what a card shows (domain/card_values.py)."""

from dataclasses import replace

from billfold.domain.delivery import Priority
from billfold.domain.ids import Scope
from billfold.domain.loyalty import Card
from billfold.flows.loyalty.showing import show_in
from billfold.loyalty_ports import CardFilter
from billfold.ports import Job, Services, Tx
from billfold.scan_ports import CardCodes

REFRESH_JOB = "cards.refresh"
CHUNK = 100


def refresh_member(services: Services, tx: Tx, scope: Scope, member_id: str, now: int) -> int:
    """A member's first cards at once, what is left by a job. Gives back how many devices will hear of it so far."""
    first = tx.cards.list(scope, CardFilter(member_id=member_id), None, CHUNK)
    notified = sum(show_in(services.scanning.codes, tx, one, now) for one in first)
    if len(first) == CHUNK:
        _start(services, tx, scope, {"member_id": member_id}, first[-1].pass_id)
    return notified


def refresh_brand(services: Services, tx: Tx, scope: Scope, brand_id: str) -> None:
    _start(services, tx, scope, {"brand_id": brand_id}, "")


def _start(services: Services, tx: Tx, scope: Scope, of: dict[str, str | int], cursor: str) -> None:
    tx.jobs.start(Job(services.entropy.event_id(), scope, REFRESH_JOB, of, cursor=cursor, due_at_ms=services.clock.now_ms()))


def refresh(codes: CardCodes, tx: Tx, job: Job, now_ms: int) -> Job:
    """One chunk of a job."""
    wanted = CardFilter(
        member_id=str(job.params["member_id"]) if "member_id" in job.params else None,
        brand_id=str(job.params["brand_id"]) if "brand_id" in job.params else None,
    )
    chunk: list[Card] = tx.cards.list(job.scope, wanted, job.cursor or None, CHUNK)
    for one in chunk:
        show_in(codes, tx, one, now_ms, Priority.BROADCAST)
    done = job.done + len(chunk)
    if len(chunk) < CHUNK:
        return replace(job, state="done", done=done)
    return replace(job, state="running", cursor=chunk[-1].pass_id, done=done)
