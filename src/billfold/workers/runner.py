"""Finds what is due, leases it, and keeps one task a slice and a job at work. Any number of runners may share a PostgreSQL.

Nothing is remembered here that a crash could lose: due rows are found by looking, at least once every `poll_seconds`; `wake` only
makes it look at once. May not enter: what a wallet does, what a job does (jobs.py)."""

import asyncio
import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import uuid_utils

from billfold.domain.delivery import Channel, backoff_ms
from billfold.domain.errors import Unavailable
from billfold.flows.housekeeping import RECURRING
from billfold.ports import Job, Store, Tx
from billfold.workers.jobs import STEPS, Step, Visit
from billfold.workers.slices import Publisher, Slice, SliceWork

log = logging.getLogger(__name__)

SLICES_AT_ONCE = 16
JOBS_AT_ONCE = 6
BUSY_POLL_SECONDS = 0.2
LONG_BUSY_LOOKS = 8
"""So many looks with work in a row are more than single updates: a broadcast."""
"""While slices are at work: rows in flight hide when the next ones fall due, so it looks more often."""
RECURRING_AT_ONCE = 2
"""Of those, for schedules, which may take hours and must not keep out what somebody waits for."""
JOB_FAILURES_MAX = 10
RECURRING_AGAIN_MS = 3_600_000
"""A schedule that failed as often comes again after an hour: it must not end for ever."""
STOP_SECONDS = 10.0
"""How long `stop` lets pushes end before they are cut off (their rows then stay due)."""


@dataclass(slots=True)
class _Running:
    work: SliceWork
    task: asyncio.Task[None]


