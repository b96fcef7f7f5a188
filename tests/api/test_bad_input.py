"""Bad input: every refusal names the field and what to do, nothing is half-written, nothing is echoed, nothing is a 500."""

import base64
import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.client import Answer
from api.conftest import CARD, FACADE_CARD, World, on_sqlite, open_world, settings_for

SECRET = "kohlrabi"
DEEP = b"[" * 100_000 + b"]" * 100_000

# The twelve of reference/reliability-security.md section 0: put in as the value of a field that the operation knows.
TWELVE: dict[str, bytes] = {
    "2^63": b"9223372036854775808",
    "far beyond 2^63": b"1" + b"0" * 40,
    "NaN": b"NaN",
    "1e400": b"1e400",
    "5,000 digits": b"9" * 5_000,
    "100,000 levels": DEEP,
    "NUL": rb'"a\u0000b"',
    "lone surrogate": rb'"a\ud800b"',
    "bad UTF-8": b'"a\xffb"',
    "true for a number or text": b"true",
    "text for a number, or the reverse": b'"1.0"',
    "a name twice": b'{"a": 1, "a": 2}',
}
NUMBERS = ("content.expires_in_days", "expirationDays")


def put_in(body: object, path: str, raw: bytes) -> bytes:
    """The body as JSON, with `raw` as the value of the field at `path`."""
    marker = "@@@@"
    copy = json.loads(json.dumps(body))
    *steps, last = path.split(".")
    place = copy
    for step in steps:
        place = place[step]
    place[last] = marker
    return json.dumps(copy).encode().replace(f'"{marker}"'.encode(), raw)


async def writes(world: World) -> list[tuple[str, str, dict[str, object], str]]:
    """(method, path, good body, a field of it) of every operation with a body; text and number fields."""
    serial = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
    text_only = {"name": "T", "content": CARD, "schema": [{"name": "name", "type": "text"}]}
    template = (await world.client.post("/v1/templates", text_only)).json["id"]
    of_template = (await world.client.post("/v1/passes", {"template_id": template})).json["id"]
    content: dict[str, object] = {"content": CARD}
    found: list[tuple[str, str, dict[str, object], str]] = [
        ("PUT", f"/v1/passes/{of_template}", {"values": {"name": "a"}}, "values.name"),
        ("POST", "/v1/passes", {"template_id": template, "values": {"name": "a"}}, "values.name"),
        ("PATCH", f"/v1/passes/{of_template}/values", {"values": {"name": "a"}}, "values.name"),
        ("POST", "/v1/passes/batch", {"template_id": template, "passes": [{"values": {}}]}, "template_id"),
        ("POST", "/v1/passes/batch", {"template_id": template, "passes": [{"values": {}}]}, "passes"),
        ("PUT", f"/v1/templates/{template}/draft", {"name": "T"} | content, "content.logo_text"),
        ("POST", "/v1/keys", {"name": "k", "scopes": ["passes:read"]}, "name"),
        ("POST", "/v1/keys", {"name": "k", "scopes": ["passes:read"]}, "scopes"),
        ("POST", "/v1/templates", {"name": "T"} | content, "name"),
    ]
    for field in ("content.logo_text", "content.expires_in_days"):
        found += [
            ("POST", "/v1/passes", content, field),
            ("PUT", f"/v1/passes/{serial}", content, field),
            ("POST", "/v1/templates", {"name": "T"} | content, field),
            ("PUT", f"/v1/templates/{template}", {"name": "T"} | content, field),
        ]
    for field in ("logoText", "expirationDays"):
        found += [("POST", "/api/passes", FACADE_CARD, field), ("PUT", f"/api/passes/{serial}", FACADE_CARD, field)]
        found.append(("POST", "/api/pkpass", FACADE_CARD, field))
    return found


async def everything(world: World) -> list[bytes]:
    """All that a workspace has, but for events and use of keys."""
    return [(await world.client.get(path)).body for path in ("/v1/passes", "/v1/templates", "/v1/usage")]


@pytest.mark.requirement("S3-23")
async def test_the_twelve_inputs_against_every_operation_that_takes_a_body(world: World) -> None:
    operations = await writes(world)
    before = await everything(world)
    keys = len((await world.client.get("/v1/keys")).json["items"])
    taken, unnamed = [], []
    for method, path, body, field in operations:
        for name, raw in TWELVE.items():
            if name.startswith("text for") and field not in NUMBERS and field != "scopes":
                raw = b"1"
            answer = await world.client.ask(method, path, put_in(body, field, raw))
            if answer.status not in ((400,) if path.startswith("/api") else (400, 422)):
                taken.append((method, path, field, name, answer.status))
            named = {answer.json["error"].partition(":")[0]} if path.startswith("/api") else answer.paths
            if not any(one.startswith(field) for one in named):
                unnamed.append((method, path, field, name, answer.body))
            assert answer.headers["content-type"] == ("application/json" if path.startswith("/api") else "application/problem+json")
    assert (taken, unnamed) == ([], [])
    assert await everything(world) == before
    assert len((await world.client.get("/v1/keys")).json["items"]) == keys


