"""Passes at Google, judged by the stand-in of its API: made, changed, announced, and brought back after every kind of trouble."""

from typing import Any

import pytest
from msgspec.structs import replace

from billfold.domain.content import Content, Field, ImageSlot, Location
from billfold.domain.delivery import Delivered
from billfold.domain.errors import CredentialMissing
from billfold.domain.ids import template_id
from billfold.domain.messages import Message
from billfold.domain.passes import Pass, Template
from billfold.wallets.google.save_link import JWT_LENGTH_MAX
from wallets.google.held import held, with_points
from wallets.google.material import COFFEE, ISSUER, NOW_MS, SCOPE
from wallets.offers import given_out

# --- issue ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S3-01", "S3-22")
async def test_a_new_pass_gets_its_class_and_its_object(world: Any) -> None:
    made = await world.issue()
    assert await world.publish(made) == [Delivered()]
    assert world.verbs() == ["POST genericClass", "POST genericObject"]
    found = world.object(made)
    assert found["cardTitle"]["defaultValue"]["value"] == "Bayroast Coffee"
    assert found["logo"]["sourceUri"]["uri"] == "https://cards.example/i/d3m0abt/drawn-BC.png"
    assert found["hasUsers"] is False
    state = await world.remembered(made)
    assert state.class_id == found["classId"]
    assert state.values == {"points": "1,250", "card": "Coffee Rewards", "tier": "Gold", "since": "2024"} | {
        one.key: one.value for one in COFFEE.back
    }


async def test_a_second_pass_of_the_layout_needs_one_request(world: Any) -> None:
    await world.publish(await world.issue())
    world.wire.seen.clear()
    assert await world.publish(await world.issue(seed=b"another pass 123")) == [Delivered()]
    assert world.verbs() == ["POST genericObject"]


async def test_many_new_passes_at_once_make_their_class_once(world: Any) -> None:
    made = [await world.issue(seed=b"%016d" % number) for number in range(30)]
    assert await world.publish(*made) == [Delivered()] * 30
    assert world.verbs().count("POST genericClass") == 1
    assert len(world.classes()) == 1


@pytest.mark.requirement("S3-22", "S3-38")
async def test_a_save_link_works_before_the_worker_came_and_the_worker_completes_the_pass(world: Any) -> None:
    content = replace(COFFEE, back=(Field("terms", "x" * 900, "Terms"),))
    made = await world.issue(content)
    link = (await given_out(world.wallet.prepare(made, content))).save_url
    token = link.removeprefix(f"{world.google.url}/gp/v/save/")
    assert len(token) <= JWT_LENGTH_MAX
    saved = world.google.save(token)
    assert saved.status == 200, saved.raw
    assert saved.json["warnings"] == []
    assert saved.json["created"] is True
    assert "textModulesData" not in world.object(made)
    assert world.wire.seen == []
    assert await world.publish(made) == [Delivered()]
    assert world.verbs() == ["POST genericClass", "PATCH genericClass", "POST genericObject", "PATCH genericObject"]
    assert [one["id"] for one in world.object(made)["textModulesData"]] == ["r1c1", "r2c1", "r2c2", "terms"]
    assert world.classes()[0]["multipleDevicesAndHoldersAllowedStatus"] == "MULTIPLE_HOLDERS"
    assert (await world.remembered(made)).has_users is True


async def change_before_google_has_it(world: Any, made: Any, content: Content) -> Any:
    """As flows/update.py does: what the holder of a link may have is noted with the change."""
    values = {one.key: one.value for one in made.content.fields()}
    await world.store.write(lambda tx: tx.google.note_values(SCOPE, made.id, values))
    return await world.change(made, content)


@pytest.mark.requirement("S3-27", "S0-40")
async def test_a_change_before_google_had_the_pass_from_us_is_announced_to_who_saved_it(world: Any) -> None:
    made = await world.issue()
    link = (await given_out(world.wallet.prepare(made, made.content))).save_url
    assert world.google.save(link.rpartition("/")[2]).status == 200
    once = await change_before_google_has_it(world, made, with_points("1,300"))
    twice = await change_before_google_has_it(world, once, with_points("1,400"))
    assert await world.publish(twice) == [Delivered()]
    assert world.messages(made) == [("TEXT_AND_NOTIFY", "You hit 1,400 points. Free coffee unlocked!")]
    assert world.object(made)["textModulesData"][0]["body"] == "1,400"
    assert await world.publish(twice) == [Delivered()]
    assert len(world.messages(made)) == 1


