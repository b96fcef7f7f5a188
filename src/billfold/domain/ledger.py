"""Money, points, stamps and entries as double entry: an operation is decided here, from its order and the accounts it touches.

Amounts are whole minor units. A balance is the sum of postings that are never changed; what was wrong is put right by another
operation. Pure: storage/ledger.py locks the accounts and writes what is decided.
Source: reference/reliability-security.md section 3.
May not enter: storage, prices and rules of a shop, the clock (times are given)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from billfold.domain.declines import INSUFFICIENT, LIMIT, SPENT, TOO_LARGE
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.lots import Limits, Lot, Use, changed, spendable, take
from billfold.domain.vat import Vat
from billfold.domain.vat import members as tax_members

AMOUNT_MAX = 10**12
BALANCE_MAX = 9 * 10**15
"""Below 2^53, so that clients in JavaScript stay exact."""
SHARDS = 16
"""A system account stands in so many rows, so that passes of one workspace do not wait for each other."""
GENESIS = bytes(32)
RULES = 2
"""Of which version are the rules that an operation was decided by; kept with it. 0: of before operations were sealed; 1: of before
all tax was posted. What points back at an operation is decided by that one's."""
PLAIN_UNITS = ("points", "stamps", "visits", "entries")
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class Kind(StrEnum):
    """What happened. REFUND, VOID, CONFIRM, RELEASE and CHARGEBACK point back at an operation."""

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
    RESERVE = "reserve"
    """Money that is announced and not there yet: nothing is on the card until it is confirmed."""
    CONFIRM = "confirm"
    RELEASE = "release"
    CHARGEBACK = "chargeback"
    """A bank took back what had paid for a top-up: the card gives what it still has, the merchant bears the rest."""


COUNTERS: dict[Kind, str] = {
    Kind.CHARGE: "sales",
    Kind.EARN: "issued",
    Kind.TOP_UP: "funding",
    Kind.REDEEM: "redeemed",
    Kind.REFUND: "sales",
    Kind.EXPIRE: "expired",
    Kind.ADJUST: "adjustments",
    Kind.OPENING: "opening",
    Kind.CONFIRM: "reserved",
    Kind.CHARGEBACK: "funding",
}
"""The system account on the other side. A void takes those of what it undoes; a transfer needs none."""
POINTING_BACK = frozenset({Kind.REFUND, Kind.VOID, Kind.CONFIRM, Kind.RELEASE, Kind.CHARGEBACK})
LOSS, RESERVED, FUNDING = "merchant_loss", "reserved", "funding"
SHORTFALL, OVERDRAFT = "shortfall", "overdraft"
"""Flags of an operation: the merchant bears a part of it; it went below a floor by leave."""
VAT_DUE, VAT_PREPAID = "vat_due", "vat_prepaid"
"""Where tax that is owed stands; and, as a minus, that of money which was taxed as it came onto a card: what is later bought for it
goes to the sales with its tax, so that both together are the sales without."""
_HOLDS_TAX = ("sales", "redeemed")
"""Of what these get, tax is a part; beside others it stands by itself."""
_DIRECTION = {
    **dict.fromkeys((Kind.EARN, Kind.TOP_UP, Kind.REFUND, Kind.RESERVE, Kind.CONFIRM), 1),
    **dict.fromkeys((Kind.CHARGE, Kind.REDEEM, Kind.EXPIRE, Kind.CHARGEBACK), -1),
}
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


class AccountKey(NamedTuple):
    """`owner`: the id of a pass, or `system:<name>:<shard>`."""

    owner: str
    unit: str

    @property
    def system(self) -> bool:
        return self.owner.startswith("system:")


