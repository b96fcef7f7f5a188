"""Messages to a pass's holder, as a developer sends them."""

import pytest

from api.conftest import CARD, World, on_sqlite

KEY = {"Idempotency-Key": "5f0c2a6e-3b0a-4b1e-9d55-2f8f5a1c7e10"}
READY = {"header": "Bayroast Coffee", "body": "Your table is ready."}
BACK = [{"key": "message", "label": "News", "value": "Welcome"}]


async def issued(world: World, **changes: object) -> str:
    answer = await world.client.post("/v1/passes", {"content": CARD | changes})
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


@pytest.mark.requirement("S0-35")
async def test_a_message_is_kept_shown_and_told(world: World) -> None:
    serial = await issued(world, back=BACK)
    before = (await world.client.get(f"/v1/passes/{serial}")).json
    sent = await world.client.post(f"/v1/passes/{serial}/messages", READY)
    assert sent.status == 201, sent.body
    assert {name: sent.json[name] for name in ("header", "body", "pass_id", "announced_on_apple")} == READY | {
        "pass_id": serial,
        "announced_on_apple": True,
    }
    read = (await world.client.get(f"/v1/passes/{serial}")).json
    assert [one["body"] for one in read["messages"]] == ["Your table is ready."]
    assert read["version"] > before["version"]
    [shown] = [one for one in read["content"]["back"] if one["key"] == "message"]
    assert (shown["label"], shown["value"], shown["change_message"]) == ("Bayroast Coffee", "Your table is ready.", "%@")
    events = (await world.client.get(f"/v1/events?subject={serial}")).json["items"]
    assert [one["kind"] for one in events] == ["pass.issued", "message.sent"]
    assert (await world.client.get("/v1/usage")).json["updated"] == 1


@on_sqlite
async def test_a_message_speaks_the_languages_of_its_holders(world: World) -> None:
    serial = await issued(world, language="en")
    words = {"de": {"body": "Dein Tisch ist frei."}, "fr": {"header": "Café", "body": "Votre table est prête."}}
    sent = await world.client.post(f"/v1/passes/{serial}/messages", READY | {"translations": words})
    assert (sent.status, sent.json["translations"]) == (201, words)
    read = (await world.client.get(f"/v1/passes/{serial}")).json
    assert read["messages"][0]["translations"] == words
    assert read["content"]["translations"]["fr"] == {
        "fields.message.label": "Café",
        "fields.message.value": "Votre table est prête.",
    }
    for wrong in ({"deutsch": {"body": "x"}}, {"de": {"body": "x" * 501}}, {"de": {"text": "x"}}, {"de": "x"}):
        assert (await world.client.post(f"/v1/passes/{serial}/messages", READY | {"translations": wrong})).status == 422


async def test_the_same_request_twice_sends_one(world: World) -> None:
    serial = await issued(world)
    first = await world.client.post(f"/v1/passes/{serial}/messages", READY, headers=KEY)
    again = await world.client.post(f"/v1/passes/{serial}/messages", READY, headers=KEY)
    assert (again.status, again.body) == (201, first.body)
    assert len((await world.client.get(f"/v1/passes/{serial}")).json["messages"]) == 1
    assert first.json["announced_on_apple"] is False  # the field was not there before


async def test_a_pass_of_a_template_keeps_its_messages_too(world: World) -> None:
    made = await world.client.post("/v1/templates", {"name": "T", "content": CARD})
    serial = (await world.client.post("/v1/passes", {"template_id": made.json["id"], "values": {}})).json["id"]
    assert (await world.client.post(f"/v1/passes/{serial}/messages", READY)).status == 201
    changed = await world.client.put(f"/v1/passes/{serial}", {"values": {"name": "Ada"}})
    assert changed.status == 200, changed.body
    assert (await world.client.get(f"/v1/passes/{serial}")).json["content"]["back"][0]["key"] == "message"


@on_sqlite
async def test_the_last_ten_are_kept(world: World) -> None:
    serial = await issued(world)
    for number in range(12):
        assert (await world.client.post(f"/v1/passes/{serial}/messages", READY | {"body": str(number)})).status == 201
    kept = (await world.client.get(f"/v1/passes/{serial}")).json["messages"]
    assert [one["body"] for one in kept] == [str(number) for number in range(2, 12)]


@on_sqlite
@pytest.mark.parametrize("body", [{}, {"header": "x"}, READY | {"body": ""}, READY | {"body": "x" * 501}, READY | {"extra": 1}])
async def test_what_is_no_message_is_refused(world: World, body: dict[str, object]) -> None:
    serial = await issued(world)
    assert (await world.client.post(f"/v1/passes/{serial}/messages", body)).status == 422


@on_sqlite
async def test_whoever_may_not_write_sends_nothing(world: World) -> None:
    serial = await issued(world)
    assert (await (await world.key("passes:read")).post(f"/v1/passes/{serial}/messages", READY)).status == 403
    assert (await world.other.post(f"/v1/passes/{serial}/messages", READY)).status in (403, 404)
