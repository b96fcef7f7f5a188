"""The flow of the ledger in any order of operations, against a model of a hundred lines, on both engines."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from billfold.domain import lots as lot_rules
from billfold.domain.ledger import Kind
from billfold.domain.lots import Limits
from billfold.domain.schedules import DAY_MS
from billfold.flows.ledger import Answered, Books, carry_out
from billfold.flows.ledger_due import due_job, settle_due
from billfold.flows.ledger_orders import Asked
from billfold.glue import SystemEntropy
from billfold.ports import Store, Tx
from billfold.storage import ledger_checker
from billfold.storage.store import open_store, sqlite_path
from clocks import FakeClock
from storage.material import OURS, a_pass, add_workspaces, pass_id

T = TypeVar("T")
FLOOR = -50
"""Of the second card: it is paid afterwards."""


@dataclass(eq=False)
class Lot:
    nth: int
    left: int
    available: int
    expires: int
    gone: bool = False

    def open(self, now: int) -> bool:
        return not self.gone and self.available <= now < self.expires


NEVER = 10**15


@dataclass
class Card:
    plain: int = 0
    floor: int = 0
    lots: list[Lot] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return self.plain + sum(lot.left for lot in self.lots if not lot.gone)

    def available(self, now: int, besides: Lot | None = None) -> int:
        return self.plain + sum(lot.left for lot in self.lots if lot.open(now) or (lot is besides and not lot.gone))

    def take(self, amount: int, now: int, first: Lot | None = None) -> list[tuple[Lot | None, int]]:
        taken: list[tuple[Lot | None, int]] = []
        usable = [lot for lot in self.lots if not lot.gone and (lot.open(now) or lot is first)]
        for lot in sorted(usable, key=lambda one: (one is not first, one.expires, one.nth)):
            part = min(lot.left, amount)
            lot.left -= part
            amount -= part
            if part:
                taken.append((lot, part))
        self.plain -= amount
        return [*taken, (None, amount)]

    def give_back(self, done: "Done", amount: int) -> None:
        plain = min(max(0, done.out() - sum(done.lots.values())), amount)
        self.plain += plain
        amount -= plain
        for lot in sorted((one for one in done.lots if not one.gone), key=lambda one: (one.expires, one.nth), reverse=True):
            part = min(done.lots[lot], amount)
            lot.left += part
            done.lots[lot] -= part
            amount -= part
        self.plain += amount


@dataclass
class Done:
    """A posted operation. `lots`: what it took of each and was not given back; `made`: the lot that it made."""

    id: str
    card: int
    amount: int
    lots: dict[Lot, int] = field(default_factory=dict)
    made: Lot | None = None
    refunded: int = 0
    voided: bool = False

    def out(self) -> int:
        return -self.amount - self.refunded


class Till(RuleBasedStateMachine):
    """Two cards, the second with a floor; what is asked of the flow and of the model."""

    store: ClassVar[Store]
    loop: ClassVar[asyncio.AbstractEventLoop]
    url: ClassVar[str]
    runs: ClassVar = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.books = Books(self.clock, SystemEntropy())
        self.first = 2 * next(self.runs)
        self.held = [pass_id(self.first), pass_id(self.first + 1)]
        self.write(self.add_passes)
        self.cards = [Card(), Card(floor=FLOOR)]
        self.done: list[Done] = []
        self.announced: list[tuple[str, int, int, int]] = []
        self.answers: dict[str, tuple[Asked, Answered]] = {}
        self.postings = [0, 0]

    def write(self, fn: Callable[[Tx], T]) -> T:
        return self.loop.run_until_complete(self.store.write(fn))

    def read(self, fn: Callable[[Tx], T]) -> T:
        return self.loop.run_until_complete(self.store.read(fn))

    def add_passes(self, tx: Tx) -> None:
        for nth in range(2):
            tx.passes.add(a_pass(self.first + nth), "key")

    def ask(self, kind: Kind, card: int, amounts: dict[str, int], *, fits: bool, **more: object) -> str:
        id_ = f"run-{self.first}-{len(self.answers):010}"
        floors = {"points": FLOOR} if card else {}
        asked = Asked(id_, kind, self.held[card], amounts, floors=floors, **more)  # type: ignore[arg-type]
        answered: Answered = self.write(lambda tx: carry_out(self.books, tx, OURS, asked, "key:k"))
        self.answers[id_] = (asked, answered)
        assert (answered.operation.declined == "") == fits, answered.operation.declined
        for one in answered.operation.postings:
            if not one.key.system:
                self.postings[self.held.index(one.key.owner)] += 1
        return id_

    @rule(card=st.integers(0, 1), amount=st.integers(1, 60), wait=st.integers(0, 3), lasts=st.integers(0, 5))
    def earns(self, card: int, amount: int, wait: int, lasts: int) -> None:
        now = self.clock.now_ms()
        available, expires = (now + wait * DAY_MS if wait else None), (now + (wait + lasts) * DAY_MS if lasts else None)
        limits = {"points": Limits(available, expires)} if wait or lasts else {}
        id_ = self.ask(Kind.EARN, card, {"points": amount}, fits=True, limits=limits)
        made = None
        if limits:
            made = Lot(self.postings[card], amount, available or 0, expires or NEVER)
            self.cards[card].lots.append(made)
        else:
            self.cards[card].plain += amount
        self.done.append(Done(id_, card, amount, made=made))

    @rule(card=st.integers(0, 1), amount=st.integers(1, 80))
    def redeems(self, card: int, amount: int) -> None:
        now = self.clock.now_ms()
        fits = amount <= max(0, self.cards[card].available(now) - self.cards[card].floor)
        id_ = self.ask(Kind.REDEEM, card, {"points": -amount}, fits=fits)
        if fits:
            taken = self.cards[card].take(amount, now)
            self.done.append(Done(id_, card, -amount, {lot: part for lot, part in taken if lot}))

    @rule(data=st.data(), amount=st.integers(1, 60))
    def refunds(self, data: st.DataObject, amount: int) -> None:
        if spent := [one for one in self.done if one.amount < 0]:
            done = data.draw(st.sampled_from(spent))
            fits = not done.voided and amount <= done.out()
            self.ask(Kind.REFUND, done.card, {"points": amount}, fits=fits, reverses=done.id)
            if fits:
                self.cards[done.card].give_back(done, amount)
                done.refunded += amount

    @rule(data=st.data())
    def voids(self, data: st.DataObject) -> None:
        if not self.done:
            return
        done, now = data.draw(st.sampled_from(self.done)), self.clock.now_ms()
        card = self.cards[done.card]
        fits = not done.voided and not done.refunded
        if done.amount > 0:
            fits = fits and done.amount <= max(0, card.available(now, done.made) - card.floor)
        self.ask(Kind.VOID, done.card, {}, fits=fits, reverses=done.id)
        if fits and done.amount > 0:
            card.take(done.amount, now, done.made)
        elif fits:
            card.give_back(done, done.out())
        done.voided |= fits

    @rule(giver=st.integers(0, 1), amount=st.integers(1, 40))
    def transfers(self, giver: int, amount: int) -> None:
        now, taker = self.clock.now_ms(), 1 - giver
        opens = not self.postings[taker]
        fits = amount <= max(0, self.cards[giver].available(now) - self.cards[giver].floor)
        self.ask(Kind.TRANSFER, giver, {"points": amount}, fits=fits, to_pass_id=self.held[taker])
        if fits:
            if opens:
                self.cards[taker].floor = 0  # the account was opened by somebody else's order
            for lot, part in self.cards[giver].take(amount, now):
                if lot and lot.expires < NEVER:
                    self.cards[taker].lots.append(Lot(self.postings[taker], part, 0, lot.expires))
                else:
                    self.cards[taker].plain += part

    @rule(card=st.integers(0, 1), amount=st.integers(1, 50), days=st.integers(1, 4))
    def announces(self, card: int, amount: int, days: int) -> None:
        until = self.clock.now_ms() + days * DAY_MS
        id_ = self.ask(Kind.RESERVE, card, {"points": amount}, fits=True, reserved_until_ms=until)
        self.announced.append((id_, card, amount, until))

    @rule(data=st.data(), comes=st.booleans())
    def settles(self, data: st.DataObject, comes: bool) -> None:
        if self.announced:
            one = data.draw(st.sampled_from(self.announced))
            self.announced.remove(one)
            self.ask(Kind.CONFIRM if comes else Kind.RELEASE, one[1], {}, fits=True, reverses=one[0])
            self.cards[one[1]].plain += one[2] if comes else 0

    @rule(days=st.integers(1, 3), works=st.booleans())
    def time_passes(self, days: int, works: bool) -> None:
        self.clock.advance(days=days)
        if works:
            now = self.clock.now_ms()
            job = due_job(OURS, now)
            while self.write(lambda tx: settle_due(self.books, tx, job, now)).state == "running":
                pass
            self.announced = [one for one in self.announced if one[3] > now]
            for nth, card in enumerate(self.cards):
                for lot in (one for one in card.lots if not one.gone):
                    if lot.expires <= now:
                        self.postings[nth] += lot.left > 0
                        lot.gone = True
                    elif lot.expires == NEVER and lot.available <= now:
                        card.plain += lot.left
                        lot.gone = True

    @rule(data=st.data())
    def repeats(self, data: st.DataObject) -> None:
        if self.answers:
            asked, first = self.answers[data.draw(st.sampled_from(sorted(self.answers)))]
            again = self.write(lambda tx: carry_out(self.books, tx, OURS, asked, "key:other"))
            assert again.repeated
            assert (again.operation.balances(), again.operation.declined) == (
                first.operation.balances(),
                first.operation.declined,
            )

    @invariant()
    def nothing_drifts(self) -> None:
        now = self.clock.now_ms()
        for nth, card in enumerate(self.cards):
            found = self.read(lambda tx: self.held_on(tx, nth))  # noqa: B023 (awaited here)
            balance = found[0] if found else 0
            assert balance == card.balance
            assert lot_rules.spendable(balance, found[1] if found else [], now) == card.available(now)

    def held_on(self, tx: Tx, nth: int) -> tuple[int, list[lot_rules.Lot]] | None:
        accounts = tx.ledger.accounts(OURS, self.held[nth])
        return (accounts[0].balance, tx.lots.open_of(OURS, accounts[0].key)) if accounts else None

    def teardown(self) -> None:
        assert ledger_checker.verify(self.url).drifts == []


def machine(store: Store, loop: asyncio.AbstractEventLoop, url: str) -> type[Till]:
    return type("TillHere", (Till,), {"store": store, "loop": loop, "url": url})


def test_the_ledger_behaves_as_a_small_model_says(migrated_url: str) -> None:
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
        budget = settings(max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(machine(store, loop, url), settings=budget)  # type: ignore[no-untyped-call]
    finally:
        loop.run_until_complete(store.close())
        loop.close()
        if folder:
            shutil.rmtree(folder)
