"""What a store promises of transactions, on both engines, and what PostgreSQL does by itself (SQLite: test_sqlite_store.py)."""

import asyncio
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from billfold.domain.errors import Conflict, Unavailable
from billfold.ports import SavedAnswer, Store, Tx
from billfold.storage.postgres import PostgresStore
from billfold.storage.sqlite import SqliteStore
from billfold.storage.store import open_store, sqlite_path
from storage.material import END_CONNECTIONS, NOW, OURS, a_pass, add_workspaces, register


class Mistake(Exception):
    pass


@pytest.mark.parametrize("first_short", [20, 0], ids=["mixed", "short"])
async def test_a_failing_transaction_undoes_its_own_work_and_nobody_elses(store: Store, first_short: int) -> None:
    def good(tx: Tx, month: str) -> int:
        return tx.usage.add(OURS, month, "issued")

    def bad(tx: Tx, month: str) -> int:
        tx.usage.add(OURS, month, "issued")
        raise Mistake(month)

    work = [
        store.write(lambda tx, n=n: (bad if n % 3 == 0 else good)(tx, f"2026-{n:02}"), short=n >= first_short)  # type: ignore[misc]
        for n in range(60)
    ]
    results = await asyncio.gather(*work, return_exceptions=True)
    for n, result in enumerate(results):
        counted = await store.read(lambda tx, n=n: tx.usage.count(OURS, f"2026-{n:02}"))  # type: ignore[misc]
        if n % 3 == 0:
            assert isinstance(result, Mistake)
            assert counted == {}
        else:
            assert result == 1
            assert counted == {"issued": 1}


async def test_a_write_can_be_read_as_soon_as_it_is_answered(store: Store) -> None:
    for n in range(50):
        await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued"))
        assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {"issued": n + 1}


