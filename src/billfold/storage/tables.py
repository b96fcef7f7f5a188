"""What tables are made of: the names of their constraints, their columns, and the scope that every row begins with.

May not enter: a table of its own."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def number(name: str, default: int | None = None) -> Column[int]:
    if default is None:
        return Column(name, BigInteger, nullable=False)
    return Column(name, BigInteger, nullable=False, server_default=text(str(default)))


def optional(name: str) -> Column[int]:
    """A number that may be missing."""
    return Column(name, BigInteger)


def flag(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def words(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def scoped(name: str, *rest: object, key: tuple[str, ...]) -> Table:
    """A table whose rows belong to a workspace and an environment; `key` completes its primary key."""
    return Table(  # type: ignore[call-overload, no-any-return]
        name,
        metadata,
        words("workspace"),
        words("environment"),
        *rest,
        PrimaryKeyConstraint("workspace", "environment", *key),
        ForeignKeyConstraint(["workspace"], ["workspace.id"]),
        sqlite_with_rowid=False,
    )


def linked(table: str, column: str, key: str = "id") -> ForeignKeyConstraint:
    """To a row of the same workspace and environment, so that no link leads to another's."""
    theirs = [f"{table}.workspace", f"{table}.environment", f"{table}.{key}"]
    return ForeignKeyConstraint(["workspace", "environment", column], theirs)


def index(name: str, table: Table, *columns: str, where: str = "", unique: bool = False) -> None:
    """By workspace and those columns; the environment stands before the last, by which a listing goes on: without statistics a
    planner thinks that workspace and environment together are as good as a primary key."""
    *first, last = columns
    chosen = [table.c[one] for one in ("workspace", *first, "environment", last)]
    chosen_rows = text(where) if where else None
    Index(name, *chosen, unique=unique, sqlite_where=chosen_rows, postgresql_where=chosen_rows)
