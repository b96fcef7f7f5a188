"""When the tax on a card's money is due, and an organisation's own rates.

Revision 0016. Only adds: the release before runs on these tables as well. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("programme", sa.Column("vat_treatment", sa.Text, nullable=False, server_default="multi_purpose"))
    op.add_column("workspace", sa.Column("vat_default_bp", sa.BigInteger))
    op.add_column("workspace", sa.Column("vat_max_bp", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("workspace", "vat_max_bp")
    op.drop_column("workspace", "vat_default_bp")
    op.drop_column("programme", "vat_treatment")
