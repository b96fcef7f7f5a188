"""What a transaction asks ahead is sent with its next question, and found when it is asked: never older than what the transaction
has changed itself, and never what a change does not do then."""

from dataclasses import replace

import psycopg
import pytest

from billfold.domain.keys import SCOPES, Actor
from billfold.domain.ledger import AccountKey, Kind
from billfold.flows.ledger import Asked, Books, post_in
from billfold.glue import SystemEntropy
from billfold.ports import Store, Tx
from billfold.storage import ledger_checker
from billfold.storage.wire import Wire
from clocks import FakeClock
from storage.material import NOW, OURS, a_pass, pass_id, register

pytestmark = pytest.mark.parametrize("engine", ["postgresql"])
ACTOR = Actor(OURS, "key:k", frozenset(SCOPES))


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements went at once, of each way to the database and back."""
    counted: list[int] = []
    answers = Wire.answers

    def counting(wire: Wire, lot: object) -> object:
        counted.append(len(lot))  # type: ignore[arg-type]
        return answers(wire, lot)  # type: ignore[arg-type]

    monkeypatch.setattr(Wire, "answers", counting)
    return counted


def earning(id_: str, nth: int = 1) -> Asked:
    return Asked(id_, Kind.EARN, pass_id(nth), {"points": 5})


async def test_what_is_asked_ahead_is_found_as_it_was_then(store: Store, ways: list[int]) -> None:
    def work(tx: Tx) -> tuple[int, str]:
        tx.ahead.operation(OURS, "op-0000000000001", [pass_id(1)], [AccountKey(pass_id(1), "EUR")])
        found = tx.passes.find_locked(OURS, pass_id(1))
        before = len(ways)
        tx.ledger.lock(OURS, [AccountKey(pass_id(1), "EUR")])
        assert found
        return len(ways) - before, found.fingerprint

    await store.write(lambda tx: tx.passes.add(replace(a_pass(1), fingerprint="first"), "key"))
    assert await store.write(work) == (0, "first")


async def test_what_was_changed_since_is_asked_again(store: Store) -> None:
    def work(tx: Tx) -> list[str]:
        tx.ahead.operation(OURS, "op-0000000000001", [pass_id(1)], [AccountKey(pass_id(1), "EUR")])
        tx.passes.find(OURS, pass_id(1))
        tx.passes.replace(replace(a_pass(1), fingerprint="second"))
        again = [tx.passes.find_locked(OURS, pass_id(1)) for _ in range(2)]
        return [one.fingerprint for one in again if one]

    await store.write(lambda tx: tx.passes.add(replace(a_pass(1), fingerprint="first"), "key"))
    assert await store.write(work) == ["second", "second"]


async def test_an_operation_goes_to_the_database_twice(store: Store, ways: list[int], migrated_url: str) -> None:
    """To lock and read all, and with all changes and COMMIT."""
    books = Books(FakeClock(NOW), SystemEntropy())
    await store.write(lambda tx: tx.passes.add(a_pass(1), "key"))
    await store.write(lambda tx: post_in(books, tx, ACTOR, earning("op-0000000000001")))
    ways.clear()
    await store.write(lambda tx: post_in(books, tx, ACTOR, earning("op-0000000000002")))
    assert len(ways) == 2
    assert ledger_checker.verify(migrated_url).good


async def test_an_id_that_another_takes_meanwhile_is_found_at_the_second_run(store: Store, migrated_url: str) -> None:
    """On another pass, so that no lock keeps them apart."""
    books, runs = Books(FakeClock(NOW), SystemEntropy()), list[int]()
    scope = (OURS.workspace, OURS.environment.value)

    def work(tx: Tx) -> tuple[bool, bool]:
        runs.append(1)
        answered = post_in(books, tx, ACTOR, replace(earning("op-0000000000001"), any_body=True))
        if len(runs) == 1:
            with psycopg.connect(migrated_url, autocommit=True) as other:
                other.execute(
                    "INSERT INTO ledger_operation (workspace, environment, id, kind, fingerprint, declined, actor, description,"
                    " reference, at_ms, occurred_at_ms) VALUES (%s, %s, 'op-0000000000001', 'earn', 'f', '', 'a', '', '', 1, 1)",
                    scope,
                )
        return answered.repeated, answered.mismatched

    await store.write(lambda tx: tx.passes.add(a_pass(1), "key"))
    assert await store.write(work) == (True, True)
    assert len(runs) == 2
    assert await store.read(lambda tx: tx.ledger.accounts(OURS, pass_id(1))) == []


async def test_who_holds_the_pass_is_told_of_without_another_way(store: Store, ways: list[int]) -> None:
    """A device, and a Google object of a holder and of nobody."""

    def work(tx: Tx) -> int:
        tx.ahead.operation(OURS, "op-0000000000001", [pass_id(1)], [AccountKey(pass_id(1), "EUR")])
        found = tx.passes.find_locked(OURS, pass_id(1))
        assert found
        before = len(ways)
        tx.passes.renew(found)
        told = tx.deliveries.want_taken(OURS, found.id, NOW, 0)
        assert len(ways) == before
        return told

    def hold(tx: Tx) -> None:
        tx.passes.add(a_pass(1), "key")
        register(tx, a_pass(1), "d1")
        tx.deliveries.want_object(OURS, pass_id(1), 1, NOW, 0)

    await store.write(hold)
    assert await store.write(work) == 1
    number = await store.read(lambda tx: tx.numbers.current(OURS))
    kept = await store.read(lambda tx: tx.passes.find(OURS, pass_id(1)))
    assert kept
    assert kept.number == number
