"""When a session's person last proved who they are, and links that let somebody in again who has lost everything.

Revision 0015. Only adds: the release before runs on these tables as well. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person_session", sa.Column("proved_at_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("invitation", sa.Column("person_id", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("invitation", "person_id")
    op.drop_column("person_session", "proved_at_ms")
