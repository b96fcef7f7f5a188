"""What a worker does is in the record of use: how many were told, and each pass that went with a dead device."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from billfold.domain.delivery import Delivered, Gone, Outcome
from billfold.domain.events import Event, EventKind
from billfold.flows.facts import WAITING_MAX, Diary
from billfold.ports import Store, Tx
from storage.material import LIVE, NOW, OURS, THEIRS, a_pass, register
from workers.publishers import NotingWallet
from workers.test_runner import hold, until, until_done, want, working

T = TypeVar("T")


async def told(store: Store) -> list[Event]:
    return await store.read(lambda tx: tx.events.list(OURS, None, 100))


async def test_a_batch_is_one_event_that_says_how_many_were_told(store: Store) -> None:
    await hold(store, 3)
    async with working(store, NotingWallet()):
        await until_done(store)
    events = await told(store)
    assert {one.kind for one in events} == {EventKind.WALLETS_NOTIFIED}
    assert sum(int(one.data["count"]) for one in events) == 3
    assert {(one.subject, one.wallet) for one in events} == {("", "apple")}
    for scope in (LIVE, THEIRS):
        assert await store.read(lambda tx, scope=scope: tx.events.list(scope, None, 100)) == []  # type: ignore[misc]


@pytest.mark.requirement("S0-39")
async def test_a_dead_device_takes_each_of_its_passes_with_it_and_each_is_an_event(store: Store) -> None:
    await hold(store, 0, nth=1)
    await hold(store, 0, nth=2)

    def on_two_phones(tx: Tx) -> None:
        for nth in (1, 2):
            for device in ("alive", "dead"):
                register(tx, a_pass(nth), device)

    await store.write(on_two_phones)
    await want(store, nth=1)

    def answer(row: object) -> Outcome:
        return Gone("410 Unregistered", since_ms=2**52) if str(getattr(row, "target", "")).endswith("dead") else Delivered()

    async with working(store, NotingWallet(answer)):
        await until_done(store)
    gone = [one for one in await told(store) if one.kind is EventKind.DEVICE_GONE]
    assert sorted((one.subject, one.wallet) for one in gone) == [(a_pass(1).id, "apple"), (a_pass(2).id, "apple")]
    for nth in (1, 2):
        assert await store.read(lambda tx, nth=nth: tx.registrations.count(OURS, a_pass(nth).id)) == 1  # type: ignore[misc]


async def test_a_device_that_registered_again_is_not_gone(store: Store) -> None:
    await hold(store, 1)
    wallet = NotingWallet(lambda _: Gone("410 Unregistered", since_ms=5))
    async with working(store, wallet):
        await until(lambda: bool(wallet.seen))
    assert [one for one in await told(store) if one.kind is EventKind.DEVICE_GONE] == []


def ids() -> Callable[[], str]:
    return (f"fact-{nth:06}" for nth in range(10**6)).__next__


async def test_facts_are_written_together_and_every_one_of_them(store: Store) -> None:
    writes: list[int] = []

    class Counted:
        async def write(self, fn: Callable[[Tx], T]) -> T:
            writes.append(1)
            return await store.write(fn)

    diary = Diary(Counted(), ids())  # type: ignore[arg-type]  # a diary only writes
    for nth in range(300):
        diary.note(Event("", OURS, NOW, EventKind.PASS_FETCHED, "pass"))
        if nth == 0:
            await asyncio.sleep(0)  # the first one is on its way
    await diary.written()
    assert [one.id for one in await store.read(lambda tx: tx.events.list(OURS, None, 500))] == [f"fact-{n:06}" for n in range(300)]
    assert len(writes) <= 3


async def test_facts_beyond_what_memory_holds_are_dropped_not_kept_waiting(store: Store) -> None:
    diary = Diary(store, ids())
    for _ in range(WAITING_MAX + 5):
        diary.note(Event("", OURS, NOW, EventKind.PASS_FETCHED, "pass"))
    await diary.written()
    last = await store.read(lambda tx: tx.events.list(OURS, f"fact-{WAITING_MAX - 2:06}", 500))
    assert [one.id for one in last] == [f"fact-{WAITING_MAX - 1:06}"]
