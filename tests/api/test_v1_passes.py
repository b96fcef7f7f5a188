"""The native API for passes and templates, as a developer uses it: on both engines, with real wallets."""

import io
import json
import zipfile

import pytest

from api.conftest import CARD, World, on_sqlite


async def issued(world: World, **changes: object) -> str:
    answer = await world.client.post("/v1/passes", {"content": CARD | changes})
    assert answer.status == 201, answer.body
    return answer.json["id"]


@pytest.mark.requirement("S0-18", "S0-34", "S3-57")
async def test_a_pass_is_issued_read_and_listed(world: World) -> None:
    made = await world.client.post("/v1/passes", {"content": CARD})
    assert made.status == 201
    read = (await world.client.get(f"/v1/passes/{made.json['id']}")).json
    delivery = read.pop("delivery")
    assert read == {name: value for name, value in made.json.items() if name != "findings"}
    assert [(one["channel"], one["current"]) for one in delivery] == [("google", False)]
    listed = await world.client.get("/v1/passes")
    assert [one["id"] for one in listed.json["items"]] == [made.json["id"]]


LATER: dict[str, object] = {
    "kind": "loyalty",
    "language": "en",
    "translations": {"de": {"fields.points.label": "PUNKTE"}, "fr-CA": {"description": "Carte"}},
    "barcode_fallbacks": [{"format": "Code128", "message": "1", "encoding": "iso-8859-1"}],
    "rotating_barcode": {"format": "PDF417", "pattern": "T-{totp_value_0}", "period_seconds": 60, "digits": 6},
    "beacons": [{"uuid": "f8f589e9-c07e-58b0-aeaa-a36bc4a2b0f1", "major": 1, "relevant_text": "Door"}],
    "max_distance": 200,
    "relevant": [{"start": "2026-12-31T10:30:00.000Z", "end": "2026-12-31T12:00:00.000Z"}],
    "valid_from": "2026-12-01T00:00:00.000Z",
    "smart_tap": "123",
    "semantics": {"balance": {"amount": "12.50", "currencyCode": "EUR"}},
    "poster": {"primary": [{"key": "p", "value": "Ada"}], "footer": [{"key": "f", "value": "Gold", "label": "TIER"}]},
    "stamps": {"filled": "3", "total": "10", "icon": "cup", "stamp_color": "#112233"},
    "overrides": {"apple": {"userInfo": {"a": [1, None]}}, "google_object": {"notifyPreference": "NOTIFY_ON_UPDATE"}},
}
FORMATTED: list[dict[str, object]] = [
    {"key": "total", "label": "POINTS", "value": "1250", "format": {"type": "number", "style": "percent"}, "role": "points"},
    {"key": "money", "label": None, "value": "12.50", "format": {"type": "money", "currency": "EUR"}, "alignment": "right"},
    {"key": "due", "label": None, "value": "2026-12-31T18:00+01:00", "format": {"type": "date", "date": "long", "relative": True}},
    {
        "key": "seat",
        "label": None,
        "value": "1A",
        "row": 1,
        "rich_text": "<a href='https://a.example'>1A</a>",
        "detectors": ["link"],
    },
]


@on_sqlite
async def test_what_later_versions_know_comes_back_too(world: World) -> None:
    made = await world.client.post("/v1/passes", {"content": CARD | LATER | {"back": FORMATTED}})
    assert made.status == 201, made.body
    shown = made.json["content"]
    assert all(member.items() <= back.items() for member, back in zip(FORMATTED, shown["back"], strict=True))
    for name, value in LATER.items():
        if name in ("barcode_fallbacks", "poster"):
            continue
        assert shown[name] == value, name
    assert shown["barcode_fallbacks"] == [LATER["barcode_fallbacks"][0] | {"alt_text": None}]  # type: ignore[index]
    assert shown["poster"]["footer"] == [{"key": "f", "value": "Gold", "label": "TIER"}]


