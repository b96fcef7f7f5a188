"""Starters on `/v1`: shown whole, made into templates by their names, and refused where they are none."""

import pytest

from api.conftest import World, on_sqlite
from billfold.starters import catalogue

pytestmark = on_sqlite
EXPECTED_ON_GOOGLE = {"google.image_lost", "google.strip_below_barcode", "google.thumbnail_in_details"}


async def test_a_starter_becomes_a_template_by_its_name_alone(world: World) -> None:
    made = await world.client.post("/v1/templates", {"starter": "cafe-stamps"})
    assert made.status == 201, made.body
    assert made.json["name"] == catalogue.load("cafe-stamps").title["en"]
    assert made.json["content"]["stamps"]["filled"] == "{{ stamps.collected }}"
    named = await world.client.post("/v1/templates", {"starter": "cafe-stamps", "name": "Ours", "publish": False})
    assert (named.json["name"], named.json["revision"]) == ("Ours", 0)
    assert named.json["content"] == made.json["content"]


async def test_what_is_shown_can_be_sent_as_it_stands(world: World) -> None:
    """The body of a starter, changed or not, is a body of POST /v1/templates."""
    shown = (await world.client.get("/v1/starters/membership")).json
    changed = shown["template"] | {"name": "Friends of the zoo"}
    made = await world.client.post("/v1/templates", changed)
    assert made.status == 201, made.body
    by_name = await world.client.post("/v1/templates", {"starter": "membership"})
    assert made.json["content"] == by_name.json["content"]
    sample = shown["samples"][0]
    issued = await world.client.post("/v1/passes", {"template_id": made.json["id"], "values": sample["values"]})
    assert issued.status == 201, issued.body
    preview = await world.client.get(f"/v1/passes/{issued.json['id']}/preview.png?wallet=apple")
    assert preview.headers["content-type"] == "image/png"


async def test_every_starter_is_listed_with_its_words(world: World) -> None:
    items = (await world.client.get("/v1/starters")).json["items"]
    assert [one["name"] for one in items] == list(catalogue.names())
    assert all(set(one["title"]) == set(one["about"]) == {"en", "de", "fr"} for one in items)


async def test_what_is_no_starter_is_refused_by_name(world: World) -> None:
    content = {"description": "x"}
    for body, path in (
        ({"starter": "nothing"}, "starter"),
        ({"starter": "../gym"}, "starter"),
        ({"starter": "gym", "content": content, "name": "x"}, "starter"),
        ({"name": "x"}, "content"),
        ({"content": content}, "name"),
        ({}, "name"),
    ):
        refused = await world.client.post("/v1/templates", body)
        assert (refused.status, refused.paths) == (422, {path}), body
    assert (await world.client.get("/v1/starters/nothing")).problem == "not-found"


async def test_of_a_starters_pictures_there_is_nothing_to_say_and_of_a_bad_one_there_is(world: World) -> None:
    for name in catalogue.names():
        made = (await world.client.post("/v1/templates", {"starter": name, "publish": False})).json
        draft = (await world.client.get(f"/v1/templates/{made['id']}/draft")).json
        about = [one for one in draft["findings"] if one["path"].startswith(("content.images", "content.stamps"))]
        assert {one["code"] for one in about} <= EXPECTED_ON_GOOGLE, name
    body = {"starter": "gym"}
    template = (await world.client.post("/v1/templates", body)).json["id"]
    shown = (await world.client.get("/v1/starters/gym")).json["template"]
    small = shown["content"]["images"]["icon"]
    changed = shown | {"content": shown["content"] | {"images": {"strip": small, "logo": small}}}
    done = (await world.client.put(f"/v1/templates/{template}?dry_run=true", changed)).json
    said = {(one["code"], one["path"]) for one in done["findings"]}
    assert {("image_unsharp", "content.images.strip"), ("image_cut_off", "content.images.strip")} <= said


@pytest.mark.parametrize("name", catalogue.names())
async def test_a_starter_is_published_as_it_stands_and_issued_to_its_people(world: World, name: str) -> None:
    starter = (await world.client.get(f"/v1/starters/{name}")).json
    made = await world.client.post("/v1/templates", starter["template"])
    assert made.status == 201, made.body
    rows = [{"values": one["values"]} for one in starter["samples"]]
    issued = await world.client.post("/v1/passes/batch", {"template_id": made.json["id"], "passes": rows})
    assert (issued.status, issued.json["refused"]) == (200, 0), issued.body
    bundle = await world.client.get(f"/v1/passes/{issued.json['results'][0]['id']}/apple")
    assert bundle.body[:2] == b"PK"
