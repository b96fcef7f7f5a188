"""Mails that shall be sent and what became of them, the suppression list, and how many were queued on each day.

A row is the work itself: `state = 'queued'` and `due_at_ms`, which is schedule, back-off and claim at once. May not enter: who may
be written to (domain/mail.py), SMTP, the clock."""

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from billfold.domain.ids import Environment, Scope
from billfold.domain.mail import Mail, MailKind, MailState, Reason, StoredMail, Subscriber, Suppression
from billfold.storage.schema import mail, mail_count, mail_suppression, workspace
from billfold.storage.statements import (
    Row,
    Session,
    Statement,
    among,
    by_index,
    every,
    first_of_every,
    keys_of,
    literal,
    number,
    own,
    string,
    upsert,
)

_KEY = ("workspace", "environment", "id")
_ONE: ColumnElement[bool] = own(mail) & (mail.c.id == string("id"))
_QUEUED = mail.c.state == literal("queued")
_COLUMNS = (
    *(mail.c.workspace, mail.c.environment, mail.c.id, mail.c.recipient, mail.c.kind, mail.c.brand_id, mail.c.pass_id),
    *(mail.c.language, mail.c.data, mail.c.address_mac, mail.c.ticket, mail.c.state, mail.c.attempts, mail.c.due_at_ms),
    *(mail.c.last_error, mail.c.queued_at_ms, mail.c.settled_at_ms),
)
ADD = upsert(mail, _KEY, lambda new: {})
FIND = Statement(select(*_COLUMNS).where(_ONE))
BY_TICKET = Statement(by_index("ix_mail_ticket", select(*_COLUMNS).where(own(mail), mail.c.ticket == string("ticket")), mail))
_BEFORE = or_(
    mail.c.queued_at_ms < number("at"),
    and_(mail.c.queued_at_ms == number("at"), mail.c.id < string("id")),
)
_NEWEST = (mail.c.queued_at_ms.desc(), mail.c.id.desc())
LIST = Statement(select(*_COLUMNS).where(own(mail), _BEFORE).order_by(*_NEWEST).limit(number("limit")))
_listed = mail.alias("listed")
_OF_PASS = select(_listed.c.id).where(own(_listed), _listed.c.pass_id == string("pass_id"))
_at = mail.c.queued_at_ms + literal(0)
# A pass has few mails: they are found by its index and then sorted. Without statistics SQLite would rather read the mails of all
# passes in their order, which an expression in place of the column keeps it from.
LIST_OF_PASS = Statement(
    select(*_COLUMNS)
    .where(own(mail), among(mail.c.id, _OF_PASS), or_(_at < number("at"), and_(_at == number("at"), mail.c.id < string("id"))))
    .order_by(_at.desc(), mail.c.id.desc())
    .limit(number("limit"))
)
# The environment is written so that no index fits: else SQLite would read a scope's mails by their keys.
_HERE = (mail.c.workspace == string("workspace")) & (mail.c.environment.concat(literal("")) == string("environment"))
NEWEST_OF_PASSES = first_of_every(select(*_COLUMNS).where(_HERE), mail.c.pass_id, *_NEWEST)
_DUE_HERE = select(mail.c.id).where(
    mail.c.workspace == workspace.c.id, mail.c.environment == string("environment"), _QUEUED, mail.c.due_at_ms <= number("now")
)
DUE_WORKSPACES = Statement(select(workspace.c.id).where(_DUE_HERE.exists()).order_by(workspace.c.id))
"""One look into the index for each workspace, however many mails wait."""
DUE = Statement(
    select(*_COLUMNS)
    .where(own(mail), _QUEUED, mail.c.due_at_ms <= number("now"))
    .order_by(mail.c.due_at_ms, mail.c.id)
    .limit(number("limit"))
)
CLAIM = Statement(
    update(mail)
    .where(_ONE, _QUEUED, mail.c.due_at_ms <= number("now"))
    .values(due_at_ms=number("until"), attempts=mail.c.attempts + literal(1))
)
# A bounce may be known before the worker has written down that the mail is out; it is the last word.
SETTLE = Statement(
    update(mail)
    .where(_ONE, or_(_QUEUED, string("settled") == literal("bounced")))
    .values(state=string("settled"), settled_at_ms=number("at"), last_error=string("error"))
)
POSTPONE = Statement(
    update(mail)
    .where(_ONE, _QUEUED)
    .values(due_at_ms=number("due"), last_error=string("error"), attempts=mail.c.attempts - number("taken_back"))
)
_FORGET_QUEUED = (
    update(mail)
    .where(
        *(own(mail), _QUEUED, mail.c.address_mac == string("address")),
        mail.c.brand_id.in_([literal(""), string("brand")]),
    )
    .values(
        state=literal("failed"), recipient=literal(""), data=literal("{}"), settled_at_ms=number("at"), last_error=string("error")
    )
)
FORGET_QUEUED = Statement(by_index("ix_mail_due", _FORGET_QUEUED, mail))
COUNT_UP = upsert(
    mail_count,
    ("workspace", "environment", "day_ms", "who"),
    lambda new: {"count": mail_count.c.count + literal(1)},
    mail_count.c.count,
)
SUPPRESS = upsert(mail_suppression, ("workspace", "environment", "address_mac", "brand_id", "reason"), lambda new: {})
REASONS = Statement(
    select(mail_suppression.c.reason).where(
        own(mail_suppression),
        mail_suppression.c.address_mac == string("address_mac"),
        mail_suppression.c.brand_id.in_([literal(""), string("brand_id")]),
    )
)
LISTED = every(
    select(mail_suppression.c.address_mac, mail_suppression.c.brand_id, mail_suppression.c.reason, mail_suppression.c.at_ms)
    .where(own(mail_suppression))
    .order_by(mail_suppression.c.at_ms, mail_suppression.c.brand_id, mail_suppression.c.reason),
    mail_suppression.c.address_mac,
)
UNSUPPRESS = Statement(
    delete(mail_suppression).where(own(mail_suppression), mail_suppression.c.address_mac == string("address_mac"))
)
_END = 2**62
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


