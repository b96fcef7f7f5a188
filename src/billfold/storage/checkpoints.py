"""SQLite's log goes into the database in steps that nobody feels, and the disk takes it while others write.

A checkpoint as one, which copies some thousand pages and waits for the disk, held up every write for 20 ms and more. Here a
reader marks the log's end, and when the next group has committed, a checkpoint copies up to that mark: a part of the log, after
which SQLite neither waits for the database file nor begins the log anew. After some such steps a thread has the disk take what
was copied. Then a checkpoint of the whole log has little left to copy and little to wait for. It alone lets the log begin anew,
and SQLite itself syncs the database before: marks and that thread decide how long something takes, never whether something is
lost.

May not enter: statements, transactions, another process's connections."""

import contextlib
import logging
import os
import sqlite3
import threading
from pathlib import Path

from billfold.storage.filelocks import FileLock

log = logging.getLogger(__name__)

STEP_GROUPS, STEP_ROWS = 125, 1_000
"""After so many commits or changed rows a step is due. It holds up the next group for some 3 ms."""
STEPS = 4
"""So many, and the log begins anew (it is then some 25 MB)."""
LOG_BYTES_MAX = 256 * 2**20


class Checkpoints:
    """Of the store that serves, called in its writer's turn. `marker`: a connection of its own, which reads nothing else.
    `gate`: held while something is copied, so that no other process writes meanwhile."""

    def __init__(self, path: Path, gate: FileLock, marker: sqlite3.Connection) -> None:
        self._path, self._gate, self._marker = path, gate, marker
        # Kept open to the end: closing any descriptor of the file gives up the locks that this process has on it.
        self._file = os.open(path, os.O_RDONLY)
        self._syncing: threading.Thread | None = None
        self._groups = self._rows_before = self._steps = 0

    def after_group(self, writer: sqlite3.Connection) -> None:
        """The next move, if one is due: mark, copy, have the disk take it, end."""
        self._groups += 1
        if self._syncing:
            if not self._syncing.is_alive():
                self._syncing = None
                self._end(writer)
        elif self._marker.in_transaction:
            self._step(writer)
        elif self._groups >= STEP_GROUPS or not 0 <= writer.total_changes - self._rows_before < STEP_ROWS:
            self._groups, self._rows_before = 0, writer.total_changes
            self._mark()

    def close(self) -> None:
        """Before the writer's connection, which makes the last checkpoint."""
        if self._syncing:
            self._syncing.join()
        with contextlib.suppress(sqlite3.Error):
            self._marker.close()

    def forget(self) -> None:
        """After the last connection has closed."""
        os.close(self._file)

    def _mark(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._marker.execute("BEGIN")
            self._marker.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()

    def _step(self, writer: sqlite3.Connection) -> None:
        self._copy(writer)
        with contextlib.suppress(sqlite3.Error):
            self._marker.execute("ROLLBACK")
        self._steps += 1
        if self._steps >= STEPS:
            self._steps = 0
            self._syncing = threading.Thread(target=self._sync, name="billfold-sync", daemon=True)
            self._syncing.start()

    def _sync(self) -> None:
        with contextlib.suppress(OSError):  # SQLite finds out for itself, and what is lost by that is time
            os.fsync(self._file)

    def _end(self, writer: sqlite3.Connection) -> None:
        """The next commit begins at the log's start. What a reader still needs stays until the next time."""
        self._copy(writer)
        with contextlib.suppress(OSError, sqlite3.Error):
            if self._path.with_name(self._path.name + "-wal").stat().st_size > LOG_BYTES_MAX:
                log.warning("storage.log_large", extra={"bytes_max": LOG_BYTES_MAX})
                with self._gate.held():
                    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _copy(self, writer: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.Error), self._gate.held():
            writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
