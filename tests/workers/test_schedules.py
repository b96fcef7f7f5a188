"""What comes again by itself: housekeeping removes what is old and names its next time; a night asks Google who holds what."""

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from billfold.domain.delivery import HolderPage
from billfold.domain.errors import CredentialMissing, Unavailable
from billfold.domain.events import EventKind
from billfold.domain.ids import PassId, Scope
from billfold.domain.schedules import DAY_MS, HOUR_MS, Kept, Retention, next_due_ms
from billfold.flows.housekeeping import CHUNK, HOUSEKEEPING_JOB, RECONCILE_JOB, ensure_schedules
from billfold.flows.reconcile import Reconciler
from billfold.ports import GoogleObject, Job, Store, Tx
from billfold.workers import jobs, runner
from billfold.workers.jobs import Step
from billfold.workers.runner import Runner
from storage.material import FOREIGN, LIVE, NOW, OURS, a_pass
from storage.test_pruning import ADD
from workers.test_runner import until_stored

RETENTION = Retention()


# --- when -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [NOW, NOW + 1, NOW + HOUR_MS - 1, NOW + DAY_MS])
def test_the_next_time_is_after_now_within_one_period_and_at_its_own_place(now: int) -> None:
    for name in ("mine00t", "mine00l", "other0t"):
        due = next_due_ms(now, HOUR_MS, name)
        assert now < due <= now + HOUR_MS
        assert next_due_ms(due, HOUR_MS, name) == due + HOUR_MS
    assert len({next_due_ms(now, HOUR_MS, f"scope{n}") for n in range(100)}) > 90, "they do not all run at once"


def test_a_nights_work_is_in_the_night() -> None:
    for name in ("mine00t", "mine00l", "other0t"):
        into_the_day = next_due_ms(NOW, DAY_MS, name, 2 * HOUR_MS, 2 * HOUR_MS) % DAY_MS
        assert 2 * HOUR_MS <= into_the_day < 4 * HOUR_MS


# --- a worker with schedules ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def scheduled(store: Store, retention: Retention = RETENTION, visits: Mapping[str, jobs.Visit] | None = None):
    working = Runner(store, {}, poll_seconds=0.02, steps=jobs.steps(retention), visits=visits)
    task = asyncio.create_task(working.run())
    try:
        yield
    finally:
        working.stop()
        await task


async def job_of(store: Store, kind: str, scope: Scope = OURS) -> Job:
    found = await store.read(lambda tx: tx.jobs.find(scope, f"{kind}-{scope.code}"))
    assert found
    return found


async def due_now(store: Store, kind: str, scope: Scope = OURS) -> None:
    job = await job_of(store, kind, scope)
    await store.write(lambda tx: tx.jobs.save(replace(job, due_at_ms=1)))


async def until_through(store: Store, kind: str) -> Job:
    async def through() -> bool:
        job = await job_of(store, kind)
        return job.due_at_ms > 1 and job.state == "waiting" and not job.error

    await until_stored(through)
    return await job_of(store, kind)


async def set_up(store: Store, hour: int | None = 2) -> None:
    now = await store.now_ms()
    for scope in (OURS, LIVE):
        await store.write(lambda tx, scope=scope: ensure_schedules(tx, scope, now, RETENTION, hour))  # type: ignore[misc]


async def test_what_is_old_goes_chunk_by_chunk_and_what_is_young_stays(store: Store) -> None:
    await set_up(store)
    now = await store.now_ms()

    def fill(tx: Tx) -> None:
        for place, kept in enumerate(Kept):
            old = RETENTION.before_ms(kept, now) - 60_000
            for nth, at in enumerate((old, old + 1, now), start=10_000 * place):  # two kinds are rows of one table
                ADD[kept](tx, OURS, nth, at)
            for scope in FOREIGN:
                ADD[kept](tx, scope, 3, old)
        for nth in range(10, 10 + CHUNK):
            ADD[Kept.CALLBACK](tx, OURS, nth, 5)

    await store.write(fill)
    await due_now(store, HOUSEKEEPING_JOB)
    async with scheduled(store):
        ended = await until_through(store, HOUSEKEEPING_JOB)
    leases_of_live = 1
    assert ended.done == 2 * len(Kept) + CHUNK + leases_of_live
    assert now < ended.due_at_ms <= now + 2 * HOUR_MS
    assert (ended.cursor, ended.error) == ("", "")
    for scope in (*FOREIGN, OURS):
        left = await store.write(lambda tx, scope=scope: tx.pruning.remove_older(scope, Kept.IDEMPOTENCY, 2**60, 99))  # type: ignore[misc]
        assert left == 1


