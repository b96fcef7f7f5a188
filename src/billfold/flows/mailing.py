"""Send a mail that is due: write the letter from what is true now, hand it over, write down what became of it.

May not enter: SMTP, MIME, which mail is next (workers/mail.py)."""

import datetime
import random
from dataclasses import dataclass, replace

import msgspec
from babel.dates import format_date

from billfold.domain import texts
from billfold.domain.content import Content, ImageSlot
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId
from billfold.domain.letters import Away, Later, Letter, Outcome, Refused, Taken
from billfold.domain.loyalty import Brand
from billfold.domain.mail import (
    GIVEN_UP_AFTER_MS,
    Mail,
    MailState,
    Reason,
    StoredMail,
    Subscriber,
    retry_ms,
    withheld,
)
from billfold.domain.passes import content_of
from billfold.flows.mail import UNSUBSCRIBE
from billfold.mail_ports import Carrier
from billfold.ports import Services, Tx, Workspace

FACTS = {
    MailState.SENT: EventKind.MAIL_SENT,
    MailState.SUPPRESSED: EventKind.MAIL_SUPPRESSED,
    MailState.FAILED: EventKind.MAIL_FAILED,
    MailState.BOUNCED: EventKind.MAIL_BOUNCED,
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says about a mail when it is sent. `waits`: nobody has withdrawn it since it was claimed, as the erasure of
    its person does. `brand`: under whose name it goes."""

    workspace: Workspace
    brand: Brand | None
    content: Content | None
    reasons: frozenset[Reason]
    waits: bool


async def send(services: Services, carrier: Carrier, row: StoredMail) -> Away | None:
    """One mail that was claimed. Away: its server cannot be asked now; the mail waits as if nothing had been tried."""
    mail, scope = row.mail, row.mail.scope
    known = await services.store.read(lambda tx: _known(tx, row))
    if not known.waits:
        return None
    if reason := withheld(mail.kind, known.reasons):
        await _settle(services, row, MailState.SUPPRESSED, reason.value)
        return None
    if known.content is None and mail.pass_id is not None:
        await _settle(services, row, MailState.FAILED, "the pass is no more")
        return None
    outcome = await carrier.send(await _letter(services, row, known))
    if isinstance(outcome, Away):
        due = await services.store.now_ms() + int(outcome.seconds * 1000)
        await services.store.write(lambda tx: tx.mails.postpone(scope, mail.id, due, outcome.reason, attempt=False))
        return outcome
    await _settle_outcome(services, row, outcome)
    return None


async def stumbled(services: Services, row: StoredMail) -> None:
    """It could not be made, for a reason of our own: later, like one that the server did not want yet."""
    await _settle_outcome(services, row, Later("cannot be made"))


def _known(tx: Tx, row: StoredMail) -> Known:
    scope, pass_id = row.mail.scope, row.mail.pass_id
    workspace = tx.workspaces.find(scope.workspace)
    assert workspace is not None, "a mail belongs to a workspace"
    content = None
    if pass_id is not None and (found := tx.passes.find(scope, PassId(pass_id))) is not None:
        content = content_of(found, tx.templates.find(scope, found.template_id) if found.template_id else None)
    brand = tx.brands.find(scope, row.mail.brand_id) if row.mail.brand_id else None
    now = tx.mails.find(scope, row.mail.id)
    waits = now is not None and now.state is MailState.QUEUED
    return Known(workspace, brand, content, tx.mails.reasons(subscriber_of(row)), waits)


def subscriber_of(row: StoredMail) -> Subscriber:
    return Subscriber(row.mail.scope, row.address_mac, row.mail.brand_id or "")


def unsubscribe_token(services: Services, who: Subscriber) -> str:
    return f"{who.text}.{services.mail.mac(who.scope, UNSUBSCRIBE, who.text)}"


async def _letter(services: Services, row: StoredMail, known: Known) -> Letter:
    mail, content = row.mail, known.content
    sender = known.brand.name if known.brand else known.workspace.organization_name
    base = services.addresses.public_url
    letter = Letter(
        to=mail.to,
        kind=mail.kind,
        language=mail.language,
        sender=sender,
        title=mail.data.get("title") or sender,
        share_url=base,
        unsubscribe_url=services.addresses.unsubscribe(unsubscribe_token(services, subscriber_of(row))),
        ticket=mail.scope.code + row.ticket,
        sent_at_ms=row.queued_at_ms,
    )
    if known.brand:
        letter = replace(letter, color=known.brand.color)
    if content is None:
        return letter
    return await _about(services, mail, letter, known.brand, texts.in_language(content, mail.language))


async def _about(services: Services, mail: Mail, letter: Letter, brand: Brand | None, content: Content) -> Letter:
    """The letter with what its pass says and looks like; the brand's logo where the pass has none."""
    assert mail.pass_id is not None
    if brand and brand.logo:
        content = msgspec.structs.replace(content, images={ImageSlot.LOGO: brand.logo} | content.images)
    pictures = await services.images.pictures(mail.scope, content, mail.language)
    given = ImageSlot.LOGO in content.images
    return replace(
        letter,
        sender=letter.sender if brand else content.organization_name or letter.sender,
        title=mail.data.get("title") or content.description,
        share_url=services.addresses.share(PassId(mail.pass_id)),
        color=content.background_color,
        logo=pictures.get(ImageSlot.LOGO) if given else None,
        expires=_day(content.expires_at, mail.language),
    )


def _day(at_seconds: int | None, language: str) -> str | None:
    if at_seconds is None:
        return None
    main = language.partition("-")[0].lower()
    day = datetime.datetime.fromtimestamp(at_seconds, datetime.UTC).date()
    return format_date(day, format="long", locale=main if main in ("en", "de", "fr") else "en")


async def _settle_outcome(services: Services, row: StoredMail, outcome: Outcome) -> None:
    match outcome:
        case Taken():
            await _settle(services, row, MailState.SENT, None)
        case Refused(status, dead):
            await _settle(services, row, MailState.FAILED, status, dead=dead)
        case Later(status):
            now = await services.store.now_ms()
            if now - row.queued_at_ms > GIVEN_UP_AFTER_MS:
                await _settle(services, row, MailState.FAILED, f"{status}, for two days")
                return
            due = now + retry_ms(row.attempts + 1, 1 + random.random() / 4)  # noqa: S311  (spreads, protects nothing)
            await services.store.write(lambda tx: tx.mails.postpone(row.mail.scope, row.mail.id, due, status, attempt=True))


async def _settle(services: Services, row: StoredMail, state: MailState, error: str | None, *, dead: bool = False) -> None:
    now = await services.store.now_ms()

    def transaction(tx: Tx) -> None:
        if tx.mails.settle(row.mail.scope, row.mail.id, state, now, error):
            tx.events.append(fact(services, row, FACTS[state], now, error))
        if dead:
            tx.mails.suppress(everywhere(row), Reason.BOUNCED, now)

    await services.store.write(transaction)


def everywhere(row: StoredMail) -> Subscriber:
    """The address in the whole scope: a dead mailbox is dead for every brand."""
    return Subscriber(row.mail.scope, row.address_mac, "")


def fact(services: Services, row: StoredMail, kind: EventKind, now: int, why: str | None) -> Event:
    data: dict[str, str | int] = {"mail": row.mail.id, "kind": row.mail.kind.value}
    if why:
        data["why"] = why
    return Event(services.entropy.event_id(), row.mail.scope, now, kind, row.mail.pass_id or row.mail.id, data=data)
