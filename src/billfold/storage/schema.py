"""All tables on one page, but for the till's (loyalty_schema.py). Every row belongs to a workspace and an environment, and every
key starts with the workspace, so that a database that is spread by workspace (Citus, YugabyteDB) needs no cross-shard look-up.

Portable types only: text, integers (times are milliseconds since 1970), bytes, JSON as text. May not enter: queries, logic."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from billfold.storage.tables import index, metadata
from billfold.storage.tables import number as _number
from billfold.storage.tables import scoped as _scoped
from billfold.storage.tables import words as _text


def _partial(name: str, columns: Sequence[Column[Any]], where: str) -> None:
    """An index of the rows that fulfil a condition."""
    Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


workspace = Table(
    "workspace",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("organization_name"),
    _number("created_at_ms"),
    Column("quota_month", BigInteger),
    Column("vat_default_bp", BigInteger),
    Column("vat_max_bp", BigInteger),
)

counter = _scoped("counter", _number("value"), key=())

access_key = _scoped(
    "access_key",
    _text("id"),
    _text("name"),
    _text("scopes"),
    Column("digest", LargeBinary, nullable=False),
    _number("created_at_ms"),
    Column("expires_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Column("last_used_at_ms", BigInteger),
    Column("terminal_id", Text),
    key=("id",),
)

template = _scoped(
    "template",
    _text("id"),
    _text("name"),
    _number("revision"),
    Column("content", LargeBinary, nullable=False),
    _number("number"),
    _number("created_at_ms"),
    _number("updated_at_ms"),
    Column("rules", LargeBinary),
    Column("archived_at_ms", BigInteger),
    key=("id",),
)


def _of_template(*rest: object, key: tuple[str, ...], name: str) -> Table:
    theirs = ["template.workspace", "template.environment", "template.id"]
    return _scoped(
        name, _text("template_id"), *rest, ForeignKeyConstraint(["workspace", "environment", "template_id"], theirs), key=key
    )


template_text = _scoped(
    "template_text", _text("hash"), Column("content", LargeBinary, nullable=False), Column("rules", LargeBinary), key=("hash",)
)

template_revision = _of_template(
    _number("revision"),
    _text("name"),
    _text("hash"),
    _number("number"),
    _number("published_at_ms"),
    _text("key_id"),
    Column("restored_from", BigInteger),
    ForeignKeyConstraint(
        ["workspace", "environment", "hash"], ["template_text.workspace", "template_text.environment", "template_text.hash"]
    ),
    key=("template_id", "revision"),
    name="template_revision",
)

template_draft = _of_template(
    _number("version"),
    _text("name"),
    Column("content", LargeBinary, nullable=False),
    Column("rules", LargeBinary),
    _number("based_on"),
    _number("saved_at_ms"),
    _text("key_id"),
    key=("template_id",),
    name="template_draft",
)

pass_ = Table(
    "pass",
    metadata,
    _text("workspace"),
    _text("environment"),
    _text("id"),
    Column("template_id", Text),
    _text("key_id"),
    Column("content", LargeBinary),
    Column("vals", LargeBinary),
    _text("fingerprint"),
    _number("number"),
    _number("issued_number"),
    _number("issued_at_ms"),
    _number("updated_at_ms"),
    _text("pass_type"),
    _text("issuer_id"),
    Column("voided", SmallInteger, nullable=False, server_default=text("0")),
    Column("messages", LargeBinary),
    PrimaryKeyConstraint("workspace", "environment", "id"),
    ForeignKeyConstraint(["workspace"], ["workspace.id"]),
    ForeignKeyConstraint(
        ["workspace", "environment", "template_id"], ["template.workspace", "template.environment", "template.id"]
    ),
)
# Second indexes do not begin with workspace and environment together: without statistics a planner thinks that such a prefix is as
# good as a primary key.
_OF_A_TEMPLATE = text("template_id IS NOT NULL")
Index(
    "ix_pass_template",
    pass_.c.workspace,
    pass_.c.template_id,
    pass_.c.environment,
    pass_.c.id,
    sqlite_where=_OF_A_TEMPLATE,
    postgresql_where=_OF_A_TEMPLATE,
)
Index("ix_pass_newest", pass_.c.workspace, pass_.c.issued_at_ms, pass_.c.id, pass_.c.environment)
index("ix_pass_void", pass_, "voided", "id", where="voided = 1")

registration = _scoped(
    "registration",
    _text("pass_type"),
    _text("device"),
    _text("pass_id"),
    _number("number"),
    _number("created_at_ms"),
    ForeignKeyConstraint(["workspace", "environment", "pass_id"], ["pass.workspace", "pass.environment", "pass.id"]),
    key=("pass_type", "device", "pass_id"),
)
Index("ix_registration_pass", registration.c.workspace, registration.c.pass_id, registration.c.environment)

delivery = _scoped(
    "delivery",
    _text("channel"),
    _text("target"),
    Column("bucket", SmallInteger, nullable=False),
    _text("address"),
    _number("address_at_ms"),
    Column("priority", SmallInteger, nullable=False, server_default=text("0")),
    _number("wanted"),
    _number("delivered"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _number("due_at_ms"),
    _number("sent_at_ms", 0),
    Column("parked", SmallInteger, nullable=False, server_default=text("0")),
    Column("last_error", Text),
    key=("channel", "target"),
)
_WAITING = text("delivered < wanted AND parked = 0")
Index(
    "ix_delivery_due",
    delivery.c.workspace,
    delivery.c.environment,
    delivery.c.channel,
    delivery.c.bucket,
    delivery.c.priority,
    delivery.c.due_at_ms,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

google_object = _scoped(
    "google_object",
    _text("pass_id"),
    _text("class_id"),
    _text("vals"),
    _text("notified_ms"),
    Column("has_users", SmallInteger, nullable=False),
    ForeignKeyConstraint(["workspace", "environment", "pass_id"], ["pass.workspace", "pass.environment", "pass.id"]),
    key=("pass_id",),
)

google_class = _scoped("google_class", _text("class_id"), _text("fingerprint"), key=("class_id",))

callback_nonce = _scoped("callback_nonce", _text("nonce"), _number("seen_at_ms"), key=("nonce",))

event = _scoped(
    "event",
    _text("id"),
    _number("at_ms"),
    _text("kind"),
    _text("subject"),
    _text("wallet"),
    _text("cause"),
    _text("data"),
    _number("place", 0),
    key=("id",),
)
# All events are in it. But it serves only what compares places: else SQLite takes it for whatever is asked about a scope's events.
_partial("ix_event_place", (event.c.workspace, event.c.environment, event.c.place, event.c.id), "place IS NOT NULL")
Index("ix_event_of_subject", event.c.workspace, event.c.subject, event.c.environment, event.c.place, event.c.id)

usage = _scoped("usage", _text("month"), _text("kind"), _number("count"), key=("month", "kind"))

idempotency = _scoped(
    "idempotency",
    _text("key"),
    _text("fingerprint"),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _number("created_at_ms"),
    key=("key",),
)

image = _scoped(
    "image",
    _text("hash"),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    _text("variants"),
    _number("created_at_ms"),
    Column("record", Text, nullable=False, server_default=""),
    key=("hash",),
)

image_source = _scoped("image_source", _text("url"), _text("hash"), _number("fetched_at_ms"), key=("url",))

# By age, for whoever removes what was kept long enough.
Index("ix_idempotency_age", idempotency.c.workspace, idempotency.c.created_at_ms, idempotency.c.environment)
Index("ix_callback_nonce_age", callback_nonce.c.workspace, callback_nonce.c.seen_at_ms, callback_nonce.c.environment)
Index("ix_image_source_age", image_source.c.workspace, image_source.c.fetched_at_ms, image_source.c.environment)

credential = _scoped(
    "credential",
    _text("kind"),
    _text("name"),
    _text("public"),
    Column("sealed", LargeBinary, nullable=False),
    _number("created_at_ms"),
    Column("expires_at_ms", BigInteger),
    key=("kind", "name"),
)

device_log = _scoped("device_log", _text("id"), _number("at_ms"), _text("line"), key=("id",))

job = _scoped(
    "job",
    _text("id"),
    _text("kind"),
    _text("params"),
    _text("state"),
    _text("cursor"),
    _number("done", 0),
    _number("failed", 0),
    Column("total", BigInteger),
    _number("due_at_ms", 0),
    _text("error"),
    key=("id",),
)

ledger_account = _scoped(
    "ledger_account",
    _text("owner"),
    _text("unit"),
    _number("balance"),
    _number("sequence"),
    Column("floor", BigInteger),
    Column("hash", LargeBinary, nullable=False),
    _number("lots", 0),
    Column("frozen", Text, nullable=False, server_default=""),
    key=("owner", "unit"),
)
_partial("ix_ledger_account_frozen", (ledger_account.c.workspace, ledger_account.c.owner), "frozen != ''")
"""The last posting's balance, sequence and hash: a cache of `ledger_posting`, written in the same transaction."""

