"""Wallets as a worker sees them, that note what they are given and answer as a test tells them. May not enter: the store."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from billfold.domain.delivery import Delivered, Due, Outcome
from billfold.domain.ids import Scope


class NotingWallet:
    """`answer(row)` decides; `seconds` is how long a batch takes. A row that is given twice at once is a failure of the worker."""

    def __init__(self, answer: Callable[[Due], Outcome] = lambda _: Delivered(), seconds: float = 0.0) -> None:
        self._answer = answer
        self._seconds = seconds
        self.seen: list[Due] = []
        self.batches: list[int] = []
        self.doubled: set[str] = set()
        self._open: Counter[str] = Counter()

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

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        self.calls += 1
        raise self._problem


class StuckWallet:
    """Answers nothing until it is freed."""

    def __init__(self) -> None:
        self.freed = asyncio.Event()
        self.reached = asyncio.Event()

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        self.reached.set()
        await self.freed.wait()
        return [Delivered()] * len(due)
