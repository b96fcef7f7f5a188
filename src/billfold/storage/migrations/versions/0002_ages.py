"""What is kept for a while is found by its age.

Revision 0002, after 0001. Only adds indexes: the release before runs on these tables as well.

May not enter: schema.py, which goes on changing."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AGES = {"idempotency": "created_at_ms", "callback_nonce": "seen_at_ms", "image_source": "fetched_at_ms"}


def upgrade() -> None:
    for table, age in AGES.items():
        op.create_index(f"ix_{table}_age", table, ["workspace", age, "environment"], unique=False)


def downgrade() -> None:
    for table in AGES:
        op.drop_index(f"ix_{table}_age", table_name=table)