ledger_operation = _scoped(
    "ledger_operation",
    _text("id"),
    _text("kind"),
    _text("fingerprint"),
    _text("declined"),
    Column("reverses", Text),
    _text("actor"),
    _text("description"),
    _text("reference"),
    _number("at_ms"),
    _number("occurred_at_ms"),
    *(Column(name, Text) for name in ("terminal_id", "product_id", "business_date", "payment", "vat_unit")),
    *(Column(name, BigInteger) for name in ("device_seq", "vat_rate_bp", "vat_net", "vat", "vat_gross")),
    *(Column(name, Text, nullable=False, server_default="") for name in ("details", "flags")),
    _number("rules", 0),
    CheckConstraint("vat_gross IS NULL OR vat_net + vat = vat_gross", name="vat_adds_up"),
    key=("id",),
)
_PAID = text("payment IS NOT NULL")
Index(
    "ix_ledger_operation_payment",
    ledger_operation.c.workspace,
    ledger_operation.c.payment,
    ledger_operation.c.environment,
    unique=True,
    sqlite_where=_PAID,
    postgresql_where=_PAID,
)
Index("ix_ledger_operation_reverses", ledger_operation.c.workspace, ledger_operation.c.reverses, ledger_operation.c.environment)

ledger_posting = _scoped(
    "ledger_posting",
    _text("owner"),
    _text("unit"),
    _number("sequence"),
    _number("amount"),
    _number("balance"),
    _text("operation"),
    _text("kind"),
    _number("at_ms"),
    Column("before", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["workspace", "environment", "operation"],
        ["ledger_operation.workspace", "ledger_operation.environment", "ledger_operation.id"],
    ),
    key=("owner", "unit", "sequence"),
)
"""Append only: the database itself refuses UPDATE and DELETE (migration 0007)."""