WRONG: dict[str, tuple[object, str]] = {
    "unknown field": ({"logoo_text": "a"}, "content.logoo_text"),
    "unknown field inside": ({"header": [{"value": "a", "labell": "b"}]}, "content.header[0].labell"),
    "number for a text": ({"header": [{"value": 1}]}, "content.header[0].value"),
    "null for a text": ({"primary": [{"value": None}]}, "content.primary[0].value"),
    "object for a list": ({"back": {}}, "content.back"),
    "text for a list": ({"back": "abc"}, "content.back"),
    "true for a number": ({"locations": [{"latitude": True, "longitude": 0}]}, "content.locations[0].latitude"),
    "text for a number": ({"locations": [{"latitude": "1", "longitude": 0}]}, "content.locations[0].latitude"),
    "1 for true": ({"sharing_prohibited": 1}, "content.sharing_prohibited"),
    "latitude 91": ({"locations": [{"latitude": 91, "longitude": 0}]}, "content.locations[0].latitude"),
    "longitude -180.1": ({"locations": [{"latitude": 0, "longitude": -180.1}]}, "content.locations[0].longitude"),
    "11 locations": ({"locations": [{"latitude": 1, "longitude": 1}] * 11}, "content.locations"),
    "0 days": ({"expires_in_days": 0}, "content.expires_in_days"),
    "3651 days": ({"expires_in_days": 3651}, "content.expires_in_days"),
    "1.5 days": ({"expires_in_days": 1.5}, "content.expires_in_days"),
    "days and a date": ({"expires_in_days": 5, "expires_at": "2030-01-01T00:00:00Z"}, "content.expires_in_days"),
    "a colour by name": ({"background_color": "red"}, "content.background_color"),
    "a short colour": ({"label_color": "#fff"}, "content.label_color"),
    "a colour and a line feed": ({"label_color": "#ffffff\n"}, "content.label_color"),
    "a date without offset": ({"expires_at": "2030-01-01T00:00:00"}, "content.expires_at"),
    "the 30th of February": ({"expires_at": "2030-02-30T00:00:00Z"}, "content.expires_at"),
    "a week date": ({"expires_at": "2030-W01-1T00:00:00Z"}, "content.expires_at"),
    "the year 1": ({"relevant_at": "0001-01-01T00:00:00+23:59"}, "content.relevant_at"),
    "other digits": ({"expires_at": "２０３０-01-01T00:00:00Z"}, "content.expires_at"),
    "an unknown style": ({"style": "storeCard"}, "content.style"),
    "an unknown barcode": ({"barcode": {"format": "EAN", "message": "1"}}, "content.barcode.format"),
    "an empty barcode": ({"barcode": {"format": "QR", "message": ""}}, "content.barcode.message"),
    "code 128 beyond ASCII": ({"barcode": {"format": "Code128", "message": "ü"}}, "content.barcode.message"),
    "a boarding pass to nowhere": ({"style": "boarding_pass"}, "content.transit_type"),
    "one key twice": ({"header": [{"key": "a", "value": "1"}], "back": [{"key": "a", "value": "2"}]}, "content.back[0].key"),
    "a default key twice": ({"header": [{"value": "1"}], "back": [{"key": "header0", "value": "2"}]}, "content.back[0].key"),
    "a picture by http": ({"images": {"logo": "http://example.com/a.png"}}, "content.images.logo"),
    "a picture from a file": ({"images": {"logo": "file:///etc/passwd"}}, "content.images.logo"),
    "a picture from the local network": ({"images": {"icon": "https://127.1/a.png"}}, "content.images.icon"),
    "a picture that is none": ({"images": {"strip": "data:image/png;base64,AAAA"}}, "content.images.strip"),
    "an organisation of 65": ({"organization_name": "x" * 65}, "content.organization_name"),
    "an empty description": ({"description": ""}, "content.description"),
}


@on_sqlite
async def test_a_refusal_names_the_field_and_what_to_do(world: World) -> None:
    before = await everything(world)
    for name, (change, path) in WRONG.items():
        assert isinstance(change, dict)
        for answer in (
            await world.client.post("/v1/passes", {"content": CARD | change}),
            await world.client.post("/v1/templates", {"name": "T", "content": CARD | change}),
        ):
            assert (answer.status, answer.problem) == (422, "invalid-input"), (name, answer.body)
            assert path in answer.paths, (name, answer.body)
            assert all(one["message"] and one["mend"] and one["code"] for one in answer.json["errors"]), name
    assert await everything(world) == before


