"""A few threads for work that waits for a database, each made when it is first needed.

In place of the standard library's pool, whose futures of two kinds cost a short transaction as much as two of its statements.
May not enter: what the work is."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
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
    """At most `count` of them."""

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._made: list[threading.Thread] = []
        self._idle = 0
        self._guard = threading.Lock()

    async def run(self, fn: Callable[[], T]) -> T:
        """What `fn` gives, or raises, in one of the threads. Who stops waiting does not stop it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._guard:
            self._idle -= 1
            if self._idle < 0 and len(self._made) < self._count:
                self._idle += 1
                thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._made)}", daemon=True)
                self._made.append(thread)
                thread.start()
        self._waiting.put(_Work(fn, loop, future))
        return await future

    def close(self) -> None:
        """Waits for what was begun or asked for."""
        for _ in self._made:
            self._waiting.put(None)
        for thread in self._made:
            thread.join()

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            work.run()
            del work  # what it held is not kept until the next
            with self._guard:
                self._idle += 1
