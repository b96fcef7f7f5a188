"""A process that writes and is killed: issues passes, changes them and registers devices, and notes in a journal what was answered.

A line of the journal is written and synced only after the store's answer:
each line is a promise. May not enter: a clean end (the test kills it)."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from billfold.ports import Tx
from billfold.storage.store import open_store
from storage.material import NOW, OURS, a_pass, register

WRITERS = 8


async def _write_on(url: str, journal_path: Path, round_: int) -> None:
    journal = os.open(journal_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    store = open_store(url)

    def promise(line: str) -> None:
        os.write(journal, f"{line}\n".encode())
        os.fsync(journal)

    async def write(writer: int) -> None:
        for count in range(1_000_000):
            nth = (round_ * 100 + writer) * 1_000_000 + count + 1

            def issue(tx: Tx, nth: int = nth) -> int:
                made = a_pass(nth, number=tx.numbers.next(OURS))
                tx.passes.add(made, "key")
                register(tx, made, f"phone-{nth}")
                return made.number

            def change(tx: Tx, nth: int = nth) -> int:
                held = a_pass(nth)
                found = tx.passes.find_locked(OURS, held.id)
                assert found is not None
                number = tx.numbers.next(OURS)
                tx.passes.replace(replace(found, number=number))
                told = tx.deliveries.want_pass(OURS, held.id, held.pass_type, number, NOW, 0)
                assert told == 1
                return number

            number = await store.write(issue, short=writer % 4 > 0)
            promise(f"{a_pass(nth).id} {number} 0")
            number = await store.write(change, short=writer % 4 > 0)
            promise(f"{a_pass(nth).id} {number} {number}")

    print("ready", flush=True)
    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))


def killed_writer(url: str, journal: Path, round_: int) -> None:
    asyncio.run(_write_on(url, journal, round_))