class MailRows:
    """mail_ports.Mails."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, stored: StoredMail) -> bool:
        one = stored.mail
        made = self._db.count(
            ADD,
            one.scope,
            id=one.id,
            recipient=one.to,
            address_mac=stored.address_mac,
            kind=one.kind.value,
            brand_id=one.brand_id or "",
            pass_id=one.pass_id or "",
            language=one.language,
            data=_data(one.data),
            ticket=stored.ticket,
            state=stored.state.value,
            attempts=stored.attempts,
            due_at_ms=stored.due_at_ms,
            last_error=stored.last_error,
            queued_at_ms=stored.queued_at_ms,
            settled_at_ms=stored.settled_at_ms,
        )
        return made > 0

    def count_up(self, scope: Scope, day_ms: int, who: str) -> int:
        row = self._db.one(COUNT_UP, scope, day_ms=day_ms, who=who, count=1)
        assert row is not None, "an upsert that returns gives a row"
        return int(row[0])

    def find(self, scope: Scope, mail_id: str) -> StoredMail | None:
        row = self._db.one(FIND, scope, id=mail_id)
        return _stored(row) if row else None

    def by_ticket(self, scope: Scope, ticket: str) -> StoredMail | None:
        row = self._db.one(BY_TICKET, scope, ticket=ticket)
        return _stored(row) if row else None

    def newest(self, scope: Scope, before: tuple[int, str] | None, limit: int, pass_id: str | None = None) -> list[StoredMail]:
        at, mail_id = before or (_END, "")
        if pass_id is None:
            return [_stored(row) for row in self._db.run(LIST, scope, at=at, id=mail_id, limit=limit)]
        return [_stored(row) for row in self._db.run(LIST_OF_PASS, scope, at=at, id=mail_id, limit=limit, pass_id=pass_id)]

    def newest_of(self, scope: Scope, pass_ids: Collection[str], each: int) -> list[StoredMail]:
        rows = self._db.run(NEWEST_OF_PASSES, scope, keys=keys_of(pass_ids), each=each) if pass_ids else []
        return [_stored(row) for row in rows]

    def due_scopes(self, now_ms: int) -> list[Scope]:
        return [
            Scope(found, environment)
            for environment in Environment
            for (found,) in self._db.run(DUE_WORKSPACES, environment=environment.value, now=now_ms)
        ]

    def due(self, scope: Scope, now_ms: int, limit: int) -> list[StoredMail]:
        return [_stored(row) for row in self._db.run(DUE, scope, now=now_ms, limit=limit)]

    def claim(self, scope: Scope, mail_id: str, now_ms: int, until_ms: int) -> bool:
        return self._db.count(CLAIM, scope, id=mail_id, now=now_ms, until=until_ms) > 0

    def settle(self, scope: Scope, mail_id: str, state: MailState, at_ms: int, error: str | None) -> bool:
        return self._db.count(SETTLE, scope, id=mail_id, settled=state.value, at=at_ms, error=error) > 0

    def postpone(self, scope: Scope, mail_id: str, due_at_ms: int, error: str, *, attempt: bool) -> None:
        self._db.run(POSTPONE, scope, id=mail_id, due=due_at_ms, error=error, taken_back=0 if attempt else 1)

    def forget_queued(self, who: Subscriber, at_ms: int, error: str) -> int:
        return self._db.count(FORGET_QUEUED, who.scope, address=who.address_mac, brand=who.brand_id, at=at_ms, error=error)

    def suppress(self, who: Subscriber, reason: Reason, at_ms: int) -> bool:
        made = self._db.count(
            SUPPRESS, who.scope, address_mac=who.address_mac, brand_id=who.brand_id, reason=reason.value, at_ms=at_ms
        )
        return made > 0

    def reasons(self, who: Subscriber) -> frozenset[Reason]:
        rows = self._db.run(REASONS, who.scope, address_mac=who.address_mac, brand_id=who.brand_id)
        return frozenset(Reason(reason) for (reason,) in rows)

    def suppressions(self, scope: Scope, address_macs: Collection[str]) -> list[Suppression]:
        rows = self._db.run(LISTED, scope, keys=keys_of(address_macs)) if address_macs else []
        return [Suppression(Subscriber(scope, mac, brand), Reason(reason), at_ms) for mac, brand, reason, at_ms in rows]

    def unsuppress(self, scope: Scope, address_mac: str) -> int:
        return self._db.count(UNSUPPRESS, scope, address_mac=address_mac)


def _data(given: Mapping[str, str]) -> str:
    return _encode(dict(given)).decode()


def _stored(row: Row) -> StoredMail:
    name, environment, id_, to, kind, brand, pass_id, language, data, address_mac, ticket, state, *rest = row
    scope = Scope(name, Environment(environment))
    made = Mail(scope, id_, to, MailKind(kind), brand or None, pass_id or None, language, _decode(data))
    return StoredMail(made, address_mac, ticket, MailState(state), *rest)
