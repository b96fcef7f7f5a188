"""Post an operation, give part of one back, undo one: accounts, postings, event and what phones must hear of commit together.

The caller's id makes each of them happen once, whatever is repeated and whenever. What is asked becomes an order in
ledger_orders.py. May not enter: HTTP, prices, wallets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from billfold.domain import ledger, lots, vat
from billfold.domain.declines import REFUNDED, SETTLED, VOIDED
from billfold.domain.delivery import Priority
from billfold.domain.errors import Conflict, FieldProblem, Gone, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope
from billfold.domain.keys import OVERDRAFT, Actor, authorize
from billfold.domain.ledger import Account, AccountKey, Kind, Move, Operation, Order
from billfold.domain.lots import Lot
from billfold.domain.passes import Pass
from billfold.domain.templates import values_fingerprint
from billfold.flows.ledger_orders import Asked as Asked
from billfold.flows.ledger_orders import check_id, order_of
from billfold.ledger_ports import Reservation
from billfold.ports import Clock, Entropy, Services, Tx

SHOWN_AS = "balances"
"""Where a template finds the balances of its pass: `{{ balances.EUR }}`, `{{ balances.points }}`."""
AVAILABLE_AS = "available"
"""And, of units with lots, what of it can be spent: `{{ available.points }}`."""
_REVERSIBLE: Mapping[Kind, tuple[frozenset[Kind], str]] = {
    Kind.REFUND: (frozenset({Kind.CHARGE, Kind.REDEEM}), "only what took something can be refunded"),
    Kind.CHARGEBACK: (frozenset({Kind.TOP_UP, Kind.CONFIRM}), "only a top-up can be charged back"),
    Kind.CONFIRM: (frozenset({Kind.RESERVE}), "only a reservation can be confirmed"),
    Kind.RELEASE: (frozenset({Kind.RESERVE}), "only a reservation can be released"),
    Kind.VOID: (frozenset(Kind) - {Kind.VOID, Kind.RESERVE, Kind.RELEASE}, "this cannot be voided"),
}
"""What each kind may point back at."""


class Bookkeeper(Protocol):
    """What posting takes of ports.Services: jobs have no more."""

    @property
    def clock(self) -> Clock: ...
    @property
    def entropy(self) -> Entropy: ...


@dataclass(frozen=True, slots=True)
class Books:
    """A Bookkeeper, for who has no Services."""

    clock: Clock
    entropy: Entropy


@dataclass(frozen=True, slots=True)
class Answered:
    """`repeated`: it had been decided before, and `operation` is that one; nothing was done now. `mismatched`: that one was asked
    for in other words. `notified`: devices that hear of it; whoever posted inside a transaction wakes the workers for them."""

    operation: Operation
    repeated: bool
    notified: int = 0
    mismatched: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """What is asked, as far as it is known before anything is locked. `keys`: every account that it may post on, in the order in
    which they are locked; none where it points back at an operation. `overdraws`: a void of what is spent may go below the
    floor."""

    asked: Asked
    scope: Scope
    order: Order
    keys: tuple[AccountKey, ...]
    overdraws: bool

    @property
    def owners(self) -> set[str]:
        """The passes that it names."""
        return {self.asked.pass_id, *(move.key.owner for move in self.order.moves if not move.key.system)}


After = Callable[[Tx, Answered], None]
"""What else commits with a new operation."""


async def post(services: Services, actor: Actor, asked: Asked, after: After | None = None) -> Answered:
    """Raises Invalid, NotFound, Gone, Forbidden, Conflict, IdempotencyMismatch. A balance that does not suffice is no error but a
    declined operation, and stays declined when it is repeated (domain/declines.py has the words for it)."""
    authorize(actor, "operations.create")

    def transaction(tx: Tx) -> Answered:
        answered = post_in(services, tx, actor, asked)
        if after and not answered.repeated:
            after(tx, answered)
        return answered

    answered = await services.store.write(transaction, short=True)
    if answered.notified:
        services.wake()
    return answered


def post_in(books: Bookkeeper, tx: Tx, actor: Actor, asked: Asked) -> Answered:
    """As `post`, inside a transaction that the caller has begun, for an actor whom the caller has let do so. Ends neither; does no
    I/O; may run again with its transaction."""
    ready = ready_for(books, actor, asked)
    foresee(tx, ready)
    return decide(books, tx, ready)


def ready_for(books: Bookkeeper, actor: Actor, asked: Asked) -> Ready:
    """The first part of `post_in`, which needs no transaction: what follows are `foresee` and `decide`."""
    check_id(asked.id)
    return _ready(books, actor.scope, asked, actor.principal, overdraws=OVERDRAFT in actor.scopes)


def _ready(books: Bookkeeper, scope: Scope, asked: Asked, who: str, *, overdraws: bool = False) -> Ready:
    order = order_of(asked, scope, who, books.clock.now_ms())
    return Ready(asked, scope, order, () if order.reverses else tuple(ledger.touched(order)), overdraws)


def foresee(tx: Tx, ready: Ready) -> None:
    """Before `decide`: what it asks first goes with the next question. (Of what points back, the accounts are not known yet.)"""
    if ready.keys:
        tx.ahead.operation(ready.scope, ready.order.id, ready.owners, ready.keys)


def carry_out(books: Bookkeeper, tx: Tx, scope: Scope, asked: Asked, who: str) -> Answered:
    """What `post_in` does, for the ledger's own jobs."""
    ready = _ready(books, scope, asked, who)
    foresee(tx, ready)
    return decide(books, tx, ready)


