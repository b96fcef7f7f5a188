"""The transaction of one scan with nothing around it: what the server runs, noted once, and run again on the raw driver.

The statements are the server's own, text by text, with another card and operation each time; what the driver reads back (an
account's sequence) goes into what follows, as it must. Nothing is parsed, decided, hashed, rendered or awaited. Durability is the
server's own on both engines: SQLite's connection is set as the server's, PostgreSQL's too. At its best the program also sends them
to PostgreSQL in the server's lots; as a plain one it awaits each.
May not enter: HTTP, flows (but to note the statements)."""

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg

from _ledger_fill import ACTOR
from billfold import bootstrap
from billfold.domain import ledger
from billfold.domain.ledger import AccountKey, Kind, Move, Order
from billfold.domain.scanning import Action
from billfold.flows import ledger as flow
from billfold.flows.ledger import Asked
from billfold.flows.scans import execute as scanning
from billfold.flows.scans.execute import ScanAsked
from billfold.settings import Settings
from billfold.storage import postgres, sqlite
from billfold.storage.store import sqlite_path
from billfold.storage.transaction import Transaction

CLIENTS = 16
CHECKPOINT_ROWS = 4_000
"""After so many changed rows the log is copied as a whole, as SQLite does it by itself after so many pages."""
PLAIN = (1, CLIENTS)
SHAPES = (PLAIN, (1, 4), (2, 2), (2, 8), (4, 4))
"""Processes and threads in each that are tried on PostgreSQL; each thread has a connection."""

Params = dict[str, Any]
Execute = Callable[[str, str, Params], list[Any] | int | None]
"""Does with a statement what one of Prepared's functions of that name does."""
CALLS = ("ahead", "foretell", "foretold", "tell", "rows", "count")
"""Those; the first two only send, the third only reads what the second has asked."""


@dataclass(frozen=True)
class Noted:
    """What was done with which text and parameters, in its order, in a charge on `card` with the other side on `system`."""

    calls: tuple[tuple[str, str, Params], ...]
    by_place: Mapping[str, Callable[[Params], tuple[Any, ...]]]
    """On SQLite: a text's parameters as the server gives them."""
    operation: str
    card: str
    system: str

    @property
    def statements(self) -> int:
        """How many are sent."""
        early = {sql for call, sql, _ in self.calls if call in ("ahead", "foretell")}
        return len(early) + sum(1 for call, sql, _ in self.calls if call in ("tell", "rows", "count") and sql not in early)


class _Noting:
    """Prepared, and what it was asked for."""

    def __init__(self, prepared: Any, calls: list[tuple[str, str, Params]]) -> None:
        self._prepared, self._calls = prepared, calls

    def __getattr__(self, name: str) -> Any:
        if name not in CALLS:
            return getattr(self._prepared, name)

        def call(sql: str, params: Params) -> Any:
            self._calls.append((name, sql, dict(params)))
            return getattr(self._prepared, name)(sql, params)

        return call


def note(settings: Settings, card: str, route: str) -> Noted:
    """Runs one charge through the flow, notes its statements, and undoes it."""
    id_ = "bare-000000000000"
    calls: list[tuple[str, str, Params]] = []
    by_place: dict[str, Callable[[Params], tuple[Any, ...]]] = {}

    async def once() -> None:
        async with bootstrap.operate(settings) as parts:
            path = sqlite_path(settings.database_url)

            class Session(sqlite.SqliteSession):
                def _given(self, compiled: Any, scope: Any, params: Params) -> Params:
                    given = super()._given(compiled, scope, params)
                    parts = (compiled.first, compiled) if compiled.first else (compiled,)
                    calls.extend(("rows", one.sql, dict(given)) for one in parts)
                    by_place.update((one.sql, one.in_order) for one in parts)
                    return given

            connection: Any = postgres.connect(settings.database_url) if path is None else sqlite.connect(path)
            with contextlib.closing(connection):
                connection.execute("BEGIN")
                if path is None:
                    connection.statements = _Noting(connection.statements, calls)
                tx = Transaction(postgres.PostgresSession(connection) if path is None else Session(connection), 1000)
                if route == "scans":
                    scanning.scan_in(parts.services, tx, ACTOR, ScanAsked(id_, Action.CHARGE, card, amounts={"EUR": 1}))
                else:
                    flow.post_in(parts.services, tx, ACTOR, Asked(id_, Kind.CHARGE, card, {"EUR": -1}))
                connection.execute("ROLLBACK")

    asyncio.run(once())
    return Noted(tuple(calls), by_place, id_, card, _other_side(card))


