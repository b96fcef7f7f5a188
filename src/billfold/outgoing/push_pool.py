"""Many small POSTs to one server over one HTTP/2 connection: the client under APNs pushes.

One pool per client certificate, since TLS identity belongs to the connection. Up to `streams_max` requests are in
flight, the rest waits here; handles (libcurl's request objects, costly to set up) are used again and again. client.py is
the sibling for single questions.
May not enter: what an answer means (that is wallets/apple/push.py), retries, push tokens' life.
Source: reference/stack.md section 6, reference/apple-wallet.md section 5.2.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pycurl

from billfold.outgoing.errors import OutgoingError, TimedOut, TooLarge, Unreachable
from billfold.outgoing.guard import Role, check_url
from billfold.outgoing.roots import system_roots_file

ANSWER_BYTES_MAX = 64 * 1024
CONNECT_TIMEOUT_SECONDS = 10
# Apple asks for connections that live for hours; libcurl by itself would drop one after two idle minutes.
IDLE_SECONDS_MAX = 3_600

Headers = Sequence[bytes]
"""Header lines as they go out, e.g. b"apns-topic: pass.com.example". The same object for many requests is fastest."""


@dataclass(frozen=True, slots=True)
class PushRequest:
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class PoolAnswer:
    """A complete answer. `header_lines` are as received; `headers` parses them when somebody wants to know."""

    status: int
    body: bytes
    header_lines: tuple[bytes, ...] = ()

    @property
    def headers(self) -> Mapping[str, str]:
        pairs = (line.decode("latin-1").partition(":") for line in self.header_lines)
        return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


Outcome = PoolAnswer | OutgoingError


class _Batch:
    """The requests of one caller. One future for all of them: a task per push would cost more than the push."""

    __slots__ = ("done", "missing", "outcomes", "requests", "taken")

    def __init__(self, requests: Sequence[PushRequest], done: "asyncio.Future[None]") -> None:
        self.requests = requests
        self.done = done
        self.outcomes: list[Outcome | None] = [None] * len(requests)
        self.missing = len(requests)
        self.taken = 0

    def settle(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        self.missing -= 1
        if self.missing == 0 and not self.done.done():
            self.done.set_result(None)


@dataclass(slots=True, eq=False)
class _Slot:
    """One libcurl handle and what it is busy with."""

    curl: pycurl.Curl
    line: "_Line"
    chunks: list[bytes] = field(default_factory=list)
    header_lines: list[bytes] = field(default_factory=list)
    size: int = 0
    headers: Headers | None = None
    body: bytes | None = None
    batch: _Batch | None = None
    index: int = 0

    def take_chunk(self, chunk: bytes) -> int | None:
        self.size += len(chunk)
        if self.size > ANSWER_BYTES_MAX:
            return 0
        self.chunks.append(chunk)
        return None


@dataclass(slots=True, eq=False)
class _Line:
    """A multi with its connections and idle handles. `drop_connections` retires the line and begins a new one."""

    multi: pycurl.AsyncCurlMulti
    free: list[_Slot] = field(default_factory=list)
    busy: int = 0
    greeted: bool = False
    """The first request came back, so the connection stands and the server's limit of streams is known. Until then one
    request goes alone: libcurl would assume 100 streams, and a refused certificate would fail a hundred pushes."""


class HttpTwoPool:
    """Posts to `base_url` (scheme, host and port) as the holder of `certificate_pem`.

    `ca_pem` replaces the system's certificate roots. `streams_max` bounds the requests in flight, `connections_max` the
    connections they share; libcurl itself keeps to what the server allows per connection.
    Bound to the event loop of its first request. Errors mean "unknown", so what is sent must be harmless to repeat.
    """

    def __init__(
        self,
        base_url: str,
        certificate_pem: bytes | None,
        key_pem: bytes | None,
        ca_pem: bytes | None,
        streams_max: int = 500,
        connections_max: int = 1,
        *,
        timeout_seconds: float = 30,
    ) -> None:
        target = check_url(base_url, role=Role.TRUSTED)
        self._base = target.url.rstrip("/")
        self._scheme = target.scheme
        self._certificate_pem = certificate_pem
        self._key_pem = key_pem
        self._ca_pem = ca_pem
        self._streams_max = streams_max
        self._connections_max = connections_max
        self._timeout_ms = int(timeout_seconds * 1000)
        self._waiting: deque[_Batch] = deque()
        self._line: _Line | None = None
        self._retired: set[_Line] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._closed = False

    @property
    def in_flight(self) -> int:
        return self._in_flight

    async def post(self, path: str, headers: Headers, body: bytes) -> PoolAnswer:
        """One POST. Raises Unreachable, TimedOut, TooLarge: in each case the effect is unknown."""
        (outcome,) = await self.post_many((PushRequest(path, headers, body),))
        if isinstance(outcome, OutgoingError):
            raise outcome
        return outcome

    async def post_many(self, requests: Sequence[PushRequest]) -> list[Outcome]:
        """One outcome per request, in their order. Returns when the last one is known; raises nothing for a single
        failed request, ValueError before the first when a path or header is not HTTP. When the caller is cancelled,
        requests in flight run on and those still waiting are dropped."""
        if not requests:
            return []
        _check(requests)
        if self._closed:
            return [Unreachable("the pool is closed") for _ in requests]
        batch = _Batch(requests, asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        self._fill()
        try:
            await batch.done
        except asyncio.CancelledError:
            batch.taken = len(requests)
            raise
        return [outcome for outcome in batch.outcomes if outcome is not None]

    def drop_connections(self) -> None:
        """Later requests use a new connection (after a renewed certificate, a 403, a 503). Those in flight finish."""
        line, self._line = self._line, None
        if line is None:
            return
        if line.busy:
            self._retired.add(line)
        else:
            self._end(line)

    async def close(self) -> None:
        """Ends everything; requests in flight or waiting come back as Unreachable. Idempotent."""
        self._closed = True
        lines = [*self._retired, *([self._line] if self._line else [])]
        self._retired.clear()
        self._line = None
        for line in lines:
            await line.multi.aclose()  # cancels the futures; _finished settles them in the loop's next round
        if self._closing:
            await asyncio.gather(*self._closing)
        while self._waiting:
            batch = self._waiting.popleft()
            for index in range(batch.taken, len(batch.requests)):
                batch.settle(index, Unreachable("the pool was closed"))
            batch.taken = len(batch.requests)

    def _fill(self) -> None:
        """Start waiting requests while there is room."""
        while self._waiting and not self._closed:
            line = self._current_line()
            if self._in_flight >= self._streams_max or (line.busy and not line.greeted):
                return
            batch = self._waiting[0]
            if batch.taken >= len(batch.requests):
                self._waiting.popleft()
                continue
            index = batch.taken
            batch.taken += 1
            self._start(line.free.pop() if line.free else self._new_slot(line), batch, index)

    def _current_line(self) -> _Line:
        if self._line is None:
            self._line = _Line(self._new_multi())
        return self._line

    def _start(self, slot: _Slot, batch: _Batch, index: int) -> None:
        request, curl = batch.requests[index], slot.curl
        curl.setopt(pycurl.URL, self._base + request.path)
        if request.headers is not slot.headers:  # most pushes share one tuple of headers
            curl.setopt(pycurl.HTTPHEADER, [*request.headers, *_REMOVED_HEADERS])
            slot.headers = request.headers
        if request.body is not slot.body:
            curl.setopt(pycurl.POSTFIELDS, request.body)
            slot.body = request.body
        slot.batch, slot.index = batch, index
        slot.line.busy += 1
        self._in_flight += 1
        slot.line.multi.add_handle(curl).add_done_callback(partial(self._finished, slot))

    def _finished(self, slot: _Slot, future: "asyncio.Future[pycurl.Curl]") -> None:
        """The one callback of a request: note the outcome, give the handle to the next request in the queue."""
        batch, line = slot.batch, slot.line
        assert batch is not None
        outcome: Outcome
        if future.cancelled():
            outcome = Unreachable("the pool was closed")
        elif (error := future.exception()) is not None:
            outcome = _translate(error, slot.size)
        else:
            status = int(slot.curl.getinfo(pycurl.RESPONSE_CODE))
            outcome = PoolAnswer(status, b"".join(slot.chunks), tuple(slot.header_lines))
        slot.chunks.clear()
        slot.header_lines.clear()
        slot.size = 0
        slot.batch = None
        line.busy -= 1
        line.greeted = True
        self._in_flight -= 1
        batch.settle(slot.index, outcome)
        line.free.append(slot)
        if line in self._retired and not line.busy:
            self._retired.discard(line)
            self._end(line)
        if self._waiting:
            self._fill()

    def _end(self, line: _Line) -> None:
        task = asyncio.get_running_loop().create_task(line.multi.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _new_multi(self) -> pycurl.AsyncCurlMulti:
        multi = pycurl.AsyncCurlMulti()
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, self._connections_max)
        multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, self._streams_max)
        return multi

    def _new_slot(self, line: _Line) -> _Slot:
        curl = pycurl.Curl()
        slot = _Slot(curl, line)
        h2 = pycurl.CURL_HTTP_VERSION_2TLS if self._scheme == "https" else pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        for option, value in (
            (pycurl.POST, 1),
            (pycurl.HTTP_VERSION, h2),
            (pycurl.PIPEWAIT, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.NOSIGNAL, 1),
            (pycurl.TCP_KEEPALIVE, 1),
            (pycurl.MAXAGE_CONN, IDLE_SECONDS_MAX),
            (pycurl.CONNECTTIMEOUT, CONNECT_TIMEOUT_SECONDS),
            (pycurl.TIMEOUT_MS, self._timeout_ms),
            (pycurl.WRITEFUNCTION, slot.take_chunk),
            (pycurl.HEADERFUNCTION, slot.header_lines.append),
        ):
            curl.setopt(option, value)
        if self._certificate_pem is not None and self._key_pem is not None:
            curl.setopt(pycurl.SSLCERT_BLOB, self._certificate_pem)
            curl.setopt(pycurl.SSLKEY_BLOB, self._key_pem)
        if self._ca_pem is not None:
            curl.setopt(pycurl.CAINFO_BLOB, self._ca_pem)
        elif (roots := system_roots_file()) is not None:
            curl.setopt(pycurl.CAINFO, roots)
        return slot


# Headers that libcurl would add by itself and that APNs has no use for.
_REMOVED_HEADERS = (b"Content-Type:", b"Expect:", b"Accept:")


def _check(requests: Sequence[PushRequest]) -> None:
    if not all(request.path.isascii() and request.path.startswith("/") for request in requests):
        raise ValueError("a path is not ASCII or does not begin with a slash")
    for headers in {id(request.headers): request.headers for request in requests}.values():
        if any(b"\r" in line or b"\n" in line or b"\0" in line for line in headers):
            raise ValueError("a header line holds a character that HTTP does not allow")


def _translate(error: BaseException, size: int) -> OutgoingError:
    if not isinstance(error, pycurl.error):
        return Unreachable(type(error).__name__)
    code = int(error.args[0])
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return TimedOut()
    if size > ANSWER_BYTES_MAX:
        return TooLarge(ANSWER_BYTES_MAX)
    return Unreachable(str(error.args[1]) if len(error.args) > 1 else "no answer", code)
