"""Work goes to a few threads and its answer comes back to the loop that asked."""

import asyncio
import threading
import time

import pytest

from billfold.storage.threads import Threads


async def test_answers_and_errors_come_back_from_at_most_so_many_threads() -> None:
    threads, together = Threads(3, "some", 3), threading.Barrier(3)

    def work() -> str:
        together.wait(10)  # only three at once get past
        return threading.current_thread().name

    names = await asyncio.gather(*(threads.run(work) for _ in range(9)))
    assert set(names) == {"some-0", "some-1", "some-2"}

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await threads.run(fail)
    assert await threads.run(lambda: 5) == 5
    threads.close()


async def test_one_thread_is_enough_for_one_after_the_other() -> None:
    threads, names = Threads(3, "some", 3), set[str]()

    def become_free() -> None:  # it answers before it is
        while threads._working:
            time.sleep(0.001)

    for _ in range(5):
        names.add(await threads.run(lambda: threading.current_thread().name))
        await asyncio.wait_for(asyncio.to_thread(become_free), 10)
    threads.close()
    assert names == {"some-0"}


async def test_closing_waits_for_what_was_begun_and_whoever_left_is_not_told() -> None:
    threads, begun, go, done = Threads(1, "some", 1), threading.Event(), threading.Event(), list[int]()

    def work() -> None:
        begun.set()
        go.wait(10)
        done.append(1)

    left = asyncio.ensure_future(threads.run(work))
    await asyncio.to_thread(begun.wait, 10)
    left.cancel()
    go.set()
    await asyncio.to_thread(threads.close)
    assert done == [1]
    with pytest.raises(asyncio.CancelledError):
        await left


async def test_one_that_waits_makes_room_and_goes_on_at_once_afterwards() -> None:
    threads, order, waiting, go = Threads(2, "some", 1), list[str](), threading.Event(), threading.Event()

    def patient() -> None:
        order.append("asks")
        with threads.waiting():
            waiting.set()
            assert go.wait(10)
        order.append("has its answer")

    def busy() -> None:
        order.append("begins meanwhile")
        go.set()

    first = asyncio.ensure_future(threads.run(patient))
    assert await asyncio.to_thread(waiting.wait, 10)
    await threads.run(busy)
    await first
    assert order == ["asks", "begins meanwhile", "has its answer"]
    threads.close()


async def test_no_more_work_at_once_than_may_and_what_was_asked_for_is_done_before_the_end() -> None:
    threads, guard = Threads(4, "some", 2), threading.Lock()
    at_work, most, done = 0, 0, 0

    def work() -> None:
        nonlocal at_work, most, done
        with guard:
            at_work += 1
            most = max(most, at_work)
        sum(range(2_000))
        with guard:
            at_work -= 1
            done += 1

    await asyncio.gather(*(threads.run(work) for _ in range(50)))
    assert most <= 2
    asked = [asyncio.ensure_future(threads.run(work)) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.to_thread(threads.close)
    await asyncio.gather(*asked)
    assert done == 100
