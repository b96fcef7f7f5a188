"""The stand-in's time: the clock it was given, and one that tests can move for expiry, quotas and keys.

Sign-in keeps to the clock it was given: a client's assertions carry the client's own time, which no control call moves.
May not enter: storage, HTTP."""

import time
from collections.abc import Callable
from typing import Protocol

SECOND_MS = 1000
DAY_MS = 86_400_000


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class MovedClock:
    """`base` plus the offset in milliseconds that `offset_ms` gives at each reading."""

    def __init__(self, base: Clock, offset_ms: Callable[[], int]) -> None:
        self._base = base
        self._offset_ms = offset_ms

    def now_ms(self) -> int:
        return self._base.now_ms() + self._offset_ms()
