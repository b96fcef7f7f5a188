"""One HTTP/2 connection of a sender: frames in, requests out, answers back, and the ways in which a connection can end badly.

Knows no token and no topic; server.py decides what each push is answered. May not enter: disk, the clock.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, cast
from uuid import uuid4

import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from h2.config import H2Configuration
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from billfold.sandbox.apns.rules import APNS_ID_HEADER, PAYLOAD_BYTES_MAX, Answer

_SLICE_BYTES = 2048  # h2 walks all open streams for each new one, so we answer between small slices of a burst
_WRITE_BUFFER_BYTES_MAX = 16 * 1024 * 1024
_CLOSE_AFTER_GOAWAY_SECONDS = 1.0  # so that the sender reads the GOAWAY before the socket goes
_STATUS = {status: (b":status", str(status).encode()) for status in range(200, 600)}
_JSON = (b"content-type", b"application/json")


@dataclass
class Request:
    """A request as it came. `body` holds at most one byte more than is allowed, enough to see that it is too large."""

    headers: list[tuple[bytes, bytes]]
    body: bytearray = field(default_factory=bytearray)


class PushService(Protocol):
    """What a connection needs of the server."""

    max_concurrent_streams: int

    def connection_opened(self, connection: "PushConnection") -> None: ...

    def connection_lost(self, connection: "PushConnection") -> None: ...

    def handle_push(self, connection: "PushConnection", stream_id: int, request: Request) -> None: ...


class PushConnection(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, service: PushService) -> None:
        self._service = service
        self._requests: dict[int, Request] = {}
        self._unanswered: set[int] = set()
        self._last_served: int | None = None  # set by a GOAWAY: later streams are ignored
        self._transport: asyncio.Transport | None = None
        self.certificate_der: bytes | None = None
        self._h2 = h2.connection.H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_inbound_headers=False,  # rules.py judges them; four times the cost to do it here too
                normalize_inbound_headers=False,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        tls = transport.get_extra_info("ssl_object")
        self.certificate_der = tls.getpeercert(binary_form=True)
        if tls.selected_alpn_protocol() != "h2":
            transport.abort()
            return
        self._service.connection_opened(self)
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: self._service.max_concurrent_streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: 8000,
                SettingCodes.ENABLE_PUSH: 0,
            },
        )
        self._h2.initiate_connection()
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._service.connection_lost(self)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), _SLICE_BYTES):
            try:
                events = self._h2.receive_data(data[start : start + _SLICE_BYTES])
            except h2.exceptions.ProtocolError:
                self.flush()  # h2 has put a GOAWAY there that says what was wrong
                self._close()
                return
            for event in events:
                self._handle(event)
            if self._transport is None or self._transport.is_closing():
                return
        self.flush()

    def _handle(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            if self._last_served is None or event.stream_id <= self._last_served:
                self._requests[event.stream_id] = Request(list(event.headers))
        elif isinstance(event, h2.events.DataReceived):
            request = self._requests.get(event.stream_id)
            if request is not None and len(request.body) <= PAYLOAD_BYTES_MAX:
                request.body += event.data
            if event.flow_controlled_length:
                self._acknowledge(event.stream_id, event.flow_controlled_length)
        elif isinstance(event, h2.events.StreamEnded):
            ended = self._requests.pop(event.stream_id, None)
            if ended is not None and (self._last_served is None or event.stream_id <= self._last_served):
                self._unanswered.add(event.stream_id)
                self._service.handle_push(self, event.stream_id, ended)
        elif isinstance(event, h2.events.StreamReset):
            self._requests.pop(event.stream_id, None)
            self._unanswered.discard(event.stream_id)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self._close()

    def _acknowledge(self, stream_id: int, size: int) -> None:
        try:
            self._h2.acknowledge_received_data(size, stream_id)
        except h2.exceptions.StreamClosedError:
            self._h2.increment_flow_control_window(size)

    def answer(self, stream_id: int, answer: Answer, apns_id: str | None) -> None:
        """Queues the answer; `flush` sends it. A stream that the sender has given up meanwhile is passed over."""
        if stream_id not in self._unanswered:
            return
        self._unanswered.discard(stream_id)
        body = answer.body()
        headers = [_STATUS[answer.status], (APNS_ID_HEADER, (apns_id or str(uuid4()).upper()).encode())]
        if answer.retry_after_seconds is not None:
            headers.append((b"retry-after", str(answer.retry_after_seconds).encode()))
        if body:
            headers += (_JSON, (b"content-length", str(len(body)).encode()))
        try:
            self._h2.send_headers(stream_id, headers, end_stream=not body)
            if body:
                self._h2.send_data(stream_id, body, end_stream=True)
        except h2.exceptions.ProtocolError:
            return
        if self._last_served is not None and not self._unanswered:
            self._close_soon()

    def flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if data := self._h2.data_to_send():
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > _WRITE_BUFFER_BYTES_MAX:
                self._transport.abort()

    def reset_stream(self, stream_id: int, error_code: int) -> None:
        self._unanswered.discard(stream_id)
        try:
            self._h2.reset_stream(stream_id, error_code)
        except h2.exceptions.ProtocolError:
            return

    def go_away(self, last_served: int | None, reason: str, *, close: bool) -> None:
        """GOAWAY with Apple's JSON reason. `last_served` None: the latest stream seen. Later streams are ignored.

        The frame is our own: h2's would forbid the answers that are still owed.
        """
        if self._transport is None or self._last_served is not None:
            return
        self._last_served = self._h2.highest_inbound_stream_id if last_served is None else last_served
        self.flush()
        frame = GoAwayFrame(0, last_stream_id=self._last_served, additional_data=b'{"reason":"%s"}' % reason.encode())
        self._transport.write(frame.serialize())
        if close:
            self._close()
        elif not self._unanswered:
            self._close_soon()

    def reset_connection(self) -> None:
        """A TCP reset: no close, no goodbye."""
        if self._transport is None:
            return
        tcp = self._transport.get_extra_info("socket")
        if tcp is not None:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def change_max_concurrent_streams(self, limit: int) -> None:
        self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: limit})
        self.flush()

    def later(self, delay_seconds: float, call: Callable[[], None]) -> None:
        """Calls later and flushes, if the connection is still there by then."""

        def act() -> None:
            if self._transport is not None:
                call()
                self.flush()

        asyncio.get_running_loop().call_later(delay_seconds, act)

    def _close_soon(self) -> None:
        self.later(_CLOSE_AFTER_GOAWAY_SECONDS, self._close)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
