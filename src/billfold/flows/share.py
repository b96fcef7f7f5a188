"""Whoever has the link gets the pass, as it is now, for ever: the link is not used up (S0-10..S0-12).

May not enter: HTML, which phone it is."""

from billfold.domain.errors import NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import scope_of_pass
from billfold.flows import register
from billfold.flows.register import Shown
from billfold.ports import Services, Tx

PASSES_MAX = 10
"""Of one link for several: what a phone takes at once."""


async def open_links(services: Services, serials: str) -> list[Shown]:
    """Several passes by one link: their ids with dots between, of one issuer, at most PASSES_MAX, each once. Raises NotFound."""
    ids = serials.split(".")
    if len(ids) > PASSES_MAX or len(set(ids)) < len(ids) or len({scope_of_pass(one) for one in ids}) > 1:
        raise NotFound("pass")
    return [await open_link(services, one) for one in ids]


async def open_link(services: Services, serial: str) -> Shown:
    """Raises NotFound."""
    scope = scope_of_pass(serial)
    if scope is None:
        raise NotFound("pass")
    return await register.show(services, scope, serial)


Place = tuple[float, float] | None
"""Latitude and longitude in degrees, where a phone said them."""


async def record(services: Services, shown: Shown, kind: EventKind, wallet: str, visitor: str, place: Place = None) -> None:
    """Keeps the fact that a link was opened or a bundle taken. `visitor`: iphone, android, desktop, bot. `place`: a card keeps
    where it was first taken."""
    scope, at = shown.pass_.scope, services.clock.now_ms()
    event = Event(services.entropy.event_id(), scope, at, kind, shown.pass_.id, wallet=wallet, data={"visitor": visitor})

    def transaction(tx: Tx) -> None:
        tx.events.append(event)
        if kind is EventKind.PASS_DOWNLOADED:
            tx.cards.set_downloaded(scope, shown.pass_.id, at, *(place or (None, None)))

    await services.store.write(transaction, short=True)
