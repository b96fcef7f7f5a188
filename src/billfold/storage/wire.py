"""Statements on their way to PostgreSQL and their answers on the way back, on one connection.

They go in lots, by libpq's pipeline mode: written to the network at once, answered at once, in their order; when one fails, the
server skips those after it. May not enter: SQL, transactions, what an answer means."""

import select
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import OperationalError, errors, pq

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_BINARY = 1
PATIENCE_MS = 50
"""What takes longer waits for somebody: a row that another holds, a disk that stands still. (With less, a busy machine is taken for
one that waits, and still more is begun on it.)"""
Waiting = Callable[[], AbstractContextManager[None]]
"""Is entered around a longer wait (threads.Threads.waiting)."""


class Sent(NamedTuple):
    """A prepared statement with its parameters as the server takes them: None for NULL, 1 in `formats` for bytes as they are;
    without `formats` there are none such."""

    name: bytes
    values: tuple[Any, ...]
    formats: tuple[int, ...] | None


class Wire:
    """May raise psycopg.OperationalError where the connection is lost; what a statement says is in its answer."""

    def __init__(self, driver: "PGconn", waiting: Waiting) -> None:
        self._driver, self._waiting = driver, waiting
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(driver.socket, select.POLLIN)
        self._writable.register(driver.socket, select.POLLIN | select.POLLOUT)

    def answers(self, lot: Sequence[Sent]) -> "list[PGresult]":
        """Of each, up to the first that failed."""
        driver = self._driver
        driver.enter_pipeline_mode()
        for one in lot:
            driver.send_query_prepared(*one, _BINARY)
        driver.pipeline_sync()
        self._write()
        results: list[PGresult] = []
        try:
            for _ in lot:
                results.append(self._next())  # noqa: PERF401 (what came before a loss is kept)
            self._next()  # of the lot's end
            driver.exit_pipeline_mode()
        except OperationalError:
            if all(map(good, results)):
                raise
            # The server has ended the session: why is in the last answer that it gave.
        failed = next((place for place, one in enumerate(results) if not good(one)), len(lot))
        return results[: failed + 1]

    def _write(self) -> None:
        """All that is still in memory. Reads meanwhile, so that a server that waits for us to read goes on."""
        while self._driver.flush():
            self._writable.poll()
            self._driver.consume_input()

    def _next(self) -> "PGresult":
        """The next answer. The lock of the interpreter is free while it is awaited."""
        driver = self._driver
        while driver.is_busy():
            if not self._readable.poll(PATIENCE_MS):
                with self._waiting():
                    self._readable.poll()
            driver.consume_input()
        result = driver.get_result()
        if result is None:
            raise OperationalError("the connection is lost")
        if result.status != pq.ExecStatus.PIPELINE_SYNC:
            driver.get_result()  # None: the end of this answer
        return result


def good(result: "PGresult") -> bool:
    return result.status in _GOOD


def checked(result: "PGresult") -> "PGresult":
    """Raises the psycopg.Error that the server told."""
    if not good(result):
        raise errors.error_from_result(result)
    return result


def told_by_server(result: "PGresult") -> bool:
    """Whether a failure is the server's word, not the loss of the connection."""
    return bool(result.error_field(pq.DiagnosticField.SQLSTATE))
