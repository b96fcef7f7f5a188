"""The PassKit web service as a table of cases: what a device sends, what it is answered (reference/apple-wallet.md sections 4-6).

The application is the real one with a real database and real certificates; only the sockets are left out. What a phone makes of the
answers is tested end to end (tests/e2e)."""

import asyncio
import base64
import io
import json
import random
import time
import zipfile
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from api.client import Answer, Client
from api.conftest import FACADE_CARD, MINE, OTHER, World, on_sqlite, open_world, settings_for
from billfold.domain.delivery import Channel, Due
from billfold.domain.ids import PassId, Scope
from billfold.ports import Tx

PUSH_TOKEN = "a1" * 32
FOREVER = 2**62


@dataclass(frozen=True)
class Card:
    """What a device knows of a pass: only what its pass.json says."""

    client: Client
    serial: str
    token: str
    pass_type: str
    base: str
    bundle: bytes = field(repr=False)

    @property
    def address(self) -> str:
        return f"{self.base}/passes/{self.pass_type}/{self.serial}"

    def registration(self, device: str = "device-1") -> str:
        return f"{self.base}/devices/{device}/registrations/{self.pass_type}/{self.serial}"

    async def ask(self, method: str, path: str, body: object = None, token: str | None = "", **headers: str) -> Answer:
        """`token`: another than the pass's own; None sends no Authorization."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named.setdefault("Authorization", f"ApplePass {token or self.token}")
        return await self.client.ask(method, path, body, headers=named)

    async def register(self, device: str = "device-1", push_token: str = PUSH_TOKEN) -> int:
        return (await self.ask("POST", self.registration(device), {"pushToken": push_token})).status

    async def unregister(self, device: str = "device-1") -> int:
        return (await self.ask("DELETE", self.registration(device))).status

    async def fetch(self, since: str | None = None, method: str = "GET") -> Answer:
        return await self.ask(method, self.address, **({"If_Modified_Since": since} if since else {}))


def card_of(world: World, issued: Answer) -> Card:
    assert issued.status == 200, issued.body
    bundle = base64.b64decode(issued.json["applePass"])
    document = json.loads(zipfile.ZipFile(io.BytesIO(bundle)).read("pass.json"))
    base = urlsplit(document["webServiceURL"]).path + "/v1"
    nobody = world.client.with_key(None)
    return Card(nobody, document["serialNumber"], document["authenticationToken"], document["passTypeIdentifier"], base, bundle)


async def issue(world: World, client: Client | None = None, **changes: object) -> Card:
    return card_of(world, await (client or world.client).post("/api/passes", FACADE_CARD | changes))


async def change(world: World, card: Card, text: str) -> None:
    answer = await world.client.put(f"/api/passes/{card.serial}", FACADE_CARD | {"logoText": text})
    assert answer.status == 200, answer.body
    assert not answer.json["unchanged"]


async def what_changed(card: Card, device: str = "device-1", tag: str | None = None) -> tuple[list[str], str] | None:
    """The list as a device reads it; None for "nothing"."""
    query = "" if tag is None else f"?passesUpdatedSince={quote(tag)}"
    path = f"{card.base}/devices/{device}/registrations/{card.pass_type}{query}"
    answer = await card.ask("GET", path, token=None)
    assert answer.headers["cache-control"] == "no-store"
    if answer.status == 204:
        assert answer.body == b""
        return None
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert set(answer.json) == {"serialNumbers", "lastUpdated"}
    serials, newest = answer.json["serialNumbers"], answer.json["lastUpdated"]
    assert serials
    assert all(type(one) is str for one in serials)
    assert type(newest) is str
    return serials, newest


async def due(world: World) -> list[Due]:
    """Which devices are to be told."""

    def read(tx: Tx) -> list[Due]:
        return [row for bucket in range(8) for row in tx.deliveries.due(MINE, Channel.APPLE, bucket, FOREVER, 1000)]

    return await world.services.store.read(read)


# --- registering ------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S0-08", "S0-09", "S0-12")
async def test_a_registration_is_201_then_200_and_belongs_to_one_device(world: World) -> None:
    card = await issue(world)
    assert [await card.register(), await card.register()] == [201, 200]
    assert await card.register("device-2", "b2" * 32) == 201
    assert await what_changed(card) == ([card.serial], "1")
    answer = await card.ask("POST", card.registration("device-3"), {"pushToken": PUSH_TOKEN, "unknown": 1})
    assert (answer.status, answer.body) == (201, b"")


async def test_every_wrong_credential_looks_alike(world: World, subtests: pytest.Subtests) -> None:
    """T6, T7: whoever guesses learns nothing about which serial numbers exist."""
    card, mine, theirs = await issue(world), await issue(world), await issue(world, world.other)
    unknown = f"{MINE.code}-{'0' * 22}"
    own = world.services.secrets.pass_token

    def paths(scope: Scope, pass_type: str, serial: str) -> list[tuple[str, str]]:
        base = f"/apple/{scope.code}/v1"
        registration = f"{base}/devices/device-1/registrations/{pass_type}/{serial}"
        return [("POST", registration), ("DELETE", registration)] + [
            (method, f"{base}/passes/{pass_type}/{serial}") for method in ("GET", "HEAD")
        ]

    cases = {
        "a wrong token": (paths(MINE, card.pass_type, card.serial), "ApplePass " + "A" * 32),
        "another pass's token": (paths(MINE, card.pass_type, card.serial), f"ApplePass {mine.token}"),
        "another workspace's token": (paths(MINE, card.pass_type, card.serial), f"ApplePass {theirs.token}"),
        "no token": (paths(MINE, card.pass_type, card.serial), ""),
        "an empty token": (paths(MINE, card.pass_type, card.serial), "ApplePass "),
        "another scheme": (paths(MINE, card.pass_type, card.serial), f"Bearer {card.token}"),
        "the token in other letters": (paths(MINE, card.pass_type, card.serial), f"ApplePass {card.token.swapcase()}"),
        "letters beyond ASCII": (paths(MINE, card.pass_type, card.serial), "ApplePass \xe4\xf6\xfc"),
        "an unknown serial with its right token": (
            paths(MINE, card.pass_type, unknown),
            f"ApplePass {own(MINE, PassId(unknown))}",
        ),
        "an unknown serial": (paths(MINE, card.pass_type, unknown), f"ApplePass {card.token}"),
        "no serial of ours": (paths(MINE, card.pass_type, "..%2F..%2Fetc%2Fpasswd"), f"ApplePass {card.token}"),
        "another type": (paths(MINE, "pass.com.example.other", card.serial), f"ApplePass {card.token}"),
        "another workspace's address": (paths(OTHER, card.pass_type, card.serial), f"ApplePass {card.token}"),
        "another workspace's pass here": (paths(MINE, theirs.pass_type, theirs.serial), f"ApplePass {theirs.token}"),
    }
    for name, (requests, authorization) in cases.items():
        for method, path in requests:
            with subtests.test(name, method=method):
                body = {"pushToken": PUSH_TOKEN} if method == "POST" else None
                answer = await card.client.ask(method, path, body, headers={"Authorization": authorization})
                assert (answer.status, answer.body) == (401, b"")
                assert not set(answer.headers) - {
                    "content-length",
                    "x-request-id",
                    "x-content-type-options",
                    "referrer-policy",
                    "www-authenticate",
                }
    assert await due(world) == []
    assert await what_changed(card) is None


@pytest.mark.parametrize("header", ["authorization", "AUTHORIZATION"])
@on_sqlite
async def test_the_scheme_is_read_whatever_its_letters(world: World, header: str) -> None:
    card = await issue(world)
    for scheme in ("ApplePass", "applepass", "APPLEPASS"):
        assert (await card.client.ask("GET", card.address, headers={header: f"{scheme} {card.token}"})).status == 200


async def test_each_token_opens_its_own_pass_alone(world: World) -> None:
    """T6: the token of X on Y, for every pair."""
    cards = [await issue(world) for _ in range(8)]
    opened = [(x.serial, y.serial) for x in cards for y in cards if (await y.ask("GET", y.address, token=x.token)).status != 401]
    assert opened == [(card.serial, card.serial) for card in cards]


@on_sqlite
async def test_a_malformed_registration_names_the_push_token(world: World, subtests: pytest.Subtests) -> None:
    card = await issue(world)
    bodies: dict[str, object] = {
        "no body": b"",
        "no JSON": b"pushToken=abc",
        "a list": ["pushToken"],
        "text": "abc",
        "null": None,
        "without the member": {"token": PUSH_TOKEN},
        "in other letters": {"pushtoken": PUSH_TOKEN},
        "a number": {"pushToken": 12345678},
        "null inside": {"pushToken": None},
        "empty": {"pushToken": ""},
        "no hex": {"pushToken": "xyz" * 20},
        "a path": {"pushToken": "../" * 20},
        "a line break": {"pushToken": PUSH_TOKEN + "\n"},
        "too short": {"pushToken": "ab"},
        "too long": {"pushToken": "ab" * 300},
        "twice": b'{"pushToken": "%b", "pushToken": "%b"}' % (PUSH_TOKEN.encode(), PUSH_TOKEN.encode()),
        "bad UTF-8": b'{"pushToken": "\xff"}',
        "huge": b'{"pushToken": "' + b"a" * 20_000 + b'"}',
        "deep": b"[" * 5_000,
        "NUL": b'{"pushToken": "\\u0000"}',
    }
    for name, body in bodies.items():
        with subtests.test(name):
            answer = await card.ask("POST", card.registration(), b"null" if body is None else body)
            assert answer.status == 400
            assert answer.body.startswith(b"pushToken: ")
            assert PUSH_TOKEN.encode() not in answer.body
    for device in ("x" * 201, "%20", "%C3%A4"):
        with subtests.test("device", device=device[:9]):
            assert (await card.ask("POST", card.registration(device), {"pushToken": PUSH_TOKEN})).status == 400
    for device in ("a%00b", "a%0Ab"):
        assert (await card.ask("POST", card.registration(device), {"pushToken": PUSH_TOKEN})).status == 404
    assert await due(world) == []


@pytest.mark.requirement("S0-09")
async def test_registering_again_refreshes_the_push_token(world: World) -> None:
    card = await issue(world)
    assert await card.register(push_token="0a" * 32) == 201
    assert await card.register(push_token="0B" * 32) == 200
    await change(world, card, "New")
    assert [row.address for row in await due(world)] == ["0b" * 32]


@pytest.mark.requirement("S0-09", "S0-12")
async def test_a_new_device_id_is_another_device(world: World) -> None:
    """A phone restored from a backup comes with a new id and a new token; the old ones may linger, and do no harm."""
    card = await issue(world)
    assert [await card.register("old", "0a" * 32), await card.register("new", "0b" * 32)] == [201, 201]
    await change(world, card, "New")
    assert sorted(row.address for row in await due(world)) == ["0a" * 32, "0b" * 32]


async def test_one_push_for_all_passes_of_a_device(world: World) -> None:
    cards = [await issue(world) for _ in range(3)]
    for card in cards:
        assert await card.register() == 201
        await change(world, card, "New")
    assert len(await due(world)) == 1


@pytest.mark.requirement("S0-11", "S0-39")
async def test_a_change_between_download_and_registration_is_told(world: World) -> None:
    """The device has seen newer tags already, so only a number of the registration's own brings the pass into its list."""
    first, second, third = await issue(world), await issue(world), await issue(world)
    await first.register()
    await change(world, second, "Changed after the download")
    await change(world, third, "The newest of all")
    await third.register()
    _, tag = await what_changed(first) or pytest.fail("nothing listed")
    assert await what_changed(first, tag=tag) is None
    assert await second.register() == 201
    assert len(await due(world)) == 1
    listed, newer = await what_changed(first, tag=tag) or pytest.fail("the pass is not listed")
    assert listed == [second.serial]
    assert int(newer) > int(tag)


