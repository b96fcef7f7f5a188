"""What each phone and wallet should have and what it has; claims of due rows and their acknowledgement.

A row waits while `delivered < wanted` and it is not parked. `sent_at_ms` is when the other side was last asked, or, where it named
a time to wait, that time less the gap: a new wish is due at `sent_at_ms + gap` at the earliest, so it coalesces and keeps a hold.
Only what was claimed is acknowledged (same address), so a wish or a push token that arrives during a push is never swallowed.
May not enter: who publishes how, leases, the clock."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, and_, case, delete, func, null, select, text, union_all, update

from billfold.domain.delivery import (
    BUCKETS,
    Backlog,
    Channel,
    CredentialRejected,
    Delivered,
    Due,
    Gone,
    Outcome,
    Parked,
    Priority,
    RetryLater,
    backoff_ms,
)
from billfold.domain.ids import Environment, PassId, Scope, TemplateId
from billfold.storage.schema import delivery, google_object, pass_, registration
from billfold.storage.statements import Bulk, Session, Statement, among, greatest, least, literal, number, own, string, upsert

CREDENTIAL_WAIT_MS = 15_000
"""After a refused certificate or account the rows of that batch wait this long, so that all are current a minute after its mend."""
_ERROR_LENGTH_MAX = 300


def bucket_of(channel: Channel, target: str) -> int:
    """The slice of a target: the same in every process and release."""
    return zlib.crc32(target.encode()) % BUCKETS[channel]


waiting: ColumnElement[bool] = (delivery.c.delivered < delivery.c.wanted) & (delivery.c.parked == literal(0))
"""Word for word the condition of the partial index."""


def mine(channel: Channel) -> ColumnElement[bool]:
    """The row `:target` of a channel."""
    return own(delivery) & (delivery.c.channel == literal(channel.value)) & (delivery.c.target == string("target"))


_earliest = greatest(number("now"), delivery.c.sent_at_ms + number("gap"))
_wish = {
    "wanted": greatest(delivery.c.wanted, number("at_number")),
    "attempts": literal(0),
    "parked": literal(0),
    "priority": case((waiting, least(delivery.c.priority, number("level"))), else_=number("level")),
    "due_at_ms": case((waiting, least(delivery.c.due_at_ms, _earliest)), else_=_earliest),
}
_apple = own(delivery) & (delivery.c.channel == literal(Channel.APPLE.value))
_google = own(delivery) & (delivery.c.channel == literal(Channel.GOOGLE.value))
_target = registration.c.pass_type + literal("/") + registration.c.device
_holders = select(_target).where(own(registration), registration.c.pass_id == string("pass_id"))

WANT_DEVICES = Statement(update(delivery).where(_apple, among(delivery.c.target, _holders)).values(_wish))
WANT_GOOGLE = Statement(update(delivery).where(mine(Channel.GOOGLE)).values(_wish))
HAS_USERS = Statement(select(google_object.c.has_users).where(own(google_object), google_object.c.pass_id == string("pass_id")))
WANT_OBJECT = upsert(
    delivery,
    ("workspace", "environment", "channel", "target"),
    lambda new: {
        "wanted": greatest(delivery.c.wanted, new.wanted),
        "attempts": literal(0),
        "parked": literal(0),
        "priority": case((waiting, least(delivery.c.priority, new.priority)), else_=new.priority),
        "due_at_ms": case(
            (waiting, least(delivery.c.due_at_ms, greatest(new.due_at_ms, delivery.c.sent_at_ms + number("gap")))),
            else_=greatest(new.due_at_ms, delivery.c.sent_at_ms + number("gap")),
        ),
    },
)

_of_template = own(pass_) & (pass_.c.template_id == string("template_id")) & (pass_.c.id > string("after"))
CHUNK = Statement(select(pass_.c.id).where(_of_template).order_by(pass_.c.id).limit(number("limit")))
_chunk = select(pass_.c.id).where(_of_template, pass_.c.id <= string("last"))
_chunk_holders = (
    select(_target)
    .select_from(
        pass_.join(
            registration,
            (registration.c.workspace == pass_.c.workspace)
            & (registration.c.environment == pass_.c.environment)
            & (registration.c.pass_id == pass_.c.id),
        )
    )
    .where(_of_template, pass_.c.id <= string("last"))
)
WANT_CHUNK_DEVICES = Statement(update(delivery).where(_apple, among(delivery.c.target, _chunk_holders)).values(_wish))
WANT_CHUNK_OBJECTS = Statement(update(delivery).where(_google, among(delivery.c.target, _chunk)).values(_wish))

_CLAIM = (
    *(delivery.c.target, delivery.c.address, delivery.c.wanted),
    *(delivery.c.delivered, delivery.c.attempts, delivery.c.due_at_ms),
)
_slice = and_(own(delivery), delivery.c.channel == string("channel"), delivery.c.bucket == number("bucket"))


def _due_at(level: int) -> Select[Any]:
    rows = (
        select(*_CLAIM)
        .where(_slice, waiting, delivery.c.priority == literal(level), delivery.c.due_at_ms <= number("now"))
        .order_by(delivery.c.due_at_ms)
        .limit(number("limit"))
        .subquery()
    )
    return select(rows, literal(level).label("level"))


_LEVELS = (Priority.INTERACTIVE, Priority.NEW, Priority.BROADCAST)
DUE = Statement(union_all(*(_due_at(level) for level in _LEVELS)).order_by("level", "due_at_ms").limit(number("limit")))

_SEEK = "SELECT d.{column} FROM delivery d WHERE d.delivered < d.wanted AND d.parked = 0 {after} ORDER BY {order} LIMIT 1"
_ORDER = "d.workspace, d.environment, d.channel, d.bucket"
_AFTER = "AND (d.workspace, d.environment, d.channel, d.bucket) > (s.workspace, s.environment, s.channel, s.bucket)"
_COLUMNS = ("workspace", "environment", "channel", "bucket")
_FIRST = _SEEK.format(column=", d.".join(_COLUMNS), after="", order=_ORDER)
_NEXT = ", ".join("(" + _SEEK.format(column=column, after=_AFTER, order=_ORDER) + ")" for column in _COLUMNS)
_EARLIEST = ", ".join(
    "(SELECT min(d.due_at_ms) FROM delivery d"  # noqa: S608 (constants)
    " WHERE d.delivered < d.wanted AND d.parked = 0 AND d.workspace = s.workspace AND"
    f" d.environment = s.environment AND d.channel = s.channel AND d.bucket = s.bucket AND d.priority = {level})"
    for level in _LEVELS
)
SLICES = Statement(
    text(
        f"WITH RECURSIVE s (workspace, environment, channel, bucket) AS (SELECT * FROM ({_FIRST}) AS f"  # noqa: S608 (constants)
        f" UNION ALL SELECT {_NEXT} FROM s WHERE s.workspace IS NOT NULL)"
        f" SELECT s.workspace, s.environment, s.channel, s.bucket, {_EARLIEST} FROM s WHERE s.workspace IS NOT NULL"
    )
)
"""Every slice with waiting rows and when its earliest is due, per priority. It jumps from slice to slice by the partial index, so
it costs a few look-ups a slice, however many rows wait."""


Rows = Callable[[str], ColumnElement[Any]]


def _claimed(row: Rows) -> ColumnElement[bool]:
    """The given row, if its address is still the one that was claimed."""
    channel: ColumnElement[bool] = delivery.c.channel == string("channel")
    return and_(own(delivery), channel, delivery.c.target == row("target"), delivery.c.address == row("address"))


SETTLE_DELIVERED = Bulk(
    lambda row: (
        update(delivery)
        .where(_claimed(row))
        .values(
            delivered=greatest(delivery.c.delivered, row("claimed")),
            attempts=literal(0),
            last_error=null(),
            sent_at_ms=number("now"),
            due_at_ms=case(
                (delivery.c.wanted > row("claimed"), greatest(delivery.c.due_at_ms, number("now") + number("gap"))),
                else_=delivery.c.due_at_ms,
            ),
        )
    ),
    target=Text(),
    address=Text(),
    claimed=BigInteger(),
)
SETTLE_RETRY = Bulk(
    lambda row: (
        update(delivery)
        .where(_claimed(row))
        .values(
            attempts=delivery.c.attempts + row("failures"),
            last_error=row("reason"),
            sent_at_ms=row("sent"),
            due_at_ms=row("again"),
        )
    ),
    target=Text(),
    address=Text(),
    failures=BigInteger(),
    reason=Text(),
    sent=BigInteger(),
    again=BigInteger(),
)
SETTLE_PARKED = Bulk(
    lambda row: (
        update(delivery)
        .where(_claimed(row), delivery.c.wanted == row("claimed"))
        .values(parked=literal(1), attempts=delivery.c.attempts + literal(1), last_error=row("reason"), sent_at_ms=number("now"))
    ),
    target=Text(),
    address=Text(),
    claimed=BigInteger(),
    reason=Text(),
)
FORGET_OBJECT = Statement(delete(delivery).where(mine(Channel.GOOGLE)))

_STATE = (
    *(delivery.c.channel, delivery.c.target, delivery.c.wanted, delivery.c.delivered, delivery.c.attempts),
    *(delivery.c.parked, delivery.c.due_at_ms, delivery.c.sent_at_ms, delivery.c.last_error),
)
STATE_DEVICES = Statement(select(*_STATE).where(_apple, among(delivery.c.target, _holders)).order_by(delivery.c.target))
STATE_GOOGLE = Statement(select(*_STATE).where(mine(Channel.GOOGLE)))


_count = func.count()
WAITING_NOW = Statement(
    select(delivery.c.channel, _count, func.min(delivery.c.due_at_ms)).where(waiting).group_by(delivery.c.channel)
)
PARKED_NOW = Statement(select(delivery.c.channel, _count).where(delivery.c.parked != literal(0)).group_by(delivery.c.channel))
HOLDERS = Statement(
    union_all(
        select(literal(Channel.APPLE.value), _count).select_from(registration),
        select(literal(Channel.GOOGLE.value), _count).select_from(google_object).where(google_object.c.has_users == literal(1)),
    )
)


Forget = Callable[[Scope, str, str, int | None], list[PassId]]
"""registrations.forget_address."""


class DeliveryRows:
    """`gap_ms`: two pushes to one device are at least this far apart."""

    def __init__(self, session: Session, forget: Forget, gap_ms: int) -> None:
        self._db = session
        self._forget_address = forget
        self._gap_ms = gap_ms

    def want_pass(self, scope: Scope, pass_id: PassId, pass_type: str, number: int, now_ms: int, priority: int) -> int:
        wish = {"at_number": number, "now": now_ms, "gap": self._gap_ms, "level": priority}
        devices = self._db.count(WANT_DEVICES, scope, pass_id=pass_id, **wish)
        if not self._db.count(WANT_GOOGLE, scope, target=pass_id, **wish):
            return devices
        holder = self._db.one(HAS_USERS, scope, pass_id=pass_id)
        return devices + (1 if holder and holder[0] else 0)

    def want_object(self, scope: Scope, pass_id: PassId, number: int, now_ms: int, priority: int) -> None:
        self._db.run(
            WANT_OBJECT,
            scope,
            channel=Channel.GOOGLE.value,
            target=pass_id,
            bucket=bucket_of(Channel.GOOGLE, pass_id),
            address="",
            address_at_ms=now_ms,
            priority=priority,
            wanted=number,
            delivered=0,
            attempts=0,
            due_at_ms=now_ms,
            sent_at_ms=0,
            parked=0,
            last_error=None,
            gap=self._gap_ms,
        )

    def want_template(
        self, scope: Scope, template_id: TemplateId, number: int, now_ms: int, after: str, limit: int
    ) -> tuple[str | None, int]:
        ids = self._db.run(CHUNK, scope, template_id=template_id, after=after, limit=limit)
        if not ids:
            return None, 0
        last = str(ids[-1][0])
        wish = {"at_number": number, "now": now_ms, "gap": self._gap_ms, "level": Priority.BROADCAST}
        wanted = self._db.count(WANT_CHUNK_DEVICES, scope, template_id=template_id, after=after, last=last, **wish)
        wanted += self._db.count(WANT_CHUNK_OBJECTS, scope, template_id=template_id, after=after, last=last, **wish)
        return (last if len(ids) == limit else None), wanted

    def slices(self, now_ms: int) -> list[tuple[Scope, Channel, int]]:
        return [
            (Scope(workspace, Environment(environment)), Channel(channel), bucket)
            for workspace, environment, channel, bucket, *earliest in self._db.run(SLICES)
            if any(at is not None and at <= now_ms for at in earliest)
        ]

    def next_due_ms(self) -> int | None:
        return min((at for row in self._db.run(SLICES) for at in row[4:] if at is not None), default=None)

    def due(self, scope: Scope, channel: Channel, bucket: int, now_ms: int, limit: int) -> list[Due]:
        rows = self._db.run(DUE, scope, channel=channel.value, bucket=bucket, now=now_ms, limit=limit)
        return [Due(scope, channel, bucket, *row[:5]) for row in rows]

    def settle(self, results: Sequence[tuple[Due, Outcome]], now_ms: int, gap_ms: int) -> None:
        groups: dict[tuple[Scope, Channel], list[tuple[Due, Outcome]]] = {}
        # By target, so that two transactions that touch the same rows lock them in the same order.
        for due, outcome in sorted(results, key=lambda result: result[0].target):
            groups.setdefault((due.scope, due.channel), []).append((due, outcome))
        for (scope, channel), group in groups.items():
            self._settle_group(scope, channel, group, now_ms, gap_ms)

    def _settle_group(self, scope: Scope, channel: Channel, group: Sequence[tuple[Due, Outcome]], now_ms: int, gap_ms: int) -> None:
        delivered: list[tuple[str, str, int]] = []
        later: list[tuple[str, str, int, str, int, int]] = []
        parked: list[tuple[str, str, int, str]] = []
        for due, outcome in group:
            match outcome:
                case Delivered():
                    delivered.append((due.target, due.address, due.wanted))
                case RetryLater(reason, after_seconds):
                    later.append(_later(due, reason, after_seconds, now_ms, gap_ms))
                case CredentialRejected(reason):
                    later.append((due.target, due.address, 0, reason[:_ERROR_LENGTH_MAX], now_ms, now_ms + CREDENTIAL_WAIT_MS))
                case Parked(reason):
                    parked.append((due.target, due.address, due.wanted, reason[:_ERROR_LENGTH_MAX]))
                case Gone(_, since_ms):
                    self._forget(due, since_ms)
        if delivered:
            self._db.bulk(SETTLE_DELIVERED, scope, delivered, channel=channel.value, now=now_ms, gap=gap_ms)
        if later:
            self._db.bulk(SETTLE_RETRY, scope, later, channel=channel.value)
        if parked:
            self._db.bulk(SETTLE_PARKED, scope, parked, channel=channel.value, now=now_ms)

    def _forget(self, due: Due, since_ms: int | None) -> None:
        if due.channel is Channel.APPLE:
            self._forget_address(due.scope, due.target, due.address, since_ms)
        else:
            self._db.run(FORGET_OBJECT, due.scope, target=due.target)

    def backlog(self) -> dict[Channel, Backlog]:
        waiting_now = {row[0]: row[1:] for row in self._db.run(WAITING_NOW)}
        parked = {row[0]: row[1] for row in self._db.run(PARKED_NOW)}
        holders = {row[0]: row[1] for row in self._db.run(HOLDERS)}
        found = {}
        for channel in Channel:
            pending, oldest = waiting_now.get(channel.value, (0, None))
            found[channel] = Backlog(pending, parked.get(channel.value, 0), oldest, holders.get(channel.value, 0))
        return found

    def state(self, scope: Scope, pass_id: PassId) -> list[dict[str, str | int]]:
        rows = self._db.run(STATE_DEVICES, scope, pass_id=pass_id) + self._db.run(STATE_GOOGLE, scope, target=pass_id)
        names = ("channel", "target", "wanted", "delivered", "attempts", "parked", "due_at_ms", "sent_at_ms", "last_error")
        return [dict(zip(names, (*row[:-1], row[-1] or ""), strict=True)) for row in rows]


def _later(due: Due, reason: str, after_seconds: float | None, now_ms: int, gap_ms: int) -> tuple[str, str, int, str, int, int]:
    """A row of SETTLE_RETRY. A time that the other side asked for also holds back new wishes (see the module's docstring)."""
    text_ = reason[:_ERROR_LENGTH_MAX]
    if after_seconds is not None:
        again = now_ms + max(0, round(after_seconds * 1000))
        return due.target, due.address, 1, text_, max(now_ms, again - gap_ms), again
    # Spread by target, without randomness: 0.5 to 1.
    jitter = 0.5 + zlib.crc32(f"{due.target}{due.attempts}".encode()) / 2**33
    return due.target, due.address, 1, text_, now_ms, now_ms + backoff_ms(due.attempts + 1, jitter)
