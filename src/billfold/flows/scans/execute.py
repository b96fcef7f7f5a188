"""One scan, one transaction: what is posted, the card's status, the pass's values, the record, the event and what phones must hear.

The scan's id is made on the device before the first try; whatever is repeated under it gives the first answer. May not enter: HTTP,
which product a scan is about and whether the card takes it (domain/scanning.py), what the ledger decides."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from billfold.domain import declines, scanning
from billfold.domain.errors import Conflict, Declined, FieldProblem, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import SHORTFALL, Facts, Kind
from billfold.domain.lots import Limits
from billfold.domain.loyalty import Card, CardStatus, Product, Programme, ProgrammeKind, Terminal
from billfold.domain.passes import Pass, Template, content_of
from billfold.domain.scan_errors import CardNotUsable, CodeUnknown, CodeUsed, ScanDenied
from billfold.domain.scanning import ENTRIES, POINTS, STAMPS, Action, Candidates, Denied, Part, Resolved, ResolvedBy, Sale
from billfold.domain.vat import VatTreatment
from billfold.flows import ledger
from billfold.flows.ledger import Asked
from billfold.flows.loyalty.showing import change_in
from billfold.flows.scans import view
from billfold.flows.scans.view import CardView
from billfold.loyalty_ports import CardFacts
from billfold.ports import Services, Tx, Workspace
from billfold.scan_ports import ScanRecord

REFUSALS = (CodeUnknown, CodeUsed, CardNotUsable, ScanDenied, IdempotencyMismatch, Declined, Invalid, NotFound, Conflict)
"""What is refused for good; a server in trouble is none of it, and a device asks it again."""
CODE_SEEN_MS = 10 * 60_000
"""A rotating code is remembered that long; it is good for far less."""


@dataclass(frozen=True, slots=True)
class ScanAsked:
    """`pass_id` or `code`. `amounts`: unit → minor units, positive but for MODIFY. `any_body`: a repeat is one whatever it
    asks now."""

    id: str
    action: Action
    pass_id: str = ""
    code: str = ""
    amounts: Mapping[str, int] = field(default_factory=dict)
    product_id: str | None = None
    description: str = ""
    vat_bp: int | None = None
    reference: str = ""
    transaction_id: str = ""
    device_seq: int | None = None
    dry_run: bool = False
    any_body: bool = False

    @property
    def fingerprint(self) -> str:
        """Of what is asked; not of who sends it and when."""
        body = (
            *(self.action.value, self.pass_id, self.code, sorted(self.amounts.items()), self.product_id, self.description),
            *(self.vat_bp, self.reference),
        )
        return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


@dataclass(frozen=True, slots=True)
class Offline:
    """Of a scan that was made without a network: it has happened, so that nothing here refuses it. `flag`: what is odd about it so
    far."""

    occurred_at_ms: int
    business_date: str
    flag: str = ""


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
    scope, now = actor.scope, services.clock.now_ms()
    earlier = tx.scans.find(scope, asked.id)
    if earlier:
        return _repeated(services, tx, actor, asked, earlier)
    card = _card(services, tx, scope, asked, now)
    till = tx.terminals.find(scope, actor.terminal_id) if actor.terminal_id else None
    return _Desk(services, tx, actor, asked, card, view.facts_of(tx, card), till, now, offline).decide()


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


def _card(services: Services, tx: Tx, scope: Scope, asked: ScanAsked, now: int) -> Card:
    """Locked. A rotating code is used up, unless the transaction is undone."""
    if asked.pass_id:
        return view.card_of(tx, scope, asked.pass_id)
    found = view.by_code(services, tx, scope, asked.code, now)
    if len(found.cards) > 1:
        mend = "ask /v1/scans/inspect and name the card by its pass_id"
        raise Invalid(FieldProblem("code", "ambiguous", "several cards share this code", mend))
    (card,) = found.cards
    if found.step is not None and not tx.google.first_sight(scope, f"code:{card.pass_id}:{found.step}", now + CODE_SEEN_MS):
        raise CodeUsed
    return view.card_of(tx, scope, card.pass_id)


@dataclass(slots=True)
class _Desk:
    """One scan on its way from what was asked to what is recorded."""

    services: Services
    tx: Tx
    actor: Actor
    asked: ScanAsked
    card: Card
    facts: CardFacts
    till: Terminal | None
    now: int
    offline: Offline | None
    flag: str = ""
    vat: tuple[int, int, int, int] | None = None

    @property
    def programme(self) -> Programme:
        return self.facts.programme

    def decide(self) -> Scanned:
        self.flag = self.offline.flag if self.offline else ""
        before = self._shown() if self.asked.dry_run else None
        twice = self._check_usable()
        self._check_rate()
        changes = self._changes()
        sale = Sale(self.asked.action, changes, self.asked.description, self.till.name if self.till else "")
        resolved = self._resolve(sale)
        self._check_restriction(sale, resolved)
        if twice:
            return self._record({}, resolved, (), "", 0)
        parts = scanning.parts(self.asked.action, changes)
        operations, declined, notified = self._post(parts, resolved)
        if not declined and self._redeems():
            notified += self._set_redeemed()
        scanned = self._record(changes, resolved, operations, declined, notified)
        return replace(scanned, will_say=_will_say(before, self._shown())) if before else scanned

    # --- may it be ---

    def _check_usable(self) -> bool:
        """True where a card that counts once was used before, by a device that could not know: the scan is recorded and nothing is
        done. Raises CardNotUsable."""
        reason = self.card.usable(self.now)
        if not reason:
            return False
        if self.offline is None:
            raise CardNotUsable(reason)
        if reason == CardStatus.REDEEMED and self._redeems():
            self._mark("duplicate_offline")
            return True
        self._mark(f"card_{reason}")
        return False

    def _mark(self, flag: str) -> None:
        """The first thing that is odd is the one that is told."""
        self.flag = self.flag or flag

    def _redeems(self) -> bool:
        """Whether this uses the card up."""
        single = self.programme.kind is ProgrammeKind.COUPON
        return single and self.asked.action in (Action.REDEEM, Action.CHECK_IN)

    def _check_restriction(self, sale: Sale, resolved: Resolved) -> None:
        if not self.programme.allowed_products:
            return
        allowed = view.allowed_products(self.tx, self.programme)
        denied: Denied | None = scanning.restriction(self.programme, allowed, sale, resolved)
        if denied and self.offline is None:
            raise ScanDenied(denied)
        if denied:
            self._mark(denied.code)

    # --- what is changed ---

    def _changes(self) -> dict[str, int]:
        """Unit → signed minor units. Raises Invalid for what this card does not count."""
        action, programme = self.asked.action, self.programme
        if action in (Action.REDEEM, Action.CHECK_IN):
            return self._used_up()
        given = dict(self.asked.amounts) or ({STAMPS: 1} if action is Action.STAMP else {})
        sign, known = scanning.SIGNS[action], view.units(programme)
        for unit in given:
            if unit not in known or unit not in _takes(action, programme):
                mend = f"this card counts {', '.join(known) or 'nothing'}"
                raise Invalid(FieldProblem(f"amounts.{unit}", "unit_unknown", f"{action.value} does not take this unit here", mend))
        if not given:
            raise Invalid(FieldProblem("amounts", "missing", "nothing is to change", "name at least one unit and amount"))
        changes = {unit: amount * sign for unit, amount in given.items()}
        if action is Action.CHARGE and POINTS not in changes:
            percent = self.till.points_multiplier_percent if self.till else 100
            if earned := scanning.earned_points(programme, changes, percent):
                changes[POINTS] = earned
        return changes

    def _used_up(self) -> dict[str, int]:
        if self.asked.amounts:
            mend = "leave the amounts out"
            raise Invalid(FieldProblem("amounts", "misplaced", "the card says how much a redemption takes", mend))
        if self._redeems():
            return {}
        if self.asked.action is Action.CHECK_IN:
            return {ENTRIES: -1} if self._counts_entries() else {}
        if self.programme.stamps_goal:
            return {STAMPS: -self.programme.stamps_goal}
        mend = "charge it instead"
        raise Invalid(FieldProblem("action", "not_redeemable", "this card is neither a coupon nor a card with stamps", mend))

    def _counts_entries(self) -> bool:
        """A card that was given entries has one less; a membership that was given none lets its holder in each time."""
        return any(one.key.unit == ENTRIES for one in self.tx.ledger.accounts(self.card.scope, self.card.pass_id))

    def _resolve(self, sale: Sale) -> Resolved:
        scope, tx = self.card.scope, self.tx
        if self.asked.product_id is not None:
            product = tx.products.find(scope, self.asked.product_id)
            if product is None:
                raise Invalid(FieldProblem("product_id", "unknown", "there is no such product", "see /v1/terminals/me/sync"))
            return Resolved(product, ResolvedBy.DESCRIPTION, sale.description or product.name)
        named = tx.products.by_name(scope, sale.description) if sale.description else None
        configured = tx.products.find(scope, self.till.product_id) if not named and self.till and self.till.product_id else None
        priced = () if named or configured else self._priced(sale)
        return scanning.resolve(sale, Candidates(named, configured, priced))

    def _priced(self, sale: Sale) -> tuple[Product, ...]:
        asked = scanning.price_asked(sale)
        if asked is None:
            return ()
        unit, amount = asked
        if unit == POINTS:
            return tuple(self.tx.products.by_points(self.card.scope, amount))
        return tuple(self.tx.products.by_price(self.card.scope, unit, amount))

    # --- doing it ---

    def _post(self, parts: tuple[Part, ...], resolved: Resolved) -> tuple[tuple[str, ...], str, int]:
        """(ids of the operations, why it was declined, devices that hear of it)."""
        ids: list[str] = []
        notified = 0
        for place, part in enumerate(parts):
            operation = part_id(self.asked.id, place)
            answered = ledger.post_in(self.services, self.tx, self.actor, self._operation(operation, part, resolved))
            if answered.operation.declined:
                if ids:  # nothing but the bound of all balances: what was taken before must go back
                    raise declines.error_of(answered.operation.declined, {})
                return (operation,), answered.operation.declined, 0
            ids.append(operation)
            notified = max(notified, answered.notified)
            if SHORTFALL in answered.operation.order.flags:
                self._mark(SHORTFALL)
            tax = answered.operation.order.vat
            self.vat = self.vat or ((tax.rate_bp, tax.net, tax.vat, tax.gross) if tax else None)
        return tuple(ids), "", notified

    def _operation(self, operation_id: str, part: Part, resolved: Resolved) -> Asked:
        asked, offline = self.asked, self.offline
        return Asked(
            id=operation_id,
            kind=part.kind,
            pass_id=self.card.pass_id,
            amounts=part.amounts,
            description=resolved.text[:200],
            reference=asked.reference,
            occurred_at_ms=offline.occurred_at_ms if offline else None,
            vat_rate_bp=self._rate(part, resolved),
            facts=Facts(
                terminal_id=self.till.id if self.till else None,
                product_id=resolved.product.id if resolved.product else None,
                device_seq=asked.device_seq,
                business_date=offline.business_date if offline else None,
            ),
            fingerprint=asked.fingerprint,
            limits=self._limits(part),
            accepts=offline is not None,
        )

    def _limits(self, part: Part) -> dict[str, Limits]:
        """Earned points live so long, from when they are booked: what comes late from a device is good for as long."""
        until = self.programme.points_until_ms(self.now)
        earned = part.kind is Kind.EARN and POINTS in part.amounts
        return {POINTS: Limits(expires_at_ms=until)} if earned and until is not None else {}

    def _rate(self, part: Part, resolved: Resolved) -> int | None:
        """Of what owes tax: a sale, or a top-up where the programme's tax is due with it, and then the sale owes none. A rate that
        is named for another top-up is kept with the scan alone."""
        single = self.programme.vat_treatment is VatTreatment.SINGLE_PURPOSE
        if part.kind is not (Kind.TOP_UP if single else Kind.CHARGE):
            return None
        named = scanning.vat_bp(self.asked.vat_bp, resolved.product)
        return self._default_vat() if named is None else named

    def _workspace(self) -> Workspace:
        found = self.tx.workspaces.find(self.card.scope.workspace)
        assert found is not None, "a card is in a workspace"
        return found

    def _default_vat(self) -> int:
        own = self._workspace().vat_default_bp
        return self.services.scanning.rules.vat_default_bp if own is None else own

    def _check_rate(self) -> None:
        """Raises Invalid where a rate beyond the organisation's limit is named. What was sold without a network has happened."""
        if self.asked.vat_bp is None:
            return
        most = self._workspace().vat_max_bp
        if most is None or self.asked.vat_bp <= most:
            return
        if self.offline is None:
            raise Invalid(FieldProblem("vat_bp", "out_of_range", f"is beyond this organisation's {most}", "send a rate up to that"))
        self._mark("vat_out_of_range")

    def _set_redeemed(self) -> int:
        changed = change_in(self.services, self.tx, self.actor, self.card, replace(self.card, status=CardStatus.REDEEMED))
        self.card, self.facts = changed.card, view.facts_of(self.tx, changed.card)
        return changed.notified

    def _record(
        self, changes: dict[str, int], resolved: Resolved, operations: tuple[str, ...], declined: str, notified: int
    ) -> Scanned:
        asked, product = self.asked, resolved.product
        shown = view.view_of(self.tx, self.card, self.facts)
        reached = scanning.reward_reached(self.programme.stamps_goal, shown.balances.get(STAMPS), changes.get(STAMPS, 0))
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


def part_id(scan_id: str, place: int) -> str:
    """Of an operation of the ledger: the scan's own id, and one derived from it for what it gives beside what it takes."""
    return scan_id if not place else hashlib.sha256(f"{scan_id}\0{place}".encode()).hexdigest()


def _takes(action: Action, programme: Programme) -> frozenset[str]:
    money = {programme.currency} - {""}
    taken = {
        Action.CHARGE: {*money, POINTS},
        Action.EARN: {POINTS},
        Action.TOP_UP: money,
        Action.STAMP: {STAMPS},
        Action.MODIFY: {*money, POINTS, STAMPS},
    }
    return frozenset(taken[action])


def _will_say(before: tuple[Pass, Template | None], after: tuple[Pass, Template | None]) -> tuple[str, ...]:
    """The change messages of what is different, as a phone shows them."""
    old = {one.key: one.value for one in content_of(*before).fields()}
    return tuple(
        one.change_message.replace("%@", one.value)
        for one in content_of(*after).fields()
        if one.change_message and old.get(one.key) != one.value
    )
