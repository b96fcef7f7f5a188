"""A reward sign-up, from the form in the bundle to the pass that is the holder's own: answered once, signed by the certificate."""

import base64
import io
import json
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from api.apple_devices import Card, card_of
from api.client import Answer
from api.conftest import MINE, World, on_sqlite
from billfold.ports import Tx
from billfold.sandbox.authority import SandboxAuthority
from billfold.wallets.apple.checking import check_file
from images.samples import quarters, saved
from judges import judge

P256 = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
LOGO = "data:image/png;base64," + base64.b64encode(saved(quarters(450, 120), "PNG")).decode()
CONTENT: dict[str, Any] = {
    "description": "Club card",
    "style": "store_card",
    "primary": [{"key": "name", "label": "MEMBER", "value": "{{ sign_up.given_name | default('You') }}"}],
    "back": [{"key": "www", "label": "Web", "value": "https://coffee.example"}],
    "nfc": {"message": "member-1", "public_key": P256},
    "images": {"personalization_logo": LOGO},
    "sign_up": {"ask": ["name", "email"], "description": "Join the club", "terms": "See https://coffee.example/terms"},
    "language": "en",
    "translations": {"de": {"sign_up.description": "Zum Club", "fields.name.label": "MITGLIED"}},
}
INFO = {"fullName": "Ada Lovelace", "givenName": "Ada", "emailAddress": "ada@example.org", "phoneNumber": "not asked for"}
TOKEN = "3f2c6a9e-token/of+a=phone"


async def of_template(world: World) -> Card:
    made = await world.client.post("/v1/templates", {"name": "Club", "content": CONTENT})
    assert made.status == 201, made.body
    return await _card(world, await world.client.post("/v1/passes", {"template_id": made.json["id"]}))


async def of_its_own(world: World) -> Card:
    return await _card(world, await world.client.post("/v1/passes", {"content": CONTENT | {"primary": []}}))


async def _card(world: World, issued: Answer) -> Card:
    assert issued.status == 201, issued.body
    bundle = await world.client.get(f"/v1/passes/{issued.json['id']}/apple")
    return card_of(world, Answer(200, {}, json.dumps({"applePass": base64.b64encode(bundle.body).decode()}).encode()))


