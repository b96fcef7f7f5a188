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
class Work:
    """What somebody in an event loop waits for, and what became of it. What arguments `fn` takes is up to whoever does it."""

    fn: Callable[..., Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    @classmethod
    def asked(cls, fn: Callable[..., T]) -> "tuple[Work, asyncio.Future[T]]":
        """In the event loop: the work, and what to await."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        return cls(fn, loop, future), future

    def do(self, step: Callable[[], Any], raising: type[Exception] | tuple[()] = ()) -> None:
        """Keeps what `step` gives or raises, but for `raising`."""
        try:
            self.result, self.error = step(), None
        except raising:
            raise
        except BaseException as error:
            self.result, self.error = None, error

    def answer(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)

    def run(self) -> None:
        self.do(self.fn)
        self.answer()


class Threads:
    """At most `count` of them."""

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._made: list[threading.Thread] = []
        self._idle = 0
        self._guard = threading.Lock()

    async def run(self, fn: Callable[[], T]) -> T:
        """What `fn` gives, or raises, in one of the threads. Who stops waiting does not stop it."""
        work, future = Work.asked(fn)
        self.begin(work.run)
        return await future

    def begin(self, step: Callable[[], None]) -> None:
        """Runs `step`, which raises nothing, in one of the threads."""
        with self._guard:
            self._idle -= 1
            if self._idle < 0 and len(self._made) < self._count:
                self._idle += 1
                thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._made)}", daemon=True)
                self._made.append(thread)
                thread.start()
        self._waiting.put(step)

    def close(self) -> None:
        """Waits for what was begun or asked for."""
        for _ in self._made:
            self._waiting.put(None)
        for thread in self._made:
            thread.join()

    def _work(self) -> None:
        while (step := self._waiting.get()) is not None:
            step()
            del step  # what it held is not kept until the next
            with self._guard:
                self._idle += 1
