"""Accounts, operations and postings of the ledger: locked and read here, written once, never changed.

What is posted is decided in domain/ledger.py. All accounts of an operation are locked by one statement, its postings
written and accounts saved by one (two on SQLite): a charge costs three, and not two more for each account.
May not enter: UPDATE or DELETE of an operation or posting (the database refuses both)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    Integer,
    Text,
    bindparam,
    case,
    column,
    exists,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
    values,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import Insert, Select

from billfold.domain.ids import Scope
from billfold.domain.ledger import Account, AccountKey, Entry, Facts, Kind, Operation, Order, Posting, details_text, flags_text
from billfold.domain.vat import Vat
from billfold.domain.vat import members as tax_members
from billfold.storage import schema
from billfold.storage.ledger_lots import LotRows
from billfold.storage.statements import Row, Session, Statement, Value, by_index, literal, number, own, string, upsert

_accounts, _operations, _postings = schema.ledger_account, schema.ledger_operation, schema.ledger_posting

_KEY = ("workspace", "environment", "owner", "unit")
_SAVED = ("balance", "sequence", "hash", "lots")
_FOUND = (_accounts.c.owner, _accounts.c.unit)
STATE = (*(_accounts.c.balance, _accounts.c.sequence, _accounts.c.floor, _accounts.c.hash, _accounts.c.lots, _accounts.c.frozen),)
BALANCES = Statement(
    select(_accounts.c.unit, *STATE).where(own(_accounts), _accounts.c.owner == string("owner")).order_by(_accounts.c.unit)
)
POSTING = (
    *(_postings.c.owner, _postings.c.unit, _postings.c.sequence, _postings.c.amount, _postings.c.balance),
    *(_postings.c.operation, _postings.c.kind, _postings.c.at_ms, _postings.c.before, _postings.c.hash),
)
ADD_OPERATION = upsert(
    _operations,
    ("workspace", "environment", "id"),
    lambda new: {},
    foretold=Statement(select(literal(1)).where(~exists().where(own(_operations), _operations.c.id == string("id")))),
    surely=Statement(insert(_operations).inline()),
)
_TAX_COLUMNS = (
    *(_operations.c.vat_unit, _operations.c.vat_rate_bp, _operations.c.vat_net, _operations.c.vat, _operations.c.vat_gross),
)
_OPERATION = (
    *(_operations.c.id, _operations.c.kind, _operations.c.fingerprint, _operations.c.declined, _operations.c.reverses),
    *(_operations.c.actor, _operations.c.description, _operations.c.reference, _operations.c.at_ms, _operations.c.occurred_at_ms),
    *_TAX_COLUMNS,
    *(_operations.c.terminal_id, _operations.c.product_id, _operations.c.device_seq, _operations.c.business_date),
    *(_operations.c.details, _operations.c.flags, _operations.c.payment, _operations.c.rules),
)
FIND = Statement(select(*_OPERATION).where(own(_operations), _operations.c.id == string("id")))
FIND_PAYMENT = Statement(select(*_OPERATION).where(own(_operations), _operations.c.payment == string("payment")))
_REVERSING = (
    select(*_OPERATION)
    .where(own(_operations), _operations.c.reverses == string("reverses"), _operations.c.declined == "")
    .order_by(_operations.c.at_ms, _operations.c.id)
)
REVERSING = Statement(by_index("ix_ledger_operation_reverses", _REVERSING, _operations))
_POSTINGS_OF = (
    select(*POSTING)
    .where(own(_postings), _postings.c.operation == string("operation"))
    .order_by(_postings.c.owner, _postings.c.unit, _postings.c.sequence)
)
POSTINGS_OF = Statement(by_index("ix_ledger_posting_operation", _POSTINGS_OF, _postings))
_BEFORE = own(_postings) & (_postings.c.owner == string("owner")) & (_postings.c.unit == string("unit"))
ITS_OPERATION = (
    (_operations.c.workspace == _postings.c.workspace)
    & (_operations.c.environment == _postings.c.environment)
    & (_operations.c.id == _postings.c.operation)
)
STATEMENT = Statement(
    select(*POSTING, *_TAX_COLUMNS)
    .select_from(_postings.join(_operations, ITS_OPERATION))
    .where(_BEFORE, _postings.c.sequence < number("before_sequence"))
    .order_by(_postings.c.sequence.desc())
    .limit(number("limit"))
)
COUNT = Statement(select(func.count()).select_from(_postings).where(own(_postings)))

_ONE = own(_accounts) & (_accounts.c.owner == string("owner")) & (_accounts.c.unit == string("unit"))
COUNT_LOTS = Statement(update(_accounts).where(_ONE), columns=("lots",))

_decode_details = msgspec.json.Decoder(dict[str, str | int]).decode


@cache
def lock_of(count: int) -> Statement:
    """So many accounts. PostgreSQL locks them in the order in which they are named: it locks rows as they leave the sort."""
    keys = [(string(f"owner{nth}"), string(f"unit{nth}")) for nth in range(count)]
    found, owned = select(*_FOUND, *STATE), own(_accounts)
    each = [found.where(owned, _accounts.c.owner == owner, _accounts.c.unit == unit) for owner, unit in keys]
    rows: list[Any] = [(literal_column(str(nth)), *key) for nth, key in enumerate(keys)]
    given = values(column("nth", Integer), column("owner", Text), column("unit", Text), name="given").data(rows)
    named = own(_accounts) & (_accounts.c.owner == given.c.owner) & (_accounts.c.unit == given.c.unit)
    joined: Select[Any] = found.select_from(given.join(_accounts, named)).order_by(given.c.nth)
    return Statement(union_all(*each), postgres=joined.with_for_update(of=_accounts))


def named(keys: Sequence[AccountKey]) -> dict[str, Value]:
    """The parameters of `lock_of`."""
    params: dict[str, Value] = {}
    for nth, key in enumerate(keys):
        params[f"owner{nth}"], params[f"unit{nth}"] = key.owner, key.unit
    return params


def _rows(made: Insert, names: Sequence[str], count: int) -> Insert:
    """So many rows of one scope; the columns of the first are parameters like `owner0`, of the second `owner1`."""
    scope = {"workspace": string("workspace"), "environment": string("environment")}
    columns = made.table.c
    return made.inline().values(
        [scope | {name: bindparam(f"{name}{nth}", type_=columns[name].type) for name in names} for nth in range(count)]
    )


_WRITTEN = ("owner", "unit", "sequence", "amount", "balance", "operation", "kind", "at_ms", "before", "hash")


@cache
def add_postings(count: int) -> Statement:
    """So many postings; their accounts opened or changed. It fails where somebody has posted since who had not locked them."""

    def build(made: Any) -> Insert:
        new: Any = _rows(made, ("owner", "unit", "floor", *_SAVED), count)
        change = {name: new.excluded[name] for name in _SAVED}
        posted, at = _accounts.c.sequence, new.excluded.sequence
        # Where one is missing in between: no balance, which the column refuses. Where it is there already, its key refuses ours.
        change["balance"] = case((posted == at - literal_column("1"), change["balance"]))
        saved: Insert = new.on_conflict_do_update(index_elements=_KEY, set_=change, where=posted < at)
        return saved

    postings = Statement(_rows(insert(_postings), _WRITTEN, count))
    return Statement(build(sqlite.insert(_accounts)), postgres=build(postgresql.insert(_accounts)), first=postings)


class LedgerRows:
    """ports.Ledger."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def find(self, scope: Scope, operation_id: str) -> Operation | None:
        row = self._db.one(FIND, scope, id=operation_id)
        return self._whole(scope, row) if row else None

    def find_payment(self, scope: Scope, payment: str) -> Operation | None:
        row = self._db.one(FIND_PAYMENT, scope, payment=payment)
        return self._whole(scope, row) if row else None

    def reversing(self, scope: Scope, operation_id: str) -> list[Operation]:
        return [self._whole(scope, row) for row in self._db.run(REVERSING, scope, reverses=operation_id)]

    def lock(self, scope: Scope, keys: Sequence[AccountKey]) -> dict[AccountKey, Account]:
        found = {AccountKey(row[0], row[1]): row[2:] for row in self._db.run(lock_of(len(keys)), scope, **named(keys))}
        return {key: account_of(key, found[key]) if key in found else Account(key, floor=None if key.system else 0) for key in keys}

    def add(self, scope: Scope, operation: Operation, accounts: dict[AccountKey, Account]) -> bool:
        if not self._db.count(ADD_OPERATION, scope, **_operation_row(operation)):
            return False
        if operation.postings:
            self._post(scope, operation.postings, accounts)
        if operation.made or operation.uses:
            LotRows(self._db).write(scope, operation)
        return True

    def _post(self, scope: Scope, postings: Sequence[Posting], accounts: dict[AccountKey, Account]) -> None:
        """Where two transactions open one account, the key of its first posting refuses the second, which then runs again."""
        written: dict[str, Value] = {}
        for nth, one in enumerate(postings):
            account = accounts[one.key]
            assert (account.sequence, account.balance) == (one.sequence, one.balance), "one posting an account"
            whose = (one.key.owner, one.key.unit)
            row: tuple[Value, ...] = (
                *whose,
                one.sequence,
                one.amount,
                one.balance,
                one.operation,
                one.kind.value,
                one.at_ms,
                one.before,
                one.hash,
            )
            written |= {f"{name}{nth}": value for name, value in zip(_WRITTEN, row, strict=True)}
            written |= {f"floor{nth}": account.floor, f"lots{nth}": account.lots}
        self._db.run(add_postings(len(postings)), scope, **written)

    def count_lots(self, scope: Scope, key: AccountKey, lots: int) -> None:
        self._db.run(COUNT_LOTS, scope, owner=key.owner, unit=key.unit, lots=lots)

    def accounts(self, scope: Scope, owner: str) -> list[Account]:
        rows = self._db.run(BALANCES, scope, owner=owner)
        return [account_of(AccountKey(owner, unit), tuple(rest)) for unit, *rest in rows]

    def statement(self, scope: Scope, key: AccountKey, before_sequence: int, limit: int) -> list[Entry]:
        rows = self._db.run(STATEMENT, scope, owner=key.owner, unit=key.unit, before_sequence=before_sequence, limit=limit)
        return [Entry(posting_of(row[: len(POSTING)]), _tax_in(key.unit, row[len(POSTING) :])) for row in rows]

    def _whole(self, scope: Scope, row: Row) -> Operation:
        order, declined = _order(row)
        return Operation(order, tuple(map(posting_of, self._db.run(POSTINGS_OF, scope, operation=order.id))), declined)


