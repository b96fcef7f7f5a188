"""The ledger on both engines: what is decided is what the rows say, nothing is ever changed, and the checker finds every fault."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from billfold.domain import ledger
from billfold.domain.errors import Conflict
from billfold.domain.ledger import Account, AccountKey, Kind, Move, Operation, Order
from billfold.ports import Store, Tx
from billfold.storage import ledger_checker
from billfold.storage.store import open_store, sqlite_path
from storage.material import NOW, OURS, add_workspaces, pass_id

CARDS = [pass_id(nth) for nth in range(1, 4)]


def order(id_: str, kind: Kind, *moves: tuple[str, str, int], reverses: str | None = None) -> Order:
    made = tuple(Move(AccountKey(owner, unit), amount) for owner, unit, amount in moves)
    return Order(id_, kind, made, "f", "key:k", NOW, NOW, reverses)


def post(store: Store, wanted: Order) -> Callable[[], Operation]:
    def transaction(tx: Tx) -> Operation:
        if earlier := tx.ledger.find(OURS, wanted.id):
            return earlier
        accounts = tx.ledger.lock(OURS, [move.key for move in ledger.legs(wanted)])
        operation, changed = ledger.decide(wanted, accounts)
        if not tx.ledger.add(OURS, operation, changed):
            earlier = tx.ledger.find(OURS, wanted.id)
            assert earlier is not None
            return earlier
        return operation

    return transaction  # type: ignore[return-value]


async def posted(store: Store, wanted: Order) -> Operation:
    return await store.write(post(store, wanted))  # type: ignore[arg-type]


async def balance(store: Store, owner: str, unit: str) -> int:
    found: list[Account] = await store.read(lambda tx: tx.ledger.accounts(OURS, owner))
    return next((one.balance for one in found if one.key.unit == unit), 0)


@pytest.mark.requirement("S2-27")
async def test_an_operation_comes_back_as_it_was_decided(store: Store) -> None:
    made = await posted(store, order("op-0000000000001", Kind.TOP_UP, (CARDS[0], "EUR", 2500), (CARDS[0], "points", 10)))
    read = await store.read(lambda tx: tx.ledger.find(OURS, "op-0000000000001"))
    assert read is not None
    assert set(read.postings) == set(made.postings)
    assert read.balances() == {AccountKey(CARDS[0], "EUR"): 2500, AccountKey(CARDS[0], "points"): 10}
    assert sum(one.amount for one in read.postings) == 0
    await posted(store, order("op-0000000000002", Kind.CHARGE, (CARDS[0], "EUR", -550)))
    statement = await store.read(lambda tx: tx.ledger.statement(OURS, AccountKey(CARDS[0], "EUR"), 10**9, 10))
    assert [(one.posting.sequence, one.posting.amount, one.posting.balance) for one in statement] == [
        (2, -550, 1950),
        (1, 2500, 2500),
    ]


async def test_the_last_five_are_spent_once(store: Store, migrated_url: str) -> None:
    """50 charges at once of what is there for one of them."""
    await posted(store, order("top-up-000000000", Kind.TOP_UP, (CARDS[0], "EUR", 500)))
    charges = [posted(store, order(f"charge-{nth:010}", Kind.CHARGE, (CARDS[0], "EUR", -500))) for nth in range(50)]
    declined = [one.declined for one in await asyncio.gather(*charges)]
    assert sorted(declined) == [""] + ["insufficient_balance"] * 49
    assert await balance(store, CARDS[0], "EUR") == 0
    assert ledger_checker.verify(migrated_url).good


@pytest.mark.requirement("S2-34", "S2-35")
async def test_the_same_id_at_once_has_one_effect(store: Store, migrated_url: str) -> None:
    wanted = order("the-same-00000001", Kind.EARN, (CARDS[0], "points", 7))
    answers = await asyncio.gather(*(posted(store, wanted) for _ in range(20)))
    assert {tuple(sorted(one.balances().items())) for one in answers} == {((AccountKey(CARDS[0], "points"), 7),)}
    assert await balance(store, CARDS[0], "points") == 7
    assert ledger_checker.verify(migrated_url).operations == 1


async def test_an_account_that_changed_without_a_lock_is_never_written(store: Store, migrated_url: str) -> None:
    key = AccountKey(CARDS[0], "points")

    def post(tx: Tx, id_: str, *, meddle: bool = False) -> None:
        wanted = order(id_, Kind.EARN, (*key, 5))
        accounts = tx.ledger.lock(OURS, ledger.touched(wanted))
        if meddle:
            accounts = {one: replace(account, sequence=account.sequence + 1) for one, account in accounts.items()}
        operation, after = ledger.decide(wanted, accounts)
        assert tx.ledger.add(OURS, operation, after)

    await store.write(lambda tx: post(tx, "op-0000000000001"))
    with pytest.raises(Conflict):
        await store.write(lambda tx: post(tx, "op-0000000000002", meddle=True))
    assert ledger_checker.verify(migrated_url).operations == 1
    assert ledger_checker.verify(migrated_url).good


async def test_the_database_itself_refuses_to_change_what_was_posted(store: Store, migrated_url: str) -> None:
    await posted(store, order("op-0000000000001", Kind.EARN, (CARDS[0], "points", 7)))
    for table in ("ledger_posting", "ledger_operation"):
        for statement in (f"UPDATE {table} SET kind = 'x'", f"DELETE FROM {table}"):
            with pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="append-only"):
                execute(migrated_url, statement)


async def test_what_lots_gave_and_what_was_anchored_stays_too(store: Store, migrated_url: str) -> None:
    await posted(store, order("op-0000000000001", Kind.EARN, (CARDS[0], "points", 7)))
    (entry,) = await store.read(lambda tx: tx.ledger.statement(OURS, AccountKey(CARDS[0], "points"), 10**9, 10))
    posting = entry.posting
    where = f"'{OURS.workspace}', '{OURS.environment.value}'"
    lot = f"{where}, '{CARDS[0]}', 'points'"
    execute(
        migrated_url,
        f"INSERT INTO ledger_lot_use VALUES ({lot}, 'op-0000000000001', '{posting.operation}', 7)",
        f"INSERT INTO ledger_anchor VALUES ({where}, 1, 1, 1, 'root', 'signature', 1)",
    )
    for table, column in (("ledger_lot_use", "amount"), ("ledger_anchor", "accounts")):
        for statement in (f"UPDATE {table} SET {column} = 8", f"DELETE FROM {table}"):
            with pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="append-only"):
                execute(migrated_url, statement)


def execute(url: str, *statements: str) -> None:
    path = sqlite_path(url)
    if path is not None:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            for statement in statements:
                connection.execute(statement)
        finally:
            connection.close()
        return
    with psycopg.connect(url, autocommit=True) as server:
        for statement in statements:
            server.execute(statement)  # type: ignore[arg-type]


def thawed(url: str, *statements: str) -> None:
    """As somebody would who may do everything to the database."""
    if sqlite_path(url) is not None:
        drop = [f"DROP TRIGGER ledger_{table}_no_{verb}" for table in ("posting", "operation") for verb in ("update", "delete")]
    else:
        drop = ["DROP FUNCTION ledger_append_only() CASCADE"]
    execute(url, *drop, *statements)


FAULTS = {
    "I1": "UPDATE ledger_account SET balance = balance + 1 WHERE owner NOT LIKE 'system%' AND unit = 'points'",
    "I2": "DELETE FROM ledger_posting WHERE sequence = 1 AND owner NOT LIKE 'system%' AND unit = 'EUR'",
    "I3": "UPDATE ledger_posting SET amount = amount + 1 WHERE sequence = 1 AND unit = 'points' AND owner LIKE 'system%'",
    "I5": "UPDATE ledger_operation SET kind = 'adjust' WHERE id = 'op-0000000000001'",
    "I8": "UPDATE ledger_operation SET kind = 'void', reverses = 'op-0000000000001'",
    "I9": "UPDATE ledger_account SET floor = 100000 WHERE unit = 'EUR' AND owner NOT LIKE 'system%'",
    "I10": "UPDATE ledger_posting SET at_ms = at_ms - 1 WHERE sequence = 1 AND unit = 'EUR'",
}


@pytest.mark.parametrize("invariant_", list(FAULTS))
async def test_the_checker_finds_what_somebody_changed_behind_our_back(store: Store, migrated_url: str, invariant_: str) -> None:
    await posted(store, order("op-0000000000001", Kind.TOP_UP, (CARDS[0], "EUR", 2500), (CARDS[0], "points", 10)))
    await posted(store, order("op-0000000000002", Kind.CHARGE, (CARDS[0], "EUR", -550)))
    assert ledger_checker.verify(migrated_url).good
    thawed(migrated_url, FAULTS[invariant_])
    found = {one for one, _, _ in ledger_checker.verify(migrated_url).drifts}
    assert invariant_ in found


# --- any order of operations, against a model of a few lines ----------------------------------------------------------------------

UNITS = ("EUR", "points")


def machine(store: Store, loop: asyncio.AbstractEventLoop, url: str) -> type[RuleBasedStateMachine]:
    counter = iter(range(1, 10**9))

    class Books(RuleBasedStateMachine):
        """The model is a dictionary of balances and a set of ids."""

        def __init__(self) -> None:
            super().__init__()
            self.run = next(counter)
            self.cards = [f"{card}-{self.run}" for card in CARDS]
            self.balances = {(card, unit): 0 for card in self.cards for unit in UNITS}
            self.answers: dict[str, Operation] = {}

        def post(self, kind: Kind, *moves: tuple[str, str, int]) -> None:
            wanted = order(f"op-{self.run}-{len(self.answers):012}", kind, *moves)
            made = loop.run_until_complete(posted(store, wanted))
            self.answers[wanted.id] = made
            fits = all(self.balances[card, unit] + amount >= 0 for card, unit, amount in moves)
            assert (made.declined == "") == fits
            if fits:
                for card, unit, amount in moves:
                    self.balances[card, unit] += amount
                for (owner, unit), value in (
                    (key.owner, key.unit) and ((key.owner, key.unit), b) for key, b in made.balances().items()
                ):
                    assert self.balances[owner, unit] == value

        @rule(card=st.integers(0, 2), unit=st.sampled_from(UNITS), amount=st.integers(1, 1000))
        def credits(self, card: int, unit: str, amount: int) -> None:
            self.post(Kind.TOP_UP, (self.cards[card], unit, amount))

        @rule(card=st.integers(0, 2), unit=st.sampled_from(UNITS), amount=st.integers(1, 1500))
        def charges(self, card: int, unit: str, amount: int) -> None:
            self.post(Kind.CHARGE, (self.cards[card], unit, -amount))

        @rule(cards=st.permutations(range(3)), unit=st.sampled_from(UNITS), amount=st.integers(1, 800))
        def transfers(self, cards: list[int], unit: str, amount: int) -> None:
            giver, taker = self.cards[cards[0]], self.cards[cards[1]]
            self.post(Kind.TRANSFER, (giver, unit, -amount), (taker, unit, amount))

        @rule(card=st.integers(0, 2), euros=st.integers(-900, 900), points=st.integers(-900, 900))
        def adjusts_both_or_neither(self, card: int, euros: int, points: int) -> None:
            if euros and points:
                self.post(Kind.ADJUST, (self.cards[card], "EUR", euros), (self.cards[card], "points", points))

        @rule(data=st.data())
        def repeats(self, data: st.DataObject) -> None:
            if self.answers:
                id_ = data.draw(st.sampled_from(sorted(self.answers)))
                again = loop.run_until_complete(posted(store, order(id_, Kind.EARN, (self.cards[0], "points", 5))))
                assert (again.balances(), again.declined) == (self.answers[id_].balances(), self.answers[id_].declined)

        @invariant()
        def nothing_drifts(self) -> None:
            for (card, unit), value in self.balances.items():
                assert loop.run_until_complete(balance(store, card, unit)) == value

        def teardown(self) -> None:
            assert ledger_checker.verify(url).drifts == []

    return Books


def test_the_books_behave_as_a_small_model_says(migrated_url: str) -> None:
    """On SQLite in a folder that lives in memory where there is one: the model asks for many commits."""
    loop = asyncio.new_event_loop()
    url, folder = migrated_url, None
    if (path := sqlite_path(migrated_url)) is not None and Path("/dev/shm").is_dir():
        folder = tempfile.mkdtemp(dir="/dev/shm")
        shutil.copy(path, f"{folder}/ledger.sqlite")
        url = f"sqlite:///{folder}/ledger.sqlite"
    store = open_store(url)
    try:
        loop.run_until_complete(store.write(add_workspaces))
        budget = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(machine(store, loop, url), settings=budget)  # type: ignore[no-untyped-call]
    finally:
        loop.run_until_complete(store.close())
        loop.close()
        if folder:
            shutil.rmtree(folder)
