"""Whoever reads the stream of events from one cursor to the next misses nothing, however slowly some of it is written."""

import asyncio
import threading

from billfold.domain.events import Event, EventKind
from billfold.ports import Store, Tx
from billfold.storage.store import sqlite_path
from storage.material import NOW, OURS


def event(name: str, at_ms: int) -> Event:
    return Event(name, OURS, at_ms, EventKind.PASS_FETCHED, "pass-1")


async def following(store: Store, after: str | None, subject: str | None = None) -> list[str]:
    """As flows/lists.py reads a page."""
    settled = await store.read(lambda tx: tx.events.settled(), single=True)
    return [one.id for one in await store.read(lambda tx: tx.events.list(OURS, after, 9, subject, settled))]


async def test_what_a_slow_transaction_wrote_before_is_not_overtaken(store: Store, migrated_url: str) -> None:
    appended, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        tx.events.append(event("b", NOW))
        assert tx.numbers.current(OURS) == 0  # what was told goes to the server with what is asked
        appended.set()
        assert go_on.wait(30)

    await store.write(lambda tx: tx.events.append(event("a", NOW)))
    first = asyncio.create_task(store.write(slow))
    assert await asyncio.to_thread(appended.wait, 30)
    second = asyncio.create_task(store.write(lambda tx: tx.events.append(event("c", NOW + 1))))
    if sqlite_path(migrated_url) is None:
        await second  # on SQLite it waits for its turn
    meanwhile = [await following(store, None), await following(store, "a", "pass-1")]
    go_on.set()
    await asyncio.gather(first, second)
    assert meanwhile == [["a"], []]
    assert [await following(store, "a"), await following(store, "a", "pass-1")] == [["b", "c"], ["b", "c"]]


async def test_an_id_that_was_made_long_before_stands_where_it_was_written(store: Store) -> None:
    for name in ("b", "c", "a"):
        await store.write(lambda tx, name=name: tx.events.append(event(name, NOW)))  # type: ignore[misc]
    assert await following(store, "c") == ["a"]
    assert await following(store, "bb") == ["c", "a"], "a cursor that a restored backup knows nothing of"
    await store.write(lambda tx: tx.events.append_all([event("0", NOW), event("00", NOW)]))
    assert await following(store, "a") == ["0", "00"]


async def test_events_of_before_places_come_first_by_their_ids(store: Store, migrated_url: str) -> None:
    old = (
        "INSERT INTO event (workspace, environment, id, at_ms, kind, subject, wallet, cause, data, place) SELECT workspace,"
        " environment, 'z' || id, at_ms, kind, subject, wallet, cause, data, 0 FROM event"
    )
    for name in ("b", "a"):
        await store.write(lambda tx, name=name: tx.events.append(event(name, NOW)))  # type: ignore[misc]
    path = sqlite_path(migrated_url)
    if path is None:
        import psycopg

        with psycopg.connect(migrated_url) as connection:
            connection.execute(old.encode())
    else:
        import sqlite3

        with sqlite3.connect(path) as plain:
            plain.execute(old)
    assert await following(store, None) == ["za", "zb", "b", "a"]
    assert await following(store, "za") == ["zb", "b", "a"]
