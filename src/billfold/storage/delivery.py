"""What each phone and wallet should have and what it has; claims of due rows and their acknowledgement.

A row waits while `delivered < wanted` and it is not parked. `sent_at_ms` is when the other side was last asked, or, where it named
a time to wait, that time less the gap: a new wish is due at `sent_at_ms + gap` at the earliest, so it coalesces and keeps a hold.
Only what was claimed is acknowledged (same address), so a wish or a push token that arrives during a push is never swallowed.
May not enter: who publishes how, leases, the clock."""

import zlib
from collections.abc import Callable, Sequence, Set
from typing import Any

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    delete,
    func,
    null,
    select,
    text,
    union_all,
    update,
)

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
from billfold.storage.statements import (
    Bulk,
    Given,
    Row,
    Session,
    Statement,
    among,
    greatest,
    least,
    literal,
    number,
    own,
    string,
    upsert,
)
from billfold.storage.workspaces import TAKEN

CREDENTIAL_WAIT_MS = 15_000
"""After a refused certificate or account the rows of that batch wait this long, so that all are current a minute after its mend."""
_ERROR_LENGTH_MAX = 300


def bucket_of(channel: Channel, target: str) -> int:
    """The slice of a target: the same in every process and release, since it is kept in the row.

    Told by the first digit of the device, so that the rows of a slice are neighbours in the table: to acknowledge a batch changes
    an eighth of the pages that it would change were they spread by a hash."""
    buckets, device = BUCKETS[channel], target.rpartition("/")[2]
    if device[:1] in _DIGITS:
        return int(device[0], 16) * buckets // 16
    return zlib.crc32(target.encode()) % buckets


_DIGITS = frozenset("0123456789abcdefABCDEF")


waiting: ColumnElement[bool] = (delivery.c.delivered < delivery.c.wanted) & (delivery.c.parked == literal(0))
"""Word for word the condition of the partial index."""


def mine(channel: Channel) -> ColumnElement[bool]:
    """The row `:target` of a channel."""
    return own(delivery) & (delivery.c.channel == literal(channel.value)) & (delivery.c.target == string("target"))


_earliest = greatest(number("now"), delivery.c.sent_at_ms + number("gap"))


def _wish(wanted: ColumnElement[int]) -> dict[str, ColumnElement[Any]]:
    return {
        "wanted": greatest(delivery.c.wanted, wanted),
        "attempts": literal(0),
        "parked": literal(0),
        "priority": case((waiting, least(delivery.c.priority, number("level"))), else_=number("level")),
        "due_at_ms": case((waiting, least(delivery.c.due_at_ms, _earliest)), else_=_earliest),
    }


def _rows(channel: Channel, targets: Select[Any]) -> ColumnElement[bool]:
    """The channel's rows whose target is one of those."""
    return and_(own(delivery), delivery.c.channel == literal(channel.value), among(delivery.c.target, targets))


_target = registration.c.pass_type + literal("/") + registration.c.device
_holders = select(_target).where(own(registration), registration.c.pass_id == string("pass_id"))

_everybody = union_all(_holders, select(string("pass_id")))
_of_pass = (
    *(own(delivery), delivery.c.channel.in_([literal(one.value) for one in Channel])),
    among(delivery.c.target, _everybody),
)
"""Its devices and its Google object, by the primary key alone: what names the one is never the name of the other."""
_has_users = select(google_object.c.has_users).where(own(google_object), google_object.c.pass_id == string("pass_id"))
_hears = case((delivery.c.channel == literal(Channel.APPLE.value), literal(1)), else_=_has_users.scalar_subquery())
"""1: somebody will be told."""
HEARS = Statement(select(_hears).where(*_of_pass))
WANT_PASS = Statement(
    update(delivery).where(*_of_pass).values(_wish(number("at_number"))).returning(_hears),
)
WANT_TAKEN = Statement(update(delivery).where(*_of_pass).values(_wish(TAKEN)).returning(_hears), foretold=HEARS)
"""The same for the number that the transaction has taken last."""
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
_chunk_holders = select(_target).where(own(registration), among(registration.c.pass_id, _chunk))
WANT_CHUNK_DEVICES = Statement(update(delivery).where(_rows(Channel.APPLE, _chunk_holders)).values(_wish(number("at_number"))))
WANT_CHUNK_OBJECTS = Statement(update(delivery).where(_rows(Channel.GOOGLE, _chunk)).values(_wish(number("at_number"))))

