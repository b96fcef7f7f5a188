"""Take a scan back: every operation of it is voided, a coupon that it used up is good again. Once, and soon after.

May not enter: HTTP, what a void does to accounts (domain/ledger.py)."""

import hashlib
from dataclasses import replace

from billfold.domain import declines
from billfold.domain.errors import FieldProblem, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import Kind
from billfold.domain.loyalty import Card, CardStatus
from billfold.domain.scan_errors import NotUndoable
from billfold.domain.scanning import Action
from billfold.flows import ledger
from billfold.flows.ledger import Asked
from billfold.flows.loyalty.showing import change_in
from billfold.flows.scans import view
from billfold.flows.scans.execute import Scanned, part_id
from billfold.ports import Services, Tx
from billfold.scan_ports import ScanRecord

MANAGE = "scans:manage"
"""The scope that undoes what another terminal did, and however long ago."""


async def undo(services: Services, actor: Actor, undo_id: str, scan_id: str) -> Scanned:
    """Raises NotFound, NotUndoable, Declined (a top-up that is spent), IdempotencyMismatch, Forbidden."""
    authorize(actor, "scans.execute")
    if undo_id == scan_id:
        raise Invalid(FieldProblem("id", "same", "an undo has an id of its own", "make a new id"))
    scanned = await services.store.write(lambda tx: _undo(services, tx, actor, undo_id, scan_id), short=True)
    if scanned.notified:
        services.wake()
    return scanned


def _undo(services: Services, tx: Tx, actor: Actor, undo_id: str, scan_id: str) -> Scanned:
    fingerprint = hashlib.sha256(f"undo\0{scan_id}".encode()).hexdigest()
    if earlier := tx.scans.find(actor.scope, undo_id):
        return _repeated(tx, earlier, fingerprint)
    target = tx.scans.find(actor.scope, scan_id)
    if target is None:
        raise NotFound("scan")
    now = services.clock.now_ms()
    _check(tx, actor, target, now, services.scanning.rules.undo_ms)
    card = view.card_of(tx, actor.scope, target.pass_id)
    if tx.scans.undo_of(actor.scope, scan_id):
        if earlier := tx.scans.find(actor.scope, undo_id):  # by this same undo, that was sent twice at once
            return _repeated(tx, earlier, fingerprint)
        raise NotUndoable("undone_before", "this scan was undone before")
    card, notified, operations = _take_back(services, tx, actor, undo_id, target, card)
    shown = view.view_of(tx, card)
    record = ScanRecord(
        id=undo_id,
        scope=actor.scope,
        pass_id=card.pass_id,
        action=Action.UNDO.value,
        fingerprint=fingerprint,
        at_ms=now,
        occurred_at_ms=now,
        actor=actor.principal,
        terminal_id=actor.terminal_id,
        undoes=scan_id,
        description=target.description,
        resolved_by=target.resolved_by,
        changes={unit: -amount for unit, amount in target.changes.items()},
        balances=shown.balances,
        operations=operations,
        product=target.product,
    )
    tx.scans.add(record)
    data: dict[str, str | int] = {"scan": undo_id, "undoes": scan_id, "notified": notified}
    event_id = services.entropy.event_id()
    tx.events.append(Event(event_id, actor.scope, now, EventKind.SCAN_UNDONE, card.pass_id, cause=actor.principal, data=data))
    return Scanned(record, shown, notified=notified)


def _repeated(tx: Tx, earlier: ScanRecord, fingerprint: str) -> Scanned:
    if earlier.fingerprint != fingerprint:
        raise IdempotencyMismatch
    return Scanned(earlier, view.view_of(tx, view.card_of(tx, earlier.scope, earlier.pass_id)), repeated=True)


def _check(tx: Tx, actor: Actor, target: ScanRecord, now: int, undo_ms: int) -> None:
    if target.undoes or target.declined or (not target.operations and target.flag):
        raise NotUndoable("nothing_to_undo", "this scan did nothing that could be undone")
    if MANAGE in actor.scopes:
        return
    if target.terminal_id != actor.terminal_id:
        raise NotUndoable("not_yours", "another terminal made this scan")
    if target.at_ms + undo_ms < now:
        raise NotUndoable("too_old", "this scan is too old to be undone here")


def _take_back(
    services: Services, tx: Tx, actor: Actor, undo_id: str, target: ScanRecord, card: Card
) -> tuple[Card, int, tuple[str, ...]]:
    """(the card after it, devices that hear of it, operations). All or nothing."""
    made: list[str] = []
    notified = 0
    for place, operation in enumerate(target.operations):
        asked = Asked(part_id(undo_id, place), Kind.VOID, card.pass_id, {}, reverses=operation)
        answered = ledger.post_in(services, tx, actor, asked)
        if answered.operation.declined:
            raise declines.error_of(answered.operation.declined, {})
        made.append(asked.id)
        notified = max(notified, answered.notified)
    if not target.operations and card.status is CardStatus.REDEEMED:
        changed = change_in(services, tx, actor, card, replace(card, status=CardStatus.ACTIVE))
        card, notified = changed.card, changed.notified
    return card, notified, tuple(made)