@dataclass(frozen=True, slots=True)
class Account:
    """The last posting's balance and hash, kept beside the postings in the same transaction. `floor`: what the balance may not go
    below; None: it may (a system account). `lots`: how many of its lots hold something. `frozen`: why nothing may be posted."""

    key: AccountKey
    balance: int = 0
    sequence: int = 0
    floor: int | None = 0
    hash: bytes = GENESIS
    lots: int = 0
    frozen: str = ""


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
    `counter`: the system account on the other side, where it is not that of the kind. `flags`: what is special about it.

    `limits`: by unit, of what it credits. `accepts`: it happened already, so what the card lacks is the merchant's loss.
    `overdraws`: a floor does not hold it up. `unlocked`: lots that it may take although they are pending or expired. `back`: what
    it gives back to lots."""

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
    limits: Mapping[str, Limits] = field(default_factory=dict)
    accepts: bool = False
    overdraws: bool = False
    unlocked: frozenset[tuple[AccountKey, str]] = frozenset()
    back: tuple[tuple[AccountKey, Use], ...] = ()


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
class Entry:
    """A line of a statement: the posting, and the tax of its operation where it is in this unit or only its rate is known."""

    posting: Posting
    vat: Vat | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A decided order. `declined`: why nothing was posted, "" when it was. `made`, `uses`: of lots. `available`: what can be spent
    after it, of accounts with lots."""

    order: Order
    postings: tuple[Posting, ...] = ()
    declined: str = ""
    made: tuple[tuple[AccountKey, Lot], ...] = ()
    uses: tuple[tuple[AccountKey, Use], ...] = ()
    available: Mapping[AccountKey, int] = field(default_factory=dict)

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
            word, sign = ("add", "positive") if way > 0 else ("take", "negative")
            mend = f"send a {sign} amount, or choose another kind"
            problems.append(FieldProblem(path, "wrong_sign", f"{order.kind.value} can only {word}", mend))
    if len({move.key for move in order.moves}) != len(order.moves):
        problems.append(FieldProblem("amounts", "repeated", "an account is named twice", "add its amounts up"))
    if order.kind is Kind.TRANSFER and any(_sums(order.moves).values()):
        problems.append(
            FieldProblem("amounts", "unbalanced", "a transfer does not sum to zero", "give what one takes to the other")
        )
    if (order.kind in POINTING_BACK) != (order.reverses is not None):
        mend = "name the operation" if order.reverses is None else "leave it out"
        kinds = ", ".join(sorted(POINTING_BACK))
        problems.append(FieldProblem("reverses", "misplaced", f"only these point at another operation: {kinds}", mend))
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
    shard = shard_of(own[0].key.owner)
    others: list[Move] = []
    for unit, amount in _sums(order.moves).items():
        tax = _owed(order, counter, unit)
        holds = counter in _HOLDS_TAX
        for name, part in ((counter, -amount - tax * holds), (VAT_DUE, tax), (VAT_PREPAID, -tax * (not holds))):
            if part:
                others.append(Move(system_key(name, shard, unit), part))
    return (*own, *sorted(others, key=lambda move: move.key))


def _owed(order: Order, counter: str, unit: str) -> int:
    """The tax to be posted in this unit."""
    if order.vat is None or order.vat.unit != unit or (order.rules < 2 and counter != COUNTERS[Kind.CHARGE]):
        return 0
    return order.vat.vat


def touched(order: Order) -> list[AccountKey]:
    """Every account that it may post on, in the order in which they are locked."""
    moves = legs(order)
    keys = {move.key for move in moves}
    if order.accepts:
        keys |= {_loss_of(move.key) for move in moves if not move.key.system}
    return sorted(keys, key=lambda key: (key.system, key))


def _loss_of(key: AccountKey) -> AccountKey:
    return system_key(LOSS, shard_of(key.owner), key.unit)


def shard_of(owner: str) -> int:
    """Which row of a system account stands opposite this owner: always the same one."""
    return hashlib.sha256(owner.encode()).digest()[0] % SHARDS


def system_key(name: str, shard: int, unit: str) -> AccountKey:
    return AccountKey(f"system:{name}:{shard}", unit)


def undoing(original: Operation) -> tuple[Move, ...]:
    """The moves of a void: every posting of the original the other way round. Money that was announced before it came goes back to
    where it came from, not to what is announced."""
    moves = []
    for one in original.postings:
        _, _, shard = one.key.owner.rpartition(":")
        announced = one.key.owner.startswith(f"system:{RESERVED}:")
        moves.append(Move(system_key(FUNDING, int(shard), one.key.unit) if announced else one.key, -one.amount))
    return tuple(moves)


Lots = Mapping[AccountKey, tuple[Lot, ...]]
Accounts = dict[AccountKey, Account]


def decide(order: Order, accounts: Mapping[AccountKey, Account], lots: Lots = MappingProxyType({})) -> tuple[Operation, Accounts]:
    """The operation, and the accounts as they are after it. `accounts`: every one that `touched(order)` names, locked; `lots`:
    those that hold something. Nothing is posted when an account would fall below its floor, unless the order may do so."""
    moves, flags, declined = _afforded(order, accounts, lots)
    if declined:
        return Operation(order, declined=declined), dict(accounts)
    if any(abs(accounts[move.key].balance + move.amount) > BALANCE_MAX for move in moves):
        return Operation(order, declined=LIMIT), dict(accounts)
    order = replace(order, flags=(*order.flags, *flags)) if flags else order
    after, postings, digest = dict(accounts), [], seal(order)
    for move in moves:
        posting = _post(order, accounts[move.key], move.amount, digest)
        state = (posting.balance, posting.sequence, accounts[move.key].floor, posting.hash)
        after[move.key] = Account(move.key, *state, lots=accounts[move.key].lots)
        postings.append(posting)
    operation = Operation(order, tuple(postings))
    if lots or order.limits or order.back:
        return _with_lots(operation, after, lots)
    return operation, after


