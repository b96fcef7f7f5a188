"""Picks the engine by the database's URL, and loads that one alone (psycopg takes 8 MB).

May not enter: anything that only one engine knows."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from billfold.ports import Clock
from billfold.storage.refusals import StoreRefused
from billfold.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from billfold.storage.postgres import PostgresStore

GAP_MS = 1_000
_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def sqlite_path(database_url: str) -> Path | None:
    """The file of a URL like sqlite:///data/billfold.sqlite (relative) or sqlite:////var/billfold.sqlite; None for PostgreSQL."""
    if database_url.startswith(_SQLITE):
        return Path(database_url.removeprefix(_SQLITE))
    if database_url.startswith(_POSTGRES):
        return None
    raise StoreRefused("the database URL names no known engine", "it begins with sqlite:/// or postgresql://")


def open_store(
    database_url: str,
    *,
    gap_ms: int = GAP_MS,
    exclusive: bool = True,
    clock: Clock | None = None,
) -> "SqliteStore | PostgresStore":
    """The store at `database_url`, whose tables are there already (migrate.upgrade). Raises StoreRefused.

    `gap_ms`: least time between two pushes to one device. `exclusive`: on SQLite, this process serves and a second one is refused;
    off for commands beside a server. `clock`: in place of the engine's own, for tests."""
    path = sqlite_path(database_url)
    if path is not None:
        return SqliteStore(path, gap_ms=gap_ms, exclusive=exclusive, clock=clock)
    opened: PostgresStore = import_module("billfold.storage.postgres").PostgresStore(database_url, gap_ms=gap_ms, clock=clock)
    return opened
