"""Idempotency keys, row by row as reference/reliability-security.md section 3.5 says."""

import asyncio

import pytest

from api.client import Answer
from api.conftest import CARD, World, on_sqlite

KEY = {"Idempotency-Key": "5f0c2a6e-3b0a-4b1e-9d55-2f8f5a1c7e10"}
REPLAYED = "idempotency-replayed"


async def count(world: World) -> int:
    return len((await world.client.get("/v1/passes?limit=200")).json["items"])


async def test_a_repeated_request_gets_the_first_answer_and_does_nothing(world: World) -> None:
    first = await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)
    again = await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert await count(world) == 1


async def test_two_at_once_become_one(world: World) -> None:
    answers = await asyncio.gather(*(world.client.post("/v1/passes", {"content": CARD}, headers=KEY) for _ in range(8)))
    assert {one.status for one in answers} == {201}
    assert len({one.body for one in answers}) == 1
    assert sorted(one.headers.get(REPLAYED, "") for one in answers) == [""] + ["true"] * 7
    assert await count(world) == 1


async def test_two_keys_made_at_once_become_one(world: World) -> None:
    """Nothing but the idempotency key itself stands between these two."""
    body = {"name": "till", "scopes": ["passes:read"]}
    answers = await asyncio.gather(*(world.client.post("/v1/keys", body, headers=KEY) for _ in range(6)))
    assert {one.status for one in answers} == {201}
    assert len({one.json["id"] for one in answers}) == 1
    assert [one["name"] for one in (await world.client.get("/v1/keys")).json["items"]].count("till") == 1


@on_sqlite
async def test_equal_meaning_is_the_same_request(world: World) -> None:
    first = await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)
    spelled_out = {"content": dict(reversed(CARD.items())) | {"style": "generic", "back": [], "logo_text": None}}
    again = await world.client.post("/v1/passes", spelled_out, headers=KEY)
    assert (again.body, again.headers[REPLAYED]) == (first.body, "true")


@on_sqlite
async def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    serial = (await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)).json["id"]
    others: list[Answer] = [
        await world.client.post("/v1/passes", {"content": CARD | {"logo_text": "other"}}, headers=KEY),
        await world.client.post("/v1/templates", {"name": "T", "content": CARD}, headers=KEY),
        await world.client.post(f"/v1/passes/{serial}/void", headers=KEY),
    ]
    assert [(one.status, one.problem) for one in others] == [(422, "idempotency-key-reused")] * 3
    assert (await world.client.get(f"/v1/passes/{serial}")).json["voided"] is False


@on_sqlite
@pytest.mark.parametrize("key", ["short", "x" * 129, "sixteen characters", "sixteen-charactérs"])
async def test_a_malformed_key_is_refused(world: World, key: str) -> None:
    refused = await world.client.post("/v1/passes", {"content": CARD}, headers={"Idempotency-Key": key})
    assert (refused.status, refused.problem, refused.paths) == (400, "malformed-idempotency-key", {"Idempotency-Key"})
    assert await count(world) == 0


@on_sqlite
async def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    refused = await world.client.post(
        "/v1/passes", {"content": CARD | {"locations": [{"latitude": 91, "longitude": 0}]}}, headers=KEY
    )
    assert refused.status == 422
    missing = await world.client.post("/v1/passes", {"template_id": "tpl_mine00t_0000000000000000"}, headers=KEY)
    assert missing.status == 404
    good = await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)
    assert (good.status, REPLAYED in good.headers) == (201, False)


@on_sqlite
async def test_the_key_is_the_workspaces_not_the_access_keys(world: World) -> None:
    first = await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)
    colleague = await world.key("passes:write")
    assert (await colleague.post("/v1/passes", {"content": CARD}, headers=KEY)).body == first.body
    stranger = await world.other.post("/v1/passes", {"content": CARD}, headers=KEY)
    assert (stranger.status, REPLAYED in stranger.headers) == (201, False)
    assert stranger.json["id"] != first.json["id"]


@on_sqlite
async def test_who_may_not_ask_is_not_given_the_stored_answer(world: World) -> None:
    await world.client.post("/v1/passes", {"content": CARD}, headers=KEY)
    reader = await world.key("passes:read")
    assert (await reader.post("/v1/passes", {"content": CARD}, headers=KEY)).problem == "forbidden"


@pytest.mark.requirement("S0-30")
@on_sqlite
async def test_a_new_access_key_is_not_kept_under_its_idempotency_key(world: World) -> None:
    body = {"name": "till", "scopes": ["passes:read"]}
    first = await world.client.post("/v1/keys", body, headers=KEY)
    again = await world.client.post("/v1/keys", body, headers=KEY)
    assert first.json["key"].startswith("bf_test_")
    assert (again.json["id"], again.json["key"]) == (first.json["id"], None)


@on_sqlite
async def test_a_void_and_a_template_are_made_once(world: World) -> None:
    serial = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
    first = await world.client.post(f"/v1/passes/{serial}/void", headers=KEY)
    again = await world.client.post(f"/v1/passes/{serial}/void", headers=KEY)
    assert (again.body, again.json["unchanged"], again.headers[REPLAYED]) == (first.body, False, "true")
    other = {"Idempotency-Key": "another-key-0123456789"}
    made = [await world.client.post("/v1/templates", {"name": "T", "content": CARD}, headers=other) for _ in range(2)]
    assert made[0].body == made[1].body
    assert len((await world.client.get("/v1/templates")).json["items"]) == 1
