"""Messages to a pass's holder are kept with the pass.

Revision 0005, after 0004. Only adds a column that may be empty: the release before goes on writing its own.

May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pass", sa.Column("messages", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("pass", "messages")
