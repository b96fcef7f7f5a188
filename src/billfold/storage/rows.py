"""Rows by plain SQL on one read-only snapshot of either engine, streamed: for checkers and exports that share no code with the
repositories. May not enter: writes."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from billfold.storage.store import sqlite_path

Read = Callable[[str], Iterator[Any]]
_BATCH = 5_000


@contextlib.contextmanager
def read_all(database_url: str) -> Iterator[Read]:
    """Gives a function that runs one SELECT at a time and streams its rows."""
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(f"file:{sqlite_path(database_url)}?mode=ro", uri=True, isolation_level=None)
        try:
            connection.execute("BEGIN")
            yield lambda statement: iter(connection.execute(statement))
        finally:
            connection.close()
        return
    import psycopg  # a server on SQLite loads no driver of PostgreSQL

    with psycopg.connect(database_url) as server:
        server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        server.read_only = True

        def stream(statement: str) -> Iterator[Any]:
            with server.cursor(name="rows") as cursor:
                cursor.itersize = _BATCH
                cursor.execute(statement)
                yield from cursor

        yield stream