def _afforded(order: Order, accounts: Mapping[AccountKey, Account], lots: Lots) -> tuple[tuple[Move, ...], set[str], str]:
    """The moves as the accounts can bear them, what is special about them, and why they are declined."""
    moves, flags, short = [], set(), dict[AccountKey, int]()
    for move in legs(order):
        account, amount = accounts[move.key], move.amount
        if account.floor is not None and amount < 0:
            unlocked = {lot for key, lot in order.unlocked if key == move.key}
            held = spendable(account.balance, lots.get(move.key, ()), order.at_ms, unlocked)
            room = max(0, held - account.floor)
            if -amount > room:
                if order.accepts:
                    flags.add(SHORTFALL)
                    short[_loss_of(move.key)] = amount + room
                    amount = -room
                elif order.overdraws:
                    flags.add(OVERDRAFT)
                else:
                    return (), set(), SPENT if order.kind is Kind.VOID else INSUFFICIENT
        moves.append(Move(move.key, amount))
    moves += [Move(key, amount) for key, amount in sorted(short.items())]
    return tuple(moves), flags, ""


def _with_lots(operation: Operation, accounts: Accounts, lots: Lots) -> tuple[Operation, Accounts]:
    """What the postings take from lots, give back to them and make of them."""
    order, made, uses, available = operation.order, list[tuple[AccountKey, Lot]](), list[tuple[AccountKey, Use]](), {}
    carried: dict[str, list[tuple[int, int | None]]] = {}
    for posting in sorted(operation.postings, key=lambda one: one.amount > 0):  # who gives before who receives
        key, held = posting.key, lots.get(posting.key, ())
        if key.system:
            continue
        unlocked = {lot for owner, lot in order.unlocked if owner == key}
        mine = [use for owner, use in order.back if owner == key]
        new: list[Lot] = []
        if posting.amount < 0:
            mine = take(held, -posting.amount, order.at_ms, unlocked)
            if order.kind is Kind.TRANSFER:
                ends = {one.id: one.expires_at_ms for one in held}
                carried[key.unit] = [(-use.amount, ends[use.lot]) for use in mine if ends[use.lot] is not None]
        elif limits := order.limits.get(key.unit):
            times = (limits.available_at_ms, limits.expires_at_ms)
            new = [Lot(str(posting.sequence), order.id, posting.amount, posting.amount, *times)]
        for nth, (amount, expires) in enumerate(carried.pop(key.unit, []) if posting.amount > 0 else []):
            new.append(Lot(f"{posting.sequence}.{nth}", order.id, amount, amount, None, expires))
        now = changed(held, mine, new)
        made += [(key, one) for one in new]
        uses += [(key, one) for one in mine]
        accounts[key] = replace(accounts[key], lots=sum(one.left > 0 for one in now))
        if now:
            available[key] = spendable(posting.balance, now, order.at_ms)
    return replace(operation, made=tuple(made), uses=tuple(uses), available=available), accounts


def _post(order: Order, account: Account, amount: int, digest: str) -> Posting:
    sequence, balance = account.sequence + 1, account.balance + amount
    link = chain(account.hash, account.key, sequence, amount, balance, order.id, order.kind, order.at_ms, digest)
    return Posting(account.key, sequence, amount, balance, order.id, order.kind, order.at_ms, account.hash, link)


def chain(
    before: bytes, key: AccountKey, sequence: int, amount: int, balance: int, operation: str, kind: str, at_ms: int, *digest: str
) -> bytes:
    """SHA-256 over the hash before and the row's members as a JSON array, in this order. `digest`: the operation's seal, so that
    what it says cannot be changed either; none where it is of before operations were sealed."""
    row = _encode((key.owner, key.unit, sequence, amount, balance, operation, str(kind), at_ms, *digest))
    return hashlib.sha256(before + row).digest()


def untouched(one: Posting, sealed: Sequence[object]) -> bool:
    """Whether a posting that was read says what it said when it was written. `sealed`: what is stored of its operation, as
    `seal` has it."""
    digest = (seal_of(sealed),) if sealed[-1] else ()
    facts = (one.key, one.sequence, one.amount, one.balance, one.operation, one.kind, one.at_ms)
    return chain(one.before, *facts, *digest) == one.hash


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
    return seal_of(row)


def seal_of(members: Sequence[object]) -> str:
    """Of members in the order in which `seal` has them; the last one is the version of the rules."""
    return hashlib.sha256(_encode(members)).hexdigest()


def flags_text(flags: tuple[str, ...]) -> str:
    return " ".join(flags)


def excessive(original: Operation, given: Mapping[AccountKey, int], moves: tuple[Move, ...]) -> str:
    """Why these moves go beyond what the original did the other way; "" when they do not. `given`: what was given back so far."""
    done = {one.key: one.amount for one in original.postings if not one.key.system}
    for move in moves:
        left = -done.get(move.key, 0) - given.get(move.key, 0)
        if not (0 < move.amount <= left or left <= move.amount < 0):
            return TOO_LARGE
    return ""
