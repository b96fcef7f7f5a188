"""Sealed credentials and their public facts. May not enter: the key that opens them (sealing.py), what they are for."""

import msgspec
from sqlalchemy import select

from billfold.domain.ids import Scope
from billfold.ports import StoredCredential
from billfold.storage.schema import credential
from billfold.storage.statements import Row, Session, Statement, own, string, upsert

_COLUMNS = (
    *(credential.c.kind, credential.c.name, credential.c.public),
    *(credential.c.sealed, credential.c.created_at_ms, credential.c.expires_at_ms),
)
PUT = upsert(
    credential,
    ("workspace", "environment", "kind", "name"),
    lambda new: {name: new[name] for name in ("public", "sealed", "created_at_ms", "expires_at_ms")},
)
_OF_KIND = own(credential) & (credential.c.kind == string("kind"))
FIND = Statement(select(*_COLUMNS).where(_OF_KIND, credential.c.name == string("name")))
LIST = Statement(select(*_COLUMNS).where(_OF_KIND).order_by(credential.c.created_at_ms.desc(), credential.c.name))

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


class CredentialRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def put(self, credential: StoredCredential) -> None:
        self._db.run(
            PUT,
            credential.scope,
            kind=credential.kind,
            name=credential.name,
            public=_encode(credential.public).decode(),
            sealed=credential.sealed,
            created_at_ms=credential.created_at_ms,
            expires_at_ms=credential.expires_at_ms,
        )

    def find(self, scope: Scope, kind: str, name: str) -> StoredCredential | None:
        row = self._db.one(FIND, scope, kind=kind, name=name)
        return _credential(scope, row) if row else None

    def list(self, scope: Scope, kind: str) -> list[StoredCredential]:
        return [_credential(scope, row) for row in self._db.run(LIST, scope, kind=kind)]


def _credential(scope: Scope, row: Row) -> StoredCredential:
    kind, name, public, sealed, created, expires = row
    return StoredCredential(scope, kind, name, _decode(public), sealed, created, expires)
