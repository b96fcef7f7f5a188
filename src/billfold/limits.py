"""How many requests an access key may make, how often a guess may fail: token buckets in this process, one number each, in bounded
memory.

May not enter: what a request is about, the database; quotas of passes a month are flows/issue.py's."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from billfold.domain.errors import TooMany


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a key's bucket. `reset_seconds`: until it is full again."""

    quota: int
    window_seconds: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit`, structured fields as in draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"key";q={self.quota};w={self.window_seconds}',
            "RateLimit": f'"key";r={self.remaining};t={self.reset_seconds}',
        }


class TokenBuckets:
    """ports.Limits. Each key holds at most `burst` requests and gains `rate` a second; a rate of 0 switches the limit off.

    Of each key only one number is kept: when its bucket will be full again. `clock` is monotonic, in seconds. Beyond `keys_max`
    the key that was quiet longest is forgotten, which gives it a full bucket."""

    def __init__(
        self,
        rate: float,
        burst: int,
        clock: Callable[[], float],
        keys_max: int = 10_000,
        policy: str = "rate",
        message: str = "too many requests with this access key",
    ) -> None:
        self._rate, self._burst, self._clock, self._keys_max = rate, burst, clock, keys_max
        self._policy, self._message = policy, message
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def check(self, key_id: str) -> None:
        """Takes one request from the key's bucket. Raises TooMany."""
        self._ask(key_id, take=True)

    def check_ahead(self, key_id: str) -> None:
        """Raises TooMany as `check` would, and takes nothing: for what is counted only when it fails."""
        self._ask(key_id, take=False)

    def _ask(self, key_id: str, *, take: bool) -> None:
        if not self._rate:
            return
        now = self._clock()
        full_at = max(self._full_at.get(key_id, 0.0), now) + 1 / self._rate
        over = full_at - now - self._burst / self._rate
        if over > 1e-9:
            raise TooMany(self._policy, self._message, math.ceil(over - 1e-6))
        if not take:
            return
        self._full_at[key_id] = full_at
        self._full_at.move_to_end(key_id)
        if len(self._full_at) > self._keys_max:
            self._full_at.popitem(last=False)

    def budget(self, key_id: str) -> Budget | None:
        """What is left of the key's bucket; None when there is no limit."""
        if not self._rate:
            return None
        wait = max(self._full_at.get(key_id, 0.0) - self._clock(), 0.0)
        remaining = max(math.floor(self._burst - wait * self._rate + 1e-6), 0)
        return Budget(self._burst, math.ceil(self._burst / self._rate), remaining, math.ceil(wait))

    def __len__(self) -> int:
        return len(self._full_at)
