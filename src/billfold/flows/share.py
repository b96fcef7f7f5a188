"""Whoever has the link gets the pass, as it is now, for ever: the link is not used up (S0-10..S0-12).

May not enter: HTML, which phone it is."""

from billfold.domain.errors import NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import scope_of_pass
from billfold.flows import register
from billfold.flows.register import Shown
from billfold.ports import Services

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


async def record(services: Services, shown: Shown, kind: EventKind, wallet: str, visitor: str) -> None:
    """Keeps the fact that a link was opened or a bundle taken. `visitor`: iphone, android, desktop, bot."""
    scope, at = shown.pass_.scope, services.clock.now_ms()
    event = Event(services.entropy.event_id(), scope, at, kind, shown.pass_.id, wallet=wallet, data={"visitor": visitor})
    await services.store.write(lambda tx: tx.events.append(event), short=True)
