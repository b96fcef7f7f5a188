"""Token buckets: what a key may send at once, what it gains, and when it is told to come back."""

import pytest

from billfold.domain.errors import TooMany
from billfold.limits import TokenBuckets


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(buckets: TokenBuckets, key: str, tries: int) -> int:
    """How many of `tries` requests are let through."""
    through = 0
    for _ in range(tries):
        try:
            buckets.check(key)
            through += 1
        except TooMany:
            pass
    return through


def test_a_rested_key_may_send_its_burst_and_then_its_rate() -> None:
    time = Time()
    buckets = TokenBuckets(rate=20, burst=60, clock=time)
    assert taken(buckets, "a", 100) == 60
    time.now += 1
    assert taken(buckets, "a", 100) == 20
    time.now += 100
    assert taken(buckets, "a", 100) == 60


def test_keys_do_not_share_a_bucket() -> None:
    buckets = TokenBuckets(1, 5, Time())
    assert taken(buckets, "a", 10) == 5
    assert taken(buckets, "b", 10) == 5


@pytest.mark.parametrize(("rate", "seconds"), [(20, 1), (0.1, 10), (0.03, 34)])
def test_who_waits_as_long_as_told_is_let_through(rate: float, seconds: int) -> None:
    time = Time()
    buckets = TokenBuckets(rate, 1, time)
    buckets.check("a")
    with pytest.raises(TooMany) as refused:
        buckets.check("a")
    assert (refused.value.policy, refused.value.retry_after_seconds) == ("rate", seconds)
    time.now += refused.value.retry_after_seconds
    buckets.check("a")


def test_a_refused_request_costs_nothing() -> None:
    time = Time()
    buckets = TokenBuckets(1, 1, time)
    assert taken(buckets, "a", 1_000) == 1
    time.now += 1
    assert taken(buckets, "a", 1) == 1


def test_the_budget_tells_what_is_left_and_when_all_is_back() -> None:
    time = Time()
    buckets = TokenBuckets(2, 10, time)
    taken(buckets, "a", 4)
    budget = buckets.budget("a")
    assert budget
    assert (budget.quota, budget.window_seconds, budget.remaining, budget.reset_seconds) == (10, 5, 6, 2)
    assert budget.headers() == {"RateLimit-Policy": '"key";q=10;w=5', "RateLimit": '"key";r=6;t=2'}
    time.now += 1
    assert buckets.budget("a").remaining == 8  # type: ignore[union-attr]


def test_a_rate_of_zero_is_no_limit() -> None:
    buckets = TokenBuckets(0, 1, Time())
    assert taken(buckets, "a", 1_000) == 1_000
    assert buckets.budget("a") is None


def test_memory_is_bounded_and_the_quietest_key_is_forgotten_first() -> None:
    buckets = TokenBuckets(1, 1, Time(), keys_max=3)
    for key in "abcd":
        buckets.check(key)
    assert len(buckets) == 3
    assert taken(buckets, "d", 1) == 0
    assert taken(buckets, "a", 1) == 1


def test_looking_ahead_takes_nothing_and_is_refused_where_taking_would_be() -> None:
    time = Time()
    buckets = TokenBuckets(1, 2, time)
    for _ in range(10):
        buckets.check_ahead("a")
    assert taken(buckets, "a", 5) == 2
    with pytest.raises(TooMany):
        buckets.check_ahead("a")
    time.now += 1
    buckets.check_ahead("a")
