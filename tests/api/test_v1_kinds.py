"""What a template is for: settled when it is made, kept once passes are issued, and shown by an Android phone."""

import pytest

from api.conftest import CARD, World, on_sqlite

STORE = CARD | {"style": "store_card"}


async def template(world: World, **changes: object) -> str:
    made = await world.client.post("/v1/templates", {"name": "T", "content": STORE | changes})
    assert made.status == 201, made.body
    return str(made.json["id"])


@on_sqlite
async def test_a_template_says_its_kind_and_a_pass_of_its_own_content_only_when_asked(world: World) -> None:
    made = await template(world)
    shown = (await world.client.get(f"/v1/templates/{made}")).json
    assert shown["content"]["kind"] == "loyalty"
    issued = await world.client.post("/v1/passes", {"content": STORE})
    assert issued.json["content"].get("kind") is None


@on_sqlite
async def test_an_issued_pass_keeps_its_kind(world: World) -> None:
    serial = (await world.client.post("/v1/passes", {"content": STORE | {"kind": "loyalty"}})).json["id"]
    refused = await world.client.put(f"/v1/passes/{serial}", {"content": STORE | {"kind": "offer"}})
    assert (refused.status, refused.problem, refused.json["code"]) == (409, "conflict", "kind_fixed")
    changed = await world.client.put(f"/v1/passes/{serial}", {"content": STORE | {"logo_text": "New"}})
    assert changed.status == 200
    assert (await world.client.get(f"/v1/passes/{serial}")).json["content"]["kind"] == "loyalty"


@on_sqlite
@pytest.mark.requirement("S3-33")
async def test_what_google_needs_of_a_kind_is_asked_before_anything_is_issued(world: World) -> None:
    flight = CARD | {"style": "boarding_pass", "transit_type": "air", "kind": "flight"}
    refused = await world.client.post("/v1/passes", {"content": flight})
    assert refused.status == 422
    assert {"content.semantics.airlineCode", "content.semantics.flightNumber"} <= refused.paths
    assert (await world.client.post("/v1/passes", {"content": flight | {"kind": "generic"}})).status == 201
