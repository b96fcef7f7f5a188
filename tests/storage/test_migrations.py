"""Migrations bring a database of either engine to exactly the tables of schema.py, once, whoever starts first."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from billfold.storage import migrate, revision
from billfold.storage.migrations import versions
from billfold.storage.refusals import StoreRefused
from billfold.storage.store import open_store, sqlite_path


def test_an_empty_database_becomes_what_the_schema_says(database_url: str) -> None:
    assert revision.current(database_url) is None
    assert migrate.upgrade(database_url) is True
    assert revision.current(database_url) == revision.head()
    migrate.check(database_url)


def test_a_database_at_head_is_left_alone(migrated_url: str) -> None:
    assert migrate.upgrade(migrated_url) is False


def test_the_newest_revision_is_told_without_alembic_as_alembic_tells_it() -> None:
    assert revision.head() == ScriptDirectory(str(revision.FOLDER)).get_current_head()


def test_a_start_at_head_loads_no_alembic(tmp_path: Path, migrated_url: str) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from billfold import bootstrap; from billfold.settings import Settings\n"
        "settings = Settings(data=Path(sys.argv[1]), sandbox=False, database_url=sys.argv[2])\n"
        "async def start(): await (await bootstrap.open_parts(settings)).close()\n"
        "asyncio.run(start()); print([name for name in sys.modules if name.startswith(('alembic', 'mako'))])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), migrated_url], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_start_on_sqlite_loads_no_driver_of_postgresql(tmp_path: Path) -> None:
    code = (
        "import sys; from billfold import bootstrap; from billfold.storage.store import open_store\n"
        "store = open_store(sys.argv[1]); print('psycopg' in sys.modules)"
    )
    migrate.upgrade(url := f"sqlite:///{tmp_path}/billfold.sqlite")
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_every_revision_goes_down_and_up_again(database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.downgrade(database_url, "base")
    assert revision.current(database_url) is None
    migrate.upgrade(database_url)
    migrate.check(database_url)


def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    code = "import sys; from billfold.storage import migrate; print(migrate.upgrade(sys.argv[1]))"
    started = [subprocess.Popen([sys.executable, "-c", code, database_url], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = sorted(process.communicate(timeout=60)[0].strip() for process in started)
    assert answers == ["False", "False", "True"]
    assert revision.current(database_url) == revision.head()


def test_a_newer_database_is_refused_by_an_older_release(migrated_url: str) -> None:
    path = sqlite_path(migrated_url)
    if path is None:
        import psycopg

        with psycopg.connect(migrated_url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
    else:
        with sqlite3.connect(path) as plain:
            plain.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreRefused, match="newer release"):
        migrate.upgrade(migrated_url)


async def test_tables_do_not_change_under_a_serving_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/billfold.sqlite"
    migrate.upgrade(url)
    store = open_store(url)
    try:
        with sqlite3.connect(tmp_path / "billfold.sqlite") as plain:
            plain.execute("DELETE FROM alembic_version")
        with pytest.raises(StoreRefused, match="stop it"):
            await asyncio.to_thread(migrate.upgrade, url)
    finally:
        await store.close()


def test_a_file_that_is_no_database_is_refused_with_a_mend(tmp_path: Path) -> None:
    path = tmp_path / "billfold.sqlite"
    path.write_bytes(b"this is a holiday picture, not a database, and it is long enough to be read" * 20)
    with pytest.raises(StoreRefused, match="not a SQLite database; name another"):
        migrate.upgrade(f"sqlite:///{path}")


def test_a_server_that_is_not_there_is_refused_with_a_mend() -> None:
    with pytest.raises(StoreRefused, match="check --database-url"):
        migrate.upgrade("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")


def test_an_engine_that_we_do_not_know_is_refused() -> None:
    with pytest.raises(StoreRefused, match="sqlite:/// or postgresql://"):
        migrate.upgrade("mysql://localhost/billfold")


def test_a_revision_does_not_follow_the_schema_as_it_changes() -> None:
    """A revision says for ever what it did; one that imports schema.py would do something else in a later release."""
    files = list(Path(versions.__file__).parent.glob("[0-9]*.py"))
    assert files
    for file in files:
        assert not re.search(r"^(from|import) billfold", file.read_text(), re.MULTILINE), file.name
