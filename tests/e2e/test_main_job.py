"""The main job from end to end: one request puts a pass in both wallets, the next one updates every phone.

The server is the real one, in its own process, one on each engine for all tests here: each makes what it needs, and counts on
nothing else being there. The phones share no code with it and verify by themselves."""

import asyncio
import base64
import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from billfold.sandbox.phones.android import VirtualAndroid
from billfold.sandbox.phones.events import Complained, Notified, Updated
from billfold.sandbox.phones.iphone import VirtualIphone
from e2e.conftest import SAMPLE, UPDATE, Billfold, ask, running
from plugins.postgres_server import fresh_database

pytestmark = pytest.mark.xdist_group("main job")  # whose servers are started once

IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1"}
ANDROID = {"User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"}
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}


@pytest.fixture(scope="module")
def server_on(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Billfold]]:
    """`server_on("sqlite")`: started when it is first asked for, on an empty database."""
    with contextlib.ExitStack() as stack:
        started: dict[str, Billfold] = {}

        def on(engine: str) -> Billfold:
            if engine not in started:
                server = request.getfixturevalue("postgresql_server") if engine == "postgresql" else None
                url = stack.enter_context(fresh_database(server)) if server else ""
                started[engine] = stack.enter_context(running(tmp_path_factory.mktemp(engine), url))
            return started[engine]

        yield on


@pytest.fixture
def billfold(engine: str, server_on: Callable[[str], Billfold]) -> Billfold:
    return server_on(engine)


async def seen(phone, kind, seconds=20):
    """The first event of a kind, from the phone's beginning on."""
    async with asyncio.timeout(seconds):
        async for event in phone.events():
            if isinstance(event, kind):
                return event
    raise AssertionError


def inside(bundle: bytes) -> dict[str, object]:
    return json.loads(zipfile.ZipFile(io.BytesIO(bundle)).read("pass.json"))


@pytest.mark.requirement("S3-01", "S3-22", "S3-57")
async def test_one_request_makes_a_pass_for_both_wallets(billfold):
    made = billfold.make()
    assert set(made) == {"serialNumber", "googleSaveUrl", "applePass", "shareUrl"}
    document = inside(base64.b64decode(made["applePass"]))
    assert document["serialNumber"] == made["serialNumber"]
    assert made["shareUrl"].endswith("/p/" + made["serialNumber"])
    assert len(made["googleSaveUrl"].rsplit("/", 1)[1]) <= 1800


@pytest.mark.requirement("S3-26", "S3-25", "S3-49", "S3-24")
async def test_an_identical_update_is_no_update(billfold):
    before = billfold.api("GET", "/api/auth/usage").json["count"]  # the demo's own cards
    serial = billfold.make()["serialNumber"]
    first = billfold.change(serial)
    again = billfold.change(serial)
    assert set(first) == {"serialNumber", "lastUpdated", "notifiedDevices", "unchanged"}
    assert (first["unchanged"], again["unchanged"]) == (False, True)
    assert again["lastUpdated"] == first["lastUpdated"]
    assert billfold.api("GET", "/api/auth/usage").json["count"] == before + 2


@pytest.mark.requirement("S3-27", "S3-28", "S3-31", "S3-32", "S0-37", "S0-39", "S0-40", "S0-02", "S0-19", "S0-21", "S3-02")
async def test_both_phones_install_and_show_the_next_update(billfold, tmp_path):
    made = await asyncio.to_thread(billfold.make)
    async with (
        VirtualIphone(home=tmp_path / "iphone") as iphone,
        VirtualAndroid(account="anna@example.com", home=tmp_path / "android") as android,
    ):
        await iphone.add(made["shareUrl"])
        await android.add(made["shareUrl"])
        changed = await asyncio.to_thread(billfold.change, made["serialNumber"])
        assert changed["notifiedDevices"] >= 1
        line = await seen(iphone, Notified)
        assert line.text == "You hit 1,300 points. Free coffee unlocked!"
        updated = await seen(iphone, Updated)
        assert ("1,250", "1,300") in [(one.old, one.new) for one in updated.changes]
        on_android = await seen(android, Updated)
        assert any(one.new == "1,300" for one in on_android.changes)
        notice = await seen(android, Notified)
        assert notice.text
        assert not [event for event in iphone.history if isinstance(event, Complained)]


