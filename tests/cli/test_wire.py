"""What a caller may hold open before a request is one: a real server on a real socket, driven byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from billfold.cli import wire

Ask = Callable[..., Awaitable[bytes]]


async def application(scope, receive, send) -> None:
    body = b""
    more = True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    text = f"{scope['path']} {len(body)};".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(text)).encode())]})
    await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, http=wire.BoundedProtocol, lifespan="off", log_config=None, timeout_keep_alive=5)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def said(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """All that the server answers until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


REQUEST = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_a_head_that_comes_a_byte_at_a_time_has_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    async with served() as port:
        assert await said(port) == b"", "who says nothing is let go"
        slow = await said(port, *(REQUEST[at : at + 1] for at in range(30)), pause=0.05)
        assert slow == b""
        assert b"/a 0;" in await said(port, REQUEST[:20], REQUEST[20:], pause=0.01)


async def test_the_deadline_is_not_the_bodys_nor_that_of_a_rest_between_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    body = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
    async with served() as port:
        answer = await said(port, body + b"1", b"2", b"34", REQUEST, pause=0.25)
        assert (b"/b 4;" in answer, b"/a 0;" in answer) == (True, True)


async def test_a_head_without_an_end_is_refused_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as port:
        for head in (b"GET / HTTP/1.1\r\nX: ", b"GET /"):
            answer = await said(port, head, *([b"a" * 16_384] * 8))
            assert answer in (b"",) or answer.startswith(b"HTTP/1.1 400")
        many = b"GET /c HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"v" * 100) for n in range(300))
        assert b"/c 0;" in await said(port, many, b"Connection: close\r\n\r\n"), "30 kB of headers are fine"
        big = b"POST /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
        assert b"/d 1000000;" in await said(port, big), "a body is not a head"


async def test_requests_sent_at_once_are_answered_in_their_order() -> None:
    async with served() as port:
        sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(20)) + REQUEST
        answer = await said(port, sent)
        places = [answer.index(b"/%d 0;" % n) for n in range(20)]
        assert places == sorted(places)
        assert answer.rstrip().endswith(b"/a 0;")
