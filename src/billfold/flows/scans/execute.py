"""One scan, one transaction: what is posted, the card's status, the pass's values, the record, the event and what phones must hear.

The scan's id is made on the device before the first try; whatever is repeated under it gives the first answer. What can be known
beforehand is (planning.py); only then is the card locked, and from there on little is asked: tills that scan one card at once wait
for each other's COMMIT. May not enter: HTTP, what a scan comes to, what the ledger decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from billfold.domain import declines, scanning
from billfold.domain.content import changed_fields
from billfold.domain.errors import Conflict, Declined, FieldProblem, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.formatting import display
from billfold.domain.ids import PassId, Scope
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import SHORTFALL
from billfold.domain.loyalty import Card, CardStatus, Terminal
from billfold.domain.passes import Pass, Template, content_of
from billfold.domain.scan_errors import CardNotUsable, CodeUnknown, CodeUsed, ScanDenied
from billfold.domain.scanning import STAMPS, Action
from billfold.flows import ledger
from billfold.flows.loyalty.showing import change_in
from billfold.flows.scans import view
from billfold.flows.scans.planning import Offline as Offline
from billfold.flows.scans.planning import Plan, Planner, uses_up
from billfold.flows.scans.planning import ScanAsked as ScanAsked
from billfold.flows.scans.planning import part_id as part_id
from billfold.flows.scans.view import CardView
from billfold.loyalty_ports import CardFacts
from billfold.ports import Services, Tx
from billfold.scan_ports import ScanRecord

REFUSALS = (CodeUnknown, CodeUsed, CardNotUsable, ScanDenied, IdempotencyMismatch, Declined, Invalid, NotFound, Conflict)
"""What is refused for good; a server in trouble is none of it, and a device asks it again."""
CODE_SEEN_MS = 10 * 60_000
"""A rotating code is remembered that long; it is good for far less."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan as it was decided. `view`: the card after it; on a repeat as it is now, with the balances of then in `record`.
    `will_say`: messages that a phone shows, only where that was asked for (`dry_run`)."""

    record: ScanRecord
    view: CardView
    repeated: bool = False
    notified: int = 0
    will_say: tuple[str, ...] = ()


class _Explained(Exception):
    """Takes a dry run's answer out of its transaction, which is then undone."""

    def __init__(self, scanned: Scanned) -> None:
        self.scanned = scanned


async def scan(services: Services, actor: Actor, asked: ScanAsked) -> Scanned:
    """Raises CodeUnknown, CardNotUsable, ScanDenied, Invalid, IdempotencyMismatch, Forbidden; Declined where the ledger said no,
    which is kept and repeated. A dry run decides everything in a transaction that is then undone."""
    authorize(actor, "scans.execute")

    def transaction(tx: Tx) -> Scanned:
        note_number(services, tx, actor, asked.device_seq)
        scanned = scan_in(services, tx, actor, asked)
        if asked.dry_run:
            raise _Explained(scanned)
        return scanned

    try:
        scanned = await services.store.write(transaction, short=True)
    except _Explained as explained:
        scanned = explained.scanned
    except REFUSALS:
        if asked.device_seq is not None and not asked.dry_run:  # its number is used nevertheless
            await services.store.write(lambda tx: note_number(services, tx, actor, asked.device_seq), short=True)
        raise
    else:
        if scanned.notified:
            services.wake()
    return scanned


def note_number(services: Services, tx: Tx, actor: Actor, device_seq: int | None) -> None:
    """The terminal's device has used this number. First of all in a transaction: devices are locked before cards."""
    if device_seq is None or actor.terminal_id is None:
        return
    heard = tx.scans.heard_locked(actor.scope, actor.terminal_id)
    if not heard.knows(device_seq):
        tx.scans.put_heard(actor.scope, actor.terminal_id, heard.with_seq(device_seq, services.clock.now_ms()))


def check_declined(record: ScanRecord, shown: Mapping[str, object]) -> None:
    """Raises the error of a scan that the ledger declined. `shown`: the answer as far as there is one."""
    if record.declined:
        raise declines.error_of(record.declined, shown)


