"""Templates keep what they published, and drafts of what comes.

Revision 0006, after 0005. Adds tables and columns that may be empty; what is published becomes each template's first kept revision.
The release before runs on these tables as well: what it publishes is a revision that is not kept.

May not enter: schema.py, which goes on changing."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEMPLATE = ["template.workspace", "template.environment", "template.id"]
TEXT = ["template_text.workspace", "template_text.environment", "template_text.hash"]


def _theirs(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_workspace_environment_template_id")
    return sa.ForeignKeyConstraint(["workspace", "environment", "template_id"], TEMPLATE, name=name)


def _own(table: str) -> list[sa.Column[str] | sa.ForeignKeyConstraint]:
    return [
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f(f"fk_{table}_workspace")),
    ]


def upgrade() -> None:
    op.add_column("template", sa.Column("rules", sa.LargeBinary(), nullable=True))
    op.add_column("template", sa.Column("archived_at_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "template_text",
        *_own("template_text"),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "environment", "hash", name=op.f("pk_template_text")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "template_revision",
        *_own("template_revision"),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("published_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("restored_from", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace", "environment", "template_id"],
            TEMPLATE,
            name=op.f("fk_template_revision_workspace_environment_template_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace", "environment", "hash"], TEXT, name=op.f("fk_template_revision_workspace_environment_hash")
        ),
        sa.PrimaryKeyConstraint("workspace", "environment", "template_id", "revision", name=op.f("pk_template_revision")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "template_draft",
        *_own("template_draft"),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=True),
        sa.Column("based_on", sa.BigInteger(), nullable=False),
        sa.Column("saved_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        _theirs("template_draft"),
        sa.PrimaryKeyConstraint("workspace", "environment", "template_id", name=op.f("pk_template_draft")),
        sqlite_with_rowid=False,
    )
    _keep_what_is_published()


def _keep_what_is_published() -> None:
    connection = op.get_bind()
    columns = "workspace, environment, id, revision, name, content, number, updated_at_ms"
    for row in connection.execute(sa.text(f"SELECT {columns} FROM template")).mappings().all():  # noqa: S608 (constants)
        given = dict(row) | {"hash": hashlib.sha256(bytes(row["content"])).hexdigest()}
        connection.execute(
            sa.text(
                "INSERT INTO template_text (workspace, environment, hash, content)"
                " VALUES (:workspace, :environment, :hash, :content) ON CONFLICT DO NOTHING"
            ),
            given,
        )
        connection.execute(
            sa.text(
                "INSERT INTO template_revision (workspace, environment, template_id, revision, name, hash, number, published_at_ms,"
                " key_id) VALUES (:workspace, :environment, :id, :revision, :name, :hash, :number, :updated_at_ms, '')"
            ),
            given,
        )


def downgrade() -> None:
    op.drop_table("template_draft")
    op.drop_table("template_revision")
    op.drop_table("template_text")
    op.drop_column("template", "archived_at_ms")
    op.drop_column("template", "rules")
