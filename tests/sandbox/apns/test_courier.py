"""The phones' side of the push stand-in over HTTP: tokens, the stream of pushes, the control desk."""

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import AsyncIterator

import pytest
from cryptography import x509

from billfold.sandbox.apns.courier import create_courier
from billfold.sandbox.apns.server import PushServer
from sandbox.apns.sender import TOPIC, Sender
from sandbox.serving import served


@pytest.fixture
async def courier(push_server: PushServer) -> AsyncIterator[str]:
    async with served(create_courier(push_server)) as url:
        yield url
        push_server.hang_up()


def _call(method: str, url: str, body: object = None) -> tuple[int, bytes]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def call(method: str, url: str, body: object = None) -> tuple[int, bytes]:
    return await asyncio.to_thread(_call, method, url, body)


@contextlib.asynccontextmanager
async def stream(url: str) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream, read off the socket."""
    host, _, path = url.removeprefix("http://").partition("/")
    address, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0]
    assert b"text/event-stream" in head

    async def lines() -> AsyncIterator[str]:
        while line := await asyncio.wait_for(reader.readline(), 20):
            if line.strip():
                yield line.decode().strip()

    try:
        yield lines()
    finally:
        writer.close()


async def next_push(lines: AsyncIterator[str]) -> dict[str, str]:
    async for line in lines:
        if line.startswith("data: "):
            return json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def new_token(courier: str, topic: str | None = TOPIC) -> str:
    status, body = await call("POST", f"{courier}/devices", {} if topic is None else {"topic": topic})
    assert status == 201
    return json.loads(body)["pushToken"]


async def test_a_phone_is_given_a_device_id_and_a_push_token(courier: str) -> None:
    status, body = await call("POST", f"{courier}/devices", {"topic": TOPIC})
    first = json.loads(body)
    assert status == 201
    assert set(first) == {"deviceLibraryIdentifier", "pushToken"}
    assert len(bytes.fromhex(first["pushToken"])) == 32
    known = {"topic": "pass.com.example.other", "deviceLibraryIdentifier": first["deviceLibraryIdentifier"]}
    second = json.loads((await call("POST", f"{courier}/devices", known))[1])
    assert second["deviceLibraryIdentifier"] == first["deviceLibraryIdentifier"]
    assert second["pushToken"] != first["pushToken"]


async def test_the_root_certificate_can_be_had(courier: str, push_server: PushServer) -> None:
    status, body = await call("GET", f"{courier}/ca.pem")
    assert status == 200
    assert x509.load_pem_x509_certificate(body) == x509.load_pem_x509_certificate(push_server.authority.root_pem)


@pytest.mark.requirement("S0-40")
async def test_a_push_reaches_the_phone_that_listens(courier: str, sender: Sender) -> None:
    token = await new_token(courier)
    async with stream(f"{courier}/devices/{token}/stream?topic={TOPIC}") as lines:
        assert await anext(lines)  # connected
        answered = await sender.push(token)
        assert await next_push(lines) == {"topic": TOPIC, "apnsId": answered.headers["apns-id"]}


async def test_a_push_sent_while_the_phone_was_off_waits_for_it(courier: str, sender: Sender, push_server: PushServer) -> None:
    token = await new_token(courier)
    await sender.push(token)
    await sender.push(token)
    assert push_server.counters.as_json()["stored"] == 2
    async with stream(f"{courier}/devices/{token}/stream?topic={TOPIC}") as lines:
        assert (await next_push(lines))["topic"] == TOPIC
        later = await sender.push(token)
        assert (await next_push(lines))["apnsId"] == later.headers["apns-id"]


async def test_a_wiped_phone_takes_its_token_with_it(courier: str, sender: Sender) -> None:
    token = await new_token(courier)
    assert (await call("DELETE", f"{courier}/devices/{token}"))[0] == 204
    assert (await call("DELETE", f"{courier}/devices/{token}"))[0] == 204
    assert (await sender.push(token)).reason == "Unregistered"
    assert (await call("GET", f"{courier}/devices/{token}/stream"))[0] == 410


async def test_unknown_tokens_are_not_found(courier: str) -> None:
    for method, path in (("DELETE", "devices/ab"), ("GET", "devices/ab/stream")):
        assert (await call(method, f"{courier}/{path}"))[0] == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("devices", b"[]"),
        ("devices", b"{"),
        ("devices", b"\xff"),
        ("devices", {"topics": "x"}),
        ("devices", {"topic": 7}),
        ("control/faults", {"kind": "meteor"}),
        ("control/faults", {"kind": "answer", "count": 0}),
        ("control/faults", {"kind": "answer", "status": True}),
        ("control/server", {"maxConcurrentStreams": 0}),
        ("control/server", {"now": "explode"}),
    ],
)
async def test_what_cannot_be_read_is_400_and_says_why(courier: str, path: str, body: object) -> None:
    status, answer = await call("POST", f"{courier}/{path}", body)
    assert status == 400
    assert json.loads(answer)["error"]


async def test_faults_are_set_and_healed_over_http(courier: str, sender: Sender) -> None:
    fault = {"kind": "answer", "status": 503, "reason": "Shutdown", "retryAfterSeconds": 5}
    status, body = await call("POST", f"{courier}/control/faults", fault)
    assert status == 200
    assert json.loads(body)[0]["reason"] == "Shutdown"
    assert (await sender.push()).reason == "Shutdown"
    assert json.loads((await call("DELETE", f"{courier}/control/faults"))[1]) == []
    assert (await sender.push()).status == 200


async def test_the_server_can_be_taken_down_and_brought_back_over_http(courier: str, sender: Sender) -> None:
    await sender.push()
    await call("POST", f"{courier}/control/server", {"listening": False})
    assert (await sender.push()).error != 0
    await call("POST", f"{courier}/control/server", {"listening": True, "refuseTls": True})
    assert (await sender.push()).error != 0
    answer = await call("POST", f"{courier}/control/server", {"refuseTls": False, "maxConcurrentStreams": 50})
    assert json.loads(answer[1]) == {"port": sender.port, "maxConcurrentStreams": 50}
    assert (await sender.push()).status == 200


@pytest.mark.parametrize("what", ["goaway", "goaway_close", "reset_connections"])
async def test_connections_can_be_ended_over_http(courier: str, sender: Sender, push_server: PushServer, what: str) -> None:
    await sender.push()
    await call("POST", f"{courier}/control/server", {"now": what})
    assert (await sender.push()).status == 200
    assert push_server.counters.connections_opened == 2


async def test_counters_are_read_and_reset_over_http(courier: str, sender: Sender) -> None:
    token = await new_token(courier)
    await sender.push(token)
    counted = json.loads((await call("GET", f"{courier}/control/counters"))[1])
    assert (counted["received"], counted["accepted"], counted["answers"]) == (1, 1, {"200": 1})
    known = json.loads((await call("GET", f"{courier}/control/tokens/{token}"))[1])
    assert known == {"pushes": 1, "known": True, "retiredAt": None}
    after = json.loads((await call("DELETE", f"{courier}/control/counters"))[1])
    assert (after["received"], after["connectionsOpen"]) == (0, 1)
