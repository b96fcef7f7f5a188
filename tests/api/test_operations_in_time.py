"""What of a balance is limited in time, how far it may go below zero, and money that is announced before it comes."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.client import Answer
from api.conftest import MINE, World, on_sqlite, open_world, settings_for
from api.test_operations import card, euros, post
from billfold.api.v1.types import iso
from billfold.domain.keys import Actor
from billfold.domain.ledger import SHARDS, SHORTFALL, VAT_DUE, VAT_PREPAID, Kind, decide, touched
from billfold.domain.schedules import DAY_MS, HOUR_MS
from billfold.flows import ledger as flow
from billfold.flows.ledger import Asked
from billfold.flows.ledger_due import due_job, settle_due
from billfold.flows.ledger_orders import order_of
from billfold.ports import Job, Tx
from billfold.storage import ledger_checker
from clocks import FakeClock


@dataclass
class Timed(World):
    clock: FakeClock = dataclasses.field(default_factory=FakeClock)
    url: str = ""

    def at(self, days: float) -> str:
        return iso(self.clock.now_ms() + round(days * DAY_MS))

    async def work(self) -> Job:
        """The schedule, as a worker runs it; twice, as after a crash."""
        job = dataclasses.replace(due_job(MINE, self.clock.now_ms()), state="running")

        def step(tx: Tx) -> Job:
            return settle_due(self.services, tx, job, self.clock.now_ms())

        await self.services.store.write(step)
        return await self.services.store.write(step)

    async def points(self, held: str) -> tuple[int, int, int]:
        """(balance, available, pending)."""
        items = (await self.client.get(f"/v1/passes/{held}/balances")).json["items"]
        (found,) = [one for one in items if one["unit"] == "points"]
        return found["minor"], found["available_minor"], found["pending_minor"]

    async def due(self) -> dict[str, int]:
        """Tax that is owed, and that of money which is on cards already taxed."""

        def read(tx: Tx, name: str) -> int:
            return sum(one.balance for nth in range(SHARDS) for one in tx.ledger.accounts(MINE, f"system:{name}:{nth}"))

        return await self.services.store.read(lambda tx: {name: read(tx, name) for name in (VAT_DUE, VAT_PREPAID)})

    async def good(self) -> bool:
        report = await asyncio.to_thread(ledger_checker.verify, self.url)
        assert report.drifts == []
        return report.good


@pytest.fixture
async def timed(migrated_url: str, tmp_path: Path) -> AsyncIterator[Timed]:
    clock = FakeClock()
    async with open_world(settings_for(tmp_path, migrated_url), clock=clock) as world:
        yield Timed(world.app, world.services, world.client, world.other, clock, migrated_url)


async def earn(world: World, id_: str, held: str, points: int, **limits: str) -> Answer:
    more = {"lots": {"points": limits}} if limits else {}
    answer = await post(world, id_, "earn", held, {"points": points}, **more)
    assert answer.status == 201, answer.body
    return answer


async def test_what_expires_first_is_spent_first(timed: Timed) -> None:
    held = await card(timed)
    await earn(timed, "plain", held, 100)
    await earn(timed, "late", held, 50, expires_at=timed.at(20))
    await earn(timed, "soon", held, 30, expires_at=timed.at(10))
    await post(timed, "spend", "redeem", held, {"points": -40})
    timed.clock.advance(days=11)
    await timed.work()
    assert await timed.points(held) == (140, 140, 0)
    timed.clock.advance(days=10)
    assert await timed.points(held) == (140, 100, 0)  # expired already, whether or not anybody has booked it out
    refused = await post(timed, "too-late", "redeem", held, {"points": -101})
    assert refused.status == 402
    await timed.work()
    assert await timed.points(held) == (100, 100, 0)
    statement = (await timed.client.get(f"/v1/passes/{held}/statement")).json["items"]
    assert (statement[0]["kind"], statement[0]["minor"], statement[0]["operation"]) == ("expire", -40, f"expire:{held}:points:2")
    assert await timed.good()


async def test_pending_points_are_there_and_cannot_be_spent(timed: Timed) -> None:
    held = await card(timed)
    await earn(timed, "now", held, 10)
    await earn(timed, "later", held, 90, available_at=timed.at(14))
    await earn(timed, "both", held, 5, available_at=timed.at(14), expires_at=timed.at(30))
    assert await timed.points(held) == (105, 10, 95)
    assert (await post(timed, "eager", "redeem", held, {"points": -11})).problem == "insufficient-balance"
    shown = (await timed.client.get(f"/v1/passes/{held}")).json["values"]
    assert (shown["balances"]["points"], shown["available"]["points"]) == ("105", "10")
    timed.clock.advance(days=14)
    await timed.work()
    assert await timed.points(held) == (105, 105, 0)
    assert (await timed.client.get(f"/v1/passes/{held}")).json["values"]["available"]["points"] == "105"
    items = (await timed.client.get(f"/v1/passes/{held}/balances")).json["items"]
    assert [one["expiring"] for one in items if one["unit"] == "points"] == [{"at": timed.at(16), "minor": 5}]
    assert (await post(timed, "patient", "redeem", held, {"points": -105})).status == 201
    assert await timed.good()


async def test_what_is_given_back_goes_where_it_came_from(timed: Timed) -> None:
    held = await card(timed)
    await earn(timed, "plain", held, 20)
    await earn(timed, "lot-a", held, 30, expires_at=timed.at(10))
    await earn(timed, "lot-b", held, 30, expires_at=timed.at(20))
    spent = (await post(timed, "spend", "redeem", held, {"points": -70})).json["id"]
    for nth, part in enumerate((5, 25, 15)):  # the plain 10 first, then 20 of b, then 10 of b and 5 of a
        assert (await post(timed, f"part-{nth}", "refund", held, {"points": part}, reverses=spent)).status == 201
    timed.clock.advance(days=12)
    await timed.work()
    assert await timed.points(held) == (50, 50, 0)
    late = await post(timed, "part-late", "refund", held, {"points": 25}, reverses=spent)
    assert late.status == 201  # to a lot that is gone: plain from now on
    timed.clock.advance(days=12)
    await timed.work()
    assert await timed.points(held) == (45, 45, 0)
    assert await timed.good()


async def test_a_void_takes_back_what_was_made_even_while_it_is_pending(timed: Timed) -> None:
    held = await card(timed)
    made = await earn(timed, "made", held, 90, available_at=timed.at(14))
    assert (await post(timed, "undo", "void", held, reverses=made.json["id"])).status == 201
    assert await timed.points(held) == (0, 0, 0)
    timed.clock.advance(days=15)
    await timed.work()
    assert await timed.points(held) == (0, 0, 0)
    assert await timed.good()


async def test_points_that_expire_do_so_on_whichever_pass(timed: Timed) -> None:
    held, other = await card(timed), await card(timed)
    await earn(timed, "plain", held, 10)
    await earn(timed, "lot", held, 30, expires_at=timed.at(10))
    moved = await post(timed, "move", "transfer", held, {"points": 35}, to_pass_id=other)
    assert moved.status == 201
    timed.clock.advance(days=11)
    await timed.work()
    assert (await timed.points(held), await timed.points(other)) == ((5, 5, 0), (5, 5, 0))
    assert await timed.good()


@on_sqlite
async def test_limits_that_mean_nothing_are_refused(timed: Timed) -> None:
    held = await card(timed)
    await earn(timed, "some", held, 50)
    for kind, amounts, limits in (
        ("redeem", {"points": -5}, {"expires_at": timed.at(5)}),
        ("earn", {"points": 5}, {"expires_at": timed.at(-1)}),
        ("earn", {"points": 5}, {"expires_at": timed.at(5), "available_at": timed.at(6)}),
        ("earn", {"points": 5}, {}),
    ):
        refused = await post(timed, "limits", kind, held, amounts, lots={"points": limits})
        assert (refused.status, refused.paths) == (422, {"lots.points"})
    first = await earn(timed, "limits", held, 5, expires_at=timed.at(5))
    until = timed.at(5)
    timed.clock.advance(days=6)
    again = await post(timed, "limits", "earn", held, {"points": 5}, lots={"points": {"expires_at": until}})
    assert again.json == first.json | {"repeated": True, "notified": 0}  # also when its time is over


# --- floors -----------------------------------------------------------------------------------------------------------------------


async def test_a_floor_is_set_when_an_account_is_opened(timed: Timed) -> None:
    held = await card(timed)
    cashier = await timed.key("ledger:write")
    body = {"id": f"{'postpaid':0<16}", "kind": "charge", "pass_id": held, "amounts": {"EUR": -800}, "floors": {"EUR": -1000}}
    assert (await cashier.post("/v1/operations", body)).json["needed"] == "ledger:overdraft"
    assert euros(await timed.client.post("/v1/operations", body), held) == -800
    assert (await post(timed, "more", "charge", held, {"EUR": -201}, floors={"EUR": -5000})).status == 402
    assert (await post(timed, "last", "charge", held, {"EUR": -200})).status == 201
    assert await timed.good()


async def test_what_happened_offline_is_booked_and_the_merchant_bears_the_rest(timed: Timed) -> None:
    held = await card(timed)
    await post(timed, "top-up", "top_up", held, {"EUR": 300})
    actor = Actor(MINE, "scanner", frozenset({"ledger:write"}))
    asked = Asked("offline-000000001", Kind.CHARGE, held, {"EUR": -500}, accepts=True, vat_rate_bp=2000)
    answered = await flow.post(timed.services, actor, asked)
    assert (answered.operation.declined, answered.operation.order.flags) == ("", (SHORTFALL,))
    amounts = {one.key.owner.split(":")[1] if one.key.system else "card": one.amount for one in answered.operation.postings}
    assert amounts == {"card": -300, "merchant_loss": -200, "sales": 417, "vat_due": 83}
    nothing_left = await flow.post(timed.services, actor, dataclasses.replace(asked, id="offline-000000002"))
    assert [one.amount for one in nothing_left.operation.postings if not one.key.system] == [0]
    assert (await flow.post(timed.services, actor, asked)).repeated
    assert await timed.good()


async def test_a_top_up_that_is_spent_can_be_undone_by_who_may_overdraw(timed: Timed) -> None:
    held = await card(timed)
    paid = (await post(timed, "top-up", "top_up", held, {"EUR": 500})).json["id"]
    await post(timed, "charge", "charge", held, {"EUR": -400})
    cashier = await timed.key("ledger:write")
    body = {"kind": "void", "pass_id": held, "reverses": paid}
    refused = await cashier.post("/v1/operations", body | {"id": f"{'undo-1':0<16}"})
    assert (refused.status, refused.problem, refused.json["code"]) == (409, "overtaken", "already_spent")
    undone = await timed.client.post("/v1/operations", body | {"id": f"{'undo-2':0<16}"})
    assert (undone.status, euros(undone, held), undone.json["flags"]) == (201, -400, ["overdraft"])
    assert (await post(timed, "back", "top_up", held, {"EUR": 100})).status == 201
    assert (await post(timed, "again", "charge", held, {"EUR": -1})).status == 402
    assert await timed.good()


async def test_tax_that_is_due_with_the_money_is_booked_and_goes_back_with_it(timed: Timed) -> None:
    held = await card(timed)
    paid = (await post(timed, "top-up", "top_up", held, {"EUR": 12_100}, vat_rate_bp=2100)).json["id"]
    assert await timed.due() == {"vat_due": 2_100, "vat_prepaid": -2_100}
    await post(timed, "charge", "charge", held, {"EUR": -12_000})
    part = await post(timed, "bank-1", "chargeback", held, {"EUR": -1_000}, reverses=paid)
    assert (part.json["vat"]["vat_minor"], part.json["vat"]["gross_minor"]) == (-174, -1_000)
    rest = await post(timed, "bank-2", "chargeback", held, reverses=paid)
    assert (rest.json["vat"]["gross_minor"], rest.json["flags"]) == (-11_100, ["shortfall"])
    assert await timed.due() == {"vat_due": 0, "vat_prepaid": 0}

    announced = (await post(timed, "soon", "reserve", held, {"EUR": 1_210}, reserved_until=timed.at(2))).json["id"]
    came = await post(timed, "came", "confirm", held, reverses=announced, vat_rate_bp=2100)
    assert (came.json["vat"]["vat_minor"], await timed.due()) == (210, {"vat_due": 210, "vat_prepaid": -210})
    back = await post(timed, "undone", "void", held, reverses=came.json["id"])
    assert (back.json["vat"]["vat_minor"], await timed.due()) == (-210, {"vat_due": 0, "vat_prepaid": 0})
    assert await timed.good()


async def test_what_was_decided_before_all_tax_was_booked_is_given_back_as_it_was(timed: Timed) -> None:
    held = await card(timed)
    asked = Asked("before-the-update", Kind.TOP_UP, held, {"EUR": 12_100}, vat_rate_bp=2100)

    def as_of_before(tx: Tx) -> None:
        order = dataclasses.replace(order_of(asked, MINE, "key:k", timed.clock.now_ms()), rules=1)
        operation, accounts = decide(order, tx.ledger.lock(MINE, touched(order)))
        assert tx.ledger.add(MINE, operation, accounts)

    await timed.services.store.write(as_of_before)
    part = await post(timed, "bank", "chargeback", held, {"EUR": -1_000}, reverses=asked.id)
    assert (part.status, part.json["vat"]) == (201, None)
    assert await timed.due() == {"vat_due": 0, "vat_prepaid": 0}
    assert await timed.good()


# --- money that is announced ------------------------------------------------------------------------------------------------------


async def test_announced_money_cannot_be_spent_until_it_is_confirmed(timed: Timed) -> None:
    held = await card(timed)
    made = await post(timed, "announce", "reserve", held, {"EUR": 2000}, reserved_until=timed.at(1), payment_reference="pay-1")
    assert (made.status, made.json["balances"]) == (201, {})
    (item,) = (await timed.client.get(f"/v1/passes/{held}/balances")).json["items"]
    assert (item["minor"], item["available_minor"], item["reserved_minor"]) == (0, 0, 2000)
    assert (await post(timed, "eager", "charge", held, {"EUR": -1})).status == 402
    confirmed = await post(timed, "confirm", "confirm", held, reverses=made.json["id"])
    assert (confirmed.status, euros(confirmed, held)) == (201, 2000)
    again = await post(timed, "confirm-2", "confirm", held, reverses=made.json["id"])
    assert (again.status, again.json["code"]) == (402, "already_settled")
    undone = await post(timed, "undo", "void", held, reverses=confirmed.json["id"])
    assert (undone.status, euros(undone, held)) == (201, 0)
    assert await timed.good()


async def test_announced_money_that_never_comes_is_released(timed: Timed) -> None:
    held = await card(timed)
    announced = [
        (await post(timed, f"announce-{nth}", "reserve", held, {"EUR": 100}, reserved_until=timed.at(1))).json["id"]
        for nth in range(2)
    ]
    assert (await post(timed, "release", "release", held, reverses=announced[0])).status == 201
    timed.clock.advance(ms=25 * HOUR_MS)
    await timed.work()
    (item,) = (await timed.client.get(f"/v1/passes/{held}/balances")).json["items"] or [{"reserved_minor": 0}]
    assert item["reserved_minor"] == 0
    assert (await post(timed, "late", "confirm", held, reverses=announced[1])).json["code"] == "already_settled"
    assert await timed.good()


async def test_a_payment_credits_once_however_often_its_webhook_comes(timed: Timed) -> None:
    held, other = await card(timed), await card(timed)
    tell = [post(timed, f"hook-{nth}", "top_up", held, {"EUR": 700}, payment_reference="pay-7") for nth in range(6)]
    answers = await asyncio.gather(*tell)
    assert ({one.status for one in answers}, {euros(one, held) for one in answers}) == ({201}, {700})
    assert len({one.json["id"] for one in answers}) == 1
    elsewhere = await post(timed, "hook-8", "top_up", other, {"EUR": 700}, payment_reference="pay-7")
    assert (elsewhere.status, elsewhere.json["code"]) == (409, "payment_reference_used")
    assert await timed.good()


async def test_a_bank_takes_back_what_it_paid_and_the_card_gives_what_it_has(timed: Timed) -> None:
    held = await card(timed)
    paid = (await post(timed, "top-up", "top_up", held, {"EUR": 1000})).json["id"]
    await post(timed, "charge", "charge", held, {"EUR": -700})
    part = await post(timed, "bank-1", "chargeback", held, {"EUR": -100}, reverses=paid)
    assert (euros(part, held), part.json["flags"]) == (200, [])
    rest = await post(timed, "bank-2", "chargeback", held, reverses=paid)
    assert (euros(rest, held), rest.json["flags"]) == (0, ["shortfall"])
    more = await post(timed, "bank-3", "chargeback", held, {"EUR": -1}, reverses=paid)
    assert (more.status, more.json["code"]) == (402, "refund_too_large")
    assert await timed.good()