def scan_in(services: Services, tx: Tx, actor: Actor, asked: ScanAsked, offline: Offline | None = None) -> Scanned:
    """The same inside a transaction of the caller's, who has authorised the actor."""
    if asked.pass_id:
        tx.ahead.facts(actor.scope, PassId(asked.pass_id))
        tx.ahead.workspace(actor.scope)
    earlier = tx.scans.find(actor.scope, asked.id)
    if earlier is None:
        try:
            return _first(services, tx, actor, asked, offline)
        except REFUSALS:  # of what this same scan has done perhaps, that was sent twice at once and committed since
            earlier = tx.scans.find(actor.scope, asked.id)
            if earlier is None:
                raise
    return _repeated(services, tx, actor, asked, earlier)


def _first(services: Services, tx: Tx, actor: Actor, asked: ScanAsked, offline: Offline | None) -> Scanned:
    scope, now = actor.scope, services.clock.now_ms()
    pass_id = _named(services, tx, scope, asked, now)
    till = tx.terminals.find(scope, actor.terminal_id) if actor.terminal_id else None

    def planned() -> tuple[CardFacts, Plan]:
        facts = view.facts_of(tx, scope, pass_id)
        return facts, Planner(services, tx, asked, facts, till, now, offline).plan()

    facts, plan = planned()
    orders = [ledger.ready_for(services, actor, one) for one in plan.operations]
    tx.ahead.card(scope, pass_id)
    if orders:
        ledger.foresee(tx, orders[0])
    tx.ahead.balances(scope, pass_id)
    card = view.card_of(tx, scope, pass_id)
    if card != facts.card:  # changed since it was read, by this same scan perhaps
        earlier = tx.scans.find(scope, asked.id)
        if earlier:
            return _repeated(services, tx, actor, asked, earlier)
        facts, plan = planned()
        orders = [ledger.ready_for(services, actor, one) for one in plan.operations]
    return _Desk(services, tx, actor, asked, card, facts, plan, orders, till, now, offline, plan.flag).decide()


def _repeated(services: Services, tx: Tx, actor: Actor, asked: ScanAsked, earlier: ScanRecord) -> Scanned:
    if earlier.fingerprint != asked.fingerprint:
        if not asked.any_body:
            raise IdempotencyMismatch
        event_id, now = services.entropy.event_id(), services.clock.now_ms()
        data: dict[str, str | int] = {"scan": earlier.id}
        kind = EventKind.SCAN_REPEATED_DIFFERENTLY
        tx.events.append(Event(event_id, actor.scope, now, kind, earlier.pass_id, cause=actor.principal, data=data))
    card = tx.cards.find(actor.scope, earlier.pass_id)
    assert card is not None, "a card's row stays"
    return Scanned(earlier, view.view_of(tx, card), repeated=True)


def _named(services: Services, tx: Tx, scope: Scope, asked: ScanAsked, now: int) -> PassId:
    """The pass that is scanned. A rotating code is used up, unless the transaction is undone."""
    if asked.pass_id:
        return PassId(asked.pass_id)
    found = view.by_code(services, tx, scope, asked.code, now)
    if len(found.cards) > 1:
        mend = "ask /v1/scans/inspect and name the card by its pass_id"
        raise Invalid(FieldProblem("code", "ambiguous", "several cards share this code", mend))
    (card,) = found.cards
    if found.step is not None and not tx.google.first_sight(scope, f"code:{card.pass_id}:{found.step}", now + CODE_SEEN_MS):
        raise CodeUsed
    return card.pass_id


