"""Changes that nobody awaits go to PostgreSQL with what is asked next, or with COMMIT: they are seen in their order, and what
befalls them there is told as if each had been awaited."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from billfold.domain.errors import Conflict
from billfold.domain.events import Event, EventKind
from billfold.ports import Store, Tx
from billfold.storage.postgres import CommitUnknown, PostgresStore
from storage.material import END_CONNECTIONS, NOW, OURS, a_pass, add_workspaces, pass_id
from storage.relay import Relay

pytestmark = pytest.mark.parametrize("engine", ["postgresql"])


class Mistake(Exception):
    pass


def event(nth: int, text: str = "") -> Event:
    return Event(f"{nth:036}", OURS, NOW + nth, EventKind.BALANCE_CHANGED, pass_id(1), cause="test", data={"text": text})


async def told(store: Store) -> list[str]:
    return [one.id for one in await store.read(lambda tx: tx.events.list(OURS, None, 1_000))]


def once(runs: list[int], trouble: Callable[[Tx], None]) -> Callable[[Tx], None]:
    """Tells of two events, with the trouble between them at its first run only."""

    def work(tx: Tx) -> None:
        runs.append(1)
        tx.numbers.next(OURS)
        tx.events.append(event(1))
        if len(runs) == 1:
            trouble(tx)
        tx.events.append(event(2))

    return work


async def test_what_was_told_is_there_for_what_is_asked_next(store: Store) -> None:
    def work(tx: Tx) -> tuple[str, str, int]:
        tx.passes.add(a_pass(1), "key")
        tx.passes.replace(replace(a_pass(1), fingerprint="second"))
        found = tx.passes.find(OURS, pass_id(1))
        tx.passes.replace(replace(a_pass(1), fingerprint="third"))
        tx.events.append_all([event(1)])  # by the driver's cursor, which must come after it
        again = tx.passes.find_locked(OURS, pass_id(1))
        assert found
        assert again
        return found.fingerprint, again.fingerprint, len(tx.events.list(OURS, None, 10))

    assert await store.write(work) == ("second", "third", 1)
    assert await told(store) == [event(1).id]


async def test_what_is_larger_than_the_networks_buffers_goes_out_all_the_same(store: Store) -> None:
    def work(tx: Tx) -> None:
        for nth in range(60):
            tx.events.append(event(nth, "x" * 100_000))

    await store.write(work)
    assert len(await told(store)) == 60


async def test_a_transaction_that_fails_here_leaves_nothing_and_a_connection_that_works(migrated_url: str) -> None:
    store = PostgresStore(migrated_url, threads=1)
    await store.write(add_workspaces)

    def mistaken(tx: Tx) -> None:
        tx.events.append(event(1))
        raise Mistake

    for _ in range(2):
        with pytest.raises(Mistake):
            await store.write(mistaken)
        await store.write(lambda tx: None)
    assert await told(store) == []
    await store.close()


async def test_what_cannot_be_stored_is_a_conflict_though_nobody_awaited_it(store: Store) -> None:
    await store.write(lambda tx: tx.events.append(event(1)))

    def taken(tx: Tx) -> None:
        tx.events.append(event(2))
        tx.events.append(event(1))
        tx.events.append(event(3))

    with pytest.raises(Conflict):
        await store.write(taken)
    assert await told(store) == [event(1).id]


async def test_a_key_that_another_has_taken_is_tried_again_and_then_a_conflict(store: Store, migrated_url: str) -> None:
    def another(_: Tx) -> None:
        with psycopg.connect(migrated_url, autocommit=True) as other:
            row = (OURS.workspace, OURS.environment.value, event(2).id)
            other.execute(
                "INSERT INTO event (workspace, environment, id, at_ms, kind, subject, wallet, cause, data)"
                " VALUES (%s, %s, %s, 1, 'card.scanned', '', '', '', '{}')",
                row,
            )

    runs: list[int] = []
    with pytest.raises(Conflict):
        await store.write(once(runs, another))
    assert len(runs) == 5
    assert await store.read(lambda tx: tx.numbers.current(OURS)) == 0


async def test_a_session_that_the_server_ended_before_commit_is_run_again(store: Store, migrated_url: str) -> None:
    def ended(_: Tx) -> None:
        with psycopg.connect(migrated_url, autocommit=True) as other:
            other.execute(END_CONNECTIONS + " AND state = 'idle in transaction'")

    runs: list[int] = []
    await store.write(once(runs, ended))
    assert len(runs) == 2
    assert await told(store) == [event(1).id, event(2).id]


async def test_a_network_that_fails_before_the_last_lot_is_not_called_nothing(migrated_url: str) -> None:
    """COMMIT is in that lot: whether the server has read it, nobody here can know."""
    relay = Relay(migrated_url)
    store = PostgresStore(relay.url, threads=1)
    await store.write(add_workspaces)
    runs: list[int] = []
    with pytest.raises(CommitUnknown):
        await store.write(once(runs, lambda _: relay.cut()))
    assert len(runs) == 1
    assert await told(store) == []
    await store.write(once([1], lambda _: None))
    assert await told(store) == [event(1).id, event(2).id]
    await store.close()
    relay.close()


async def test_what_is_only_found_out_at_commit_is_no_loss(store: Store, migrated_url: str) -> None:
    """A trigger that runs at COMMIT refuses: the server says so, and that nothing was committed."""
    with psycopg.connect(migrated_url, autocommit=True) as other:
        other.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '23514'; END $$;"
            " CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            " EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(Conflict):
        await store.write(lambda tx: tx.events.append(event(1)))
    assert await told(store) == []
