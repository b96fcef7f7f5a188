"""Whatever befalls a connection to PostgreSQL, a transaction is run again or is an Unavailable: never anything that callers would
see as a fault of ours. Each case is brought about on a real server."""

import asyncio
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import text

from billfold.domain.errors import Unavailable
from billfold.domain.events import Event, EventKind
from billfold.ports import Tx
from billfold.storage.postgres import CommitUnknown, PostgresStore
from billfold.storage.statements import Statement
from billfold.storage.transaction import Transaction
from storage.material import END_CONNECTIONS, NOW, OURS, add_workspaces
from storage.relay import Relay

pytestmark = pytest.mark.parametrize("engine", ["postgresql"])


@pytest.fixture
def relay(migrated_url: str) -> Iterator[Relay]:
    made = Relay(migrated_url)
    yield made
    made.close()


@pytest.fixture
async def store(relay: Relay) -> PostgresStore:
    opened = PostgresStore(relay.url, threads=4)
    await opened.write(add_workspaces)
    return opened


def run(tx: Tx, words: str) -> None:
    assert isinstance(tx, Transaction)
    tx.session.run(Statement(text(words)))


def counting(runs: list[int], trouble: Callable[[Tx], None]) -> Callable[[Tx], int]:
    """Meets the trouble at its first run only."""

    def work(tx: Tx) -> int:
        runs.append(1)
        tx.usage.add(OURS, "2026-11", "before")
        if len(runs) == 1:
            trouble(tx)
        return tx.usage.add(OURS, "2026-11", "after")

    return work


def idle_too_long(tx: Tx) -> None:
    run(tx, "SET LOCAL idle_in_transaction_session_timeout = '20ms'")
    time.sleep(0.3)


async def test_what_is_lost_before_commit_is_run_again_and_done_once(
    store: PostgresStore, relay: Relay, migrated_url: str, subtests: pytest.Subtests
) -> None:
    def terminated(_: Tx) -> None:
        with psycopg.connect(migrated_url, autocommit=True) as other:
            other.execute(END_CONNECTIONS)

    troubles: dict[str, Callable[[Tx], None]] = {
        "network reset": lambda _: relay.cut(),
        "ended by an administrator": terminated,
        "idle in its transaction for too long": idle_too_long,
        "a serialisation failure": lambda tx: run(tx, "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"),
        "a deadlock": lambda tx: run(tx, "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"),
        "a plan that is no longer valid": lambda tx: run(tx, "DO $$ BEGIN RAISE SQLSTATE '0A000'; END $$"),
        "a statement that the server has forgotten": lambda tx: run(tx, "DO $$ BEGIN RAISE SQLSTATE '26000'; END $$"),
        "an error without a known code": lambda tx: (relay.cut(), run(tx, "SELECT 1"))[1],
    }
    for nth, (name, trouble) in enumerate(troubles.items(), start=1):
        with subtests.test(name):
            runs: list[int] = []
            assert await store.write(counting(runs, trouble)) == nth
            assert len(runs) == 2
            assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {"before": nth, "after": nth}
    await store.close()


async def test_what_takes_too_long_is_unavailable_and_undone(store: PostgresStore, subtests: pytest.Subtests) -> None:
    def locked_out(tx: Tx) -> None:
        run(tx, "SET LOCAL lock_timeout = '20ms'")
        run(tx, "DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$")

    def slow(tx: Tx) -> None:
        run(tx, "SET LOCAL statement_timeout = '20ms'")
        run(tx, "SELECT pg_sleep(5)")

    def standby(tx: Tx) -> None:
        run(tx, "SET TRANSACTION READ ONLY")

    for name, trouble in {"a lock": locked_out, "a statement": slow, "a server that takes no writes": standby}.items():
        with subtests.test(name):

            def always(tx: Tx, trouble: Callable[[Tx], None] = trouble) -> None:
                tx.usage.add(OURS, "2026-11", "before")
                trouble(tx)
                tx.usage.add(OURS, "2026-11", "after")

            with pytest.raises(Unavailable):
                await store.write(always)
            assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {}
    await store.close()


