"""Statements written once in SQLAlchemy Core, compiled once per dialect to text, and run on the raw driver.

A `Statement` is declared at module level beside the repository that uses it. A repository talks to a `Session`, which knows the
engine; the repository does not. Named parameters; numbers and texts that the partial indexes need are literals.
May not enter: connections, transactions, an Engine of SQLAlchemy's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    BindParameter,
    ClauseElement,
    ColumnElement,
    LargeBinary,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import CompoundSelect, Select, Update, UpdateBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

from billfold.domain.ids import Environment, Scope

Row = tuple[Any, ...]
Value = str | int | bytes | None
_ENVIRONMENTS = {one: one.value for one in Environment}
"""Looked up: on Python 3.11 an enumeration gives its values by calls."""


class _WithHints(sqlite.dialect.statement_compiler):  # type: ignore[name-defined,misc]
    """SQLAlchemy writes no hints for SQLite by itself: `by_index` has some."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


_SQLITE = sqlite.dialect(paramstyle="qmark")
_SQLITE.statement_compiler = _WithHints
_POSTGRES = psycopg_dialect.dialect()  # type: ignore[no-untyped-call]


class Compiled:
    """SQL text for one driver, and the values that SQLAlchemy put in by itself (such as the 0 of an OFFSET). `first`: what
    is to run before it, with the same parameters. `answers`: whether it gives rows. `changes`: whether it changes some. `in_order`:
    the values as SQLite wants them, by place: it would look up each of its names in the mapping."""

    __slots__ = ("answers", "changes", "constants", "first", "in_order", "sql")

    def __init__(self, clause: ClauseElement, dialect: Any, columns: Sequence[str] | None, first: "Compiled | None" = None) -> None:
        self.first = first
        self.changes = isinstance(clause, UpdateBase)
        self.answers = not isinstance(clause, UpdateBase) or bool(clause.returning_column_descriptions)
        compiled = clause.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self.in_order = _in_order(compiled.positiontup or ())
        self.constants: dict[str, Any] = {
            compiled.bind_names[bind]: bind.value for bind in compiled.bind_names if not bind.required and bind.value is not None
        }


