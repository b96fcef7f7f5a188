"""The books added up: what tax was owed, what was turned over, and whether everything sums to zero. Reads many rows: for
`Store.read` with `long`.

May not enter: writes, what the sums are for."""

from sqlalchemy import ColumnElement, distinct, func, select

from billfold.domain.ids import Scope
from billfold.domain.ledger import AccountKey, Kind
from billfold.ledger_ports import Period, TaxTotal, Total, Turnover
from billfold.storage import schema
from billfold.storage.ledger import ITS_OPERATION
from billfold.storage.statements import Session, Statement, literal, number, own, string

_accounts, _operations, _postings = schema.ledger_account, schema.ledger_operation, schema.ledger_posting
_DAY = _operations.c.business_date
_WITHIN = (_DAY.is_(None) & (_operations.c.at_ms >= number("from_ms")) & (_operations.c.at_ms < number("until_ms"))) | (
    (string("from_day") <= _DAY) & (string("until_day") > _DAY)
)


def _of_pass(owner: ColumnElement[str]) -> ColumnElement[bool]:
    """Not of a system account: those begin with `system:`, and `;` follows the colon."""
    of_pass: ColumnElement[bool] = (owner < literal("system:")) | (owner >= literal("system;"))
    return of_pass


_KINDS = (_operations.c.vat_unit, _operations.c.vat_rate_bp, _operations.c.kind)
TAXES = Statement(
    select(
        *_KINDS,
        func.count(),
        *(func.sum(one) for one in (_operations.c.vat_net, _operations.c.vat, _operations.c.vat_gross)),
    )
    .where(own(_operations), _operations.c.declined == literal(""), _operations.c.vat_unit != literal(""), _WITHIN)
    .group_by(*_KINDS)
    .order_by(*_KINDS)
)
_WHERE = (_postings.c.unit, _operations.c.kind, _operations.c.terminal_id)
TURNOVER = Statement(
    select(*_WHERE, func.count(distinct(_operations.c.id)), func.sum(_postings.c.amount))
    .select_from(_operations.join(_postings, ITS_OPERATION))
    .where(own(_operations), _of_pass(_postings.c.owner), _WITHIN)
    .group_by(*_WHERE)
    .order_by(*_WHERE)
)
ON_PASSES = Statement(
    select(_accounts.c.unit, func.count(), func.sum(_accounts.c.balance))
    .where(own(_accounts), _of_pass(_accounts.c.owner))
    .group_by(_accounts.c.unit)
)
ON_OTHERS = Statement(
    select(_accounts.c.owner, _accounts.c.unit, _accounts.c.balance).where(
        own(_accounts), _accounts.c.owner >= literal("system:"), _accounts.c.owner < literal("system;")
    )
)
FROZEN = Statement(
    select(_accounts.c.owner, _accounts.c.unit, _accounts.c.frozen)
    .where(own(_accounts), _accounts.c.frozen != literal(""))
    .order_by(_accounts.c.owner, _accounts.c.unit)
    .limit(number("limit"))
)


class SumRows:
    """ledger_ports.LedgerSums."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def taxes(self, scope: Scope, period: Period) -> list[TaxTotal]:
        rows = self._db.run(TAXES, scope, **_limits(period))
        return [TaxTotal(unit, rate, Kind(kind), count, *map(int, sums)) for unit, rate, kind, count, *sums in rows]

    def turnover(self, scope: Scope, period: Period) -> list[Turnover]:
        rows = self._db.run(TURNOVER, scope, **_limits(period))
        return [Turnover(unit, Kind(kind), terminal, count, int(amount)) for unit, kind, terminal, count, amount in rows]

    def balances(self, scope: Scope) -> list[Total]:
        found = [Total("passes", unit, count, int(amount)) for unit, count, amount in self._db.run(ON_PASSES, scope)]
        others: dict[tuple[str, str], int] = {}
        for owner, unit, balance in self._db.run(ON_OTHERS, scope):
            name = owner.split(":")[1]
            others[name, unit] = others.get((name, unit), 0) + balance
        found += [Total(name, unit, 1, amount) for (name, unit), amount in others.items()]
        return sorted(found, key=lambda one: (one.unit, one.account != "passes", one.account))

    def frozen(self, scope: Scope, limit: int) -> list[tuple[AccountKey, str]]:
        rows = self._db.run(FROZEN, scope, limit=limit)
        return [(AccountKey(owner, unit), why) for owner, unit, why in rows]


def _limits(period: Period) -> dict[str, str | int | bytes | None]:
    return {
        "from_ms": period.from_ms,
        "until_ms": period.until_ms,
        "from_day": period.first.isoformat(),
        "until_day": period.until.isoformat(),
    }
