"""The ledger over `/v1`: once, whatever is repeated; never below zero; and the phone follows."""

import asyncio

import pytest

from api.client import Answer
from api.conftest import CARD, World, on_sqlite

SHOWING = CARD | {"header": [{"key": "euros", "label": "BALANCE", "value": "{{ balances.EUR }}", "change_message": "Now %@"}]}


async def card(world: World) -> str:
    template = await world.client.post("/v1/templates", {"name": "Card", "content": SHOWING})
    made = await world.client.post("/v1/passes", {"template_id": template.json["id"], "values": {"balances": {"EUR": "0.00"}}})
    assert made.status == 201, made.body
    return made.json["id"]


async def post(world: World, id_: str, kind: str, pass_id: str, amounts: dict[str, int] | None = None, **more: object) -> Answer:
    body = {"id": f"{id_:0<16}", "kind": kind, "pass_id": pass_id, "amounts": amounts or {}, **more}
    return await world.client.post("/v1/operations", body)


def euros(answer: Answer, pass_id: str) -> int:
    (found,) = [one["minor"] for one in answer.json["balances"][pass_id] if one["unit"] == "EUR"]
    return found


@pytest.mark.requirement("S2-27", "S2-35", "S2-39", "S2-40")
async def test_an_operation_posts_once_and_the_pass_follows(world: World) -> None:
    held = await card(world)
    first = await post(world, "top-up", "top_up", held, {"EUR": 2500, "points": 5})
    assert (first.status, first.json["repeated"], euros(first, held)) == (201, False, 2500)
    charged = await post(world, "charge", "charge", held, {"EUR": -550}, description="Latte macchiato")
    again = await post(world, "charge", "charge", held, {"EUR": -550}, description="Latte macchiato")
    assert (euros(charged, held), euros(again, held), again.json["repeated"]) == (1950, 1950, True)
    shown = (await world.client.get(f"/v1/passes/{held}")).json
    assert shown["content"]["header"][0]["value"] == "19.50"
    statement = (await world.client.get(f"/v1/passes/{held}/statement?unit=EUR")).json
    assert [(one["amount"], one["balance"]) for one in statement["items"]] == [("-5.50", "19.50"), ("25.00", "25.00")]
    balances = (await world.client.get(f"/v1/passes/{held}/balances")).json["items"]
    assert {one["unit"]: one["minor"] for one in balances} == {"EUR": 1950, "points": 5}
    mismatch = await post(world, "charge", "charge", held, {"EUR": -551}, description="Latte macchiato")
    assert (mismatch.status, mismatch.problem) == (422, "idempotency-key-reused")


async def test_refunds_and_voids_give_back_no_more_than_was_taken(world: World) -> None:
    held = await card(world)
    await post(world, "top-up", "top_up", held, {"EUR": 1000})
    charge = (await post(world, "charge", "charge", held, {"EUR": -600})).json["id"]
    both = await asyncio.gather(*(post(world, f"refund{n}", "refund", held, {"EUR": 400}, reverses=charge) for n in range(2)))
    assert sorted(one.json["declined"] or "" for one in both) == ["", "refund_too_large"]
    assert sorted(one.status for one in both) == [201, 402]
    assert (await post(world, "void-1", "void", held, reverses=charge)).json["declined"] == "already_refunded"
    other = (await post(world, "charge2", "charge", held, {"EUR": -300})).json["id"]
    voided = await post(world, "void-2", "void", held, reverses=other)
    assert (voided.json["declined"], euros(voided, held)) == (None, 800)
    assert (await post(world, "void-3", "void", held, reverses=other)).json["declined"] == "already_voided"


@on_sqlite
async def test_a_decline_stays_declined_after_a_top_up(world: World) -> None:
    held = await card(world)
    declined = await post(world, "charge", "charge", held, {"EUR": -1})
    assert (declined.json["declined"], declined.json["balances"]) == ("insufficient_balance", {})
    await post(world, "top-up", "top_up", held, {"EUR": 100})
    assert (await post(world, "charge", "charge", held, {"EUR": -1})).json["declined"] == "insufficient_balance"
    assert (await world.client.get(f"/v1/operations/{declined.json['id']}")).json["declined"] == "insufficient_balance"


@on_sqlite
@pytest.mark.parametrize("amount", [0, 0.5, "5", True, None, 10**13, -0.0, [1], {"a": 1}])
async def test_an_amount_is_a_whole_number_or_refused(world: World, amount: object) -> None:
    held = await card(world)
    refused = await post(world, "charge", "adjust", held, {"EUR": amount})  # type: ignore[dict-item]
    assert refused.status == 422, refused.body
    assert refused.json["errors"][0]["path"].startswith("amounts")
    assert (await world.client.get(f"/v1/passes/{held}/balances")).json["items"] == []


@on_sqlite
async def test_what_cannot_be_is_named(world: World) -> None:
    held, other = await card(world), await card(world)
    assert (await post(world, "short", "earn", "mine00t-" + "0" * 22, {"points": 1})).status == 404
    assert (await world.client.post("/v1/operations", {"id": "short", "kind": "earn", "pass_id": held})).status == 400
    assert (await post(world, "t", "transfer", held, {"EUR": 5})).json["errors"][0]["path"] == "to_pass_id"
    assert (await post(world, "u", "void", held)).json["errors"][0]["path"] == "reverses"
    assert (await post(world, "v", "void", held, reverses="never-was-00000000")).status == 404
    await post(world, "w", "top_up", held, {"EUR": 500})
    moved = await post(world, "x", "transfer", held, {"EUR": 200}, to_pass_id=other)
    assert (euros(moved, held), euros(moved, other)) == (300, 200)
