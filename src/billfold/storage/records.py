"""What people look at in tables: passes by their issue, void ones, one pass's events and devices. Reads alone, each by an index.

May not enter: who may see them."""

from sqlalchemy import or_, select

from billfold.domain.events import Event
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.passes import Pass
from billfold.storage.events import NEWEST_OF, event_of
from billfold.storage.passes import PASS, pass_of
from billfold.storage.registrations import DEVICES
from billfold.storage.schema import pass_ as passes
from billfold.storage.schema import registration
from billfold.storage.statements import Session, Statement, literal, number, own, string

_BEGINNING = 2**62
NEWEST = Statement(
    PASS.where(
        own(passes),
        passes.c.issued_at_ms <= number("at"),
        or_(passes.c.issued_at_ms < number("at"), passes.c.id < string("id")),
    )
    .order_by(passes.c.issued_at_ms.desc(), passes.c.id.desc())
    .limit(number("limit"))
)
_VOID = (
    PASS.where(own(passes), passes.c.voided == literal(1), passes.c.id > string("after"))
    .order_by(passes.c.id)
    .limit(number("limit"))
)
VOID = Statement(_VOID)
VOID_OF_TEMPLATE = Statement(_VOID.where(passes.c.template_id == string("template_id")))
REGISTERED = Statement(
    select(registration.c.created_at_ms).where(
        own(registration),
        registration.c.pass_type == string("pass_type"),
        registration.c.device == string("device"),
        registration.c.pass_id == string("pass_id"),
    )
)


class RecordRows:
    """record_ports.Records."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def newest(self, scope: Scope, before: Pass | None, limit: int) -> list[Pass]:
        at, id_ = (before.issued_at_ms, before.id) if before else (_BEGINNING, PassId(""))
        return [pass_of(scope, row) for row in self._db.run(NEWEST, scope, at=at, id=id_, limit=limit)]

    def void(self, scope: Scope, after: str, limit: int, template_id: TemplateId | None = None) -> list[Pass]:
        if template_id is None:
            rows = self._db.run(VOID, scope, after=after, limit=limit)
        else:
            rows = self._db.run(VOID_OF_TEMPLATE, scope, after=after, limit=limit, template_id=template_id)
        return [pass_of(scope, row) for row in rows]

    def newest_events(self, scope: Scope, subject: str, limit: int) -> list[Event]:
        return [event_of(scope, row) for row in self._db.run(NEWEST_OF, scope, subject=subject, limit=limit)]

    def registered(self, scope: Scope, pass_id: PassId) -> dict[str, int]:
        found = {}
        for pass_type, device in self._db.run(DEVICES, scope, pass_id=pass_id):
            if row := self._db.one(REGISTERED, scope, pass_type=pass_type, device=device, pass_id=pass_id):
                found[f"{pass_type}/{device}"] = int(row[0])
        return found
