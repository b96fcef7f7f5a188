"""From what a caller asks to an order of the ledger: checked as far as no row is needed. Its counterpart is ledger.py.

May not enter: transactions, HTTP, prices."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from billfold.domain import ledger, vat
from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.ids import Scope, scope_of_pass
from billfold.domain.ledger import FUNDING, NO_FACTS, PLAIN_UNITS, RESERVED, AccountKey, Facts, Kind, Move, Order
from billfold.domain.lots import Limits
from billfold.domain.vat import RATE_BP_MAX, Vat

TAKEN_PREFIXES = ("expire:", "release:")
"""Ids of operations that the ledger makes by itself."""
_WHOLE = (Kind.VOID, Kind.CONFIRM, Kind.RELEASE)
"""Kinds that do the whole of what they point at: nobody says how much."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as a caller wants it. `amounts`: unit → signed minor units; empty for a void, a confirmation, a release, and a
    chargeback of everything. `id`: 16 to 128 visible characters of ASCII, made by the caller and never used for anything else.

    `vat_rate_bp`: the rate of the tax in what is sold, or in money whose tax is due as it comes. `facts`: what reports want to know
    of it. `fingerprint`: of the request as it came, where the caller derives the rest from it; else it is made of what is asked.
    `any_body`: a repeat is a repeat whatever it asks now (source S2), and the answer tells that it differs.

    `floors`: by unit, how far below zero a balance may go, as minor units (-5000); holds from the account's first posting on and is
    not looked at later; of a unit that is not named, the programme of a card says it. `accepts`: it happened already, without a
    network: what the card lacks is booked as the merchant's loss. `limits`: by unit, when what is credited may be spent and until
    when. `payment`: the reference of the money behind a top-up, which credits once in a scope. `reserved_until_ms`: when a
    reservation that nobody confirms is released. `lot`: which one expires."""

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
    floors: Mapping[str, int] = field(default_factory=dict)
    accepts: bool = False
    limits: Mapping[str, Limits] = field(default_factory=dict)
    payment: str | None = None
    reserved_until_ms: int | None = None
    lot: str | None = None


def check_id(id_: str) -> None:
    """Raises Invalid."""
    if not (16 <= len(id_) <= 128 and id_.isascii() and id_.isprintable() and " " not in id_):
        mend = "make an id of 16 to 128 visible ASCII characters before the first try, like a UUID, and keep it for every repeat"
        raise Invalid(FieldProblem("id", "malformed", "is no operation id", mend))
    if id_.startswith(TAKEN_PREFIXES):
        raise Invalid(FieldProblem("id", "reserved", "begins as the ledger's own ids do", "begin it with something else"))


def order_of(asked: Asked, scope: Scope, actor: str, now: int) -> Order:
    """What is asked, for the accounts. What points back at another operation is completed from it (ledger.py). Raises Invalid,
    NotFound."""
    for path, serial in (("pass", asked.pass_id), ("pass to transfer to", asked.to_pass_id)):
        if serial is not None and scope_of_pass(serial) != scope:
            raise NotFound(path)
    _check_specials(asked)
    order = Order(
        asked.id,
        asked.kind,
        _moves(asked),
        asked.fingerprint or _fingerprint(asked),
        actor,
        now,
        min(asked.occurred_at_ms or now, now),
        asked.reverses,
        asked.description,
        asked.reference,
        asked.facts,
        None if asked.vat_rate_bp is None else _vat(asked, asked.vat_rate_bp),
        payment=asked.payment,
        limits=asked.limits,
        accepts=asked.accepts or asked.kind is Kind.CHARGEBACK,
    )
    if asked.kind in _WHOLE and asked.amounts:
        raise Invalid(FieldProblem("amounts", "misplaced", f"a {asked.kind.value} does the whole operation", "leave them out"))
    if asked.kind in ledger.POINTING_BACK and asked.reverses is None:
        raise Invalid(FieldProblem("reverses", "missing", f"a {asked.kind.value} points at an operation", "name it"))
    if asked.kind not in _WHOLE and (asked.amounts or asked.kind is not Kind.CHARGEBACK):
        ledger.check(order)
    return replace(order, moves=reserving(order.moves)) if asked.kind is Kind.RESERVE else order


def reserving(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Money that is announced moves between system accounts; the card has nothing of it."""
    (move,) = moves
    shard, unit = ledger.shard_of(move.key.owner), move.key.unit
    keys = (ledger.system_key(FUNDING, shard, unit), ledger.system_key(RESERVED, shard, unit))
    return (Move(keys[0], -move.amount), Move(keys[1], move.amount))


