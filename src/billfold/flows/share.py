"""Whoever has the link gets the pass, as it is now, for ever: the link is not used up (S0-10..S0-12).

May not enter: HTML, which phone it is."""

from billfold.domain.errors import NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import scope_of_pass
from billfold.flows import register
from billfold.flows.register import Shown
from billfold.ports import Services


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
