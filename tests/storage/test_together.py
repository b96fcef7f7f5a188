"""What waits for the same thing on PostgreSQL commits as one, and yet each has an outcome of its own, as if it had run alone."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from billfold.domain.errors import Conflict, Unavailable
from billfold.ports import Tx
from billfold.storage import together as rules
from billfold.storage.postgres import PostgresStore
from billfold.storage.statements import Statement
from billfold.storage.transaction import Transaction
from storage.material import OURS, add_workspaces

pytestmark = pytest.mark.parametrize("engine", ["postgresql"])

CARD = "a card"
XID = Statement(text("SELECT pg_current_xact_id()::text"))


@pytest.fixture(autouse=True)
def groups_have_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "GROUP_SECONDS_MAX", 10.0)


def ask(tx: Tx, words: str) -> None:
    assert isinstance(tx, Transaction)
    tx.session.run(Statement(text(words)))


def counting(tx: Tx) -> tuple[str, int]:
    """(the transaction of the database, the new count)."""
    assert isinstance(tx, Transaction)
    count = tx.usage.add(OURS, "2026-11", "scanned")
    ((transaction,),) = tx.session.run(XID)
    return transaction, count


async def together(store: PostgresStore, *works: Callable[[Tx], Any]) -> list[Any]:
    """What becomes of works that have waited for one thing; what they raise is given, too."""
    begun, go = threading.Event(), threading.Event()

    def first(_: Tx) -> None:
        begun.set()
        assert go.wait(10)

    ahead = asyncio.create_task(store.write(first, about=CARD))
    assert await asyncio.to_thread(begun.wait, 10)
    waiting = [asyncio.ensure_future(store.write(work, about=CARD)) for work in works]
    await asyncio.sleep(0)  # all stand in line
    go.set()
    await ahead
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_waits_for_one_thing_commits_as_one_and_fails_alone(migrated_url: str, subtests: pytest.Subtests) -> None:
    store = PostgresStore(migrated_url, threads=2)
    await store.write(add_workspaces)

    def mistaken(tx: Tx) -> None:
        counting(tx)
        raise LookupError

    with subtests.test("one commit"):
        told = await together(store, counting, mistaken, counting, counting)
        assert isinstance(told.pop(1), LookupError)
        assert [count for _, count in told] == [1, 2, 3]
        assert len({transaction for transaction, _ in told}) == 1

    with subtests.test("another thing has a transaction of its own"):
        apart = await asyncio.gather(*(store.write(counting, about=n) for n in range(2)))
        assert len({transaction for transaction, _ in apart}) == 2

    with subtests.test("what is wrong with one is told of it alone"):
        wrong = await together(store, counting, lambda tx: ask(tx, "DO $$ BEGIN RAISE SQLSTATE '23514'; END $$"), counting)
        assert isinstance(wrong.pop(1), Conflict)
        assert [count for _, count in wrong] == [6, 7]

    with subtests.test("one that needs a lock which somebody else has gives way, and does not hold up the others"):
        runs: list[int] = []
        with psycopg.connect(migrated_url) as other:
            other.execute("SELECT pg_advisory_xact_lock(7)")

            def locking(tx: Tx) -> tuple[str, int]:
                runs.append(1)
                if len(runs) == 2:
                    other.rollback()
                ask(tx, "DO $$ BEGIN PERFORM pg_advisory_xact_lock(7); END $$")
                return counting(tx)

            before, given_way, after = await together(store, counting, locking, counting)
        assert len(runs) == 2
        assert len({transaction for transaction, _ in (before, given_way, after)}) == 3
        assert [before[1], given_way[1], after[1]] == [8, 9, 10]

    with subtests.test("a connection that is lost in one: nothing was stored, and all are run again"):
        lost: list[int] = []

        def losing(tx: Tx) -> tuple[str, int]:
            lost.append(1)
            if len(lost) == 1:
                ask(tx, "DO $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$")
            return counting(tx)

        assert [count for _, count in await together(store, counting, losing, counting)] == [11, 12, 13]

    with subtests.test("a connection that is lost in the common COMMIT: nobody knows, and all are told so"):
        install = (
            "CREATE FUNCTION ending() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
            "CREATE CONSTRAINT TRIGGER ending AFTER UPDATE ON usage DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION ending()",
        )
        for words in install:
            await store.write(lambda tx, words=words: ask(tx, words))  # type: ignore[misc]
        assert [type(one).__mro__[1] for one in await together(store, counting, counting)] == [Unavailable, Unavailable]
    await store.close()


async def test_closing_answers_whoever_stands_in_line(migrated_url: str) -> None:
    store = PostgresStore(migrated_url, threads=1)
    await store.write(add_workspaces)
    begun, go = threading.Event(), threading.Event()

    def first(_: Tx) -> None:
        begun.set()
        assert go.wait(10)

    ahead = asyncio.create_task(store.write(first, about=CARD))
    assert await asyncio.to_thread(begun.wait, 10)
    waiting = [asyncio.ensure_future(store.write(counting, about=CARD)) for _ in range(20)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    go.set()
    await asyncio.gather(ahead, closing)
    assert [count for _, count in await asyncio.gather(*waiting)] == list(range(1, 21))
