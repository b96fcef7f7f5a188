"""The ledger: accounts, operations, postings; the database itself refuses to change or remove what was posted.

Revision 0007. Only adds: the release before runs on these tables as well. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FROZEN = ("ledger_operation", "ledger_posting")


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


def upgrade() -> None:
    _scoped(
        "ledger_account",
        *(_text("owner"), _text("unit"), _number("balance"), _number("sequence"), _number("floor", null=True)),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        key=("owner", "unit"),
    )
    _scoped(
        "ledger_operation",
        *(_text("id"), _text("kind"), _text("fingerprint"), _text("declined"), _text("reverses", null=True), _text("actor")),
        *(_text("description"), _text("reference"), _number("at_ms"), _number("occurred_at_ms")),
        key=("id",),
    )
    _scoped(
        "ledger_posting",
        *(_text("owner"), _text("unit"), _number("sequence"), _number("amount"), _number("balance"), _text("operation")),
        *(_text("kind"), _number("at_ms")),
        sa.Column("before", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "environment", "operation"],
            ["ledger_operation.workspace", "ledger_operation.environment", "ledger_operation.id"],
            name="fk_ledger_posting_workspace_environment_operation",
        ),
        key=("owner", "unit", "sequence"),
    )
    op.create_index("ix_ledger_operation_reverses", "ledger_operation", ["workspace", "reverses", "environment"])
    op.create_index("ix_ledger_posting_operation", "ledger_posting", ["workspace", "operation", "environment"])
    if op.get_bind().dialect.name == "sqlite":
        for table in FROZEN:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION ledger_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
        )


def downgrade() -> None:
    for table in ("ledger_posting", "ledger_operation", "ledger_account"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION ledger_append_only()")