def _other_side(card: str) -> str:
    order = Order("-", Kind.CHARGE, (Move(AccountKey(card, "EUR"), -1),), "", "", 0, 0)
    (system,) = (move.key.owner for move in ledger.legs(order) if move.key.system)
    return system


def _scans(noted: Noted, cards: Sequence[str], run: str) -> Iterator[Callable[[Execute], None]]:
    """One transaction after the other, without its BEGIN and COMMIT."""
    steps = [(call, sql, params, _changing(noted, sql, params)) for call, sql, params in noted.calls]
    others = {card: _other_side(card) for card in cards}
    for nth in itertools.count():
        card = cards[nth % len(cards)]
        new = {
            "operation": f"bare-{run}-{nth:010}",
            "card": card,
            "system": others[card],
            "event": f"{run}-0000-4000-8000-{nth:012x}",
        }

        def scan(execute: Execute, new: dict[str, str] = new) -> None:
            sequences: dict[tuple[str, str], int] = {}
            for place, (call, sql, params, changing) in enumerate(steps):
                given = params.copy()
                for name, what in changing:
                    given[name] = new[what] if isinstance(what, str) else sequences[given[what[0]], given[what[1]]] + 1
                    if what == "event":
                        given[name] += f"-{place}"
                rows = execute(call, sql, given)
                if call == "rows" and sql.startswith("SELECT ledger_account.owner"):  # owner, unit, balance, sequence...
                    assert isinstance(rows, list)
                    sequences = {row[:2]: row[3] for row in rows}

        yield scan


def _changing(noted: Noted, sql: str, params: Params) -> list[tuple[str, Any]]:
    """Which parameters are others in each transaction: (name, what of it), or (name, names of owner and unit whose next it is)."""
    known = {noted.operation: "operation", noted.card: "card", noted.system: "system"}
    found: list[tuple[str, Any]] = [(name, known[value]) for name, value in params.items() if value in known]
    found += [("id", "event")] if sql.startswith("INSERT INTO event") else []
    return found + [
        (name, (name.replace("sequence", "owner"), name.replace("sequence", "unit")))
        for name in params
        if name.startswith("sequence")
    ]


@dataclass(frozen=True)
class Rate:
    """Transactions a second, and what one of them takes of this program's CPU, the database's own not counted where that is another
    program."""

    rate: float
    cpu_us: float


class Bare:
    """A program without HTTP."""

    def __init__(self, url: str, cards: Sequence[str], settings: Settings, route: str) -> None:
        self._url, self._path, self._cards = url, sqlite_path(url), cards
        self.noted = note(settings, cards[0], route)

    def plain(self, seconds: float) -> Rate:
        """Each transaction with a COMMIT of its own: one after the other on SQLite; on PostgreSQL in sixteen threads, by psycopg's
        cursors."""
        if self._path is not None:
            return _on_sqlite(self._path, self.noted, self._cards, seconds, 1)
        return _on_postgres(self._url, self.noted, self._cards, seconds, PLAIN, by_cursors=True)

    def best(self, seconds: float) -> Rate:
        """Sixteen transactions a COMMIT, each under a savepoint, which is the most that sixteen clients can have waiting; on
        PostgreSQL the fastest shape, with statements run as the server runs them."""
        if self._path is not None:
            return _on_sqlite(self._path, self.noted, self._cards, seconds, CLIENTS)
        shapes = (_on_postgres(self._url, self.noted, self._cards, seconds / 2, one, by_cursors=False) for one in SHAPES)
        return max(shapes, key=lambda one: one.rate)


