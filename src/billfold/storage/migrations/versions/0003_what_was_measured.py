"""What was measured of a picture is kept beside it.

Revision 0003, after 0002. Added with a default, so that the release before it goes on writing its own columns."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image", sa.Column("record", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("image", "record")
