"""Scans that arrive at the same moment, on both engines. The same one sent several times, as where a till gives up too early: one
effect, and each gets that scan's answer, never a refusal for what it has done itself. Several of what can be done once: one."""

import asyncio
from collections.abc import Sequence

import pytest

from api.client import Answer, Client
from api.conftest import MINE, World
from api.shop import TEMPLATE, Shop, new_id, open_shop
from api.test_scans import changed, scan, shown
from billfold.domain import totp
from billfold.domain.content import BarcodeFormat, RotatingBarcode
from billfold.domain.loyalty import Card

TIMES, CARDS = 6, 5
"""Who comes when is not told: of five cards, each asked for six times at once, some meet in every way that matters."""


@pytest.fixture
async def shop(world: World) -> Shop:
    return await open_shop(world)


async def at_once(shop: Shop, path: str, bodies: Sequence[dict[str, object]]) -> list[Answer]:
    """From both tills in turn."""
    tills = (shop.device, shop.second)
    return list(await asyncio.gather(*(tills[nth % 2].post(path, body) for nth, body in enumerate(bodies))))


def effects(answers: list[Answer]) -> list[tuple[int, bool]]:
    return sorted((one.status, one.json.get("repeated", True)) for one in answers)


ONE_EFFECT = [(201, False)] + [(201, True)] * (TIMES - 1)


async def history(shop: Shop, card: Card) -> list[dict[str, object]]:
    return list((await shop.client.get(f"/v1/passes/{card.pass_id}/scans")).json["items"])


@pytest.mark.requirement("S2-20", "S2-34", "S2-35")
async def test_one_redemption_sent_several_times_at_once_uses_a_coupon_up_once(shop: Shop) -> None:
    for _ in range(CARDS):
        card = await shop.card("coupon")
        body: dict[str, object] = {"id": new_id(), "pass_id": card.pass_id, "action": "redeem"}
        answers = await at_once(shop, "/v1/scans", [body] * TIMES)
        assert effects(answers) == ONE_EFFECT, [one.body for one in answers]
        assert {(one.json["id"], one.json["card"]["status"]) for one in answers} == {(body["id"], "redeemed")}
        assert [one["id"] for one in await history(shop, card)] == [body["id"]]


async def test_of_several_redemptions_of_a_coupon_at_once_one_is_done(shop: Shop) -> None:
    for _ in range(CARDS):
        card = await shop.card("coupon")
        bodies: list[dict[str, object]] = [{"id": new_id(), "pass_id": card.pass_id, "action": "redeem"} for _ in range(TIMES)]
        answers = await at_once(shop, "/v1/scans", bodies)
        assert sorted(one.status for one in answers) == [201] + [409] * (TIMES - 1)
        assert {(one.problem, one.json["reason"]) for one in answers if one.status == 409} == {("card-not-usable", "redeemed")}
        (done,) = (one.json["id"] for one in answers if one.status == 201)
        assert [one["id"] for one in await history(shop, card)] == [done]
        again = [await shop.device.post("/v1/scans", body) for body in bodies]
        assert [one.status for one in again] == [one.status for one in answers]


async def test_a_rotating_code_is_used_up_by_one_scan_however_often_that_is_sent(shop: Shop) -> None:
    pattern = "{{ card.code }}:{totp_value_0}"
    content = TEMPLATE | {"rotating_barcode": {"format": "QR", "pattern": pattern, "period_seconds": 3_600}}
    assert (await shop.client.put(f"/v1/templates/{shop.template_id}", {"name": "Card", "content": content})).status == 200
    for _ in range(CARDS):
        card = await shop.card(EUR=1_000)
        rotating = RotatingBarcode(BarcodeFormat.QR, f"{card.code}:{{totp_value_0}}", 3_600)
        code = totp.message(rotating, shop.services.secrets.code_secret(card.scope, card.pass_id), shop.services.clock.now_ms())
        body: dict[str, object] = {"id": new_id(), "code": code, "action": "charge", "amounts": {"EUR": 100}}
        assert effects(await at_once(shop, "/v1/scans", [body] * TIMES)) == ONE_EFFECT
        assert await shop.balances(card) == {"EUR": 900}


async def test_an_undo_sent_several_times_at_once_is_one_and_of_several_one_is_done(shop: Shop) -> None:
    manager = shop.client
    for _ in range(CARDS):
        card = await shop.card(EUR=1_000)
        charge = (await scan(shop.device, card, "charge", {"EUR": 400})).json["id"]
        body: dict[str, object] = {"id": new_id(), "undoes": charge}
        answers = await asyncio.gather(*(manager.post("/v1/scans/undo", body) for _ in range(TIMES)))
        assert effects(answers) == ONE_EFFECT, [one.body for one in answers]
        assert [(changed(one), shown(one)["EUR"]) for one in answers] == [({"EUR": 400}, 1_000)] * TIMES
        charge = (await scan(shop.device, card, "charge", {"EUR": 400})).json["id"]
        answers = await asyncio.gather(*(manager.post("/v1/scans/undo", {"id": new_id(), "undoes": charge}) for _ in range(TIMES)))
        assert sorted((one.status, one.json.get("code", "")) for one in answers) == [(201, "")] + [(409, "undone_before")] * (
            TIMES - 1
        )
        assert await shop.balances(card) == {"EUR": 1_000}


@pytest.mark.requirement("S2-34", "S2-35", "S2-40")
async def test_a_reference_sent_several_times_at_once_is_one_transaction_whatever_the_bodies(shop: Shop) -> None:
    async def modify(client: Client, card: Card, reference: str, balance: float) -> Answer:
        body = {"organization_identifier": MINE.workspace, "pass_code": card.pass_id, "balance": balance}
        return await client.post("/passes/scan/storecard", body | {"transaction_reference": reference})

    for _ in range(CARDS):
        card = await shop.card(EUR=1_000)
        answers = await asyncio.gather(*(modify(shop.device, card, "r-1", -1 - nth % 2) for nth in range(TIMES)))
        assert [one.status for one in answers] == [200] * TIMES
        assert sorted(one.json["was_duplicate"] for one in answers) == [False] + [True] * (TIMES - 1)
        (done,) = (one.json for one in answers if not one.json["was_duplicate"])
        assert [one.json | {"was_duplicate": False} for one in answers] == [done] * TIMES
        assert await shop.balances(card) == {"EUR": round(done["balance"] * 100)}
        assert len(await history(shop, card)) == 1
