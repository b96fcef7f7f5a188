"""Which device holds which pass. A device's push token and what it has yet to hear stand in its delivery row (delivery.py), which
comes with its first registration and goes with its last.

May not enter: what Apple's protocol looks like."""

from sqlalchemy import delete, exists, func, insert, null, select, update

from billfold.domain.delivery import Channel, Priority
from billfold.domain.ids import PassId, Scope
from billfold.ports import Registration
from billfold.storage.delivery import bucket_of, mine
from billfold.storage.passes import TEMPLATE_NUMBER
from billfold.storage.schema import delivery, pass_, registration
from billfold.storage.statements import Session, Statement, greatest, least, literal, number, own, string, upsert

_KEY = ("workspace", "environment", "pass_type", "device", "pass_id")
_OF_DEVICE = own(registration) & (registration.c.pass_type == string("pass_type")) & (registration.c.device == string("device"))

ADD = upsert(registration, _KEY, lambda new: {})
REFRESH = Statement(
    update(registration)
    .where(_OF_DEVICE, registration.c.pass_id == string("pass_id"))
    .values(number=greatest(registration.c.number, number("at_number")))
)
REMOVE = Statement(delete(registration).where(_OF_DEVICE, registration.c.pass_id == string("pass_id")))
REMOVE_ALL = Statement(delete(registration).where(_OF_DEVICE).returning(registration.c.pass_id))
_pass_number = (
    select(greatest(pass_.c.number, TEMPLATE_NUMBER))
    .where(
        pass_.c.workspace == registration.c.workspace,
        pass_.c.environment == registration.c.environment,
        pass_.c.id == registration.c.pass_id,
    )
    .correlate(registration)
    .scalar_subquery()
)
CHANGED = Statement(
    select(registration.c.pass_id, greatest(_pass_number, registration.c.number)).where(_OF_DEVICE).order_by(registration.c.pass_id)
)
_OF_PASS = own(registration) & (registration.c.pass_id == string("pass_id"))
COUNT = Statement(select(func.count()).select_from(registration).where(_OF_PASS))
DEVICES = Statement(
    select(registration.c.pass_type, registration.c.device)
    .where(_OF_PASS)
    .order_by(registration.c.pass_type, registration.c.device)
)

_ROW = mine(Channel.APPLE)
LOCK_ROW = Statement(select(delivery.c.address, delivery.c.address_at_ms).where(_ROW).with_for_update())
ADD_ROW = Statement(
    insert(delivery).inline(),
    columns=(
        *("workspace", "environment", "channel", "target", "bucket", "address", "address_at_ms", "priority"),
        *("wanted", "delivered", "due_at_ms"),
    ),
)
REFRESH_ROW = Statement(update(delivery).where(_ROW).values(address_at_ms=number("now")))
NEW_TOKEN = Statement(
    update(delivery)
    .where(_ROW)
    .values(
        address=string("token"),
        address_at_ms=number("now"),
        attempts=literal(0),
        parked=literal(0),
        last_error=null(),
        due_at_ms=least(delivery.c.due_at_ms, number("now")),
    )
)
WANT_ROW = Statement(
    update(delivery)
    .where(_ROW)
    .values(
        wanted=greatest(delivery.c.wanted, number("at_number")),
        delivered=least(delivery.c.delivered, number("at_number") - literal(1)),
        attempts=literal(0),
        parked=literal(0),
        priority=literal(int(Priority.INTERACTIVE)),
        due_at_ms=number("now"),
    )
)
DROP_ROW = Statement(delete(delivery).where(_ROW))
DROP_ROW_IF_LAST = Statement(delete(delivery).where(_ROW, ~exists(select(literal(1)).select_from(registration).where(_OF_DEVICE))))


class RegistrationRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, registration: Registration, push_token: str, at_ms: int, want: bool) -> bool:
        scope, pass_type, device = registration.scope, registration.pass_type, registration.device
        # The device's row first: whoever registers or removes for one device waits here, so that neither misses the other.
        target = f"{pass_type}/{device}"
        self._refresh_row(scope, target, push_token, registration.number, at_ms, want)
        made = self._db.count(
            ADD,
            scope,
            pass_type=pass_type,
            device=device,
            pass_id=registration.pass_id,
            number=registration.number,
            created_at_ms=registration.created_at_ms,
        )
        if not made:
            self._db.run(
                REFRESH, scope, pass_type=pass_type, device=device, pass_id=registration.pass_id, at_number=registration.number
            )
        return made > 0

    def _refresh_row(self, scope: Scope, target: str, push_token: str, at_number: int, at_ms: int, want: bool) -> None:
        row = self._db.one(LOCK_ROW, scope, target=target)
        if row is None:
            self._db.run(
                ADD_ROW,
                scope,
                channel=Channel.APPLE.value,
                target=target,
                bucket=bucket_of(Channel.APPLE, target),
                address=push_token,
                address_at_ms=at_ms,
                priority=Priority.INTERACTIVE,
                wanted=at_number if want else 0,
                delivered=min(0, at_number - 1) if want else 0,
                due_at_ms=at_ms,
            )
            return
        if row[0] != push_token:
            self._db.run(NEW_TOKEN, scope, target=target, token=push_token, now=at_ms)
        else:
            self._db.run(REFRESH_ROW, scope, target=target, now=at_ms)
        if want:
            self._db.run(WANT_ROW, scope, target=target, at_number=at_number, now=at_ms)

    def remove(self, scope: Scope, pass_type: str, device: str, pass_id: PassId) -> bool:
        target = f"{pass_type}/{device}"
        self._db.run(LOCK_ROW, scope, target=target)
        if not self._db.count(REMOVE, scope, pass_type=pass_type, device=device, pass_id=pass_id):
            return False
        self._db.run(DROP_ROW_IF_LAST, scope, target=target, pass_type=pass_type, device=device)
        return True

    def changed_since(self, scope: Scope, pass_type: str, device: str, tag: int | None) -> tuple[list[PassId], int]:
        rows = self._db.run(CHANGED, scope, pass_type=pass_type, device=device)
        greatest_number = max([version for _, version in rows], default=0)
        changed = [PassId(pass_id) for pass_id, version in rows if tag is None or version > tag]
        return changed, max(greatest_number, tag or 0)

    def count(self, scope: Scope, pass_id: PassId) -> int:
        row = self._db.one(COUNT, scope, pass_id=pass_id)
        assert row is not None
        return int(row[0])

    def devices(self, scope: Scope, pass_id: PassId) -> list[str]:
        return [f"{pass_type}/{device}" for pass_type, device in self._db.run(DEVICES, scope, pass_id=pass_id)]

    def forget_device(self, scope: Scope, target: str, before_ms: int | None) -> list[PassId]:
        row = self._db.one(LOCK_ROW, scope, target=target)
        if row is None or (before_ms is not None and row[1] >= before_ms):
            return []
        return self._forget(scope, target)

    def forget_address(self, scope: Scope, target: str, address: str, before_ms: int | None) -> list[PassId]:
        """As `forget_device`, but not when the device has another push token by now."""
        row = self._db.one(LOCK_ROW, scope, target=target)
        if row is None or row[0] != address or (before_ms is not None and row[1] >= before_ms):
            return []
        return self._forget(scope, target)

    def _forget(self, scope: Scope, target: str) -> list[PassId]:
        pass_type, _, device = target.partition("/")
        gone = self._db.run(REMOVE_ALL, scope, pass_type=pass_type, device=device)
        self._db.run(DROP_ROW, scope, target=target)
        return sorted(PassId(row[0]) for row in gone)
