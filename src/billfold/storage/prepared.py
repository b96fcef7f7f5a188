"""The statements of one PostgreSQL connection, each prepared at its first use, and those whose answer nobody awaits now.

What only has to happen (`tell`) goes to the server with the next statement that is asked, or with COMMIT: one way there and back
for all of them. So its failure shows there, as the same error, and the server does nothing that comes after it (ADR 14). So does
what will be asked later (`ahead`); its answer is kept until then (ADR 16). Errors are psycopg's classes, values are read by its
loaders; its cursors are slower (ADR 12). May not enter: which connection is used, when a transaction is run again."""

import re
from collections.abc import Callable, Mapping, Sequence
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


_Kept = dict[Sent, "PGresult | None"]
"""Questions and their answers; None: not sent yet."""


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
        self._ahead: _Kept = {}
        self._foretold: _Kept = {}

    def tell(self, sql: str, params: Mapping[str, Value]) -> None:
        """Is sent with the next that is asked."""
        self._told.append(self._sent(sql, params))

    def ahead(self, sql: str, params: Mapping[str, Value]) -> None:
        """The same question is asked soon, by `rows`: then its answer is there, once, unless something was `changed` before."""
        self._keep(self._ahead, sql, params)

    def foretell(self, sql: str, params: Mapping[str, Value]) -> None:
        """The same for `foretold`, whatever is changed before."""
        self._keep(self._foretold, sql, params)

    def foretold(self, sql: str, params: Mapping[str, Value]) -> list[Row] | None:
        """What was answered to it; None: nobody has asked."""
        found = self._kept(self._foretold, self._sent(sql, params)) if self._foretold else None
        return None if found is None else self._read(found)

    def changed(self) -> None:
        """What was asked ahead may not be true any more."""
        self._ahead.clear()

    def rows(self, sql: str, params: Mapping[str, Value]) -> list[Row]:
        asked = self._sent(sql, params)
        found = self._kept(self._ahead, asked) if self._ahead else None
        return self._read(self._ask(asked) if found is None else found)

    def count(self, sql: str, params: Mapping[str, Value]) -> int:
        """How many rows it touched."""
        return self._ask(self._sent(sql, params)).command_tuples or 0

    def settle(self) -> None:
        """Sends what was told, and waits until it is done."""
        if self._told:
            self._answers(self._take())

    def forget(self) -> None:
        """What was told and not sent will not be, and no answer is kept."""
        self._told.clear()
        self._ahead.clear()
        self._foretold.clear()

    def commit(self) -> None:
        """With what was told before. Raises InCommit, or the error of a statement before it, and then nothing is committed."""
        lot = [*self._take(), self._sent(_COMMIT, {})]
        self.forget()
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

    def _ask(self, asked: Sent) -> "PGresult":
        return self._answers([*self._take(), asked])

    def _answers(self, lot: Sequence[Sent]) -> "PGresult":
        """The last one; others are kept for whoever has asked ahead."""
        results = self._wire.answers(lot)
        last = checked(results[-1])
        for kept in (self._ahead, self._foretold):
            if kept:
                kept.update((one, result) for one, result in zip(lot, results, strict=True) if one in kept)
        return last

    def _keep(self, kept: _Kept, sql: str, params: Mapping[str, Value]) -> None:
        asked = self._sent(sql, params)
        if asked not in kept:
            kept[asked] = None
            self._told.append(asked)

    def _kept(self, kept: _Kept, asked: Sent) -> "PGresult | None":
        if asked in kept and kept[asked] is None:
            self.settle()
        return kept.pop(asked, None)

    def _read(self, result: "PGresult") -> list[Row]:
        if not result.ntuples:
            return []
        self._reader.set_pgresult(result)
        return self._reader.load_rows(0, result.ntuples, tuple)

    def _sent(self, sql: str, params: Mapping[str, Value]) -> Sent:
        name, names = self._known.get(sql) or self._prepare(sql)
        values = [params[one] for one in names]
        kinds = [type(one) for one in values]
        formats = tuple([_BINARY if kind is bytes else _TEXT for kind in kinds]) if bytes in kinds else None
        return Sent(name, tuple([_ways[kind](value) for kind, value in zip(kinds, values, strict=True)]), formats)

    def _prepare(self, sql: str) -> tuple[bytes, tuple[str, ...]]:
        text, names = numbered(sql)
        known = b"billfold_%d" % len(self._known), names
        checked(self._driver.prepare(known[0], text))
        self._known[sql] = known
        return known


def _text(value: str) -> bytes:
    if "\0" in value:  # would end it there
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value.encode()


class _Ways(dict[type, Callable[[Any], bytes | None]]):
    """How values of a kind are sent: a look-up for each of the hundred that a scan has."""

    def __missing__(self, kind: type) -> Callable[[Any], bytes | None]:
        return _text if issubclass(kind, str) else b"%d".__mod__


_ways = _Ways({str: _text, bytes: bytes, type(None): lambda value: None})
