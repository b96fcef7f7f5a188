"""The continuous check and the anchors; and that the checker from outside sees every way to tamper with a row."""

import asyncio
import contextlib
import dataclasses
import hashlib
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.conftest import on_sqlite
from billfold.domain import ledger
from billfold.domain.errors import Conflict
from billfold.domain.events import EventKind
from billfold.domain.ledger import AccountKey, Kind
from billfold.flows.ledger import Books, carry_out
from billfold.flows.ledger_check import CHECK_JOB, SETTLED_MS, LedgerCheck, check_job
from billfold.flows.ledger_orders import Asked
from billfold.glue import SystemEntropy
from billfold.ports import Job, Store
from billfold.storage import ledger_checker
from billfold.storage.store import sqlite_path
from clocks import FakeClock
from storage.material import NOW, OURS, a_pass
from storage.test_ledger import CARDS, execute, order, posted, thawed

SECRET = b"k" * 32
TAMPERED = 1_000


async def fill(store: Store, count: int) -> None:
    dice = random.Random(7)
    for nth in range(count):
        card, unit = dice.choice(CARDS), dice.choice(("EUR", "points"))
        kind, amount = dice.choice(((Kind.TOP_UP, 900), (Kind.CHARGE, -100), (Kind.ADJUST, 5)))
        await posted(store, order(f"op-{nth:013}", kind, (card, unit, amount)))


async def checked(store: Store, at_ms: int) -> Job:
    """The schedule's job, run to its end as a worker does."""
    clock = FakeClock(at_ms)
    store._clock = clock  # type: ignore[attr-defined]
    checking = LedgerCheck(store, SystemEntropy().event_id, lambda scope: SECRET)
    job = dataclasses.replace(check_job(OURS, at_ms), state="running")
    for _ in range(100):
        step = await checking.visit(job)
        job = await store.write(lambda tx: step(tx, job, clock.now_ms()))  # noqa: B023 (awaited here)
        if job.state == "waiting":
            return job
    raise AssertionError("the check does not come to an end")


async def verified(url: str) -> list[tuple[str, str, str]]:
    return (await asyncio.to_thread(ledger_checker.verify, url, lambda count: None, lambda workspace, environment: SECRET)).drifts


async def test_good_books_are_anchored_and_nobody_is_frozen(store: Store, migrated_url: str) -> None:
    await fill(store, 150)
    for day in range(1, 4):
        await checked(store, NOW + day * 86_400_000)
        later = order(f"day-{day:013}", Kind.EARN, (CARDS[0], "points", 5))
        await posted(store, dataclasses.replace(later, at_ms=NOW + day * 86_400_000))
    events = await store.read(lambda tx: tx.events.list(OURS, None, 100))
    anchored = [one.data for one in events if one.kind is EventKind.LEDGER_ANCHORED]
    assert len({one["root"] for one in anchored}) == len(anchored) == 3
    assert await store.read(lambda tx: tx.audit.count_frozen()) == 0
    assert await verified(migrated_url) == []


async def test_a_chain_that_was_rewritten_with_hashes_that_fit_is_found_by_its_anchor(store: Store, migrated_url: str) -> None:
    await posted(store, order("op-0000000000001", Kind.TOP_UP, (CARDS[0], "EUR", 2500)))
    await checked(store, NOW + SETTLED_MS + 1)
    assert await verified(migrated_url) == []
    forged, state = ledger.decide(
        dataclasses.replace(order("op-0000000000001", Kind.TOP_UP, (CARDS[0], "EUR", 9900))),
        {key: ledger.Account(key, floor=None) for key in ledger.touched(order("x", Kind.TOP_UP, (CARDS[0], "EUR", 1)))},
    )
    changes = []
    for one in forged.postings:
        where = f"owner = '{one.key.owner}' AND unit = 'EUR'"
        link = f"x'{one.hash.hex()}'" if sqlite_path(migrated_url) else f"'\\x{one.hash.hex()}'::bytea"
        both = f"balance = {one.balance}, hash = {link}"
        changes.append(f"UPDATE ledger_posting SET amount = {one.amount}, {both} WHERE {where}")
        changes.append(f"UPDATE ledger_account SET {both} WHERE {where}")
    thawed(migrated_url, *changes)
    assert [one[0] for one in await verified(migrated_url)] == ["I10"]  # but for the anchor it would pass
    assert len(state) == 2


