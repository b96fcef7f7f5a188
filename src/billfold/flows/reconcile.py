"""Asks Google, page by page, who holds each pass, and corrects what we think: callbacks are best effort and may stop for months.

A difference between list and memory is asked about once more, and taken over only where our memory is still what it was before: a
callback that comes meanwhile is the newer word.

May not enter: Google's API, pacing. Source: reference/google-wallet.md section 5.4."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from billfold.domain.delivery import HolderPage
from billfold.domain.errors import CredentialMissing, Unavailable
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope
from billfold.flows.housekeeping import reconcile_due_ms
from billfold.ports import Job, Store, Tx

AGAIN_MS = 60_000
"""After Google could not be asked."""
NO_MORE = HolderPage((), None)
_END = "\n"
"""In the cursor: between class id and page token."""

Step = Callable[[Tx, Job, int], Job]


class HolderSource(Protocol):
    """Asks the wallet's own side who holds what. Both raise Unavailable, and CredentialMissing."""

    async def holders(self, scope: Scope, class_id: str, token: str | None) -> HolderPage: ...
    async def is_held(self, scope: Scope, class_id: str, pass_id: PassId) -> bool: ...


class Reconciler:
    """The work of one job chunk: questions first, then one short transaction. `hour`: when the night begins, in UTC."""

    def __init__(self, store: Store, source: HolderSource, event_id: Callable[[], str], hour: int) -> None:
        self._store, self._source, self._event_id, self._hour = store, source, event_id, hour

    async def visit(self, job: Job) -> Step:
        """Asks about one page; what it gives back writes down what was learnt."""
        scope = job.scope
        class_id, _, token = job.cursor.partition(_END)
        if not token:  # the class at the cursor is through, or this is the beginning
            following = await self._store.read(lambda tx: tx.google.next_class(scope, class_id))
            if following is None:
                return self._end
            class_id = following
        try:
            page = await self._source.holders(scope, class_id, token or None)
            corrections = await self._differences(scope, class_id, page)
        except CredentialMissing:
            page, corrections = NO_MORE, []  # an issuer of before: its classes cannot be asked about
        except Unavailable as problem:
            return _later(str(problem))
        return self._learn(f"{class_id}{_END}{page.token}" if page.token else class_id, corrections)

    async def _differences(self, scope: Scope, class_id: str, page: HolderPage) -> list[tuple[PassId, bool]]:
        """(pass, what we thought) of those where Google, asked again, still says otherwise."""

        def look(tx: Tx) -> dict[PassId, bool]:
            found = {pass_id: tx.google.find(scope, pass_id) for pass_id, _ in page.holders}
            return {pass_id: state.has_users for pass_id, state in found.items() if state is not None}

        thought = await self._store.read(look)
        suspects = [pass_id for pass_id, held in page.holders if thought.get(pass_id, held) != held]
        return [(one, thought[one]) for one in suspects if await self._source.is_held(scope, class_id, one) != thought[one]]

    def _learn(self, cursor: str, corrections: list[tuple[PassId, bool]]) -> Step:
        def step(tx: Tx, job: Job, now_ms: int) -> Job:
            corrected = 0
            for pass_id, thought in corrections:
                state = tx.google.find(job.scope, pass_id)
                if state is None or state.has_users != thought:
                    continue
                tx.google.set_has_users(job.scope, pass_id, not thought)
                kind = EventKind.PASS_REMOVED if thought else EventKind.PASS_INSTALLED
                tx.events.append(
                    Event(self._event_id(), job.scope, now_ms, kind, pass_id, wallet="google", cause="reconciled with Google")
                )
                corrected += 1
            return replace(job, state="running", cursor=cursor, done=job.done + corrected, failed=0, error="")

        return step

    def _end(self, _: Tx, job: Job, now_ms: int) -> Job:
        due = reconcile_due_ms(job.scope, now_ms, self._hour)
        return replace(job, state="waiting", cursor="", failed=0, error="", due_at_ms=due)


def _later(error: str) -> Step:
    return lambda _, job, now_ms: replace(job, state="waiting", error=error, due_at_ms=now_ms + AGAIN_MS)
