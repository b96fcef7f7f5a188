"""A table whose columns are the fields of one frozen dataclass: its statements and how a value becomes a row and comes back.

May not enter: which table, what is found by other columns than the key."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, FromClause, Select, Table, insert, select, update

from billfold.domain.ids import Scope
from billfold.storage.statements import Row, Session, Statement, Value, among, every, keys_of, number, own, string

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Codec:
    """How one field is kept. `column`: where it is not named as the field."""

    to: Callable[[Any], Value]
    of: Callable[[Any], Any]
    column: str = ""


FLAG = Codec(int, bool)
NAMES = Codec(lambda given: msgspec.json.encode(given).decode(), lambda kept: msgspec.json.decode(kept, type=tuple[str, ...]))
ATTRIBUTES = Codec(
    lambda given: msgspec.json.encode(given, order="deterministic").decode(),
    lambda kept: msgspec.json.decode(kept, type=dict[str, str | int]),
)


def choice(kind: Callable[[str], Any]) -> Codec:
    """An StrEnum."""
    return Codec(str, kind)


def degrees(column: str) -> Codec:
    """As whole millionths."""
    return Codec(
        lambda given: None if given is None else round(given * 1_000_000),
        lambda kept: None if kept is None else kept / 1_000_000,
        column,
    )


class Form(Generic[T]):
    """`key`: the column that completes the primary key."""

    def __init__(self, table: Table, kind: type[T], codecs: Mapping[str, Codec], key: str = "id") -> None:
        names = [one.name for one in fields(kind) if one.name != "scope"]  # type: ignore[arg-type]
        self.table, self.key = table, key
        self._kind = kind
        self._codecs = [(name, codecs.get(name)) for name in names]
        self._column = {name: codec.column or name if codec else name for name, codec in self._codecs}
        self.columns = tuple(table.c[one] for one in self._column.values())
        one = own(table) & (table.c[key] == string("key"))
        self.add = Statement(insert(table).inline())
        changing = tuple(column.name for column in table.columns if column.name not in ("workspace", "environment", key))
        self.replace = Statement(update(table).where(one), columns=changing)
        self.find = Statement(select(*self.columns).where(one))
        self.every = every(select(*self.columns).where(own(table)), table.c[key])
        self.find_locked = Statement(select(*self.columns).where(one).with_for_update())
        self.listing = (
            select(*self.columns).where(own(table), table.c[key] > string("after")).order_by(table.c[key]).limit(number("limit"))
        )

    def found(self, condition: Callable[[FromClause], ColumnElement[bool]], *, page: bool = False) -> Select[Any]:
        """Rows by something else than the key. Their keys come from an index alone: without statistics an engine may otherwise take
        the primary key, and read past all others. `page`: those after `after` in the order of keys, `limit` at most."""
        listed = self.table.alias("listed")
        keys = select(listed.c[self.key]).where(own(listed), condition(listed))
        rows = select(*self.columns).where(own(self.table))
        if page:
            keys = keys.where(listed.c[self.key] > string("after")).order_by(listed.c[self.key]).limit(number("limit"))
            rows = rows.order_by(self.table.c[self.key])
        return rows.where(among(self.table.c[self.key], keys))

    def row(self, value: T) -> dict[str, Value]:
        return {
            self._column[name]: codec.to(getattr(value, name)) if codec else getattr(value, name) for name, codec in self._codecs
        }

    def value(self, scope: Scope, row: Row) -> T:
        given = {name: codec.of(kept) if codec else kept for (name, codec), kept in zip(self._codecs, row, strict=True)}
        return self._kind(scope=scope, **given)  # type: ignore[call-arg]


class Kept(Generic[T]):
    """What every repository over a form does."""

    form: Form[T]

    def __init__(self, session: Session) -> None:
        self._db = session

    def _add(self, value: T, **more: Value) -> None:
        self._db.run(self.form.add, value.scope, **self.form.row(value), **more)  # type: ignore[attr-defined]

    def _replace(self, value: T, **more: Value) -> None:
        row = self.form.row(value)
        key = row.pop(self.form.key)
        self._db.run(self.form.replace, value.scope, key=key, **row, **more)  # type: ignore[attr-defined]

    def _one(self, statement: Statement, scope: Scope, **params: Value) -> T | None:
        row = self._db.one(statement, scope, **params)
        return self.form.value(scope, row) if row else None

    def _every(self, scope: Scope, keys: Collection[str]) -> dict[str, T]:
        """Key → value, of those that there are."""
        found = self._all(self.form.every, scope, keys=keys_of(keys)) if keys else []
        return {getattr(one, self.form.key): one for one in found}

    def _all(self, statement: Statement, scope: Scope, **params: Value) -> list[T]:
        return [self.form.value(scope, row) for row in self._db.run(statement, scope, **params)]
