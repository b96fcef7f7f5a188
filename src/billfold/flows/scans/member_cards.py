"""Cards as source S2 names them: by brand, e-mail and code; issued for a member who is made when unknown, with or without a mail.

May not enter: HTTP, how a card is made and changed (flows/loyalty)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from billfold.domain.errors import NotFound
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Card, CardStatus
from billfold.domain.mail import Mail, MailKind
from billfold.domain.scan_errors import CodeUnknown
from billfold.flows.loyalty import cards, members
from billfold.flows.loyalty.cards import Change, NewCard
from billfold.flows.loyalty.showing import Changed, change_in
from billfold.flows.scans import view
from billfold.flows.scans.view import CardView
from billfold.ports import Services, Tx


@dataclass(frozen=True, slots=True)
class Named:
    """One card of a member. `email`: as `normal_email` gives it."""

    brand_id: str
    email: str
    pass_code: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A card that is to be issued (S2-23). `title`: its own, "" for the programme's."""

    brand_id: str
    email: str
    programme_id: str
    status: CardStatus
    title: str = ""
    expires_at_ms: int | None = None


async def inspect(services: Services, actor: Actor, named: Named) -> CardView:
    """Raises CodeUnknown, whichever of the three names is wrong."""
    return await services.store.read(lambda tx: view.view_of(tx, _find(services, tx, actor, named)))


async def search(services: Services, actor: Actor, code: str) -> Sequence[CardView]:
    """Every card with that code; none is no error."""

    def read(tx: Tx) -> list[CardView]:
        try:
            found = view.by_code(services, tx, actor.scope, code, services.clock.now_ms())
        except CodeUnknown:
            return []
        return [view.view_of(tx, card) for card in found.cards]

    return await services.store.read(read)


async def modify(services: Services, actor: Actor, named: Named, status: CardStatus, expires_at_ms: int | None) -> str:
    """The id of the transaction that records it. Raises CodeUnknown."""

    def transaction(tx: Tx) -> Changed:
        card = view.card_of(tx, actor.scope, _find(services, tx, actor, named).pass_id)
        now, change = services.clock.now_ms(), Change(status=status, expires_at_ms=(expires_at_ms,))
        return change_in(services, tx, actor, card, cards.changed(card, change, now))

    return await _done(services, transaction)


async def remove(services: Services, actor: Actor, named: Named) -> str:
    """Raises CodeUnknown."""

    def transaction(tx: Tx) -> Changed:
        card = view.card_of(tx, actor.scope, _find(services, tx, actor, named).pass_id)
        now = services.clock.now_ms()
        return change_in(services, tx, actor, card, replace(card, removed_at_ms=now, member_id=None))

    return await _done(services, transaction)


async def issue(services: Services, actor: Actor, wanted: Wanted, *, by_mail: bool) -> Card:
    """For a member who is made when the brand does not know the address. The mail is queued with the card or not at all.

    Raises NotFound, Invalid, TooMany, and what issuing a pass raises."""
    programme = await services.store.read(lambda tx: tx.programmes.find(actor.scope, wanted.programme_id))
    if programme is None or programme.brand_id != wanted.brand_id:
        raise NotFound("coupon")
    member = await members.find_or_create(services, actor, wanted.brand_id, wanted.email)
    new = NewCard(wanted.programme_id, member.id, status=wanted.status, title=wanted.title, expires_at_ms=wanted.expires_at_ms)

    def send(tx: Tx, card: Card) -> None:
        data = {"title": card.title or programme.title}
        language = member.language or "en"
        mail = Mail(
            actor.scope, f"card:{card.pass_id}", wanted.email, MailKind.PASS_LINK, wanted.brand_id, card.pass_id, language, data
        )
        services.mail.queue(tx, mail)

    return await cards.issue(services, actor, new, send if by_mail else None)


async def _done(services: Services, transaction: Callable[[Tx], Changed]) -> str:
    changed = await services.store.write(transaction, short=True)
    if changed.notified:
        services.wake()
    return changed.transaction_id


def _find(services: Services, tx: Tx, actor: Actor, named: Named) -> Card:
    """One answer for a wrong brand, a wrong e-mail and a wrong code, so that nobody learns which of them there is."""
    member = tx.members.by_email(actor.scope, named.brand_id, named.email)
    for card in view.by_code(services, tx, actor.scope, named.pass_code, services.clock.now_ms()).cards:
        if member is not None and card.member_id == member.id and card.brand_id == named.brand_id:
            return card
    raise CodeUnknown