def _on_sqlite(path: Any, noted: Noted, cards: Sequence[str], seconds: float, group: int) -> Rate:
    with contextlib.closing(sqlite.connect(path)) as connection:
        execute, scans = connection.execute, _scans(noted, cards, uuid.uuid4().hex[:8])
        done, rows, began, cpu = 0, 0, time.perf_counter(), time.process_time()
        while time.perf_counter() < began + seconds:
            execute("BEGIN IMMEDIATE")
            for scan in itertools.islice(scans, group):
                if group > 1:
                    execute("SAVEPOINT one")
                scan(lambda _, sql, given: execute(sql, noted.by_place[sql](given)).fetchall())
                if group > 1:
                    execute("RELEASE one")
            execute("COMMIT")
            done, rows = done + group, rows + group * noted.statements
            if rows >= CHECKPOINT_ROWS:
                rows = 0
                execute("PRAGMA wal_checkpoint(PASSIVE)")
        return Rate(done / (time.perf_counter() - began), (time.process_time() - cpu) / done * 1e6)


def _on_postgres(url: str, noted: Noted, cards: Sequence[str], seconds: float, shape: tuple[int, int], *, by_cursors: bool) -> Rate:
    processes, threads = shape
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (context.Barrier(processes * threads),)) as pool:
        parts = [cards[nth::processes] for nth in range(processes)]
        work = partial(_process, url, noted, seconds=seconds, threads=threads, by_cursors=by_cursors)
        told = list(pool.map(work, parts))
    done = sum(count for count, _ in told)
    return Rate(done / seconds, sum(cpu for _, cpu in told) / max(done, 1) * 1e6)


class _ByCursor:
    """Every statement is awaited; an early question where the server sends it."""

    def __init__(self, connection: postgres.Connection) -> None:
        self._cursor = connection.cursor()
        self._early: dict[str, list[Any]] = {}

    def begin(self) -> None:
        self._early.clear()
        self._cursor.execute("BEGIN")

    def execute(self, call: str, sql: str, given: Params) -> list[Any]:
        if sql in self._early:
            return self._early.pop(sql)
        self._cursor.execute(sql.encode(), given)
        rows = self._cursor.fetchall() if self._cursor.description else []
        if call in ("ahead", "foretell"):
            self._early[sql] = rows
        return rows

    def commit(self) -> None:
        self._cursor.execute("COMMIT")

    def undo(self) -> None:
        self._cursor.execute("ROLLBACK")


class _InLots:
    """As the server does it."""

    def __init__(self, connection: postgres.Connection) -> None:
        self._connection = connection

    def begin(self) -> None:
        self._connection.statements.tell("BEGIN", {})

    def execute(self, call: str, sql: str, given: Params) -> Any:
        return getattr(self._connection.statements, call)(sql, given)

    def commit(self) -> None:
        self._connection.statements.commit()

    def undo(self) -> None:
        self._connection.statements.forget()
        self._connection.execute("ROLLBACK")


_start: list[Barrier] = []


def _begin(start: Barrier) -> None:
    _start.append(start)


def _process(url: str, noted: Noted, cards: Sequence[str], seconds: float, threads: int, *, by_cursors: bool) -> tuple[int, float]:
    """How many it did and its seconds of CPU, beginning when every thread of every process has its connection."""
    cpu: list[float] = []

    def work(nth: int) -> int:
        with contextlib.closing(postgres.connect(url)) as connection:
            scans, done = _scans(noted, cards[nth::threads], uuid.uuid4().hex[:8]), 0
            way: _ByCursor | _InLots = _ByCursor(connection) if by_cursors else _InLots(connection)
            _start[0].wait()
            cpu.append(time.process_time())
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                way.begin()
                try:
                    next(scans)(way.execute)
                    way.commit()
                except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                    way.undo()  # on a machine that stands still for seconds; the server runs it again, too
                    continue
                done += 1
            return done

    with ThreadPoolExecutor(threads) as workers:
        done = sum(workers.map(work, range(threads)))
    return done, time.process_time() - cpu[0]
