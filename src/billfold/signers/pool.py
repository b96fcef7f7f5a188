"""Signatures in processes of their own (child.py), so that neither RSA nor its hand-overs cost the server's interpreter lock.

Each child is given a little work ahead, so that it never waits; the rest waits here and goes to whichever child is free. A child
that dies or stands still is replaced, and what it did not answer is given out anew: signing twice does no harm, for the same
digest gives the same signature. May not enter: what is signed and why."""

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

from billfold.domain.errors import Unavailable
from billfold.domain.signing import SigningKey, ToSign
from billfold.signers.child import ANSWER, FORGET, HEAD, ITEM, KEY, LENGTH, READY, SIGN

log = logging.getLogger(__name__)

AHEAD_MAX = 16
"""Jobs given to one child ahead of its answers: some milliseconds of work, and all that is done twice when it dies."""
ROUNDS_AHEAD = 4
"""Rounds for which one child is given work before the next has any: one makes signatures faster than one event loop asks for them,
and two that are awake take turns on a core with it."""
WAITING_MAX = 4_096
"""Jobs that may wait here, a second or two of work; beyond it requests are refused and may be sent again."""
TRIES_MAX = 3
STUCK_SECONDS = 10.0
DELAY_SECONDS_MAX = 5.0
ITEMS_MAX = 0xFFFF // 514
"""Signatures of one job, so that an answer with keys of 4,096 bits fits the length of a message."""
_CHILD = Path(__file__).with_name("child.py")


@dataclass(slots=True, eq=False)
class _Job:
    wanted: Sequence[ToSign]
    future: asyncio.Future[list[bytes]]
    tries: int = 0


