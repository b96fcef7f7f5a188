"""`POST /v1/checks`: files, documents and contents explained. The rules themselves are judged in tests/wallets."""

import json

from api.client import Answer
from api.conftest import CARD, World, on_sqlite
from wallets.apple.foreign import DOCUMENT, document, files_of, packed, zipped

GOOD = packed(files_of())
FILE = {"content-type": "application/octet-stream"}


def codes(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.body
    every = answer.json["findings"] + [one for part in answer.json["parts"] for one in part["findings"]]
    return {one["code"] for one in every}


def form(data: bytes, name: str = "file", boundary: str = "----b0undary") -> tuple[bytes, dict[str, str]]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--{boundary}\r\n'
    head += f'Content-Disposition: form-data; name="{name}"; filename="a.pkpass"\r\nContent-Type: application/zip\r\n\r\n'
    body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    return body, {"content-type": f"multipart/form-data; boundary={boundary}"}


@on_sqlite
async def test_a_file_is_explained_as_it_is(world: World) -> None:
    for media_type in ("application/octet-stream", "application/vnd.apple.pkpass", "application/zip"):
        answer = await world.client.post("/v1/checks", GOOD, headers={"content-type": media_type})
        assert codes(answer) - {"certificate_expired_since", "certificate_expires_soon"} == {"issuer_not_apple"}
        assert (answer.json["kind"], answer.json["opens"], answer.json["errors"]) == ("pkpass", True, 0)
        [part] = answer.json["parts"]
        assert part["facts"]["serialNumber"] == "C-0001"
        assert part["facts"]["certificate_pass_type"] == DOCUMENT["passTypeIdentifier"]


@on_sqlite
async def test_a_form_carries_the_same_file(world: World) -> None:
    body, headers = form(GOOD)
    raw = await world.client.post("/v1/checks", GOOD, headers=FILE)
    assert (await world.client.post("/v1/checks", body, headers=headers)).json == raw.json
    quoted = {"content-type": 'multipart/form-data; boundary="----b0undary"'}
    assert (await world.client.post("/v1/checks", body, headers=quoted)).json == raw.json


@on_sqlite
async def test_a_form_without_the_file_is_refused(world: World) -> None:
    for body, headers in (form(GOOD, "picture"), (b"", {"content-type": "multipart/form-data"}), (GOOD, form(b"")[1])):
        refused = await world.client.post("/v1/checks", body, headers=headers)
        assert (refused.status, refused.problem, refused.paths) == (422, "invalid-input", {"file"})


@on_sqlite
async def test_an_apple_document_is_explained(world: World) -> None:
    answer = await world.client.post("/v1/checks", {"pass_json": document(labelColor="white", organisationName="x")})
    assert codes(answer) == {"color_unreadable", "key_unknown"}
    assert (answer.json["kind"], answer.json["opens"]) == ("pass.json", False)
    for one in answer.json["parts"][0]["findings"]:
        assert one.keys() == {"code", "severity", "path", "message", "otherwise", "mend"}
        assert all(one.values())


@on_sqlite
async def test_a_google_class_or_object_is_explained_by_googles_description(world: World) -> None:
    """As `google`, or as a file that looks like one; a save link's payload too."""
    given = {"id": "3388000000000000001.card", "classId": "3388000000000000001.coffee", "state": "ACTIV", "loyaltyPoints": {}}
    named = await world.client.post("/v1/checks", {"google": given})
    assert (named.json["kind"], named.json["parts"][0]["facts"]["type"]) == ("google", "LoyaltyObject")
    assert codes(named) == {"google.value_unknown", "google.member_missing"}
    assert (await world.client.post("/v1/checks", json.dumps(given).encode(), headers=FILE)).json == named.json
    link = await world.client.post("/v1/checks", {"google": {"iss": "a@b.example", "payload": {"loyaltyObjects": [given]}}})
    assert codes(named) <= codes(link)
    assert codes(await world.client.post("/v1/checks", {"google": {"a": 1}})) == {"google.not_a_pass"}


@on_sqlite
async def test_a_new_version_is_held_against_the_one_before(world: World) -> None:
    body = {"pass_json": document(serialNumber="C-0002"), "earlier": DOCUMENT}
    assert codes(await world.client.post("/v1/checks", body)) == {"identity_changed"}


@on_sqlite
async def test_a_content_gets_what_both_wallets_would_say_at_issue(world: World) -> None:
    content = CARD | {"images": {"strip": "https://pictures.example/never-fetched.png"}, "expires_in_days": 3, "back": []}
    answer = await world.client.post("/v1/checks", {"content": content})
    assert [part["name"] for part in answer.json["parts"]] == ["apple", "google"]
    assert {"contact_missing", "image_not_shown"} <= codes(answer)
    assert all(one["path"].startswith("content") for part in answer.json["parts"] for one in part["findings"])
    assert answer.json["opens"] is True
    issued = await world.client.post("/v1/passes", {"content": CARD})
    assert issued.status == 201


@on_sqlite
async def test_what_the_check_calls_an_error_the_issue_refuses(world: World) -> None:
    wrong = CARD | {"style": "boarding_pass"}
    checked = await world.client.post("/v1/checks", {"content": wrong})
    refused = await world.client.post("/v1/passes", {"content": wrong})
    errors = {one["path"] for part in checked.json["parts"] for one in part["findings"] if one["severity"] == "error"}
    assert refused.problem == "invalid-input"
    assert errors == refused.paths


@on_sqlite
async def test_strangers_bytes_are_a_finding_and_no_failure(world: World) -> None:
    for data in (b"", b"<html>", b"PK\3\4", GOOD[:-30], zipped({"a.png": bytes(50_000_000)}), b'{"a":' * 5000):
        answer = await world.client.post("/v1/checks", data, headers=FILE)
        assert (answer.status, answer.json["opens"]) == (200, False)


REFUSED: list[tuple[object, dict[str, str], int, set[str]]] = [
    ({}, {}, 422, {""}),
    ({"content": CARD, "pass_json": {}}, {}, 422, {""}),
    ({"content": CARD, "earlier": {}}, {}, 422, {"earlier"}),
    ({"pass_json": []}, {}, 422, {"pass_json"}),
    ({"content": CARD | {"style": "poster"}}, {}, 422, {"content.style"}),
    ({"pass_jsn": {}}, {}, 422, {"pass_jsn"}),
    ([], {}, 422, {""}),
    (b'{"pass_json": {}, "pass_json": {}}', {}, 400, {"pass_json"}),
    (b"{}", {"content-type": "text/plain"}, 415, {""}),
    (b"x" * 9_000_000, FILE, 413, {""}),
]


@on_sqlite
async def test_a_request_that_cannot_be_understood_is_refused(world: World) -> None:
    for body, headers, status, paths in REFUSED:
        refused = await world.client.post("/v1/checks", body, headers=headers)
        assert (refused.status, refused.paths) == (status, paths), (body if len(str(body)) < 100 else "large", refused.body)


@on_sqlite
async def test_nothing_is_stored_and_no_input_comes_back(world: World) -> None:
    before = (await world.client.get("/v1/events")).json["items"]
    secret = "s3cr3t-value"
    given = document(labelColor=secret, storeCard={secret: 1}, nfc={"message": 1})
    answer = await world.client.post("/v1/checks", json.dumps(given).encode(), headers=FILE)
    assert secret not in json.dumps([part["findings"] for part in answer.json["parts"]]).replace(f"storeCard.{secret}", "")
    assert (await world.client.get("/v1/events")).json["items"] == before
