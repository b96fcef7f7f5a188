"""Facts that come in great numbers: phones that fetch, devices that were told, devices that are gone.

What follows from a delivery commits with its acknowledgement. A fetch is only a fact, so it may be written a moment later, together
with others, and a crash may lose it. May not enter: HTTP, what a fact is counted for."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from billfold.domain.delivery import Channel, Delivered, Due, Outcome
from billfold.domain.errors import BillfoldError
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope
from billfold.ports import Store, Tx

log = logging.getLogger(__name__)

WAITING_MAX = 10_000
"""Facts beyond it are dropped and counted in the log: a database that is away must not fill the memory."""
BATCH = 1_000
PAUSE_SECONDS = 0.1
"""Between two batches: under load ten transactions a second, so that facts take no commits from those who wait for an answer."""


def delivered(
    tx: Tx,
    event_id: Callable[[], str],
    scope: Scope,
    channel: Channel,
    results: Sequence[tuple[Due, Outcome]],
    gone: Sequence[PassId],
    now_ms: int,
) -> None:
    """Notes, in the transaction that acknowledges a batch, how many were told, and each pass that went with a dead device."""
    told = sum(isinstance(outcome, Delivered) for _, outcome in results)
    if told:
        count: dict[str, str | int] = {"count": told}
        tx.events.append(Event(event_id(), scope, now_ms, EventKind.WALLETS_NOTIFIED, "", wallet=channel.value, data=count))
    for pass_id in gone:
        tx.events.append(Event(event_id(), scope, now_ms, EventKind.DEVICE_GONE, pass_id, wallet=channel.value))


class Diary:
    """Writes facts in the background: the first one at once, those that come after it together. One per process and event loop."""

    def __init__(self, store: Store, event_id: Callable[[], str]) -> None:
        self._store, self._event_id = store, event_id
        self._waiting: list[Event] = []
        self._writing: asyncio.Task[None] | None = None
        self._dropped = 0

    def note(self, event: Event) -> None:
        """Returns at once. The event gets its id and its place in the stream when it is written."""
        if len(self._waiting) >= WAITING_MAX:
            self._dropped += 1
            return
        self._waiting.append(event)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def written(self) -> None:
        """Waits until nothing is left to be written."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]

                def keep(tx: Tx, batch: Sequence[Event] = batch) -> None:
                    tx.events.append_all([replace(one, id=self._event_id()) for one in batch])

                try:
                    await self._store.write(keep)
                except BillfoldError as problem:
                    self._dropped += len(batch)
                    log.warning("facts.not_kept reason=%s", type(problem).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
            if self._dropped:
                log.warning("facts.dropped count=%d", self._dropped)
                self._dropped = 0
        finally:
            self._writing = None