async def test_content_comes_back_as_it_was_sent(world: World) -> None:
    whole = {
        "description": "A flight",
        "organization_name": "Air Bayroast",
        "style": "boarding_pass",
        "logo_text": "Air",
        "header": [{"key": "gate", "label": "GATE", "value": "A1", "change_message": "Gate %@"}],
        "primary": [{"key": "from", "label": "FROM", "value": "VIE"}, {"key": "to", "label": "TO", "value": "JFK"}],
        "secondary": [{"value": "Ada Lovelace"}],
        "auxiliary": [{"key": "seat", "label": None, "value": "1A"}],
        "back": [{"key": "terms", "label": "Terms", "value": "Be there.\nOn time. 😀"}],
        "barcode": {"format": "Aztec", "message": "M1LOVELACE", "alt_text": "Ada"},
        "background_color": "#1E40AF",
        "foreground_color": "#ffffff",
        "label_color": "#eeeeee",
        "locations": [{"latitude": 48.11, "longitude": 16, "altitude": 183, "relevant_text": "Welcome"}],
        "sharing_prohibited": False,
        "expires_at": "2027-01-01T00:00:00+01:00",
        "relevant_at": "2026-12-31T10:30:00Z",
        "transit_type": "air",
        "grouping": "trip",
    }
    made = await world.client.post("/v1/passes", {"content": whole})
    assert made.status == 201, made.body
    shown = made.json["content"]
    assert shown["background_color"] == "#1e40af"
    assert shown["expires_at"] == "2026-12-31T23:00:00.000Z"
    assert shown["relevant_at"] == "2026-12-31T10:30:00.000Z"
    assert [one["key"] for one in shown["secondary"]] == ["secondary0"]
    for name in (
        "description",
        "organization_name",
        "style",
        "logo_text",
        "header",
        "barcode",
        "sharing_prohibited",
        "transit_type",
    ):
        sent = whole[name]
        assert shown[name] == sent, name


async def test_expiry_in_days_counts_from_the_issue(world: World) -> None:
    made = await world.client.post("/v1/passes", {"content": CARD | {"expires_in_days": 30.0}})
    assert made.status == 201, made.body
    days = (parsed(made.json["content"]["expires_at"]) - parsed(made.json["issued_at"])) / 86_400
    assert days == pytest.approx(30, abs=0.001)


def parsed(text: str) -> float:
    import datetime

    return datetime.datetime.fromisoformat(text).timestamp()


@pytest.mark.requirement("S3-24", "S3-25", "S3-49", "S0-33")
async def test_a_replaced_pass_keeps_nothing_and_an_equal_one_changes_nothing(world: World) -> None:
    serial = await issued(world)
    changed = await world.client.put(f"/v1/passes/{serial}", {"content": {"description": "Only this"}})
    assert (changed.status, changed.json["unchanged"]) == (200, False)
    shown = (await world.client.get(f"/v1/passes/{serial}")).json
    assert shown["content"]["header"] == []
    assert shown["content"]["barcode"] is None
    again = await world.client.put(f"/v1/passes/{serial}", {"content": {"description": "Only this", "header": []}})
    assert (again.json["unchanged"], again.json["version"]) == (True, changed.json["version"])
    usage = (await world.client.get("/v1/usage")).json
    assert (usage["issued"], usage["updated"], usage["total"]) == (1, 1, 2)


async def test_a_void_pass_stays_void(world: World) -> None:
    serial = await issued(world)
    first = await world.client.post(f"/v1/passes/{serial}/void")
    assert (first.status, first.json["voided"], first.json["unchanged"]) == (200, True, False)
    assert (await world.client.post(f"/v1/passes/{serial}/void", b"{}")).json["unchanged"] is True
    assert (await world.client.put(f"/v1/passes/{serial}", {"content": CARD | {"logo_text": "new"}})).json["voided"] is True
    assert (await world.client.get(f"/v1/passes/{serial}")).json["content"]["voided"] is True


@pytest.mark.requirement("S3-38", "S3-57")
async def test_phones_install_from_the_bundle_and_the_links(world: World) -> None:
    serial = await issued(world)
    bundle = await world.client.get(f"/v1/passes/{serial}/apple")
    assert bundle.headers["content-type"] == "application/vnd.apple.pkpass"
    assert bundle.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(bundle.body)) as files:
        assert json.loads(files.read("pass.json"))["serialNumber"] == serial
        assert "signature" in files.namelist()
    links = (await world.client.get(f"/v1/passes/{serial}/links")).json
    assert links["share_url"].endswith(f"/p/{serial}")
    assert links["apple_bundle_url"].endswith(f"/v1/passes/{serial}/apple")
    assert "/save/" in links["google_save_url"]


