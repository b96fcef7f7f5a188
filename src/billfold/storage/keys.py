"""Access keys: stored as a digest, never as text. May not enter: comparison of secrets (domain/keys.py)."""

from sqlalchemy import insert, select, update

from billfold.domain.ids import Scope
from billfold.domain.keys import AccessKey
from billfold.storage.schema import access_key
from billfold.storage.statements import Row, Session, Statement, number, own, string

_COLUMNS = (
    access_key.c.id,
    access_key.c.name,
    access_key.c.scopes,
    access_key.c.digest,
    access_key.c.created_at_ms,
    access_key.c.expires_at_ms,
    access_key.c.revoked_at_ms,
    access_key.c.last_used_at_ms,
    access_key.c.terminal_id,
)
_ONE = own(access_key) & (access_key.c.id == string("id"))

ADD = Statement(insert(access_key).inline())
FIND = Statement(select(*_COLUMNS).where(_ONE))
LIST = Statement(select(*_COLUMNS).where(own(access_key)).order_by(access_key.c.created_at_ms, access_key.c.id))
REVOKE = Statement(update(access_key).where(_ONE, access_key.c.revoked_at_ms.is_(None)).values(revoked_at_ms=number("at_ms")))
EXPIRE = Statement(
    update(access_key)
    .where(_ONE, access_key.c.expires_at_ms.is_(None) | (access_key.c.expires_at_ms > number("until_ms")))
    .values(expires_at_ms=number("until_ms"))
)
TOUCH = Statement(update(access_key).where(_ONE).values(last_used_at_ms=number("at_ms")))


class KeyRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, key: AccessKey) -> None:
        self._db.run(
            ADD,
            key.scope,
            id=key.id,
            name=key.name,
            scopes=" ".join(sorted(key.scopes)),
            digest=key.digest,
            created_at_ms=key.created_at_ms,
            expires_at_ms=key.expires_at_ms,
            revoked_at_ms=key.revoked_at_ms,
            last_used_at_ms=key.last_used_at_ms,
            terminal_id=key.terminal_id,
        )

    def find(self, scope: Scope, key_id: str) -> AccessKey | None:
        row = self._db.one(FIND, scope, id=key_id)
        return _key(scope, row) if row else None

    def list(self, scope: Scope) -> list[AccessKey]:
        return [_key(scope, row) for row in self._db.run(LIST, scope)]

    def revoke(self, scope: Scope, key_id: str, at_ms: int) -> bool:
        return self._db.count(REVOKE, scope, id=key_id, at_ms=at_ms) > 0

    def expire(self, scope: Scope, key_id: str, until_ms: int) -> None:
        self._db.run(EXPIRE, scope, id=key_id, until_ms=until_ms)

    def touch(self, scope: Scope, key_id: str, at_ms: int) -> None:
        self._db.run(TOUCH, scope, id=key_id, at_ms=at_ms)


def _key(scope: Scope, row: Row) -> AccessKey:
    key_id, name, scopes, digest, *rest = row
    return AccessKey(key_id, scope, name, frozenset(scopes.split()), digest, *rest)
