"""The till's tables: brands, members, products, programmes, cards, terminals. As schema.py, of which they are a part.

May not enter: queries, logic."""

from sqlalchemy import Column, LargeBinary, Text

from billfold.storage.tables import flag, index, linked, number, optional, scoped, words

brand = scoped(
    "brand",
    *(words("id"), words("name"), words("color"), number("created_at_ms"), number("updated_at_ms")),
    *(words("logo"), words("website"), optional("archived_at_ms")),
    key=("id",),
)

member = scoped(
    "member",
    *(words("id"), words("brand_id"), words("email"), words("name"), number("created_at_ms"), number("updated_at_ms")),
    *(words("external_id", null=True), words("language"), words("attributes"), optional("unsubscribed_at_ms")),
    linked("brand", "brand_id"),
    key=("id",),
)
index("ix_member_email", member, "brand_id", "email", where="email <> ''", unique=True)
index("ix_member_external_id", member, "brand_id", "external_id", where="external_id IS NOT NULL", unique=True)
index("ix_member_brand", member, "brand_id", "id")

member_word = scoped(
    "member_word",
    Column("word", LargeBinary, nullable=False),
    *(words("member_id"), words("brand_id")),
    linked("member", "member_id"),
    key=("brand_id", "word", "member_id"),
)
"""By what a member is found. Its beginning is sought, and bytes are in one order on every engine, where texts are not."""
index("ix_member_word_word", member_word, "word", "member_id")
index("ix_member_word_member", member_word, "member_id", "word")

product = scoped(
    "product",
    *(words("id"), number("number"), words("name"), number("created_at_ms"), number("updated_at_ms"), words("currency")),
    *(optional("price_minor"), optional("price_points"), optional("vat_bp"), words("external_reference")),
    *(optional("archived_at_ms"), words("name_key")),
    key=("id",),
)
index("ix_product_number", product, "number", unique=True)
index("ix_product_name", product, "name_key", "id")
index("ix_product_price", product, "currency", "price_minor", where="price_minor IS NOT NULL")
index("ix_product_points", product, "price_points", where="price_points IS NOT NULL")

programme = scoped(
    "programme",
    *(words("id"), words("brand_id"), words("kind"), words("title"), words("template_id"), number("created_at_ms")),
    *(number("updated_at_ms"), words("category"), words("currency"), flag("points"), optional("stamps_goal")),
    *(words("allowed_products"), number("floor_minor"), optional("price_minor"), optional("price_points")),
    *(words("external_reference"), number("earn_points_per_unit"), optional("points_valid_days"), optional("valid_days")),
    *(
        optional("reminder_days"),
        optional("archived_at_ms"),
        Column("vat_treatment", Text, nullable=False, server_default="multi_purpose"),
    ),
    linked("brand", "brand_id"),
    linked("template", "template_id"),
    key=("id",),
)
index("ix_programme_brand", programme, "brand_id", "id")

card = scoped(
    "card",
    *(words("pass_id"), words("programme_id"), words("brand_id"), words("code"), number("created_at_ms")),
    *(number("updated_at_ms"), words("member_id", null=True), words("status"), words("title"), optional("starts_at_ms")),
    *(optional("expires_at_ms"), optional("reminder_at_ms"), optional("reminded_at_ms"), optional("downloaded_at_ms")),
    *(optional("latitude_e6"), optional("longitude_e6"), words("batch"), flag("demo"), flag("historical")),
    *(optional("removed_at_ms"), words("listed")),
    linked("pass", "pass_id"),
    linked("programme", "programme_id"),
    linked("brand", "brand_id"),
    linked("member", "member_id"),
    key=("pass_id",),
)
"""`listed`: its status, or "" when it was removed."""
index("ix_card_code", card, "code", "pass_id")
index("ix_card_member", card, "member_id", "pass_id")
index("ix_card_programme", card, "programme_id", "listed", "pass_id")
index("ix_card_brand", card, "brand_id", "listed", "pass_id")
index("ix_card_status", card, "listed", "pass_id")
index("ix_card_batch", card, "batch", "listed", "pass_id")
TO_REMIND = "reminder_at_ms IS NOT NULL AND reminded_at_ms IS NULL AND removed_at_ms IS NULL AND status = 'active'"
index("ix_card_reminder", card, "reminder_at_ms", where=TO_REMIND)
TO_EXPIRE = "expires_at_ms IS NOT NULL AND removed_at_ms IS NULL AND status = 'active'"
index("ix_card_expiry", card, "expires_at_ms", where=TO_EXPIRE)

terminal = scoped(
    "terminal",
    *(words("id"), words("name"), number("created_at_ms"), number("updated_at_ms"), words("place")),
    *(words("product_id", null=True), number("points_multiplier_percent"), words("pin_hash"), words("external_device_id")),
    Column("enrolment_hash", LargeBinary, nullable=False),
    *(optional("enrolment_until_ms"), words("key_id", null=True), number("last_device_seq"), optional("last_seen_at_ms")),
    optional("revoked_at_ms"),
    linked("product", "product_id"),
    key=("id",),
)
index("ix_terminal_enrolment", terminal, "enrolment_hash", where="enrolment_until_ms IS NOT NULL")
