"""Works one slice: claims due rows, pushes them, acknowledges, several batches at a time, never the same row twice at once.

A slice is all rows of a workspace, environment, channel and bucket; its lease says that no other worker has it. May not enter: the
choice of slices, leases (runner.py)."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from billfold.domain.delivery import Channel, CredentialRejected, Due, Outcome, RetryLater
from billfold.domain.errors import CredentialMissing, Unavailable
from billfold.domain.ids import Scope
from billfold.flows import facts
from billfold.ports import Store, Tx

log = logging.getLogger(__name__)

BATCHES_AT_ONCE = 3
READ_AHEAD = 4
"""Batches that one look at the database brings, so that rows in flight, which it also brings, weigh little."""
READ_AHEAD_SECONDS = 2.0
"""Rows that were read so long ago are read again: they may have changed."""
PUBLISH_SECONDS_MAX = 120.0
"""A wallet that takes longer counts as failed: it must not hold a slice for ever."""
SETTLE_TRIES = 5


class Publisher(Protocol):
    """What a worker needs of a wallet (ports.Wallet)."""

    def rows_at_once(self, scope: Scope) -> int: ...
    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Slice:
    scope: Scope
    channel: Channel
    bucket: int

    @property
    def name(self) -> str:
        """As leases call it."""
        return f"{self.scope.environment.value}/{self.channel.value}/{self.bucket}"


@dataclass(slots=True)
class SliceWork:
    """What runs for one slice. `look_again` says that rows are due, `leave` that it should end when its batches are through."""

    slice: Slice
    store: Store
    wallet: Publisher
    batch: int
    gap_ms: int
    event_id: Callable[[], str]
    leaving: bool = False
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)
    _in_flight: set[str] = field(default_factory=set)
    _batches: set[asyncio.Task[None]] = field(default_factory=set)
    _ready: deque[Due] = field(default_factory=deque)
    _read_at: float = 0.0

    def look_again(self, priority: int) -> None:
        """Rows are due, the most urgent of them with `priority`. What was read and is less urgent goes back to wait its turn."""
        if self._ready and self._ready[0].priority > priority:
            self._ready.clear()
        self._nudge.set()

    def leave(self) -> None:
        self.leaving = True
        self._nudge.set()

    async def run(self) -> None:
        """Until nothing is due, or told to leave. Raises what stops it; nothing is lost then, the rows stay due."""
        try:
            while True:
                self._nudge.clear()
                if not self.leaving and len(self._batches) < BATCHES_AT_ONCE:
                    rows = await self._claim()
                    if rows:
                        self._start(rows)
                        if len(rows) == self.batch:
                            continue
                if not self._batches:
                    return
                await self._wait()
        finally:
            for batch in self._batches:
                batch.cancel()
            await asyncio.gather(*self._batches, return_exceptions=True)

    async def _claim(self) -> list[Due]:
        """The next rows that are not being pushed at this moment."""
        loop_time = asyncio.get_running_loop().time()
        if not self._ready or loop_time - self._read_at > READ_AHEAD_SECONDS:
            self._ready.clear()
            self._read_at = loop_time
            part, now = self.slice, await self.store.now_ms()
            # Those in flight before the look, too: it may see a row as it was before an acknowledgement that comes meanwhile.
            flying = set(self._in_flight)
            limit = self.batch * READ_AHEAD + len(flying)
            self._ready.extend(
                await self.store.read(lambda tx: tx.deliveries.due(part.scope, part.channel, part.bucket, now, limit, flying))
            )
        return [self._ready.popleft() for _ in range(min(self.batch, len(self._ready)))]

    def _start(self, rows: Sequence[Due]) -> None:
        self._in_flight.update(row.target for row in rows)
        self._batches.add(asyncio.create_task(self._push(rows)))

    async def _wait(self) -> None:
        """Until a batch is through or somebody nudges."""
        nudged = asyncio.create_task(self._nudge.wait())
        try:
            done, _ = await asyncio.wait({nudged, *self._batches}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudged.cancel()
        for batch in self._batches & done:
            self._batches.discard(batch)
            batch.result()

    async def _push(self, rows: Sequence[Due]) -> None:
        try:
            outcomes = await self._outcomes(rows)
            await self._settle(list(zip(rows, outcomes, strict=True)))
        finally:
            self._in_flight.difference_update(row.target for row in rows)

    async def _outcomes(self, rows: Sequence[Due]) -> list[Outcome]:
        """One a row, whatever the wallet does: what it raises means "again later" for the whole batch."""
        outcome: Outcome
        try:
            async with asyncio.timeout(PUBLISH_SECONDS_MAX):
                outcomes = await self.wallet.publish(self.slice.scope, rows)
            if len(outcomes) == len(rows):
                return outcomes
            log.error("worker.outcomes_missing channel=%s rows=%d outcomes=%d", self.slice.channel, len(rows), len(outcomes))
            outcome = RetryLater("the wallet's answer was incomplete")
        except CredentialMissing as problem:
            log.warning("worker.credential_missing scope=%s channel=%s", self.slice.scope.code, self.slice.channel)
            outcome = CredentialRejected(str(problem))
        except Unavailable as problem:
            log.warning("worker.publish_unavailable scope=%s channel=%s %s", self.slice.scope.code, self.slice.channel, problem)
            outcome = RetryLater(str(problem))
        except Exception as problem:
            log.exception("worker.publish_failed scope=%s channel=%s", self.slice.scope.code, self.slice.channel)
            outcome = RetryLater(type(problem).__name__)
        return [outcome] * len(rows)

    async def _settle(self, results: Sequence[tuple[Due, Outcome]]) -> None:
        """Keeps trying for a while when the database does not answer: what was pushed should not be pushed again."""

        def acknowledge(tx: Tx, now: int) -> None:
            gone = tx.deliveries.settle(results, now, self.gap_ms)
            facts.delivered(tx, self.event_id, self.slice.scope, self.slice.channel, results, gone, now)

        for attempt in range(1, SETTLE_TRIES + 1):
            try:
                now = await self.store.now_ms()
                await self.store.write(lambda tx: acknowledge(tx, now))  # noqa: B023 (awaited here)
            except Unavailable:
                if attempt == SETTLE_TRIES:
                    raise
                await asyncio.sleep(attempt)
            else:
                return