async def test_the_answer_to_a_repeat_is_there_as_long_as_promised(store: Store) -> None:
    await set_up(store)
    now = await store.now_ms()
    await store.write(lambda tx: ADD[Kept.IDEMPOTENCY](tx, OURS, 1, now - 71 * HOUR_MS))
    await due_now(store, HOUSEKEEPING_JOB)
    async with scheduled(store):
        await until_through(store, HOUSEKEEPING_JOB)
    assert await store.read(lambda tx: tx.idempotency.find(OURS, "key-1")) is not None


async def test_a_schedule_that_fails_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "backoff_ms", lambda attempts, jitter: 0)
    monkeypatch.setattr(runner, "RECURRING_AGAIN_MS", 5 * HOUR_MS)
    await set_up(store)
    await due_now(store, HOUSEKEEPING_JOB)

    def fails(tx: Tx, job: Job, now_ms: int) -> Job:
        raise ZeroDivisionError

    working = Runner(store, {}, poll_seconds=0.01, steps={HOUSEKEEPING_JOB: fails})
    task = asyncio.create_task(working.run())
    job = await until_through_failing(store)
    working.stop()
    await task
    assert (job.state, job.error, job.failed) == ("waiting", "ZeroDivisionError", runner.JOB_FAILURES_MAX)
    await due_now(store, HOUSEKEEPING_JOB)
    async with scheduled(store):
        ended = await until_through(store, HOUSEKEEPING_JOB)
    assert (ended.failed, ended.error) == (0, "")


async def until_through_failing(store: Store) -> Job:
    async def failed_often() -> bool:
        return (await job_of(store, HOUSEKEEPING_JOB)).failed >= runner.JOB_FAILURES_MAX

    await until_stored(failed_often)
    return await job_of(store, HOUSEKEEPING_JOB)


async def test_a_job_that_ended_says_when(store: Store) -> None:
    """Its retention counts from there."""
    job = Job("one", OURS, "k", {}, due_at_ms=1)
    await store.write(lambda tx: tx.jobs.start(job))
    before = await store.now_ms()
    working = Runner(store, {}, poll_seconds=0.02, steps={"k": lambda tx, job, now: replace(job, state="done")})
    task = asyncio.create_task(working.run())

    async def ended() -> bool:
        found = await store.read(lambda tx: tx.jobs.find(OURS, "one"))
        return found is not None and found.state == "done" and found.due_at_ms >= before

    await until_stored(ended)
    working.stop()
    await task


# --- who holds what ---------------------------------------------------------------------------------------------------------------


@dataclass
class Google:
    """What Google says, as a HolderSource. `pages`: class → its pages; `now`: what it says of one object when asked."""

    pages: dict[str, list[list[tuple[PassId, bool]]]]
    now: dict[PassId, bool] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def holders(self, scope: Scope, class_id: str, token: str | None) -> HolderPage:
        self.asked.append((class_id, token))
        if self.failures:
            raise self.failures.pop(0)
        at = int(token or 0)
        more = at + 1 < len(self.pages[class_id])
        return HolderPage(tuple(self.pages[class_id][at]), str(at + 1) if more else None)

    def places(self) -> list[tuple[str, str | None]]:
        """Where it was asked, each once: a step of a job may be taken again, as after a crash, and does nothing the second time."""
        return list(dict.fromkeys(self.asked))

    async def is_held(self, scope: Scope, class_id: str, pass_id: PassId) -> bool:
        told = [held for page in self.pages[class_id] for one, held in page if one == pass_id]
        return self.now.get(pass_id, told[0])


async def know(store: Store, **held: bool) -> list[PassId]:
    """Passes p1, p2... that we think are held or not."""
    ids = []

    def fill(tx: Tx) -> None:
        for class_id in ("33.A", "33.B"):
            tx.google.put_class(OURS, class_id, "f")
        for nth, has_users in enumerate(held.values(), start=1):
            made = a_pass(nth)
            tx.passes.add(made, "key")
            tx.google.put(GoogleObject(OURS, made.id, "33.A", {}, (), has_users))
            ids.append(made.id)

    await store.write(fill)
    await set_up(store)
    return list(dict.fromkeys(ids))


async def held_by_us(store: Store, ids: list[PassId]) -> list[bool]:
    states = await store.read(lambda tx: [tx.google.find(OURS, one) for one in ids])
    return [one.has_users for one in states if one]


