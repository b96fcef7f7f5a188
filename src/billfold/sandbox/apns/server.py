"""The push stand-in: a TLS HTTP/2 server that wants a pass certificate, answers as Apple does, and brings pushes to phones.

One event loop serves senders (connection.py) and phones (courier.py). May not enter: anything outside `billfold.sandbox`.
Source: reference/apple-wallet.md section 5.
"""

import asyncio
import contextlib
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.x509.oid import NameOID

from billfold.sandbox.apns.connection import PushConnection, Request
from billfold.sandbox.apns.counters import PushCounters
from billfold.sandbox.apns.faults import Fault, FaultPlan
from billfold.sandbox.apns.rules import ACCEPTED, Answer, PushRequest, judge_request
from billfold.sandbox.apns.tokens import Device, StoredPush, TokenBook
from billfold.sandbox.authority import PASS_TYPE_EXTENSION, PUSH_EXTENSION, SandboxAuthority

_WAITING_PUSHES_MAX = 1000  # per phone that is connected but does not read


@dataclass(frozen=True)
class PushSettings:
    """What Apple does not promise and a test may want otherwise."""

    accept_unknown_tokens: bool = True  # load tests push to random tokens
    max_concurrent_streams: int = 1000
    flood_pushes_max: int = 200  # to one token within one window, then 429
    flood_window_seconds: float = 10.0


