"""Operations of the ledger keep the tax in them, what the caller noted beside them, and by which rules they were decided.

Revision 0010. Only adds: the release before runs on these tables as well. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "ledger_operation"
TEXTS = ("terminal_id", "product_id", "business_date", "payment", "vat_unit")
NUMBERS = ("device_seq", "vat_rate_bp", "vat_net", "vat", "vat_gross")
CHECK = "vat_gross IS NULL OR vat_net + vat = vat_gross"


def upgrade() -> None:
    for name in TEXTS:
        op.add_column(TABLE, sa.Column(name, sa.Text))
    for name in NUMBERS:
        # SQLite takes a check only with the column that is added; it may speak of others.
        check = [sa.CheckConstraint(CHECK, name="ck_ledger_operation_vat_adds_up")] if name == "vat_gross" else []
        op.add_column(TABLE, sa.Column(name, sa.BigInteger, *check))
    for name in ("details", "flags"):
        op.add_column(TABLE, sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column(TABLE, sa.Column("rules", sa.BigInteger, nullable=False, server_default="0"))
    paid = sa.text("payment IS NOT NULL")
    columns = ["workspace", "payment", "environment"]
    op.create_index("ix_ledger_operation_payment", TABLE, columns, unique=True, sqlite_where=paid, postgresql_where=paid)


def downgrade() -> None:
    op.drop_index("ix_ledger_operation_payment", TABLE)
    for name in ("rules", "flags", "details", *reversed(NUMBERS), *reversed(TEXTS)):
        op.execute(f"ALTER TABLE {TABLE} DROP COLUMN {name}")