async def test_a_fresh_pass_needs_no_push_when_registered(world: World) -> None:
    await (await issue(world)).register()
    assert await due(world) == []


async def test_unregistering_is_200_again_and_again(world: World) -> None:
    card, other = await issue(world), await issue(world)
    await card.register()
    await other.register()
    assert [await card.unregister(), await card.unregister(), await card.unregister("never-seen")] == [200, 200, 200]
    assert (await what_changed(card) or pytest.fail("the other one is gone"))[0] == [other.serial]
    await change(world, card, "Nobody is told")
    assert await due(world) == []
    assert await other.unregister() == 200
    assert await what_changed(card) is None
    assert await card.register() == 201


@pytest.mark.requirement("S0-12")
async def test_so_many_devices_a_pass_and_no_more(tmp_path: Path, migrated_url: str) -> None:
    """T8: a leaked link costs a bounded number of pushes. Devices that are there already may always call again."""
    async with open_world(settings_for(tmp_path, migrated_url), devices_per_pass_max=3) as world:
        card, other = await issue(world), await issue(world)
        assert [await card.register(f"d{number}") for number in range(3)] == [201, 201, 201]
        refused = await card.ask("POST", card.registration("d3"), {"pushToken": PUSH_TOKEN})
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert await card.register("d2") == 200
        assert await other.register("d3") == 201
        await card.unregister("d0")
        assert await card.register("d3") == 201