async def night(store: Store, google: Google) -> Job:
    reconciler = Reconciler(store, google, iter(f"event-{n:04}" for n in range(1000)).__next__, 2)
    await due_now(store, RECONCILE_JOB)
    async with scheduled(store, visits={RECONCILE_JOB: reconciler.visit}):
        return await until_through(store, RECONCILE_JOB)


async def test_what_callbacks_did_not_tell_is_corrected_and_is_an_event(store: Store) -> None:
    ids = await know(store, p1=True, p2=False, p3=True, p4=False)
    google = Google({"33.A": [[(ids[0], False), (ids[1], True)], [(ids[2], True)]], "33.B": [[(ids[3], False)]]})
    ended = await night(store, google)
    assert await held_by_us(store, ids) == [False, True, True, False]
    assert google.places() == [("33.A", None), ("33.A", "1"), ("33.B", None)]
    events = await store.read(lambda tx: tx.events.list(OURS, None, 100))
    assert [(one.kind, one.subject, one.wallet) for one in events] == [
        (EventKind.PASS_REMOVED, ids[0], "google"),
        (EventKind.PASS_INSTALLED, ids[1], "google"),
    ]
    assert (ended.done, ended.cursor) == (2, "")
    assert 2 * HOUR_MS <= ended.due_at_ms % DAY_MS < 4 * HOUR_MS


async def test_a_list_that_is_out_of_date_corrects_nothing(store: Store) -> None:
    """Asked again, Google says what we think: a callback was faster than the list."""
    ids = await know(store, p1=True)
    await night(store, Google({"33.A": [[(ids[0], False)]], "33.B": [[]]}, now={ids[0]: True}))
    assert await held_by_us(store, ids) == [True]
    assert await store.read(lambda tx: tx.events.list(OURS, None, 100)) == []


async def test_objects_that_we_do_not_know_are_left_alone(store: Store) -> None:
    ids = await know(store, p1=True)
    stranger = a_pass(7).id
    await night(store, Google({"33.A": [[(stranger, True), (ids[0], True)]], "33.B": [[]]}))
    assert await store.read(lambda tx: tx.google.find(OURS, stranger)) is None


async def test_google_away_is_asked_again_at_the_same_place(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billfold.flows.reconcile.AGAIN_MS", 0)
    ids = await know(store, p1=True, p2=True)
    google = Google({"33.A": [[(ids[0], True)], [(ids[1], False)]], "33.B": [[]]})
    google.failures = [Unavailable("Google is away"), Unavailable("Google is away")]
    await night(store, google)
    assert google.asked[:3] == [("33.A", None)] * 3
    assert await held_by_us(store, ids) == [True, False]


async def test_a_class_of_an_issuer_that_we_left_is_passed_over(store: Store) -> None:
    ids = await know(store, p1=True)
    google = Google({"33.A": [[(ids[0], False)]], "33.B": [[]]}, failures=[CredentialMissing("google", "connect one")])
    await night(store, google)
    assert google.places() == [("33.A", None), ("33.B", None)]


async def test_a_night_without_any_class_ends_at_once(store: Store) -> None:
    await set_up(store)
    ended = await night(store, Google({}))
    assert (ended.done, ended.error) == (0, "")


async def test_no_hour_means_no_nights(store: Store) -> None:
    await set_up(store, None)
    found = await store.read(lambda tx: tx.jobs.due(2**60, 10))
    assert RECONCILE_JOB not in {one.kind for one in found}


async def test_schedules_leave_room_for_what_somebody_waits_for(store: Store) -> None:
    """Two long nights at most at a time; a template's publication goes on meanwhile."""
    begun: list[str] = []
    free = asyncio.Event()

    async def long(job: Job) -> Step:
        begun.append(job.id)
        await free.wait()
        return lambda tx, job, now: replace(job, state="waiting", due_at_ms=2**50)

    for nth in range(5):
        await store.write(lambda tx, nth=nth: tx.jobs.start(Job(f"n{nth}", OURS, RECONCILE_JOB, {}, due_at_ms=1)))  # type: ignore[misc]
    await store.write(lambda tx: tx.jobs.start(Job("now", OURS, "k", {}, due_at_ms=2)))
    working = Runner(
        store, {}, poll_seconds=0.02, steps={"k": lambda tx, job, now: replace(job, state="done")}, visits={RECONCILE_JOB: long}
    )
    task = asyncio.create_task(working.run())

    async def published() -> bool:
        found = await store.read(lambda tx: tx.jobs.find(OURS, "now"))
        return found is not None and found.state == "done"

    await until_stored(published)
    assert len(begun) == runner.RECURRING_AT_ONCE
    free.set()
    working.stop()
    await task
