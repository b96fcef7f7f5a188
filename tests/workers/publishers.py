"""Wallets as a worker sees them, that note what they are given and answer as a test tells them. May not enter: the store."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from billfold.domain.delivery import Delivered, Due, Outcome
from billfold.domain.ids import Scope


class NotingWallet:
    """`answer(row)` decides; `seconds` is how long a batch takes, `rows` how many it may have. A row that is
    given twice at once is a failure of the worker."""

    def __init__(self, answer: Callable[[Due], Outcome] = lambda _: Delivered(), seconds: float = 0.0, rows: int = 500) -> None:
        self._answer = answer
        self._seconds = seconds
        self._rows = rows
        self.seen: list[Due] = []
        self.batches: list[int] = []
        self.doubled: set[str] = set()
        self._open: Counter[str] = Counter()

    def rows_at_once(self, _: Scope) -> int:
        return self._rows

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        keys = [f"{one.scope.code} {one.target}" for one in due]
        self._open.update(keys)
        self.doubled |= {key for key in keys if self._open[key] > 1}
        self.batches.append(len(due))
        try:
            await asyncio.sleep(self._seconds)
            self.seen.extend(due)
            return [self._answer(one) for one in due]
        finally:
            self._open.subtract(keys)

    @property
    def targets(self) -> Counter[str]:
        return Counter(one.target for one in self.seen)


class BrokenWallet:
    """Raises what it is given, each time."""

    def __init__(self, problem: Exception) -> None:
        self._problem = problem
        self.calls = 0

    def rows_at_once(self, _: Scope) -> int:
        return 500

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        self.calls += 1
        raise self._problem


class StuckWallet:
    """Answers nothing until it is freed."""

    def __init__(self) -> None:
        self.freed = asyncio.Event()
        self.reached = asyncio.Event()

    def rows_at_once(self, _: Scope) -> int:
        return 500

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        self.reached.set()
        await self.freed.wait()
        return [Delivered()] * len(due)