async def test_what_failed_before_it_changed_anything_costs_the_others_nothing(store: Store) -> None:
    """Only work that has to be undone makes its group run again."""
    runs: list[int] = []

    def work(tx: Tx, n: int) -> int:
        runs.append(n)
        used = sum(tx.usage.count(OURS, "2026-11").values())
        if n % 2:
            raise Mistake(str(used))
        return tx.usage.add(OURS, "2026-11", "issued")

    results = await asyncio.gather(
        *(store.write(lambda tx, n=n: work(tx, n), short=True) for n in range(20)),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert [isinstance(one, Mistake) for one in results] == [bool(n % 2) for n in range(20)]
    assert sorted(one for one in results if isinstance(one, int)) == list(range(1, 11))
    if isinstance(store, SqliteStore):
        assert runs == list(range(20))


async def test_what_failed_is_not_run_again_and_the_others_are(store: Store) -> None:
    runs: list[int] = []

    def work(tx: Tx, n: int) -> int:
        runs.append(n)
        used = tx.usage.add(OURS, "2026-11", "issued")
        if n == 3:
            raise Mistake(str(used))
        return used

    results = await asyncio.gather(
        *(store.write(lambda tx, n=n: work(tx, n), short=True) for n in range(6)),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert [isinstance(one, Mistake) for one in results] == [n == 3 for n in range(6)]
    assert sorted(one for one in results if isinstance(one, int)) == [1, 2, 3, 4, 5]
    assert runs.count(3) == 1
    if isinstance(store, SqliteStore):
        assert runs == [0, 1, 2, 3, 0, 1, 2, 4, 5]


async def test_what_is_recalled_is_never_older_than_the_last_commit(store: Store) -> None:
    async def recalled() -> dict[str, int]:
        return await store.recall("used", lambda tx: tx.usage.count(OURS, "2026-11"))

    for n in range(30):
        await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued"), short=bool(n % 2))
        assert await recalled() == {"issued": n + 1}
        assert await recalled() == {"issued": n + 1}


async def test_a_read_sees_one_snapshot(store: Store) -> None:
    """Two counts that always rise together are never seen apart."""

    def both(tx: Tx) -> None:
        tx.usage.add(OURS, "2026-11", "a")
        tx.usage.add(OURS, "2026-12", "b")

    def look(tx: Tx) -> tuple[int, int]:
        first = tx.usage.count(OURS, "2026-11").get("a", 0)
        time.sleep(0.002)  # time for a writer to come between
        return first, tx.usage.count(OURS, "2026-12").get("b", 0)

    async def write() -> None:
        for _ in range(60):
            await store.write(both)

    writing = asyncio.create_task(write())
    while not writing.done():
        first, second = await store.read(look)
        assert first == second
        await asyncio.sleep(0)
    await writing


async def test_nothing_is_written_in_a_read(store: Store) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only|cannot answer"):
        await store.read(lambda tx: tx.usage.add(OURS, "2026-11", "issued"))
    assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {}


async def test_what_contradicts_the_tables_is_a_conflict(store: Store) -> None:
    await store.write(lambda tx: tx.passes.add(a_pass(), "key"))
    with pytest.raises(Conflict):
        await store.write(lambda tx: tx.passes.add(a_pass(), "key"))
    with pytest.raises(Conflict):
        await store.write(lambda tx: register(tx, a_pass(2), "phone"))


async def test_two_requests_with_one_idempotency_key_have_one_answer(store: Store) -> None:
    """Both look, both find nothing, both write: the second is run again and finds the first one's answer."""
    runs: list[int] = []

    def request(tx: Tx, mine: int) -> bytes:
        runs.append(mine)
        if found := tx.idempotency.find(OURS, "key"):
            return found.body
        time.sleep(0.05)
        tx.idempotency.add(OURS, "key", SavedAnswer("print", 200, str(mine).encode(), NOW))
        return str(mine).encode()

    answers = await asyncio.gather(*(store.write(lambda tx, n=n: request(tx, n)) for n in range(4)))  # type: ignore[misc]
    assert len(set(answers)) == 1
    assert len(runs) >= 4


async def test_numbers_of_many_writers_have_no_gap_and_no_double(store: Store) -> None:
    numbers = await asyncio.gather(*(store.write(lambda tx: tx.numbers.next(OURS), short=n % 5 > 0) for n in range(200)))
    assert sorted(numbers) == list(range(1, 201))


async def test_a_reader_never_sees_a_number_without_the_one_before(store: Store) -> None:
    """Else a device that was told "up to 8" while 7 was not yet visible would never hear of 7."""
    held = [a_pass(n) for n in range(1, 9)]

    def issue(tx: Tx) -> None:
        for one in held:
            tx.passes.add(one, "key")
            register(tx, one, "phone")

    await store.write(issue)
    before = await store.read(lambda tx: tx.registrations.changed_since(OURS, held[0].pass_type, "phone", None))
    assert len(before[0]) == 8

    def change(tx: Tx, which: int) -> None:
        found = tx.passes.find_locked(OURS, held[which].id)
        assert found is not None
        number = tx.numbers.next(OURS)
        time.sleep(0.0005 * (which % 4))  # some take longer between number and commit
        tx.usage.add(OURS, f"{number:07}", "seen")

    async def write(which: int) -> None:
        for _ in range(25):
            await store.write(lambda tx: change(tx, which), short=which < 6)

    def visible(tx: Tx) -> tuple[int, bool]:
        current = tx.numbers.current(OURS)
        return current, all(tx.usage.count(OURS, f"{n:07}") for n in range(max(1, current - 8), current + 1))

    writers = asyncio.gather(*(write(which) for which in range(8)))
    looks = 0
    while not writers.done():
        current, complete = await store.read(visible)
        assert complete, f"number {current} was visible before all below it"
        looks += 1
        await asyncio.sleep(0.001)
    await writers
    assert looks > 10
    assert (await store.read(visible)) == (200, True)


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_waiting_writes_are_answered_when_the_store_closes(store: Store, turns: int) -> None:
    work = [asyncio.ensure_future(store.write(lambda tx: tx.numbers.next(OURS), short=n < 15)) for n in range(20)]
    for _ in range(turns):
        await asyncio.sleep(0)
    await store.close()
    async with asyncio.timeout(60):
        results = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(result, int | Unavailable) for result in results)
    with pytest.raises(Unavailable):
        await store.write(lambda tx: tx.numbers.next(OURS))
    with pytest.raises(Unavailable):
        await store.read(lambda tx: tx.numbers.current(OURS))
    await store.close()


async def test_a_caller_that_gives_up_does_no_harm(store: Store) -> None:
    for short in (False, True):
        given_up = asyncio.ensure_future(store.write(lambda tx: tx.numbers.next(OURS), short=short))
        await asyncio.sleep(0)
        given_up.cancel()
        assert isinstance(await store.write(lambda tx: tx.numbers.next(OURS), short=short), int)


@dataclass
class StillClock:
    at_ms: int = NOW

    def now_ms(self) -> int:
        return self.at_ms


async def test_time_is_the_given_clocks(migrated_url: str) -> None:
    clock = StillClock()
    store = open_store(migrated_url, clock=clock)
    try:
        assert await store.now_ms() == NOW
        clock.at_ms += 5_000
        assert await store.now_ms() == NOW + 5_000
    finally:
        await store.close()


async def test_time_is_about_this_machines_when_the_database_is_here(store: Store) -> None:
    apart = abs(await store.now_ms() - time.time() * 1000)
    assert apart < 60_000


# --- PostgreSQL alone ---


@pytest.fixture
async def postgres(migrated_url: str, engine: str) -> PostgresStore:
    assert engine == "postgresql"
    return PostgresStore(migrated_url)


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_deadlock_runs_the_transaction_again(postgres: PostgresStore) -> None:
    await postgres.write(add_workspaces)
    await postgres.write(lambda tx: (tx.usage.add(OURS, "a", "k"), tx.usage.add(OURS, "b", "k")))
    runs: list[str] = []
    both = threading.Barrier(2)

    def two(tx: Tx, first: str, second: str) -> None:
        runs.append(first)
        tx.usage.add(OURS, first, "k")
        if runs.count(first) == 1:
            both.wait(30)  # each holds its first row
        tx.usage.add(OURS, second, "k")

    try:
        await asyncio.gather(postgres.write(lambda tx: two(tx, "a", "b")), postgres.write(lambda tx: two(tx, "b", "a")))
        assert len(runs) >= 3, "who gave way may take the row first again, and give way again"
        assert await postgres.read(lambda tx: tx.usage.count(OURS, "a")) == {"k": 3}
        assert await postgres.read(lambda tx: tx.usage.count(OURS, "b")) == {"k": 3}
    finally:
        await postgres.close()


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_connections_that_were_cut_are_made_anew(postgres: PostgresStore, migrated_url: str) -> None:
    try:
        before = await asyncio.gather(*(postgres.write(lambda tx: tx.numbers.current(OURS)) for _ in range(40)))
        assert set(before) == {0}
        with psycopg.connect(migrated_url, autocommit=True) as other:
            other.execute(END_CONNECTIONS)
        after = await asyncio.gather(*(postgres.read(lambda tx: tx.numbers.current(OURS)) for _ in range(40)))
        assert set(after) == {0}
    finally:
        await postgres.close()


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_connection_lost_before_commit_runs_the_transaction_again(postgres: PostgresStore, migrated_url: str) -> None:
    await postgres.write(add_workspaces)
    runs: list[int] = []

    def cut_once(tx: Tx) -> int:
        runs.append(1)
        number = tx.numbers.next(OURS)
        if len(runs) == 1:
            with psycopg.connect(migrated_url, autocommit=True) as other:
                other.execute(END_CONNECTIONS + " AND state = 'idle in transaction'")
        assert tx.numbers.current(OURS) == number
        return number

    try:
        assert await postgres.write(cut_once) == 1
        assert len(runs) == 2
    finally:
        await postgres.close()


def test_urls_name_their_engine() -> None:
    assert sqlite_path("sqlite:///data/billfold.sqlite") == Path("data/billfold.sqlite")
    assert sqlite_path("sqlite:////var/lib/billfold.sqlite") == Path("/var/lib/billfold.sqlite")
    assert sqlite_path("postgresql://me@host/db") is None