async def test_a_server_that_is_away_is_unavailable_until_it_is_back(store: PostgresStore, relay: Relay) -> None:
    relay.refuse()
    for ask in (store.write, store.read):
        with pytest.raises(Unavailable):
            await ask(lambda tx: tx.numbers.current(OURS))
    relay.accept()
    assert sorted(await asyncio.gather(*(store.write(lambda tx: tx.numbers.next(OURS)) for _ in range(8)))) == list(range(1, 9))
    await store.close()


async def test_a_connection_lost_in_commit_is_said_to_be_unknown(store: PostgresStore, relay: Relay) -> None:
    """A trigger that runs at COMMIT waits; meanwhile the network fails. Nobody can know; the caller is told so."""
    install = (
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON usage DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
    )
    for words in install:
        await store.write(lambda tx, words=words: run(tx, words))  # type: ignore[misc]
    writing = asyncio.create_task(store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued")))
    await asyncio.sleep(0.25)
    relay.cut()
    with pytest.raises(CommitUnknown):
        await writing
    await store.close()


async def test_tables_that_change_while_we_run_are_no_fault_of_the_caller(store: PostgresStore) -> None:
    """ "cached plan must not change result type": what the server says to a prepared statement after a migration."""
    for _ in range(4):
        await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued"))
        await store.read(lambda tx: tx.usage.count(OURS, "2026-11"))
    await store.write(lambda tx: run(tx, "ALTER TABLE usage ALTER COLUMN count TYPE integer"))
    assert await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued")) == 5
    assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {"issued": 5}
    await store.close()


async def test_an_undone_transaction_leaves_a_connection_what_it_has_prepared(migrated_url: str) -> None:
    """Changes in bulk go through the driver's cursor: once that has prepared some, a ROLLBACK by it would deallocate all."""
    runs: list[int] = []

    def work(tx: Tx) -> int:
        runs.append(1)
        return tx.usage.add(OURS, "2026-11", "issued")

    store = PostgresStore(migrated_url, threads=1)
    await store.write(add_workspaces)
    await store.write(work)
    for nth in range(3):
        made = Event(f"event-{nth}", OURS, NOW, EventKind.PASS_FETCHED, "pass")
        await store.write(lambda tx, made=made: tx.events.append_all([made]))  # type: ignore[misc]
    await store.read(lambda tx: tx.usage.count(OURS, "2026-11"))
    assert await store.write(work) == 2
    assert len(runs) == 2
    await store.close()


async def test_a_loss_after_keys_were_taken_is_no_reason_to_give_up(store: PostgresStore, relay: Relay) -> None:
    """Losses are counted by themselves: two runs that met another's key leave the third its second chance."""
    runs: list[int] = []

    def work(tx: Tx) -> int:
        runs.append(1)
        tx.usage.add(OURS, "2026-11", "issued")
        if len(runs) <= 2:
            run(tx, "DO $$ BEGIN RAISE SQLSTATE '23505'; END $$")
        if len(runs) == 3:
            relay.cut()
        return tx.usage.add(OURS, "2026-11", "issued")

    assert await store.write(work) == 2
    assert len(runs) == 4
    await store.close()


async def test_the_log_says_why_the_database_was_unavailable(store: PostgresStore, caplog: pytest.LogCaptureFixture) -> None:
    def locked_out(tx: Tx) -> None:
        run(tx, "DO $$ BEGIN RAISE SQLSTATE '55P03' USING MESSAGE = 'a stored value'; END $$")
        tx.usage.count(OURS, "2026-11")

    with pytest.raises(Unavailable):
        await store.write(locked_out)
    assert caplog.messages == ["storage.unavailable the database is too busy: LockNotAvailable 55P03, try 1"]
    await store.close()
