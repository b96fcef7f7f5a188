"""Workspaces, the change counter of each scope, and what was used in each month.

May not enter: what a quota means."""

from sqlalchemy import insert, select, update

from billfold.domain.ids import Scope
from billfold.ports import Workspace
from billfold.storage import schema
from billfold.storage.statements import Session, Statement, number, own, string, upsert

_workspace, _counter, _usage = schema.workspace, schema.counter, schema.usage

ADD = Statement(insert(_workspace).inline())
FIND = Statement(select(_workspace).where(_workspace.c.id == string("id")))
SET_VAT = Statement(
    update(_workspace)
    .where(_workspace.c.id == string("id"))
    .values(vat_default_bp=number("default_bp"), vat_max_bp=number("max_bp"))
)
ALL = Statement(select(_workspace).order_by(_workspace.c.id))

RAISE = Statement(
    update(_counter).where(own(_counter)).values(value=_counter.c.value + number("amount")).returning(_counter.c.value),
)
START = upsert(
    _counter,
    ("workspace", "environment"),
    lambda new: {"value": _counter.c.value + new.value},
    _counter.c.value,
)
TAKE = upsert(_counter, ("workspace", "environment"), lambda new: {"value": _counter.c.value + new.value})
CURRENT = Statement(select(_counter.c.value).where(own(_counter)))
TAKEN = select(_counter.c.value).where(own(_counter)).scalar_subquery()
"""The number that the transaction has taken last, for its statements."""

USE = upsert(
    _usage,
    ("workspace", "environment", "month", "kind"),
    lambda new: {"count": _usage.c.count + new.count},
    _usage.c.count,
)
USED = Statement(select(_usage.c.kind, _usage.c.count).where(own(_usage), _usage.c.month == string("month")))


class WorkspaceRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, workspace: Workspace) -> None:
        self._db.run(
            ADD,
            id=workspace.id,
            name=workspace.name,
            organization_name=workspace.organization_name,
            created_at_ms=workspace.created_at_ms,
            quota_month=workspace.quota_month,
            vat_default_bp=workspace.vat_default_bp,
            vat_max_bp=workspace.vat_max_bp,
        )

    def find(self, workspace: str) -> Workspace | None:
        row = self._db.one(FIND, id=workspace)
        return Workspace(*row) if row else None

    def all(self) -> list[Workspace]:
        return [Workspace(*row) for row in self._db.run(ALL)]

    def set_vat(self, workspace: str, default_bp: int | None, max_bp: int | None) -> bool:
        return self._db.count(SET_VAT, id=workspace, default_bp=default_bp, max_bp=max_bp) > 0


class CounterRows:
    """The row lock that `next` takes is what makes numbers visible in their order on PostgreSQL: whoever wants the next number
    waits until this transaction's rows can be seen."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def next(self, scope: Scope) -> int:
        return self.raise_by(scope, 1)

    def current(self, scope: Scope) -> int:
        row = self._db.one(CURRENT, scope)
        return int(row[0]) if row else 0

    def raise_by(self, scope: Scope, amount: int) -> int:
        row = self._db.one(RAISE, scope, amount=amount) or self._db.one(START, scope, value=amount)
        assert row is not None
        return int(row[0])


class UsageRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, scope: Scope, month: str, kind: str, amount: int = 1) -> int:
        row = self._db.one(USE, scope, month=month, kind=kind, count=amount)
        assert row is not None
        return int(row[0])

    def count(self, scope: Scope, month: str) -> dict[str, int]:
        return {str(kind): int(count) for kind, count in self._db.run(USED, scope, month=month)}
