"""The ledger's lots, reservations and anchors; what was taken from a lot and what was anchored can be neither changed nor removed.

Revision 0011. Only adds: the release before runs on these tables as well. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FROZEN = ("ledger_lot_use", "ledger_anchor")


def _scoped(name: str, *columns: "sa.schema.SchemaItem", key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("workspace", "environment", *key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=f"fk_{name}_workspace"),
        sqlite_with_rowid=False,
    )


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _number(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=null)


def _partial(table: str, name: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.add_column("ledger_account", sa.Column("lots", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("ledger_account", sa.Column("frozen", sa.Text, nullable=False, server_default=""))
    _partial("ledger_account", "ix_ledger_account_frozen", ["workspace", "owner"], "frozen != ''")
    _scoped(
        "ledger_lot",
        *(_text("owner"), _text("unit"), _text("id"), _text("operation"), _number("amount"), _number("left")),
        *(_number("available_at_ms", null=True), _number("expires_at_ms", null=True), _number("due_at_ms", null=True)),
        _text("closed"),
        sa.CheckConstraint('"left" >= 0 AND "left" <= amount', name="ck_ledger_lot_left"),
        key=("owner", "unit", "id"),
    )
    _partial("ledger_lot", "ix_ledger_lot_due", ["workspace", "due_at_ms", "environment"], "closed = ''")
    op.create_index("ix_ledger_lot_operation", "ledger_lot", ["workspace", "operation", "environment"])
    _scoped(
        "ledger_lot_use",
        *(_text("owner"), _text("unit"), _text("lot"), _text("operation"), _number("amount")),
        key=("operation", "owner", "unit", "lot"),
    )
    _scoped(
        "ledger_reservation",
        *(_text("id"), _text("owner"), _text("unit"), _number("amount"), _number("due_at_ms"), _text("state")),
        _text("settled_by", null=True),
        key=("id",),
    )
    _partial("ledger_reservation", "ix_ledger_reservation_due", ["workspace", "due_at_ms", "environment"], "state = 'open'")
    _partial("ledger_reservation", "ix_ledger_reservation_owner", ["workspace", "owner", "environment"], "state = 'open'")
    _scoped(
        "ledger_anchor",
        *(_number("through_ms"), _number("accounts"), _number("postings"), _text("root"), _text("signature"), _number("at_ms")),
        key=("through_ms",),
    )
    for table in FROZEN:
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
            continue
        for name, when in ((f"{table}_frozen", "UPDATE OR DELETE"), (f"{table}_kept", "TRUNCATE")):
            each = "ROW" if when != "TRUNCATE" else "STATEMENT"
            op.execute(f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION ledger_append_only()")


def downgrade() -> None:
    for table in ("ledger_anchor", "ledger_reservation", "ledger_lot_use", "ledger_lot"):
        op.drop_table(table)
    op.drop_index("ix_ledger_account_frozen", "ledger_account")
    op.execute("ALTER TABLE ledger_account DROP COLUMN frozen")
    op.execute("ALTER TABLE ledger_account DROP COLUMN lots")
