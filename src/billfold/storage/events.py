"""The stream of events, and what devices complained of. Appended and read, never changed. May not enter: who listens.

An event's `place` says where it stands in the stream of its scope, and readers go by it. On SQLite the one writer counts. On
PostgreSQL it is the database's clock, read inside the transaction: what a slow transaction appends may become visible behind what a
reader has seen, so readers stop at the begin of the oldest transaction under way that has written anything (`settled`)."""

import itertools
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Text, delete, func, insert, select, text, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.storage.schema import device_log, event
from billfold.storage.statements import Bulk, Row, Session, Statement, Value, among, literal, number, own, string

LINES_KEPT = 1_000

_everything = event.alias("everything")


class next_place(FunctionElement[int]):
    """Behind everything that the scope's stream has; on PostgreSQL behind everything that was settled before."""

    type = BigInteger()
    inherit_cache = True

    def __init__(self) -> None:
        last = select(func.coalesce(func.max(_everything.c.place), literal(0)) + literal(1)).where(
            own(_everything), _everything.c.place.is_not(None)
        )
        super().__init__(last.scalar_subquery())


@compiles(next_place, "sqlite")
def _counted(element: next_place, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)}"


@compiles(next_place, "postgresql")
def _timed(element: next_place, compiler: SQLCompiler, **kw: Any) -> str:
    """The transaction has its number before it reads the clock: until it ends, others see it as one that writes."""
    return "CASE WHEN pg_current_xact_id() IS NOT NULL THEN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint END"


EVENT_COLUMNS = (event.c.id, event.c.at_ms, event.c.kind, event.c.subject, event.c.wallet, event.c.cause, event.c.data)
_TEXTS = ("id", "kind", "subject", "wallet", "cause", "data")
APPEND = Statement(
    insert(event)
    .inline()
    .values(
        {name: string(name) for name in ("workspace", "environment", *_TEXTS)} | {"at_ms": number("at_ms"), "place": next_place()}
    )
)
APPEND_ALL = Bulk(
    lambda given: insert(event).from_select(
        ("workspace", "environment", "at_ms", *_TEXTS, "place"),
        select(string("workspace"), string("environment"), given.column("at_ms"), *map(given.column, _TEXTS), next_place()),
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
UNSETTLED = 2**62
"""Behind every place."""
SETTLED = Statement(
    select(literal(UNSETTLED)),
    postgres=text(
        "SELECT (extract(epoch FROM least(min(xact_start), statement_timestamp())) * 1000000)::bigint"
        " FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND backend_xid IS NOT NULL"
    ),
)
_listed, _seen = event.alias("listed"), event.alias("seen")


def _following(rows: Any) -> ColumnElement[bool]:
    """Behind the event `after`, as far as the stream is settled. Events of before places were counted stand at 0, by their ids.
    Where a restored backup knows nothing of that event: behind the last one that was made before it."""
    known = select(_seen.c.place).where(own(_seen), _seen.c.id <= string("after"))
    last = known.order_by(_seen.c.id.desc()).limit(literal(1)).scalar_subquery()
    following: ColumnElement[bool] = tuple_(rows.c.place, rows.c.id) > tuple_(func.coalesce(last, literal(0)), string("after"))
    settled: ColumnElement[bool] = rows.c.place < number("settled")
    return following & settled


LIST = Statement(
    select(*EVENT_COLUMNS)
    .where(own(event), event.c.place.is_not(None), _following(event))
    .order_by(event.c.place, event.c.id)
    .limit(number("limit"))
)


def _of_subject(*also: ColumnElement[bool], backwards: bool = False) -> Statement:
    """A page of one subject's events. Their ids come from its index alone: without statistics SQLite takes another one instead,
    and reads past the events of all others."""
    inner, outer = [[one.desc() if backwards else one.asc() for one in (rows.c.place, rows.c.id)] for rows in (_listed, event)]
    ids = select(_listed.c.id).where(own(_listed), _listed.c.subject == string("subject"), *also)
    ids = ids.order_by(*inner).limit(number("limit"))
    return Statement(select(*EVENT_COLUMNS).where(own(event), among(event.c.id, ids)).order_by(*outer))


LIST_OF = _of_subject(_following(_listed))
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

    def settled(self) -> int:
        row = self._db.one(SETTLED)
        return int(row[0]) if row else UNSETTLED

    def list(
        self, scope: Scope, after: str | None, limit: int, subject: str | None = None, settled: int = UNSETTLED
    ) -> list[Event]:
        where: dict[str, Value] = {"after": after or "", "settled": settled, "limit": limit}
        if subject is None:
            return [event_of(scope, row) for row in self._db.run(LIST, scope, **where)]
        return [event_of(scope, row) for row in self._db.run(LIST_OF, scope, subject=subject, **where)]


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