def files(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def sign_up(card: Card, token: object = TOKEN, info: object = INFO) -> Answer:
    body = {"personalizationToken": token, "requiredPersonalizationInfo": info}
    return await card.ask("POST", f"{card.address}/personalize", body, token=None)


def verified(folder: Path) -> bytes:
    verify = "smime -verify -binary -inform DER -in signature -content token -CAfile root.pem -purpose any"
    return subprocess.run([judge("openssl"), *verify.split()], cwd=folder, capture_output=True, check=True).stdout


async def events(world: World, serial: str) -> list[str]:
    answer = await world.client.get(f"/v1/events?subject={serial}")
    return [one["kind"] for one in answer.json["items"]]


@on_sqlite
async def test_the_bundle_brings_the_form_and_a_strict_reader_finds_nothing_wrong(world: World) -> None:
    card = await of_template(world)
    inside = files(bytes(card.bundle))
    assert json.loads(inside["personalization.json"]) == {
        "requiredPersonalizationFields": ["PKPassPersonalizationFieldName", "PKPassPersonalizationFieldEmailAddress"],
        "description": "Join the club",
        "termsAndConditions": "See https://coffee.example/terms",
    }
    assert Image.open(io.BytesIO(inside["personalizationLogo@3x.png"])).size == (450, 120)
    assert '"Join the club" = "Zum Club"' in inside["de.lproj/pass.strings"].decode("utf-16")
    assert {one.code for one in check_file(bytes(card.bundle), datetime.now(UTC)).all_findings()} <= {
        "change_message_nowhere",
        "issuer_not_apple",
        "web_service_not_https",
    }


async def test_the_answers_become_values_and_the_pass_loses_its_form(world: World, tmp_path: Path) -> None:
    left = await signed_up(world, await of_template(world), tmp_path)
    assert json.loads(left["pass.json"])["storeCard"]["primaryFields"][0]["value"] == "Ada"
    await signed_up(world, await of_its_own(world), tmp_path)


async def signed_up(world: World, card: Card, tmp_path: Path) -> dict[str, bytes]:
    """The pass's files afterwards."""
    assert await card.register() == 201
    before = await card.fetch()
    answer = await sign_up(card)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
    (tmp_path / "root.pem").write_bytes(SandboxAuthority.open(tmp_path / "sandbox").root_pem)
    (tmp_path / "signature").write_bytes(answer.body)
    (tmp_path / "token").write_text(TOKEN)
    assert verified(tmp_path) == TOKEN.encode()

    after = await card.fetch(before.headers["last-modified"])
    assert after.status == 200
    left = files(after.body)
    assert not [name for name in left if "personalization" in name.lower()]
    stored = (await world.client.get(f"/v1/passes/{card.serial}")).json
    assert stored["values"]["sign_up"] == {"name": "Ada Lovelace", "given_name": "Ada", "email": "ada@example.org"}
    assert (await events(world, card.serial)).count("pass.personalized") == 1
    return left


@on_sqlite
async def test_the_first_answer_counts_and_a_repeat_is_signed_again(world: World) -> None:
    card = await of_template(world)
    first = await sign_up(card)
    again = await sign_up(card, info={"givenName": "Eve"})
    assert (first.status, again.status) == (200, 200)
    assert (await world.client.get(f"/v1/passes/{card.serial}")).json["values"]["sign_up"]["given_name"] == "Ada"
    changed = await world.client.put(f"/v1/passes/{card.serial}", {"values": {"tier": "Gold"}})
    assert changed.status == 200, changed.body
    stored = (await world.client.get(f"/v1/passes/{card.serial}")).json["values"]
    assert (stored["tier"], stored["sign_up"]["given_name"]) == ("Gold", "Ada")


@on_sqlite
async def test_what_is_signed_can_be_no_manifest_of_a_pass(world: World, engine: str) -> None:
    card = await of_template(world)
    for token in ('{"pass.json":"0"}', " {}", "a b", "x" * 2001, "", 7, None, "\u7b00\u7d00", "[]{"):
        assert (await sign_up(card, token)).status == 400, token
    for info in ({}, {"phoneNumber": "1"}, [], None, {"givenName": 1}, {"givenName": "x" * 300}, {"givenName": "a\u202eb"}):
        assert (await sign_up(card, info=info)).status == 400, info

    def read(tx: Tx) -> object:
        found = tx.passes.find(MINE, card.serial)  # type: ignore[arg-type]
        return found.values if found else None

    assert await world.services.store.read(read) == {}


@on_sqlite
async def test_a_pass_without_a_form_and_an_unknown_one_look_the_same(world: World, engine: str) -> None:
    plain = await _card(world, await world.client.post("/v1/passes", {"content": {"description": "Card"}}))
    form = await of_template(world)
    other_type = f"{form.base}/passes/pass.org.example.other/{form.serial}/personalize"
    body = {"personalizationToken": TOKEN, "requiredPersonalizationInfo": INFO}
    assert (await sign_up(plain)).status == 401
    assert (await form.ask("POST", other_type, body, token=None)).status == 401
    assert (await form.ask("POST", f"{form.address[:-4]}aaaa/personalize", body, token=None)).status == 401
    assert (await form.ask("GET", f"{form.address}/personalize", token=None)).status == 405


@on_sqlite
async def test_a_form_that_no_phone_would_show_is_refused(world: World) -> None:
    for changes, code in (({"nfc": None}, "sign_up_without_nfc"), ({"images": None}, "sign_up_without_logo")):
        answer = await world.client.post("/v1/passes", {"content": CONTENT | changes | {"primary": []}})
        assert answer.status == 422, answer.body
        assert code in {one["code"] for one in answer.json["errors"]}
