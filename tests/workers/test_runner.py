"""A worker brings every due row to its wallet, once at a time, fairly, and leaves nothing behind that another could not take up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from billfold.domain.delivery import Channel, Outcome, Parked, Priority
from billfold.domain.errors import CredentialMissing
from billfold.domain.ids import Scope
from billfold.ports import Job, Store, Tx
from billfold.workers.jobs import STEPS, Step
from billfold.workers.runner import Runner
from billfold.workers.slices import Publisher
from storage.material import OURS, THEIRS, a_pass, a_template, register
from workers.publishers import BrokenWallet, NotingWallet, StuckWallet

TIMEOUT_SECONDS = 30
"""Only a broken worker takes so long."""


async def hold(store: Store, devices: int, scope: Scope = OURS, nth: int = 1) -> str:
    """A pass on so many devices, each with a wish that is due."""

    def transaction(tx: Tx) -> str:
        held = a_pass(nth, scope=scope)
        tx.passes.add(held, "key")
        for number in range(devices):
            register(tx, held, f"phone-{number}")
        return held.id

    pass_id = await store.write(transaction)
    await want(store, scope, nth)
    return pass_id


async def want(store: Store, scope: Scope = OURS, nth: int = 1, priority: int = Priority.INTERACTIVE) -> None:
    held, now = a_pass(nth, scope=scope), await store.now_ms()
    await store.write(
        lambda tx: tx.deliveries.want_pass(scope, held.id, held.pass_type, tx.numbers.next(scope), now, priority),
    )


async def states(store: Store, scope: Scope = OURS, nth: int = 1) -> list[dict[str, str | int]]:
    return await store.read(lambda tx: tx.deliveries.state(scope, a_pass(nth, scope=scope).id))


async def until(condition: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return condition()

    await until_stored(asked)


async def until_stored(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.005)


async def until_states(store: Store, condition: Callable[[list[dict[str, str | int]]], bool], scope: Scope = OURS) -> None:
    async def asked() -> bool:
        return condition(await states(store, scope))

    await until_stored(asked)


async def until_done(store: Store) -> None:
    await until_states(store, lambda found: all(one["delivered"] == one["wanted"] for one in found))


@asynccontextmanager
async def working(
    store: Store,
    apple: Publisher,
    google: Publisher | None = None,
    *,
    batch: int = 500,
    slices_at_once: int = 16,
    steps: Mapping[str, Step] = STEPS,
    poll_seconds: float = 0.05,
) -> AsyncIterator[Runner]:
    wallets = {Channel.APPLE: apple, Channel.GOOGLE: google or apple}
    runner = Runner(store, wallets, poll_seconds=poll_seconds, batch=batch, slices_at_once=slices_at_once, steps=steps, gap_ms=20)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await task


async def test_what_was_due_before_the_start_is_delivered(store: Store) -> None:
    await hold(store, 3)
    wallet = NotingWallet()
    async with working(store, wallet):
        await until_done(store)
    assert wallet.targets.total() == 3


async def test_a_wish_is_delivered_at_once_when_the_worker_is_woken(store: Store) -> None:
    wallet = NotingWallet()
    async with working(store, wallet, poll_seconds=3_600) as runner:
        await asyncio.sleep(0.1)
        await hold(store, 1)
        runner.wake()
        await until_done(store)


async def test_nobody_needs_to_wake_a_worker(store: Store) -> None:
    wallet = NotingWallet()
    async with working(store, wallet):
        await asyncio.sleep(0.1)
        await hold(store, 1)
        await until_done(store)


async def test_many_batches_are_under_way_but_never_a_row_twice(store: Store) -> None:
    await hold(store, 300)
    wallet = NotingWallet(seconds=0.01)
    async with working(store, wallet, batch=10):
        await until_done(store)
    assert wallet.doubled == set()
    assert set(wallet.targets.values()) == {1}
    assert wallet.targets.total() == 300
    assert max(wallet.batches) <= 10


async def test_a_wallet_gets_no_more_rows_at_once_than_it_can_make_use_of(store: Store) -> None:
    await hold(store, 30)
    wallet = NotingWallet(rows=4)
    async with working(store, wallet):
        await until_done(store)
    assert max(wallet.batches) == 4


async def test_a_wish_that_comes_during_its_push_is_delivered_too(store: Store) -> None:
    await hold(store, 20)
    wallet = NotingWallet(seconds=0.02)
    async with working(store, wallet) as runner:
        for _ in range(10):
            await want(store)
            runner.wake()
            await asyncio.sleep(0.01)
        await until_done(store)
    assert wallet.doubled == set()
    last = await store.read(lambda tx: tx.numbers.current(OURS))
    assert {one["delivered"] for one in await states(store)} == {last}


async def test_a_wallet_that_fails_is_tried_again_later(store: Store) -> None:
    await hold(store, 2)
    wallet = BrokenWallet(OSError("no route"))
    async with working(store, wallet):
        await until(lambda: wallet.calls > 0)
        await until_states(store, lambda found: {one["attempts"] for one in found} != {0})
    assert {one["last_error"] for one in await states(store)} <= {"OSError", ""}
    healed = NotingWallet()
    async with working(store, healed):
        await until_done(store)


async def test_a_missing_credential_counts_no_attempt_and_says_what_to_do(store: Store) -> None:
    await hold(store, 1)
    wallet = BrokenWallet(CredentialMissing("apple", "run billfold certs import"))
    async with working(store, wallet):
        await until_states(store, lambda found: bool(found[0]["last_error"]))
    [state] = await states(store)
    assert state["attempts"] == 0
    assert "certs import" in str(state["last_error"])


async def test_an_answer_that_does_not_cover_all_rows_is_no_answer(store: Store) -> None:
    class ShortWallet(NotingWallet):
        async def publish(self, scope: Scope, due: object) -> list[Outcome]:  # type: ignore[override]
            return []

    await hold(store, 2)
    async with working(store, ShortWallet()):
        await until_states(store, lambda found: all(one["last_error"] for one in found))
    assert all(one["delivered"] == 0 for one in await states(store))


async def test_a_wallet_that_hangs_holds_up_nobody_else(store: Store) -> None:
    pass_id = await hold(store, 5)
    stuck, wallet = StuckWallet(), NotingWallet()
    now = await store.now_ms()
    await store.write(lambda tx: tx.deliveries.want_object(OURS, a_pass().id, 1, now, Priority.NEW))
    async with working(store, wallet, stuck):
        await until(stuck.reached.is_set)
        await want(store)
        await until(lambda: wallet.targets.total() >= 5)
        assert pass_id not in wallet.targets
        stuck.freed.set()
        await until_done(store)


async def test_parked_rows_stay_where_people_see_them(store: Store) -> None:
    await hold(store, 1)
    wallet = NotingWallet(lambda _: Parked("400 TopicDisallowed"))
    async with working(store, wallet):
        await until(lambda: bool(wallet.seen))
        await until_states(store, lambda found: bool(found[0]["parked"]))
        await asyncio.sleep(0.2)
    assert len(wallet.seen) == 1
    assert (await states(store))[0]["last_error"] == "400 TopicDisallowed"


async def test_a_workspace_with_much_to_do_leaves_places_for_another(store: Store) -> None:
    """The first has far more than both places can do in the test; the second is served while the first still waits."""
    await hold(store, 400)
    wallet = NotingWallet(seconds=0.02)
    async with working(store, wallet, batch=1, slices_at_once=2) as runner:
        await until(lambda: len(wallet.seen) >= 10)
        await hold(store, 1, THEIRS)
        runner.wake()
        await until(lambda: any(one.scope == THEIRS for one in wallet.seen))
        assert len(wallet.seen) < 390


async def test_two_workers_share_the_work_and_push_nothing_twice(store: Store) -> None:
    await hold(store, 400)
    first, second = NotingWallet(seconds=0.01), NotingWallet(seconds=0.01)
    async with working(store, first, batch=20, slices_at_once=4), working(store, second, batch=20, slices_at_once=4):
        await until_done(store)
    assert set((first.targets + second.targets).values()) == {1}
    assert (first.targets + second.targets).total() == 400


async def test_a_stopped_worker_gives_its_slices_back(store: Store) -> None:
    await hold(store, 10)
    async with working(store, NotingWallet()):
        await until_done(store)
    await asyncio.sleep(0.03)
    await want(store)
    async with working(store, NotingWallet()):
        await until_done(store)


async def test_a_stopping_worker_lets_pushes_end(store: Store) -> None:
    await hold(store, 5)
    wallet = NotingWallet(seconds=0.2)
    async with working(store, wallet):
        await until(lambda: bool(wallet.batches))
    assert {one["delivered"] == one["wanted"] for one in await states(store) if one["target"] in wallet.targets} == {True}


# --- jobs ---


async def publish_job(store: Store, passes: int) -> Job:
    template = a_template()

    def transaction(tx: Tx) -> Job:
        tx.templates.add(template)
        for nth in range(1, passes + 1):
            held = a_pass(nth, content=None, template_id=template.id)
            tx.passes.add(held, "key")
            register(tx, held, f"phone-{nth}")
        job = Job("job-1", OURS, "template.publish", {"template_id": template.id, "number": 7})
        tx.jobs.start(job)
        return job

    return await store.write(transaction)


async def finished(store: Store, job: Job) -> Job:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            found = await store.read(lambda tx: tx.jobs.find(job.scope, job.id))
            assert found is not None
            if found.state in ("done", "failed", "cancelled"):
                return found
            await asyncio.sleep(0.005)


async def test_a_published_template_reaches_everybody(store: Store) -> None:
    job = await publish_job(store, 30)
    wallet = NotingWallet()
    async with working(store, wallet):
        ended = await finished(store, job)
        await until(lambda: len(wallet.seen) == 30)
    assert (ended.state, ended.done) == ("done", 30)
    assert {one.wanted for one in wallet.seen} == {7}


def counting_step(tx: Tx, job: Job, now_ms: int) -> Job:
    """Counts to params["to"], one a chunk."""
    done = job.done + 1
    return replace(job, state="done" if done >= int(job.params["to"]) else "running", done=done, cursor=str(done))


async def test_a_job_goes_on_where_it_stood(store: Store) -> None:
    job = Job("job-1", OURS, "count", {"to": 10}, state="running", cursor="6", done=6)
    await store.write(lambda tx: tx.jobs.start(job))
    async with working(store, NotingWallet(), steps={"count": counting_step}):
        ended = await finished(store, job)
    assert (ended.done, ended.cursor) == (10, "10")


async def test_a_paused_job_stands_still_until_it_is_resumed(store: Store) -> None:
    job = Job("job-1", OURS, "count", {"to": 1_000_000})
    await store.write(lambda tx: tx.jobs.start(job))

    def set_state(tx: Tx, state: str, to: int) -> int:
        found = tx.jobs.find_locked(OURS, job.id)
        assert found is not None
        tx.jobs.save(replace(found, state=state, params={"to": to}))
        return found.done

    async with working(store, NotingWallet(), steps={"count": counting_step}):
        await asyncio.sleep(0.1)
        paused_at = await store.write(lambda tx: set_state(tx, "paused", 1_000_000))
        await asyncio.sleep(0.3)
        found = await store.read(lambda tx: tx.jobs.find(OURS, job.id))
        assert found is not None
        assert (found.state, found.done) == ("paused", paused_at)
        await store.write(lambda tx: set_state(tx, "running", paused_at + 3))
        ended = await finished(store, job)
    assert ended.done == paused_at + 3


async def test_a_step_that_fails_keeps_its_rows_and_is_tried_again(store: Store) -> None:
    tries: list[int] = []

    def step(tx: Tx, job: Job, now_ms: int) -> Job:
        tx.usage.add(OURS, "2026-11", "chunk")
        tries.append(job.done)
        if len(tries) == 1:
            raise OSError("no")
        return replace(job, state="done", done=1)

    job = Job("job-1", OURS, "fail", {})
    await store.write(lambda tx: tx.jobs.start(job))
    async with working(store, NotingWallet(), steps={"fail": step}):
        ended = await finished(store, job)
    assert (ended.state, ended.done, ended.error) == ("done", 1, "OSError")
    assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {"chunk": 1}


async def test_a_job_of_two_workers_is_done_once(store: Store) -> None:
    job = Job("job-1", OURS, "count", {"to": 50})
    await store.write(lambda tx: tx.jobs.start(job))
    steps = {"count": counting_step}
    async with working(store, NotingWallet(), steps=steps), working(store, NotingWallet(), steps=steps):
        ended = await finished(store, job)
    assert ended.done == 50


async def test_a_job_of_an_unknown_kind_waits_for_a_release_that_knows_it(store: Store) -> None:
    job = Job("job-1", OURS, "from-the-future", {})
    await store.write(lambda tx: tx.jobs.start(job))
    async with working(store, NotingWallet()):
        await asyncio.sleep(0.2)
    assert await store.read(lambda tx: tx.jobs.find(OURS, job.id)) == job