@dataclass(slots=True)
class _Desk:
    """One scan on its way from what was asked to what is recorded."""

    services: Services
    tx: Tx
    actor: Actor
    asked: ScanAsked
    card: Card
    facts: CardFacts
    plan: Plan
    orders: Sequence[ledger.Ready]
    till: Terminal | None
    now: int
    offline: Offline | None
    flag: str
    vat: tuple[int, int, int, int] | None = None
    held: dict[str, int] = field(default_factory=dict)

    def decide(self) -> Scanned:
        self.held = view.balances(self.tx, self.card)
        if self.plan.twice:
            return self._record({}, (), "", 0)
        before = self._shown() if self.asked.dry_run else None
        operations, declined, notified = self._post()
        if not declined and uses_up(self.asked.action, self.facts.programme):
            notified += self._set_redeemed()
        scanned = self._record(self.plan.changes, operations, declined, notified)
        return replace(scanned, will_say=_will_say(before, self._shown())) if before else scanned

    def _post(self) -> tuple[tuple[str, ...], str, int]:
        """(ids of the operations, why it was declined, devices that hear of it)."""
        ids: list[str] = []
        notified = 0
        for operation, ready in zip(self.plan.operations, self.orders, strict=True):
            if ids:
                ledger.foresee(self.tx, ready)
            answered = ledger.decide(self.services, self.tx, ready)
            if answered.operation.declined:
                if ids:  # nothing but the bound of all balances: what was taken before must go back
                    raise declines.error_of(answered.operation.declined, {})
                return (operation.id,), answered.operation.declined, 0
            ids.append(operation.id)
            self._note_balances(answered)
            notified = max(notified, answered.notified)
            if SHORTFALL in answered.operation.order.flags:
                self.flag = self.flag or SHORTFALL
            tax = answered.operation.order.vat
            self.vat = self.vat or ((tax.rate_bp, tax.net, tax.vat, tax.gross) if tax else None)
        return tuple(ids), "", notified

    def _note_balances(self, answered: ledger.Answered) -> None:
        if answered.repeated:  # an operation of another scan or none, and later ones since
            self.held = view.balances(self.tx, self.card)
        else:
            self.held |= {
                key.unit: balance for key, balance in answered.operation.balances().items() if key.owner == self.card.pass_id
            }

    def _set_redeemed(self) -> int:
        changed = change_in(self.services, self.tx, self.actor, self.card, replace(self.card, status=CardStatus.REDEEMED))
        self.card, self.facts = changed.card, view.facts_of(self.tx, changed.card.scope, changed.card.pass_id)
        return changed.notified

    def _record(self, changes: Mapping[str, int], operations: tuple[str, ...], declined: str, notified: int) -> Scanned:
        asked, resolved = self.asked, self.plan.resolved
        product = resolved.product
        shown = view.viewed(self.card, self.facts, self.held, self.plan.allowed)
        reached = scanning.reward_reached(self.facts.programme.stamps_goal, shown.balances.get(STAMPS), changes.get(STAMPS, 0))
        record = ScanRecord(
            id=asked.id,
            scope=self.card.scope,
            pass_id=self.card.pass_id,
            action=asked.action.value,
            fingerprint=asked.fingerprint,
            at_ms=self.now,
            occurred_at_ms=self.offline.occurred_at_ms if self.offline else self.now,
            actor=self.actor.principal,
            terminal_id=self.till.id if self.till else None,
            device_seq=asked.device_seq,
            declined=declined,
            flag=self.flag,
            description=resolved.text,
            reference=asked.reference,
            transaction_id=asked.transaction_id,
            resolved_by=resolved.by.value,
            reward=not declined and (reached or (asked.action is Action.REDEEM and STAMPS in changes)),
            changes={} if declined else changes,
            balances=shown.balances,
            operations=operations,
            product=(product.id, product.number, product.name) if product else None,
            vat=self.vat or ((asked.vat_bp, 0, 0, 0) if asked.vat_bp is not None else None),
        )
        self.tx.scans.add(record)
        self._tell(record, notified)
        return Scanned(record, shown, notified=notified)

    def _tell(self, record: ScanRecord, notified: int) -> None:
        data: dict[str, str | int] = {"scan": record.id, "action": record.action, "notified": notified}
        data |= {f"change.{unit}": amount for unit, amount in record.changes.items()}
        data |= {name: value for name, value in (("declined", record.declined), ("flag", record.flag)) if value}
        kind = EventKind.CARD_SCANNED if not record.declined else EventKind.SCAN_DECLINED
        event_id = self.services.entropy.event_id()
        cause = self.actor.principal
        self.tx.events.append(Event(event_id, record.scope, self.now, kind, record.pass_id, cause=cause, data=data))

    def _shown(self) -> tuple[Pass, Template | None]:
        found = self.tx.passes.find(self.card.scope, self.card.pass_id)
        assert found is not None, "a card is a pass"
        return found, self.tx.templates.find(self.card.scope, found.template_id) if found.template_id else None


def _will_say(before: tuple[Pass, Template | None], after: tuple[Pass, Template | None]) -> tuple[str, ...]:
    """The change messages of what is different, as a phone shows them."""
    old, content = {one.key: one.value for one in content_of(*before).fields()}, content_of(*after)
    changed, language = [one for one in changed_fields(old, content) if one.change_message], content.language or "en"
    return tuple(str(one.change_message).replace("%@", display(one, language)) for one in changed)
