"""Scans that a person must decide about: listed, booked or dropped, once.

May not enter: HTTP, how a scan is decided (execute.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from billfold.domain import offline
from billfold.domain.errors import Conflict, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor, authorize
from billfold.flows.scans.execute import Scanned, scan_in
from billfold.flows.scans.upload import Item, offline_of
from billfold.ports import Services, Tx
from billfold.scan_ports import Quarantined

BOOK, DROP = "book", "drop"
Reading = Callable[[str], Item]
"""A kept item, read again."""


@dataclass(frozen=True, slots=True)
class Decided:
    """`scanned`: what booking it did."""

    item: Quarantined
    scanned: Scanned | None


async def waiting(services: Services, actor: Actor, after: str | None, limit: int) -> list[Quarantined]:
    """Raises Forbidden."""
    authorize(actor, "quarantine.list")
    return await services.store.read(lambda tx: tx.scans.waiting(actor.scope, after, limit))


async def decide(services: Services, actor: Actor, item_id: str, decision: str, read: Reading) -> Decided:
    """Raises NotFound, Conflict when somebody has decided otherwise, Forbidden, and what a scan raises."""
    authorize(actor, "quarantine.decide")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Decided:
        kept = tx.scans.quarantined(actor.scope, item_id)
        if kept is None:
            raise NotFound("quarantined scan")
        if kept.decision and kept.decision != decision:
            raise Conflict("decided_before", "somebody has decided otherwise")
        scanned = _book(services, tx, actor, kept, read(kept.item)) if decision == BOOK else None
        if not kept.decision:
            tx.scans.decide(actor.scope, item_id, decision, now, actor.principal)
            data: dict[str, str | int] = {"scan": item_id, "decision": decision}
            event_id = services.entropy.event_id()
            kind = EventKind.QUARANTINE_DECIDED
            tx.events.append(Event(event_id, actor.scope, now, kind, kept.terminal_id, cause=actor.principal, data=data))
        return Decided(replace(kept, decision=decision, decided_at_ms=now, decided_by=actor.principal), scanned)

    decided = await services.store.write(transaction, short=True)
    if decided.scanned and decided.scanned.notified:
        services.wake()
    return decided


def _book(services: Services, tx: Tx, actor: Actor, kept: Quarantined, item: Item) -> Scanned:
    """In the name of the terminal that scanned it."""
    there = replace(actor, terminal_id=kept.terminal_id)
    times = offline.times(item.occurred_at_ms, None, kept.received_at_ms, services.scanning.rules.grace_ms)
    return scan_in(services, tx, there, item.asked, offline_of(times, kept.reason))