async def test_an_account_that_does_not_add_up_is_frozen(store: Store, migrated_url: str) -> None:
    clock = FakeClock(NOW)
    await store.write(lambda tx: tx.passes.add(a_pass(1), "key"))
    await store.write(lambda tx: tx.passes.add(a_pass(2), "key"))
    books = Books(clock, SystemEntropy())

    async def earn(nth: int, card: str) -> object:
        asked = Asked(f"earn-{nth:012}", Kind.EARN, card, {"points": 5})
        return await store.write(lambda tx: carry_out(books, tx, OURS, asked, "key:k"))

    await earn(1, CARDS[0])
    await earn(2, CARDS[1])
    execute(migrated_url, f"UPDATE ledger_account SET balance = balance + 1 WHERE owner = '{CARDS[0]}'")
    await checked(store, NOW + 1)
    assert await store.read(lambda tx: tx.audit.count_frozen()) == 1
    with pytest.raises(Conflict) as refused:
        await earn(3, CARDS[0])
    assert refused.value.code == "account_frozen"
    assert (await earn(1, CARDS[0])).repeated  # type: ignore[attr-defined]
    if ledger.shard_of(CARDS[0]) != ledger.shard_of(CARDS[1]):
        await earn(4, CARDS[1])
    events = await store.read(lambda tx: tx.events.list(OURS, None, 100))
    assert [one.subject for one in events if one.kind is EventKind.LEDGER_DRIFTED] == [CARDS[0]]
    await checked(store, NOW + 2)  # found again, told once
    events = await store.read(lambda tx: tx.events.list(OURS, None, 100))
    assert [one.kind for one in events].count(EventKind.LEDGER_DRIFTED) == 1
    execute(migrated_url, f"UPDATE ledger_account SET balance = balance - 1 WHERE owner = '{CARDS[0]}'")
    assert await store.write(lambda tx: tx.audit.thaw(OURS, AccountKey(CARDS[0], "points")))
    await earn(5, CARDS[0])
    assert CHECK_JOB in check_job(OURS, NOW).id


async def test_an_operation_that_does_not_sum_to_zero_freezes_what_it_touches(store: Store, migrated_url: str) -> None:
    await posted(store, order("op-0000000000001", Kind.EARN, (CARDS[0], "points", 7)))
    await posted(store, order("op-0000000000002", Kind.EARN, (CARDS[1], "points", 7)))
    change = "SET amount = amount + 1, balance = balance + 1"
    whose = f"WHERE owner = '{CARDS[0]}'"
    thawed(migrated_url, f"UPDATE ledger_posting {change} {whose}", f"UPDATE ledger_account SET balance = balance + 1 {whose}")
    await checked(store, NOW + 1)
    frozen = {key.owner for _, key, _ in await store.read(lambda tx: tx.audit.frozen())}
    assert CARDS[0] in frozen
    assert CARDS[1] not in frozen


TOUCHED = (
    "UPDATE ledger_operation SET description = 'another' WHERE id = 'op-0000000000002'",
    "UPDATE ledger_posting SET at_ms = at_ms + 1 WHERE operation = 'op-0000000000002'",
)


@pytest.mark.parametrize("change", TOUCHED, ids=["operation", "posting"])
async def test_what_was_changed_since_the_last_anchor_is_found_by_its_hash(change, store: Store, migrated_url: str) -> None:
    """Nothing else is wrong: it all adds up, and each posting names the hash before it."""
    for nth in (1, 2):
        await posted(store, order(f"op-000000000000{nth}", Kind.EARN, (CARDS[nth - 1], "points", 7)))
    thawed(migrated_url, change)
    await checked(store, NOW + SETTLED_MS + 1)
    frozen = {key.owner: why for _, key, why in await store.read(lambda tx: tx.audit.frozen())}
    assert frozen[CARDS[1]] == "I10: #1 was changed after it was written"
    assert CARDS[0] not in frozen
    events = await store.read(lambda tx: tx.events.list(OURS, None, 100))
    assert CARDS[1] in [one.subject for one in events if one.kind is EventKind.LEDGER_DRIFTED]


