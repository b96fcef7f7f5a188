"""Answers kept under the keys that callers chose. May not enter: when an answer may be given again (flows decide)."""

from sqlalchemy import insert, select

from billfold.domain.ids import Scope
from billfold.ports import SavedAnswer
from billfold.storage.schema import idempotency
from billfold.storage.statements import Session, Statement, own, string

FIND = Statement(
    select(idempotency.c.fingerprint, idempotency.c.status, idempotency.c.body, idempotency.c.created_at_ms).where(
        own(idempotency), idempotency.c.key == string("key")
    )
)
ADD = Statement(insert(idempotency).inline())


class IdempotencyRows:
    """`add` fails when the key is taken. On PostgreSQL two transactions may both find nothing; then the second one's `add` makes
    the store run it again, and it finds the first one's answer."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def find(self, scope: Scope, key: str) -> SavedAnswer | None:
        row = self._db.one(FIND, scope, key=key)
        return SavedAnswer(*row) if row else None

    def add(self, scope: Scope, key: str, answer: SavedAnswer) -> None:
        self._db.run(
            ADD,
            scope,
            key=key,
            fingerprint=answer.fingerprint,
            status=answer.status,
            body=answer.body,
            created_at_ms=answer.created_at_ms,
        )
