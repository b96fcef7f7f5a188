"""Post an operation, give part of one back, undo one: accounts, postings, event and what phones must hear of commit together.

The caller's id makes each of them happen once, whatever is repeated and whenever. May not enter: HTTP, prices, wallets."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec

from billfold.domain import ledger, vat
from billfold.domain.declines import REFUNDED, VOIDED
from billfold.domain.delivery import Priority
from billfold.domain.errors import FieldProblem, Gone, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope, scope_of_pass
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import (
    BALANCE_MAX,
    NO_FACTS,
    PLAIN_UNITS,
    Account,
    AccountKey,
    Facts,
    Kind,
    Move,
    Operation,
    Order,
    Posting,
)
from billfold.domain.passes import Pass
from billfold.domain.templates import values_fingerprint
from billfold.domain.vat import RATE_BP_MAX, Vat
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx

SHOWN_AS = "balances"
"""Where a template finds the balances of its pass: `{{ balances.EUR }}`, `{{ balances.points }}`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as a caller wants it. `amounts`: unit → signed minor units; empty for a void. `id`: 16 to 128 visible characters
    of ASCII, made by the caller and never used again for anything else.

    `vat_rate_bp`: the rate of the tax in what is sold. `facts`: what reports want to know of it. `fingerprint`: of the request as
    it came, where the caller derives the rest from it; else it is made of what is asked. `any_body`: a repeat is a repeat whatever
    it asks now (source S2), and the answer tells that it differs."""

    id: str
    kind: Kind
    pass_id: str
    amounts: Mapping[str, int]
    to_pass_id: str | None = None
    reverses: str | None = None
    description: str = ""
    reference: str = ""
    occurred_at_ms: int | None = None
    vat_rate_bp: int | None = None
    facts: Facts = NO_FACTS
    fingerprint: str | None = None
    any_body: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """`repeated`: it had been decided before, and `operation` is that one; nothing was done now. `mismatched`: that one was asked
    for in other words. `notified`: devices that hear of it; whoever posted inside a transaction wakes the workers for them."""

    operation: Operation
    repeated: bool
    notified: int = 0
    mismatched: bool = False


After = Callable[[Tx, Answered], None]
"""What else commits with a new operation."""


async def post(services: Services, actor: Actor, asked: Asked, after: After | None = None) -> Answered:
    """Raises Invalid, NotFound, Gone, Forbidden, IdempotencyMismatch. A balance that does not suffice is no error but a declined
    operation, and stays declined when it is repeated (domain/declines.py has the words for it)."""
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


def post_in(services: Services, tx: Tx, actor: Actor, asked: Asked) -> Answered:
    """As `post`, inside a transaction that the caller has begun, for an actor whom the caller has let do so. Ends neither; does no
    I/O; may run again with its transaction."""
    scope, now = actor.scope, services.clock.now_ms()
    order = _order(asked, scope, actor, now)
    original = _original(tx, scope, order) if order.reverses else None
    held = _held(tx, scope, asked.pass_id, order, original)
    refused = ""
    if original:
        order, refused = _reversing(order, original, tx.ledger.reversing(scope, original.order.id))
    operation, accounts = Operation(order, declined=refused), dict[AccountKey, Account]()
    if not refused:
        accounts = tx.ledger.lock(scope, [move.key for move in ledger.legs(order)])
        operation, accounts = ledger.decide(order, accounts)
    if not tx.ledger.add(scope, operation, accounts):
        return _repeated(tx, scope, order, asked)
    notified = sum(_show(services, tx, scope, found, operation) for found in held) if operation.postings else 0
    return Answered(operation, repeated=False, notified=notified)


def _held(tx: Tx, scope: Scope, pass_id: str, order: Order, original: Operation | None) -> list[Pass]:
    """The passes that the order touches, locked in one order: what is then read about them stays true. Raises NotFound, Gone."""
    owners = {pass_id, *(move.key.owner for move in order.moves)}
    if original:
        theirs = {one.key.owner for one in original.postings if not one.key.system}
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


def _repeated(tx: Tx, scope: Scope, order: Order, asked: Asked) -> Answered:
    earlier = tx.ledger.find(scope, order.id)
    assert earlier is not None, "its id was taken"
    same = earlier.order.fingerprint == order.fingerprint
    if not same and not asked.any_body:
        raise IdempotencyMismatch()
    return Answered(earlier, repeated=True, mismatched=not same)


def _order(asked: Asked, scope: Scope, actor: Actor, now: int) -> Order:
    """What is asked, checked as far as no row is needed. Raises Invalid, NotFound."""
    _check_id(asked.id)
    for path, serial in (("pass", asked.pass_id), ("pass to transfer to", asked.to_pass_id)):
        if serial is not None and scope_of_pass(serial) != scope:
            raise NotFound(path)
    order = Order(
        asked.id,
        asked.kind,
        _moves(asked),
        asked.fingerprint or _fingerprint(asked),
        actor.principal,
        now,
        min(asked.occurred_at_ms or now, now),
        asked.reverses,
        asked.description,
        asked.reference,
        asked.facts,
        None if asked.vat_rate_bp is None else _vat(asked, asked.vat_rate_bp),
    )
    if asked.kind is Kind.VOID:
        if asked.amounts:
            raise Invalid(FieldProblem("amounts", "misplaced", "a void undoes the whole operation", "leave the amounts out"))
        if asked.reverses is None:
            raise Invalid(FieldProblem("reverses", "missing", "a void points at what it undoes", "name the operation"))
    else:
        ledger.check(order)
    return order


def _check_id(id_: str) -> None:
    if not (16 <= len(id_) <= 128 and id_.isascii() and id_.isprintable() and " " not in id_):
        mend = "make an id of 16 to 128 visible ASCII characters before the first try, like a UUID, and keep it for every repeat"
        raise Invalid(FieldProblem("id", "malformed", "is no operation id", mend))


def _moves(asked: Asked) -> tuple[Move, ...]:
    moves = tuple(Move(AccountKey(asked.pass_id, unit), amount) for unit, amount in asked.amounts.items())
    if asked.kind is not Kind.TRANSFER:
        return moves
    to = asked.to_pass_id
    if to is None or to == asked.pass_id:
        raise Invalid(FieldProblem("to_pass_id", "missing", "a transfer goes to another pass", "name the pass that receives"))
    given = tuple(Move(move.key, -abs(move.amount)) for move in moves)
    return given + tuple(Move(AccountKey(to, move.key.unit), -move.amount) for move in given)


def _fingerprint(asked: Asked) -> str:
    """Of what is asked; not of who sends it from where, or of when it happened: a scanner in another's place must find it."""
    facts = asked.facts
    body = (
        *(asked.kind.value, asked.pass_id, sorted(asked.amounts.items()), asked.to_pass_id, asked.reverses, asked.description),
        *(asked.reference, asked.vat_rate_bp, facts.product_id, sorted(facts.details.items())),
    )
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