_TAX = ("vat_unit", "vat_rate_bp", "vat_net", "vat", "vat_gross")


def _operation_row(operation: Operation) -> dict[str, Value]:
    order, facts = operation.order, operation.order.facts
    return {
        "id": order.id,
        "kind": order.kind.value,
        "fingerprint": order.fingerprint,
        "declined": operation.declined,
        "reverses": order.reverses,
        "actor": order.actor,
        "description": order.description,
        "reference": order.reference,
        "at_ms": order.at_ms,
        "occurred_at_ms": order.occurred_at_ms,
        **dict(zip(_TAX, tax_members(order.vat), strict=True)),
        "terminal_id": facts.terminal_id,
        "product_id": facts.product_id,
        "device_seq": facts.device_seq,
        "business_date": facts.business_date,
        "details": details_text(facts),
        "flags": flags_text(order.flags),
        "payment": None if operation.declined else order.payment,
        "rules": order.rules,
    }


def _order(row: Row) -> tuple[Order, str]:
    """What was asked of passes is what was posted on them; of an order that was declined only its facts are kept."""
    id_, kind, fingerprint, declined, reverses, actor, description, reference, at_ms, occurred, *rest = row
    vat_unit, rate_bp, net, tax, gross, terminal, product, device_seq, business_date, details, flags, payment, rules = rest
    order = Order(
        id_,
        Kind(kind),
        (),
        fingerprint,
        actor,
        at_ms,
        occurred,
        reverses,
        description,
        reference,
        Facts(terminal, product, device_seq, business_date, _decode_details(details) if details else {}),
        None if rate_bp is None else Vat(vat_unit, rate_bp, net, tax, gross),
        tuple(flags.split()),
        payment,
        rules=rules,
    )
    return order, declined


def _tax_in(unit: str, row: Row) -> Vat | None:
    """In this unit; without one, only the rate is known."""
    return None if row[1] is None or row[0] not in (unit, "") else Vat(*row)


def account_of(key: AccountKey, row: Sequence[Any]) -> Account:
    balance, sequence, floor, hash_, lots, frozen = row
    return Account(key, balance, sequence, floor, bytes(hash_), lots, frozen)


def posting_of(row: Row) -> Posting:
    owner, unit, sequence, amount, balance, operation, kind, at_ms, before, hash_ = row
    return Posting(AccountKey(owner, unit), sequence, amount, balance, operation, Kind(kind), at_ms, bytes(before), bytes(hash_))