async def test_hashes_are_computed_again_once_and_later_by_the_checker_from_outside(store: Store, migrated_url: str) -> None:
    await posted(store, order("op-0000000000002", Kind.EARN, (CARDS[0], "points", 7)))
    await checked(store, NOW + SETTLED_MS + 1)
    thawed(migrated_url, TOUCHED[0])
    await checked(store, NOW + 2 * SETTLED_MS)
    assert await store.read(lambda tx: tx.audit.count_frozen()) == 0
    assert {one[0] for one in await verified(migrated_url)} == {"I10"}


# --- every way to tamper ----------------------------------------------------------------------------------------------------------


def tampering(dice: random.Random, rows: list[tuple[str, str, int]], operations: list[str]) -> list[str]:
    owner, unit, sequence = dice.choice(rows)
    one = f"owner = '{owner}' AND unit = '{unit}' AND sequence = {sequence}"
    others = [row[2] for row in rows if row[:2] == (owner, unit) and row[2] != sequence] or [99_999]
    whose, other = f"owner = '{owner}' AND unit = '{unit}' AND sequence", dice.choice(others)
    amount = dice.choice((-1, 1)) * dice.randint(1, 10**6)
    link = hashlib.sha256(dice.randbytes(8)).hexdigest()
    columns = "workspace, environment, owner, unit, {}, amount, balance, operation, kind, at_ms, before, hash"
    copied = f"SELECT {columns.format('sequence + 1000')} FROM ledger_posting WHERE {one}"
    return dice.choice(
        [
            [f"UPDATE ledger_posting SET balance = balance + {amount} WHERE {one}"],
            [f"UPDATE ledger_posting SET amount = amount + {amount} WHERE {one}"],
            [f"UPDATE ledger_posting SET hash = x'{link}' WHERE {one}"],
            [f"DELETE FROM ledger_posting WHERE {one}"],
            [
                f"UPDATE ledger_posting SET sequence = -1 WHERE {one}",
                f"UPDATE ledger_posting SET sequence = {sequence} WHERE {whose} = {other}",
                f"UPDATE ledger_posting SET sequence = {other} WHERE {whose} = -1",
            ],
            [f"INSERT INTO ledger_posting ({columns.format('sequence')}) {copied}"],
            [f"UPDATE ledger_account SET balance = balance + {amount} WHERE owner = '{owner}' AND unit = '{unit}'"],
            [f"UPDATE ledger_operation SET actor = 'key:other' WHERE id = '{dice.choice(operations)}'"],
            [f"UPDATE ledger_operation SET description = 'tampered' WHERE id = '{dice.choice(operations)}'"],
        ]
    )


@contextlib.contextmanager
def in_memory() -> Iterator[Path]:
    """A folder that lives in memory, where there is one: a thousand copies are made."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@on_sqlite
async def test_a_thousand_ways_to_tamper_with_a_row_are_found(store: Store, migrated_url: str) -> None:
    """Each alone in a copy of good books. On one engine: the checker's rules are the same, FAULTS of test_ledger.py tries both."""
    await fill(store, 25)
    await store.close()
    path = sqlite_path(migrated_url)
    assert path is not None
    dice = random.Random(4)
    with in_memory() as folder:
        good = folder / "good.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as source:
            source.execute("VACUUM INTO ?", (str(good),))
        with contextlib.closing(sqlite3.connect(good)) as books:
            rows = books.execute("SELECT owner, unit, sequence FROM ledger_posting").fetchall()
            operations = [row[0] for row in books.execute("SELECT DISTINCT operation FROM ledger_posting").fetchall()]
            books.execute("PRAGMA journal_mode=DELETE")
            for table in ("posting", "operation"):
                for verb in ("update", "delete"):
                    books.execute(f"DROP TRIGGER ledger_{table}_no_{verb}")
            books.commit()
        assert ledger_checker.verify(f"sqlite:///{good}").good
        missed = []
        for nth in range(TAMPERED):
            copy = folder / "tampered.sqlite"
            shutil.copy(good, copy)
            statements = tampering(dice, rows, operations)
            with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as books:
                books.execute("PRAGMA synchronous=OFF")
                before = books.total_changes
                for statement in statements:
                    books.execute(statement)
                assert books.total_changes > before
            if ledger_checker.verify(f"sqlite:///{copy}").good:
                missed.append((nth, statements))
        assert missed == []