def _vat(asked: Asked, rate_bp: int) -> Vat:
    """Of the money that is taken. Where only points or stamps pay, the rate alone is kept. Raises Invalid."""
    if asked.kind not in (Kind.CHARGE, Kind.TOP_UP, Kind.REDEEM):
        mend = "leave it out: what gives back copies the original's rate"
        raise Invalid(FieldProblem("vat_rate_bp", "misplaced", "only a sale or a top-up has a tax of its own", mend))
    if not 0 <= rate_bp <= RATE_BP_MAX:
        raise Invalid(FieldProblem("vat_rate_bp", "out_of_range", "is no rate", "send 0 to 10000 basis points: 2100 is 21 %"))
    money = [(unit, abs(amount)) for unit, amount in asked.amounts.items() if unit not in PLAIN_UNITS]
    if len(money) > 1:
        raise Invalid(FieldProblem("vat_rate_bp", "ambiguous", "two currencies and one rate", "post them as two operations"))
    return vat.contained(*money[0], rate_bp) if money else Vat("", rate_bp, 0, 0, 0)


def _original(tx: Tx, scope: Scope, order: Order) -> Operation:
    """What a refund or void points at, which can be reversed. Raises NotFound, Invalid."""
    original = tx.ledger.find(scope, order.reverses or "")
    if original is None:
        raise NotFound("operation")
    if original.order.kind is Kind.VOID or original.declined:
        mend = "correct it by an operation of kind adjust"
        raise Invalid(FieldProblem("reverses", "not_reversible", "a void or a declined operation cannot be reversed", mend))
    if order.kind is Kind.REFUND and original.order.kind not in (Kind.CHARGE, Kind.REDEEM):
        raise Invalid(FieldProblem("reverses", "not_a_charge", "only what took something can be refunded", "use void or adjust"))
    return original