async def test_a_template_shows_on_every_pass_made_from_it(world: World) -> None:
    content = {"description": "Card of {{ name }}", "primary": [{"label": "MEMBER", "value": "{{name}}"}]}
    template = await world.client.post("/v1/templates", {"name": "Members", "content": content})
    assert (template.status, template.json["revision"]) == (201, 1)
    template_id = template.json["id"]
    made = await world.client.post("/v1/passes", {"template_id": template_id, "values": {"name": "Ada"}})
    assert made.status == 201, made.body
    assert made.json["content"]["primary"][0]["value"] == "Ada"
    serial = made.json["id"]

    published = await world.client.put(
        f"/v1/templates/{template_id}", {"name": "Members", "content": content | {"logo_text": "New!"}}
    )
    assert (published.json["revision"], published.json["unchanged"]) == (2, False)
    assert (await world.client.get(f"/v1/passes/{serial}")).json["content"]["logo_text"] == "New!"
    again = await world.client.put(f"/v1/templates/{template_id}", {"name": "Members", "content": content | {"logo_text": "New!"}})
    assert (again.json["revision"], again.json["unchanged"]) == (2, True)

    changed = await world.client.put(f"/v1/passes/{serial}", {"values": {"name": "Grace"}})
    assert (changed.status, changed.json["values"]) == (200, {"name": "Grace"})
    assert (await world.client.get(f"/v1/passes/{serial}")).json["content"]["description"] == "Card of Grace"
    await issued(world)
    of_template = await world.client.get(f"/v1/passes?template_id={template_id}")
    assert [one["id"] for one in of_template.json["items"]] == [serial]
    assert (await world.client.get(f"/v1/templates/{template_id}")).json["content"]["logo_text"] == "New!"


@on_sqlite
async def test_content_and_values_are_not_mixed_up(world: World) -> None:
    own = await issued(world)
    template_id = (await world.client.post("/v1/templates", {"name": "T", "content": {"description": "T"}})).json["id"]
    shared = (await world.client.post("/v1/passes", {"template_id": template_id})).json["id"]
    conflict = await world.client.put(f"/v1/passes/{shared}", {"content": CARD})
    assert (conflict.status, conflict.problem, conflict.json["code"]) == (409, "conflict", "pass_has_template")
    assert (await world.client.put(f"/v1/passes/{own}", {"values": {}})).problem == "invalid-input"
    for body in ({}, {"content": CARD, "template_id": template_id}, {"content": CARD, "values": {}}, {"values": {}}):
        assert (await world.client.post("/v1/passes", body)).status == 422, body
    for body in ({}, {"content": CARD, "values": {}}):
        assert (await world.client.put(f"/v1/passes/{own}", body)).status == 422, body


async def test_lists_give_everything_once_page_by_page(world: World) -> None:
    serials = {await issued(world, logo_text=str(number)) for number in range(7)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await world.client.get(f"/v1/passes?limit=3{cursor}")).json
        seen += [one["id"] for one in page["items"]]
        assert page["more"] == (page["next_cursor"] is not None)
        if not page["more"]:
            break
        assert len(page["items"]) == 3
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 7
    assert set(seen) == serials


async def test_the_stream_of_events_goes_on_where_the_cursor_stands(world: World) -> None:
    first = await issued(world)
    page = (await world.client.get("/v1/events?limit=200")).json
    assert ("pass.issued", first) in [(one["kind"], one["subject"]) for one in page["items"]]
    cursor = page["next_cursor"]
    nothing = (await world.client.get(f"/v1/events?cursor={cursor}")).json
    assert (nothing["items"], nothing["next_cursor"]) == ([], cursor)
    await world.client.post(f"/v1/passes/{first}/void")
    news = (await world.client.get(f"/v1/events?cursor={cursor}")).json
    assert [(one["kind"], one["subject"]) for one in news["items"]] == [("pass.voided", first)]
    about = (await world.client.get(f"/v1/events?subject={first}")).json
    assert [one["kind"] for one in about["items"]] == ["pass.issued", "pass.voided"]


@pytest.mark.requirement("S0-30", "S0-31", "S3-05")
async def test_a_key_is_shown_once_used_and_revoked(world: World) -> None:
    made = await world.client.post("/v1/keys", {"name": "till", "scopes": ["passes:read"], "expires_at": "2030-01-01T00:00:00Z"})
    assert made.status == 201
    text, key_id = made.json["key"], made.json["id"]
    assert text.startswith("bf_test_mine00")
    till = world.client.with_key(text)
    assert (await till.get("/v1/passes")).status == 200
    listed = await world.client.get("/v1/keys")
    assert key_id in [one["id"] for one in listed.json["items"]]
    assert text.encode() not in listed.body
    assert (await world.client.delete(f"/v1/keys/{key_id}")).status == 204
    assert (await till.get("/v1/passes")).problem == "unauthenticated"
    assert (await world.client.delete(f"/v1/keys/{key_id}")).status == 404
    kept = next(one for one in (await world.client.get("/v1/keys")).json["items"] if one["id"] == key_id)
    assert kept["revoked_at"]
