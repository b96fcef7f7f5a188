"""What was sent, and what became of it. An address is seen by whoever holds the scope for addresses, and by nobody else.

May not enter: wire shapes, sending."""

from collections.abc import Collection
from dataclasses import replace

from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.keys import Actor, authorize
from billfold.domain.mail import StoredMail
from billfold.flows.lists import Page
from billfold.ports import Services

SEES_ADDRESSES = "mail:read"


async def page(services: Services, actor: Actor, after: str | None, limit: int, pass_id: str | None) -> Page[StoredMail]:
    """Newest first. `after`: the ticket of the last one that was seen. Raises Invalid when that one is no more."""
    authorize(actor, "mail.list")
    before = None
    if after is not None:
        last = await services.store.read(lambda tx: tx.mails.by_ticket(actor.scope, after))
        if last is None:
            raise Invalid(FieldProblem("cursor", "not_a_cursor", "is no cursor of ours", "begin again, without one"))
        before = (last.queued_at_ms, last.mail.id)
    found = await services.store.read(lambda tx: tx.mails.newest(actor.scope, before, limit + 1, pass_id))
    return Page([seen_by(actor, one) for one in found[:limit]], len(found) > limit)


async def of_passes(services: Services, actor: Actor, pass_ids: Collection[str], each: int) -> list[StoredMail]:
    """So many of each pass at most; the newest of all first."""
    authorize(actor, "mail.list")
    found = await services.store.read(lambda tx: tx.mails.newest_of(actor.scope, pass_ids, each), single=True)
    return sorted((seen_by(actor, one) for one in found), key=lambda one: (-one.queued_at_ms, one.mail.id))


async def find(services: Services, actor: Actor, mail_id: str) -> StoredMail:
    """Raises NotFound, Forbidden."""
    authorize(actor, "mail.read")
    found = await services.store.read(lambda tx: tx.mails.find(actor.scope, mail_id))
    if found is None:
        raise NotFound("mail")
    return seen_by(actor, found)


def seen_by(actor: Actor, row: StoredMail) -> StoredMail:
    return row if SEES_ADDRESSES in actor.scopes else replace(row, mail=replace(row.mail, to=""))