async def test_devices_that_register_at_once_keep_to_the_bound(tmp_path: Path, migrated_url: str) -> None:
    async with open_world(settings_for(tmp_path, migrated_url), devices_per_pass_max=3) as world:
        card = await issue(world)
        statuses = await asyncio.gather(*(card.register(f"d{number}", f"{number:064x}") for number in range(24)))
        assert sorted(statuses) == [201] * 3 + [429] * 21


# --- what changed -----------------------------------------------------------------------------------------------------------------


async def test_a_device_of_which_nothing_is_known_hears_nothing(world: World) -> None:
    """T7: unknown, and nothing new, look alike."""
    card = await issue(world)
    await card.register()
    _, tag = await what_changed(card) or pytest.fail("nothing listed")
    assert await what_changed(card, "unknown") is None
    assert await what_changed(card, tag=tag) is None
    nothing = [
        await card.ask("GET", f"{card.base}/devices/{device}/registrations/{card.pass_type}?passesUpdatedSince={tag}", token=None)
        for device in ("unknown", "device-1")
    ]
    for one in nothing:
        one.headers.pop("x-request-id")
    assert nothing[0] == nothing[1]


async def test_a_device_hears_of_its_own_passes_of_one_type_alone(world: World) -> None:
    card, anothers, theirs = await issue(world), await issue(world), await issue(world, world.other)
    await card.register()
    await anothers.register("device-2")
    await theirs.register()
    assert (await what_changed(card) or pytest.fail("nothing listed"))[0] == [card.serial]
    path = f"{card.base}/devices/device-1/registrations/pass.com.example.other"
    assert (await card.ask("GET", path, token=None)).status == 204
    path = f"/apple/mine00l/v1/devices/device-1/registrations/{card.pass_type}"
    assert (await card.ask("GET", path, token=None)).status == 204


