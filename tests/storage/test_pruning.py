"""What was kept long enough is removed, the oldest first and so many at a time; what is younger, in use or another's stays."""

from collections.abc import Callable

import pytest

from billfold.domain.ids import Scope
from billfold.domain.keys import AccessKey
from billfold.domain.mail import Mail, MailKind, MailState, StoredMail
from billfold.domain.people import playground_key_name
from billfold.domain.schedules import Kept
from billfold.ports import Job, SavedAnswer, Store, Tx
from storage.material import FOREIGN, NOW, OURS, THEIRS

Add = Callable[[Tx, Scope, int, int], None]
"""(transaction, scope, nth, at): one row of that age."""


def add_idempotency(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    tx.idempotency.add(scope, f"key-{nth}", SavedAnswer("f", 201, b"{}", at_ms))


def add_callback(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    assert tx.google.first_sight(scope, f"nonce-{nth}", at_ms)


def add_job(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    state = ("done", "failed", "cancelled")[nth % 3]
    tx.jobs.start(Job(f"{scope.code}-{nth}", scope, "k", {}, state=state, due_at_ms=at_ms))


def add_lease(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    assert tx.leases.take(scope.workspace, f"job/{scope.code}-{nth}", "somebody", at_ms - 1, at_ms)


def add_source(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    tx.images.put_source(scope, f"https://example.com/{nth}.png", "ab" * 32, at_ms)


def add_line(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    tx.device_log.add(scope, [f"line {nth}"], at_ms)


def add_mail(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    mail = Mail(scope, f"mail-{nth}", "ada@example.com", MailKind.REMINDER)
    tx.mails.add(StoredMail(mail, "mac", f"ticket-{nth}", MailState.SENT, 1, at_ms, None, at_ms, at_ms))


def add_mail_count(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    tx.mails.count_up(scope, at_ms, "somebody")


def add_key(tx: Tx, scope: Scope, nth: int, at_ms: int) -> None:
    name = playground_key_name(f"person-{nth}", "session")
    tx.keys.add(AccessKey(f"lent-{nth}", scope, name, frozenset({"passes:read"}), b"digest", at_ms - 1, at_ms))


ADD: dict[Kept, Add] = {
    Kept.IDEMPOTENCY: add_idempotency,
    Kept.CALLBACK: add_callback,
    Kept.JOB: add_job,
    Kept.LEASE: add_lease,
    Kept.IMAGE_SOURCE: add_source,
    Kept.DEVICE_LOG: add_line,
    Kept.MAIL: add_mail,
    Kept.MAIL_ADDRESS: add_mail,
    Kept.MAIL_COUNT: add_mail_count,
    Kept.PLAYGROUND_KEY: add_key,
}


async def remove(store: Store, kept: Kept, before_ms: int, limit: int, scope: Scope = OURS) -> int:
    return await store.write(lambda tx: tx.pruning.remove_older(scope, kept, before_ms, limit))


@pytest.mark.parametrize("kept", Kept)
async def test_the_oldest_go_first_and_only_those_that_are_old_enough(store: Store, kept: Kept) -> None:
    def fill(tx: Tx) -> None:
        for nth in range(10):
            ADD[kept](tx, OURS, nth, NOW + nth)

    await store.write(fill)
    assert await remove(store, kept, NOW, 100) == 0, "what is from that very moment is not older"
    assert await remove(store, kept, NOW + 6, 4) == 4
    assert await remove(store, kept, NOW + 2, 100) == 0, "the oldest went first"
    assert await remove(store, kept, NOW + 6, 100) == 2
    assert await remove(store, kept, NOW + 100, 100) == 4
    assert await remove(store, kept, NOW + 100, 100) == 0


@pytest.mark.parametrize("kept", [one for one in Kept if one is not Kept.LEASE])
async def test_what_is_anothers_stays(store: Store, kept: Kept) -> None:
    for scope in FOREIGN:
        await store.write(lambda tx, scope=scope: ADD[kept](tx, scope, 1, NOW))  # type: ignore[misc]
    assert await remove(store, kept, NOW + 9, 100) == 0
    for scope in FOREIGN:
        assert await remove(store, kept, NOW + 9, 100, scope) == 1


async def test_keys_that_people_made_stay_when_they_have_ended(store: Store) -> None:
    made = AccessKey("abcdefghij", OURS, "till", frozenset({"passes:read"}), b"digest", 1, 2, revoked_at_ms=2)
    await store.write(lambda tx: tx.keys.add(made))
    assert await remove(store, Kept.PLAYGROUND_KEY, NOW, 100) == 0
    assert await store.read(lambda tx: tx.keys.find(OURS, made.id)) == made


async def test_leases_are_a_workspaces(store: Store) -> None:
    await store.write(lambda tx: add_lease(tx, THEIRS, 1, NOW))
    assert await remove(store, Kept.LEASE, NOW + 9, 100) == 0
    assert await remove(store, Kept.LEASE, NOW + 9, 100, THEIRS) == 1


async def test_a_job_that_has_not_ended_is_kept_however_old_it_is(store: Store) -> None:
    for state in ("waiting", "running", "paused"):
        job = Job(state, OURS, "k", {}, state=state, due_at_ms=1)
        await store.write(lambda tx, job=job: tx.jobs.start(job))  # type: ignore[misc]
    assert await remove(store, Kept.JOB, NOW, 100) == 0


async def test_a_schedule_is_made_once_and_then_left_as_it_is(store: Store) -> None:
    first, second = Job("j", OURS, "k", {}, due_at_ms=5), Job("j", OURS, "k", {}, due_at_ms=9)
    await store.write(lambda tx: tx.jobs.ensure(first))
    await store.write(lambda tx: tx.jobs.ensure(second))
    assert await store.read(lambda tx: tx.jobs.find(OURS, "j")) == first


async def test_the_operators_figures_of_jobs(store: Store) -> None:
    def fill(tx: Tx) -> None:
        for nth, (scope, state) in enumerate([(OURS, "waiting"), (THEIRS, "waiting"), (OURS, "done")]):
            tx.jobs.start(Job(f"j{nth}", scope, "k", {}, state=state, done=nth + 1, due_at_ms=NOW + nth))

    await store.write(fill)
    found = await store.read(lambda tx: tx.jobs.figures())
    assert sorted((one.kind, one.state, one.count, one.done, one.due_at_ms) for one in found) == [
        ("k", "done", 1, 3, NOW + 2),
        ("k", "waiting", 2, 3, NOW),
    ]


async def test_classes_come_one_after_the_other(store: Store) -> None:
    for class_id in ("1.b", "1.a"):
        await store.write(lambda tx, class_id=class_id: tx.google.put_class(OURS, class_id, "f"))  # type: ignore[misc]
    found = [await store.read(lambda tx, after=after: tx.google.next_class(OURS, after)) for after in ("", "1.a", "1.b")]  # type: ignore[misc]
    assert found == ["1.a", "1.b", None]
    assert await store.read(lambda tx: tx.google.next_class(THEIRS, "")) is None