def _reversing(order: Order, original: Operation, since: list[Operation]) -> tuple[Order, str]:
    """The order with what it takes from its original, and why it is refused. `since`: what has reversed the original so far, which
    stays so while the passes are locked: two refunds at once cannot both find room."""
    tax = original.order.vat
    if any(one.order.kind is Kind.VOID for one in since):
        return order, VOIDED
    if order.kind is Kind.VOID:
        order = replace(order, moves=ledger.undoing(original), vat=tax and vat.undone(tax))
        return order, REFUNDED if since else ""
    given: dict[AccountKey, int] = {}
    for key, amount in ((one.key, one.amount) for earlier in since for one in earlier.postings if not one.key.system):
        given[key] = given.get(key, 0) + amount
    for move in order.moves:
        if tax and move.key.unit == tax.unit:
            order = replace(order, vat=vat.given_back(tax, given.get(move.key, 0), move.amount))
    return replace(order, counter=ledger.COUNTERS[original.order.kind]), ledger.refundable(original, given, order.moves)


def _show(services: Services, tx: Tx, scope: Scope, found: Pass, operation: Operation) -> int:
    """The pass shows its new balances: its values, the next number and what devices want, as for any other change."""
    order, now = operation.order, operation.order.at_ms
    held = {key.unit: balance for key, balance in operation.balances().items() if key.owner == found.id}
    data: dict[str, str | int] = {"operation": order.id, "kind": order.kind.value}
    data |= {f"balance.{unit}": balance for unit, balance in held.items()}
    event_id = services.entropy.event_id()
    tx.events.append(Event(event_id, scope, now, EventKind.BALANCE_CHANGED, found.id, cause=order.actor, data=data))
    if found.template_id is None:
        return 0
    shown = found.values.get(SHOWN_AS)
    balances = dict(shown) if isinstance(shown, dict) else {}
    balances |= {unit: ledger.decimal_text(balance, unit) for unit, balance in held.items()}
    values = found.values | {SHOWN_AS: balances}
    number = tx.numbers.next(scope)
    stored = replace(found, values=values, fingerprint=values_fingerprint(values), number=number, updated_at_ms=now)
    tx.passes.replace(stored)
    return tx.deliveries.want_pass(scope, found.id, found.pass_type, number, now, Priority.INTERACTIVE)


async def find(services: Services, actor: Actor, operation_id: str) -> Operation:
    """Raises NotFound, Forbidden."""
    authorize(actor, "operations.read")
    found = await services.store.read(lambda tx: tx.ledger.find(actor.scope, operation_id))
    if found is None:
        raise NotFound("operation")
    return found


async def balances(services: Services, actor: Actor, serial: str) -> list[Account]:
    """Raises NotFound, WrongScope, Forbidden."""
    known = await find_pass(services, actor, serial, "operations.read")
    return await services.store.read(lambda tx: tx.ledger.accounts(actor.scope, known.id))


async def statement(services: Services, actor: Actor, serial: str, unit: str, before: int | None, limit: int) -> list[Posting]:
    """Newest first. Raises NotFound, WrongScope, Forbidden."""
    known = await find_pass(services, actor, serial, "operations.read")
    key = AccountKey(known.id, unit)
    return await services.store.read(lambda tx: tx.ledger.statement(actor.scope, key, before or BALANCE_MAX, limit))
