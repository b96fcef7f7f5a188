"""Passes by their issue, the newest first, and those that are void: what people look at in tables.

Revision 0014. Only adds: the release before runs on these tables as well. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

VOID = sa.text("voided = 1")


def upgrade() -> None:
    op.create_index("ix_pass_newest", "pass", ["workspace", "issued_at_ms", "id", "environment"])
    columns = ["workspace", "voided", "environment", "id"]
    op.create_index("ix_pass_void", "pass", columns, sqlite_where=VOID, postgresql_where=VOID)


def downgrade() -> None:
    op.drop_index("ix_pass_void", "pass")
    op.drop_index("ix_pass_newest", "pass")
