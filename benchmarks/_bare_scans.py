"""The transaction of one scan with nothing around it: what the server runs, noted once, and run again on the raw driver.

The statements are the server's own, text by text, with another card and operation each time; what the driver reads back (an
account's sequence) goes into what follows, as it must. Nothing is parsed, decided, hashed, rendered or awaited.

At its best concurrency: on SQLite one connection, set as the server's, and sixteen transactions a COMMIT, each under a savepoint,
which is the most that sixteen clients can have waiting; on PostgreSQL the fastest of several shapes of processes and threads, a
connection a thread. Durability is the server's own on both.
May not enter: HTTP, flows (but to note the statements)."""

import asyncio
import contextlib
import itertools
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
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
from billfold.flows import ledger as flow
from billfold.flows.ledger import Asked
from billfold.settings import Settings
from billfold.storage import postgres, sqlite
from billfold.storage.store import sqlite_path
from billfold.storage.transaction import Transaction

CLIENTS = 16
SHAPES = ((1, 4), (2, 2), (2, 8), (4, 4))
"""Processes and threads in each that are tried on PostgreSQL."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Params = dict[str, Any]
Execute = Callable[[str, Params], Any]


@dataclass(frozen=True)
class Noted:
    """Texts and parameters in their order, of a charge on `card` with the other side on `system`."""

    statements: tuple[tuple[str, Params], ...]
    operation: str
    card: str
    system: str


def note(settings: Settings, card: str) -> Noted:
    """Runs one charge through the flow, notes its statements, and undoes it."""
    asked = Asked("bare-000000000000", Kind.CHARGE, card, {"EUR": -1})
    statements: list[tuple[str, Params]] = []

    async def once() -> None:
        async with bootstrap.operate(settings) as parts:
            path = sqlite_path(settings.database_url)
            module: Any = postgres if path is None else sqlite
            base = module.PostgresSession if path is None else module.SqliteSession

            class Session(base):  # type: ignore[misc,valid-type]
                def _execute(self, compiled: Any, scope: Any, params: Params) -> Any:
                    cursor = super()._execute(compiled, scope, params)
                    statements.append((compiled.sql, dict(params)))
                    return cursor

            connection = module.connect(path or settings.database_url)
            with contextlib.closing(connection):
                connection.execute("BEGIN")
                flow.post_in(parts.services, Transaction(Session(connection), 1000), ACTOR, asked)
                connection.execute("ROLLBACK")

    asyncio.run(once())
    return Noted(tuple(statements), asked.id, card, _other_side(card))


def _other_side(card: str) -> str:
    order = Order("-", Kind.CHARGE, (Move(AccountKey(card, "EUR"), -1),), "", "", 0, 0)
    (system,) = (move.key.owner for move in ledger.legs(order) if move.key.system)
    return system


def _scans(noted: Noted, cards: Sequence[str], run: str) -> Iterator[Callable[[Execute], None]]:
    """One transaction after the other, without its BEGIN and COMMIT."""
    steps = [(sql, params, _changing(noted, params)) for sql, params in noted.statements]
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
            for sql, params, changing in steps:
                given = params.copy()
                for name, what in changing:
                    given[name] = new[what] if isinstance(what, str) else sequences[given[what[0]], given[what[1]]] + 1
                cursor = execute(sql, given)
                if cursor.description is None:
                    continue
                rows = cursor.fetchall()
                if cursor.description[0][0] == "owner":  # the accounts: owner, unit, balance, sequence...
                    sequences = {row[:2]: row[3] for row in rows}

        yield scan


def _changing(noted: Noted, params: Params) -> list[tuple[str, Any]]:
    """Which parameters are others in each transaction: (name, what of it), or (name, names of owner and unit whose next it is)."""
    known = {noted.operation: "operation", noted.card: "card", noted.system: "system"}
    found: list[tuple[str, Any]] = [(name, known[value]) for name, value in params.items() if value in known]
    found += [(name, "event") for name, value in params.items() if isinstance(value, str) and _UUID.fullmatch(value)]
    return found + [
        (name, (name.replace("sequence", "owner"), name.replace("sequence", "unit")))
        for name in params
        if name.startswith("sequence")
    ]


def best(url: str, noted: Noted, cards: Sequence[str], seconds: float) -> float:
    """Transactions a second, at the best concurrency."""
    path = sqlite_path(url)
    if path is not None:
        return _on_sqlite(path, noted, cards, seconds, CLIENTS)
    return max(_on_postgres(url, noted, cards, seconds, *shape) for shape in SHAPES)


def one_by_one(url: str, noted: Noted, cards: Sequence[str], seconds: float) -> float:
    """Transactions a second of a single connection, each with a COMMIT of its own."""
    path = sqlite_path(url)
    if path is not None:
        return _on_sqlite(path, noted, cards, seconds, 1)
    return _on_postgres(url, noted, cards, seconds, 1, 1)


def _on_sqlite(path: Any, noted: Noted, cards: Sequence[str], seconds: float, group: int) -> float:
    with contextlib.closing(sqlite.connect(path)) as connection:
        execute, scans = connection.execute, _scans(noted, cards, uuid.uuid4().hex[:8])
        done, groups, began = 0, 0, time.perf_counter()
        while time.perf_counter() < began + seconds:
            execute("BEGIN IMMEDIATE")
            for scan in itertools.islice(scans, group):
                execute("SAVEPOINT one")
                scan(execute)
                execute("RELEASE one")
            execute("COMMIT")
            done, groups = done + group, groups + 1
            if groups % sqlite.CHECKPOINT_GROUPS == 0 or done * len(noted.statements) % sqlite.CHECKPOINT_ROWS < group * len(
                noted.statements
            ):
                execute("PRAGMA wal_checkpoint(PASSIVE)")
        return done / (time.perf_counter() - began)


def _on_postgres(url: str, noted: Noted, cards: Sequence[str], seconds: float, processes: int, threads: int) -> float:
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (context.Barrier(processes * threads),)) as pool:
        parts = [cards[nth::processes] for nth in range(processes)]
        return sum(pool.map(partial(_process, url, noted, seconds=seconds, threads=threads), parts)) / seconds


_start: list[Barrier] = []


def _begin(start: Barrier) -> None:
    _start.append(start)


def _process(url: str, noted: Noted, cards: Sequence[str], seconds: float, threads: int) -> int:
    """How many it did, beginning when every thread of every process has its connection."""

    def work(nth: int) -> int:
        with contextlib.closing(postgres.connect(url)) as connection:
            scans, cursor, done = _scans(noted, cards[nth::threads], uuid.uuid4().hex[:8]), connection.cursor(), 0
            _start[0].wait()
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                cursor.execute("BEGIN")
                try:
                    next(scans)(cursor.execute)  # type: ignore[arg-type]
                except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                    cursor.execute("ROLLBACK")  # on a machine that stands still for seconds; the server runs it again, too
                    continue
                cursor.execute("COMMIT")
                done += 1
            return done

    with ThreadPoolExecutor(threads) as workers:
        return sum(workers.map(work, range(threads)))
