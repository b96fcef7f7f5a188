"""Operations of every kind in any order, three in ten of them sent before: in the same words, in others, at once, with another key,
a month later. Each has one effect, and one answer for ever (reference/reliability-security.md section 3.5)."""

import asyncio
import os
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from api.client import Answer, Client
from api.conftest import World, open_world, settings_for
from api.test_operations import card
from billfold.storage import ledger_checker
from billfold.storage.store import sqlite_path
from clocks import FakeClock

OPERATIONS = int(os.environ.get("TEST_OPERATIONS", "300"))
"""docs/ledger-proofs.md: 100,000 for a long run."""
REPEATED = 0.3
BATCH = 24
COUNTED_FIRST = 1_000
CARDS = 24
KINDS = ("charge", "earn", "top_up", "redeem", "refund", "void", "transfer", "expire", "adjust")
WAYS = {"charge": ("EUR", -1), "earn": ("points", 1), "top_up": ("EUR", 1), "redeem": ("points", -1), "expire": ("points", -1)}
MOST = {"earn": 900, "top_up": 900}
"""Of the others less is taken, so that most of them find something."""
WORDS: dict[str, object] = {"description": "in other words"}
Effect = dict[tuple[str, str], int]


@dataclass
class Sent:
    """`effect`: (card, unit) → what it changes when it is posted. `left`: what of it can still be given back. `done`: how many
    answers said that they did it; `told`: what each of them said, but for that."""

    body: dict[str, object]
    effect: Effect
    left: int = 0
    done: int = 0
    told: tuple[int, dict[str, object]] | None = None

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def posted(self) -> bool:
        return self.told is not None and self.told[0] == 201

    def note(self, answer: Answer) -> None:
        assert answer.status in (201, 402, 409), answer.body
        said = answer.json
        self.done += not said["repeated"]
        told = (answer.status, said | {"repeated": True, "notified": 0})
        assert self.told in (None, told), answer.body
        self.told = told


@dataclass
class Desk:
    dice: random.Random
    held: list[str]
    clients: list[Client]
    sent: list[Sent] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)

    def new(self) -> Sent:
        kind = self.dice.choice(KINDS)
        back = self._to_reverse(kind) if kind in ("refund", "void") else None
        if back:
            made = self._back(kind, back)
        elif kind == "transfer":
            made = self._transfer()
        else:
            made = self._simple("top_up" if kind in ("refund", "void") else kind)
        made.body["id"] = f"op-{len(self.sent):013}"
        self.sent.append(made)
        return made

    def _simple(self, kind: str) -> Sent:
        unit, sign = WAYS.get(kind) or self.dice.choice((("EUR", 1), ("EUR", -1), ("points", 1), ("points", -1)))
        pass_id, amount = self.dice.choice(self.held), sign * self.dice.randint(1, MOST.get(kind, 300))
        left = -amount if kind in ("charge", "redeem") else 0
        return Sent({"kind": kind, "pass_id": pass_id, "amounts": {unit: amount}}, {(pass_id, unit): amount}, left)

    def _transfer(self) -> Sent:
        giver, taker = self.dice.sample(self.held, 2)
        amount = self.dice.randint(1, 90)
        body: dict[str, object] = {"kind": "transfer", "pass_id": giver, "to_pass_id": taker, "amounts": {"points": amount}}
        return Sent(body, {(giver, "points"): -amount, (taker, "points"): amount})

    def _back(self, kind: str, original: Sent) -> Sent:
        body: dict[str, object] = {"kind": kind, "pass_id": original.body["pass_id"], "reverses": original.body["id"]}
        if kind == "void":
            return Sent(body, {key: -amount for key, amount in original.effect.items()})
        ((pass_id, unit),) = original.effect
        amount = self.dice.randint(1, original.left)
        original.left -= amount
        return Sent(body | {"amounts": {unit: amount}}, {(pass_id, unit): amount})

    def _to_reverse(self, kind: str) -> Sent | None:
        """One of the last that was posted."""
        for _ in range(8):
            one = self.dice.choice(self.sent[-400:]) if self.sent else None
            if one and one.posted and (one.left > 0 if kind == "refund" else one.kind not in ("refund", "void")):
                return one
        return None

    async def ask(self, one: Sent, times: int = 1) -> None:
        asked = [self.dice.choice(self.clients).post("/v1/operations", one.body) for _ in range(times)]
        for answer in await asyncio.gather(*asked):
            one.note(answer)

    async def ask_otherwise(self, one: Sent) -> None:
        """The same id for something else."""
        other = self.dice.choice(self.held)
        changes: list[dict[str, object]] = [
            WORDS,
            WORDS | {"kind": "adjust"},
            WORDS | {"pass_id": other},
            WORDS | {"amounts": {"EUR": 7}},
        ]
        refused = await self.dice.choice(self.clients).post("/v1/operations", one.body | self.dice.choice(changes))
        assert refused.status == 422, refused.body

    async def repeat(self, one: Sent) -> None:
        way = self.dice.choices(("the same", "at once", "otherwise"), (5, 2, 3))[0]
        self.repeats[way] += 1
        if way == "otherwise":
            await self.ask_otherwise(one)
        else:
            await self.ask(one, self.dice.choices((2, 3, 5, 50), (8, 6, 5, 1))[0] if way == "at once" else 1)

    async def batch(self) -> None:
        known = len(self.sent)
        work = []
        for _ in range(BATCH):
            if known and self.dice.random() < REPEATED:
                work.append(self.repeat(self.sent[self.dice.randrange(known)]))
            else:  # one in ten leaves twice, as where a till gives up too early
                work.append(self.ask(self.new(), 1 + (self.dice.random() < 0.1)))
        await asyncio.gather(*work)


async def held_on(world: World, pass_id: str) -> dict[str, int]:
    items = (await world.client.get(f"/v1/passes/{pass_id}/balances")).json["items"]
    return {one["unit"]: one["minor"] for one in items}


async def have_rows_counted(url: str) -> None:
    """As PostgreSQL does by itself, but for the tests' own server: it would go on as was right for empty tables."""
    if sqlite_path(url) is None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as server:
            await server.execute("ANALYZE")


async def test_whatever_is_repeated_has_one_effect_and_one_answer(migrated_url: str, tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_world(settings_for(tmp_path, migrated_url), clock=clock) as world:
        held = [await card(world) for _ in range(CARDS)]
        desk = Desk(random.Random(11), held, [world.client, await world.key("ledger:write")])
        counted = COUNTED_FIRST
        while len(desk.sent) + desk.repeats.total() < OPERATIONS:
            if len(desk.sent) > counted:
                await have_rows_counted(migrated_url)
                counted *= 4
            if clock.now_ms() == FakeClock().now_ms() and len(desk.sent) > OPERATIONS // 3:
                clock.advance(days=30)
            await desk.batch()
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for one in desk.sent:
            assert one.done == 1, one.body
            for (pass_id, unit), amount in one.effect.items() if one.posted else ():
                sums[pass_id][unit] += amount
        for pass_id in held:
            assert await held_on(world, pass_id) == dict(sums[pass_id])
    report = await asyncio.to_thread(ledger_checker.verify, migrated_url)
    assert (report.drifts, report.operations) == ([], len(desk.sent))
    posted = Counter(one.kind for one in desk.sent if one.posted)
    print(f"{len(desk.sent)} operations, {sum(posted.values())} posted ({dict(posted)}); repeats: {dict(desk.repeats)}")
    assert set(posted) == set(KINDS)
    assert set(desk.repeats) == {"the same", "at once", "otherwise"}