@pytest.mark.requirement("S0-37", "S0-39")
async def test_tags_grow_and_name_what_is_newer_only(world: World) -> None:
    """Many changes within one second, each with a tag of its own: nothing goes by a clock."""
    cards = [await issue(world) for _ in range(3)]
    for card in cards:
        await card.register()
    serials, tag = await what_changed(cards[0]) or pytest.fail("nothing listed")
    assert sorted(serials) == sorted(card.serial for card in cards)
    tags = [tag]
    for round_ in range(4):
        card = cards[round_ % 3]
        await change(world, card, f"Round {round_}")
        serials, tag = await what_changed(card, tag=tags[-1]) or pytest.fail("the change is not listed")
        assert serials == [card.serial]
        tags.append(tag)
        assert await what_changed(card, tag=tag) is None
    assert all(one.isdecimal() and str(int(one)) == one for one in tags)
    assert [int(one) for one in tags] == sorted({int(one) for one in tags})
    # An older tag names all that came after it, and the newest tag comes back with it.
    assert await what_changed(cards[0], tag=tags[2]) == (sorted([cards[2].serial, cards[0].serial]), tags[-1])


@on_sqlite
async def test_a_tag_that_is_not_ours_asks_for_everything(world: World, subtests: pytest.Subtests) -> None:
    card = await issue(world)
    await card.register()
    for tag in ("", "abc", "-1", "1.5", "1e3", "0x1", " 1", "\u0661", "2026-11-20T12:00:00Z", "9" * 19, "1; DROP TABLE pass", "\0"):
        with subtests.test(tag=tag[:12]):
            assert await what_changed(card, tag=tag) == ([card.serial], "1")
    for tag in ("1", "01", "2", "9" * 18):
        with subtests.test(tag=tag):
            assert await what_changed(card, tag=tag) is None


