"""Post an operation, give part of one back, undo one: accounts, postings, event and what phones must hear of commit together.

The caller's id makes each of them happen once, whatever is repeated and whenever. May not enter: HTTP, prices, wallets."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from billfold.domain import ledger
from billfold.domain.delivery import Priority
from billfold.domain.errors import FieldProblem, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope, scope_of_pass
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import BALANCE_MAX, Account, AccountKey, Kind, Move, Operation, Order, Posting
from billfold.domain.templates import values_fingerprint
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx

SHOWN_AS = "balances"
"""Where a template finds the balances of its pass: `{{ balances.EUR }}`, `{{ balances.points }}`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as a caller wants it. `amounts`: unit → signed minor units; empty for a void. `id`: 16 to 128 visible characters
    of ASCII, made by the caller and never used again for anything else."""

    id: str
    kind: Kind
    pass_id: str
    amounts: dict[str, int]
    to_pass_id: str | None = None
    reverses: str | None = None
    description: str = ""
    reference: str = ""
    occurred_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """`repeated`: it had been posted before, and `operation` is that one; nothing was done now. `notified`: devices that hear
    of it."""

    operation: Operation
    repeated: bool
    notified: int = 0


After = Callable[[Tx, Answered], None]
"""What else commits with a new operation."""


async def post(services: Services, actor: Actor, asked: Asked, after: After | None = None) -> Answered:
    """Raises Invalid, NotFound, Forbidden, IdempotencyMismatch. A balance that does not suffice is no error but a declined
    operation, and stays declined when it is repeated."""
    authorize(actor, "operations.create")
    scope, now = actor.scope, services.clock.now_ms()
    _check_id(asked.id)
    order = _order(asked, scope, actor, now)

    def transaction(tx: Tx) -> Answered:
        if earlier := tx.ledger.find(scope, order.id):
            if earlier.order.fingerprint != order.fingerprint:
                raise IdempotencyMismatch()
            return Answered(earlier, repeated=True)
        for owner in {move.key.owner for move in order.moves} or {asked.pass_id}:
            if tx.passes.find(scope, PassId(owner)) is None:
                raise NotFound("pass")
        answered = _decided(services, tx, scope, order)
        if after:
            after(tx, answered)
        return answered

    answered = await services.store.write(transaction)
    if answered.notified:
        services.wake()
    return answered


def _check_id(id_: str) -> None:
    if not (16 <= len(id_) <= 128 and id_.isascii() and id_.isprintable() and " " not in id_):
        mend = "make an id of 16 to 128 visible ASCII characters before the first try, like a UUID, and keep it for every repeat"
        raise Invalid(FieldProblem("id", "malformed", "is no operation id", mend))


def _order(asked: Asked, scope: Scope, actor: Actor, now: int) -> Order:
    for path, serial in (("pass_id", asked.pass_id), ("to_pass_id", asked.to_pass_id)):
        if serial is not None and scope_of_pass(serial) != scope:
            raise NotFound("pass") if path == "pass_id" else NotFound("pass to transfer to")
    moves = tuple(Move(AccountKey(asked.pass_id, unit), amount) for unit, amount in asked.amounts.items())
    if asked.kind is Kind.TRANSFER:
        if asked.to_pass_id is None or asked.to_pass_id == asked.pass_id:
            raise Invalid(FieldProblem("to_pass_id", "missing", "a transfer goes to another pass", "name the pass that receives"))
        moves = tuple(Move(move.key, -abs(move.amount)) for move in moves) + tuple(
            Move(AccountKey(asked.to_pass_id, move.key.unit), abs(move.amount)) for move in moves
        )
    body = msgspec.json.encode(
        (asked.kind.value, asked.pass_id, sorted(asked.amounts.items()), asked.to_pass_id, asked.reverses, asked.description)
    )
    order = Order(
        asked.id,
        asked.kind,
        moves,
        hashlib.sha256(body).hexdigest(),
        actor.principal,
        now,
        min(asked.occurred_at_ms or now, now),
        asked.reverses,
        asked.description,
        asked.reference,
    )
    if asked.kind is Kind.VOID:
        if asked.amounts:
            raise Invalid(FieldProblem("amounts", "misplaced", "a void undoes the whole operation", "leave the amounts out"))
        if asked.reverses is None:
            raise Invalid(FieldProblem("reverses", "missing", "a void points at what it undoes", "name the operation"))
    else:
        ledger.check(order)
    return order


def _decided(services: Services, tx: Tx, scope: Scope, order: Order) -> Answered:
    original = _original(tx, scope, order) if order.reverses else None
    if order.kind is Kind.VOID and original:
        order = replace(order, moves=ledger.undoing(original))
    accounts = tx.ledger.lock(scope, [move.key for move in ledger.legs(order)])
    refused = _refused(tx, scope, order, original) if original else ""
    operation, changed = (Operation(order, declined=refused), accounts) if refused else ledger.decide(order, accounts)
    tx.ledger.add(scope, operation, changed)
    notified = 0
    for owner in sorted({one.key.owner for one in operation.postings if not one.key.system}):
        notified += _show(services, tx, scope, PassId(owner), operation)
    return Answered(operation, repeated=False, notified=notified)


def _original(tx: Tx, scope: Scope, order: Order) -> Operation:
    original = tx.ledger.find(scope, order.reverses or "")
    if original is None:
        raise NotFound("operation")
    if original.order.kind is Kind.VOID or original.declined:
        mend = "correct it by an operation of kind adjust"
        raise Invalid(FieldProblem("reverses", "not_reversible", "a void or a declined operation cannot be reversed", mend))
    if order.kind is Kind.REFUND and original.order.kind is not Kind.CHARGE:
        raise Invalid(FieldProblem("reverses", "not_a_charge", "only a charge can be refunded", "use void or adjust"))
    return original


def _refused(tx: Tx, scope: Scope, order: Order, original: Operation) -> str:
    """With the accounts locked, so that two refunds at once cannot both find room."""
    given: dict[AccountKey, int] = {}
    for earlier in tx.ledger.reversing(scope, original.order.id):
        if earlier.order.kind is Kind.VOID:
            return "already_voided"
        for key, amount in ((one.key, one.amount) for one in earlier.postings if not one.key.system):
            given[key] = given.get(key, 0) + amount
    if order.kind is Kind.VOID:
        return "already_refunded" if given else ""
    return ledger.refundable(original, given, order.moves)


def _show(services: Services, tx: Tx, scope: Scope, pass_id: PassId, operation: Operation) -> int:
    """The pass shows its new balances: its values, the next number and what devices want, as for any other change."""
    found = tx.passes.find_locked(scope, pass_id)
    assert found is not None, "an account belongs to a pass"
    order, now = operation.order, operation.order.at_ms
    data: dict[str, str | int] = {"operation": order.id, "kind": order.kind.value}
    for key, balance in operation.balances().items():
        if key.owner == pass_id:
            data[f"balance.{key.unit}"] = balance
    event_id = services.entropy.event_id()
    tx.events.append(Event(event_id, scope, now, EventKind.BALANCE_CHANGED, pass_id, cause=order.actor, data=data))
    if found.template_id is None:
        return 0
    shown = found.values.get(SHOWN_AS)
    balances = dict(shown) if isinstance(shown, dict) else {}
    for key, balance in operation.balances().items():
        if key.owner == pass_id:
            balances[key.unit] = ledger.decimal_text(balance, key.unit)
    values = found.values | {SHOWN_AS: balances}
    number = tx.numbers.next(scope)
    stored = replace(found, values=values, fingerprint=values_fingerprint(values), number=number, updated_at_ms=now)
    tx.passes.replace(stored)
    return tx.deliveries.want_pass(scope, pass_id, found.pass_type, number, now, Priority.INTERACTIVE)


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
