"""Section 3.5 of reference/reliability-security.md, row by row: an operation id stays taken for ever, whatever is repeated."""

import asyncio
import sqlite3

import psycopg
import pytest

from api.conftest import MINE, World, on_sqlite
from api.test_operations import card, euros, post
from billfold.storage.store import sqlite_path

REPLAYED = "idempotency-replayed"


async def test_a_repeat_gets_the_first_answer_whatever_happened_since(world: World) -> None:
    held = await card(world)
    first = await post(world, "top-up", "top_up", held, {"EUR": 500})
    await post(world, "charge", "charge", held, {"EUR": -200})
    again = await post(world, "top-up", "top_up", held, {"EUR": 500})
    assert (first.status, again.status, euros(again, held)) == (201, 201, 500)
    assert (first.headers.get(REPLAYED), again.headers[REPLAYED]) == (None, "true")
    assert again.json == first.json | {"repeated": True, "notified": 0}


@pytest.mark.parametrize("changed", ["amount", "card", "kind", "description", "vat"])
@on_sqlite
async def test_the_same_id_for_something_else_is_refused(world: World, changed: str) -> None:
    held, other = await card(world), await card(world)
    asked: dict[str, object] = {"kind": "earn", "pass_id": held, "amounts": {"points": 5}}
    assert (await post(world, "once", **asked)).status == 201  # type: ignore[arg-type]
    asked |= {
        "amount": {"amounts": {"points": 6}},
        "card": {"pass_id": other},
        "kind": {"kind": "adjust"},
        "description": {"description": "for another thing"},
        "vat": {"kind": "top_up", "vat_rate_bp": 2100},
    }[changed]
    refused = await post(world, "once", **asked)  # type: ignore[arg-type]
    assert (refused.status, refused.problem, refused.json["code"]) == (422, "idempotency-key-reused", "idempotency_key_reused")
    assert (await world.client.get(f"/v1/passes/{other}/balances")).json["items"] == []


async def test_the_same_id_at_once_has_one_effect(world: World) -> None:
    held = await card(world)
    answers = await asyncio.gather(*(post(world, "at once", "earn", held, {"points": 3}) for _ in range(10)))
    assert {one.status for one in answers} == {400}  # a space is no visible character
    answers = await asyncio.gather(*(post(world, "at-once", "earn", held, {"points": 3}) for _ in range(10)))
    assert [one.status for one in answers] == [201] * 10
    assert sorted(one.headers.get(REPLAYED, "") for one in answers) == [""] + ["true"] * 9
    assert (await world.client.get(f"/v1/passes/{held}/balances")).json["items"][0]["minor"] == 3


@on_sqlite
@pytest.mark.parametrize(("status", "change"), [(422, {"amounts": {"points": 0}}), (404, {"pass_id": "mine00t-" + "0" * 22})])
async def test_a_refusal_leaves_the_id_free(world: World, status: int, change: dict[str, object]) -> None:
    held = await card(world)
    asked: dict[str, object] = {"kind": "earn", "pass_id": held, "amounts": {"points": 5}}
    assert (await post(world, "free", **asked | change)).status == status  # type: ignore[arg-type]
    assert (await post(world, "free", **asked)).json["repeated"] is False  # type: ignore[arg-type]


@on_sqlite
async def test_without_an_id_nothing_happens(world: World) -> None:
    held = await card(world)
    for id_ in (None, "", "short", "x" * 129, "with a blank in it", "tab\tbed-000000000"):
        body = {"id": id_, "kind": "earn", "pass_id": held, "amounts": {"points": 5}}
        refused = await world.client.post("/v1/operations", {name: value for name, value in body.items() if value is not None})
        assert (refused.status, refused.problem, refused.paths) == (400, "malformed-idempotency-key", {"id"})
    assert (await world.client.get(f"/v1/passes/{held}/balances")).json["items"] == []


async def test_a_decline_is_kept_and_repeated(world: World) -> None:
    held = await card(world)
    first = await post(world, "charge", "charge", held, {"EUR": -500})
    assert (first.status, first.problem, first.json["code"]) == (402, "insufficient-balance", "insufficient_balance")
    assert (first.json["id"], first.json["balances"], first.headers.get(REPLAYED)) == (f"{'charge':0<16}", {}, None)
    await post(world, "top-up", "top_up", held, {"EUR": 900})
    again = await post(world, "charge", "charge", held, {"EUR": -500})
    assert (again.status, again.headers[REPLAYED]) == (402, "true")
    assert again.json == first.json | {"repeated": True}
    assert (await world.client.get(f"/v1/passes/{held}/statement?unit=EUR")).json["items"][0]["kind"] == "top_up"
    other = await post(world, "charge", "charge", held, {"EUR": -400})
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


