"""Any order of wishes, claims, acknowledgements and registrations: the row behaves as a small model says; no wish is lost."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from billfold.domain.delivery import CredentialRejected, Delivered, Due, Gone, Outcome, Parked, RetryLater
from billfold.ports import Store, Tx
from billfold.storage.store import open_store
from storage.material import NOW, OURS, PASS_TYPE, a_pass, add_workspaces, register

T = TypeVar("T")
GAP = 1_000
OUTCOMES = st.sampled_from(
    [Delivered(), Parked("400"), RetryLater("503"), RetryLater("429", 60.0), CredentialRejected("403"), Gone("410", None)]
)


@dataclass(frozen=True)
class Model:
    """The device's row as a reader of the ports would expect it. `token` is None while the device is not registered."""

    token: str | None = None
    wanted: int = 0
    delivered: int = 0
    parked: bool = False


class Row(RuleBasedStateMachine):
    """One pass, device and numbers of its own each time it is made."""

    store: ClassVar[Store]
    loop: ClassVar[asyncio.AbstractEventLoop]
    counter: ClassVar = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.nth = next(self.counter)
        self.held = a_pass(self.nth, pass_type=f"{PASS_TYPE}.{self.nth}")
        self.target = f"{self.held.pass_type}/phone"
        self.now = NOW
        self.model = Model()
        self.claims: list[Due] = []
        self.tokens = 0
        self.number = 0
        self.write(lambda tx: tx.passes.add(self.held, "key"))

    def write(self, fn: Callable[[Tx], T]) -> T:
        return self.loop.run_until_complete(self.store.write(fn))

    def read(self, fn: Callable[[Tx], T]) -> T:
        return self.loop.run_until_complete(self.store.read(fn))

    def due(self, at: int) -> list[Due]:
        def look(tx: Tx) -> list[Due]:
            found = tx.deliveries.slices(at)
            rows = [row for slice_ in found for row in tx.deliveries.due(*slice_, at, 10_000)]
            return [row for row in rows if row.target == self.target]

        return self.read(look)

    @rule(new_token=st.booleans(), want=st.booleans())
    def registers(self, new_token: bool, want: bool) -> None:
        if new_token or self.model.token is None:
            self.tokens += 1
        token = f"{self.nth}-{self.tokens}"
        if want:
            self.number += 1
        number = self.number if want else 0
        self.write(lambda tx: register(tx, self.held, "phone", number, token=token, at_ms=self.now, want=want))
        before = self.model if self.model.token is not None else Model()
        after = replace(before, token=token, parked=before.parked and before.token == token)
        self.model = replace(after, wanted=max(after.wanted, number), parked=False) if want else after

    @rule()
    def leaves(self) -> None:
        self.write(lambda tx: tx.registrations.remove(OURS, self.held.pass_type, "phone", self.held.id))
        self.model = Model()

    @rule()
    def changes(self) -> None:
        self.number += 1
        told = self.write(lambda tx: tx.deliveries.want_pass(OURS, self.held.id, self.held.pass_type, self.number, self.now, 0))
        assert told == (self.model.token is not None)
        if told:
            self.model = replace(self.model, wanted=max(self.model.wanted, self.number), parked=False)

    @rule()
    def claims_rows(self) -> None:
        self.claims.extend(self.due(self.now))

    @rule()
    def a_push_begins(self) -> None:
        """What matters happens during pushes, so they are made frequent."""
        if self.model.token is None:
            self.registers(new_token=True, want=True)
        self.now += 120_000
        self.changes()
        self.claims_rows()

    @precondition(lambda self: self.claims)
    @rule(outcome=OUTCOMES, which=st.integers(0, 10))
    def settles(self, outcome: Outcome, which: int) -> None:
        claim = self.claims.pop(which % len(self.claims))
        self.write(lambda tx: tx.deliveries.settle([(claim, outcome)], self.now, GAP))
        if claim.address != self.model.token:
            return
        match outcome:
            case Delivered():
                self.model = replace(self.model, delivered=max(self.model.delivered, claim.wanted))
            case Parked():
                self.model = replace(self.model, parked=self.model.parked or self.model.wanted == claim.wanted)
            case Gone():
                self.model = Model()
            case _:
                pass

    @precondition(lambda self: self.model.token is not None)
    @rule()
    def gets_a_new_token(self) -> None:
        self.registers(new_token=True, want=False)

    @precondition(lambda self: self.claims)
    @rule()
    def the_newest_push_arrives(self) -> None:
        self.settles(outcome=Delivered(), which=len(self.claims) - 1)

    @precondition(lambda self: self.claims)
    @rule()
    def the_oldest_push_arrives(self) -> None:
        self.settles(outcome=Delivered(), which=0)

    @precondition(lambda self: self.claims)
    @rule()
    def the_oldest_push_is_refused(self) -> None:
        self.settles(outcome=Parked("400"), which=0)

    @rule(seconds=st.sampled_from([1, 30, 120]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * 1_000

    @invariant()
    def a_wish_is_due_within_two_minutes_unless_it_is_parked_or_fulfilled(self) -> None:
        rows = self.due(self.now + 120_000)
        open_ = self.model.token is not None and self.model.delivered < self.model.wanted and not self.model.parked
        assert [(row.address, row.wanted) for row in rows] == ([(self.model.token, self.model.wanted)] if open_ else [])


def machine(store: Store, loop: asyncio.AbstractEventLoop) -> type[Row]:
    return type("RowHere", (Row,), {"store": store, "loop": loop})


def test_a_delivery_row_behaves_as_the_model(migrated_sqlite: Path) -> None:
    """On SQLite, where an example takes milliseconds; both engines run the same statements (test_delivery.py)."""
    folder = Path(tempfile.mkdtemp())
    loop = asyncio.new_event_loop()
    try:
        for file in migrated_sqlite.glob("billfold.sqlite*"):
            shutil.copy(file, folder / file.name)
        store = open_store(f"sqlite:///{folder}/billfold.sqlite")
        loop.run_until_complete(store.write(add_workspaces))
        try:
            run_state_machine_as_test(
                machine(store, loop),
                settings=settings(
                    max_examples=120,
                    stateful_step_count=40,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            loop.run_until_complete(store.close())
    finally:
        loop.close()
        shutil.rmtree(folder)