async def test_who_saves_after_such_a_change_is_told_nothing_of_it(world: Any) -> None:
    made = await world.issue()
    changed = await change_before_google_has_it(world, made, with_points("1,300"))
    assert await world.publish(changed) == [Delivered()]
    assert world.messages(made) == []
    later = await world.change(changed, with_points("1,400"))
    assert await world.publish(later) == [Delivered()]
    assert world.messages(made) == [("TEXT_AND_NOTIFY", "You hit 1,400 points. Free coffee unlocked!")]


@pytest.mark.requirement("S3-35")
async def test_a_save_link_made_later_is_accepted_too(world: Any) -> None:
    made = await held(world)
    link = (await given_out(world.wallet.prepare(made, with_points("9")))).save_url
    assert world.google.save(link.rpartition("/")[2], "second.tester@example.com").status == 200
    assert world.google.save(link.rpartition("/")[2]).status == 200
    assert world.object(made)["textModulesData"][0]["body"] == "1,250"  # a link never changes an object


async def test_new_passes_are_issued_under_the_newest_account(world: Any) -> None:
    assert await world.wallet.identity(SCOPE) == ISSUER
    world.accounts.known.clear()
    with pytest.raises(CredentialMissing):
        await world.wallet.identity(SCOPE)


@pytest.mark.requirement("S3-17")
async def test_the_pictures_of_a_pass_have_public_addresses(world: Any) -> None:
    images = {ImageSlot.LOGO: "a" * 64, ImageSlot.STRIP: "b" * 64, ImageSlot.THUMBNAIL: "c" * 64, ImageSlot.ICON: "d" * 64}
    made = await world.issue(replace(COFFEE, images=images))
    assert await world.publish(made) == [Delivered()]
    found = world.object(made)
    assert found["logo"]["sourceUri"]["uri"].endswith("/a" + "a" * 63 + ".png")
    assert found["heroImage"]["sourceUri"]["uri"].endswith("/b" + "b" * 63 + ".png")
    assert found["imageModulesData"][0]["mainImage"]["sourceUri"]["uri"].endswith("/c" + "c" * 63 + ".png")


# --- update -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S3-12", "S3-27", "S3-28", "S3-32")
async def test_a_changed_field_with_a_change_message_is_announced_once(world: Any) -> None:
    made = await held(world)
    changed = await world.change(made, with_points("1,300"))
    assert await world.publish(changed) == [Delivered()]
    assert world.verbs() == ["PATCH genericObject", "POST genericObject message"]
    assert world.object(made)["textModulesData"][0]["body"] == "1,300"
    assert world.messages(made) == [("TEXT_AND_NOTIFY", "You hit 1,300 points. Free coffee unlocked!")]
    [notice] = world.google.control("GET", "/notifications")["notifications"]
    assert notice["accounts"] == ["tester@example.com"]
    assert await world.publish(changed) == [Delivered()]
    assert world.verbs() == ["PATCH genericObject"]
    assert len(world.messages(made)) == 1


@pytest.mark.requirement("S3-28")
@pytest.mark.parametrize(
    "content",
    [
        with_points("1,250", logo_text="Another name"),
        replace(COFFEE, secondary=(Field("tier", "Platinum", "TIER"),)),
        replace(COFFEE, header=(Field("points", "1,300", "POINTS"),)),
        replace(COFFEE, header=()),
        replace(COFFEE, auxiliary=(Field("new", "1", "NEW", "now %@"),)),
    ],
    ids=["no value", "no message", "message gone", "field gone", "field new"],
)
async def test_other_changes_are_silent(world: Any, content: Content) -> None:
    made = await held(world)
    assert await world.publish(await world.change(made, content)) == [Delivered()]
    assert "messages" not in world.object(made)


