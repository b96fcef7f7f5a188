"""Where an event stands in the stream: its place. Events of before stand at 0, in the order of their ids.

Revision 0017. The release before runs on these tables as well: on PostgreSQL its events get a place too; on SQLite no two releases
serve at once. Its index of subjects gives way to one by place. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CLOCK = "CASE WHEN pg_current_xact_id() IS NOT NULL THEN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint END"
ANY = sa.text("place IS NOT NULL")


def upgrade() -> None:
    op.add_column("event", sa.Column("place", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("event", "place", server_default=sa.text(CLOCK))
    columns = ["workspace", "environment", "place", "id"]
    op.create_index("ix_event_place", "event", columns, sqlite_where=ANY, postgresql_where=ANY)
    op.create_index("ix_event_of_subject", "event", ["workspace", "subject", "environment", "place", "id"])
    op.drop_index("ix_event_subject", "event")


def downgrade() -> None:
    op.create_index("ix_event_subject", "event", ["workspace", "subject", "environment", "id"])
    op.drop_index("ix_event_of_subject", "event")
    op.drop_index("ix_event_place", "event")
    op.drop_column("event", "place")
