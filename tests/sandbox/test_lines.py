"""One line for all phones of a page: whom it serves, what it refuses, and what ends it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette

from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.authority import SandboxAuthority
from billfold.sandbox.google.app import GoogleApp, create_app
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.lines import Lines
from sandbox.apns.sender import TOPIC, Sender
from sandbox.serving import served

ACCOUNT = "phone-1@example.com"


@dataclass
class Site:
    push: PushServer
    google: GoogleApp
    state: GoogleState
    sender: Sender
    url: str
    open_lines: list[asyncio.StreamWriter] = field(default_factory=list)

    async def open(self, body: bytes, content_type: str = "application/json") -> tuple[int, asyncio.StreamReader]:
        """Status and body of a request to the line."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /sandbox/lines HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.open_lines.append(writer)  # who drops it hangs up
        writer.write(head.encode() + body)
        status = int((await reader.readuntil(b"\r\n\r\n")).split()[1])
        return status, reader

    async def listen(self, **wish: object) -> asyncio.StreamReader:
        status, reader = await self.open(json.dumps(wish).encode())
        assert status == 200
        await reader.readuntil(b": connected\n\n")
        return reader


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    authority = SandboxAuthority.open(tmp_path)
    push, state = PushServer(authority, tmp_path / "push.sqlite"), GoogleState(tmp_path / "google.sqlite")
    await push.start()
    google = create_app(state, external_url="http://127.0.0.1/sandbox/google")
    sender = Sender(tmp_path / "sender", authority.issue_pass_certificate(TOPIC, "A1B2C3D4E5"), authority.root_pem, push.port)
    async with served(Starlette(routes=[Lines(push, google).route("/sandbox/lines")])) as url:
        yield Site(push, google, state, sender, url)
        google.end_streams()
        push.hang_up()
    await push.stop()
    await google.aclose()
    state.close()


def token(site: Site) -> str:
    return site.push.issue_token(TOPIC).push_token


async def next_event(reader: asyncio.StreamReader, name: str) -> dict[str, str]:
    """The data of the next event, which has that name."""
    block = await asyncio.wait_for(reader.readuntil(b"\n\n"), 10)
    while b"event: " not in block:
        block = await asyncio.wait_for(reader.readuntil(b"\n\n"), 10)
    lines = [line for line in block.decode().splitlines() if line.startswith(("event: ", "data: "))]
    assert lines[0] == f"event: {name}"
    data: dict[str, str] = json.loads(lines[1].removeprefix("data: "))
    return data


async def test_each_push_names_the_token_that_it_is_for(site: Site) -> None:
    one, other = token(site), token(site)
    reader = await site.listen(tokens=[{"pushToken": each, "topic": TOPIC} for each in (one, other)])
    for each in (other, one):
        assert (await site.sender.push(each)).status == 200
        assert await next_event(reader, "push") == {"pushToken": each, "topic": TOPIC}


async def test_a_push_that_came_before_is_brought_and_one_for_others_is_not(site: Site) -> None:
    mine, stranger = token(site), token(site)
    await site.sender.push(stranger)
    await site.sender.push(mine)
    reader = await site.listen(tokens=[{"pushToken": mine, "topic": TOPIC}])
    assert (await next_event(reader, "push"))["pushToken"] == mine
    await site.sender.push(stranger)
    await site.sender.push(mine)
    assert (await next_event(reader, "push"))["pushToken"] == mine


async def test_a_token_that_is_dead_or_was_never_given_is_gone(site: Site) -> None:
    dead, alive = token(site), token(site)
    site.push.retire_token(dead)
    unknown = "ab" * 32
    reader = await site.listen(tokens=[{"pushToken": each, "topic": TOPIC} for each in (dead, unknown, alive)])
    assert [await next_event(reader, "gone") for _ in range(2)] == [{"pushToken": dead}, {"pushToken": unknown}]
    await site.sender.push(alive)
    assert (await next_event(reader, "push"))["pushToken"] == alive


async def test_news_of_an_account_name_it_and_begin_where_the_phone_stopped(site: Site) -> None:
    sql = "insert into event (account, type, object_id, data) values (?, 'removed', ?, '{}')"
    for number in (1, 2):
        site.state.run(sql, ACCOUNT, f"338.{number}")
    reader = await site.listen(accounts=[{"account": ACCOUNT, "after": "1"}])
    assert await next_event(reader, "removed") == {"type": "removed", "account": ACCOUNT, "objectId": "338.2"}


async def test_the_line_ends_with_the_stand_ins(site: Site) -> None:
    reader = await site.listen(tokens=[{"pushToken": token(site), "topic": TOPIC}])
    site.push.hang_up()
    assert await asyncio.wait_for(reader.read(), 10) in (b"", b"0\r\n\r\n", b"\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"[]", "application/json", 400),
        (b'{"tokens": [{"pushToken": 1, "topic": "x"}]}', "application/json", 400),
        (b'{"accounts": [{"account": "a@example.com", "after": "1; drop"}]}', "application/json", 400),
        (b'{"other": 1}', "application/json", 400),
        (b" " * 20_000, "application/json", 413),
        (json.dumps({"accounts": [{"account": "a@example.com"}] * 41}).encode(), "application/json", 400),
    ],
)
async def test_what_no_page_of_ours_sends_is_refused(site: Site, body: bytes, content_type: str, status: int) -> None:
    assert (await site.open(body, content_type))[0] == status
