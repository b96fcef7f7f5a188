"""Keeps an issuer under the rate that Google allows: so many requests in any second, with places kept free for urgent ones.

A sliding window instead of a bucket that fills: after a rest such a bucket lets twice the rate pass within a second. And no bursts
of what can wait: Google counts what arrives, so a burst that comes a moment late is one with the burst of the next second.
May not enter: what is sent, retries. Source: reference/google-wallet.md section 2.5 (20 a second)."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable


class Pacer:
    """`per_second` requests in any second; those that are not urgent leave `reserve` of them free and go at even distances.

    `now` gives seconds that only grow, `sleep` waits seconds: both exchangeable, so that a test needs no real time."""

    def __init__(
        self,
        per_second: float,
        reserve: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        count = max(1, int(per_second))
        self._window_seconds = count / per_second  # a rate below one stretches the window instead
        self._limits = {True: count, False: max(1, count - reserve)}
        self._distance_seconds = self._window_seconds / self._limits[False]
        self._next_at = float("-inf")  # for those that are not urgent
        self._queues = {True: asyncio.Lock(), False: asyncio.Lock()}  # first come, first served, among equals
        self._sent: deque[float] = deque(maxlen=count)
        self._now = now
        self._sleep = sleep

    async def take(self, *, urgent: bool) -> None:
        """Returns when the caller may send one request."""
        limit = self._limits[urgent]
        async with self._queues[urgent]:
            while True:
                now = self._now()
                while self._sent and self._sent[0] <= now - self._window_seconds:
                    self._sent.popleft()
                free_at = now if len(self._sent) < limit else self._sent[len(self._sent) - limit] + self._window_seconds
                if not urgent:
                    free_at = max(free_at, self._next_at)
                if free_at <= now:
                    break
                await self._sleep(free_at - now)
            self._sent.append(now)
            if not urgent:  # who woke a little late does not delay the next ones
                on_time = now - self._next_at < self._distance_seconds
                self._next_at = (self._next_at if on_time else now) + self._distance_seconds
