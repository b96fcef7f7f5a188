"""Somebody saved a pass in Google Wallet, or removed it. The callback is a hint: what counts is whether the object has users now.

May not enter: signatures, HTTP."""

from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.ports import CallbackNews, CallbackReader, Services, Tx


async def receive(services: Services, reader: CallbackReader, scope: Scope, body: bytes) -> None:
    """Raises Invalid for a forgery, Unavailable when it cannot be checked now. The same callback again has no second effect."""
    now = services.clock.now_ms()

    def record(tx: Tx, news: CallbackNews) -> None:
        kind = EventKind.PASS_INSTALLED if news.saved else EventKind.PASS_REMOVED
        tx.events.append(Event(services.entropy.event_id(), scope, now, kind, news.pass_id, wallet="google"))
        if news.saved:
            tx.cards.set_downloaded(scope, news.pass_id, now, None, None)

    await reader.receive(scope, body, record)
