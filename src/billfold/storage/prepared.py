"""The statements of one PostgreSQL connection, each prepared at its first use and then run by one call of libpq.

psycopg's cursors do the same in several steps, between which the interpreter's lock is given away and taken again; of the short
statements of a scan that is most of what they cost here. Errors are psycopg's own classes, values are read by its
own loaders. May not enter: transactions, which connection is used."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import DataError, errors, pq
from psycopg.adapt import Transformer

from billfold.storage.statements import Row, Value

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGresult

_PARAMETER = re.compile(r"%\((\w+)\)s")
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_TEXT, _BINARY = 0, 1


@cache
def numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with named parameters as the server takes it, `$1`, and the names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    places = {name: f"${nth}" for nth, name in enumerate(names, 1)}
    return _PARAMETER.sub(lambda found: places[found[1]], sql).replace("%%", "%").encode(), names


class Prepared:
    """May raise any psycopg.Error."""

    def __init__(self, connection: "Connection[Row]") -> None:
        self._driver = connection.pgconn
        self._reader = Transformer(connection)
        self._known: dict[str, tuple[bytes, tuple[str, ...]]] = {}

    def command(self, text: bytes) -> None:
        """BEGIN, COMMIT and the like."""
        _checked(self._driver.exec_(text))

    def rows(self, sql: str, params: Mapping[str, Value]) -> list[Row]:
        result = self._run(sql, params)
        if not result.ntuples:
            return []
        self._reader.set_pgresult(result)
        return self._reader.load_rows(0, result.ntuples, tuple)

    def count(self, sql: str, params: Mapping[str, Value]) -> int:
        """How many rows it touched."""
        return self._run(sql, params).command_tuples or 0

    def _run(self, sql: str, params: Mapping[str, Value]) -> "PGresult":
        name, names = self._known.get(sql) or self._prepare(sql)
        values: list[Any] = []  # None for NULL, which the driver's types leave out
        formats: list[int] = []
        for value in map(params.__getitem__, names):
            values.append(_sent(value))
            formats.append(_BINARY if isinstance(value, bytes) else _TEXT)
        return _checked(self._driver.exec_prepared(name, values, formats, _BINARY))

    def _prepare(self, sql: str) -> tuple[bytes, tuple[str, ...]]:
        text, names = numbered(sql)
        known = b"billfold_%d" % len(self._known), names
        _checked(self._driver.prepare(known[0], text))
        self._known[sql] = known
        return known


def _sent(value: Value) -> bytes | None:
    if isinstance(value, str):
        if "\0" in value:  # would end it there
            raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode()
    if value is None or isinstance(value, bytes):
        return value
    return b"%d" % value


def _checked(result: "PGresult") -> "PGresult":
    if result.status not in _GOOD:
        raise errors.error_from_result(result)
    return result