@pytest.mark.requirement("S0-38")
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_colour_and_texts_of_a_pass_in_hand_change_on_both_phones(billfold, tmp_path):
    made = await asyncio.to_thread(billfold.make)
    async with VirtualIphone(home=tmp_path / "iphone") as iphone, VirtualAndroid(home=tmp_path / "android") as android:
        await iphone.add(made["shareUrl"])
        await android.add(made["shareUrl"])
        await asyncio.to_thread(billfold.change, made["serialNumber"], SAMPLE | {"color": "#0f766e", "logoText": "Bayroast Gold"})
        await seen(iphone, Updated)
        await seen(android, Updated)
        on_iphone, on_android = iphone.passes[0].opened.content.card, android.passes[0].card
        assert "15, 118, 110" in on_iphone.background_color
        assert on_android.background_color == "#0f766e"
        assert on_android.title == "Bayroast Gold"


@pytest.mark.requirement("S0-39")
async def test_all_that_happens_to_a_pass_is_in_the_record_of_use(billfold, tmp_path):
    """From the request to the phones and back, as `/v1/events` tells it afterwards."""
    made = await asyncio.to_thread(billfold.make)
    serial = made["serialNumber"]
    async with VirtualIphone(home=tmp_path / "iphone") as iphone, VirtualAndroid(home=tmp_path / "android") as android:
        await iphone.add(made["shareUrl"])
        await android.add(made["shareUrl"])
        await asyncio.to_thread(billfold.change, serial)
        await seen(iphone, Updated)
        await seen(android, Updated)
        await android.remove()
        await iphone.wipe()
        await asyncio.to_thread(billfold.change, serial, SAMPLE)
    expected = {
        *(("pass.issued", ""), ("link.opened", ""), ("pass.downloaded", "apple")),
        *(("pass.installed", "apple"), ("pass.installed", "google"), ("pass.updated", ""), ("pass.fetched", "apple")),
        *(("device.gone", "apple"), ("pass.removed", "google")),
    }
    told = set()
    async with asyncio.timeout(30):
        while not told >= expected:
            await asyncio.sleep(0.05)
            answer = await asyncio.to_thread(billfold.api, "GET", f"/v1/events?subject={serial}&limit=200")
            told = {(one["kind"], one["wallet"]) for one in answer.json["items"]}
    every = await asyncio.to_thread(billfold.api, "GET", "/v1/events?limit=200")
    assert ("wallets.notified", "apple") in {(one["kind"], one["wallet"]) for one in every.json["items"]}
    assert ("wallets.notified", "google") in {(one["kind"], one["wallet"]) for one in every.json["items"]}


@pytest.mark.requirement("S3-35", "S3-36", "S3-37", "S0-05", "S0-06")
async def test_the_link_shows_each_visitor_the_one_right_thing(billfold):
    link = billfold.make()["shareUrl"]
    iphone, android, desktop = (ask("GET", link, headers=agent).body.decode() for agent in (IPHONE, ANDROID, DESKTOP))
    assert 'data-wallet="apple"' in iphone
    assert 'data-wallet="google"' not in iphone
    assert 'data-wallet="google"' in android
    assert 'data-wallet="apple"' not in android
    assert "<svg" in desktop
    assert all("Bayroast Coffee" in page and "#1f2937" in page for page in (iphone, android, desktop))


@pytest.mark.requirement("S0-05", "S3-38")
async def test_the_direct_link_skips_the_page(billfold):
    link = billfold.make()["shareUrl"] + "/go"
    assert ask("GET", link, headers=IPHONE).headers["content-type"] == "application/vnd.apple.pkpass"
    android = ask("GET", link, headers=ANDROID)
    assert android.status == 302
    assert "/gp/v/save/" in android.headers["location"]
    assert ask("GET", link, headers=DESKTOP).headers["location"] == link.removesuffix("/go").removeprefix(billfold.url)


