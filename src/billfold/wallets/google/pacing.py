"""Keeps an issuer under the rate that Google allows: at most N requests in any second, with places kept free for urgent ones.

A sliding window instead of a bucket that fills: after a rest such a bucket lets 2 N pass within a second, and Google counts seconds.
May not enter: what is sent, retries. Source: reference/google-wallet.md section 2.5 (20 a second)."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable


class Pacer:
    """`per_second` requests in any second; those that are not urgent may use `per_second - reserve` of them.

    `now` gives seconds that only grow, `sleep` waits seconds: both exchangeable, so that a test needs no real time."""

    def __init__(
        self,
        per_second: int,
        reserve: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        assert 0 <= reserve < per_second, "the reserve leaves at least one request a second"
        self._limits = {True: per_second, False: per_second - reserve}
        self._queues = {True: asyncio.Lock(), False: asyncio.Lock()}  # first come, first served, among equals
        self._sent: deque[float] = deque(maxlen=per_second)
        self._now = now
        self._sleep = sleep

    async def take(self, *, urgent: bool) -> None:
        """Returns when the caller may send one request."""
        limit = self._limits[urgent]
        async with self._queues[urgent]:
            while True:
                now = self._now()
                while self._sent and self._sent[0] <= now - 1.0:
                    self._sent.popleft()
                if len(self._sent) < limit:
                    self._sent.append(now)
                    return
                await self._sleep(self._sent[len(self._sent) - limit] + 1.0 - now)
