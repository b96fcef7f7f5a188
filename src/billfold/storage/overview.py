"""Figures of a scope for its overview, each bounded: nobody waits for a count of millions. May not enter: what they are called."""

from sqlalchemy import func, select

from billfold.domain.events import Event
from billfold.domain.ids import Scope
from billfold.domain.people import COUNTED_MAX
from billfold.storage.events import event_of
from billfold.storage.schema import event, google_object, registration, usage
from billfold.storage.statements import Session, Statement, literal, number, own

_ENOUGH = literal(COUNTED_MAX + 1)
_phones = select(registration.c.device).where(own(registration)).limit(_ENOUGH).subquery()
_objects = select(google_object.c.has_users).where(own(google_object)).limit(_ENOUGH).subquery()
PHONES = Statement(select(func.count()).select_from(_phones))
HOLDERS = Statement(select(func.count()).select_from(_objects).where(_objects.c.has_users == literal(1)))
USED = Statement(select(usage.c.kind, func.sum(usage.c.count)).where(own(usage)).group_by(usage.c.kind))
NEWEST = Statement(
    select(event.c.id, event.c.at_ms, event.c.kind, event.c.subject, event.c.wallet, event.c.cause, event.c.data)
    .where(own(event))
    .order_by(event.c.id.desc())
    .limit(number("limit"))
)


class OverviewRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def used(self, scope: Scope) -> dict[str, int]:
        return {str(kind): int(count) for kind, count in self._db.run(USED, scope)}

    def installed(self, scope: Scope) -> tuple[int, int]:
        [[phones]], [[holders]] = self._db.run(PHONES, scope), self._db.run(HOLDERS, scope)
        return int(phones), int(holders)

    def newest(self, scope: Scope, limit: int) -> list[Event]:
        return [event_of(scope, row) for row in self._db.run(NEWEST, scope, limit=limit)]