async def test_a_tag_of_another_type_of_the_same_workspace_is_only_a_number(world: World) -> None:
    """Numbers are the scope's, not the type's: whichever tag comes back, no later change is kept from the device."""
    card, other = await issue(world), await issue(world)
    await card.register()
    await other.register("device-2")
    await change(world, other, "A newer number")
    _, tag = await what_changed(other, "device-2") or pytest.fail("nothing listed")
    assert await what_changed(card, tag=tag) is None
    await change(world, card, "Newer still")
    assert (await what_changed(card, tag=tag) or pytest.fail("the change is lost"))[0] == [card.serial]


@pytest.mark.requirement("S0-39", "S3-27", "S1-11")
async def test_no_change_is_lost_to_a_device_that_asks_at_the_same_time(world: World) -> None:
    """Writers change passes and publish their template while devices list, follow the tag and fetch. At the end each device holds
    the newest version of each pass, though it never asked for anything but what the lists named."""
    template = await world.client.post("/v1/templates", {"name": "Card", "content": {"description": "Card"}})
    template_id = template.json["id"]
    cards = [await issue(world) for _ in range(5)]
    for value in range(3):
        made = await world.client.post("/v1/passes", {"template_id": template_id, "values": {"points": str(value)}})
        token = world.services.secrets.pass_token(MINE, PassId(made.json["id"]))
        cards.append(Card(cards[0].client, made.json["id"], token, cards[0].pass_type, cards[0].base, b""))
    devices = [f"device-{number}" for number in range(3)]
    for card in cards:
        for device in devices:
            assert await card.register(device, f"{hash(device) % 2**64:064x}") == 201
    by_serial = {card.serial: card for card in cards}
    writing = True

    async def write(own: list[Card], name: str) -> None:
        for round_ in range(12):
            for card in own:
                await change(world, card, f"{name} {round_}")

    async def publish() -> None:
        for round_ in range(12):
            content = {"description": "Card", "logo_text": f"Revision {round_}"}
            answer = await world.client.put(f"/v1/templates/{template_id}", {"name": "Card", "content": content})
            assert answer.status == 200, answer.body
            await asyncio.sleep(0)

    async def follow(device: str) -> dict[str, str]:
        have: dict[str, str] = {}
        tag: str | None = None
        while True:
            last_round = not writing
            listed = await what_changed(cards[0], device, tag)
            if listed is None and last_round:
                return have
            serials, newer = listed or ([], tag)
            assert tag is None or int(newer or 0) >= int(tag)
            for serial in serials:
                answer = await by_serial[serial].fetch(have.get(serial), method="HEAD")
                if answer.status == 200:
                    have[serial] = answer.headers["last-modified"]
            tag = newer
            await asyncio.sleep(0.001)

    following = [asyncio.create_task(follow(device)) for device in devices]
    await asyncio.gather(*(write(cards[nth:5:2], f"Writer {nth}") for nth in range(2)), publish())
    writing = False
    newest = {card.serial: (await card.fetch(method="HEAD")).headers["last-modified"] for card in cards}
    assert await asyncio.gather(*following) == [newest] * len(devices)


# --- the pass ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S0-11", "S3-57")
async def test_the_pass_comes_with_its_date_and_as_the_same_bytes(world: World) -> None:
    card = await issue(world)
    first, again = await card.fetch(), await card.fetch()
    assert first.status == 200
    assert first.headers["content-type"] == "application/vnd.apple.pkpass"
    assert first.headers["cache-control"] == "no-store"
    assert int(first.headers["content-length"]) == len(first.body)
    assert first.body == again.body == card.bundle
    date = first.headers["last-modified"]
    assert date == again.headers["last-modified"]
    assert date.endswith(" GMT")
    assert format_datetime(parsedate_to_datetime(date), usegmt=True) == date
    await change(world, card, "Another")
    newer = await card.fetch()
    assert newer.body != first.body
    assert parsedate_to_datetime(newer.headers["last-modified"]) > parsedate_to_datetime(date)


async def test_head_says_what_get_would(world: World) -> None:
    card = await issue(world)
    got, headed = await card.fetch(), await card.fetch(method="HEAD")
    assert headed.body == b""
    for answer in (got, headed):
        answer.headers.pop("x-request-id")
    assert (headed.status, headed.headers) == (got.status, got.headers)
    assert (await card.fetch(got.headers["last-modified"], method="HEAD")).status == 304


