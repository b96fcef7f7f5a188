"""Accounts, operations and postings of the ledger: locked and read here, written once, never changed.

What is posted is decided in domain/ledger.py. May not enter: UPDATE or DELETE of an operation or posting (the database refuses
both)."""

from collections.abc import Iterable

from sqlalchemy import func, insert, select, update

from billfold.domain.ids import Scope
from billfold.domain.ledger import GENESIS, Account, AccountKey, Kind, Operation, Order, Posting
from billfold.storage import schema
from billfold.storage.statements import Row, Session, Statement, Value, number, own, string, upsert

_accounts, _operations, _postings = schema.ledger_account, schema.ledger_operation, schema.ledger_posting

_ONE_ACCOUNT = own(_accounts) & (_accounts.c.owner == string("owner")) & (_accounts.c.unit == string("unit"))
_STATE = (_accounts.c.balance, _accounts.c.sequence, _accounts.c.floor, _accounts.c.hash)
LOCK = Statement(select(*_STATE).where(_ONE_ACCOUNT).with_for_update())
OPEN = upsert(_accounts, ("workspace", "environment", "owner", "unit"), lambda new: {})
SAVE = Statement(update(_accounts).where(_ONE_ACCOUNT), columns=("balance", "sequence", "hash"))
BALANCES = Statement(
    select(_accounts.c.unit, *_STATE).where(own(_accounts), _accounts.c.owner == string("owner")).order_by(_accounts.c.unit)
)
_POSTING = (
    *(_postings.c.owner, _postings.c.unit, _postings.c.sequence, _postings.c.amount, _postings.c.balance),
    *(_postings.c.operation, _postings.c.kind, _postings.c.at_ms, _postings.c.before, _postings.c.hash),
)
ADD_OPERATION = Statement(insert(_operations).inline())
ADD_POSTING = Statement(insert(_postings).inline())
_OPERATION = (
    *(_operations.c.id, _operations.c.kind, _operations.c.fingerprint, _operations.c.declined, _operations.c.reverses),
    *(_operations.c.actor, _operations.c.description, _operations.c.reference, _operations.c.at_ms, _operations.c.occurred_at_ms),
)
FIND = Statement(select(*_OPERATION).where(own(_operations), _operations.c.id == string("id")))
REVERSING = Statement(
    select(*_OPERATION)
    .where(own(_operations), _operations.c.reverses == string("reverses"), _operations.c.declined == "")
    .order_by(_operations.c.at_ms, _operations.c.id)
)
POSTINGS_OF = Statement(
    select(*_POSTING)
    .where(own(_postings), _postings.c.operation == string("operation"))
    .order_by(_postings.c.owner, _postings.c.unit, _postings.c.sequence)
)
_BEFORE = own(_postings) & (_postings.c.owner == string("owner")) & (_postings.c.unit == string("unit"))
STATEMENT = Statement(
    select(*_POSTING)
    .where(_BEFORE, _postings.c.sequence < number("before_sequence"))
    .order_by(_postings.c.sequence.desc())
    .limit(number("limit"))
)
COUNT = Statement(select(func.count()).select_from(_postings).where(own(_postings)))


class LedgerRows:
    """ports.Ledger."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def find(self, scope: Scope, operation_id: str) -> Operation | None:
        row = self._db.one(FIND, scope, id=operation_id)
        return self._whole(scope, row) if row else None

    def reversing(self, scope: Scope, operation_id: str) -> list[Operation]:
        return [self._whole(scope, row) for row in self._db.run(REVERSING, scope, reverses=operation_id)]

    def lock(self, scope: Scope, keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
        found: dict[AccountKey, Account] = {}
        for key in keys:
            row = self._db.one(LOCK, scope, owner=key.owner, unit=key.unit)
            if row is None:
                floor = None if key.system else 0
                fresh: dict[str, Value] = {
                    "owner": key.owner,
                    "unit": key.unit,
                    "balance": 0,
                    "sequence": 0,
                    "floor": floor,
                    "hash": GENESIS,
                }
                self._db.run(OPEN, scope, **fresh)
                row = self._db.one(LOCK, scope, owner=key.owner, unit=key.unit)
                assert row is not None, "the row was just made"
            found[key] = _account(key, row)
        return found

    def add(self, scope: Scope, operation: Operation, accounts: dict[AccountKey, Account]) -> None:
        order = operation.order
        self._db.run(
            ADD_OPERATION,
            scope,
            id=order.id,
            kind=order.kind.value,
            fingerprint=order.fingerprint,
            declined=operation.declined,
            reverses=order.reverses,
            actor=order.actor,
            description=order.description,
            reference=order.reference,
            at_ms=order.at_ms,
            occurred_at_ms=order.occurred_at_ms,
        )
        for one in operation.postings:
            account = accounts[one.key]
            row: dict[str, Value] = {
                "owner": one.key.owner,
                "unit": one.key.unit,
                "sequence": one.sequence,
                "balance": one.balance,
                "hash": one.hash,
            }
            more: dict[str, Value] = {
                "amount": one.amount,
                "operation": one.operation,
                "kind": one.kind.value,
                "at_ms": one.at_ms,
                "before": one.before,
            }
            self._db.run(ADD_POSTING, scope, **row, **more)
            assert (account.sequence, account.balance) == (one.sequence, one.balance), "one posting an account"
            self._db.run(SAVE, scope, **row)

    def accounts(self, scope: Scope, owner: str) -> list[Account]:
        rows = self._db.run(BALANCES, scope, owner=owner)
        return [_account(AccountKey(owner, unit), tuple(rest)) for unit, *rest in rows]

    def statement(self, scope: Scope, key: AccountKey, before_sequence: int, limit: int) -> list[Posting]:
        rows = self._db.run(STATEMENT, scope, owner=key.owner, unit=key.unit, before_sequence=before_sequence, limit=limit)
        return list(map(_posting, rows))

    def _whole(self, scope: Scope, row: Row) -> Operation:
        id_, kind, fingerprint, declined, reverses, actor, description, reference, at_ms, occurred = row
        postings = tuple(map(_posting, self._db.run(POSTINGS_OF, scope, operation=id_)))
        # What was asked of passes is what was posted on them; an order that was declined keeps only its facts.
        return Operation(
            Order(id_, Kind(kind), (), fingerprint, actor, at_ms, occurred, reverses, description, reference), postings, declined
        )


def _account(key: AccountKey, row: Row) -> Account:
    balance, sequence, floor, hash_ = row
    return Account(key, balance, sequence, floor, bytes(hash_))


def _posting(row: Row) -> Posting:
    owner, unit, sequence, amount, balance, operation, kind, at_ms, before, hash_ = row
    return Posting(AccountKey(owner, unit), sequence, amount, balance, operation, Kind(kind), at_ms, bytes(before), bytes(hash_))
