"""Drives one libcurl multi from the event loop: a connection or a few, and the handles that are busy on them.

What pycurl's own AsyncCurlMulti does, without a future and three callbacks for each request: all that ended in one turn of
libcurl is handed over as one list. A line is bound to the event loop that runs when its first request starts.
May not enter: what a request or an answer is (push_pool.py). Source: libcurl, "libcurl-multi", multi_socket."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import pycurl

Busy = TypeVar("Busy")

QUIET_SECONDS, QUIET_SECONDS_MAX = 0.05, 1.0
"""A line that hears nothing for so long looks by itself, the first time and at most."""


class Line(Generic[Busy]):
    """`finished(line, ended)` is told of each request that ended and what stopped it (None: it was answered). It may start more,
    and may close the line.

    `free`: idle handles, kept by the caller. `greeted`: the first request came back, so the connection stands and the server's
    limit of streams is known. Until then one request goes alone: libcurl would assume 100 streams, and a refused certificate would
    fail a hundred pushes.

    A busy line that hears nothing looks by itself: OpenSSL takes several TLS records out of the socket at once, and libcurl reads
    no further than the end of the request whose turn it is. When what lies behind is for requests that had their turn before,
    neither the socket nor a timer tells of it any more, until they time out. One burst in a hundred ended so."""

    __slots__ = (
        "_busy",
        "_closed",
        "_finished",
        "_heard",
        "_look",
        "_loop",
        "_multi",
        "_reading",
        "_soon",
        "_timer",
        "_writing",
        "free",
        "greeted",
    )

    def __init__(
        self,
        multi: pycurl.CurlMulti,
        finished: "Callable[[Line[Busy], Sequence[tuple[Busy, pycurl.error | None]]], None]",
    ) -> None:
        self._multi = multi
        self._finished = finished
        self._loop = asyncio.get_running_loop()
        self._busy: dict[pycurl.Curl, Busy] = {}
        self._reading: set[int] = set()
        self._writing: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False
        self._look: asyncio.TimerHandle | None = None
        self._heard = False
        self._closed = False
        self.free: list[Busy] = []
        self.greeted = False
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    @property
    def busy(self) -> int:
        return len(self._busy)

    def start(self, curl: pycurl.Curl, busy: Busy) -> None:
        self._busy[curl] = busy
        self._multi.add_handle(curl)
        if self._look is None:
            self._look_in(QUIET_SECONDS)

    def close(self) -> list[Busy]:
        """Ends the connections. What was busy: of those requests nobody knows what became. Idempotent."""
        if self._closed:
            return []
        self._closed = True
        self._cancel_timer()
        if self._look is not None:
            self._look.cancel()
        for curl in self._busy:
            self._multi.remove_handle(curl)
        for fd in self._reading:
            self._loop.remove_reader(fd)
        for fd in self._writing:
            self._loop.remove_writer(fd)
        self._multi.close()
        left = list(self._busy.values())
        self._busy.clear()
        return left

    # --- called by libcurl, inside of the calls above and below: only notes what it asks for ---

    def _watch(self, what: int, fd: int, _multi: pycurl.CurlMulti, _data: object) -> None:
        if self._closed:
            return
        read, write = bool(what & pycurl.POLL_IN), bool(what & pycurl.POLL_OUT)
        if what == pycurl.POLL_REMOVE:
            read = write = False
        if read and fd not in self._reading:
            self._reading.add(fd)
            self._loop.add_reader(fd, self._turn, fd, pycurl.CSELECT_IN)
        elif not read and fd in self._reading:
            self._reading.discard(fd)
            self._loop.remove_reader(fd)
        if write and fd not in self._writing:
            self._writing.add(fd)
            self._loop.add_writer(fd, self._turn, fd, pycurl.CSELECT_OUT)
        elif not write and fd in self._writing:
            self._writing.discard(fd)
            self._loop.remove_writer(fd)

    def _set_timer(self, timeout_ms: int) -> None:
        """libcurl asks anew with each handle that starts or ends; one turn that is soon anyway serves them all."""
        if self._soon or self._closed:
            return
        self._cancel_timer()
        if timeout_ms == 0:
            self._soon = True
            self._loop.call_soon(self._due)
        elif timeout_ms > 0:
            self._timer = self._loop.call_later(timeout_ms / 1000, self._due)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- called by the event loop ---

    def _due(self) -> None:
        self._timer, self._soon = None, False
        self._turn(pycurl.SOCKET_TIMEOUT, 0)

    def _look_in(self, seconds: float) -> None:
        self._heard = False
        self._look = self._loop.call_later(seconds, self._look_again, seconds)

    def _look_again(self, waited: float) -> None:
        self._look = None
        if self._heard:
            waited = 0
        else:
            for fd in tuple(self._reading):
                self._turn(fd, pycurl.CSELECT_IN)
        if self._busy and self._look is None:  # a turn may have started the first of others
            self._look_in(min(max(2 * waited, QUIET_SECONDS), QUIET_SECONDS_MAX))

    def _turn(self, fd: int, events: int) -> None:
        if self._closed:
            return
        if fd != pycurl.SOCKET_TIMEOUT:
            self._heard = True
        try:
            self._multi.socket_action(fd, events)
        except pycurl.error as broken:  # the multi itself: nothing of it will come back
            ended: list[tuple[Busy, pycurl.error | None]] = [(busy, broken) for busy in self.close()]
            self._finished(self, ended)
            return
        _, answered, failed = self._multi.info_read(_ENDED_AT_ONCE)
        if not answered and not failed:
            return
        take, ended = self._busy.pop, []
        for curl in answered:
            self._multi.remove_handle(curl)
            ended.append((take(curl), None))
        for curl, code, text in failed:
            self._multi.remove_handle(curl)
            ended.append((take(curl), pycurl.error(code, text)))
        self._finished(self, ended)


_ENDED_AT_ONCE = 100_000
"""More than can be in flight: what ended in a turn is read at once."""
