"""Money, points, stamps and entries as double entry: an operation is decided here, from its order and the accounts it touches.

Amounts are whole minor units. A balance is the sum of postings that are never changed; what was wrong is put right by another
operation. Pure: storage/ledger.py locks the accounts and writes what is decided.
Source: reference/reliability-security.md section 3.
May not enter: storage, prices and rules of a shop, the clock (times are given)."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from billfold.domain.declines import INSUFFICIENT, LIMIT, TOO_LARGE
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.vat import Vat
from billfold.domain.vat import members as tax_members

AMOUNT_MAX = 10**12
BALANCE_MAX = 9 * 10**15
"""Below 2^53, so that clients in JavaScript stay exact."""
SHARDS = 16
"""A system account stands in so many rows, so that passes of one workspace do not wait for each other."""
GENESIS = bytes(32)
RULES = 1
"""Of which version are the rules that an operation was decided by; kept with it. 0: of before operations were sealed."""
PLAIN_UNITS = ("points", "stamps", "visits", "entries")
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class Kind(StrEnum):
    """What happened. REFUND, VOID and CORRECT point back at an operation."""

    CHARGE = "charge"
    EARN = "earn"
    TOP_UP = "top_up"
    REDEEM = "redeem"
    REFUND = "refund"
    VOID = "void"
    EXPIRE = "expire"
    ADJUST = "adjust"
    TRANSFER = "transfer"
    OPENING = "opening"


COUNTERS: dict[Kind, str] = {
    Kind.CHARGE: "sales",
    Kind.EARN: "issued",
    Kind.TOP_UP: "funding",
    Kind.REDEEM: "redeemed",
    Kind.REFUND: "sales",
    Kind.EXPIRE: "expired",
    Kind.ADJUST: "adjustments",
    Kind.OPENING: "opening",
}
"""The system account on the other side. A void takes those of what it undoes; a transfer needs none."""
VAT_DUE = "vat_due"
"""Where the tax in a sale goes; the rest goes to the sales."""
_DIRECTION = {Kind.CHARGE: -1, Kind.EARN: 1, Kind.TOP_UP: 1, Kind.REDEEM: -1, Kind.REFUND: 1, Kind.EXPIRE: -1}
"""Kinds whose amounts go one way only."""


def exponent_of(unit: str) -> int:
    """Decimal places of a unit's minor unit (ISO 4217): EUR 2, JPY 0, KWD 3; points and the like 0."""
    return 0 if unit in PLAIN_UNITS else _EXPONENTS.get(unit, 2)


def decimal_text(amount: int, unit: str) -> str:
    """Minor units as people write them: 550 EUR → `5.50`."""
    places = exponent_of(unit)
    digits = str(abs(amount)).zfill(places + 1)
    whole, rest = (digits[:-places], digits[-places:]) if places else (digits, "")
    return f"{'-' if amount < 0 else ''}{whole}{'.' if places else ''}{rest}"


_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """`owner`: the id of a pass, or `system:<name>:<shard>`."""

    owner: str
    unit: str

    @property
    def system(self) -> bool:
        return self.owner.startswith("system:")


@dataclass(frozen=True, slots=True)
class Account:
    """The last posting's balance and hash, kept beside the postings in the same transaction. `floor`: what the balance may not go
    below; None: it may (a system account)."""

    key: AccountKey
    balance: int = 0
    sequence: int = 0
    floor: int | None = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Move:
    """A signed change of one account of a pass."""

    key: AccountKey
    amount: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the caller notes beside an order, for reports and reconciliation. Ids are those of its own things; `device_seq` counts
    what one terminal ever did; `business_date` like 2026-11-25; `details`: whatever else is worth keeping, no personal data."""

    terminal_id: str | None = None
    product_id: str | None = None
    device_seq: int | None = None
    business_date: str | None = None
    details: dict[str, str | int] = field(default_factory=dict)


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks the ledger to do. `id` is the caller's and stays taken for ever. `actor`: key, terminal or person.
    `counter`: the system account on the other side, where it is not that of the kind. `flags`: what is special about it."""

    id: str
    kind: Kind
    moves: tuple[Move, ...]
    fingerprint: str
    actor: str
    at_ms: int
    occurred_at_ms: int
    reverses: str | None = None
    description: str = ""
    reference: str = ""
    facts: Facts = NO_FACTS
    vat: Vat | None = None
    flags: tuple[str, ...] = ()
    payment: str | None = None
    counter: str | None = None
    rules: int = RULES


@dataclass(frozen=True, slots=True)
class Posting:
    """One row of an account, never changed. `hash` covers the row and the hash before it."""

    key: AccountKey
    sequence: int
    amount: int
    balance: int
    operation: str
    kind: Kind
    at_ms: int
    before: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """A decided order. `declined`: why nothing was posted, "" when it was."""

    order: Order
    postings: tuple[Posting, ...] = ()
    declined: str = ""

    def balances(self) -> dict[AccountKey, int]:
        """Of the passes' accounts that it touched, as they were right after it."""
        return {one.key: one.balance for one in self.postings if not one.key.system}


