"""A few threads for work that waits for a database, each made when it is first needed.

In place of the standard library's pool, whose futures of two kinds cost a short transaction as much as two of its statements.
Only some of them work at once, so that they do not wait for each other's hold of the interpreter; one that says that it waits for
somebody else makes room meanwhile (ADR 15). May not enter: what the work is."""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Work:
    fn: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.fn()
        except BaseException as error:
            self.error = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Threads:
    """At most `count` of them, of which `at_once` work, beside those that are `waiting`."""

    def __init__(self, count: int, name: str, at_once: int) -> None:
        self._count, self._name, self._at_once = count, name, at_once
        self._asked: deque[_Work] = deque()
        self._given: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._made: list[threading.Thread] = []
        self._idle = 0
        self._working = 0
        self._guard = threading.Lock()

    async def run(self, fn: Callable[[], T]) -> T:
        """What `fn` gives, or raises, in one of the threads. Who stops waiting does not stop it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._guard:
            self._asked.append(_Work(fn, loop, future))
            self._give()
        return await future

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around what a thread's work waits for: others begin meanwhile. Afterwards it goes on at once, whoever works then."""
        with self._guard:
            self._working -= 1
            self._give()
        try:
            yield
        finally:
            with self._guard:
                self._working += 1

    def close(self) -> None:
        """Waits for what was begun or asked for."""
        with self._guard:
            self._at_once = self._count
            self._give()
        for _ in self._made:
            self._given.put(None)
        for thread in self._made:
            thread.join()

    def _give(self) -> None:
        """With the guard: begins what was asked for, as far as there is room."""
        while self._asked and self._working < self._at_once:
            if self._idle:
                self._idle -= 1
            elif len(self._made) < self._count:
                thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._made)}", daemon=True)
                self._made.append(thread)
                thread.start()
            else:
                return
            self._working += 1
            self._given.put(self._asked.popleft())

    def _work(self) -> None:
        work = self._given.get()
        while work is not None:
            work.run()
            del work  # what it held is not kept until the next
            work = self._following() or self._given.get()

    def _following(self) -> _Work | None:
        """What the same thread does next."""
        with self._guard:
            if self._asked and self._working <= self._at_once:
                return self._asked.popleft()
            self._working -= 1
            self._idle += 1
            return None
