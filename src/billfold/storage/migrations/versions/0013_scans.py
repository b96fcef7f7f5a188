"""Scans, what devices were heard of, and what waits for a person.

Revision 0013. Only adds: the release before runs on these tables as well.
May not enter: scans_schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("scan", "scan_device", "scan_quarantine")


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def _optional(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=True)


def _flag(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.SmallInteger, nullable=False)


def _linked(owner: str, table: str, column: str, key: str = "id") -> sa.ForeignKeyConstraint:
    theirs = [f"{table}.workspace", f"{table}.environment", f"{table}.{key}"]
    name = op.f(f"fk_{owner}_workspace_environment_{column}")
    return sa.ForeignKeyConstraint(["workspace", "environment", column], theirs, name=name)


def _scoped(name: str, *columns: "sa.schema.SchemaItem", key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        *(_text("workspace"), _text("environment")),
        *columns,
        sa.PrimaryKeyConstraint("workspace", "environment", *key, name=op.f(f"pk_{name}")),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f(f"fk_{name}_workspace")),
        sqlite_with_rowid=False,
    )


def _index(name: str, table: str, *columns: str, where: str = "", unique: bool = False) -> None:
    *first, last = columns
    chosen = ["workspace", *first, "environment", last]
    chosen_rows = sa.text(where) if where else None
    op.create_index(name, table, chosen, unique=unique, sqlite_where=chosen_rows, postgresql_where=chosen_rows)


def upgrade() -> None:
    _scoped(
        "scan",
        *(_text("id"), _text("pass_id"), _text("action"), _text("fingerprint"), _number("at_ms"), _number("occurred_at_ms")),
        *(_text("actor"), _text("terminal_id", null=True), _optional("device_seq"), _text("declined"), _text("flag")),
        *(_text("undoes", null=True), _text("description"), _text("reference"), _text("transaction_id"), _text("resolved_by")),
        *(_flag("reward"), _text("changes"), _text("balances"), _text("operations"), _text("product", null=True)),
        _text("vat", null=True),
        _linked("scan", "pass", "pass_id"),
        _linked("scan", "terminal", "terminal_id"),
        key=("id",),
    )
    _index("ix_scan_pass", "scan", "pass_id", "at_ms")
    _index("ix_scan_terminal", "scan", "terminal_id", "at_ms", where="terminal_id IS NOT NULL")
    _index("ix_scan_undoes", "scan", "undoes", where="undoes IS NOT NULL AND declined = ''", unique=True)
    _scoped(
        "scan_device",
        *(_text("terminal_id"), _number("last_seq"), _text("gaps"), _number("synced_seq"), _number("synced_ms")),
        *(_number("spent_after"), _text("spent")),
        _linked("scan_device", "terminal", "terminal_id"),
        key=("terminal_id",),
    )
    _scoped(
        "scan_quarantine",
        *(_text("id"), _text("terminal_id"), _text("reason"), _text("item"), _number("received_at_ms"), _text("decision")),
        *(_optional("decided_at_ms"), _text("decided_by")),
        _linked("scan_quarantine", "terminal", "terminal_id"),
        key=("id",),
    )
    _index("ix_scan_quarantine_waiting", "scan_quarantine", "id", where="decision = ''")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
