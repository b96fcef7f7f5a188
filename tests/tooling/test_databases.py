"""The databases that every storage test relies on: of its own, empty, and gone afterwards."""

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from plugins.postgres_server import with_database
from plugins.returnable import Returnable


def tables(url: str) -> list[str]:
    engine = create_engine(make_url(url.replace("postgresql://", "postgresql+psycopg://")))
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_a_test_gets_an_empty_database_on_either_engine(database_url: str) -> None:
    assert tables(database_url) == []


def test_a_migrated_database_has_the_tables_of_head(migrated_url: str) -> None:
    assert {"workspace", "alembic_version"} <= set(tables(migrated_url))


CHANGES = (
    "DROP TRIGGER ledger_posting_frozen ON ledger_posting",
    "ALTER TABLE usage ALTER COLUMN count TYPE integer",
    "CREATE TABLE more (a integer)",
    "ANALYZE workspace",
    "UPDATE alembic_version SET version_num = 'other'",
)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_database_that_is_given_back_is_lent_again_when_it_is_as_new(engine: str, migrated_postgresql: Returnable) -> None:
    workspace = "INSERT INTO workspace (id, name, organization_name, created_at_ms) VALUES ('aaaaaa', 'A', 'A', 0)"
    with migrated_postgresql.lent() as url:
        still_there = psycopg.connect(url, autocommit=True)
        still_there.execute(workspace)
    for change in CHANGES:
        with migrated_postgresql.lent() as again:
            assert again == url
            with psycopg.connect(again, autocommit=True) as connection:
                assert connection.execute("SELECT count(*) FROM workspace").fetchone() == (0,)
                connection.execute(workspace)
                connection.execute(change)
        with migrated_postgresql.lent() as url:
            assert url != again, change
    with pytest.raises(psycopg.OperationalError):
        still_there.execute("SELECT 1")


def test_further_databases_are_each_of_their_own(database_url: str, more_databases: Callable[[], str]) -> None:
    assert len({database_url, more_databases(), more_databases()}) == 3


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@host:5432/a?host=/run", "postgresql://u:p@host:5432/b?host=/run"),
        ("postgresql://postgres:@/postgres?host=/run/x", "postgresql://postgres:@/b?host=/run/x"),
        ("postgresql://host", "postgresql://host/b"),
    ],
)
def test_another_database_of_the_same_server(url: str, expected: str) -> None:
    assert with_database(url, "b") == expected


def test_what_the_tests_write_is_synced_as_in_production_but_for_the_disk(engine: str, database_url: str) -> None:
    if engine == "sqlite":
        assert database_url.startswith("sqlite:///")
        return
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
