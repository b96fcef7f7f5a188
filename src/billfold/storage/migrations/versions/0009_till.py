"""The till: brands, members, products, programmes, cards, terminals; a device token names its terminal.

Revision 0009. Only adds: the release before runs on these tables as well.
May not enter: loyalty_schema.py, which goes on changing."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("brand", "member", "member_word", "product", "programme", "card", "terminal")


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def _optional(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=True)


def _flag(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.SmallInteger, nullable=False)


def _linked(owner: str, table: str, column: str, key: str = "id") -> sa.ForeignKeyConstraint:
    theirs = [f"{table}.workspace", f"{table}.environment", f"{table}.{key}"]
    name = op.f(f"fk_{owner}_workspace_environment_{column}")
    return sa.ForeignKeyConstraint(["workspace", "environment", column], theirs, name=name)


def _scoped(name: str, *columns: "sa.schema.SchemaItem", key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        *(_text("workspace"), _text("environment")),
        *columns,
        sa.PrimaryKeyConstraint("workspace", "environment", *key, name=op.f(f"pk_{name}")),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f(f"fk_{name}_workspace")),
        sqlite_with_rowid=False,
    )


def _index(name: str, table: str, *columns: str, where: str = "", unique: bool = False) -> None:
    *first, last = columns
    chosen = ["workspace", *first, "environment", last]
    chosen_rows = sa.text(where) if where else None
    op.create_index(name, table, chosen, unique=unique, sqlite_where=chosen_rows, postgresql_where=chosen_rows)


def upgrade() -> None:
    op.add_column("access_key", sa.Column("terminal_id", sa.Text, nullable=True))
    _scoped(
        "brand",
        *(_text("id"), _text("name"), _text("color"), _number("created_at_ms"), _number("updated_at_ms")),
        *(_text("logo"), _text("website"), _optional("archived_at_ms")),
        key=("id",),
    )
    _scoped(
        "member",
        *(_text("id"), _text("brand_id"), _text("email"), _text("name"), _number("created_at_ms"), _number("updated_at_ms")),
        *(_text("external_id", null=True), _text("language"), _text("attributes"), _optional("unsubscribed_at_ms")),
        _linked("member", "brand", "brand_id"),
        key=("id",),
    )
    _index("ix_member_email", "member", "brand_id", "email", where="email <> ''", unique=True)
    _index("ix_member_external_id", "member", "brand_id", "external_id", where="external_id IS NOT NULL", unique=True)
    _index("ix_member_brand", "member", "brand_id", "id")
    _scoped(
        "member_word",
        sa.Column("word", sa.LargeBinary, nullable=False),
        *(_text("member_id"), _text("brand_id")),
        _linked("member_word", "member", "member_id"),
        key=("brand_id", "word", "member_id"),
    )
    _index("ix_member_word_word", "member_word", "word", "member_id")
    _index("ix_member_word_member", "member_word", "member_id", "word")
    _scoped(
        "product",
        *(_text("id"), _number("number"), _text("name"), _number("created_at_ms"), _number("updated_at_ms"), _text("currency")),
        *(_optional("price_minor"), _optional("price_points"), _optional("vat_bp"), _text("external_reference")),
        *(_optional("archived_at_ms"), _text("name_key")),
        key=("id",),
    )
    _index("ix_product_number", "product", "number", unique=True)
    _index("ix_product_name", "product", "name_key", "id")
    _index("ix_product_price", "product", "currency", "price_minor", where="price_minor IS NOT NULL")
    _index("ix_product_points", "product", "price_points", where="price_points IS NOT NULL")
    _scoped(
        "programme",
        *(_text("id"), _text("brand_id"), _text("kind"), _text("title"), _text("template_id"), _number("created_at_ms")),
        *(_number("updated_at_ms"), _text("category"), _text("currency"), _flag("points"), _optional("stamps_goal")),
        *(_text("allowed_products"), _number("floor_minor"), _optional("price_minor"), _optional("price_points")),
        *(_text("external_reference"), _number("earn_points_per_unit"), _optional("points_valid_days"), _optional("valid_days")),
        *(_optional("reminder_days"), _optional("archived_at_ms")),
        _linked("programme", "brand", "brand_id"),
        _linked("programme", "template", "template_id"),
        key=("id",),
    )
    _index("ix_programme_brand", "programme", "brand_id", "id")
    _scoped(
        "card",
        *(_text("pass_id"), _text("programme_id"), _text("brand_id"), _text("code"), _number("created_at_ms")),
        *(_number("updated_at_ms"), _text("member_id", null=True), _text("status"), _text("title"), _optional("starts_at_ms")),
        *(_optional("expires_at_ms"), _optional("reminder_at_ms"), _optional("reminded_at_ms"), _optional("downloaded_at_ms")),
        *(_optional("latitude_e6"), _optional("longitude_e6"), _text("batch"), _flag("demo"), _flag("historical")),
        *(_optional("removed_at_ms"), _text("listed")),
        _linked("card", "pass", "pass_id"),
        _linked("card", "programme", "programme_id"),
        _linked("card", "brand", "brand_id"),
        _linked("card", "member", "member_id"),
        key=("pass_id",),
    )
    _index("ix_card_code", "card", "code", "pass_id")
    _index("ix_card_member", "card", "member_id", "pass_id")
    _index("ix_card_programme", "card", "programme_id", "listed", "pass_id")
    _index("ix_card_brand", "card", "brand_id", "listed", "pass_id")
    _index("ix_card_status", "card", "listed", "pass_id")
    _index("ix_card_batch", "card", "batch", "listed", "pass_id")
    _index(
        "ix_card_reminder",
        "card",
        "reminder_at_ms",
        where="reminder_at_ms IS NOT NULL AND reminded_at_ms IS NULL AND removed_at_ms IS NULL AND status = 'active'",
    )
    _index(
        "ix_card_expiry", "card", "expires_at_ms", where="expires_at_ms IS NOT NULL AND removed_at_ms IS NULL AND status = 'active'"
    )
    _scoped(
        "terminal",
        *(_text("id"), _text("name"), _number("created_at_ms"), _number("updated_at_ms"), _text("place")),
        *(_text("product_id", null=True), _number("points_multiplier_percent"), _text("pin_hash"), _text("external_device_id")),
        sa.Column("enrolment_hash", sa.LargeBinary, nullable=False),
        *(_optional("enrolment_until_ms"), _text("key_id", null=True), _number("last_device_seq"), _optional("last_seen_at_ms")),
        _optional("revoked_at_ms"),
        _linked("terminal", "product", "product_id"),
        key=("id",),
    )
    _index("ix_terminal_enrolment", "terminal", "enrolment_hash", where="enrolment_until_ms IS NOT NULL")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("access_key", "terminal_id")
