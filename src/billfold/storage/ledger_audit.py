"""What the continuous check of the books reads and writes: accounts and postings page by page, accounts frozen, anchors.

May not enter: what is wrong (flows/ledger_check.py), UPDATE of anything but `frozen`."""

from collections.abc import Sequence

from sqlalchemy import func, insert, literal_column, select, tuple_, update

from billfold.domain.ids import Environment, Scope
from billfold.domain.ledger import Account, AccountKey, Posting
from billfold.ledger_ports import Anchor
from billfold.storage import schema
from billfold.storage.ledger import ITS_OPERATION, POSTING, STATE, account_of, posting_of
from billfold.storage.statements import Session, Statement, Value, literal, number, own, string

_accounts, _operations, _postings = schema.ledger_account, schema.ledger_operation, schema.ledger_posting
_anchors = schema.ledger_anchor

_ONE = own(_accounts) & (_accounts.c.owner == string("owner")) & (_accounts.c.unit == string("unit"))
ACCOUNT = Statement(select(*STATE).where(_ONE))
NEXT = Statement(
    select(_accounts.c.owner, _accounts.c.unit, *STATE)
    .where(own(_accounts), tuple_(_accounts.c.owner, _accounts.c.unit) > tuple_(string("owner"), string("unit")))
    .order_by(_accounts.c.owner, _accounts.c.unit)
    .limit(literal_column("1"))
)
PAGE = Statement(
    select(*POSTING)
    .where(
        own(_postings),
        _postings.c.owner == string("owner"),
        _postings.c.unit == string("unit"),
        _postings.c.sequence > number("after"),
    )
    .order_by(_postings.c.sequence)
    .limit(number("limit"))
)
_SEALED = (
    *("id", "kind", "fingerprint", "reverses", "actor", "description", "reference", "at_ms", "occurred_at_ms", "vat_unit"),
    *("vat_rate_bp", "vat_net", "vat", "vat_gross", "terminal_id", "product_id", "device_seq", "business_date", "details"),
    *("flags", "payment", "rules"),
)
SEALED = Statement(
    select(*(_operations.c[name] for name in _SEALED))
    .select_from(_postings.join(_operations, ITS_OPERATION))
    .where(
        own(_postings),
        _postings.c.owner == string("owner"),
        _postings.c.unit == string("unit"),
        _postings.c.sequence > number("after"),
        _postings.c.sequence <= number("last"),
    )
)
FREEZE = Statement(update(_accounts).where(_ONE, _accounts.c.frozen == literal("")), columns=("frozen",))
THAW = Statement(update(_accounts).where(_ONE, _accounts.c.frozen != literal("")), columns=("frozen",))
FROZEN = Statement(
    select(_accounts.c.workspace, _accounts.c.environment, _accounts.c.owner, _accounts.c.unit, _accounts.c.frozen)
    .where(_accounts.c.frozen != literal(""))
    .order_by(_accounts.c.workspace, _accounts.c.environment, _accounts.c.owner, _accounts.c.unit)
)
COUNT_FROZEN = Statement(select(func.count()).select_from(_accounts).where(_accounts.c.frozen != literal("")))

IDS = Statement(
    select(_operations.c.id, _operations.c.declined)
    .where(own(_operations), _operations.c.id > string("after"))
    .order_by(_operations.c.id)
    .limit(number("limit"))
)
POSTED = Statement(
    select(_postings.c.operation, _postings.c.unit, func.sum(_postings.c.amount))
    .where(own(_postings), _postings.c.operation > string("after"), _postings.c.operation <= string("last"))
    .group_by(_postings.c.operation, _postings.c.unit)
)
TOUCHED = Statement(select(_postings.c.owner, _postings.c.unit).where(own(_postings), _postings.c.operation == string("operation")))

_ANCHOR = (
    *(_anchors.c.through_ms, _anchors.c.accounts, _anchors.c.postings, _anchors.c.root, _anchors.c.signature, _anchors.c.at_ms),
)
ADD_ANCHOR = Statement(insert(_anchors).inline())
LAST_ANCHOR = Statement(select(*_ANCHOR).where(own(_anchors)).order_by(_anchors.c.through_ms.desc()).limit(literal_column("1")))


class AuditRows:
    """ports.LedgerAudit."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def account(self, scope: Scope, key: AccountKey) -> Account | None:
        row = self._db.one(ACCOUNT, scope, owner=key.owner, unit=key.unit)
        return account_of(key, row) if row else None

    def next_account(self, scope: Scope, after: AccountKey) -> Account | None:
        row = self._db.one(NEXT, scope, owner=after.owner, unit=after.unit)
        return account_of(AccountKey(row[0], row[1]), row[2:]) if row else None

    def postings(self, scope: Scope, key: AccountKey, after_sequence: int, limit: int) -> list[Posting]:
        rows = self._db.run(PAGE, scope, owner=key.owner, unit=key.unit, after=after_sequence, limit=limit)
        return list(map(posting_of, rows))

    def sealed(self, scope: Scope, key: AccountKey, after_sequence: int, last_sequence: int) -> dict[str, Sequence[object]]:
        where: dict[str, Value] = {"owner": key.owner, "unit": key.unit, "after": after_sequence, "last": last_sequence}
        return {str(row[0]): row for row in self._db.run(SEALED, scope, **where)}

    def operations_that_do_not_add_up(
        self, scope: Scope, after: str, limit: int
    ) -> tuple[str | None, Sequence[tuple[str, AccountKey]]]:
        rows = self._db.run(IDS, scope, after=after, limit=limit)
        if not rows:
            return None, ()
        last = str(rows[-1][0])
        declined = {id_: bool(why) for id_, why in rows}
        wrong = set()
        posted = set()
        for operation, _, total in self._db.run(POSTED, scope, after=after, last=last):
            posted.add(operation)
            if total or declined.get(operation, True):
                wrong.add(operation)
        wrong |= {id_ for id_, why in declined.items() if not why and id_ not in posted}
        found = []
        for operation in sorted(wrong):
            found += [(operation, AccountKey(*row)) for row in self._db.run(TOUCHED, scope, operation=operation)]
        return last, found

    def freeze(self, scope: Scope, key: AccountKey, why: str) -> bool:
        return self._db.count(FREEZE, scope, owner=key.owner, unit=key.unit, frozen=why) > 0

    def thaw(self, scope: Scope, key: AccountKey) -> bool:
        return self._db.count(THAW, scope, owner=key.owner, unit=key.unit, frozen="") > 0

    def frozen(self) -> list[tuple[Scope, AccountKey, str]]:
        rows = self._db.run(FROZEN)
        return [(Scope(workspace, Environment(env)), AccountKey(owner, unit), why) for workspace, env, owner, unit, why in rows]

    def count_frozen(self) -> int:
        row = self._db.one(COUNT_FROZEN)
        return int(row[0]) if row else 0

    def add_anchor(self, scope: Scope, anchor: Anchor) -> None:
        one = anchor
        self._db.run(
            ADD_ANCHOR,
            scope,
            through_ms=one.through_ms,
            accounts=one.accounts,
            postings=one.postings,
            root=one.root,
            signature=one.signature,
            at_ms=one.at_ms,
        )

    def last_anchor(self, scope: Scope) -> Anchor | None:
        row = self._db.one(LAST_ANCHOR, scope)
        return Anchor(*row) if row else None
