"""What a scan comes to for a card, decided before anything is locked or written: whoever waits for the same card waits less.

Reads, and decides by domain/scanning.py; execute.py asks again where the card has changed by the time it is held. May not enter:
writing, HTTP, what the ledger decides."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from billfold.domain import scanning
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ledger import Facts, Kind
from billfold.domain.lots import Limits
from billfold.domain.loyalty import Card, CardStatus, Product, Programme, ProgrammeKind, Terminal
from billfold.domain.scan_errors import CardNotUsable, ScanDenied
from billfold.domain.scanning import ENTRIES, POINTS, STAMPS, Action, Candidates, Denied, Part, Resolved, ResolvedBy, Sale
from billfold.domain.vat import VatTreatment
from billfold.flows.ledger import Asked
from billfold.flows.scans import view
from billfold.loyalty_ports import CardFacts
from billfold.ports import Services, Tx, Workspace


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
class Plan:
    """`changes`: unit → signed minor units. `operations`: what is posted, in its order. `twice`: a card that counts once was used
    before, by a device that could not know: the scan is recorded and nothing is done. `flag`: the first thing that is odd.
    `allowed`: all products that the programme is restricted to."""

    changes: Mapping[str, int]
    resolved: Resolved
    operations: tuple[Asked, ...]
    twice: bool
    flag: str
    allowed: tuple[Product, ...]


@dataclass(slots=True)
class Planner:
    """One scan of a card as it was read with `facts`."""

    services: Services
    tx: Tx
    asked: ScanAsked
    facts: CardFacts
    till: Terminal | None
    now: int
    offline: Offline | None
    flag: str = ""

    @property
    def card(self) -> Card:
        return self.facts.card

    @property
    def programme(self) -> Programme:
        return self.facts.programme

    def plan(self) -> Plan:
        """Raises CardNotUsable, ScanDenied, Invalid."""
        self.flag = self.offline.flag if self.offline else ""
        twice = self._check_usable()
        self._check_rate()
        changes = self._changes()
        sale = Sale(self.asked.action, changes, self.asked.description, self.till.name if self.till else "")
        resolved = self._resolve(sale)
        allowed = view.allowed_products(self.tx, self.programme)
        self._check_restriction(sale, resolved, allowed)
        parts = () if twice else scanning.parts(self.asked.action, changes)
        operations = tuple(self._operation(part_id(self.asked.id, place), part, resolved) for place, part in enumerate(parts))
        return Plan(changes, resolved, operations, twice, self.flag, allowed)

    # --- may it be ---

    def _check_usable(self) -> bool:
        """Gives `Plan.twice`. Raises CardNotUsable."""
        reason = self.card.usable(self.now)
        if not reason:
            return False
        if self.offline is None:
            raise CardNotUsable(reason)
        if reason == CardStatus.REDEEMED and uses_up(self.asked.action, self.programme):
            self._mark("duplicate_offline")
            return True
        self._mark(f"card_{reason}")
        return False

    def _mark(self, flag: str) -> None:
        """The first thing that is odd is the one that is told."""
        self.flag = self.flag or flag

    def _check_restriction(self, sale: Sale, resolved: Resolved, allowed: tuple[Product, ...]) -> None:
        if not self.programme.allowed_products:
            return
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
        if uses_up(self.asked.action, self.programme):
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

    # --- what is posted ---

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


def uses_up(action: Action, programme: Programme) -> bool:
    """Whether this uses up a card of that programme."""
    return programme.kind is ProgrammeKind.COUPON and action in (Action.REDEEM, Action.CHECK_IN)


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
