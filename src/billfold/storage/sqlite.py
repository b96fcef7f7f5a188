"""The store on SQLite: one writer that commits in groups, readers on snapshots in the calling thread.

A group of short transactions runs in the event loop, where it costs no hand-over of the interpreter's lock for each statement, and
its COMMIT in the writer's thread, so that nobody waits for the disk but those who asked. All others run in the thread as a whole.
Either holds the connection alone: the loop from its BEGIN until it gives the thread the COMMIT, the thread until it answers.

A failure undoes its own work only. Most have changed nothing by then; otherwise the rest of the group runs once more, each under a
savepoint of its own. Savepoints for all would have SQLite keep what stood on each page that anybody changes.

WAL with synchronous FULL: what was answered survives a power cut. Only the writer of the serving process makes checkpoints, and it
holds the gate (a lock file) meanwhile; other processes (`keys create`) hold it while they write. So no connection ever writes while
another checkpoints, which before SQLite 3.51.3 could, very rarely, damage the file (Debian 12 has 3.40.1).
May not enter: statements, what a transaction does."""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from billfold.domain.errors import Conflict, Unavailable
from billfold.domain.ids import Scope
from billfold.ports import Clock, Tx
from billfold.storage.checkpoints import Checkpoints
from billfold.storage.filelocks import FileLock
from billfold.storage.refusals import StoreRefused
from billfold.storage.statements import Bulk, Compiled, Row, Statement, Telling, Value
from billfold.storage.transaction import Transaction

T = TypeVar("T")
log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode

BUSY_TIMEOUT_SECONDS = 5.0
GROUP_MAX = 256
GROUP_SECONDS_MAX = 0.02
"""A group takes in nothing more after this long, so that a heavy transaction delays few others."""
SHORT_SECONDS_MAX = 0.005
"""The same for a group that runs in the event loop, where requests wait meanwhile."""
EARLY = 8
"""So many that wait are a group: it commits while the loop is still at the other requests of its turn."""
KNOWN_MAX = 1_000
"""Answers of `recall` that are kept."""


