"""Databases on PostgreSQL that a test gives back and the next one gets, as good as new: to make one from a template is to copy some
hundred files, half a second of a processor, and to empty its tables a few milliseconds.

Given back is only one whose tables, triggers, statistics and settings are those of the template, to which nobody is connected any
more, and that has not grown; any other is dropped. May not enter: knowledge of Billfold's tables.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from plugins.postgres_server import create_database, drop_database, with_database

GROWN_BYTES = 4_000_000
PATIENCE_SECONDS = 10.0
_CATALOGUES = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_inherits", "pg_trigger", "pg_proc", "pg_type"),
    *("pg_namespace", "pg_policy", "pg_rewrite", "pg_extension", "pg_event_trigger", "pg_statistic", "pg_largeobject_metadata"),
)
_STATE = " UNION ALL ".join(
    [f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM {name}" for name in _CATALOGUES]
    + ["SELECT 'settings', count(*), 0 FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase"
       " WHERE datname = current_database()"]
)  # fmt: skip
"""Of each of the server's own tables, how many rows it has, and who wrote the newest: no change of ours leaves all alike."""
_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def _only(connection: psycopg.Connection, query: str | sql.Composable) -> int:
    row = connection.execute(query).fetchone()
    assert row
    return int(row[0])


def _rows(connection: psycopg.Connection, table: sql.Composable) -> list[str]:
    return sorted(str(row[0]) for row in connection.execute(sql.SQL("SELECT t::text FROM {} AS t").format(table)))


class Returnable:
    """Copies of the database `template` of a server; of those that are given back, the newest is lent first."""

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._free: list[str] = []
        with self._connected(template) as connection:
            self._state = connection.execute(_STATE).fetchall()
            self._size = _only(connection, "SELECT pg_database_size(current_database())")
            tables = [sql.Identifier(*row) for row in connection.execute(_TABLES)]
            before = [(one, _rows(connection, one)) for one in tables]
        self._kept = [(one, rows) for one, rows in before if rows]
        emptied = [sql.SQL("DELETE FROM {}").format(one) for one, rows in before if not rows]
        # As a replica: also where triggers refuse that anything is deleted, and without asking whether something refers to it.
        self._empty = sql.SQL("; ").join([sql.SQL("SET session_replication_role = replica"), *emptied])

    def _connected(self, name: str) -> psycopg.Connection:
        return psycopg.connect(with_database(self._server, name), autocommit=True)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """URL of a database that is the block's own."""
        name = self._free.pop() if self._free else create_database(self._server, self._template)
        try:
            yield with_database(self._server, name)
        finally:
            if self._as_new(name):
                self._free.append(name)
            else:
                drop_database(self._server, name)

    def _as_new(self, name: str) -> bool:
        """Empties it, and says whether it is as it was made."""
        try:
            with self._connected(name) as connection:
                if not self._left(connection) or connection.execute(_STATE).fetchall() != self._state:
                    return False
                if _only(connection, "SELECT pg_database_size(current_database())") > self._size + GROWN_BYTES:
                    return False
                connection.execute(self._empty)
                return all(_rows(connection, table) == rows for table, rows in self._kept)
        except psycopg.Error:  # a user who may not, or tables that are not there any more
            return False

    def _left(self, connection: psycopg.Connection) -> bool:
        """Ends what others still do there; True when they are gone."""
        connection.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS}")
        end = time.monotonic() + PATIENCE_SECONDS
        while _only(connection, f"SELECT count(*) {_OTHERS}"):
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def close(self) -> None:
        while self._free:
            drop_database(self._server, self._free.pop())
