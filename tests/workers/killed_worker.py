"""A worker process that is killed: pushes by writing target and number to the journal.

May not enter: a clean end (the test kills it)."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from billfold.domain.delivery import Channel, Delivered, Due, Outcome
from billfold.domain.ids import Scope
from billfold.storage.store import open_store
from billfold.workers.runner import Runner


class JournalWallet:
    """What it has written, a phone has heard."""

    def __init__(self, path: Path) -> None:
        self._journal = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def rows_at_once(self, _: Scope) -> int:
        return 500

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        await asyncio.sleep(0.1)
        os.write(self._journal, "".join(f"{one.target} {one.wanted}\n" for one in due).encode())
        return [Delivered()] * len(due)


async def _work(url: str, journal: Path) -> None:
    wallet = JournalWallet(journal)
    store = open_store(url, exclusive=False)
    runner = Runner(store, {Channel.APPLE: wallet}, lease_seconds=1.0, poll_seconds=0.05, batch=10, slices_at_once=4)
    print("ready", flush=True)
    await runner.run()


def killed_worker(url: str, journal: Path) -> None:
    asyncio.run(_work(url, journal))
