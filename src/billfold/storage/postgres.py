"""The store on PostgreSQL: a few threads, each with one connection; transactions are short and run again when the server asks.

READ COMMITTED with row locks; reads on one REPEATABLE READ snapshot. What makes a transaction run again: a serialisation failure, a
deadlock, a unique key that another transaction took meanwhile (the second run sees the winner's row), a connection lost before
COMMIT (by whatever error the driver tells of it), a plan whose tables have changed. A connection lost during COMMIT is unknown and
said so (Unavailable). May not enter: statements, what a transaction does."""

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg import errors
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.types.numeric import Int8Dumper

from billfold.domain.errors import Conflict, Unavailable
from billfold.domain.ids import Scope
from billfold.ports import Clock, Tx
from billfold.storage.prepared import InCommit, Prepared
from billfold.storage.refusals import StoreRefused
from billfold.storage.statements import Bulk, Row, Statement, Telling, Value
from billfold.storage.threads import Threads
from billfold.storage.transaction import Transaction
from billfold.storage.wire import Waiting

T = TypeVar("T")
log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode

THREADS = 16
AT_ONCE = ((0.2, 2), (2.0, 4))
"""How many of them are at work at once beside those that wait long, by how many milliseconds the way to the database and back
takes at most: with sixteen, those that hold what others wait for are the slowest. A database on the same machine shares its cores
with them; where it is far away, all are."""
TRIES_MAX, LOSSES_MAX = 5, 3
"""Of a transaction, and how many of them may end with the connection."""
CLOCK_SECONDS = 30
"""How long an estimate of the database's clock is used."""
_SETTINGS = (
    "SET lock_timeout = '2s'; SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '15s';"
    " SET synchronous_commit = on; SET timezone = 'UTC'; SET client_min_messages = warning"
)
_BEGIN, _BEGIN_READ = "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
_BUSY = (errors.LockNotAvailable, errors.QueryCanceled, errors.InsufficientResources)
_LOST = (psycopg.OperationalError, errors.IdleInTransactionSessionTimeout)
_STALE = (errors.FeatureNotSupported, errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)
"""A prepared statement that the server no longer has or whose tables have changed: right again on a new connection."""


class Connection(psycopg.Connection[Row]):
    """`statements`: those that it has prepared."""

    statements: Prepared