ledger_lot = _scoped(
    "ledger_lot",
    *(_text("owner"), _text("unit"), _text("id"), _text("operation"), _number("amount"), _number("left")),
    *(Column(name, BigInteger) for name in ("available_at_ms", "expires_at_ms", "due_at_ms")),
    _text("closed"),
    CheckConstraint('"left" >= 0 AND "left" <= amount', name="left"),
    key=("owner", "unit", "id"),
)
"""Parts of a balance with limits in time. `left` is a cache of `ledger_lot_use`; `due_at_ms`: when somebody looks at it next."""
_partial("ix_ledger_lot_due", (ledger_lot.c.workspace, ledger_lot.c.due_at_ms, ledger_lot.c.environment), "closed = ''")
Index("ix_ledger_lot_operation", ledger_lot.c.workspace, ledger_lot.c.operation, ledger_lot.c.environment)

ledger_lot_use = _scoped(
    "ledger_lot_use",
    *(_text("owner"), _text("unit"), _text("lot"), _text("operation"), _number("amount")),
    key=("operation", "owner", "unit", "lot"),
)
"""Append only, like postings."""

ledger_reservation = _scoped(
    "ledger_reservation",
    *(_text("id"), _text("owner"), _text("unit"), _number("amount"), _number("due_at_ms"), _text("state")),
    _text("settled_by", null=True),
    key=("id",),
)
_reserved = ledger_reservation.c
_partial("ix_ledger_reservation_due", (_reserved.workspace, _reserved.due_at_ms, _reserved.environment), "state = 'open'")
_partial("ix_ledger_reservation_owner", (_reserved.workspace, _reserved.owner, _reserved.environment), "state = 'open'")

ledger_anchor = _scoped(
    "ledger_anchor",
    *(_number("through_ms"), _number("accounts"), _number("postings"), _text("root"), _text("signature"), _number("at_ms")),
    key=("through_ms",),
)
"""Append only: what all accounts' chains had come to at a time, signed (flows/ledger_check.py)."""
Index("ix_ledger_posting_operation", ledger_posting.c.workspace, ledger_posting.c.operation, ledger_posting.c.environment)

