"""A slice is read a few batches ahead: seldom, yet what somebody waits for overtakes what was read before it."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeVar

import pytest

from billfold.domain.delivery import Channel, Delivered, Due, Outcome, Priority
from billfold.domain.ids import Scope
from billfold.ports import Store, Tx
from billfold.storage.delivery import bucket_of
from billfold.workers import slices
from billfold.workers.slices import BATCHES_AT_ONCE, READ_AHEAD, Slice, SliceWork
from storage.material import OURS, a_pass, register

T = TypeVar("T")
BATCH, BROADCAST = 2, 40
SLICE = Slice(OURS, Channel.APPLE, bucket_of(Channel.APPLE, "pass.example/d0"))


class Reads:
    """The store, counting how often it is read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.count = 0
        self.write, self.now_ms = store.write, store.now_ms

    async def read(self, fn: Callable[[Tx], T]) -> T:
        self.count += 1
        return await self._store.read(fn)


class GatedWallet:
    """Notes what it is asked, in that order, and answers once the gate is open."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Due]] = []
        self.full = asyncio.Event()
        self.gate = asyncio.Event()
        self.then: Callable[[], None] = lambda: None

    def rows_at_once(self, _: Scope) -> int:
        return BATCH

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        self.asked.append(due)
        if len(self.asked) == BATCHES_AT_ONCE:
            self.full.set()
        await self.gate.wait()
        self.then()
        return [Delivered()] * len(due)


async def hold(store: Store, nth: int, devices: Sequence[str], priority: int) -> None:
    now = await store.now_ms()

    def transaction(tx: Tx) -> None:
        held = a_pass(nth)
        tx.passes.add(held, "key")
        for device in devices:
            register(tx, held, device)
        tx.deliveries.want_pass(OURS, held.id, held.pass_type, tx.numbers.next(OURS), now, priority)

    await store.write(transaction)


def at_work(store: Reads, wallet: GatedWallet) -> tuple[SliceWork, asyncio.Task[None]]:
    ids = count()
    work = SliceWork(SLICE, store, wallet, BATCH, 0, lambda: f"event-{next(ids)}")
    return work, asyncio.create_task(work.run())


async def test_what_somebody_waits_for_overtakes_what_was_read_ahead(store: Store) -> None:
    await hold(store, 1, [f"d{n:02}" for n in range(BROADCAST)], Priority.BROADCAST)
    wallet = GatedWallet()
    work, running = at_work(Reads(store), wallet)
    await wallet.full.wait()
    await hold(store, 2, ["dff"], Priority.INTERACTIVE)
    work.look_again(Priority.INTERACTIVE)
    wallet.gate.set()
    await running
    assert wallet.asked[BATCHES_AT_ONCE][0].target.endswith("/dff")
    assert len({row.target for batch in wallet.asked for row in batch}) == BROADCAST + 1


async def test_what_was_read_ahead_is_kept_while_nothing_more_urgent_comes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once each look had it read again: of a broadcast, every row ten times."""
    monkeypatch.setattr(slices, "READ_AHEAD_SECONDS", 1e9)
    await hold(store, 1, [f"d{n:02}" for n in range(BROADCAST)], Priority.BROADCAST)
    wallet, reads = GatedWallet(), Reads(store)
    work, running = at_work(reads, wallet)
    wallet.then = lambda: work.look_again(Priority.BROADCAST)
    wallet.gate.set()
    await running
    assert len({row.target for batch in wallet.asked for row in batch}) == BROADCAST
    assert reads.count <= BROADCAST // (BATCH * READ_AHEAD) + BATCHES_AT_ONCE + 1