class PostgresSession(Telling):
    """Statements on one connection, inside a transaction that somebody else began."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> list[Row]:
        compiled, statements = statement.postgres, self._connection.statements
        given = self._given(compiled, scope, params)
        if compiled.changes:
            statements.changed()
            if (rows := self._foretold(statement, given)) is not None:
                return rows
        if compiled.answers:
            return statements.rows(compiled.sql, given)
        statements.tell(compiled.sql, given)
        return []

    def one(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> Row | None:
        rows = self.run(statement, scope, **params)
        return rows[0] if rows else None

    def count(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> int:
        compiled, statements = statement.postgres, self._connection.statements
        given = self._given(compiled, scope, params)
        statements.changed()
        rows = self._foretold(statement, given)
        return statements.count(compiled.sql, given) if rows is None else len(rows)

    def ahead(self, statement: Statement, scope: Scope, /, **params: Value) -> None:
        asked = (statement.foretold or statement).postgres
        keep = self._connection.statements.foretell if statement.foretold else self._connection.statements.ahead
        keep(asked.sql, self._given(asked, scope, params))

    def _foretold(self, statement: Statement, given: dict[str, Value]) -> list[Row] | None:
        """The rows that the change gives, which is only told then; None: nobody has asked for them."""
        if statement.foretold is None:
            return None
        rows = self._connection.statements.foretold(statement.foretold.postgres.sql, given)
        if statement.surely is None:
            self._connection.statements.tell(statement.postgres.sql, given)
        elif rows:
            self._connection.statements.tell(statement.surely.postgres.sql, given)
        return rows

    def bulk(self, change: Bulk, scope: Scope, rows: Sequence[Sequence[Value]], /, **params: Value) -> None:
        given: dict[str, Any]
        if change.pairs:
            given = {"given": _encode({row[0]: row[1] for row in rows}).decode()}
        else:
            given = {name: list(column) for name, column in zip(change.columns, zip(*rows, strict=True), strict=True)}
        self._connection.statements.settle()
        self._connection.statements.changed()
        common = {"workspace": scope.workspace, "environment": scope.environment.value}
        self._connection.execute(change.postgres.sql.encode(), {**params, **common, **change.postgres.constants, **given})


def connect(url: str, waiting: Waiting = contextlib.nullcontext) -> Connection:
    """A connection as Billfold uses it. Transactions are begun and ended by hand. `waiting`: around what takes long."""
    connection = Connection.connect(
        url,
        autocommit=True,
        prepare_threshold=1,
        connect_timeout=5,
        application_name="billfold",
        keepalives_idle=15,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=20_000,
    )
    connection.prepared_max = 500
    # One type for all integers: otherwise each width of a value prepares the statement once more.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.execute(_SETTINGS)
    connection.statements = Prepared(connection, waiting)
    return connection


def _way_ms(connection: Connection) -> float:
    """Of one statement, there and back."""
    began = time.perf_counter()
    connection.statements.rows("SELECT 1", {})
    return (time.perf_counter() - began) * 1000


def reachable(connect: Callable[[], T]) -> T:
    """What `connect` gives. Raises StoreRefused where PostgreSQL does not answer."""
    try:
        return connect()
    except psycopg.OperationalError as problem:
        raise StoreRefused(
            f"PostgreSQL cannot be reached ({str(problem).splitlines()[0]})", "check --database-url and that the server runs"
        ) from problem


def revision(url: str) -> str | None:
    """As revision.current says, for PostgreSQL."""
    with reachable(lambda: psycopg.connect(url, autocommit=True)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except errors.UndefinedTable:
            return None
    return str(row[0]) if row else None


def _at_once(way_ms: float, threads: int) -> int:
    return next((few for most_ms, few in AT_ONCE if way_ms < most_ms), threads)


class PostgresStore:
    """`clock` takes the place of the database's clock, for tests. Raises StoreRefused where the server may lose what it
    acknowledged (fsync or full_page_writes off)."""

    def __init__(self, url: str, *, gap_ms: int = 1000, threads: int = THREADS, clock: Clock | None = None) -> None:
        self._url = url
        self._gap_ms = gap_ms
        self._clock = clock
        self._local = threading.local()
        self._connections: set[Connection] = set()
        self._guard = threading.Lock()
        self._closed = False
        self._clock_offset_ms = 0
        self._clock_read_at = float("-inf")
        self._pool = Threads(threads, "billfold-postgres", _at_once(self._check_server(), threads))

    def _check_server(self) -> float:
        """How long the way there and back takes, in milliseconds."""
        try:
            with connect(self._url) as connection:
                for name in ("fsync", "full_page_writes"):
                    row = connection.execute("SELECT current_setting(%s, true)", (name,)).fetchone()
                    if row and row[0] == "off":
                        raise StoreRefused(
                            f"the PostgreSQL server runs with {name} = off and may lose acknowledged data", f"set {name} = on there"
                        )
                return min(_way_ms(connection) for _ in range(5))
        except psycopg.Error as problem:
            raise StoreRefused(
                f"PostgreSQL cannot be reached ({str(problem).splitlines()[0]})", "check --database-url and that the server runs"
            ) from problem

    async def write(self, fn: Callable[[Tx], T], *, short: bool = False) -> T:
        return await self._submit(lambda: self._attempts(fn, _BEGIN, commit=True))

    async def read(self, fn: Callable[[Tx], T], *, single: bool = False, long: bool = False) -> T:
        return await self._submit(lambda: self._attempts(fn, None if single else _BEGIN_READ, commit=False))

    async def recall(self, key: Hashable, fn: Callable[[Tx], T]) -> T:
        """To ask whether anything was committed costs as much as to ask again."""
        return await self.read(fn, single=True)

    async def _submit(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise Unavailable("the database is closed")
        return await self._pool.run(work)

    async def now_ms(self) -> int:
        """The database's clock, by an estimate renewed every 30 s: all workers go by one clock without a round trip each."""
        if self._clock:
            return self._clock.now_ms()
        if time.monotonic() - self._clock_read_at > CLOCK_SECONDS:
            self._clock_read_at = time.monotonic()
            try:
                self._clock_offset_ms = await self._submit(self._measure_clock)
            except Unavailable:
                self._clock_read_at = float("-inf")
                raise
        return time.time_ns() // 1_000_000 + self._clock_offset_ms

    def _measure_clock(self) -> int:
        try:
            connection = self._connection()
            before = time.time_ns()
            row = connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetchone()
            after = time.time_ns()
        except psycopg.Error as problem:
            self._discard()
            raise Unavailable("the database cannot answer now") from problem
        assert row is not None
        return int(row[0]) - (before + after) // 2_000_000

    async def close(self) -> None:
        """Waits for what runs, then closes. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._pool.close)
        with self._guard:
            for connection in self._connections:
                with contextlib.suppress(psycopg.Error):
                    connection.close()
            self._connections.clear()

    # --- in a thread of the pool ---

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            with self._pool.waiting():
                connection = connect(self._url, self._pool.waiting)
            self._local.connection = connection
            with self._guard:
                self._connections.add(connection)
        return connection

    def _discard(self) -> None:
        connection: Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            with self._guard:
                self._connections.discard(connection)
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def _attempts(self, fn: Callable[[Tx], T], begin: str | None, *, commit: bool) -> T:
        lost = 0
        for attempt in range(1, TRIES_MAX + 1):
            try:
                return self._attempt(fn, begin, commit=commit)
            except _AGAIN as problem:
                if attempt == TRIES_MAX:
                    if isinstance(problem, errors.UniqueViolation):
                        raise Conflict("integrity", "what is stored contradicts the request") from problem
                    raise _unavailable("the database is too busy", problem, attempt) from problem
                if isinstance(problem, errors.UniqueViolation):
                    continue  # whoever took the key has committed
            except errors.IntegrityError as problem:
                raise Conflict("integrity", "what is stored contradicts the request") from problem
            except _BUSY as problem:
                raise _unavailable("the database is too busy", problem, attempt) from problem
            except _ConnectionLost as problem:
                # Nothing was committed; the connection is gone or could not be made.
                lost += 1
                if lost == LOSSES_MAX or attempt == TRIES_MAX:
                    raise _unavailable("the database cannot answer now", problem.__cause__, attempt) from problem.__cause__
            except errors.ReadOnlySqlTransaction as problem:
                if not commit:
                    raise
                # A standby took this connection's place: the next one may reach the primary.
                self._discard()
                raise _unavailable("the database takes no writes now", problem, attempt) from problem
            with self._pool.waiting():
                time.sleep(random.uniform(0.005, 0.1))  # noqa: S311 (jitter)
        raise AssertionError("unreachable")

    def _attempt(self, fn: Callable[[Tx], T], begin: str | None, *, commit: bool) -> T:
        """`begin` None: a single statement, which is a transaction by itself."""
        try:
            connection = self._connection()
        except psycopg.Error as problem:
            raise _ConnectionLost from problem
        statements = connection.statements
        try:
            if begin is not None:
                statements.tell(begin, {})
            result = fn(Transaction(PostgresSession(connection), self._gap_ms))
            if commit:
                statements.commit()
        except InCommit as problem:
            cause = problem.__cause__
            if isinstance(cause, (*_AGAIN, errors.IntegrityError)) and not connection.closed:
                self._undo(connection)
                raise cause from None  # the server says that it did not commit
            self._discard()
            _tell_why("commit unknown", cause, 1)
            raise CommitUnknown from cause
        except psycopg.Error as problem:
            # An interrupted answer may come as any error, even one without a code; what counts is what became of the connection.
            lost = connection.closed or (isinstance(problem, _LOST) and not isinstance(problem, (*_AGAIN, *_BUSY)))
            if lost or isinstance(problem, _STALE):
                self._discard()
                raise _ConnectionLost from problem
            self._undo(connection)
            raise
        except BaseException:
            self._undo(connection)
            raise
        if begin is None:
            statements.forget()
        elif not commit:
            self._undo(connection)
        return result

    def _undo(self, connection: Connection) -> None:
        """Back to a usable connection, or none."""
        connection.statements.forget()
        try:
            if connection.closed or connection.broken or connection.pgconn.pipeline_status != PipelineStatus.OFF:
                self._discard()
            elif connection.pgconn.transaction_status != TransactionStatus.IDLE:
                # Not by the driver's cursor, which then may deallocate all that is prepared, ours too.
                connection.statements.rows("ROLLBACK", {})
        except psycopg.Error:
            self._discard()


class _ConnectionLost(Exception):
    """Before COMMIT: nothing happened, and another connection may do better. Its cause is what the driver said."""


def _unavailable(words: str, problem: BaseException | None, attempt: int) -> Unavailable:
    """To be raised; the log is told why, which callers are not."""
    _tell_why(words, problem, attempt)
    return Unavailable(words)


def _tell_why(words: str, problem: BaseException | None, attempt: int) -> None:
    """By the server's code and the driver's class: their words may hold what is stored."""
    log.warning("storage.unavailable %s: %s %s, try %d", words, type(problem).__name__, getattr(problem, "sqlstate", None), attempt)


class CommitUnknown(Unavailable):
    """The connection was lost while committing: the write may have happened. Ask again under the same idempotency key."""

    def __init__(self) -> None:
        super().__init__("the database did not confirm the write; it may have happened")