def decide(books: Bookkeeper, tx: Tx, ready: Ready) -> Answered:
    """The rest of `post_in`: locks, decides, writes."""
    asked, scope, order, overdraws = ready.asked, ready.scope, ready.order, ready.overdraws
    if asked.payment and (paid := _paid(tx, scope, order)):
        return paid
    original = _original(tx, scope, order) if order.reverses else None
    held = _held(tx, ready, original)
    refused = ""
    if original:
        order, refused = _completed(tx, scope, replace(order, overdraws=overdraws and order.kind is Kind.VOID), original)
    operation, accounts = Operation(order, declined=refused), dict[AccountKey, Account]()
    if not refused:
        accounts = tx.ledger.lock(scope, ready.keys or ledger.touched(order))
        if stopped := _stopped(order, accounts):
            return _repeated(tx, scope, order, asked, stopped)
        order, open_lots = _lots(tx, scope, order, asked, accounts)
        accounts = {key: _opened(tx, scope, one, asked) for key, one in accounts.items()}
        operation, accounts = ledger.decide(order, accounts, open_lots)
    if not tx.ledger.add(scope, operation, accounts):
        return _repeated(tx, scope, order, asked)
    if not operation.declined:
        _settle(tx, scope, asked, order)
    notified = sum(show(books, tx, scope, found, operation) for found in held) if operation.postings else 0
    return Answered(operation, repeated=False, notified=notified)


def _repeated(tx: Tx, scope: Scope, order: Order, asked: Asked, otherwise: Exception | None = None) -> Answered:
    earlier = tx.ledger.find(scope, order.id)
    if earlier is None and otherwise:
        raise otherwise
    assert earlier is not None, "its id was taken"
    same = earlier.order.fingerprint == order.fingerprint
    if not same and not asked.any_body:
        raise IdempotencyMismatch()
    return Answered(earlier, repeated=True, mismatched=not same)


def _paid(tx: Tx, scope: Scope, order: Order) -> Answered | None:
    """What the same payment has credited, under whichever id: a webhook that comes twice. Raises Conflict."""
    earlier = tx.ledger.find_payment(scope, order.payment or "")
    if earlier is None or earlier.order.id == order.id:
        return None
    if earlier.order.fingerprint != order.fingerprint:
        raise Conflict("payment_reference_used", "this payment reference has credited something else before")
    return Answered(earlier, repeated=True)


def _stopped(order: Order, accounts: Mapping[AccountKey, Account]) -> Exception | None:
    """Why nothing new may be posted. What was posted before is answered all the same."""
    if any(one.frozen for one in accounts.values()):
        return Conflict("account_frozen", "the books of this account do not add up; it takes no postings until somebody has looked")
    late = [unit for unit, one in order.limits.items() if one.expires_at_ms is not None and one.expires_at_ms <= order.at_ms]
    if late:
        return Invalid(FieldProblem(f"lots.{late[0]}", "in_the_past", "has expired already", "give a later expires_at"))
    return None


def _opened(tx: Tx, scope: Scope, account: Account, asked: Asked) -> Account:
    """With the floor that its first posting gives it: the one asked for, else that of the programme whose card the pass is. A floor
    is one pass's, not that of who receives from it."""
    key = account.key
    if account.sequence or key.system:
        return account
    if key.owner == asked.pass_id and key.unit in asked.floors:
        return replace(account, floor=asked.floors[key.unit])
    card = tx.cards.find(scope, PassId(key.owner))
    programme = tx.programmes.find(scope, card.programme_id) if card else None
    return replace(account, floor=programme.floor_of(key.unit)) if programme else account


