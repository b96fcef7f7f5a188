"""Removes what was kept long enough, the oldest first, so many rows at a time. May not enter: how long is long enough."""

from sqlalchemy import ColumnElement, delete, func, select, update

from billfold.domain.ids import Scope
from billfold.domain.people import PLAYGROUND
from billfold.domain.schedules import Kept
from billfold.storage.schema import access_key, callback_nonce, device_log, idempotency, image_source, job, lease, mail, mail_count
from billfold.storage.statements import Session, Statement, among, literal, number, own, string


def _oldest(key: ColumnElement[str], mine: ColumnElement[bool], old: ColumnElement[bool], order: ColumnElement[int]) -> Statement:
    table = key.table
    return Statement(delete(table).where(mine, among(key, select(key).where(mine, old).order_by(order).limit(number("limit")))))


_before = number("before")
_SETTLED = mail.c.state != literal("queued")
_NAMED_MAILS = (
    select(mail.c.id)
    .where(own(mail), _SETTLED, mail.c.recipient != literal(""), mail.c.settled_at_ms < _before)
    .order_by(mail.c.settled_at_ms)
    .limit(number("limit"))
)
_LENT = func.substr(access_key.c.name, literal(1), literal(len(PLAYGROUND))) == literal(PLAYGROUND)
OLDEST = {
    Kept.IDEMPOTENCY: _oldest(
        idempotency.c.key, own(idempotency), idempotency.c.created_at_ms < _before, idempotency.c.created_at_ms
    ),
    Kept.CALLBACK: _oldest(
        callback_nonce.c.nonce, own(callback_nonce), callback_nonce.c.seen_at_ms < _before, callback_nonce.c.seen_at_ms
    ),
    Kept.JOB: _oldest(
        job.c.id,
        own(job),
        job.c.state.in_([literal(state) for state in ("done", "failed", "cancelled")]) & (job.c.due_at_ms < _before),
        job.c.due_at_ms,
    ),
    Kept.LEASE: _oldest(lease.c.slice, lease.c.workspace == string("workspace"), lease.c.until_ms < _before, lease.c.until_ms),
    Kept.IMAGE_SOURCE: _oldest(
        image_source.c.url, own(image_source), image_source.c.fetched_at_ms < _before, image_source.c.fetched_at_ms
    ),
    Kept.DEVICE_LOG: _oldest(device_log.c.id, own(device_log), device_log.c.at_ms < _before, device_log.c.id),
    Kept.MAIL: _oldest(mail.c.id, own(mail) & _SETTLED, mail.c.queued_at_ms < _before, mail.c.queued_at_ms),
    Kept.MAIL_ADDRESS: Statement(
        update(mail).where(own(mail), among(mail.c.id, _NAMED_MAILS)).values(recipient=literal(""), data=literal("{}"))
    ),
    # Whole days: the limit bounds how many of them.
    Kept.MAIL_COUNT: _oldest(mail_count.c.day_ms, own(mail_count), mail_count.c.day_ms < _before, mail_count.c.day_ms),
    Kept.PLAYGROUND_KEY: _oldest(
        access_key.c.id, own(access_key) & _LENT, access_key.c.expires_at_ms < _before, access_key.c.expires_at_ms
    ),
}


class PruningRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def remove_older(self, scope: Scope, kept: Kept, before_ms: int, limit: int) -> int:
        return self._db.count(OLDEST[kept], scope, before=before_ms, limit=limit)
