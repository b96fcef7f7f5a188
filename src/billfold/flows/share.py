"""Whoever has the link gets the pass, as it is now, for ever: the link is not used up (S0-10..S0-12).

May not enter: HTML, which phone it is."""

from dataclasses import dataclass

from billfold.domain.content import ImageSlot
from billfold.domain.errors import NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope, scope_of_pass
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Brand, Card
from billfold.domain.passes import Template, content_of
from billfold.domain.sharing import Issuer, State, issuer_of, state_of
from billfold.flows import register
from billfold.flows.register import Shown
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx

PASSES_MAX = 10
"""Of one link for several: what a phone takes at once."""


@dataclass(frozen=True, slots=True)
class Opened(Shown):
    """A pass behind its link, and what it belongs to: `card` and `brand` where it is a card of a brand."""

    template: Template | None = None
    card: Card | None = None
    brand: Brand | None = None

    @property
    def issuer(self) -> Issuer:
        return issuer_of(self.content, self.template, self.brand)

    def state(self, now_ms: int) -> State:
        return state_of(self.content, self.card, now_ms)


async def open_links(services: Services, serials: str) -> list[Opened]:
    """Several passes by one link: their ids with dots between, of one issuer, at most PASSES_MAX, each once. Raises NotFound."""
    ids = serials.split(".")
    if len(ids) > PASSES_MAX or len(set(ids)) < len(ids) or len({scope_of_pass(one) for one in ids}) > 1:
        raise NotFound("pass")
    return [await open_link(services, one) for one in ids]


async def open_link(services: Services, serial: str) -> Opened:
    """Raises NotFound."""
    scope = scope_of_pass(serial)
    if scope is None:
        raise NotFound("pass")
    return await _open(services, scope, serial)


async def to_hand_out(services: Services, actor: Actor, serial: str) -> Opened:
    """The same for whoever hands the link out. Raises WrongScope from the id alone, NotFound, Forbidden."""
    known = await find_pass(services, actor, serial, "passes.read")
    return await _open(services, actor.scope, known.id)


async def _open(services: Services, scope: Scope, serial: str) -> Opened:
    def read(tx: Tx) -> Opened | None:
        if (known := register.known(tx, scope, serial)) is None:
            return None
        pass_, template = known
        card = tx.cards.find(scope, PassId(serial))
        brand = tx.brands.find(scope, card.brand_id) if card else None
        return Opened(pass_, content_of(pass_, template), template, card, brand)

    found = await services.store.read(read)
    if found is None:
        raise NotFound("pass")
    return found


async def logo_address(services: Services, opened: Opened) -> str:
    """Where everybody may see the issuer's logo; "" where there is none."""
    issuer, scope = opened.issuer, opened.pass_.scope
    if issuer.logo is None:
        return ""
    if opened.brand is not None:  # which may name a picture that nobody uploaded
        try:
            await services.images.find(scope, issuer.logo)
        except NotFound:
            return ""
    return services.addresses.image(scope, await services.images.public_hash(scope, ImageSlot.LOGO, issuer.logo))


Place = tuple[float, float] | None
"""Latitude and longitude in degrees, where a phone said them."""


async def record(services: Services, shown: Shown, kind: EventKind, wallet: str, visitor: str, place: Place = None) -> None:
    """Keeps the fact that a link was opened or a bundle taken. `visitor`: iphone, android, desktop. `place`: a card keeps
    where it was first taken."""
    scope, at = shown.pass_.scope, services.clock.now_ms()
    event = Event(services.entropy.event_id(), scope, at, kind, shown.pass_.id, wallet=wallet, data={"visitor": visitor})

    def transaction(tx: Tx) -> None:
        tx.events.append(event)
        if kind is EventKind.PASS_DOWNLOADED:
            tx.cards.set_downloaded(scope, shown.pass_.id, at, *(place or (None, None)))

    await services.store.write(transaction, short=True)