class SqliteSession(Telling):
    """Statements on one connection, inside a transaction that somebody else began."""

    __slots__ = ("_cursor",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()

    def _execute(self, compiled: Compiled, scope: Scope | None, params: dict[str, Value]) -> sqlite3.Cursor:
        given = self._given(compiled, scope, params)
        if compiled.first:
            self._cursor.execute(compiled.first.sql, compiled.first.in_order(given))
        return self._cursor.execute(compiled.sql, compiled.in_order(given))

    def tell(self, sql: str) -> None:
        """BEGIN and the like, for whoever the transaction belongs to."""
        self._cursor.execute(sql)

    def run(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> list[Row]:
        return self._execute(statement.sqlite, scope, params).fetchall()

    def one(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> Row | None:
        rows: list[Row] = self._execute(statement.sqlite, scope, params).fetchall()
        return rows[0] if rows else None

    def count(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> int:
        return self._execute(statement.sqlite, scope, params).rowcount

    def ahead(self, statement: Statement, scope: Scope, /, **params: Value) -> None:
        """There is no way to spare."""

    def bulk(self, change: Bulk, scope: Scope, rows: Sequence[Sequence[Value]], /, **params: Value) -> None:
        params["given"] = _encode({row[0]: row[1] for row in rows} if change.pairs else rows).decode()
        self._execute(change.sqlite, scope, params)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection as Billfold uses it. Transactions are begun and ended by hand."""
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA mmap_size=0")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        if read_only:
            connection.execute("PRAGMA cache_size=-16000")
            connection.execute("PRAGMA query_only=ON")
        else:
            # A broadcast touches every row once, and fills whatever it is given; what misses is still in the system's cache.
            connection.execute("PRAGMA cache_size=-8000")
            connection.execute("PRAGMA secure_delete=ON")
    except sqlite3.OperationalError as problem:
        raise StoreRefused(
            f"the database {path} cannot be opened ({problem})", "check that the folder exists, is writable and on a local disk"
        ) from problem
    except sqlite3.DatabaseError as problem:
        raise StoreRefused(f"{path} is not a SQLite database", "name another --data folder, or restore a backup") from problem
    return connection


def serving_lock(path: Path) -> FileLock:
    """Held by the one process that serves from this file."""
    return FileLock(path.with_name(path.name + ".serving"))


def gate_lock(path: Path) -> FileLock:
    """Held for a checkpoint, and by any other process while it writes."""
    return FileLock(path.with_name(path.name + ".gate"))


class _Reader:
    """A connection that reads, and what was read of it lately."""

    def __init__(self, connection: sqlite3.Connection, gap_ms: int) -> None:
        self.connection = connection
        self.session = SqliteSession(connection)
        self.transaction = Transaction(self.session, gap_ms)
        self._asked_at: object = None
        self._version = -1
        self._known: dict[Hashable, Any] = {}

    def known(self, now: object) -> dict[Hashable, Any]:
        """What is still as it was read: empty when any connection, of any process, has committed since. `now`: the turn of the loop
        and what this process has committed; SQLite is asked once for each."""
        if now == self._asked_at:
            return self._known
        self._asked_at = now
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or len(self._known) >= KNOWN_MAX:
            self._version = version
            self._known.clear()
        return self._known


def _read(reader: _Reader, fn: Callable[[Tx], T], *, single: bool = False) -> T:
    if not single:
        reader.session.tell("BEGIN")
    try:
        return fn(reader.transaction)
    except sqlite3.OperationalError as problem:
        raise Unavailable("the database cannot answer now") from problem
    finally:
        if not single:
            reader.session.tell("ROLLBACK")


@dataclass(slots=True)
class _Work:
    fn: Callable[[Tx], Any]
    short: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class _HalfDone(Exception):
    """Some of a group's work failed after it had changed something."""


class SqliteStore:
    """`exclusive`: this process serves; a second one is refused. Off for commands beside a server, which write behind the gate.

    `clock` takes the place of this machine's clock, for tests."""

    def __init__(self, path: Path, *, gap_ms: int = 1000, exclusive: bool = True, clock: Clock | None = None) -> None:
        self._path = path
        self._gap_ms = gap_ms
        self._exclusive = exclusive
        self._clock = clock
        self._serving = serving_lock(path)
        self._gate = gate_lock(path)
        if exclusive and not self._serving.acquire(wait=False):
            raise StoreRefused(
                f"another Billfold serves from {path}",
                "stop it first, or give this one its own --data folder; several processes need PostgreSQL (--database-url)",
            )
        try:
            self._connection = connect(path)
            self._checkpoints = Checkpoints(path, self._gate, connect(path, read_only=True)) if exclusive else None
        except BaseException:
            self._serving.release()
            raise
        self._steps: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._waiting: deque[_Work] = deque()
        self._turn: asyncio.AbstractEventLoop | None = None
        """Whose turn it is to run or answer a group; None when nothing waits and nothing runs."""
        self._groups = 0
        """Committed, or tried."""
        self._due = False
        """Whether that loop has its turn and has not begun."""
        self._in_thread = False
        """Whether the thread has the group of that turn: it passes the turn on itself, also when the loop ends meanwhile."""
        self._turns = threading.Lock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_guard = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._run_steps, name="billfold-writer", daemon=True)
        self._writer.start()

    async def write(self, fn: Callable[[Tx], T], *, short: bool = False) -> T:
        if self._closed:
            raise Unavailable("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._turns:
            self._waiting.append(_Work(fn, short, loop, future))
            if self._turn is None or (self._turn.is_closed() and not self._in_thread):
                self._turn, self._due = loop, True
                loop.call_soon(self._begin)  # after the other requests of this turn of the loop: they join the group
            early = self._due and self._turn is loop and len(self._waiting) >= EARLY
        if early:
            self._begin()
        return await future

    async def read(self, fn: Callable[[Tx], T], *, single: bool = False, long: bool = False) -> T:
        if self._closed:
            raise Unavailable("the database is closed")
        if long:
            return await asyncio.to_thread(self._read_aside, fn)
        return _read(self._reader(), fn, single=single)

    async def recall(self, key: Hashable, fn: Callable[[Tx], T]) -> T:
        if self._closed:
            raise Unavailable("the database is closed")
        reader = self._reader()
        try:
            known: dict[Hashable, T] = reader.known((self._groups, asyncio.get_running_loop().time()))
        except sqlite3.OperationalError as problem:
            raise Unavailable("the database cannot answer now") from problem
        if key not in known:
            known[key] = _read(reader, fn, single=True)
        return known[key]

    def _read_aside(self, fn: Callable[[Tx], T]) -> T:
        """In a thread that is not kept: on a connection of its own, and its cache goes with it."""
        with contextlib.closing(connect(self._path, read_only=True)) as connection:
            return _read(_Reader(connection, self._gap_ms), fn)

    def _reader(self) -> "_Reader":
        """This thread's."""
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _Reader(connect(self._path, read_only=True), self._gap_ms)
            with self._readers_guard:
                self._readers.append(reader.connection)
        return reader

    async def now_ms(self) -> int:
        return self._clock.now_ms() if self._clock else time.time_ns() // 1_000_000

    async def close(self) -> None:
        """Answers what waits, then closes. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._steps.put(self._run_what_waits)
        self._steps.put(None)
        await asyncio.to_thread(self._writer.join)
        with self._readers_guard:
            for reader in self._readers:
                with contextlib.suppress(sqlite3.Error):
                    reader.close()
        with contextlib.suppress(sqlite3.Error):
            self._close_writer()
        self._serving.release()

    def _close_writer(self) -> None:
        if self._checkpoints:
            self._checkpoints.close()
        # The last connection to close makes a checkpoint: behind the gate, too.
        with self._gate.held():
            self._connection.close()
        if self._checkpoints:
            self._checkpoints.forget()

    # --- groups ---

    def _begin(self) -> None:
        """In an event loop: runs what waits, or leaves it to the thread."""
        if self._closed:
            return  # the thread runs what waits
        loop = asyncio.get_running_loop()
        with self._turns:
            if not self._due or self._turn is not loop:
                return  # begun early
            self._due = False
        group = self._take()
        if not group:
            return
        if not self._exclusive or not all(work.short and work.loop is loop for work in group):
            self._leave(partial(self._run_group, group))
            return
        if not self._began_at_once():
            self._leave(partial(self._run_group, group))
            return
        try:
            self._give_back(self._run_all(group, SHORT_SECONDS_MAX))
        except _HalfDone:
            self._connection.execute("ROLLBACK")
            self._leave(partial(self._run_group, group, apart=True))
        except sqlite3.Error as problem:
            self._leave(partial(self._give_up, group, problem))
        else:
            self._leave(partial(self._commit, group))

    def _leave(self, step: Callable[[], None]) -> None:
        """To the thread."""
        self._in_thread = True
        self._steps.put(step)

    def _began_at_once(self) -> bool:
        """False when another process writes at this moment: the thread may wait for it, a loop may not."""
        execute = self._connection.execute
        (patience,) = execute("PRAGMA busy_timeout").fetchone()
        try:
            execute("PRAGMA busy_timeout=0")
            execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        finally:
            execute(f"PRAGMA busy_timeout={patience}")
        return True

    def _take(self) -> list[_Work]:
        with self._turns:
            count = min(len(self._waiting), GROUP_MAX)
            group = [self._waiting.popleft() for _ in range(count)]
            if not group:
                self._turn = None
        return group

    def _give_back(self, late: list[_Work]) -> None:
        if late:
            with self._turns:
                self._waiting.extendleft(reversed(late))

    def _run_all(self, group: list[_Work], seconds_max: float, *, apart: bool = False) -> list[_Work]:
        """Runs the group in the transaction that was begun; takes off it, and gives back, what has to wait for the next one.

        `apart`: each under its own savepoint. Without, raises _HalfDone when one fails that has changed something."""
        session = SqliteSession(self._connection)
        transaction = Transaction(session, self._gap_ms)
        until = time.monotonic() + seconds_max
        for place, work in enumerate(group):
            if place and time.monotonic() >= until:
                late = group[place:]
                del group[place:]
                return late
            if work.future.cancelled() or work.error is not None:  # failed in the run that was undone
                continue
            if apart:
                session.tell("SAVEPOINT one")
            changes = self._connection.total_changes
            half_done = not self._done(work, transaction) and self._connection.total_changes != changes
            if half_done and not apart:
                raise _HalfDone
            if half_done:
                session.tell("ROLLBACK TO one")
            if apart:
                session.tell("RELEASE one")
        return []

    def _done(self, work: _Work, transaction: Transaction) -> bool:
        """Runs it. False when it failed."""
        try:
            work.result = work.fn(transaction)
        except sqlite3.IntegrityError as problem:
            work.error = Conflict("integrity", "what is stored contradicts the request")
            work.error.__cause__ = problem
        except BaseException as problem:
            if not self._connection.in_transaction:  # SQLite gave up the whole transaction (disk full, out of memory)
                raise sqlite3.OperationalError("the transaction was rolled back") from problem
            work.error = problem
        return work.error is None

    # --- the writer's thread ---

    def _run_steps(self) -> None:
        while (step := self._steps.get()) is not None:
            step()

    def _run_what_waits(self) -> None:
        """At the end: no loop takes a turn any more."""
        while group := self._take():
            self._run_group(group)

    def _run_group(self, group: list[_Work], apart: bool = False) -> None:
        if not self._exclusive:
            self._gate.acquire(wait=True)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                late = self._run_all(group, GROUP_SECONDS_MAX, apart=apart)
            except _HalfDone:
                self._connection.execute("ROLLBACK")
                self._connection.execute("BEGIN IMMEDIATE")
                late = self._run_all(group, GROUP_SECONDS_MAX, apart=True)
            self._give_back(late)
            self._connection.execute("COMMIT")
        except sqlite3.Error as problem:
            self._fail(group, problem)
        finally:
            if not self._exclusive:
                self._gate.release()
        self._answer(group)

    def _commit(self, group: list[_Work]) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as problem:
            self._fail(group, problem)
        self._answer(group)

    def _give_up(self, group: list[_Work], problem: sqlite3.Error) -> None:
        self._fail(group, problem)
        self._answer(group)

    def _answer(self, group: list[_Work]) -> None:
        """Wakes each event loop once, however many of its transactions were in the group, and gives the turn to the next."""
        self._groups += 1
        loops: dict[asyncio.AbstractEventLoop, list[_Work]] = {}
        for work in group:
            loops.setdefault(work.loop, []).append(work)
        for loop, works in loops.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, works)
        if self._checkpoints:
            self._checkpoints.after_group(self._connection)
        self._pass_turn()

    def _pass_turn(self) -> None:
        while not self._closed:
            with self._turns:
                turn = self._turn = self._waiting[0].loop if self._waiting else None
                self._in_thread = False
                self._due = turn is not None
                if turn is None:
                    return
                try:
                    turn.call_soon_threadsafe(self._begin)
                except RuntimeError:  # that loop is closed
                    self._waiting = deque(work for work in self._waiting if work.loop is not turn)
                else:
                    return

    def _fail(self, group: list[_Work], problem: sqlite3.Error) -> None:
        """Nothing of the group is stored. The connection is made anew: after a failed write its state is not to be trusted."""
        log.error("storage.commit_failed", extra={"error": str(problem), "transactions": len(group)})
        for work in group:
            work.error = Unavailable("the database cannot write now")
            work.error.__cause__ = problem
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        with contextlib.suppress(sqlite3.Error, StoreRefused):
            fresh = connect(self._path)
            self._connection.close()
            self._connection = fresh


def _resolve(works: list[_Work]) -> None:
    for work in works:
        if work.future.done():
            continue
        if work.error is not None:
            work.future.set_exception(work.error)
        else:
            work.future.set_result(work.result)
