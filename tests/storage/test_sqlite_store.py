"""What the store on SQLite promises by itself: its file, its writer, other processes beside it."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from billfold.domain.errors import Unavailable
from billfold.ports import SavedAnswer, Tx
from billfold.storage import migrate
from billfold.storage.refusals import StoreRefused
from billfold.storage.sqlite import EARLY, SqliteStore
from storage.material import NOW, OURS, add_workspaces


@pytest.fixture
async def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "billfold.sqlite"
    migrate.upgrade(f"sqlite:///{path}")
    return path


async def test_a_second_serving_process_is_refused_with_what_to_do(sqlite_file: Path) -> None:
    first = SqliteStore(sqlite_file)
    try:
        code = (
            "import sys; from pathlib import Path; from billfold.storage.sqlite import SqliteStore\n"
            "try: SqliteStore(Path(sys.argv[1]))\nexcept Exception as problem: print(type(problem).__name__, problem)"
        )
        command = [sys.executable, "-c", code, str(sqlite_file)]
        answer = (await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)).stdout
        assert answer.startswith("StoreRefused another Billfold serves from")
        assert "stop it first" in answer
        with pytest.raises(StoreRefused):
            SqliteStore(sqlite_file)
    finally:
        await first.close()
    again = SqliteStore(sqlite_file)
    await again.close()


async def test_commands_write_beside_a_serving_process(sqlite_file: Path) -> None:
    server, command = SqliteStore(sqlite_file), SqliteStore(sqlite_file, exclusive=False)
    try:
        await command.write(add_workspaces)
        numbers = await asyncio.gather(
            *((server if n % 2 else command).write(lambda tx: tx.numbers.next(OURS)) for n in range(200))
        )
        assert sorted(numbers) == list(range(1, 201))
    finally:
        await command.close()
        await server.close()


async def test_what_another_process_commits_is_recalled_at_once(sqlite_file: Path) -> None:
    server, command = SqliteStore(sqlite_file), SqliteStore(sqlite_file, exclusive=False)
    asked: list[Tx] = []

    def look(tx: Tx) -> int:
        asked.append(tx)
        return sum(tx.usage.count(OURS, "2026-11").values())

    try:
        await command.write(add_workspaces)
        for n in range(5):
            await command.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued"))
            assert [await server.recall("used", look) for _ in range(3)] == [n + 1] * 3
        assert len(asked) == 5
    finally:
        await command.close()
        await server.close()


async def test_the_file_is_set_to_keep_what_was_answered(sqlite_file: Path) -> None:
    store = SqliteStore(sqlite_file)
    try:
        connection = store._connection
        settings = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout", "wal_autocheckpoint")
        }
    finally:
        await store.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "busy_timeout": 5000,
        "wal_autocheckpoint": 0,
    }


async def test_the_log_does_not_grow_without_end(sqlite_file: Path) -> None:
    store = SqliteStore(sqlite_file)
    try:
        await store.write(add_workspaces)
        log = sqlite_file.with_name(sqlite_file.name + "-wal")
        for _ in range(4):
            for _ in range(10):
                await asyncio.gather(*(store.write(lambda tx: tx.numbers.next(OURS)) for _ in range(200)))
            for n in range(520):
                await store.write(lambda tx, n=n: tx.usage.add(OURS, f"{n}", "k"))  # type: ignore[misc]
        assert log.stat().st_size < 16 * 2**20
    finally:
        await store.close()


@pytest.mark.parametrize("short", [False, True])
async def test_a_full_disk_fails_the_group_and_the_next_one_works(sqlite_file: Path, short: bool) -> None:
    store = SqliteStore(sqlite_file)
    try:
        await store.write(add_workspaces)
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count={pages + 2}")  # SQLite's own "database or disk is full"
        big = SavedAnswer("print", 200, bytes(100_000), NOW)
        with pytest.raises(Unavailable):
            await store.write(lambda tx: tx.idempotency.add(OURS, "big", big), short=short)
        assert await store.write(lambda tx: tx.numbers.next(OURS), short=short) == 1
        await store.write(lambda tx: tx.idempotency.add(OURS, "big", big))
        found = await store.read(lambda tx: tx.idempotency.find(OURS, "big"))
        assert found == big
    finally:
        await store.close()


async def test_while_another_process_writes_a_short_transaction_waits_and_the_loop_does_not(sqlite_file: Path) -> None:
    store = SqliteStore(sqlite_file)
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    try:
        await store.write(add_workspaces)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(store.write(lambda tx: tx.numbers.next(OURS), short=True))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not waiting.done()
        assert await store.read(lambda tx: tx.numbers.current(OURS)) == 0
        other.execute("ROLLBACK")
        assert await waiting == 1
        assert store._connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    finally:
        other.close()
        await store.close()


async def test_a_short_transaction_is_seen_by_nobody_before_it_is_on_the_disk(sqlite_file: Path) -> None:
    """Its statements run in the loop, its COMMIT in the thread: what was answered is there for any other connection."""
    store = SqliteStore(sqlite_file)
    try:
        await store.write(add_workspaces)
        for n in range(1, 40):
            assert await store.write(lambda tx: tx.numbers.next(OURS), short=True) == n
            plain = sqlite3.connect(sqlite_file)
            assert plain.execute("SELECT max(value) FROM counter").fetchone() == (n,)
            plain.close()
            assert not store._connection.in_transaction
    finally:
        await store.close()


async def test_a_group_that_is_large_enough_begins_before_the_loop_has_done_its_turn(sqlite_file: Path) -> None:
    store = SqliteStore(sqlite_file)
    begun: list[int] = []

    def work(n: int) -> asyncio.Task[None]:
        return asyncio.ensure_future(store.write(lambda tx: begun.append(n), short=True))

    try:
        tasks = [work(n) for n in range(EARLY + 3)]
        seen: list[int] = []
        asyncio.get_running_loop().call_soon(
            lambda: seen.append(len(begun))
        )  # after the tasks' first steps, before what they asked for
        await asyncio.gather(*tasks)
        assert seen == [EARLY]
        assert begun == list(range(EARLY + 3))
    finally:
        await store.close()


async def test_a_store_outlives_the_event_loop_that_used_it(sqlite_file: Path) -> None:
    store = await asyncio.to_thread(asyncio.run, _opened_elsewhere(sqlite_file))
    try:
        async with asyncio.timeout(60):
            assert await store.write(lambda tx: tx.numbers.next(OURS), short=True) >= 1
            assert await store.write(lambda tx: tx.numbers.next(OURS)) >= 2
    finally:
        await store.close()


async def _opened_elsewhere(path: Path) -> SqliteStore:
    """A store with writes under way in a loop that ends."""
    store = SqliteStore(path)
    await store.write(add_workspaces)
    late = [asyncio.ensure_future(store.write(lambda tx: tx.numbers.next(OURS), short=n % 2 > 0)) for n in range(8)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in late)
    return store


async def test_a_locked_file_is_unavailable_not_an_internal_error(sqlite_file: Path) -> None:
    store = SqliteStore(sqlite_file)
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    try:
        store._connection.execute("PRAGMA busy_timeout=50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await store.write(lambda tx: tx.numbers.next(OURS))
        other.execute("ROLLBACK")
    finally:
        other.close()
        await store.close()
