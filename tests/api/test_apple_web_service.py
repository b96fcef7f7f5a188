"""The PassKit web service as a table of cases: the pass, addresses and the log (reference/apple-wallet.md sections
4-6). Registering is in test_apple_registering.py.

The application is the real one with a real database and real certificates; only the sockets are left out. What a phone makes of the
answers is tested end to end (tests/e2e)."""

import asyncio
import io
import json
import random
import time
import zipfile
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from api.apple_devices import Card, change, due, issue, what_changed
from api.client import Answer
from api.conftest import MINE, World, on_sqlite
from billfold.domain.ids import PassId

# --- the pass ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S0-11", "S3-57")
async def test_the_pass_comes_with_its_date_and_as_the_same_bytes(world: World) -> None:
    card = await issue(world)
    first, again = await card.fetch(), await card.fetch()
    assert first.status == 200
    assert first.headers["content-type"] == "application/vnd.apple.pkpass"
    assert first.headers["cache-control"] == "no-store"
    assert int(first.headers["content-length"]) == len(first.body)
    assert first.body == again.body == bytes(card.bundle)
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
