"""Transactions about one thing that wait at the same time commit as one, each under its own savepoint.

On PostgreSQL they would wait for that thing's row one after the other, each for as long as the disk takes to commit the one before.
The second and later ones of a group lock rows while they hold those of the first, in an order that nobody else keeps. So they
wait for a lock for a moment only and then give way: the group commits without them, and they run alone, in the order that all keep.

May not enter: statements, the driver's connection (postgres.py)."""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import psycopg

from billfold.domain.errors import Unavailable
from billfold.ports import Tx
from billfold.storage.threads import Threads, Work
from billfold.storage.transaction import Transaction

T = TypeVar("T")

GROUP_MAX = 16
GROUP_SECONDS_MAX = 0.02
"""A group takes in nothing more after this long: what all of a workspace need, its next number, is locked meanwhile."""
PATIENCE_MS = 20
"""How long a second or later one waits for a lock. PostgreSQL itself finds a deadlock after a second."""
_FIRST = "SAVEPOINT one"
_SECOND = f"RELEASE one; SET LOCAL lock_timeout = {PATIENCE_MS}; SAVEPOINT one"
_NEXT = "RELEASE one; SAVEPOINT one"


class Together:
    """`once` runs a function in a transaction of its own and commits it; what it raises means that nothing is stored, but for
    Unavailable, where that is not known. `alone` does the same as often as it takes, as for any other transaction."""

    def __init__(
        self,
        threads: Threads,
        once: Callable[[Callable[[Transaction], None]], None],
        alone: Callable[[Callable[[Tx], object]], object],
    ) -> None:
        self._threads, self._once, self._alone = threads, once, alone
        self._lines: dict[Hashable, deque[Work]] = {}
        """What waits, by what it is about; a line is there as long as a thread serves it."""
        self._guard = threading.Lock()

    async def run(self, about: Hashable, fn: Callable[[Tx], T]) -> T:
        """What `fn` gives, or raises, after its commit."""
        work, future = Work.asked(fn)
        with self._guard:
            line = self._lines.get(about)
            if line is not None:
                line.append(work)
            else:
                self._lines[about] = deque((work,))
                self._threads.begin(lambda: self._serve(about))
        return await future

    # --- in a thread ---

    def _serve(self, about: Hashable) -> None:
        while group := self._next(about):
            if len(group) == 1:
                self._run_alone(group)
            elif late := self._run_as_one(group):
                with self._guard:
                    self._lines[about].extendleft(reversed(late))

    def _next(self, about: Hashable) -> list[Work]:
        with self._guard:
            line = self._lines[about]
            group = [line.popleft() for _ in range(min(len(line), GROUP_MAX))]
            if not group:
                del self._lines[about]
        return group

    def _run_alone(self, group: Sequence[Work]) -> None:
        for work in group:
            work.do(lambda: self._alone(work.fn))  # noqa: B023 (done here)
            work.answer()

    def _run_as_one(self, group: list[Work]) -> list[Work]:
        """Gives back those that wait for the next group."""
        done: list[Work] = []
        gives_way: list[Work] = []
        try:
            self._once(lambda tx: _run_each(tx, group, done, gives_way))
        except Unavailable as problem:
            for work in done:
                work.result, work.error = None, problem
        except Exception:  # nothing is stored; alone each is told what was wrong
            self._run_alone(group)
            return []
        for work in done:
            work.answer()
        self._run_alone(gives_way)
        return group[len(done) + len(gives_way) :]


def _run_each(tx: Transaction, group: Sequence[Work], done: list[Work], gives_way: list[Work]) -> None:
    """In their order, until time is up or one of them meets trouble that it must meet alone."""
    until = time.monotonic() + GROUP_SECONDS_MAX
    for place, work in enumerate(group):
        if place and time.monotonic() >= until:
            return
        tx.session.tell((_FIRST, _SECOND)[place] if place < 2 else _NEXT)
        try:
            work.do(lambda: work.fn(Transaction(tx.session, tx.gap_ms)), raising=psycopg.Error)  # noqa: B023 (done here)
        except psycopg.Error:
            tx.session.tell("ROLLBACK TO one")
            gives_way.append(work)
            return
        if work.error is not None:
            tx.session.tell("ROLLBACK TO one")
        done.append(work)
