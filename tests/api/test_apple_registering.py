"""The PassKit web service as a table of cases: how a device registers and hears what changed
(reference/apple-wallet.md sections 4-6).

The application is the real one, as in test_apple_web_service.py, which has the rest."""

import asyncio
from pathlib import Path

import pytest

from api.apple_devices import PUSH_TOKEN, Card, change, due, issue, what_changed
from api.conftest import MINE, OTHER, World, on_sqlite, open_world, settings_for
from billfold.domain.ids import PassId, Scope

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
    for device in ("x" * 201, "%20", "%C3%A4", "a%0Ab"):
        with subtests.test("device", device=device[:9]):
            assert (await card.ask("POST", card.registration(device), {"pushToken": PUSH_TOKEN})).status == 400
    assert (await card.ask("POST", card.registration("a%00b"), {"pushToken": PUSH_TOKEN})).status == 404
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