def _held(tx: Tx, ready: Ready, original: Operation | None) -> list[Pass]:
    """The passes that the order touches, locked in one order: what is then read about them stays true. Raises NotFound, Gone."""
    scope, order, owners = ready.scope, ready.order, ready.owners
    if original:
        theirs = {one.key.owner for one in original.postings if not one.key.system}
        if original.order.kind is Kind.RESERVE:
            reservation = tx.reservations.find(scope, original.order.id)
            theirs = {reservation.owner} if reservation else set()
        if not owners <= theirs:
            mend = "name the pass that the operation was made on"
            raise Invalid(FieldProblem("pass_id", "another_pass", "the operation touched another pass", mend))
        owners = theirs
    held = []
    for owner in sorted(owners):
        found = tx.passes.find_locked(scope, PassId(owner))
        if found is None:
            raise Gone("pass") if tx.ledger.find(scope, order.id) else NotFound("pass")
        held.append(found)
    return held


def _original(tx: Tx, scope: Scope, order: Order) -> Operation:
    """What the order points back at, which can be so. Raises NotFound, Invalid."""
    original = tx.ledger.find(scope, order.reverses or "")
    if original is None:
        raise NotFound("operation")
    kinds, wrong = _REVERSIBLE[order.kind]
    if original.declined or original.order.kind not in kinds:
        problem = "it was declined" if original.declined else wrong
        raise Invalid(FieldProblem("reverses", "not_reversible", problem, "correct it by an operation of kind adjust"))
    return original


def _completed(tx: Tx, scope: Scope, order: Order, original: Operation) -> tuple[Order, str]:
    """The order with what it takes from its original, and why it is refused. What has reversed the original so far stays so while
    the passes are locked: two refunds at once cannot both find room."""
    if order.kind in (Kind.CONFIRM, Kind.RELEASE):
        return _of_reservation(tx, scope, order)
    order = replace(order, rules=max(1, original.order.rules))
    since = tx.ledger.reversing(scope, original.order.id)
    if any(one.order.kind is Kind.VOID for one in since):
        return order, VOIDED
    if order.kind is Kind.VOID and since:
        return order, REFUNDED
    given: dict[AccountKey, int] = {}
    for key, amount in ((one.key, one.amount) for earlier in since for one in earlier.postings if not one.key.system):
        given[key] = given.get(key, 0) + amount
    if order.kind is Kind.CHARGEBACK:
        return _charged_back(order, original, since)
    tax = original.order.vat
    if order.kind is Kind.VOID:
        order, refused = replace(order, moves=ledger.undoing(original), vat=tax and vat.undone(tax)), ""
    else:
        for move in order.moves:
            if tax and move.key.unit == tax.unit:
                order = replace(order, vat=vat.given_back(tax, given.get(move.key, 0), move.amount))
        order = replace(order, counter=ledger.COUNTERS[original.order.kind])
        refused = ledger.excessive(original, given, order.moves)
    return _with_its_lots(tx, scope, order, original, since), refused


def _charged_back(order: Order, original: Operation, since: list[Operation]) -> tuple[Order, str]:
    """What a bank takes is what funding gets back, whatever the card still had of it."""
    taken: dict[str, int] = {}
    for one in (
        one for earlier in since for one in earlier.postings if one.key.system and one.key.owner.startswith("system:funding")
    ):
        taken[one.key.unit] = taken.get(one.key.unit, 0) + one.amount
    credited = {one.key: one.amount for one in original.postings if not one.key.system}
    moves = order.moves or tuple(Move(key, taken.get(key.unit, 0) - amount) for key, amount in credited.items())
    refused = ledger.excessive(original, {key: -taken.get(key.unit, 0) for key in credited}, moves)
    tax = original.order.vat if order.rules >= ledger.RULES else None
    for move in moves:
        if tax and move.key.unit == tax.unit and not refused:
            order = replace(order, vat=vat.given_back(tax, taken.get(move.key.unit, 0), -move.amount))
    return replace(order, moves=moves), refused


def _of_reservation(tx: Tx, scope: Scope, order: Order) -> tuple[Order, str]:
    reservation = tx.reservations.find(scope, order.reverses or "")
    assert reservation is not None, "a posted reservation has its row"
    key = AccountKey(reservation.owner, reservation.unit)
    moves: tuple[Move, ...] = (Move(key, reservation.amount),)
    if order.vat and key.unit not in ledger.PLAIN_UNITS:
        order = replace(order, vat=vat.contained(key.unit, reservation.amount, order.vat.rate_bp))
    if order.kind is Kind.RELEASE:
        shard = ledger.shard_of(key.owner)
        pairs = ((ledger.FUNDING, reservation.amount), (ledger.RESERVED, -reservation.amount))
        moves = tuple(Move(ledger.system_key(name, shard, key.unit), amount) for name, amount in pairs)
    return replace(order, moves=moves), "" if reservation.state == "open" else SETTLED


