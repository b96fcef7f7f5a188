"""Who works which slice, until when. A lease ends by itself when its owner dies. May not enter: what a slice is."""

from sqlalchemy import delete, or_

from billfold.storage.schema import lease
from billfold.storage.statements import Session, Statement, number, string, upsert_where

TAKE = upsert_where(
    lease,
    ("workspace", "slice"),
    lambda new: {"owner": new.owner, "until_ms": new.until_ms},
    or_(lease.c.until_ms <= number("now"), lease.c.owner == string("asking")),
)
RELEASE = Statement(delete(lease).where(lease.c.owner == string("owner")))


class LeaseRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def take(self, workspace: str, slice: str, owner: str, now_ms: int, until_ms: int) -> bool:
        return self._db.count(TAKE, workspace=workspace, slice=slice, owner=owner, asking=owner, now=now_ms, until_ms=until_ms) > 0

    def release(self, owner: str) -> None:
        self._db.run(RELEASE, owner=owner)