def check(order: Order) -> None:
    """Raises Invalid for an order that no state of the accounts could fulfil."""
    problems = []
    if not order.moves:
        problems.append(FieldProblem("amounts", "missing", "nothing is to change", "name at least one unit and amount"))
    for move in order.moves:
        path = f"amounts.{move.key.unit}"
        if not -AMOUNT_MAX <= move.amount <= AMOUNT_MAX:
            problems.append(FieldProblem(path, "out_of_range", "is beyond 10^12 minor units", "send a smaller amount"))
        if move.amount == 0:
            problems.append(FieldProblem(path, "zero", "changes nothing", "leave the unit out"))
        way = _DIRECTION.get(order.kind)
        if way is not None and move.amount * way < 0:
            word = "add" if way > 0 else "take"
            problems.append(FieldProblem(path, "wrong_sign", f"{order.kind.value} can only {word}", "choose another kind"))
    if len({move.key for move in order.moves}) != len(order.moves):
        problems.append(FieldProblem("amounts", "repeated", "an account is named twice", "add its amounts up"))
    if order.kind is Kind.TRANSFER and any(_sums(order.moves).values()):
        problems.append(
            FieldProblem("amounts", "unbalanced", "a transfer does not sum to zero", "give what one takes to the other")
        )
    if (order.kind in (Kind.REFUND, Kind.VOID)) != (order.reverses is not None):
        mend = "name the operation" if order.reverses is None else "leave it out"
        problems.append(FieldProblem("reverses", "misplaced", "only a refund or void points at another operation", mend))
    if problems:
        raise Invalid(*problems)


def _sums(moves: tuple[Move, ...]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for move in moves:
        sums[move.key.unit] = sums.get(move.key.unit, 0) + move.amount
    return sums


def legs(order: Order) -> tuple[Move, ...]:
    """The order's own changes and their other side: they sum to zero in each unit. In the order in which accounts are locked:
    passes before system accounts, each by key, so that two operations never wait for each other in a circle."""
    counter = order.counter or COUNTERS.get(order.kind)
    own = sorted(order.moves, key=lambda move: move.key)
    if counter is None:
        return tuple(sorted(own, key=lambda move: (move.key.system, move.key)))
    shard, vat = shard_of(own[0].key.owner), order.vat
    others: list[Move] = []
    for unit, amount in _sums(order.moves).items():
        tax = vat.vat if vat is not None and vat.unit == unit and counter == COUNTERS[Kind.CHARGE] else 0
        for name, part in ((counter, -amount - tax), (VAT_DUE, tax)):
            if part:
                others.append(Move(system_key(name, shard, unit), part))
    return (*own, *sorted(others, key=lambda move: move.key))


def shard_of(owner: str) -> int:
    """Which row of a system account stands opposite this owner: always the same one."""
    return hashlib.sha256(owner.encode()).digest()[0] % SHARDS


def system_key(name: str, shard: int, unit: str) -> AccountKey:
    return AccountKey(f"system:{name}:{shard}", unit)


def undoing(original: Operation) -> tuple[Move, ...]:
    """The moves of a void: every posting of the original the other way round."""
    return tuple(Move(one.key, -one.amount) for one in original.postings)


def decide(order: Order, accounts: dict[AccountKey, Account]) -> tuple[Operation, dict[AccountKey, Account]]:
    """The operation, and the accounts as they are after it. `accounts`: every one that `legs(order)` names, locked. Nothing is
    posted when one of them would fall below its floor."""
    moves = legs(order)
    for move in moves:
        account = accounts[move.key]
        after = account.balance + move.amount
        if account.floor is not None and move.amount < 0 and after < account.floor:
            return Operation(order, declined=INSUFFICIENT), accounts
        if abs(after) > BALANCE_MAX:
            return Operation(order, declined=LIMIT), accounts
    changed = dict(accounts)
    postings = []
    digest = seal(order)
    for move in moves:
        account = changed[move.key]
        posting = _post(order, account, move.amount, digest)
        changed[move.key] = Account(account.key, posting.balance, posting.sequence, account.floor, posting.hash)
        postings.append(posting)
    return Operation(order, tuple(postings)), changed


def _post(order: Order, account: Account, amount: int, digest: str) -> Posting:
    sequence, balance = account.sequence + 1, account.balance + amount
    link = chain(account.hash, account.key, sequence, amount, balance, order.id, order.kind, order.at_ms, digest)
    return Posting(account.key, sequence, amount, balance, order.id, order.kind, order.at_ms, account.hash, link)


def chain(
    before: bytes, key: AccountKey, sequence: int, amount: int, balance: int, operation: str, kind: str, at_ms: int, digest: str
) -> bytes:
    """SHA-256 over the hash before and the row's members as a JSON array, in this order. `digest`: the operation's seal, so that
    what it says cannot be changed either."""
    row = _encode((key.owner, key.unit, sequence, amount, balance, operation, str(kind), at_ms, digest))
    return hashlib.sha256(before + row).digest()


def details_text(facts: Facts) -> str:
    """As they are stored and sealed."""
    return _encode(facts.details).decode() if facts.details else ""


def seal(order: Order) -> str:
    """SHA-256 (hex) over everything that is stored of an order that was posted, as a JSON array in this order."""
    facts = order.facts
    row = (
        *(order.id, order.kind.value, order.fingerprint, order.reverses, order.actor, order.description, order.reference),
        *(
            order.at_ms,
            order.occurred_at_ms,
            *tax_members(order.vat),
            facts.terminal_id,
            facts.product_id,
            facts.device_seq,
            facts.business_date,
        ),
        *(details_text(facts), flags_text(order.flags), order.payment, order.rules),
    )
    return hashlib.sha256(_encode(row)).hexdigest()


def flags_text(flags: tuple[str, ...]) -> str:
    return " ".join(flags)


def refundable(original: Operation, refunded: dict[AccountKey, int], moves: tuple[Move, ...]) -> str:
    """Why these refunds go beyond what the original took; "" when they do not. `refunded`: given back so far."""
    taken = {one.key: -one.amount for one in original.postings if not one.key.system and one.amount < 0}
    for move in moves:
        if refunded.get(move.key, 0) + move.amount > taken.get(move.key, 0):
            return TOO_LARGE
    return ""
