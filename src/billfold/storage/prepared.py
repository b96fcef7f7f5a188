"""The statements of one PostgreSQL connection, each prepared at its first use, and those whose answer nobody awaits.

What only has to happen (`tell`) goes to the server with the next statement that is asked, or with COMMIT: one way there and back
for all of them. So its failure shows there, as the same error, and the server does nothing that comes after it (ADR 14). Errors are
psycopg's classes, values are read by its loaders; its cursors are slower (ADR 12). May not enter: which connection is used, when a
transaction is run again."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import Transformer

from billfold.storage.statements import Row, Value
from billfold.storage.wire import Sent, Waiting, Wire, checked, told_by_server

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

_PARAMETER = re.compile(r"%\((\w+)\)s")
_TEXT, _BINARY = 0, 1
_COMMIT = "COMMIT"


class InCommit(Exception):
    """COMMIT was on its way, and this is what befell it. Its cause is the psycopg.Error."""


@cache
def numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with named parameters as the server takes it, `$1`, and the names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    places = {name: f"${nth}" for nth, name in enumerate(names, 1)}
    return _PARAMETER.sub(lambda found: places[found[1]], sql).replace("%%", "%").encode(), names


class Prepared:
    """May raise any psycopg.Error."""

    def __init__(self, connection: "psycopg.Connection[Row]", waiting: Waiting) -> None:
        self._driver = connection.pgconn
        self._wire = Wire(connection.pgconn, waiting)
        self._reader = Transformer(connection)
        self._known: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        self._told: list[Sent] = []

    def tell(self, sql: str, params: Mapping[str, Value]) -> None:
        """Is sent with the next that is asked."""
        self._told.append(self._sent(sql, params))

    def rows(self, sql: str, params: Mapping[str, Value]) -> list[Row]:
        result = self._ask(sql, params)
        if not result.ntuples:
            return []
        self._reader.set_pgresult(result)
        return self._reader.load_rows(0, result.ntuples, tuple)

    def count(self, sql: str, params: Mapping[str, Value]) -> int:
        """How many rows it touched."""
        return self._ask(sql, params).command_tuples or 0

    def settle(self) -> None:
        """Sends what was told, and waits until it is done."""
        if self._told:
            checked(self._wire.answers(self._take())[-1])

    def forget(self) -> None:
        """What was told and not sent will not be."""
        self._told.clear()

    def commit(self) -> None:
        """With what was told before. Raises InCommit, or the error of a statement before it, and then nothing is committed."""
        lot = [*self._take(), self._sent(_COMMIT, {})]
        try:
            results = self._wire.answers(lot)
        except psycopg.Error as problem:
            raise InCommit from problem
        last = results[-1]
        if len(results) < len(lot) and told_by_server(last):
            checked(last)
        try:
            checked(last)
        except psycopg.Error as problem:
            raise InCommit from problem
        assert last.command_status == _COMMIT.encode(), "a transaction that has failed is not committed"

    def _take(self) -> list[Sent]:
        told, self._told = self._told, []
        return told

    def _ask(self, sql: str, params: Mapping[str, Value]) -> "PGresult":
        asked = self._sent(sql, params)
        return checked(self._wire.answers([*self._take(), asked])[-1])

    def _sent(self, sql: str, params: Mapping[str, Value]) -> Sent:
        name, names = self._known.get(sql) or self._prepare(sql)
        values: list[Any] = []
        formats: list[int] = []
        for value in map(params.__getitem__, names):
            values.append(_sent(value))
            formats.append(_BINARY if isinstance(value, bytes) else _TEXT)
        return Sent(name, values, formats)

    def _prepare(self, sql: str) -> tuple[bytes, tuple[str, ...]]:
        text, names = numbered(sql)
        known = b"billfold_%d" % len(self._known), names
        checked(self._driver.prepare(known[0], text))
        self._known[sql] = known
        return known


def _sent(value: Value) -> bytes | None:
    if isinstance(value, str):
        if "\0" in value:  # would end it there
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode()
    if value is None or isinstance(value, bytes):
        return value
    return b"%d" % value