_CLAIM = (
    *(delivery.c.target, delivery.c.address, delivery.c.wanted),
    *(delivery.c.delivered, delivery.c.attempts, delivery.c.priority, delivery.c.due_at_ms),
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
    return select(rows)


_LEVELS = (Priority.INTERACTIVE, Priority.NEW, Priority.BROADCAST)
DUE = Statement(union_all(*map(_due_at, _LEVELS)).limit(number("limit")))
"""Level after level: both engines run the parts in turn and stop at the limit, so no sort is needed. (Were the order another, rows
would only go out in another order.)"""

_PARTS = " UNION ALL ".join(
    f"SELECT '{environment.value}' AS environment, '{channel.value}' AS channel, {bucket} AS bucket"
    for environment in Environment
    for channel in Channel
    for bucket in range(BUCKETS[channel])
)
_EARLIEST = ", ".join(
    "(SELECT min(d.due_at_ms) FROM delivery d"  # noqa: S608 (constants)
    " WHERE d.delivered < d.wanted AND d.parked = 0 AND d.workspace = w.workspace AND d.environment = p.environment"
    f" AND d.channel = p.channel AND d.bucket = p.bucket AND d.priority = {level})"
    for level in _LEVELS
)
_FIRST = "SELECT min(d.workspace) FROM delivery d WHERE d.delivered < d.wanted AND d.parked = 0"
SLICES = Statement(
    text(
        f"WITH RECURSIVE w (workspace) AS ({_FIRST} UNION ALL"  # noqa: S608 (constants)
        f" SELECT ({_FIRST} AND d.workspace > w.workspace) FROM w WHERE w.workspace IS NOT NULL)"
        f" SELECT w.workspace, p.environment, p.channel, p.bucket, {_EARLIEST} FROM w CROSS JOIN ({_PARTS}) AS p"
        " WHERE w.workspace IS NOT NULL"
    )
)
"""Every slice of the workspaces with waiting rows, and when its earliest is due, per priority. It jumps from workspace to workspace
by the partial index and looks up each slice, so it costs some 50 look-ups a workspace, however many rows wait."""


def _claimed(given: Given) -> ColumnElement[bool]:
    """The given rows, where the address is still the one that was claimed."""
    return and_(
        delivery.c.workspace == given.common("workspace"),
        delivery.c.environment == given.common("environment"),
        delivery.c.channel == given.common("channel"),
        delivery.c.target == given.column("target"),
        delivery.c.address == given.column("address"),
    )


def _delivered(given: Given, claimed: ColumnElement[int]) -> ClauseElement:
    return (
        update(delivery)
        .where(_claimed(given))
        .values(
            delivered=greatest(delivery.c.delivered, claimed),
            attempts=literal(0),
            last_error=null(),
            sent_at_ms=number("now"),
            due_at_ms=case(
                (delivery.c.wanted > claimed, greatest(delivery.c.due_at_ms, number("now") + number("gap"))),
                else_=delivery.c.due_at_ms,
            ),
        )
    )


SETTLE_DELIVERED = Bulk(
    lambda given: _delivered(given, given.column("claimed")), target=Text(), address=Text(), claimed=BigInteger()
)
SETTLE_DELIVERED_ALIKE = Bulk(lambda given: _delivered(given, number("claimed")), pairs=True, target=Text(), address=Text())
"""The same where all had claimed one number, as after a change of their template."""
SETTLE_RETRY = Bulk(
    lambda given: (
        update(delivery)
        .where(_claimed(given))
        .values(
            attempts=delivery.c.attempts + given.column("failures"),
            last_error=given.column("reason"),
            sent_at_ms=given.column("sent"),
            due_at_ms=given.column("again"),
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
    lambda given: (
        update(delivery)
        .where(_claimed(given), delivery.c.wanted == given.column("claimed"))
        .values(
            parked=literal(1),
            attempts=delivery.c.attempts + literal(1),
            last_error=given.column("reason"),
            sent_at_ms=number("now"),
        )
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
STATE_DEVICES = Statement(select(*_STATE).where(_rows(Channel.APPLE, _holders)).order_by(delivery.c.target))
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


def _told(rows: Sequence[Row]) -> int:
    return sum(1 for (hears,) in rows if hears)


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
        return _told(self._db.run(WANT_PASS, scope, pass_id=pass_id, **wish))

    def want_taken(self, scope: Scope, pass_id: PassId, now_ms: int, priority: int) -> int:
        return _told(self._db.run(WANT_TAKEN, scope, pass_id=pass_id, now=now_ms, gap=self._gap_ms, level=priority))

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
        return list(self.urgency(now_ms))

    def urgency(self, now_ms: int) -> dict[tuple[Scope, Channel, int], int]:
        found = {}
        for workspace, environment, channel, bucket, *earliest in self._db.run(SLICES):
            levels = [level for level, at in zip(_LEVELS, earliest, strict=True) if at is not None and at <= now_ms]
            if levels:
                found[(Scope(workspace, Environment(environment)), Channel(channel), bucket)] = levels[0]
        return found

    def next_due_ms(self) -> int | None:
        return min((at for row in self._db.run(SLICES) for at in row[4:] if at is not None), default=None)

    def due(
        self, scope: Scope, channel: Channel, bucket: int, now_ms: int, limit: int, besides: Set[str] = frozenset()
    ) -> list[Due]:
        rows = self._db.run(DUE, scope, channel=channel.value, bucket=bucket, now=now_ms, limit=limit)
        slice_, make = (scope, channel, bucket), Due._make
        return [make((*slice_, *row[:6])) for row in rows if row[0] not in besides]

    def settle(self, results: Sequence[tuple[Due, Outcome]], now_ms: int, gap_ms: int) -> list[PassId]:
        gone: list[PassId] = []
        # By target, so that two transactions that touch the same rows lock them in the same order.
        rest = sorted(results, key=lambda result: result[0].target)
        while rest:
            scope, channel = rest[0][0].scope, rest[0][0].channel
            group = [one for one in rest if one[0].channel is channel and (one[0].scope is scope or one[0].scope == scope)]
            gone += self._settle_group(scope, channel, group, now_ms, gap_ms)
            rest = [one for one in rest if one[0].channel is not channel or one[0].scope != scope] if len(group) < len(rest) else []
        return gone

    def _settle_group(
        self, scope: Scope, channel: Channel, group: Sequence[tuple[Due, Outcome]], now_ms: int, gap_ms: int
    ) -> list[PassId]:
        gone: list[PassId] = []
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
                case Gone(reason, since_ms):
                    gone += self._forget(due, since_ms)
                    # Registered again since then, it stays, and waits as after any failure; of what is gone this touches nothing.
                    later.append(_later(due, reason, None, now_ms, gap_ms))
        if delivered:
            self._acknowledge(scope, delivered, channel=channel.value, now=now_ms, gap=gap_ms)
        if later:
            self._db.bulk(SETTLE_RETRY, scope, later, channel=channel.value)
        if parked:
            self._db.bulk(SETTLE_PARKED, scope, parked, channel=channel.value, now=now_ms)
        return gone

    def _acknowledge(self, scope: Scope, delivered: Sequence[tuple[str, str, int]], **common: str | int) -> None:
        claimed = delivered[0][2]
        if all(row[2] == claimed for row in delivered):
            pairs = [row[:2] for row in delivered]
            self._db.bulk(SETTLE_DELIVERED_ALIKE, scope, pairs, claimed=claimed, **common)
        else:
            self._db.bulk(SETTLE_DELIVERED, scope, delivered, **common)

    def _forget(self, due: Due, since_ms: int | None) -> list[PassId]:
        if due.channel is Channel.APPLE:
            return self._forget_address(due.scope, due.target, due.address, since_ms)
        self._db.run(FORGET_OBJECT, due.scope, target=due.target)
        return []

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