@on_sqlite
async def test_all_that_is_wrong_is_said_at_once(world: World) -> None:
    body = {"content": {"header": [{"label": 1}], "background_color": "red", "expires_in_days": True, "logo": "x"}, "x": 1}
    answer = await world.client.post("/v1/passes", body)
    assert answer.paths == {
        "content.description",
        "content.header[0].label",
        "content.header[0].value",
        "content.background_color",
        "content.expires_in_days",
        "content.logo",
        "x",
    }


@on_sqlite
async def test_an_unknown_field_is_met_with_a_suggestion(world: World) -> None:
    answer = await world.client.post("/v1/passes", {"content": CARD | {"logotext": "a"}})
    assert answer.json["errors"][0]["mend"] == "did you mean logo_text?"
    # one that another operation has, and one that is like nothing that there is
    for name, mend in {"dry_run": "leave it out: ", "reason": "leave it out; "}.items():
        elsewhere = await world.client.post("/v1/operations", {"id": "op-1234567890123456", name: "x"})
        assert {one["path"]: one["mend"] for one in elsewhere.json["errors"]}[name].startswith(mend)


def echoes() -> Iterator[dict[str, object]]:
    yield {"content": SECRET}
    yield {"content": {"description": [SECRET], "style": SECRET, "background_color": SECRET, "expires_at": SECRET}}
    yield {"content": CARD | {"barcode": {"format": SECRET, "message": "1"}, "locations": SECRET}}
    yield {"content": CARD | {f"{SECRET} {SECRET}": 1, f"<{SECRET}>": 2}}
    yield {"content": CARD | {"images": {"logo": f"ftp://{SECRET}/", "icon": f"data:image/png;base64,{SECRET}"}}}
    yield {"template_id": f"{SECRET}/", "values": {f"{SECRET}!": "a"}}
    yield {"template_id": SECRET}


@on_sqlite
async def test_nothing_that_was_sent_is_echoed(world: World) -> None:
    for body in echoes():
        answer = await world.client.post("/v1/passes", body)
        assert answer.status in (404, 422), answer.body
        assert SECRET not in answer.body.decode(), answer.body
    for path in (
        f"/v1/passes/{SECRET}",
        f"/v1/passes?cursor={SECRET}",
        f"/v1/passes?limit={SECRET}",
        f"/v1/{SECRET}",
        f"/v1/events?subject={SECRET}%00",
    ):
        answer = await world.client.get(path)
        assert answer.status in (404, 422)
        assert SECRET not in answer.body.decode()


