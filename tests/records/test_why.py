"""Each fault of a delivery is made with the stand-ins, and the console's page says what it is, in words, and what comes next."""

import asyncio
import html
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from billfold.sandbox.phones.iphone import VirtualIphone
from e2e.conftest import SAMPLE, Billfold, ask, running

IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1"}
Words = list[tuple[str, str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Billfold]:
    with running(tmp_path_factory.mktemp("why"), "") as one:
        yield one


async def control(server: Billfold, path: str, body: object | None = None, method: str = "POST") -> None:
    answer = await asyncio.to_thread(server.push_control, path, body, method)
    assert answer.status == 200, answer.body


async def why(server: Billfold, serial: str) -> Words:
    """(badge, sentence) of every step on the page, Apple's first."""
    answer = await asyncio.to_thread(ask, "GET", f"{server.url}/studio/test/passes/{serial}", None, {"Sec-Fetch-Site": "none"})
    assert answer.status == 200, answer.body[:300]
    found = re.findall(r'<li><span class="badge[^"]*">(.*?)</span> <span>(.*?)</span></li>', answer.body.decode())
    return [(html.unescape(badge), html.unescape(sentence)) for badge, sentence in found]


async def says(server: Billfold, serial: str, sentence: str, badge: str) -> Words:
    """Waits until the page says so."""
    end = time.monotonic() + 60
    while True:
        found = await why(server, serial)
        if any(sentence in one and said == badge for said, one in found):
            return found
        assert time.monotonic() < end, found
        await asyncio.sleep(0.3)


async def change(server: Billfold, serial: str, value: str) -> bool:
    body = SAMPLE | {"headerFields": [{"label": "POINTS", "value": value, "changeMessage": "Now %@"}]}
    return bool((await asyncio.to_thread(server.change, serial, body))["unchanged"])


@asynccontextmanager
async def a_phone_with_a_pass(server: Billfold, tmp_path: Path) -> AsyncIterator[tuple[VirtualIphone, str]]:
    made = await asyncio.to_thread(server.make)
    async with VirtualIphone(openssl=None, home=tmp_path / "iphone") as phone:
        await phone.add(made["shareUrl"])
        yield phone, made["serialNumber"]


async def test_what_is_sent_again_as_it_was_is_told_to_nobody(server: Billfold, tmp_path: Path) -> None:
    async with a_phone_with_a_pass(server, tmp_path) as (_, serial):
        assert (await asyncio.to_thread(server.change, serial, SAMPLE))["unchanged"]
        await says(server, serial, "Nothing has changed since the pass was issued", "Note")


@pytest.mark.requirement("S0-39")
async def test_a_phone_that_was_told_and_fetched_shows_it(server: Billfold, tmp_path: Path) -> None:
    async with a_phone_with_a_pass(server, tmp_path) as (_, serial):
        await change(server, serial, "7")
        steps = await says(server, serial, "It fetched this version", "Done")
        assert [badge for badge, _ in steps][:4] == ["Done"] * 4


@pytest.mark.parametrize(
    ("path", "fault", "sentence"),
    [
        ("server", {"listening": False}, "The push service is away or refuses for now"),
        ("faults", {"kind": "answer", "status": 503, "reason": "Shutdown"}, "“503 Shutdown”"),
        (
            "faults",
            {"kind": "answer", "status": 403, "reason": "BadCertificate"},
            "certificate or account is refused: “403 BadCert",
        ),
        ("faults", {"kind": "answer", "status": 400, "reason": "BadPriority"}, "refuses this push for good: “400 BadPriority”"),
    ],
    ids=["away", "refused for now", "bad certificate", "refused for good"],
)
async def test_what_the_push_service_says_stands_on_the_page(
    server: Billfold, tmp_path: Path, path: str, fault: dict[str, object], sentence: str
) -> None:
    async with a_phone_with_a_pass(server, tmp_path) as (_, serial):
        await control(server, path, fault)
        try:
            await change(server, serial, "8")
            await says(server, serial, sentence, "Stops here")
        finally:
            await control(server, "server", {"listening": True})
            await control(server, "faults", None, "DELETE")
        await change(server, serial, "9")
        await says(server, serial, "It fetched this version", "Done")


async def test_a_device_that_is_gone_and_one_that_never_came(server: Billfold, tmp_path: Path) -> None:
    fresh = await asyncio.to_thread(server.make)
    await says(server, fresh["serialNumber"], "Nobody has opened the link", "Note")
    bundle = await asyncio.to_thread(ask, "GET", f"{fresh['shareUrl']}/apple", None, IPHONE)
    assert bundle.status == 200
    await says(server, fresh["serialNumber"], "No device has asked to be told of changes", "Stops here")
    async with a_phone_with_a_pass(server, tmp_path) as (_, serial):
        await control(server, "faults", {"kind": "answer", "status": 410, "reason": "Unregistered", "count": 1})
        await change(server, serial, "10")
        await says(server, serial, "that the device is no longer there", "Stops here")


async def test_a_phone_that_is_off_was_told_and_has_not_asked(server: Billfold, tmp_path: Path) -> None:
    async with a_phone_with_a_pass(server, tmp_path) as (phone, serial):
        await phone.go_offline()
        await change(server, serial, "11")
        await says(server, serial, "It was told a moment ago and has not asked", "Waits")
        await phone.go_online()
        await says(server, serial, "It fetched this version", "Done")
        await phone.remove(serial)
        await says(server, serial, "The pass was removed from the last device", "Stops here")