async def test_what_was_dealt_with_already_says_so_for_ever(world: World) -> None:
    held = await card(world)
    await post(world, "top-up", "top_up", held, {"EUR": 900})
    charge = (await post(world, "charge", "charge", held, {"EUR": -500})).json["id"]
    large = await post(world, "refund-0", "refund", held, {"EUR": 501}, reverses=charge)
    assert (large.status, large.problem, large.json["code"]) == (402, "declined", "refund_too_large")
    assert (await post(world, "void-1", "void", held, reverses=charge)).status == 201
    for _ in range(2):
        answer = await post(world, "void-2", "void", held, reverses=charge)
        assert (answer.status, answer.problem, answer.json["code"]) == (402, "declined", "already_voided")
    assert answer.headers[REPLAYED] == "true"


@on_sqlite
async def test_who_may_not_learns_nothing_of_an_id(world: World) -> None:
    held = await card(world)
    await post(world, "mine", "earn", held, {"points": 5})
    body = {"id": f"{'mine':0<16}", "kind": "earn", "pass_id": held, "amounts": {"points": 5}}
    reader = await world.key("ledger:read")
    assert (await reader.post("/v1/operations", body)).status == 403
    assert (await world.other.post("/v1/operations", body)).status == 404
    rolled = await world.key("ledger:write")
    assert (await rolled.post("/v1/operations", body)).headers[REPLAYED] == "true"


async def test_of_an_erased_pass_nothing_is_done_again(world: World, migrated_url: str) -> None:
    held = await card(world)
    await post(world, "before", "earn", held, {"points": 5})
    statements = [
        f"DELETE FROM {table} WHERE {column} = '{held}'" for table, column in (("google_object", "pass_id"), ("pass", "id"))
    ]
    if (path := sqlite_path(migrated_url)) is not None:
        with sqlite3.connect(path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
    else:
        with psycopg.connect(migrated_url) as server:
            for statement in statements:
                server.execute(statement)  # type: ignore[arg-type]
    answer = await post(world, "before", "earn", held, {"points": 5})
    assert (answer.status, answer.problem) == (410, "gone")
    assert (await post(world, "new", "earn", held, {"points": 5})).status == 404


@pytest.mark.requirement("S2-37", "S2-50")
async def test_the_tax_is_split_once_and_given_back_at_its_own_rate(world: World) -> None:
    held = await card(world)
    await post(world, "top-up", "top_up", held, {"EUR": 10_000})
    charge = await post(world, "charge", "charge", held, {"EUR": -550}, vat_rate_bp=2100, metadata={"product_id": "latte-42"})
    assert charge.json["vat"] == {"unit": "EUR", "rate_bp": 2100, "net_minor": 455, "vat_minor": 95, "gross_minor": 550}
    assert charge.json["metadata"]["product_id"] == "latte-42"
    id_ = charge.json["id"]
    parts = [(await post(world, f"refund-{n}", "refund", held, {"EUR": 183}, reverses=id_)).json["vat"] for n in range(3)]
    last = (await post(world, "refund-last", "refund", held, {"EUR": 1}, reverses=id_)).json["vat"]
    assert {one["rate_bp"] for one in [*parts, last]} == {2100}
    assert sum(one["vat_minor"] for one in [*parts, last]) == -95
    assert all(one["net_minor"] + one["vat_minor"] == one["gross_minor"] for one in [*parts, last])
    other = await post(world, "charge-2", "charge", held, {"EUR": -999}, vat_rate_bp=700)
    void = await post(world, "void-2", "void", held, reverses=other.json["id"])
    assert {name: -value for name, value in void.json["vat"].items() if name.endswith("minor")} == {
        name: value for name, value in other.json["vat"].items() if name.endswith("minor")
    }
    due = await world.services.store.read(
        lambda tx: sum(one.balance for n in range(16) for one in tx.ledger.accounts(MINE, f"system:vat_due:{n}"))
    )
    assert due == 0


@on_sqlite
async def test_a_rate_that_means_nothing_is_refused(world: World) -> None:
    held = await card(world)
    await post(world, "top-up", "top_up", held, {"EUR": 500, "USD": 500, "points": 500})
    for kind, amounts, rate in (("earn", {"points": 5}, 700), ("charge", {"EUR": -5, "USD": -5}, 700)):
        refused = await post(world, "rate", kind, held, amounts, vat_rate_bp=rate)
        assert (refused.status, refused.paths) == (422, {"vat_rate_bp"})
    in_points = await post(world, "points", "charge", held, {"points": -5}, vat_rate_bp=700)
    assert in_points.json["vat"] == {"unit": "", "rate_bp": 700, "net_minor": 0, "vat_minor": 0, "gross_minor": 0}
