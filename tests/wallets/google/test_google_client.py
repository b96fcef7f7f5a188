"""Google's answers as values, whatever comes back: from the stand-in, and from a server that says what the stand-in never would."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from billfold.outgoing.client import OutgoingClient
from billfold.wallets.google.client import (
    Answer,
    Denied,
    Exists,
    GoogleClient,
    Missing,
    Page,
    QuotaExceeded,
    Refused,
    ServerTrouble,
    SlowDown,
    Stored,
    Unknown,
)
from billfold.wallets.google.forms import Form, form_of
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.pacing import Pacer
from clocks import FakeClock
from wallets.google.conftest import Wire
from wallets.google.material import COFFEE, ISSUER, credential, pass_of

KIND = "genericObject"


@dataclass
class Oddity:
    """A server that answers what it is told to."""

    url: str = ""
    token: tuple[int, str] = (200, '{"access_token": "t", "expires_in": 3600}')
    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"{}")
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def oddity() -> Iterator[Oddity]:
    made = Oddity()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            made.seen.append((self.command, self.path, body))
            status, headers, data = (made.token[0], {}, made.token[1].encode()) if self.path == "/token" else made.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = answer

        def log_message(self, format: str, *args: Any) -> None:
            """The test's output stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


async def ask(oddity: Oddity, clock: FakeClock) -> Answer:
    http = OutgoingClient()
    try:
        return await client_of(Wire(http), oddity.url, clock).get(KIND, f"{ISSUER}.a")
    finally:
        await http.close()


def client_of(wire: Wire, url: str, clock: FakeClock) -> GoogleClient:
    return GoogleClient(wire, credential(f"{url}/token"), Pacer(10_000, 0), clock, api_url=url)


def form(seed: bytes = b"0123456789abcdef") -> Form:
    return form_of(pass_of(COFFEE, seed=seed), COFFEE, None, PublicImages())


def backend(code: int, message: str, reason: str) -> bytes:
    """The shape of Wallet's own errors."""
    return json.dumps({"error": {"code": code, "message": message, "errors": [{"message": message, "reason": reason}]}}).encode()


def front_end(code: int, message: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": "INVALID_ARGUMENT", "details": [{"a": 1}]}}).encode()


ANSWERS: dict[str, tuple[int, dict[str, str], bytes, Answer]] = {
    "conflict": (409, {}, backend(409, "Wallet Object X already exists.", "whatever"), Exists()),
    "missing": (404, {}, backend(404, "Wallet Object X not found.", "whatever"), Missing("Wallet Object X not found.")),
    "refused": (400, {}, front_end(400, "Unknown name"), Refused("Unknown name")),
    "refused by a proxy": (413, {}, b"<html>too large</html>", Refused("Google answered 413")),
    "empty error": (400, {}, b"", Refused("Google answered 400")),
    "error of another shape": (400, {}, b'{"error": {"message": 5}}', Refused("Google answered 400")),
    "error in bad UTF-8": (400, {}, b'{"error": {"message": "\xff"}}', Refused("Google answered 400")),
    "endless error": (400, {}, backend(400, "x" * 5000, ""), Refused("x" * 300)),
    "denied": (403, {}, backend(403, "Permission Denied", "permissionDenied"), Denied("Permission Denied")),
    "denied by rate": (403, {}, backend(403, "slow", "rateLimitExceeded"), Denied("slow")),
    "quota": (403, {}, backend(403, "Quota exceeded", "quotaExceeded"), QuotaExceeded("Quota exceeded")),
    "a reason counts only with its status": (400, {}, backend(400, "no", "quotaExceeded"), Refused("no")),
    "slow down": (429, {}, b"", SlowDown(None)),
    "slow down for seconds": (429, {"Retry-After": "7"}, b"", SlowDown(7.0)),
    "slow down until a date": (429, {"Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT"}, b"", SlowDown(30.0)),
    "slow down until the past": (429, {"Retry-After": "Fri, 20 Nov 2020 12:00:30 GMT"}, b"", SlowDown(0.0)),
    "slow down for ever": (429, {"Retry-After": "9" * 50}, b"", SlowDown(999999.0)),
    "slow down for nonsense": (429, {"Retry-After": "soon"}, b"", SlowDown(None)),
    "trouble": (500, {}, b"", ServerTrouble(500)),
    "trouble with a time": (503, {"Retry-After": "3"}, b"oops", ServerTrouble(503, 3.0)),
    "a redirect": (302, {"Location": "http://127.0.0.1:1/"}, b"", ServerTrouble(302)),
    "a captive portal": (200, {}, b"<html>Welcome</html>", ServerTrouble(200)),
    "a list for a resource": (200, {}, b"[]", ServerTrouble(200)),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_each_answer_is_told_by_its_status(name: str, oddity: Oddity, clock: FakeClock) -> None:
    status, headers, body, wanted = ANSWERS[name]
    oddity.answer = (status, headers, body)
    assert await ask(oddity, clock) == wanted


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error": "invalid_grant", "error_description": "Invalid JWT"}', Denied),
        (401, "", Denied),
        (429, "", SlowDown),
        (500, "", ServerTrouble),
        (200, "<html>", ServerTrouble),
        (200, "{}", ServerTrouble),
        (200, '{"access_token": "\u00fc"}', ServerTrouble),
        (200, '{"access_token": "t", "expires_in": "soon"}', ServerTrouble),
        (302, '{"access_token": "t"}', ServerTrouble),
    ],
)
async def test_without_a_token_nothing_is_asked(status: int, body: str, kind: type, oddity: Oddity, clock: FakeClock) -> None:
    oddity.token = (status, body)
    assert isinstance(await ask(oddity, clock), kind)
    assert [path for _, path, _ in oddity.seen] == ["/token"]