class Runner:
    """`owner`: names this worker in leases. `batch`: rows pushed at a time, fewer where a wallet wants fewer. `gap_ms`: least time
    between two pushes to a device."""

    def __init__(
        self,
        store: Store,
        wallets: Mapping[Channel, Publisher],
        *,
        owner: str | None = None,
        lease_seconds: float = 30.0,
        poll_seconds: float = 1.0,
        batch: int = 500,
        gap_ms: int = 1000,
        slices_at_once: int = SLICES_AT_ONCE,
        steps: Mapping[str, Step] = STEPS,
        visits: Mapping[str, Visit] | None = None,
        event_id: Callable[[], str] = lambda: str(uuid_utils.uuid7()),
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """`rest` is called when a busy time ends: nothing is due and nothing is running."""
        self._store = store
        self._wallets = wallets
        self._owner = owner or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lease_ms = int(lease_seconds * 1000)
        self._poll_seconds = poll_seconds
        self._batch = batch
        self._gap_ms = gap_ms
        self._slices_at_once = slices_at_once
        self._visits: dict[str, Visit] = {kind: _no_question(step) for kind, step in steps.items()} | dict(visits or {})
        self._event_id = event_id
        self._rest = rest
        self._busy_looks = 0
        self._woken = asyncio.Event()
        self._stopping = False
        self._slices: dict[Slice, _Running] = {}
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._recurring: set[str] = set()
        self._leases: dict[tuple[str, str], int] = {}
        self._not_before: dict[Slice, float] = {}
        self._served: dict[str, int] = {}
        self._turn = 0

    def wake(self) -> None:
        """Something is wanted: look now. From the event loop's thread; carries no state, may be called as often as one likes."""
        self._woken.set()

    def stop(self) -> None:
        """`run` returns when what is being pushed is through."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Works until `stop`. A database that does not answer is asked again; nothing else stops it."""
        try:
            while not self._stopping:
                self._woken.clear()
                try:
                    pause = await self._look()
                except Unavailable as problem:
                    log.warning("worker.database_unavailable %s", problem)
                    pause = self._poll_seconds
                await self._sleep(pause)
        finally:
            await self._end()

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    # --- one look at the database ---

    async def _look(self) -> float:
        """Starts what is due and can be started; seconds until the next look."""
        now = await self._store.now_ms()

        def look(tx: Tx) -> tuple[dict[Slice, int], int | None, list[Job]]:
            due = {Slice(*found): level for found, level in tx.deliveries.urgency(now).items()}
            waits_until = None if due else tx.deliveries.next_due_ms()
            return due, waits_until, tx.jobs.due(now, 100)

        due, waits_until, jobs = await self._store.read(look)
        await self._renew(now)
        for slice_, level in due.items():
            if running := self._slices.get(slice_):
                running.work.look_again(level)
        await self._start_slices(list(due), now)
        await self._start_jobs(jobs, now)
        if self._slices or self._jobs or due:
            self._busy_looks += 1
            return min(self._poll_seconds, BUSY_POLL_SECONDS)
        if self._busy_looks >= LONG_BUSY_LOOKS:
            self._rest()
        self._busy_looks = 0
        if waits_until is None:
            return self._poll_seconds
        return min(self._poll_seconds, max(0.0, (waits_until - now) / 1000))

    async def _start_slices(self, due: list[Slice], now: int) -> None:
        loop_time = asyncio.get_running_loop().time()
        self._not_before = {slice_: at for slice_, at in self._not_before.items() if at > loop_time}
        waiting = [slice_ for slice_ in due if slice_ not in self._slices and slice_ not in self._not_before]
        for slice_ in self._choose(waiting):
            if not await self._lease(slice_.scope.workspace, slice_.name, now):
                self._not_before[slice_] = loop_time + self._poll_seconds
                continue
            wallet = self._wallets[slice_.channel]
            batch = min(self._batch, wallet.rows_at_once(slice_.scope))
            work = SliceWork(slice_, self._store, wallet, batch, self._gap_ms, self._event_id)
            task = asyncio.create_task(work.run())
            self._slices[slice_] = _Running(work, task)
            task.add_done_callback(lambda ended, slice_=slice_: self._slice_ended(slice_, ended))  # type: ignore[misc]

    def _choose(self, waiting: list[Slice]) -> list[Slice]:
        """Which slices get the free places: workspaces by turns, and no workspace more than half while others wait.

        Where a workspace holds more than its half, some of its slices are asked to leave after their batches."""
        busy = Counter(slice_.scope.workspace for slice_ in self._slices)
        wanting = {slice_.scope.workspace for slice_ in waiting}
        contested = len(wanting | set(busy)) > 1
        share = max(1, self._slices_at_once // 2) if contested else self._slices_at_once
        if wanting - set(busy):
            self._ask_to_leave(busy, share)
        queues: dict[str, list[Slice]] = {}
        for slice_ in waiting:
            queues.setdefault(slice_.scope.workspace, []).append(slice_)
        chosen: list[Slice] = []
        free = self._slices_at_once - len(self._slices)
        while queues and free > 0:
            workspace = min(queues, key=lambda name: self._served.get(name, 0))
            if busy[workspace] >= share or not queues[workspace]:
                del queues[workspace]
                continue
            chosen.append(queues[workspace].pop(0))
            self._turn += 1
            self._served[workspace] = self._turn
            busy[workspace] += 1
            free -= 1
        return chosen

    def _ask_to_leave(self, busy: Counter[str], share: int) -> None:
        if len(self._slices) < self._slices_at_once:
            return
        for workspace, held in busy.items():
            mine = [running for slice_, running in self._slices.items() if slice_.scope.workspace == workspace]
            for running in mine[: max(0, held - share)]:
                running.work.leave()

    def _slice_ended(self, slice_: Slice, task: asyncio.Task[None]) -> None:
        del self._slices[slice_]
        if not task.cancelled() and (problem := task.exception()):
            log.error("worker.slice_failed slice=%s", slice_.name, exc_info=problem)
            self._not_before[slice_] = asyncio.get_running_loop().time() + self._poll_seconds
        self._woken.set()

    # --- leases ---

    async def _lease(self, workspace: str, name: str, now: int) -> bool:
        """Ours for `lease_seconds`. One that is young enough is not taken again."""
        if self._leases.get((workspace, name), 0) - now > self._lease_ms * 2 // 3:
            return True
        until = now + self._lease_ms
        owner = self._owner
        if not await self._store.write(lambda tx: tx.leases.take(workspace, name, owner, now, until)):
            self._leases.pop((workspace, name), None)
            return False
        self._leases[(workspace, name)] = until
        return True

    async def _renew(self, now: int) -> None:
        """Leases of what is at work. Where one was lost (this process stood still), its work ends; some pushes are made twice."""
        self._leases = {key: until for key, until in self._leases.items() if until > now or self._holds(key)}
        for slice_, running in list(self._slices.items()):
            if not await self._lease(slice_.scope.workspace, slice_.name, now):
                log.warning("worker.lease_lost slice=%s", slice_.name)
                running.work.leave()

    def _holds(self, key: tuple[str, str]) -> bool:
        return any((slice_.scope.workspace, slice_.name) == key for slice_ in self._slices)

    # --- jobs ---

    async def _start_jobs(self, jobs: list[Job], now: int) -> None:
        for job in jobs:
            visit = self._visits.get(job.kind)
            recurring = job.kind in RECURRING
            held = sum(one in self._recurring for one in self._jobs) if recurring else len(self._jobs)
            if visit is None or job.id in self._jobs or held >= (RECURRING_AT_ONCE if recurring else JOBS_AT_ONCE):
                continue
            if not await self._lease(job.scope.workspace, f"job/{job.id}", now):
                continue
            task = asyncio.create_task(self._run_job(job, visit))
            self._jobs[job.id] = task
            if recurring:
                self._recurring.add(job.id)
            task.add_done_callback(lambda ended, job_id=job.id: self._job_ended(job_id, ended))  # type: ignore[misc]

    def _job_ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        del self._jobs[job_id]
        self._recurring.discard(job_id)
        if not task.cancelled() and (problem := task.exception()):
            log.error("worker.job_stopped job=%s", job_id, exc_info=problem)
        self._woken.set()

    async def _run_job(self, job: Job, visit: Visit) -> None:
        """Chunk after chunk, each one transaction. The state is read in each, so pausing and cancelling take effect between two."""
        scope, job_id = job.scope, job.id
        stands = job
        while not self._stopping:
            now = await self._store.now_ms()
            if not await self._lease(scope.workspace, f"job/{job_id}", now):
                return

            def chunk(tx: Tx, step: Step, now: int = now, expected: str = stands.cursor) -> Job | None:
                current = tx.jobs.find_locked(scope, job_id)
                if current is None or current.state not in ("waiting", "running") or current.due_at_ms > now:
                    return None
                if current.cursor != expected:
                    return current  # another worker took this step
                after = step(tx, current, now)
                if after.state in ("done", "failed", "cancelled"):
                    after = replace(after, due_at_ms=now)  # when it ended: how long it is kept counts from there
                tx.jobs.save(after)
                return after

            try:
                step = await visit(stands)
                after = await self._store.write(lambda tx: chunk(tx, step))  # noqa: B023 (awaited here)
            except Unavailable:
                raise
            except Exception as problem:
                log.exception("worker.job_failed job=%s kind=%s", job_id, job.kind)
                await self._job_failed(job, type(problem).__name__, now)
                return
            self._woken.set()
            if after is None or after.state != "running" or after.due_at_ms > now:
                return
            stands = after

    async def _job_failed(self, job: Job, error: str, now: int) -> None:
        def record(tx: Tx) -> None:
            current = tx.jobs.find_locked(job.scope, job.id)
            if current is None or current.state not in ("waiting", "running"):
                return
            failed = current.failed + 1
            state, due = current.state, now + backoff_ms(failed, 1.0)
            if failed >= JOB_FAILURES_MAX:
                recurring = current.kind in RECURRING
                state, due = (state, now + RECURRING_AGAIN_MS) if recurring else ("failed", now)
            tx.jobs.save(replace(current, failed=failed, state=state, error=error, due_at_ms=due))

        await self._store.write(record)

    # --- the end ---

    async def _end(self) -> None:
        """Lets pushes end, then gives the leases back, so that another worker need not wait for them to run out."""
        self._stopping = True
        for running in list(self._slices.values()):
            running.work.leave()
        tasks = [*(running.task for running in self._slices.values()), *self._jobs.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        owner = self._owner
        try:
            await self._store.write(lambda tx: tx.leases.release(owner))
        except Unavailable:
            log.warning("worker.leases_kept owner=%s", owner)


def _no_question(step: Step) -> Visit:
    async def visit(_: Job) -> Step:
        return step

    return visit