def _in_order(names: Sequence[str]) -> Callable[[Mapping[str, Value]], tuple[Value, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple(given[name] for name in names)  # itemgetter gives a single value bare


class Statement:
    """`columns`: for an INSERT or UPDATE without expressions, the columns that it sets from parameters of the same name.

    `postgres`: where the two engines need different words, what PostgreSQL is told.

    `first`: an INSERT that goes with it, with parameters of the same names. PostgreSQL is told both at once, and answers once.

    `foretold`: of a change, the question that gives beforehand the rows which the change will give (or count), with some of its
    parameters: where it was asked, PostgreSQL is told the change and not waited for. `surely`: in which words then, where it is
    foretold to do anything; they fail if it cannot."""

    def __init__(
        self,
        clause: ClauseElement,
        columns: Sequence[str] | None = None,
        postgres: ClauseElement | None = None,
        first: "Statement | None" = None,
        foretold: "Statement | None" = None,
        surely: "Statement | None" = None,
    ) -> None:
        self.foretold, self.surely = foretold, surely
        self._clause = clause
        self._first = first
        self._columns = columns
        self._postgres_clause = clause if postgres is None else postgres

    @cached_property
    def sqlite(self) -> Compiled:
        return Compiled(self._clause, _SQLITE, self._columns, self._first.sqlite if self._first else None)

    @cached_property
    def postgres(self) -> Compiled:
        clause: Any = self._postgres_clause
        if self._first:
            first: Any = self._first._postgres_clause
            clause = clause.add_cte(first.cte("first"))
        return Compiled(clause, _POSTGRES, self._columns)


class Given(Protocol):
    """The rows that a `Bulk` is given, as its statement sees them."""

    def column(self, name: str) -> ColumnElement[Any]: ...
    def common(self, name: str) -> ColumnElement[Any]:
        """A text parameter that is the same for all rows, written so that it seems to depend on the row: then either planner, with
        statistics or without, goes from the given rows to the table by its whole key, and never the other way round."""


class _JsonRows:
    def __init__(self, columns: Sequence[str]) -> None:
        self._rows = func.json_each(string("given")).table_valued("value", name="given")
        self._places = {name: literal(f"$[{place}]") for place, name in enumerate(columns)}

    def column(self, name: str) -> ColumnElement[Any]:
        return func.json_extract(self._rows.c.value, self._places[name])

    def common(self, name: str) -> ColumnElement[Any]:
        return case((self._rows.c.value.is_(None), null()), else_=string(name))


class _JsonPairs:
    """Rows of two text columns, the first of which is different in each: one JSON object. The engine gives its names and values as
    they are; SQLite would read a row that is an array once more for each of its columns, psycopg writes arrays in Python."""

    def __init__(self, columns: Sequence[str], each: Any) -> None:
        rows = each.table_valued("key", "value", name="given")
        self._rows = rows
        self._places: dict[str, ColumnElement[Any]] = dict(zip(columns, (rows.c.key, rows.c.value), strict=True))

    def column(self, name: str) -> ColumnElement[Any]:
        return self._places[name]

    def common(self, name: str) -> ColumnElement[Any]:
        return case((self._rows.c.key.is_(None), null()), else_=string(name))


class _ArrayRows:
    def __init__(self, types: Mapping[str, TypeEngine[Any]]) -> None:
        arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in types.items()]
        self._first = next(iter(types))
        self._rows = func.unnest(*arrays).table_valued(*types, name="given").render_derived()

    def column(self, name: str) -> ColumnElement[Any]:
        return self._rows.c[name]

    def common(self, name: str) -> ColumnElement[Any]:
        return case((self._rows.c[self._first].is_(None), null()), else_=string(name))


class Bulk:
    """One change to many rows in one statement: over `json_each` of all rows on SQLite, over `unnest` of an array per column on
    PostgreSQL. (executemany would give the interpreter's lock away and take it again for each row.)

    `pairs`: there are two columns, both text, and no two rows have the same first one. Cheaper on both."""

    def __init__(self, build: Callable[[Given], ClauseElement], *, pairs: bool = False, **columns: TypeEngine[Any]) -> None:
        self._build = build
        self.pairs = pairs
        self.columns = tuple(columns)
        self._types = columns

    @cached_property
    def sqlite(self) -> Compiled:
        rows = _JsonPairs(self.columns, func.json_each(string("given"))) if self.pairs else _JsonRows(self.columns)
        return Compiled(self._build(rows), _SQLITE, None)

    @cached_property
    def postgres(self) -> Compiled:
        given = cast(string("given"), JSON)
        rows = _JsonPairs(self.columns, func.json_each_text(given)) if self.pairs else _ArrayRows(self._types)
        return Compiled(self._build(rows), _POSTGRES, None)


Change = Callable[[Any], Mapping[str, Any]]


def upsert(
    table: Table,
    keys: Sequence[str],
    change: Change,
    *returning: ColumnElement[Any],
    foretold: Statement | None = None,
    surely: Statement | None = None,
) -> Statement:
    """INSERT of all columns, or a change of the row with the same `keys`: `change(excluded)`; an empty one leaves it as it is."""

    def build(insert: Any) -> ClauseElement:
        made = insert(table).inline()
        if new := change(made.excluded):
            made = made.on_conflict_do_update(index_elements=keys, set_=new)
        else:
            made = made.on_conflict_do_nothing(index_elements=keys)
        clause: ClauseElement = made.returning(*returning) if returning else made
        return clause

    return Statement(build(sqlite.insert), postgres=build(postgresql.insert), foretold=foretold, surely=surely)


def upsert_where(table: Table, keys: Sequence[str], change: Change, where: ColumnElement[bool]) -> Statement:
    """As `upsert`, but the old row changes only where it fulfils `where`; the row count says whether anything happened."""

    def build(insert: Any) -> ClauseElement:
        made = insert(table).inline()
        clause: ClauseElement = made.on_conflict_do_update(index_elements=keys, set_=change(made.excluded), where=where)
        return clause

    return Statement(build(sqlite.insert), postgres=build(postgresql.insert))


def number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


def string(name: str) -> BindParameter[str]:
    return bindparam(name, type_=Text)


def binary(name: str) -> BindParameter[bytes]:
    return bindparam(name, type_=LargeBinary)


def literal(value: int | str) -> ColumnElement[Any]:
    """Written into the SQL text: what partial indexes are matched by. Never for values from outside."""
    return literal_column(str(value) if isinstance(value, int) else f"'{value}'")


def own(table: Any) -> ColumnElement[bool]:
    """The rows of the scope that the statement is run with."""
    found: ColumnElement[bool] = (table.c.workspace == string("workspace")) & (table.c.environment == string("environment"))
    return found


Found = TypeVar("Found", bound=Select[Any] | Update)


def by_index(index: str, found: Found, table: Table) -> Found:
    """The same, and SQLite is told by which index to go. Without statistics it takes the beginning of a key, which is the scope,
    for as good as an index by all that is asked for, and then reads what the scope has ever done. PostgreSQL counts its rows."""
    if isinstance(found, Update):
        return found.with_hint(f"INDEXED BY {index}", table, "sqlite")
    return found.with_hint(table, f"INDEXED BY {index}", "sqlite")


class greatest(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


class least(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


class among(FunctionElement[Any]):
    """`column IN (query)`, found by index. PostgreSQL is given the values as an array: for an IN it may hash the whole table."""

    type = NullType()  # a Boolean would become `... = 1` on SQLite, which no index serves
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], query: Select[Any] | CompoundSelect[Any]) -> None:
        super().__init__(column, query.scalar_subquery())


def every(rows: Select[Any], column: ColumnElement[Any]) -> Statement:
    """The rows whose `column`, a key, is among the texts of the parameter `keys`, a JSON array. Each is found by itself."""
    return _of_keys(lambda texts: rows.where(among(column, select(texts))))


def first_of_every(rows: Select[Any], column: ColumnElement[Any], *order: ColumnElement[Any]) -> Statement:
    """As `every`, but of each key only the first `each`, a parameter, in this order; key by key."""
    ranks = func.row_number().over(partition_by=column, order_by=order).label("rank")

    def build(texts: Any) -> ClauseElement:
        ranked = rows.add_columns(ranks).where(among(column, select(texts))).subquery("ranked")
        wanted = [one for one in ranked.c if one is not ranked.c.rank]
        return select(*wanted).where(ranked.c.rank <= number("each")).order_by(ranked.c[str(column.key)], ranked.c.rank)

    return _of_keys(build)


def _of_keys(build: Callable[[Any], ClauseElement]) -> Statement:
    of_sqlite = func.json_each(string("keys")).table_valued("value", name="given").c.value
    of_postgres = func.json_array_elements_text(cast(string("keys"), JSON))
    return Statement(build(of_sqlite), postgres=build(of_postgres))


def keys_of(keys: Iterable[str]) -> str:
    """What `every` takes."""
    return msgspec.json.encode(sorted(keys)).decode()


@compiles(greatest)
def _greatest(element: greatest, compiler: SQLCompiler, **kw: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **kw)})"