async def test_a_refused_token_is_renewed_once_and_no_more(oddity: Oddity, clock: FakeClock) -> None:
    oddity.answer = (401, {}, backend(401, "Login Required.", "required"))
    assert await ask(oddity, clock) == Denied("Login Required.")
    assert [path for _, path, _ in oddity.seen].count("/token") == 2
    assert len(oddity.seen) == 4


async def test_nobody_there_is_unknown(clock: FakeClock) -> None:
    assert isinstance(await ask(Oddity("http://127.0.0.1:1"), clock), Unknown)


async def test_answers_may_hold_members_that_we_do_not_know(oddity: Oddity, clock: FakeClock) -> None:
    oddity.answer = (
        200,
        {},
        b'{"kind": "x", "state": "active", "hasUsers": true, "messages": [{"kind": "y", "id": "1"}], "new": [1]}',
    )
    answer = await ask(oddity, clock)
    assert isinstance(answer, Stored)
    assert answer.resource.has_users is True
    assert len(answer.resource.messages) == 1


async def test_an_id_stays_one_piece_of_the_path(oddity: Oddity, clock: FakeClock) -> None:
    http = OutgoingClient()
    await client_of(Wire(http), oddity.url, clock).patch(KIND, "1.a/../b?c", b"{}")
    await http.close()
    assert oddity.seen[-1][:2] == ("PATCH", "/walletobjects/v1/genericObject/1.a%2F..%2Fb%3Fc")


# --- with the stand-in ------------------------------------------------------------------------------------------------------------


async def test_get_update_and_list_by_pages(world: Any, clock: FakeClock) -> None:
    passes = [await world.issue(seed=b"%016d" % number) for number in range(5)]
    await world.publish(*passes)
    client = client_of(world.wire, world.google.url, clock)
    class_id = form().class_id
    found, token = [], None
    while True:
        page = await client.list_page(KIND, class_id, token, 2)
        assert isinstance(page, Page)
        found += [json.loads(bytes(one))["id"] for one in page.resources]
        token = page.token
        if token is None:
            break
    assert sorted(found) == sorted(f"{ISSUER}.{one.id}" for one in passes)
    classes = await client.list_page("genericClass", ISSUER)
    assert isinstance(classes, Page)
    assert len(classes.resources) == 1
    assert isinstance(await client.list_page(KIND, f"{ISSUER}.nowhere"), Missing)
    whole = form(b"%016d" % 0).shape()
    assert isinstance(await client.update(KIND, whole.id, msgspec.json.encode(whole)), Stored)
    answer = await client.get(KIND, whole.id)
    assert isinstance(answer, Stored)
    assert "logo" not in json.loads(answer.body)
    assert isinstance(await client.get(KIND, f"{ISSUER}.nowhere"), Missing)


@pytest.mark.requirement("S3-27")
async def test_the_stand_in_s_limit_of_20_a_second_is_never_met(world: Any, clock: FakeClock) -> None:
    """Its clock moves with the pacer's, so each request meets the stand-in in the second in which it was sent."""
    await world.publish(await world.issue())
    world.google.control("POST", "/settings", {"requests_per_second": 20})

    async def sleep(seconds: float) -> None:
        clock.advance(seconds=max(seconds, 0.001))  # it knows no less

    pacer = Pacer(18, 4, lambda: clock.now_ms() / 1000, sleep)
    client = GoogleClient(world.wire, world.accounts.known[ISSUER], pacer, clock, api_url=world.google.url)
    class_id = form().class_id
    started = clock.now_ms()
    for number in range(120):
        assert isinstance(await client.get("genericClass", class_id, urgent=number % 2 == 0), Stored)
    assert clock.now_ms() - started > 5_000
