"""Mails that shall be sent, the list of addresses that get none, and how many went out on a day.

Revision 0008, after 0007. Only adds tables: the release before runs on these as well. May not enter: schema.py, which goes on
changing."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


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


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def upgrade() -> None:
    _scoped(
        "mail",
        *(_text("id"), _text("kind"), _text("recipient"), _text("address_mac"), _text("brand_id"), _text("pass_id")),
        *(_text("language"), _text("data"), _text("ticket"), _text("state")),
        sa.Column("attempts", sa.Integer, nullable=False),
        *(_number("due_at_ms"), _text("last_error", null=True), _number("queued_at_ms"), _number("settled_at_ms")),
        key=("id",),
    )
    queued, named = sa.text("state = 'queued'"), sa.text("recipient <> ''")
    columns = ["workspace", "environment", "due_at_ms"]
    op.create_index("ix_mail_due", "mail", columns, sqlite_where=queued, postgresql_where=queued)
    op.create_index("ix_mail_ticket", "mail", ["workspace", "ticket", "environment"])
    op.create_index("ix_mail_newest", "mail", ["workspace", "queued_at_ms", "id", "environment"])
    op.create_index("ix_mail_pass", "mail", ["workspace", "pass_id", "queued_at_ms", "environment"])
    columns = ["workspace", "settled_at_ms", "environment"]
    op.create_index("ix_mail_named", "mail", columns, sqlite_where=named, postgresql_where=named)
    _scoped(
        "mail_suppression",
        *(_text("address_mac"), _text("brand_id"), _text("reason"), _number("at_ms")),
        key=("address_mac", "brand_id", "reason"),
    )
    _scoped("mail_count", *(_number("day_ms"), _text("who"), _number("count")), key=("day_ms", "who"))


def downgrade() -> None:
    for table in ("mail_count", "mail_suppression", "mail"):
        op.drop_table(table)