@pytest.mark.requirement("S3-24")
async def test_what_is_left_out_of_an_update_is_gone_at_google(world: Any) -> None:
    made = await held(world, replace(COFFEE, expires_at=1_900_000_000, grouping="g", images={ImageSlot.STRIP: "b" * 64}))
    bare = Content("Bayroast", "Card", primary=(Field("card", "Rewards"),))
    assert await world.publish(await world.change(made, bare)) == [Delivered()]
    found = world.object(made)
    gone = {"barcode", "textModulesData", "linksModuleData", "validTimeInterval", "groupingInfo", "heroImage", "subheader"}
    assert not gone & set(found)
    assert found["classId"] == f"{ISSUER}.d3m0abt-layout-0"


async def test_a_pass_whose_layout_changes_moves_to_the_class_of_that_layout(world: Any) -> None:
    made = await held(world)
    assert await world.publish(await world.change(made, replace(COFFEE, auxiliary=(Field("a", "1"),)))) == [Delivered()]
    assert world.verbs() == ["POST genericClass", "PATCH genericObject"]
    assert world.object(made)["classId"] == f"{ISSUER}.d3m0abt-layout-121"


async def test_a_voided_pass_becomes_inactive(world: Any) -> None:
    made = await held(world)
    assert await world.publish(await world.change(made, voided=True)) == [Delivered()]
    assert world.object(made)["state"] == "INACTIVE"


async def test_a_pass_of_a_template_shows_the_template_and_its_own_values(world: Any) -> None:
    template = Template(template_id(SCOPE, b"x" * 11), SCOPE, "Card", 1, with_points("{{ points }}"), 1, NOW_MS, NOW_MS)
    await world.store.write(lambda tx: tx.templates.add(template))
    made = await world.issue(None, template_id=template.id, values={"points": "7"})
    assert await world.publish(made) == [Delivered()]
    assert world.object(made)["textModulesData"][0]["body"] == "7"
    assert await world.publish(await world.change(made, values={"points": "8"})) == [Delivered()]
    assert world.messages(made) == [("TEXT_AND_NOTIFY", "You hit 8 points. Free coffee unlocked!")]


async def test_a_new_callback_address_changes_the_class_once(world: Any) -> None:
    made = await held(world)
    world.callback_url = "https://cards.example/google/d3m0abt/callback"
    assert await world.publish(made, made) == [Delivered(), Delivered()]
    assert world.verbs().count("PATCH genericClass") == 1
    assert world.classes()[0]["callbackOptions"] == {"url": world.callback_url}


@pytest.mark.parametrize(("plain", "sent"), [(False, False), (True, True)])
async def test_a_callback_address_without_tls_is_sent_only_to_a_stand_in(world: Any, plain: bool, sent: bool) -> None:
    world.callback_url, world.plain_callbacks = "http://127.0.0.1:9/callback", plain
    assert await world.publish(await world.issue()) == [Delivered()]
    assert ("callbackOptions" in world.classes()[0]) is sent


# --- messages and their quota -----------------------------------------------------------------------------------------------------


async def points(world: Any, made: Pass, *values: str) -> Pass:
    for value in values:
        made = await world.change(made, with_points(value))
        assert await world.publish(made) == [Delivered()]
    return made


async def test_at_most_three_messages_notify_in_24_hours_and_later_ones_arrive_silently(world: Any) -> None:
    made = await points(world, await held(world), "1", "2", "3", "4")
    assert [kind for kind, _ in world.messages(made)] == ["TEXT_AND_NOTIFY"] * 3 + ["TEXT"]
    assert world.verbs().count("POST genericObject message") == 4  # counted before the call, not found out by it
    world.clock.advance(days=1, ms=1)
    await points(world, made, "5")
    assert world.messages(made)[-1] == ("TEXT_AND_NOTIFY", "You hit 5 points. Free coffee unlocked!")


async def test_when_google_counted_more_than_we_did_the_message_arrives_silently(world: Any) -> None:
    made = await held(world)
    for number in range(3):
        message = {"id": str(number), "header": "h", "body": "b", "messageType": "TEXT_AND_NOTIFY"}
        assert world.google.api("POST", f"/genericObject/{ISSUER}.{made.id}/addMessage", {"message": message}).status == 200
    made = await points(world, made, "1")
    assert world.messages(made)[-1] == ("TEXT", "You hit 1 points. Free coffee unlocked!")
    world.wire.seen.clear()
    await points(world, made, "2")
    assert world.verbs() == ["PATCH genericObject", "POST genericObject message"]  # not tried loudly again that day