class PushServer:
    """Senders connect to `port`; phones are served by `courier.create_courier(server)`; tests read `counters`."""

    def __init__(
        self,
        authority: SandboxAuthority,
        state_path: Path,
        settings: PushSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.authority = authority
        self.settings = settings or PushSettings()
        self.counters = PushCounters()
        self.max_concurrent_streams = self.settings.max_concurrent_streams
        self._clock = clock
        self._state_path = state_path
        self._book: TokenBook | None = None
        self._faults = FaultPlan()
        self._refuses_tls = False
        self._connections: dict[PushConnection, frozenset[str]] = {}
        self._idle = asyncio.Event()  # no connection is open
        self._idle.set()
        self._phones: dict[str, list[PhoneLine]] = {}
        self._floods: dict[str, tuple[float, int]] = {}
        self._context: ssl.SSLContext | None = None
        self._listener: asyncio.Server | None = None
        self._host = ""
        self.port = 0

    # Starting, stopping

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens; port 0 takes a free one, which `port` then tells."""
        assert self._listener is None, "already started"
        self._host = host
        self._book = self._book or TokenBook(self._state_path)
        self._context = self._context or await asyncio.to_thread(self._tls_context, host)
        await self._listen(port)

    async def stop(self) -> None:
        """Says goodbye and closes everything. State is on disk; `start` takes it up again."""
        self.go_away()
        await self.pause()
        self.hang_up()
        if self._book is not None:
            self._book.close()
            self._book = None

    async def pause(self) -> None:
        """Apple is not to be reached: the port refuses connections, the open ones are cut."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in tuple(self._connections):
            connection.abort()
        await self._idle.wait()

    async def resume(self) -> None:
        """Ends a pause, on the same port."""
        if self._listener is None:
            await self._listen(self.port)

    def hang_up(self) -> None:
        """Ends the streams of all phones; they connect again by themselves."""
        for lines in tuple(self._phones.values()):
            for line in lines:
                line.hang_up()

    async def _listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: PushConnection(self), self._host, port, ssl=self._context, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]

    def _tls_context(self, host: str) -> ssl.SSLContext:
        hosts = tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", host)))
        certificate = self.authority.issue_server_certificate(hosts)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=(self.authority.root_pem + self.authority.intermediate_pem).decode())
        with tempfile.TemporaryDirectory() as folder:  # of mode 0700; OpenSSL reads keys from files only
            chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain.write_bytes(certificate.chain_pem)
            key.write_bytes(certificate.key_pem)
            context.load_cert_chain(chain, key)
        context.sni_callback = self._greet
        return context

    def _greet(self, _tls: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> int | None:
        return ssl.ALERT_DESCRIPTION_ACCESS_DENIED if self._refuses_tls else None

    # Faults

    def add_fault(self, fault: Fault) -> None:
        """For example `Fault(kind="answer", count=3, status=500, reason="InternalServerError")`."""
        self._faults.add(fault, self._clock())

    def faults_in_force(self) -> tuple[Fault, ...]:
        return self._faults.in_force(self._clock())

    def heal(self) -> None:
        """Ends all faults, the refusal of TLS included. A pause and a changed stream limit stay."""
        self._faults.heal()
        self._refuses_tls = False

    def refuse_tls(self, refuses: bool = True) -> None:
        """New connections get a TLS alert in place of a handshake."""
        self._refuses_tls = refuses

    def change_max_concurrent_streams(self, limit: int) -> None:
        """A new SETTINGS_MAX_CONCURRENT_STREAMS, told to open connections at once."""
        self.max_concurrent_streams = limit
        for connection in self._connections:
            connection.change_max_concurrent_streams(limit)

    def go_away(self, *, close: bool = False, reason: str = "Shutdown") -> None:
        """GOAWAY on every open connection now; with `close`, the sockets go too, with what was not answered."""
        for connection in tuple(self._connections):
            connection.go_away(None, reason, close=close)

    def reset_connections(self) -> None:
        for connection in tuple(self._connections):
            connection.reset_connection()

    # The senders' side, called by PushConnection

    def connection_opened(self, connection: PushConnection) -> None:
        self._idle.clear()
        self.counters.connections_opened += 1
        self._connections[connection] = certificate_topics(connection.certificate_der)
        self.counters.connections_open = len(self._connections)

    def connection_lost(self, connection: PushConnection) -> None:
        self._connections.pop(connection, None)
        self.counters.connections_open = len(self._connections)
        if not self._connections:
            self._idle.set()

    def handle_push(self, connection: PushConnection, stream_id: int, request: Request) -> None:
        """Decides one request and has it answered, unless a fault has other plans."""
        self.counters.received += 1
        now = self._clock()
        fault = self._faults.next_push(now)
        if fault is None:
            answer, apns_id = self._decide(connection, request, now)
            connection.answer(stream_id, answer, apns_id)
        elif fault.kind == "answer":
            reason = None if fault.status == 200 else fault.reason
            self.counters.count_answer(fault.status, reason)
            connection.answer(stream_id, Answer(fault.status, reason, None, fault.retry_after_seconds), None)
        elif fault.kind == "slow":
            answer, apns_id = self._decide(connection, request, now)
            connection.later(fault.delay_seconds, lambda: connection.answer(stream_id, answer, apns_id))
        elif fault.kind == "reset_stream":
            connection.reset_stream(stream_id, fault.error_code)
        elif fault.kind == "reset_connection":
            connection.reset_connection()
        elif fault.kind == "lose_answer":
            self._decide(connection, request, now)
            connection.reset_connection()
        elif fault.kind in ("goaway", "goaway_close"):
            answer, apns_id = self._decide(connection, request, now)
            connection.answer(stream_id, answer, apns_id)
            connection.go_away(stream_id, "Shutdown", close=fault.kind == "goaway_close")
        else:
            assert fault.kind == "silence"

    def _decide(self, connection: PushConnection, request: Request, now: float) -> tuple[Answer, str | None]:
        judged = judge_request(request.headers, bytes(request.body), self._connections.get(connection, frozenset()))
        if isinstance(judged, Answer):
            answer, apns_id = judged, None
        else:
            apns_id = judged.apns_id or str(uuid4()).upper()
            answer = self._accept(judged, apns_id, now)
        self.counters.count_answer(answer.status, answer.reason)
        return answer, apns_id

    def _accept(self, push: PushRequest, apns_id: str, now: float) -> Answer:
        device = self._tokens.find(push.push_token)
        if device is None and not self.settings.accept_unknown_tokens:
            return Answer(400, "BadDeviceToken")
        if device is not None and device.topic not in (None, push.topic):
            return Answer(400, "DeviceTokenNotForTopic")
        if device is not None and device.retired_at is not None:
            return Answer(410, "Unregistered", timestamp_milliseconds=int(device.retired_at * 1000))
        if self._floods_token(push.push_token, now):
            return Answer(429, "TooManyRequests")
        self.counters.count_accepted(push.push_token)
        if device is not None:
            self._bring(StoredPush(push.push_token, push.topic, apns_id, float(push.expires_at)), now)
        return ACCEPTED

    def _floods_token(self, push_token: str, now: float) -> bool:
        window = self.settings.flood_window_seconds
        began, pushes = self._floods.get(push_token, (now, 0))
        if now - began >= window:
            began, pushes = now, 0
        if len(self._floods) > 500_000:
            self._floods = {token: seen for token, seen in self._floods.items() if now - seen[0] < window}
        self._floods[push_token] = (began, pushes + 1)
        return pushes >= self.settings.flood_pushes_max

    # The phones' side, called by the courier

    def issue_token(self, topic: str | None, device_library_identifier: str | None = None) -> Device:
        return self._tokens.issue(topic, device_library_identifier)

    def find_device(self, push_token: str) -> Device | None:
        return self._tokens.find(push_token)

    def retire_token(self, push_token: str) -> bool:
        """From now on a push to it is answered 410 with this time. False: there is no such token."""
        retired = self._tokens.retire(push_token, self._clock())
        for line in self._phones.get(push_token, []):
            line.hang_up()
        return retired

    @contextlib.asynccontextmanager
    async def listen(self, push_token: str, topic: str | None = None) -> AsyncIterator["PhoneLine"]:
        """A phone comes online. It gets what was stored, then each push; what it did not take is stored again."""
        line = PhoneLine(topic)
        for push in self._tokens.take_stored(push_token, topic, self._clock()):
            line.put(push)
        self._phones.setdefault(push_token, []).append(line)
        try:
            yield line
        finally:
            lines = self._phones[push_token]
            lines.remove(line)
            if not lines:
                del self._phones[push_token]
                for push in line.untaken():
                    self._store(push, self._clock())

    def _bring(self, push: StoredPush, now: float) -> None:
        lines = [line for line in self._phones.get(push.push_token, []) if line.topic in (None, push.topic)]
        for line in lines:
            line.put(push)
        if lines:
            self.counters.delivered += 1
        else:
            self._store(push, now)

    def _store(self, push: StoredPush, now: float) -> None:
        device = self._tokens.find(push.push_token) if self._book is not None else None
        if device is None or device.retired_at is not None or push.expires_at <= now:
            return  # wiped meanwhile, or one attempt was all the sender asked for
        self.counters.stored += 1
        if self._tokens.store(push):
            self.counters.coalesced += 1

    @property
    def _tokens(self) -> TokenBook:
        assert self._book is not None, "start() first"
        return self._book


class PhoneLine:
    """The open line to one phone."""

    def __init__(self, topic: str | None) -> None:
        self.topic = topic
        self._pushes: asyncio.Queue[StoredPush | None] = asyncio.Queue(_WAITING_PUSHES_MAX)

    def put(self, push: StoredPush) -> None:
        if self._pushes.full():
            self._pushes.get_nowait()  # pushes carry nothing, so the oldest is no loss
        self._pushes.put_nowait(push)

    def hang_up(self) -> None:
        if self._pushes.full():
            self._pushes.get_nowait()
        self._pushes.put_nowait(None)

    async def next_push(self, timeout_seconds: float) -> StoredPush | None:
        """The next push; None when the line is to be closed. Raises TimeoutError."""
        async with asyncio.timeout(timeout_seconds):
            return await self._pushes.get()

    def untaken(self) -> list[StoredPush]:
        pushes = []
        while not self._pushes.empty():
            push = self._pushes.get_nowait()
            if push is not None:
                pushes.append(push)
        return pushes


def certificate_topics(der: bytes | None) -> frozenset[str]:
    """The topics that a client certificate speaks for: its UID, when it is a pass certificate that may push. Else none."""
    if der is None:
        return frozenset()
    certificate = x509.load_der_x509_certificate(der)
    extensions = {extension.oid for extension in certificate.extensions}
    if not {PASS_TYPE_EXTENSION, PUSH_EXTENSION} <= extensions:
        return frozenset()
    return frozenset(str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.USER_ID))