class _Child(asyncio.Protocol):
    """One process and the socket to it."""

    def __init__(self, pool: "SigningProcesses", process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._pool = pool
        self.process = process
        self._channel = channel
        self.jobs: dict[int, _Job] = {}
        self.items = 0
        """Signatures in them."""
        self.lanes = 0
        """How many it makes in one round; 0 until it has said so, and where it makes them one by one."""
        self.answered = 0
        self.heard_at = 0.0
        self._keys: set[int] = set()
        self._buffer = b""
        self._unsent: list[bytes] = []
        self._unsent_items = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class does not say so

    def give(self, number: int, job: _Job) -> None:
        assert self._transport is not None
        if not self.jobs:
            self.heard_at = self._pool.now()
        self.jobs[number] = job
        self.items += len(job.wanted)
        self._unsent_items += len(job.wanted)
        items = []
        for one in job.wanted:
            key = self._pool.number_of(one.key)
            if key not in self._keys:
                self._keys.add(key)
                self._tell(HEAD.pack(KEY, key, len(one.key.pem)) + one.key.pem)
            items.append(ITEM.pack(key, one.digest))
        body = b"".join(items)
        self._tell(HEAD.pack(SIGN, number, len(body)) + body)
        if self._unsent_items >= self.lanes:
            self._send()

    def forget(self, key: int) -> None:
        if key in self._keys:
            self._keys.remove(key)
            self._tell(HEAD.pack(FORGET, key, 0))

    def _tell(self, message: bytes) -> None:
        """Leaves it to be sent: with the round that it fills, or when the loop has been round."""
        if not self._unsent:
            self._pool.soon(self._send)
        self._unsent.append(message)

    def _send(self) -> None:
        """At once, where a transport of uvloop would wait for the end of the loop's turn, some milliseconds when sixteen requests
        have come together: the child begins while the loop is at the next of them."""
        assert self._transport is not None
        messages = b"".join(self._unsent)
        self._unsent.clear()
        self._unsent_items = 0
        if not messages or self._transport.is_closing():
            return
        sent = 0
        if not self._transport.get_write_buffer_size():
            with contextlib.suppress(OSError):  # full, or gone: the transport waits, or finds out
                sent = self._channel.send(messages)
        if sent < len(messages):
            self._transport.write(messages[sent:])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at, end = 0, len(self._buffer)
        while end - at >= HEAD.size:
            kind, number, size = HEAD.unpack_from(self._buffer, at)
            if end - at - HEAD.size < size:
                break
            if kind == READY:
                self.lanes = number
                at += HEAD.size
                continue
            assert kind == ANSWER
            job = self.jobs.pop(number)
            self.items -= len(job.wanted)
            at += HEAD.size
            signatures = []
            for _ in job.wanted:
                (length,) = LENGTH.unpack_from(self._buffer, at)
                at += LENGTH.size + length
                signatures.append(self._buffer[at - length : at])
            self.answered += 1
            if not job.future.done():
                job.future.set_result(signatures)
        self._buffer = self._buffer[at:]
        self.heard_at = self._pool.now()
        self._pool.feed(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._pool.ended(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class SigningProcesses:
    """`count` children, started at the first call or by `start`. Belongs to the event loop that it is first used in."""

    def __init__(self, count: int, *, stuck_seconds: float = STUCK_SECONDS, waiting_max: int = WAITING_MAX) -> None:
        assert count > 0
        self._count, self._stuck_seconds, self._waiting_max = count, stuck_seconds, waiting_max
        self._children: list[_Child] = []
        self._waiting: deque[_Job] = deque()
        self._numbers: WeakKeyDictionary[SigningKey, int] = WeakKeyDictionary()
        self._next_key = self._next_job = 0
        self._failures = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: set[asyncio.Task[None]] = set()
        self._watch: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def child_pids(self) -> list[int]:
        """The processes at work, for operators and tests."""
        return [one.process.pid for one in self._children]

    def __call__(self, wanted: Sequence[ToSign], /) -> asyncio.Future[list[bytes]]:
        """Raises Unavailable when no process can be started, or more waits than may."""
        assert 0 < len(wanted) <= ITEMS_MAX
        if self._closed:
            raise Unavailable("the server is stopping")
        self.start()
        assert self._loop is not None
        job = _Job(wanted, self._loop.create_future())
        child = self._next_child()
        if child is not None and len(child.jobs) < AHEAD_MAX:
            self._give(child, job)
        elif len(self._waiting) < self._waiting_max:
            self._waiting.append(job)
        else:
            raise Unavailable("more is to be signed than can be; try again")
        return job.future

    def start(self) -> None:
        """Starts the children unless they were started. Returns at once; what is wanted meanwhile waits for them."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        for _ in range(self._count):
            self._start_one()

    async def close(self) -> None:
        """Ends the children; what still waits is refused. Safe to call twice."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        await asyncio.gather(*self._starting)
        self._refuse_waiting("the server is stopping")
        children = list(self._children)
        for child in children:
            child.close()
        await asyncio.gather(*(asyncio.to_thread(_end, child.process) for child in children))

    # --- work ---------------------------------------------------------------------------------------------------------------------

    def now(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def soon(self, call: Callable[[], None]) -> None:
        assert self._loop is not None
        self._loop.call_soon(call)

    def number_of(self, key: SigningKey) -> int:
        """Under which number the children know a key; when nobody has the key any more, they forget it."""
        number = self._numbers.get(key)
        if number is None:
            self._next_key += 1
            number = self._numbers[key] = self._next_key
            weakref.finalize(key, self._forget, number).atexit = False
        return number

    def _forget(self, number: int) -> None:
        if self._loop is not None and not self._loop.is_closed():  # the last reference may go in any thread
            self._loop.call_soon_threadsafe(self._forget_now, number)

    def _forget_now(self, number: int) -> None:
        for child in self._children:
            child.forget(number)

    def _next_child(self) -> _Child | None:
        """The first that may have more rounds ahead, since spread over all of them work would be signed one by one, at twice the
        cost. Else the one with least to do."""
        for child in self._children:
            if child.items < ROUNDS_AHEAD * child.lanes and len(child.jobs) < AHEAD_MAX:
                return child
        return min(self._children, key=_load, default=None)

    def _give(self, child: _Child, job: _Job) -> None:
        self._next_job = (self._next_job + 1) & 0xFFFF_FFFF
        child.give(self._next_job, job)
        if self._watch is None and self._loop is not None:
            self._watch = self._loop.call_later(self._stuck_seconds / 2, self._look_after)

    def feed(self, child: _Child) -> None:
        """Gives the child what waits, as far as it may have work ahead."""
        while self._waiting and len(child.jobs) < AHEAD_MAX:
            job = self._waiting.popleft()
            if not job.future.done():
                self._give(child, job)

    # --- processes ----------------------------------------------------------------------------------------------------------------

    def _start_one(self) -> None:
        assert self._loop is not None
        if not self._closed:
            task = self._loop.create_task(self._open_child())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _open_child(self) -> None:
        assert self._loop is not None
        try:
            ours, process = await asyncio.to_thread(_spawn)
        except OSError as problem:
            log.error("signers.not_started", extra={"error": problem.strerror or "unknown"})
            self._again()
            return
        child = _Child(self, process, ours)
        await self._loop.create_unix_connection(lambda: child, sock=ours)
        self._children.append(child)
        self.feed(child)

    def ended(self, child: _Child) -> None:
        """The socket to a child is closed: it is replaced, unless all are to end."""
        if child in self._children:
            self._children.remove(child)
        undone = [job for job in child.jobs.values() if not job.future.done()]
        child.jobs.clear()
        for job in undone:
            job.tries += 1
            if job.tries >= TRIES_MAX or self._closed:
                job.future.set_exception(Unavailable("this could not be signed now"))
        self._waiting.extendleft(job for job in reversed(undone) if not job.future.done())
        if self._closed:
            return
        log.warning("signers.ended", extra={"pid": child.process.pid, "under_way": len(undone)})
        if child.answered:
            self._failures = 0
        assert self._loop is not None
        self._loop.run_in_executor(None, _end, child.process)
        self._again()
        for other in self._children:
            self.feed(other)

    def _again(self) -> None:
        """Starts a child in place of one that ended: at once, and slower when none has come to answer anything."""
        assert self._loop is not None
        if self._failures:
            self._loop.call_later(min(0.05 * 2**self._failures, DELAY_SECONDS_MAX), self._start_one)
        else:
            self._start_one()
        self._failures += 1
        if self._failures >= TRIES_MAX * self._count and not self._children:
            self._refuse_waiting("signing is not possible now")

    def _refuse_waiting(self, reason: str) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            if not job.future.done():
                job.future.set_exception(Unavailable(reason))

    def _look_after(self) -> None:
        """Ends a child that has work and says nothing; its work then goes to another."""
        self._watch = None
        late = self.now() - self._stuck_seconds
        for child in self._children:
            if child.jobs and child.heard_at < late:
                log.error("signers.stuck", extra={"pid": child.process.pid})
                child.process.kill()
        if self._loop is not None and any(one.jobs for one in self._children):
            self._watch = self._loop.call_later(self._stuck_seconds / 2, self._look_after)


def _load(child: _Child) -> int:
    return child.items


def _spawn() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(  # noqa: S603 (this interpreter, our own file)
                [sys.executable, "-I", str(_CHILD)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", "PATH": os.defpath, "MALLOC_ARENA_MAX": "2"},  # nothing of ours, which may hold secrets
                start_new_session=True,  # a Ctrl-C at the terminal is the server's to answer
            )
        except OSError:
            ours.close()
            raise
    ours.setblocking(False)
    return ours, process


def _end(process: subprocess.Popen[bytes]) -> None:
    """Waits for a process whose socket is closed, and kills it when it does not end by itself."""
    try:
        process.wait(2.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