async def test_the_oldest_messages_make_room(world: Any) -> None:
    made = await points(world, await held(world), *map(str, range(13)))
    bodies = [body for _, body in world.messages(made)]
    assert len(bodies) <= 10
    assert bodies[-1] == "You hit 12 points. Free coffee unlocked!"
    assert bodies == sorted(bodies, key=lambda body: int(body.split()[2]))


async def test_more_changes_than_google_keeps_messages_are_told_up_to_its_ten(world: Any) -> None:
    many = tuple(Field(f"f{number}", "old", None, "%@") for number in range(14))
    made = await held(world, replace(COFFEE, back=many))
    changed = await world.change(made, replace(COFFEE, back=tuple(replace(one, value="new") for one in many)))
    assert await world.publish(changed) == [Delivered()]
    assert len(world.messages(made)) == 10


# --- places -----------------------------------------------------------------------------------------------------------------------

PLACES = replace(COFFEE, locations=(Location(40.7484, -73.9857, None, "Free refill"), Location(90, 180)))


@pytest.mark.requirement("S3-13")
async def test_places_go_in_a_request_of_their_own_and_only_when_they_change(world: Any) -> None:
    made = await held(world, PLACES)
    assert world.object(made)["merchantLocations"] == [
        {"latitude": 40.7484, "longitude": -73.9857},
        {"latitude": 90, "longitude": 180},
    ]
    made = await points_at(world, made, "1")
    assert world.verbs() == ["PATCH genericObject", "POST genericObject message"]
    assert await world.publish(await world.change(made, with_points("1"))) == [Delivered()]
    assert world.verbs() == ["PATCH genericObject", "PATCH genericObject"]
    assert "merchantLocations" not in world.object(made)


async def points_at(world: Any, made: Pass, value: str) -> Pass:
    changed: Pass = await world.change(made, with_points(value, locations=PLACES.locations))
    assert await world.publish(changed) == [Delivered()]
    return changed


async def test_an_issuer_that_may_not_use_places_loses_only_the_places(world: Any) -> None:
    world.google.control("POST", f"/issuers/{ISSUER}", {"allowlisted": False})
    made = await held(world, PLACES)
    assert "merchantLocations" not in world.object(made)
    made = await points_at(world, made, "1")
    assert world.verbs() == ["PATCH genericObject", "POST genericObject message"]  # not asked again that day
    world.google.control("POST", f"/issuers/{ISSUER}", {"allowlisted": True})
    world.clock.advance(days=1, ms=1)
    await points_at(world, made, "2")
    assert len(world.object(made)["merchantLocations"]) == 2


# --- messages to the holder -------------------------------------------------------------------------------------------------------


def note(number: int) -> Message:
    return Message(f"{number:04}", NOW_MS + number, "Bayroast", f"News {number}")


@pytest.mark.requirement("S0-35")
async def test_a_message_to_the_holder_is_announced_once_and_is_no_field(world: Any) -> None:
    made = await held(world)
    told = await world.change(made, messages=(note(1),))
    assert await world.publish(told) == [Delivered()]
    assert world.verbs() == ["PATCH genericObject", "POST genericObject message"]
    assert world.messages(made) == [("TEXT_AND_NOTIFY", "News 1")]
    assert "message" not in [one["id"] for one in world.object(made)["textModulesData"]]
    assert await world.publish(told) == [Delivered()]
    assert len(world.messages(made)) == 1


@pytest.mark.requirement("S0-35")
async def test_messages_share_the_three_notices_of_a_day_and_come_in_their_order(world: Any) -> None:
    made = await held(world)
    told = await world.change(made, messages=tuple(map(note, range(5))))
    assert await world.publish(told) == [Delivered()]
    kinds = ["TEXT_AND_NOTIFY"] * 3 + ["TEXT"] * 2
    assert world.messages(made) == [(kind, f"News {number}") for number, kind in enumerate(kinds)]
    more = await world.change(told, messages=tuple(map(note, range(1, 11))))
    assert await world.publish(more) == [Delivered()]
    assert [text for _, text in world.messages(made)][-1] == "News 10"
    assert len(world.messages(made)) <= 10


async def test_a_message_before_anybody_has_the_pass_disturbs_nobody(world: Any) -> None:
    made = await world.issue(messages=(note(1),))
    assert await world.publish(made) == [Delivered()]
    assert world.messages(made) == [("TEXT", "News 1")]
