"""The tables of the first release.

Revision 0001, after nothing. May not enter: schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "slice", name=op.f("pk_lease")),
    )
    op.create_table(
        "workspace",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organization_name", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("quota_month", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "access_key",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_access_key_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "id", name=op.f("pk_access_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "callback_nonce",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_callback_nonce_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "nonce", name=op.f("pk_callback_nonce")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counter",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_counter_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", name=op.f("pk_counter")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credential",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_credential_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "kind", "name", name=op.f("pk_credential")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("parked", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_delivery_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "channel", "target", name=op.f("pk_delivery")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["workspace", "environment", "channel", "bucket", "priority", "due_at_ms"],
        unique=False,
        sqlite_where=sa.text("delivered < wanted AND parked = 0"),
        postgresql_where=sa.text("delivered < wanted AND parked = 0"),
    )

    op.create_table(
        "device_log",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_device_log_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "id", name=op.f("pk_device_log")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("wallet", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_event_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "id", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_subject", "event", ["workspace", "subject", "environment", "id"], unique=False)

    op.create_table(
        "google_class",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_google_class_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "class_id", name=op.f("pk_google_class")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_idempotency_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "key", name=op.f("pk_idempotency")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "image",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("variants", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_image_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "hash", name=op.f("pk_image")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "image_source",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("fetched_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_image_source_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "url", name=op.f("pk_image_source")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "job",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("due_at_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_job_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "id", name=op.f("pk_job")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_job_due",
        "job",
        ["workspace", "environment", "due_at_ms"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )

    op.create_table(
        "template",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_template_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "id", name=op.f("pk_template")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_usage_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "month", "kind", name=op.f("pk_usage")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pass",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("vals", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("issued_number", sa.BigInteger(), nullable=False),
        sa.Column("issued_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("pass_type", sa.Text(), nullable=False),
        sa.Column("issuer_id", sa.Text(), nullable=False),
        sa.Column("voided", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "environment", "template_id"],
            ["template.workspace", "template.environment", "template.id"],
            name=op.f("fk_pass_workspace_environment_template_id"),
        ),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_pass_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "id", name=op.f("pk_pass")),
    )
    op.create_index(
        "ix_pass_template",
        "pass",
        ["workspace", "template_id", "environment", "id"],
        unique=False,
        sqlite_where=sa.text("template_id IS NOT NULL"),
        postgresql_where=sa.text("template_id IS NOT NULL"),
    )

    op.create_table(
        "google_object",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("pass_id", sa.Text(), nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("vals", sa.Text(), nullable=False),
        sa.Column("notified_ms", sa.Text(), nullable=False),
        sa.Column("has_users", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "environment", "pass_id"],
            ["pass.workspace", "pass.environment", "pass.id"],
            name=op.f("fk_google_object_workspace_environment_pass_id"),
        ),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_google_object_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "pass_id", name=op.f("pk_google_object")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registration",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("pass_type", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("pass_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "environment", "pass_id"],
            ["pass.workspace", "pass.environment", "pass.id"],
            name=op.f("fk_registration_workspace_environment_pass_id"),
        ),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_registration_workspace")),
        sa.PrimaryKeyConstraint("workspace", "environment", "pass_type", "device", "pass_id", name=op.f("pk_registration")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_registration_pass", "registration", ["workspace", "pass_id", "environment"], unique=False)


def downgrade() -> None:
    for table in (
        "registration",
        "google_object",
        "pass",
        "usage",
        "template",
        "job",
        "image_source",
        "image",
        "idempotency",
        "google_class",
        "event",
        "device_log",
        "delivery",
        "credential",
        "counter",
        "callback_nonce",
        "access_key",
        "workspace",
        "lease",
    ):
        op.drop_table(table)