def _check_specials(asked: Asked) -> None:
    """Raises Invalid."""
    problems = [
        FieldProblem(f"floors.{unit}", "above_zero", "a floor is zero or below", "send 0, or minor units below zero")
        for unit, floor in asked.floors.items()
        if floor > 0
    ]
    for unit, limits in asked.limits.items():
        available, expires = limits.available_at_ms, limits.expires_at_ms
        path = f"lots.{unit}"
        if asked.amounts.get(unit, 0) <= 0 or asked.kind in (Kind.REFUND, Kind.TRANSFER, Kind.RESERVE):
            problems.append(FieldProblem(path, "misplaced", "nothing of this unit is credited", "leave it out"))
        elif expires is not None and expires <= (available or 0):
            problems.append(FieldProblem(path, "never_valid", "expires before it can be spent", "give a later expires_at"))
        elif available is None and expires is None:
            problems.append(FieldProblem(path, "missing", "has no limit", "send available_at, expires_at or both"))
    if asked.payment is not None and asked.kind not in (Kind.TOP_UP, Kind.RESERVE, Kind.CONFIRM):
        problems.append(FieldProblem("payment_reference", "misplaced", "only a top-up is paid", "leave it out"))
    if (asked.reserved_until_ms is None) == (asked.kind is Kind.RESERVE):
        wrong = ("missing", "a reservation ends") if asked.kind is Kind.RESERVE else ("misplaced", "nothing is reserved")
        problems.append(FieldProblem("reserved_until", *wrong, "send it with kind reserve, and with no other"))
    if asked.kind is Kind.RESERVE and len(asked.amounts) != 1:
        problems.append(FieldProblem("amounts", "one_unit", "a reservation is of one unit", "reserve each for itself"))
    if asked.kind is Kind.EXPIRE and asked.lot is None and asked.limits:
        problems.append(FieldProblem("lots", "misplaced", "an expiry credits nothing", "leave it out"))
    if problems:
        raise Invalid(*problems)


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
    lots = sorted((unit, one.available_at_ms, one.expires_at_ms) for unit, one in asked.limits.items())
    body = (
        *(asked.kind.value, asked.pass_id, sorted(asked.amounts.items()), asked.to_pass_id, asked.reverses, asked.description),
        *(asked.reference, asked.vat_rate_bp, facts.product_id, sorted(facts.details.items()), lots, asked.payment),
        *(asked.reserved_until_ms, asked.lot),
    )
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


def _vat(asked: Asked, rate_bp: int) -> Vat:
    """Of the money that is taken or comes. Where only points or stamps pay, the rate alone is kept; so it is of a confirmation,
    until its reservation has said how much. Raises Invalid."""
    if asked.kind not in (Kind.CHARGE, Kind.TOP_UP, Kind.REDEEM, Kind.CONFIRM):
        mend = "leave it out: what gives back copies the original's rate"
        raise Invalid(FieldProblem("vat_rate_bp", "misplaced", "only a sale or a top-up has a tax of its own", mend))
    if not 0 <= rate_bp <= RATE_BP_MAX:
        raise Invalid(FieldProblem("vat_rate_bp", "out_of_range", "is no rate", "send 0 to 10000 basis points: 2100 is 21 %"))
    money = [(unit, abs(amount)) for unit, amount in asked.amounts.items() if unit not in PLAIN_UNITS]
    if len(money) > 1:
        raise Invalid(FieldProblem("vat_rate_bp", "ambiguous", "two currencies and one rate", "post them as two operations"))
    return vat.contained(*money[0], rate_bp) if money else Vat("", rate_bp, 0, 0, 0)
