"""A small HTTP/1.1 client: one connection per request, bodies under a limit, redirects by hand, server-sent events.

Small on purpose and the phones' own, so that a fault in the server's HTTP is not forgiven by a library that both use.
May not enter: what a pass is.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

BODY_BYTES_MAX = 32 * 1024 * 1024
_HEAD_BYTES_MAX = 64 * 1024
_REDIRECTS_MAX = 5
_URL_CHARACTERS = "/?%:@!$&'()*+,;=~[]"


class Unreachable(Exception):
    """No answer that HTTP would recognise: refused, cut, timed out, or nonsense."""


@dataclass(frozen=True)
class Response:
    """An answer. Header names are lower case; of repeated headers the last counts."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> object:
        """Raises ValueError."""
        parsed: object = json.loads(self.body)
        return parsed


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event. A comment line arrives as `name` "comment"."""

    name: str
    data: str
    id: str = ""


async def request(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    *,
    timeout_seconds: float = 30.0,
) -> Response:
    """One request, no redirects. Raises Unreachable."""
    try:
        async with asyncio.timeout(timeout_seconds), _exchange(method, url, headers or {}, body) as head:
            received = bytearray()
            async for chunk in _body(method, head):
                received += chunk
                if len(received) > BODY_BYTES_MAX:
                    raise Unreachable(f"{url} sends more than {BODY_BYTES_MAX} bytes")
            return Response(url, head.status, head.headers, bytes(received))
    except TimeoutError:
        raise Unreachable(f"no answer from {_origin(url)} within {timeout_seconds:g} seconds") from None


async def get_following(
    url: str, headers: Mapping[str, str], *, stop_at: Callable[[str], bool] = lambda _address: False
) -> Response:
    """GET through redirects. An address for which `stop_at` is true is not opened: the redirect to it is the answer."""
    for _ in range(_REDIRECTS_MAX + 1):
        response = await request("GET", url, headers)
        location = response.headers.get("location")
        if response.status not in (301, 302, 303, 307, 308) or not location:
            return response
        url = urljoin(url, location)
        if stop_at(url):
            return Response(url, response.status, response.headers, response.body)
    raise Unreachable(f"{url}: more than {_REDIRECTS_MAX} redirects")


@contextlib.asynccontextmanager
async def open_events(url: str, *, silence_seconds: float = 60.0) -> AsyncIterator[AsyncIterator[ServerEvent]]:
    """Opens a stream of server-sent events. Raises Unreachable, and StreamRefused when the answer is not 200."""
    async with _exchange("GET", url, {"Accept": "text/event-stream"}, None) as head:
        if head.status != 200:
            raise StreamRefused(head.status)
        yield _events(_body("GET", head), silence_seconds)


class StreamRefused(Exception):
    """The server answered, but not with a stream."""

    def __init__(self, status: int) -> None:
        super().__init__(f"stream refused with status {status}")
        self.status = status


async def _events(chunks: AsyncIterator[bytes], silence_seconds: float) -> AsyncIterator[ServerEvent]:
    buffer = b""
    name, data, id_ = "message", list[str](), ""
    while True:
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that meets an arriving chunk.
            async with asyncio.timeout(silence_seconds):
                buffer += await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Unreachable("the stream fell silent") from None
        *lines, buffer = buffer.split(b"\n")
        for raw in lines:
            line = raw.rstrip(b"\r").decode("utf-8", "replace")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield ServerEvent(name, "\n".join(data), id_)
                name, data = "message", []
            elif not field:
                yield ServerEvent("comment", value)
            elif field == "event":
                name = value
            elif field == "id":
                id_ = value
            elif field == "data":
                data.append(value)


class _Head(NamedTuple):
    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader


@contextlib.asynccontextmanager
async def _exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> AsyncIterator[_Head]:
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("no scheme or no host")
    except ValueError:
        raise Unreachable(f"not a web address: {url}") from None
    try:
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls, limit=_HEAD_BYTES_MAX)
    except (OSError, ValueError) as error:
        raise Unreachable(f"cannot reach {_origin(url)}: {error}") from error
    try:
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_URL_CHARACTERS)
        lines = {"Host": parts.netloc.rpartition("@")[2], "Connection": "close", "Accept": "*/*", **headers}
        if body is not None:
            lines["Content-Length"] = str(len(body))
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(head.encode() + b"\r\n" + (body or b""))
        await writer.drain()
        yield await _read_head(reader)
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        raise Unreachable(f"{_origin(url)} broke off: {error or type(error).__name__}") from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _read_head(reader: asyncio.StreamReader) -> _Head:
    while True:
        status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip("\r\n").split("\r\n")
        version, _, rest = status_line.partition(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError("not an HTTP answer")
        status = int(rest[:3])
        if status >= 200:
            pairs = (line.partition(":") for line in lines)
            return _Head(status, {name.strip().lower(): value.strip() for name, _, value in pairs}, reader)


async def _body(method: str, head: _Head) -> AsyncIterator[bytes]:
    reader = head.reader
    if method == "HEAD" or head.status in (204, 304):
        return
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
    elif "content-length" in head.headers:
        left = int(head.headers["content-length"])
        while left > 0:
            chunk = await reader.read(min(left, 65536))
            if not chunk:
                raise EOFError("the body is shorter than announced")
            left -= len(chunk)
            yield chunk
    else:
        while chunk := await reader.read(65536):
            yield chunk


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
