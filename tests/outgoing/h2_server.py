"""A small HTTP/2 server over TLS that misbehaves on request, on the `h2` protocol library.

May not enter: anything of billfold.outgoing. The sandbox's push stand-in is a different program for other tests.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from outgoing.servers import Certificate

Behave = Callable[["Connection", int, "Push"], None]


@dataclass
class Push:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class H2Server:
    """Counts and keeps what came in. `behave` decides each request, called once its body is complete."""

    behave: Behave
    streams_max: int = 1_000
    port: int = 0
    connections: int = 0
    open_now: int = 0
    pushes: list[Push] = field(default_factory=list)
    streams_open_max: int = 0


class Connection(asyncio.Protocol):
    def __init__(self, server: H2Server) -> None:
        self.server = server
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.open: dict[int, Push] = {}
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections += 1
        self.server.open_now += 1
        self.state.local_settings = h2.settings.Settings(
            client=False, initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self.server.streams_max}
        )
        self.state.initiate_connection()
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open_now -= 1

    def data_received(self, data: bytes) -> None:
        try:
            events = self.state.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.transport.close()
            return
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                headers = {str(name): str(value) for name, value in event.headers}
                self.open[event.stream_id] = Push(headers[":path"], headers)
                self.server.streams_open_max = max(self.server.streams_open_max, len(self.open))
            elif isinstance(event, h2.events.DataReceived):
                self.open[event.stream_id].body += event.data
                self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                push = self.open[event.stream_id]
                self.server.pushes.append(push)
                if not self.ended:
                    self.server.behave(self, event.stream_id, push)
            elif isinstance(event, h2.events.StreamReset):
                self.open.pop(event.stream_id, None)
        self.flush()

    def answer(self, stream: int, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.open.pop(stream, None)
        lines = [(":status", str(status)), *((name.replace("_", "-"), value) for name, value in headers.items())]
        self.state.send_headers(stream, lines, end_stream=not body)
        if body:
            self.state.send_data(stream, body, end_stream=True)

    def reset(self, stream: int) -> None:
        self.open.pop(stream, None)
        self.state.reset_stream(stream, error_code=0x2)

    def go_away(self) -> None:
        self.ended = True
        self.state.close_connection()
        self.flush()
        self.transport.close()

    def cut(self) -> None:
        self.ended = True
        self.transport.abort()

    def flush(self) -> None:
        self.transport.write(self.state.data_to_send())


@asynccontextmanager
async def h2_server(
    own: Certificate, folder: Path, behave: Behave, *, streams_max: int = 1_000, client_roots: bytes | None = None
) -> AsyncIterator[H2Server]:
    context = own.context(folder)
    context.set_alpn_protocols(["h2"])
    if client_roots is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_roots.decode())
    server = H2Server(behave, streams_max)
    made: list[Connection] = []

    def factory() -> Connection:
        made.append(Connection(server))
        return made[-1]

    listener = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for connection in made:
            if hasattr(connection, "transport"):
                connection.transport.abort()
