"""Lots and reservations of the ledger. What was taken from a lot or given back is a row for ever; what is left of it stands beside.

May not enter: which lot is taken (domain/lots.py), accounts and postings (ledger.py)."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update

from billfold.domain.ids import Scope
from billfold.domain.ledger import AccountKey, Operation
from billfold.domain.lots import Lot
from billfold.ledger_ports import Reservation
from billfold.storage import schema
from billfold.storage.statements import Session, Statement, by_index, literal, number, own, string

_lots, _uses, _reservations = schema.ledger_lot, schema.ledger_lot_use, schema.ledger_reservation

_LOT = (_lots.c.id, _lots.c.operation, _lots.c.amount, _lots.c.left, _lots.c.available_at_ms, _lots.c.expires_at_ms)
_OF_ACCOUNT = own(_lots) & (_lots.c.owner == string("owner")) & (_lots.c.unit == string("unit"))
_OPEN = _lots.c.closed == literal("")
_ONE = _OF_ACCOUNT & (_lots.c.id == string("id"))
OPEN_OF = Statement(select(*_LOT).where(_OF_ACCOUNT, _OPEN, _lots.c.left > literal(0)))
THERE = Statement(select(*_LOT).where(_ONE, _OPEN))
MADE_BY = Statement(
    select(_lots.c.owner, _lots.c.unit, _lots.c.id).where(own(_lots), _lots.c.operation == string("operation")).order_by(_lots.c.id)
)
USES_OF = Statement(
    select(_uses.c.owner, _uses.c.unit, _uses.c.lot, _uses.c.amount).where(own(_uses), _uses.c.operation == string("operation"))
)
DUE = Statement(
    select(_lots.c.owner, _lots.c.unit, *_LOT)
    .where(own(_lots), _OPEN, _lots.c.due_at_ms <= number("now"))
    .order_by(_lots.c.due_at_ms, _lots.c.owner, _lots.c.unit, _lots.c.id)
    .limit(number("limit"))
)
MAKE = Statement(insert(_lots).inline())
USE = Statement(insert(_uses).inline())
LEAVE = Statement(update(_lots).where(_ONE), columns=("left",))
DEFER = Statement(update(_lots).where(_ONE), columns=("due_at_ms",))
CLOSE = Statement(update(_lots).where(_ONE), columns=("closed", "due_at_ms"))

_RESERVATION = (
    *(_reservations.c.id, _reservations.c.owner, _reservations.c.unit, _reservations.c.amount, _reservations.c.due_at_ms),
    *(_reservations.c.state, _reservations.c.settled_by),
)
_WAITING = _reservations.c.state == literal("open")
RESERVE = Statement(insert(_reservations).inline())
RESERVED = Statement(select(*_RESERVATION).where(own(_reservations), _reservations.c.id == string("id")))
SETTLE = Statement(
    update(_reservations).where(own(_reservations), _reservations.c.id == string("id")), columns=("state", "settled_by")
)
_RESERVED_FOR = (
    select(_reservations.c.unit, func.sum(_reservations.c.amount))
    .where(own(_reservations), _reservations.c.owner == string("owner"), _WAITING)
    .group_by(_reservations.c.unit)
)
RESERVED_FOR = Statement(by_index("ix_ledger_reservation_owner", _RESERVED_FOR, _reservations))
DUE_RESERVATIONS = Statement(
    select(*_RESERVATION)
    .where(own(_reservations), _WAITING, _reservations.c.due_at_ms <= number("now"))
    .order_by(_reservations.c.due_at_ms, _reservations.c.id)
    .limit(number("limit"))
)


class LotRows:
    """ports.Lots."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def write(self, scope: Scope, operation: Operation) -> None:
        """What an operation made of lots and took from them."""
        for key, lot in operation.made:
            self._db.run(
                MAKE,
                scope,
                owner=key.owner,
                unit=key.unit,
                id=lot.id,
                operation=lot.operation,
                amount=lot.amount,
                left=lot.left,
                available_at_ms=lot.available_at_ms,
                expires_at_ms=lot.expires_at_ms,
                due_at_ms=lot.due_at_ms(operation.order.at_ms),
                closed="",
            )
        for key, use in operation.uses:
            whose = {"owner": key.owner, "unit": key.unit}
            self._db.run(USE, scope, **whose, lot=use.lot, operation=operation.order.id, amount=use.amount)
            self._db.run(LEAVE, scope, **whose, id=use.lot, left=use.left)

    def open_of(self, scope: Scope, key: AccountKey) -> list[Lot]:
        return [Lot(*row) for row in self._db.run(OPEN_OF, scope, owner=key.owner, unit=key.unit)]

    def there(self, scope: Scope, key: AccountKey, ids: Sequence[str]) -> list[Lot]:
        found = (self._db.one(THERE, scope, owner=key.owner, unit=key.unit, id=one) for one in ids)
        return [Lot(*row) for row in found if row]

    def made_by(self, scope: Scope, operation_id: str) -> list[tuple[AccountKey, str]]:
        rows = self._db.run(MADE_BY, scope, operation=operation_id)
        return [(AccountKey(owner, unit), lot) for owner, unit, lot in rows]

    def uses_of(self, scope: Scope, operation_ids: Sequence[str]) -> list[tuple[AccountKey, str, int]]:
        rows = (row for one in operation_ids for row in self._db.run(USES_OF, scope, operation=one))
        return [(AccountKey(owner, unit), lot, amount) for owner, unit, lot, amount in rows]

    def due(self, scope: Scope, now_ms: int, limit: int) -> list[tuple[AccountKey, Lot]]:
        rows = self._db.run(DUE, scope, now=now_ms, limit=limit)
        return [(AccountKey(owner, unit), Lot(*rest)) for owner, unit, *rest in rows]

    def defer(self, scope: Scope, key: AccountKey, lot: str, due_at_ms: int) -> None:
        self._db.run(DEFER, scope, owner=key.owner, unit=key.unit, id=lot, due_at_ms=due_at_ms)

    def close(self, scope: Scope, key: AccountKey, lot: str, why: str) -> None:
        self._db.run(CLOSE, scope, owner=key.owner, unit=key.unit, id=lot, closed=why, due_at_ms=None)


class ReservationRows:
    """ports.Reservations."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, scope: Scope, reservation: Reservation) -> None:
        one = reservation
        whose = {"id": one.id, "owner": one.owner, "unit": one.unit, "state": one.state}
        self._db.run(RESERVE, scope, **whose, amount=one.amount, due_at_ms=one.due_at_ms, settled_by=one.settled_by)

    def find(self, scope: Scope, operation_id: str) -> Reservation | None:
        row = self._db.one(RESERVED, scope, id=operation_id)
        return Reservation(*row) if row else None

    def settle(self, scope: Scope, operation_id: str, state: str, settled_by: str) -> None:
        self._db.run(SETTLE, scope, id=operation_id, state=state, settled_by=settled_by)

    def open_of(self, scope: Scope, owner: str) -> dict[str, int]:
        return {unit: int(amount) for unit, amount in self._db.run(RESERVED_FOR, scope, owner=owner)}

    def due(self, scope: Scope, now_ms: int, limit: int) -> list[Reservation]:
        return [Reservation(*row) for row in self._db.run(DUE_RESERVATIONS, scope, now=now_ms, limit=limit)]