mail = _scoped(
    "mail",
    _text("id"),
    _text("kind"),
    _text("recipient"),
    _text("address_mac"),
    _text("brand_id"),
    _text("pass_id"),
    _text("language"),
    _text("data"),
    _text("ticket"),
    _text("state"),
    Column("attempts", Integer, nullable=False),
    _number("due_at_ms"),
    Column("last_error", Text),
    _number("queued_at_ms"),
    _number("settled_at_ms"),
    key=("id",),
)
"""`recipient` and `data` are emptied some time after the mail was settled."""
_QUEUED = text("state = 'queued'")
Index(
    "ix_mail_due",
    mail.c.workspace,
    mail.c.environment,
    mail.c.due_at_ms,
    sqlite_where=_QUEUED,
    postgresql_where=_QUEUED,
)
Index("ix_mail_ticket", mail.c.workspace, mail.c.ticket, mail.c.environment)
Index("ix_mail_newest", mail.c.workspace, mail.c.queued_at_ms, mail.c.id, mail.c.environment)
Index("ix_mail_pass", mail.c.workspace, mail.c.pass_id, mail.c.queued_at_ms, mail.c.environment)
_NAMED = text("recipient <> ''")
Index(
    "ix_mail_named",
    mail.c.workspace,
    mail.c.settled_at_ms,
    mail.c.environment,
    sqlite_where=_NAMED,
    postgresql_where=_NAMED,
)

mail_suppression = _scoped(
    "mail_suppression",
    _text("address_mac"),
    _text("brand_id"),
    _text("reason"),
    _number("at_ms"),
    key=("address_mac", "brand_id", "reason"),
)
mail_count = _scoped("mail_count", _number("day_ms"), _text("who"), _number("count"), key=("day_ms", "who"))

_OPEN = text("state IN ('waiting', 'running')")
Index("ix_job_due", job.c.workspace, job.c.environment, job.c.due_at_ms, sqlite_where=_OPEN, postgresql_where=_OPEN)


def _of_workspace(name: str, *rest: object, key: tuple[str, ...] = ("id",)) -> Table:
    """A table whose rows belong to a workspace in both its environments."""
    return Table(  # type: ignore[call-overload, no-any-return]
        name,
        metadata,
        _text("workspace"),
        *rest,
        PrimaryKeyConstraint("workspace", *key),
        ForeignKeyConstraint(["workspace"], ["workspace.id"]),
        sqlite_with_rowid=False,
    )


person = _of_workspace(
    "person",
    *(_text("id"), _text("email"), _text("name"), _text("role"), _number("created_at_ms"), _text("password")),
    *(_text("totp_salt"), _number("totp_step"), _text("recovery"), Column("signed_in_at_ms", BigInteger)),
)
Index("ix_person_email", person.c.workspace, person.c.email, unique=True)
passkey = _of_workspace(
    "passkey",
    *(_text("id"), _text("person_id"), _text("public_key"), _number("sign_count"), _number("created_at_ms")),
    Column("used_at_ms", BigInteger),
)
Index("ix_passkey_person", passkey.c.workspace, passkey.c.person_id)
person_session = _of_workspace(
    "person_session",
    *(_text("id"), _text("person_id"), _text("agent"), _number("created_at_ms"), _number("seen_at_ms")),
    Column("proved_at_ms", BigInteger, nullable=False, server_default="0"),
)
Index("ix_person_session_person", person_session.c.workspace, person_session.c.person_id)
invitation = _of_workspace(
    "invitation",
    *(_text("id"), _text("role"), _text("email"), _text("invited_by"), _number("expires_at_ms")),
    Column("person_id", Text, nullable=False, server_default=""),
)
person_spent = _of_workspace("person_spent", _text("id"), _number("until_ms"))

# Of the installation as a whole, hence without a workspace: what its processes must agree on. A handful of rows.
deployment = Table("deployment", metadata, Column("name", Text, primary_key=True), _text("value"))

lease = Table(
    "lease",
    metadata,
    _text("workspace"),
    _text("slice"),
    _text("owner"),
    _number("until_ms"),
    PrimaryKeyConstraint("workspace", "slice"),
)