@on_sqlite
async def test_if_modified_since_in_each_form_of_a_date(
    world: World, subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await issue(world)
    await change(world, card, "Another")
    at = parsedate_to_datetime((await card.fetch()).headers["last-modified"])
    before, after = at.replace(second=at.second - 1), at.replace(second=at.second + 1)
    rfc_850, asctime = "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"
    cases = {
        (at.strftime(form), status)
        for at, status in ((before, 200), (at, 304), (after, 304))
        for form in ("%a, %d %b %Y %H:%M:%S GMT", rfc_850, asctime)
    }
    cases |= {(at.strftime("%a, %d %b %Y %H:%M:%S +0000"), 304)}
    cases |= {
        (garbage, 200)
        for garbage in (
            *("yesterday", "0", "1795176000", "Thu, 99 Foo 2015 00:00:02 GMT", "\xff\xfe", "Thu, 01 Jan 99999 00:00:00 GMT"),
            *("Thu, 32 Jan 2015 00:00:00 GMT", "2015-01-01T00:00:02Z", "," * 1000, at.strftime("%a, %d %b %Y 25:61:61 GMT")),
        )
    }
    for zone in ("UTC", "America/Los_Angeles"):  # a date without a zone is GMT, wherever the server stands
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        for text, status in sorted(cases):
            with subtests.test(text[:40], zone=zone):
                answer = await card.fetch(text)
                assert answer.status == status
                if status == 304:
                    assert answer.body == b""
                    assert answer.headers["last-modified"]
    monkeypatch.undo()
    time.tzset()


@pytest.mark.requirement("S0-37", "S3-27")
async def test_versions_within_one_second_are_told_apart(world: World) -> None:
    card = await issue(world)
    dates = []
    for round_ in range(5):
        await change(world, card, f"Version {round_}")
        answer = await card.fetch(dates[-1] if dates else None)
        assert answer.status == 200
        dates.append(answer.headers["last-modified"])
        assert (await card.fetch(dates[-1])).status == 304
    assert len(set(dates)) == 5


@pytest.mark.requirement("S0-39")
async def test_a_published_template_and_a_changed_value_in_the_same_second(world: World) -> None:
    """The clock stands still; each of both changes gives every pass of the template a new date and a place in the list."""
    content = {"description": "Card", "header": [{"label": "POINTS", "value": "{{ points }}"}]}
    template_id = (await world.client.post("/v1/templates", {"name": "Card", "content": content})).json["id"]
    made = await world.client.post("/v1/passes", {"template_id": template_id, "values": {"points": "1"}})
    sample, serial = await issue(world), made.json["id"]
    card = Card(
        sample.client,
        serial,
        world.services.secrets.pass_token(MINE, PassId(serial)),
        sample.pass_type,
        sample.base,
        b"",
    )
    await card.register()
    _, tag = await what_changed(card) or pytest.fail("nothing listed")
    date = (await card.fetch()).headers["last-modified"]
    for round_ in range(3):
        steps = [
            lambda n=round_: world.client.put(
                f"/v1/templates/{template_id}", {"name": "Card", "content": content | {"logo_text": f"Look {n}"}}
            ),
            lambda n=round_: world.client.put(f"/v1/passes/{serial}", {"values": {"points": f"{n + 2}"}}),
        ]
        for step in steps if round_ % 2 else reversed(steps):
            answer = await step()
            assert answer.status == 200, answer.body
            listed, tag = await what_changed(card, tag=tag) or pytest.fail("the change is not listed")
            assert listed == [serial]
            answer = await card.fetch(date)
            assert answer.status == 200
            assert answer.headers["last-modified"] != date
            date = answer.headers["last-modified"]
    document = json.loads(zipfile.ZipFile(io.BytesIO((await card.fetch()).body)).read("pass.json"))
    assert document["logoText"] == "Look 2"
    assert "4" in str(document["generic"]["headerFields"])


@pytest.mark.requirement("S0-39")
async def test_what_a_device_does_is_in_the_record_of_use(world: World) -> None:
    """Installed, fetched, removed: once each, however often a device says so. What it already had is no fetch."""
    card = await issue(world)
    assert [await card.register(), await card.register()] == [201, 200]
    got = await card.fetch()
    assert (await card.fetch(got.headers["last-modified"])).status == 304
    await card.fetch(method="HEAD")
    assert [await card.unregister(), await card.unregister()] == [200, 200]

    async def kinds() -> list[str]:
        return [one["kind"] for one in (await world.client.get(f"/v1/events?subject={card.serial}")).json["items"]]

    async with asyncio.timeout(20):
        while "pass.fetched" not in await kinds():  # noqa: ASYNC110  (written a moment after the answer)
            await asyncio.sleep(0.01)
    assert sorted(await kinds()) == ["pass.fetched", "pass.installed", "pass.issued", "pass.removed"]


async def test_a_void_pass_is_fetched_as_void(world: World) -> None:
    card = await issue(world)
    await card.register()
    answer = await world.client.post(f"/v1/passes/{card.serial}/void")
    assert answer.status == 200, answer.body
    assert len(await due(world)) == 1
    fetched = await card.fetch()
    assert json.loads(zipfile.ZipFile(io.BytesIO(fetched.body)).read("pass.json"))["voided"] is True


# --- addresses --------------------------------------------------------------------------------------------------------------------


@on_sqlite
async def test_paths_are_read_by_segment(world: World, subtests: pytest.Subtests) -> None:
    card = await issue(world)
    await card.register("a+b.c~d")
    encoded_type, encoded_serial = card.pass_type.replace(".", "%2E"), card.serial.replace("-", "%2d")
    good = {
        "doubled slashes": f"{card.base}//passes///{card.pass_type}//{card.serial}",
        "a slash at the end": f"{card.address}/",
        "the base with a slash at its end": card.address.replace("/v1/", "//v1/"),
        "percent-encoded": f"{card.base}/passes/{encoded_type}/{encoded_serial}",
        "wholly percent-encoded": f"{card.base}/passes/{''.join(f'%{ord(one):02X}' for one in card.pass_type)}/{card.serial}",
        "a query that nobody asked for": f"{card.address}?a=b",
    }
    for name, path in good.items():
        with subtests.test(name):
            assert (await card.ask("GET", path)).status == 200
    for device in ("a+b.c~d", "a%2Bb%2Ec%7Ed"):
        with subtests.test("list", device=device):
            assert (await what_changed(card, device) or pytest.fail("nothing listed"))[0] == [card.serial]
    bad = {
        "an encoded slash parts nothing": f"{card.base}/passes/{card.pass_type}%2F{card.serial}",
        "dots": f"{card.base}/passes/../passes/{card.pass_type}/{card.serial}",
        "another version": card.address.replace("/v1/", "/v2/"),
        "no version": card.address.replace("/v1/", "/"),
        "too short": f"{card.base}/passes/{card.serial}",
        "too long": f"{card.address}/more",
        "no workspace": card.address.replace(MINE.code, "x"),
        "NUL": f"{card.base}/passes/{card.pass_type}%00/{card.serial}",
        "nothing": "/apple/",
        "a workspace alone": f"/apple/{MINE.code}",
    }
    for name, path in bad.items():
        with subtests.test(name):
            assert (await card.ask("GET", path)).status == 404


@on_sqlite
async def test_other_methods_are_405_and_name_those_that_are_not(world: World, subtests: pytest.Subtests) -> None:
    card = await issue(world)
    allowed = {
        card.registration(): {"POST", "DELETE"},
        card.registration().rpartition("/")[0]: {"GET"},
        card.address: {"GET", "HEAD"},
        f"{card.base}/log": {"POST"},
    }
    for path, methods in allowed.items():
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - methods:
            with subtests.test(path.rpartition("v1")[2][:20], method=method):
                answer = await card.ask(method, path)
                assert answer.status == 405
                assert set(answer.headers["allow"].split(", ")) == methods


@on_sqlite
async def test_a_strange_host_header_does_no_harm(world: World) -> None:
    card = await issue(world)
    for host in ("[", "[::1", "a b", "\xff", ""):
        path = f"{card.base}/devices/d/registrations/{card.pass_type}"
        assert (await card.client.ask("GET", path, headers={"Host": host})).status == 204


@pytest.mark.requirement("S1-11")
async def test_nonsense_is_refused_and_never_an_error_of_ours(world: World) -> None:
    """1,500 odd requests, always the same: no 5xx, and no serial number in any answer."""
    card = await issue(world)
    await card.register()
    dice = random.Random(20261120)
    pieces = ["devices", "registrations", "passes", "log", "v1", card.pass_type, "device-1", "%00", "%2F", "..", "%ff", "%"]
    pieces += [
        "x" * 300,
        MINE.code,
        "\xe4",
        "%F0%9F%98%80",
        "{}",
        "'",
        '"',
        ";",
        "-1",
        "%0d%0a",
        "personalize",
        card.serial.lower(),
    ]
    bodies: list[bytes] = [b"", b"{}", b"[]", b"null", b"\xff", b'{"logs": [1]}', b'{"pushToken": true}', b"[" * 100, b'{"logs":']
    for _ in range(1500):
        inside = "/".join(dice.choices(pieces, k=dice.randrange(1, 6)))
        shape = dice.choice(("/apple/{0}", "{1}/{0}", "{1}/devices/{0}/registrations/{0}", "{1}/passes/{0}"))
        path = shape.format(inside, card.base) + dice.choice(("", "", "?passesUpdatedSince=" + dice.choice(pieces)))
        method = dice.choice(("GET", "HEAD", "POST", "DELETE", "PUT"))
        token = dice.choice((None, "", "x", "\xff" * 5))
        answer = await card.ask(method, path, dice.choice(bodies) if method == "POST" else None, token)
        assert answer.status < 500, (method, path)
        assert card.serial.encode() not in answer.body
        assert card.token.encode() not in answer.body


# --- the log ----------------------------------------------------------------------------------------------------------------------


async def kept(world: World) -> list[str]:
    return [line for _, line in await world.services.store.read(lambda tx: tx.device_log.list(MINE, 100))]


async def complain(world: World, body: object, base: str = f"/apple/{MINE.code}/v1") -> Answer:
    return await world.client.with_key(None).post(f"{base}/log", body)


async def test_what_devices_complain_of_is_kept_for_the_operator(world: World) -> None:
    answer = await complain(world, {"logs": ["first", "second"]})
    assert (answer.status, answer.body) == (200, b"")
    assert sorted(await kept(world)) == ["first", "second"]
    assert (await complain(world, {"logs": []})).status == 200
    assert (await complain(world, {"logs": ["to no address"]}, "/apple/nobodyx/v1")).status == 404
    assert (await complain(world, {"logs": ["to nobody"]}, "/apple/nobodyt/v1")).status == 200
    assert sorted(await kept(world)) == ["first", "second"]


@on_sqlite
async def test_the_log_keeps_little_of_much(world: World, subtests: pytest.Subtests) -> None:
    lines = [f"{number:02} " + "x" * 2000 for number in range(30)]
    assert (await complain(world, {"logs": lines})).status == 200
    found = await kept(world)
    assert sorted(found) == [line[:1000] for line in lines[:20]]
    await complain(world, {"logs": ["<script>\x1b[31m\r\n\x07\u202e\u2028</script>"]})
    (shown,) = set(await kept(world)) - set(found)
    assert shown == "<script>?[31m??????</script>".replace("??????", "?" * 5)
    for name, body, status in (
        ("64 kB", b'{"logs": ["' + b"x" * 64_000 + b'"]}', 413),
        ("no list", {"logs": "text"}, 400),
        ("numbers", {"logs": [1, 2]}, 400),
        ("nothing", {}, 400),
        ("a list", ["text"], 400),
        ("no JSON", b"it does not work", 400),
        ("half a surrogate", b'{"logs": ["\\ud800"]}', 400),
    ):
        with subtests.test(name):
            answer = await complain(world, body)
            assert answer.status == status
            assert status == 413 or name in ("no JSON", "half a surrogate") or answer.body.startswith(b"logs: ")


@on_sqlite
async def test_the_log_takes_so_many_letters_and_no_flood(world: World) -> None:
    statuses = [(await complain(world, {"logs": ["again"]})).status for _ in range(40)]
    assert statuses[:20] == [200] * 20
    assert statuses.count(429) >= 15
    refused = await complain(world, {"logs": ["again"]})
    assert int(refused.headers["retry-after"]) >= 1
