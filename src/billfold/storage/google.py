"""What Google has of each pass and class, and callbacks already seen. May not enter: Google's wire format."""

import msgspec
from sqlalchemy import select, update

from billfold.domain.ids import PassId, Scope
from billfold.ports import GoogleObject
from billfold.storage.schema import callback_nonce, google_class, google_object
from billfold.storage.statements import Session, Statement, number, own, string, upsert

_OBJECT = (
    *(google_object.c.pass_id, google_object.c.class_id, google_object.c.vals),
    *(google_object.c.notified_ms, google_object.c.has_users),
)
FIND = Statement(select(*_OBJECT).where(own(google_object), google_object.c.pass_id == string("pass_id")))
PUT = upsert(
    google_object,
    ("workspace", "environment", "pass_id"),
    lambda new: {name: new[name] for name in ("class_id", "vals", "notified_ms", "has_users")},
)
NOTE = upsert(google_object, ("workspace", "environment", "pass_id"), lambda new: {})
SET_HAS_USERS = Statement(
    update(google_object)
    .where(own(google_object), google_object.c.pass_id == string("pass_id"))
    .values(has_users=number("holders"))
)
FIND_CLASS = Statement(select(google_class.c.fingerprint).where(own(google_class), google_class.c.class_id == string("class_id")))
NEXT_CLASS = Statement(
    select(google_class.c.class_id)
    .where(own(google_class), google_class.c.class_id > string("after"))
    .order_by(google_class.c.class_id)
    .limit(number("one"))
)
PUT_CLASS = upsert(google_class, ("workspace", "environment", "class_id"), lambda new: {"fingerprint": new.fingerprint})
SEE = upsert(callback_nonce, ("workspace", "environment", "nonce"), lambda new: {})

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_values = msgspec.json.Decoder(dict[str, str]).decode
_decode_times = msgspec.json.Decoder(tuple[int, ...]).decode


class GoogleRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def find(self, scope: Scope, pass_id: PassId) -> GoogleObject | None:
        row = self._db.one(FIND, scope, pass_id=pass_id)
        if row is None:
            return None
        _, class_id, values, notified, has_users = row
        return GoogleObject(scope, pass_id, class_id, _decode_values(values), _decode_times(notified), bool(has_users))

    def put(self, state: GoogleObject) -> None:
        self._db.run(
            PUT,
            state.scope,
            pass_id=state.pass_id,
            class_id=state.class_id,
            vals=_encode(state.values).decode(),
            notified_ms=_encode(state.notified_ms).decode(),
            has_users=int(state.has_users),
        )

    def note_values(self, scope: Scope, pass_id: PassId, values: dict[str, str]) -> None:
        noted: dict[str, str | int] = {"class_id": "", "vals": _encode(values).decode(), "notified_ms": "[]", "has_users": 0}
        self._db.run(NOTE, scope, pass_id=pass_id, **noted)

    def set_has_users(self, scope: Scope, pass_id: PassId, has_users: bool) -> None:
        self._db.run(SET_HAS_USERS, scope, pass_id=pass_id, holders=int(has_users))

    def class_fingerprint(self, scope: Scope, class_id: str) -> str | None:
        row = self._db.one(FIND_CLASS, scope, class_id=class_id)
        return str(row[0]) if row else None

    def next_class(self, scope: Scope, after: str) -> str | None:
        row = self._db.one(NEXT_CLASS, scope, after=after, one=1)
        return str(row[0]) if row else None

    def put_class(self, scope: Scope, class_id: str, fingerprint: str) -> None:
        self._db.run(PUT_CLASS, scope, class_id=class_id, fingerprint=fingerprint)

    def first_sight(self, scope: Scope, nonce: str, until_ms: int) -> bool:
        return self._db.count(SEE, scope, nonce=nonce, seen_at_ms=until_ms) > 0
