"""Samples of a design: passes of the test environment for whoever edits it, of the draft or of what is published."""

from dataclasses import replace

import pytest

from api.conftest import MINE, MINE_LIVE, World, on_sqlite
from billfold.domain.errors import Conflict, Forbidden, NotFound, WrongScope
from billfold.domain.keys import ROLES, Actor
from billfold.flows.samples import Which, hand_out
from billfold.starters import catalogue

pytestmark = on_sqlite
DESIGNER = Actor(MINE, "a designer", ROLES["designer"])
VALUES = catalogue.load("cafe-stamps").samples[0].values


async def made(world: World, **more: object) -> str:
    answer = await world.client.post("/v1/templates", {"starter": "cafe-stamps", **more})
    assert answer.status == 201, answer.body
    return answer.json["id"]


async def test_a_designer_tries_what_is_published_and_the_draft(world: World) -> None:
    template = await made(world)
    published = await hand_out(world.services, DESIGNER, template, Which.PUBLISHED, VALUES)
    draft = await hand_out(world.services, DESIGNER, template, Which.DRAFT, VALUES)
    shown = (await world.client.get(f"/v1/passes/{published.serial}")).json
    own = (await world.client.get(f"/v1/passes/{draft.serial}")).json
    assert (shown["template_id"], own["template_id"]) == (template, None)
    assert own["content"]["header"][0]["value"] == "4 / 10"
    assert own["content"]["images"].keys() == shown["content"]["images"].keys()
    more = VALUES | {"stamps": {"collected": 5, "total": 10}}
    for which, before in ((Which.PUBLISHED, published), (Which.DRAFT, draft)):
        after = await hand_out(world.services, DESIGNER, template, which, more, before.serial)
        assert (after.serial, after.again) == (before.serial, True)
        content = (await world.client.get(f"/v1/passes/{before.serial}")).json["content"]
        assert content["header"][0]["value"] == "5 / 10"


async def test_a_sample_of_something_else_is_left_alone(world: World) -> None:
    template, other = await made(world), await made(world)
    earlier = await hand_out(world.services, DESIGNER, other, Which.PUBLISHED, VALUES)
    for which in Which:
        given = await hand_out(world.services, DESIGNER, template, which, VALUES, earlier.serial)
        assert (given.serial != earlier.serial, given.again) == (True, False)
    gone = await hand_out(world.services, DESIGNER, template, Which.DRAFT, VALUES, f"{earlier.serial[:-4]}0000")
    assert not gone.again


async def test_who_may_not_edit_and_what_is_live_has_no_samples(world: World) -> None:
    template = await made(world, publish=False)
    with pytest.raises(Conflict):
        await hand_out(world.services, DESIGNER, template, Which.PUBLISHED, VALUES)
    with pytest.raises(Forbidden):
        await hand_out(world.services, replace(DESIGNER, scopes=ROLES["marketer"]), template, Which.DRAFT, VALUES)
    with pytest.raises((Conflict, WrongScope)):
        await hand_out(world.services, replace(DESIGNER, scope=MINE_LIVE), template, Which.DRAFT, VALUES)
    with pytest.raises(NotFound):
        await hand_out(world.services, DESIGNER, "tpl_mine00t_nothing", Which.DRAFT, VALUES)