def _settle(tx: Tx, scope: Scope, asked: Asked, order: Order) -> None:
    """The row of a reservation, made or ended."""
    if order.kind is Kind.RESERVE:
        ((unit, amount),) = asked.amounts.items()
        assert asked.reserved_until_ms is not None
        tx.reservations.add(scope, Reservation(order.id, asked.pass_id, unit, amount, asked.reserved_until_ms))
    elif order.kind in (Kind.CONFIRM, Kind.RELEASE):
        tx.reservations.settle(scope, order.reverses or "", "confirmed" if order.kind is Kind.CONFIRM else "released", order.id)


def _with_its_lots(tx: Tx, scope: Scope, order: Order, original: Operation, since: list[Operation]) -> Order:
    """What undoes an operation first takes the lots that it made, and gives back to those that it took from."""
    made = frozenset((key, lot) for key, lot in tx.lots.made_by(scope, original.order.id))
    out: dict[AccountKey, dict[str, int]] = {}
    for key, lot, amount in tx.lots.uses_of(scope, [original.order.id, *(one.order.id for one in since)]):
        left = out.setdefault(key, {})
        left[lot] = left.get(lot, 0) - amount
    back: list[tuple[AccountKey, lots.Use]] = []
    for move in order.moves:
        taken = out.get(move.key, {})
        if move.amount > 0 and taken:
            whole = sum(one.amount for op in (original, *since) for one in op.postings if one.key == move.key)
            plain = -whole - sum(taken.values())
            there = tx.lots.there(scope, move.key, list(taken))
            back += [(move.key, use) for use in lots.give_back(there, taken, max(0, plain), move.amount)]
    return replace(order, unlocked=made, back=tuple(back))


def _lots(
    tx: Tx, scope: Scope, order: Order, asked: Asked, accounts: Mapping[AccountKey, Account]
) -> tuple[Order, dict[AccountKey, tuple[Lot, ...]]]:
    """The lots of the accounts that have some; of those that get some back, these as well."""
    found = {key: {lot.id: lot for lot in tx.lots.open_of(scope, key)} for key, one in accounts.items() if one.lots}
    for key, use in order.back:
        known = found.setdefault(key, {})
        if use.lot not in known:
            known |= {lot.id: lot for lot in tx.lots.there(scope, key, [use.lot])}
    if asked.lot is not None:
        order = replace(order, unlocked=frozenset((move.key, asked.lot) for move in order.moves))
    return order, {key: tuple(held.values()) for key, held in found.items()}


def show(books: Bookkeeper, tx: Tx, scope: Scope, found: Pass, operation: Operation) -> int:
    """The pass shows its new balances: its values, the next number and what devices want, as for any other change."""
    order = operation.order
    held = {key.unit: balance for key, balance in operation.balances().items() if key.owner == found.id}
    if not held:
        return 0
    data: dict[str, str | int] = {"operation": order.id, "kind": order.kind.value}
    data |= {f"balance.{unit}": balance for unit, balance in held.items()}
    event_id = books.entropy.event_id()
    tx.events.append(Event(event_id, scope, order.at_ms, EventKind.BALANCE_CHANGED, found.id, cause=order.actor, data=data))
    available = {key.unit: amount for key, amount in operation.available.items() if key.owner == found.id}
    return shows(tx, scope, found, order.at_ms, {SHOWN_AS: held, AVAILABLE_AS: available})


def shows(tx: Tx, scope: Scope, found: Pass, now: int, amounts: Mapping[str, Mapping[str, int]]) -> int:
    """Puts amounts by unit into the values of a pass that shows a template: how many devices hear of it."""
    if found.template_id is None:
        return 0
    values = dict(found.values)
    for name, by_unit in amounts.items():
        if by_unit:
            shown = values.get(name)
            before = shown if isinstance(shown, dict) else {}
            values[name] = before | {unit: ledger.decimal_text(amount, unit) for unit, amount in by_unit.items()}
    fingerprint = values_fingerprint(values)
    if fingerprint == found.fingerprint:
        return 0
    tx.passes.renew(replace(found, values=values, fingerprint=fingerprint, updated_at_ms=now))
    return tx.deliveries.want_taken(scope, found.id, now, Priority.INTERACTIVE)
