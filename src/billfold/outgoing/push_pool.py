"""Many small POSTs to one server over one HTTP/2 connection: the client under APNs pushes.

One pool per client certificate, since TLS identity belongs to the connection. Up to `streams_max` requests are in
flight, the rest waits here; handles (libcurl's request objects, costly to set up) are used again and again. push_line.py drives
them; client.py is the sibling for single questions.
May not enter: what an answer means (that is wallets/apple/push.py), retries, push tokens' life.
Source: reference/stack.md section 6, reference/apple-wallet.md section 5.2.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pycurl

from billfold.outgoing.errors import OutgoingError, TimedOut, TooLarge, Unreachable
from billfold.outgoing.guard import Role, check_url
from billfold.outgoing.push_line import Line
from billfold.outgoing.roots import system_roots_file

ANSWER_BYTES_MAX = 64 * 1024
CONNECT_TIMEOUT_SECONDS = 10
# The least that libcurl takes, and more than a push has. Each handle keeps its buffer: of the usual 64 KB, five hundred made 32 MB.
UPLOAD_BUFFER_BYTES = 16 * 1024
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
    """A complete answer. Of its headers only Retry-After is kept (whole seconds, a date counted from now; 0: there is none):
    a call back into Python for each header line would cost a fifth of a push."""

    status: int
    body: bytes = b""
    retry_after_seconds: int = 0

    @property
    def headers(self) -> Mapping[str, str]:
        return {"retry-after": str(self.retry_after_seconds)} if self.retry_after_seconds else {}


_PLAIN = PoolAnswer(200)
"""What nearly every push is answered with: one object for all of them."""

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
    chunks: list[bytes] = field(default_factory=list)
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

    def settle(self, error: pycurl.error | None) -> None:
        """Tells the batch what came back, and is free for another request."""
        batch = self.batch
        assert batch is not None
        self.batch = None
        if error is not None:
            outcome: Outcome = _translate(error, self.size)
        else:
            status = self.curl.getinfo(pycurl.RESPONSE_CODE)
            if status == 200 and not self.size:
                outcome = _PLAIN
            else:
                outcome = PoolAnswer(status, b"".join(self.chunks), int(self.curl.getinfo(pycurl.RETRY_AFTER)))
        if self.size:
            self.chunks.clear()
            self.size = 0
        batch.settle(self.index, outcome)


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
        self._line: Line[_Slot] | None = None
        self._retired: set[Line[_Slot]] = set()
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
            line.close()

    async def close(self) -> None:
        """Ends everything; requests in flight or waiting come back as Unreachable. Idempotent."""
        self._closed = True
        lines = [*self._retired, *([self._line] if self._line else [])]
        self._retired.clear()
        self._line = None
        for line in lines:
            for slot in line.close():
                self._in_flight -= 1
                slot.settle(_CLOSED)
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
            self._start(line, line.free.pop() if line.free else self._new_slot(), batch, index)

    def _current_line(self) -> Line[_Slot]:
        if self._line is None:
            multi = pycurl.CurlMulti()
            multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
            multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, self._connections_max)
            multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, self._streams_max)
            self._line = Line(multi, self._finished)
        return self._line

    def _start(self, line: Line[_Slot], slot: _Slot, batch: _Batch, index: int) -> None:
        request, curl = batch.requests[index], slot.curl
        curl.setopt(pycurl.URL, self._base + request.path)
        if request.headers is not slot.headers:  # most pushes share one tuple of headers
            curl.setopt(pycurl.HTTPHEADER, [*request.headers, *_REMOVED_HEADERS])
            slot.headers = request.headers
        if request.body is not slot.body:
            curl.setopt(pycurl.POSTFIELDS, request.body)
            slot.body = request.body
        slot.batch, slot.index = batch, index
        self._in_flight += 1
        line.start(curl, slot)

    def _finished(self, line: Line[_Slot], ended: Sequence[tuple[_Slot, pycurl.error | None]]) -> None:
        """Note the outcomes, give the handles to the next requests in the queue."""
        self._in_flight -= len(ended)
        for slot, error in ended:
            slot.settle(error)
            line.free.append(slot)
        line.greeted = True
        if line in self._retired and not line.busy:
            self._retired.discard(line)
            line.close()
        if self._waiting:
            self._fill()

    def _new_slot(self) -> _Slot:
        curl = pycurl.Curl()
        slot = _Slot(curl)
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
            (pycurl.UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES),
            (pycurl.WRITEFUNCTION, slot.take_chunk),
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


_CLOSED = pycurl.error(pycurl.E_ABORTED_BY_CALLBACK, "the pool was closed")


def _translate(error: pycurl.error, size: int) -> OutgoingError:
    code = int(error.args[0])
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return TimedOut()
    if size > ANSWER_BYTES_MAX:
        return TooLarge(ANSWER_BYTES_MAX)
    return Unreachable(str(error.args[1]) if len(error.args) > 1 else "no answer", code)