@compiles(greatest, "sqlite")
def _greatest_sqlite(element: greatest, compiler: SQLCompiler, **kw: Any) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


@compiles(least)
def _least(element: least, compiler: SQLCompiler, **kw: Any) -> str:
    return f"least({compiler.process(element.clauses, **kw)})"


@compiles(least, "sqlite")
def _least_sqlite(element: least, compiler: SQLCompiler, **kw: Any) -> str:
    return f"min({compiler.process(element.clauses, **kw)})"


@compiles(among)
def _among(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = element.clauses
    return f"{compiler.process(column, **kw)} = ANY (ARRAY{compiler.process(query, **kw)})"


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = element.clauses
    return f"{compiler.process(column, **kw)} IN {compiler.process(query, **kw)}"


class Session(Protocol):
    """Statements inside one transaction. With a `scope`, its workspace and environment are parameters of those names."""

    def run(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> list[Row]:
        """All rows. A change that gives none may be sent with the next statement that is asked, or with COMMIT: it fails there."""

    def one(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> Row | None:
        """The first row."""

    def count(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> int:
        """How many rows an INSERT, UPDATE or DELETE touched."""

    def ahead(self, statement: Statement, scope: Scope, /, **params: Value) -> None:
        """The same will be asked soon, or a change be made whose answer can be foretold: it may be sent with the next question.
        Only for what nobody else changes meanwhile (rows that are locked by it, or by what was asked before)."""

    def bulk(self, change: Bulk, scope: Scope, rows: Sequence[Sequence[Value]], /, **params: Value) -> None:
        """One change to many rows, each with the columns of `change.columns` in that order; `params` are common to all."""


class Telling:
    """The part of both sessions that makes a statement's parameters complete."""

    __slots__ = ()

    def _given(self, compiled: Compiled, scope: Scope | None, params: dict[str, Value]) -> dict[str, Value]:
        if scope is not None:
            params["workspace"] = scope.workspace
            params["environment"] = _ENVIRONMENTS[scope.environment]
        if compiled.constants:
            params.update(compiled.constants)
        return params
