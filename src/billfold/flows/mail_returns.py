"""What people and mail servers answer to a mail: no more of these, no such mailbox, this was unwanted.

Whoever answers proves by a MAC in the address that they had the mail. May not enter: HTTP, how a notice is written."""

import asyncio
import hmac
from dataclasses import replace

from billfold.domain.errors import NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor, authorize
from billfold.domain.letters import Notice
from billfold.domain.mail import MailState, Reason, StoredMail, Subscriber, parse_subscriber, parse_ticket
from billfold.flows.mail import UNSUBSCRIBE
from billfold.flows.mailing import everywhere, fact, subscriber_of
from billfold.ports import Services, Tx


def subscriber(services: Services, token: str) -> Subscriber:
    """Who a token of an unsubscribe link is about. Raises NotFound, also for one that was made up."""
    found = parse_subscriber(token)
    if found is None:
        raise NotFound("subscription")
    who, given = found
    if not hmac.compare_digest(services.mail.mac(who.scope, UNSUBSCRIBE, who.text), given):
        raise NotFound("subscription")
    return who


async def sender_name(services: Services, who: Subscriber) -> str:
    """From whom the mails were: the brand's name, else the workspace's. Raises NotFound."""

    def read(tx: Tx) -> str:
        if who.brand_id and (brand := tx.brands.find(who.scope, who.brand_id)):
            return brand.name
        if workspace := tx.workspaces.find(who.scope.workspace):
            return workspace.organization_name
        raise NotFound("subscription")

    return await services.store.read(read)


async def unsubscribe(services: Services, who: Subscriber) -> None:
    """No more mails of this brand that nobody asked for. The second time changes nothing."""
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        if tx.mails.suppress(who, Reason.UNSUBSCRIBED, now):
            tx.events.append(_left(services, who, Reason.UNSUBSCRIBED, now))

    await services.store.write(transaction, short=True)


async def hand_in(services: Services, actor: Actor, raw: bytes) -> StoredMail:
    """A notice about a mail of the actor's scope; that mail as it is now, without its address.

    Raises Invalid, NotFound, Forbidden."""
    authorize(actor, "mail.bounce")
    row = await returned(services, raw, actor.scope)
    now = await services.store.read(lambda tx: tx.mails.find(actor.scope, row.mail.id))
    return replace(now or row, mail=replace(row.mail, to=""))


async def returned(services: Services, raw: bytes, scope: Scope | None = None) -> StoredMail:
    """A bounce or complaint as it came; the mail that it is about, as it was. `scope`: about no other's.

    Raises Invalid, NotFound."""
    notice = await asyncio.to_thread(services.mail.read, raw)
    named = parse_ticket(notice.ticket)
    if named is None or (scope is not None and named[0] != scope):
        raise NotFound("mail")
    theirs, ticket = named
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> StoredMail:
        row = tx.mails.by_ticket(theirs, ticket)
        if row is None:
            raise NotFound("mail")
        _note(services, tx, row, notice, now)
        return row

    return await services.store.write(transaction)


def _note(services: Services, tx: Tx, row: StoredMail, notice: Notice, now: int) -> None:
    if notice.complaint:
        who = subscriber_of(row)
        if tx.mails.suppress(who, Reason.COMPLAINT, now):
            tx.events.append(_left(services, who, Reason.COMPLAINT, now))
        return
    if notice.delayed:
        return  # the server goes on trying; what becomes of it will be said
    if notice.hard:
        tx.mails.suppress(everywhere(row), Reason.BOUNCED, now)
    if row.state is not MailState.BOUNCED:
        tx.mails.settle(row.mail.scope, row.mail.id, MailState.BOUNCED, now, notice.status)
        tx.events.append(fact(services, row, EventKind.MAIL_BOUNCED, now, notice.status))


def _left(services: Services, who: Subscriber, reason: Reason, now: int) -> Event:
    """About the brand, or the workspace: who left is not said."""
    subject = who.brand_id or who.scope.workspace
    return Event(services.entropy.event_id(), who.scope, now, EventKind.MAIL_UNSUBSCRIBED, subject, data={"reason": reason.value})
