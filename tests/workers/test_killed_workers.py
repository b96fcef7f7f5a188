"""Worker processes share the work; those that are killed lose nothing, and leave at most a batch to be pushed twice."""

import asyncio
import random
from pathlib import Path

from billfold.ports import Store, Tx
from servers import Forked
from storage.material import OURS, PASS_TYPE, a_pass, register
from workers.killed_worker import killed_worker

DEVICES, KILLS = 3_000, 5
BATCHES_UNDER_WAY_ROWS = 4 * 3 * 10
"""Of one worker: slices, batches at once, rows."""


def start(url: str, journal: Path) -> Forked:
    return Forked(journal.with_suffix(".log"), killed_worker, url, journal)


async def test_killed_workers_lose_nothing(store: Store, migrated_url: str, tmp_path: Path) -> None:
    """On SQLite beside the serving process too, though several workers are meant for PostgreSQL."""
    now = await store.now_ms()

    def issue(tx: Tx) -> None:
        held = a_pass()
        tx.passes.add(held, "key")
        for number in range(DEVICES):
            register(tx, held, f"{number:04}", at_ms=now)
        tx.deliveries.want_pass(OURS, held.id, PASS_TYPE, 7, now, 0)

    await store.write(issue)
    journal, chance = tmp_path / "journal", random.Random(7)

    def lines() -> int:
        return len(journal.read_bytes().splitlines()) if journal.exists() else 0

    workers = [start(migrated_url, journal) for _ in range(2)]
    try:
        for _ in range(KILLS):
            victim = workers.pop(0)
            assert await asyncio.to_thread(victim.line) == "ready\n"
            before = lines()
            async with asyncio.timeout(30):
                while lines() == before:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0.0, 0.15))
            assert await store.read(lambda tx: tx.deliveries.next_due_ms()) is not None, "killed in the midst of work"
            await asyncio.to_thread(victim.kill)
            workers.append(start(migrated_url, journal))
        async with asyncio.timeout(60):
            while await store.read(lambda tx: tx.deliveries.next_due_ms()) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        for worker in workers:
            await asyncio.to_thread(worker.kill)
    pushed = [tuple(line.split()) for line in journal.read_text().splitlines()]
    assert {target for target, _ in pushed} == {f"{PASS_TYPE}/{number:04}" for number in range(DEVICES)}
    assert {number for _, number in pushed} == {"7"}
    states = await store.read(lambda tx: tx.deliveries.state(OURS, a_pass().id))
    assert {state["delivered"] for state in states} == {7}
    assert len(pushed) - DEVICES <= KILLS * BATCHES_UNDER_WAY_ROWS, "at most the batches under way at each kill"
