"""People who sign in: persons, passkeys, sessions, invitations, and what can be used once.

Revision 0012, after 0011. Only adds tables: the release before runs on these as well. May not enter: schema.py, which goes on
changing."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _of_workspace(name: str, *columns: "sa.schema.SchemaItem") -> None:
    op.create_table(
        name,
        sa.Column("workspace", sa.Text, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("workspace", "id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=f"fk_{name}_workspace"),
        sqlite_with_rowid=False,
    )


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=null)


def upgrade() -> None:
    _of_workspace(
        "person",
        *(_text("id"), _text("email"), _text("name"), _text("role"), _number("created_at_ms"), _text("password")),
        *(_text("totp_salt"), _number("totp_step"), _text("recovery"), _number("signed_in_at_ms", null=True)),
    )
    op.create_index("ix_person_email", "person", ["workspace", "email"], unique=True)
    _of_workspace(
        "passkey",
        *(_text("id"), _text("person_id"), _text("public_key"), _number("sign_count"), _number("created_at_ms")),
        _number("used_at_ms", null=True),
    )
    op.create_index("ix_passkey_person", "passkey", ["workspace", "person_id"])
    _of_workspace(
        "person_session", *(_text("id"), _text("person_id"), _text("agent"), _number("created_at_ms"), _number("seen_at_ms"))
    )
    op.create_index("ix_person_session_person", "person_session", ["workspace", "person_id"])
    _of_workspace("invitation", *(_text("id"), _text("role"), _text("email"), _text("invited_by"), _number("expires_at_ms")))
    _of_workspace("person_spent", _text("id"), _number("until_ms"))


def downgrade() -> None:
    for table in ("person_spent", "invitation", "person_session", "passkey", "person"):
        op.drop_table(table)
