"""Bounds on what a caller may hold open before a request is one: the size of its head, and the time that it takes to come.

Whoever sends a head a byte at a time, or one without an end, costs a connection for some seconds and no memory. The body's bounds
are the edge's (api/middleware.py). May not enter: what a request says."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from billfold.api.middleware import WHOLE

HEAD_BYTES_MAX = 64 * 1024
HEAD_SECONDS = 10.0
WRITE_BYTES_HIGH = 512 * 1024
"""So much may wait for a slow reader before its answer does. A pass goes out in pieces (api/pieces.py): with a lower mark the last
one would wait for the loop's next turn, and save no memory, for those before it are the ones that are long."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's, with a limit and a deadline for each request's head. A head that comes in one piece costs no timer."""

    _head_open = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BYTES_HIGH)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._head_open:
            self._unwatch()
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")
        elif self._deadline is None:
            self._watch()

    def on_message_begin(self) -> None:
        self._head_open, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_open = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.scope["state"][WHOLE] = True
        super().on_message_complete()

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._late)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
