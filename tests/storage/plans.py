"""What an engine says that it would do for a statement, with rows enough that reading them all would be dear."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from billfold.storage.statements import Statement
from billfold.storage.store import sqlite_path
from storage.material import OURS

Plans = Mapping[str, tuple[Statement, dict[str, Any], str]]
"""By name: what is asked, with which parameters, and what its plan names."""
EVERY = "WITH RECURSIVE every(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM every WHERE n < 20000)"
"""Before a SELECT of `filling`: the numbers 1 to 20,000."""


def plans_of(url: str, filling: Iterable[str], asked: Plans) -> dict[str, str]:
    """The plans by name. PostgreSQL has counted its rows by then, as it does by itself; SQLite never does."""
    path = sqlite_path(url)
    return _of_postgres(url, filling, asked) if path is None else _of_sqlite(str(path), filling, asked)


def _of_sqlite(path: str, filling: Iterable[str], asked: Plans) -> dict[str, str]:
    connection = sqlite3.connect(path)
    with connection:
        for statement in filling:
            connection.execute(statement)
    plans = {}
    for name, (statement, params, _) in asked.items():
        given = {"workspace": OURS.workspace, "environment": "test"} | statement.sqlite.constants | params
        plans[name] = "\n".join(
            row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sqlite.sql}", statement.sqlite.in_order(given))
        )
    connection.close()
    return plans


def _of_postgres(url: str, filling: Iterable[str], asked: Plans) -> dict[str, str]:
    plans = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for text in filling:
            connection.execute(text)  # type: ignore[arg-type]
        connection.execute("ANALYZE")
        for name, (statement, params, _) in asked.items():
            given = {"workspace": OURS.workspace, "environment": "test"} | statement.postgres.constants | params
            rows = connection.execute(f"EXPLAIN {statement.postgres.sql}", given)  # type: ignore[arg-type]
            plans[name] = "\n".join(row[0] for row in rows)
    return plans
