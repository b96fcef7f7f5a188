"""Which revision a database is at and which one this release wants, told without loading Alembic, nor psycopg where nobody
needs it: each start asks.

May not enter: changes to a database (migrate.py)."""

import contextlib
import re
import sqlite3
from importlib import import_module
from pathlib import Path

from billfold.storage.refusals import StoreRefused
from billfold.storage.store import sqlite_path

FOLDER = Path(__file__).with_name("migrations")
_REVISION = re.compile(r"""^revision\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)
_BEFORE = re.compile(r"""^down_revision\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)


def head() -> str:
    """The revision of this release: the one that no other comes after."""
    texts = [path.read_text(encoding="utf-8") for path in (FOLDER / "versions").glob("[0-9]*.py")]
    found = {name for text in texts for name in _REVISION.findall(text)}
    heads = found - {name for text in texts for name in _BEFORE.findall(text)}
    assert len(heads) == 1, f"the revisions are no single line: {sorted(heads)}"
    return str(heads.pop())


def current(url: str) -> str | None:
    """The database's revision; None when it has no tables yet. Raises StoreRefused where it cannot be asked."""
    path = sqlite_path(url)
    if path is not None:
        return _current_sqlite(path)
    answer: str | None = import_module("billfold.storage.postgres").revision(url)
    return answer


def _current_sqlite(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as problem:
        if "no such table" in str(problem):
            return None
        raise StoreRefused(f"the database {path} cannot be opened ({problem})", "check its folder and its permissions") from problem
    except sqlite3.DatabaseError as problem:
        raise StoreRefused(f"{path} is not a SQLite database", "name another --data folder, or restore a backup") from problem
    return str(row[0]) if row else None
