"""Never more than Google allows in any second, and room for whoever waits in front of a screen."""

import asyncio

import pytest

from billfold.wallets.google.pacing import Pacer


class Time:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds
        await asyncio.sleep(0)


async def taken(count: int, per_second: float, reserve: int = 0, *, urgent: bool = True) -> list[float]:
    time = Time()
    pacer = Pacer(per_second, reserve, time.now, time.sleep)
    at = []
    for _ in range(count):
        await pacer.take(urgent=urgent)
        at.append(time.at - 1000.0)
    return at


async def test_no_second_holds_more_than_the_rate() -> None:
    at = await taken(100, 18)
    for start in at:
        assert sum(start <= one < start + 1.0 for one in at) <= 18


async def test_the_rate_is_used_in_full() -> None:
    assert (await taken(100, 18))[-1] == pytest.approx(5.0)


async def test_a_rate_below_one_stretches_the_window() -> None:
    assert await taken(3, 0.5) == pytest.approx([0.0, 2.0, 4.0])


async def test_what_is_not_urgent_leaves_the_reserve_free() -> None:
    time = Time()
    pacer = Pacer(18, 4, time.now, time.sleep)
    for _ in range(14):
        await pacer.take(urgent=False)
    assert time.at < 1001.0
    before = time.at
    for _ in range(4):
        await pacer.take(urgent=True)
    assert time.at == before
    await pacer.take(urgent=False)
    assert time.at > 1001.0


async def test_what_is_not_urgent_goes_at_even_distances_so_that_a_late_arrival_does_no_harm() -> None:
    """Google counts what arrives: of requests that are sent in bursts, late ones meet those of the next second."""
    at = await taken(100, 18, 4, urgent=False)
    for start in at:
        assert sum(start <= one < start + 1.25 for one in at) <= 18
    assert at[-1] == pytest.approx(99 / 14)


async def test_a_crowd_waits_its_turn() -> None:
    time = Time()
    pacer = Pacer(5, 1, time.now, time.sleep)
    at: list[float] = []

    async def one(urgent: bool) -> None:
        await pacer.take(urgent=urgent)
        at.append(time.at)

    await asyncio.gather(*(one(number % 2 == 0) for number in range(40)))
    assert len(at) == 40
    for start in at:
        assert sum(start <= each < start + 1.0 - 1e-6 for each in at) <= 5