def png(width: int, height: int) -> bytes:
    """A black picture: one bit a pixel, so that a huge one is small."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = io.BytesIO()
    for _ in range(height):
        rows.write(packer.compress(b"\0" * (1 + (width + 7) // 8)))
    rows.write(packer.flush())
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows.getvalue()) + chunk(b"IEND", b"")


@on_sqlite
async def test_a_picture_of_20000_by_20000_is_refused_before_it_is_drawn(world: World) -> None:
    bomb = png(20_000, 20_000)
    assert len(bomb) < 60_000
    source = f"data:image/png;base64,{base64.b64encode(bomb).decode()}"
    refused = await world.client.post("/v1/passes", {"content": CARD | {"images": {"logo": source}}})
    assert (refused.status, refused.paths) == (422, {"content.images.logo"})
    fine = f"data:image/png;base64,{base64.b64encode(png(300, 100)).decode()}"
    made = await world.client.post("/v1/passes", {"content": CARD | {"images": {"logo": fine}}})
    assert (made.status, list(made.json["content"]["images"])) == (201, ["logo"])


@on_sqlite
async def test_only_json_is_read(world: World) -> None:
    for media_type in ("", "text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"):
        answer = await world.client.post("/v1/passes", {"content": CARD}, headers={"Content-Type": media_type})
        assert (answer.status, answer.problem) == (415, "unsupported-media-type"), media_type
    good = await world.client.post("/v1/passes", {"content": CARD}, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert good.status == 201
    for top in (b"[]", b'"a"', b"1", b"null"):
        assert (await world.client.post("/v1/passes", top)).status == 422
    assert (await world.client.post("/v1/passes", b"")).problem == "malformed-json"
    void = f"/v1/passes/{good.json['id']}/void"
    assert (await world.client.post(void, {"reason": "stolen"})).problem == "invalid-input"


@on_sqlite
async def test_a_body_beyond_the_limit_is_refused_declared_or_not(world: World) -> None:
    big = b'{"content": "' + b"x" * (8 * 1024 * 1024) + b'"}'

    def refused(answer: Answer, status: int) -> None:
        assert answer.status == status
        assert len(answer.body) < 500

    refused(await world.client.post("/v1/passes", big), 413)
    refused(await world.client.ask("POST", "/v1/passes", chunks=[big[at : at + 65_536] for at in range(0, len(big), 65_536)]), 413)
    refused(await world.client.post("/api/passes", big), 400)
    lying = await world.client.post("/v1/passes", {"content": CARD}, headers={"Content-Length": "99999999999"})
    assert (lying.status, lying.problem) == (413, "body-too-large")


@on_sqlite
async def test_addresses_that_cannot_be_meant_are_not_found(world: World) -> None:
    for serial in (
        "%00",
        "..%2f..",
        "a" * 5_000,
        "mine00t-%F0%9F%98%80",
        "9223372036854775808",
        "%ff%fe",
        "mine00t-" + "A" * 22 + "%0A",
    ):
        for path in (f"/v1/passes/{serial}", f"/v1/templates/{serial}", f"/v1/passes/{serial}/links"):
            assert (await world.client.get(path)).status == 404, path
        assert (await world.client.delete(f"/v1/keys/{serial}")).status == 404, serial
    for limit in ("0", "201", "-1", "1.0", "1e2", "true", "", "１", "%00", "9" * 5_000, "0x10", "1_0"):
        refused = await world.client.get(f"/v1/passes?limit={limit}")
        assert (refused.status, refused.paths) == (422, {"limit"}), limit
    for cursor in ("%00", "====", "a", "AA", "w6k", "x" * 200, "Li4vLi4"):
        assert (await world.client.get(f"/v1/passes?cursor={cursor}")).status == 422, cursor
    assert (await world.client.get("/v1/nothing")).problem == "no-such-address"
    wrong = await world.client.ask("PATCH", "/v1/passes")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, POST")


@on_sqlite
async def test_a_parameter_that_nobody_reads_is_refused(world: World) -> None:
    """Else a filter would not filter, and a dry run would tell every phone."""
    template = (await world.client.post("/v1/templates", {"name": "T", "content": CARD, "publish": False})).json["id"]
    for method, path, name, mend in (
        ("GET", "/v1/passes?curser=a", "curser", "did you mean cursor?"),
        ("GET", "/v1/keys?limit=5", "limit", "this operation takes none"),
        ("POST", f"/v1/templates/{template}/publish?dry-run=true", "dry-run", "did you mean dry_run?"),
        ("GET", f"/v1/passes?%3C{SECRET}%3E=1", "(a name with odd characters)", "known are cursor, limit, template_id"),
    ):
        answer = await world.client.ask(method, path)
        assert (answer.status, answer.paths) == (422, {name}), (path, answer.body)
        assert answer.json["errors"][0]["mend"] == mend
        assert SECRET not in answer.body.decode()
    assert (await world.client.get(f"/v1/templates/{template}")).json["revision"] == 0


@on_sqlite
async def test_what_the_server_owns_cannot_be_sent(world: World) -> None:
    """T3: every name that any answer holds, added to every body that does not know it, is refused; nothing is changed."""
    operations = await writes(world)
    document = (await world.client.get("/openapi.json")).json
    schemas = document["components"]["schemas"]
    answers = {name for schema in schemas.values() for name in schema.get("properties", {})}
    assert {"id", "version", "issued_at", "revision", "quota_month", "workspace", "digest"} - answers == {
        "quota_month",
        "workspace",
        "digest",
    }
    before = await everything(world)
    for method, path, body, _ in operations:
        known = set(body) | {"content", "template_id", "values", "name", "scopes", "expires_at"}
        if path.startswith("/api"):
            known = set(schemas["FacadePass"]["properties"])
        for name in sorted((answers | {"quota_month", "workspace", "environment", "number", "digest"}) - known):
            answer = await world.client.ask(method, path, {**body, name: "1"})
            assert answer.status == (400 if path.startswith("/api") else 422), (method, path, name)
    assert await everything(world) == before


@on_sqlite
async def test_a_network_that_the_operator_forbids_is_as_far_as_a_private_one(migrated_url: str, tmp_path: Path) -> None:
    settings = replace(settings_for(tmp_path, migrated_url), outgoing_forbid=("192.0.9.0/24", "2a00:1::/32"))
    async with open_world(settings) as world:
        for address in ("https://192.0.9.7/a.png", "https://[2a00:1::7]/a.png", "https://10.0.0.1/a.png"):
            answer = await world.client.post("/v1/passes", {"content": CARD | {"images": {"logo": address}}})
            assert (answer.status, answer.paths) == (422, {"content.images.logo"})
            assert "use an https address of a public host" in answer.json["errors"][0]["message"], address