@pytest.mark.requirement("S0-10", "S0-11", "S0-12", "S0-09")
async def test_the_same_link_works_again_on_another_phone_with_current_data(billfold, tmp_path):
    made = await asyncio.to_thread(billfold.make)
    async with VirtualIphone(home=tmp_path / "old") as old:
        await old.add(made["shareUrl"])
    await asyncio.to_thread(billfold.change, made["serialNumber"])
    async with (
        VirtualIphone(home=tmp_path / "new") as new,
        VirtualAndroid(account="ben@example.com", home=tmp_path / "other") as other,
    ):
        installed = await new.add(made["shareUrl"])
        assert "1,300" in [field.value for field in installed.opened.content.card.fields]
        await other.add(made["shareUrl"])
        later = json.loads(json.dumps(UPDATE).replace("1,300", "1,400"))
        changed = await asyncio.to_thread(billfold.change, made["serialNumber"], later)
        assert changed["notifiedDevices"] >= 2
        assert (await seen(new, Notified)).text == "You hit 1,400 points. Free coffee unlocked!"


async def test_the_older_path_answers_the_binary(billfold):
    answer = billfold.api("POST", "/api/pkpass", SAMPLE)
    assert answer.headers["content-type"] == "application/vnd.apple.pkpass"
    assert inside(answer.body)["serialNumber"] == answer.headers["x-serial-number"]
    assert "/gp/v/save/" in answer.headers["x-google-save-url"]


@pytest.mark.requirement("S3-23", "S3-29")
@pytest.mark.parametrize(
    ("serial", "status"),
    [
        ("nonsense", 404),
        ("demo00t-0000000000000000000000", 404),
        ("other0t-0000000000000000000000", 403),
        ("demo00l-0000000000000000000000", 403),
    ],
)
async def test_anothers_serial_and_none(billfold, serial, status):
    answer = billfold.api("PUT", f"/api/passes/{serial}", UPDATE)
    assert answer.status == status
    assert set(answer.json) == {"error"}


@pytest.mark.requirement("S3-17", "S3-18", "S3-33")
async def test_pictures_are_in_the_bundle_and_at_a_stable_public_address(billfold):
    out = io.BytesIO()
    Image.new("RGB", (750, 288), "teal").save(out, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    made = billfold.make(SAMPLE | {"logoURL": uri, "stripURL": uri})
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(made["applePass"])))
    assert {"icon@2x.png", "logo@3x.png", "strip.png", "strip@2x.png"} <= set(archive.namelist())
    assert "storeCard" in json.loads(archive.read("pass.json"))
    claims = made["googleSaveUrl"].rsplit("/", 1)[1].split(".")[1]
    object_ = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["payload"]["genericObjects"][0]
    logo = ask("GET", object_["logo"]["sourceUri"]["uri"])
    assert logo.headers["content-type"] == "image/png"
    assert "immutable" in logo.headers["cache-control"]
    assert Image.open(io.BytesIO(logo.body)).size == (660, 660)
    assert billfold.change(made["serialNumber"], SAMPLE | {"stripURL": uri, "logoURL": uri})["unchanged"] is True


@pytest.mark.requirement("S0-35")
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_message_to_the_holder_is_on_the_lock_screen_of_an_iphone_and_inside_the_pass_on_android(billfold, tmp_path):
    back = [{"key": "message", "label": "News", "value": "Welcome"}]
    content = {"description": "Card", "primary": [{"label": "CARD", "value": "Rewards"}], "back": back}
    made = (await asyncio.to_thread(billfold.api, "POST", "/v1/passes", {"content": content})).json
    note = {"header": "Bayroast", "body": "Your table is ready."}
    async with VirtualIphone(home=tmp_path / "iphone") as iphone, VirtualAndroid(home=tmp_path / "android") as android:
        await iphone.add(made["share_url"])
        await android.add(made["share_url"])
        sent = await asyncio.to_thread(billfold.api, "POST", f"/v1/passes/{made['id']}/messages", note)
        assert sent.json["announced_on_apple"] is True
        assert (await seen(iphone, Notified)).text == "Your table is ready."
        assert (await seen(android, Notified)).generic
        assert [text for _, text in android.passes[0].messages] == ["Bayroast: Your table is ready."], android.history
