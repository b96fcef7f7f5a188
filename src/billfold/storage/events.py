"""The stream of events, and what devices complained of. Appended and read, never changed. May not enter: who listens."""

import itertools
import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Text, delete, insert, select

from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.storage.schema import device_log, event
from billfold.storage.statements import Bulk, Row, Session, Statement, Value, among, number, own, string

LINES_KEPT = 1_000

EVENT_COLUMNS = (event.c.id, event.c.at_ms, event.c.kind, event.c.subject, event.c.wallet, event.c.cause, event.c.data)
_PAGE = select(*EVENT_COLUMNS).where(own(event), event.c.id > string("after")).order_by(event.c.id).limit(number("limit"))
APPEND = Statement(insert(event).inline())
_TEXTS = ("id", "kind", "subject", "wallet", "cause", "data")
APPEND_ALL = Bulk(
    lambda given: insert(event).from_select(
        ("workspace", "environment", "at_ms", *_TEXTS),
        select(string("workspace"), string("environment"), given.column("at_ms"), *map(given.column, _TEXTS)),
        include_defaults=False,
    ),
    at_ms=BigInteger(),
    id=Text(),
    kind=Text(),
    subject=Text(),
    wallet=Text(),
    cause=Text(),
    data=Text(),
)
LIST = Statement(_PAGE)
_listed = event.alias("listed")


def _of_subject(*also: ColumnElement[bool], backwards: bool = False) -> Statement:
    """A page of one subject's events. Their ids come from its index alone: without statistics SQLite takes the primary key instead,
    and reads past the events of all others."""
    inner, outer = (_listed.c.id.desc(), event.c.id.desc()) if backwards else (_listed.c.id.asc(), event.c.id.asc())
    ids = select(_listed.c.id).where(own(_listed), _listed.c.subject == string("subject"), *also)
    ids = ids.order_by(inner).limit(number("limit"))
    return Statement(select(*EVENT_COLUMNS).where(own(event), among(event.c.id, ids)).order_by(outer))


LIST_OF = _of_subject(_listed.c.id > string("after"))
NEWEST_OF = _of_subject(backwards=True)

ADD_LINE = Statement(insert(device_log).inline())
_oldest_kept = (
    select(device_log.c.id).where(own(device_log)).order_by(device_log.c.id.desc()).limit(number("one")).offset(number("kept"))
)
TRIM = Statement(delete(device_log).where(own(device_log), device_log.c.id <= _oldest_kept.scalar_subquery()))
LIST_LINES = Statement(
    select(device_log.c.at_ms, device_log.c.line).where(own(device_log)).order_by(device_log.c.id.desc()).limit(number("limit"))
)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str | int]).decode
_sequence = itertools.count()


def event_of(scope: Scope, row: Row) -> Event:
    event_id, at_ms, kind, about, wallet, cause, data = row
    return Event(event_id, scope, at_ms, EventKind(kind), about, wallet, cause, _decode(data))


def _data(event: Event) -> str:
    return _encode(event.data).decode() if event.data else "{}"


def _row(event: Event) -> tuple[Value, ...]:
    """With the columns of APPEND_ALL."""
    return (event.at_ms, event.id, event.kind.value, event.subject, event.wallet, event.cause, _data(event))


class EventRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def append(self, event: Event) -> None:
        self._db.run(
            APPEND,
            event.scope,
            id=event.id,
            at_ms=event.at_ms,
            kind=event.kind.value,
            subject=event.subject,
            wallet=event.wallet,
            cause=event.cause,
            data=_data(event),
        )

    def append_all(self, events: Sequence[Event]) -> None:
        for scope in dict.fromkeys(one.scope for one in events):
            self._db.bulk(APPEND_ALL, scope, [_row(one) for one in events if one.scope == scope])

    def list(self, scope: Scope, after: str | None, limit: int, subject: str | None = None) -> list[Event]:
        if subject is None:
            rows = self._db.run(LIST, scope, after=after or "", limit=limit)
        else:
            rows = self._db.run(LIST_OF, scope, after=after or "", limit=limit, subject=subject)
        return [event_of(scope, row) for row in rows]


class DeviceLogRows:
    """Lines keep their order of arrival by an id of time, a counter of this process, and chance against other processes."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, scope: Scope, lines: Sequence[str], at_ms: int) -> None:
        for line in lines[-LINES_KEPT:]:
            line_id = f"{at_ms:015d}{next(_sequence) % 10**9:09d}{secrets.token_hex(4)}"
            self._db.run(ADD_LINE, scope, id=line_id, at_ms=at_ms, line=line)
        self._db.run(TRIM, scope, one=1, kept=LINES_KEPT)

    def list(self, scope: Scope, limit: int) -> list[tuple[int, str]]:
        return [(int(at_ms), str(line)) for at_ms, line in self._db.run(LIST_LINES, scope, limit=limit)]
