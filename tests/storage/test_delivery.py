"""Delivery rows: what is wanted, what is due when, and what an acknowledgement may and may not do."""

import pytest

from billfold.domain.delivery import (
    BUCKETS,
    Channel,
    CredentialRejected,
    Delivered,
    Due,
    Gone,
    Outcome,
    Parked,
    Priority,
    RetryLater,
)
from billfold.domain.passes import Pass
from billfold.ports import GoogleObject, Store, Tx
from billfold.storage.delivery import CREDENTIAL_WAIT_MS, bucket_of
from storage.material import FOREIGN, NOW, OURS, PASS_TYPE, a_pass, a_template, register

GAP = 1_000
TARGET = f"{PASS_TYPE}/phone"


async def issue(store: Store, *devices: str, nth: int = 1, **changes: object) -> Pass:
    """A pass, issued, held by `devices`."""

    def transaction(tx: Tx) -> Pass:
        made = a_pass(nth, number=tx.numbers.next(OURS), **changes)
        tx.passes.add(made, "key")
        for device in devices:
            register(tx, made, device)
        return made

    return await store.write(transaction)


async def want(store: Store, held: Pass, *, now: int = NOW, priority: int = Priority.INTERACTIVE) -> tuple[int, int]:
    """(the change number, how many are told)."""

    def transaction(tx: Tx) -> tuple[int, int]:
        number = tx.numbers.next(OURS)
        return number, tx.deliveries.want_pass(OURS, held.id, held.pass_type, number, now, priority)

    return await store.write(transaction)


async def due(store: Store, now: int = NOW, limit: int = 100) -> list[Due]:
    """Everything that is due, of all slices of all scopes."""

    def look(tx: Tx) -> list[Due]:
        return [row for slice_ in tx.deliveries.slices(now) for row in tx.deliveries.due(*slice_, now, limit)]

    return await store.read(look)


async def settle(store: Store, rows: list[Due], outcome: Outcome, now: int = NOW) -> None:
    await store.write(lambda tx: tx.deliveries.settle([(row, outcome) for row in rows], now, GAP))


async def row(store: Store, held: Pass, target: str = TARGET) -> dict[str, str | int]:
    states = await store.read(lambda tx: tx.deliveries.state(OURS, held.id))
    return next(state for state in states if state["target"] == target)


@pytest.mark.requirement("S0-39", "S3-27")
async def test_a_change_is_due_at_every_device_that_holds_the_pass_and_nowhere_else(store: Store) -> None:
    held = await issue(store, "phone", "watch")
    await issue(store, "stranger", nth=2)
    assert await due(store) == []
    number, told = await want(store, held)
    rows = await due(store)
    assert told == 2
    assert {(one.target, one.address, one.wanted, one.delivered) for one in rows} == {
        (f"{PASS_TYPE}/phone", "token-phone", number, 0),
        (f"{PASS_TYPE}/watch", "token-watch", number, 0),
    }


async def test_what_is_delivered_is_not_due_any_more(store: Store) -> None:
    held = await issue(store, "phone")
    number, _ = await want(store, held)
    await settle(store, await due(store), Delivered())
    assert await due(store, NOW + 10**9) == []
    assert (await row(store, held))["delivered"] == number


async def test_ten_changes_before_the_push_are_one_push(store: Store) -> None:
    held = await issue(store, "phone")
    for _ in range(10):
        number, told = await want(store, held)
        assert told == 1
    [one] = await due(store)
    assert one.wanted == number
    await settle(store, [one], Delivered())
    assert await due(store, NOW + 10**9) == []


async def test_a_change_during_a_push_is_pushed_again_after_the_gap(store: Store) -> None:
    held = await issue(store, "phone")
    first, _ = await want(store, held)
    claimed = await due(store)
    second, _ = await want(store, held, now=NOW + 10)
    await settle(store, claimed, Delivered(), NOW + 50)
    assert await due(store, NOW + 50 + GAP - 1) == []
    [again] = await due(store, NOW + 50 + GAP)
    assert (again.wanted, again.delivered) == (second, first)


async def test_a_late_acknowledgement_never_lowers_what_is_known(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    early = await due(store)
    second, _ = await want(store, held)
    await settle(store, await due(store), Delivered())
    await settle(store, early, Delivered(), NOW + 5)
    assert (await row(store, held))["delivered"] == second
    assert (await row(store, held))["wanted"] == second
    assert await due(store, NOW + 10**9) == []


async def test_two_changes_in_quick_succession_are_two_pushes_at_least_the_gap_apart(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    await settle(store, await due(store), Delivered(), NOW + 100)
    await want(store, held, now=NOW + 200)
    assert await due(store, NOW + 100 + GAP - 1) == []
    assert len(await due(store, NOW + 100 + GAP)) == 1


async def test_a_change_after_a_long_rest_is_due_at_once(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    await settle(store, await due(store), Delivered())
    await want(store, held, now=NOW + 60_000)
    assert len(await due(store, NOW + 60_000)) == 1


async def test_further_changes_never_put_off_a_push_that_is_due(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held, now=NOW)
    await want(store, held, now=NOW + 500)
    assert len(await due(store, NOW)) == 1


async def test_a_failure_waits_longer_each_time_but_never_above_30_seconds(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    now, waits = NOW, []
    for attempt in range(1, 9):
        [one] = await due(store, now)
        assert one.attempts == attempt - 1
        await settle(store, [one], RetryLater("503"), now)
        next_due = await store.read(lambda tx: tx.deliveries.next_due_ms())
        assert next_due is not None
        waits.append(next_due - now)
        assert await due(store, next_due - 1) == []
        now = next_due
    assert all(500 * 2**n <= wait <= 1_000 * 2**n for n, wait in enumerate(waits[:5]))
    assert all(15_000 <= wait <= 30_000 for wait in waits[5:])
    assert (await row(store, held))["last_error"] == "503"


async def test_a_new_change_ends_a_back_off_but_not_a_wait_that_the_other_side_asked_for(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    for _ in range(5):
        rows = await due(store, NOW)
        await settle(store, rows, RetryLater("reset", after_seconds=0))
    [one] = await due(store, NOW)
    await settle(store, [one], RetryLater("503"))
    await want(store, held, now=NOW + 100)
    [again] = await due(store, NOW + GAP)
    assert again.attempts == 0
    await settle(store, [again], RetryLater("429", after_seconds=60), NOW + GAP)
    await want(store, held, now=NOW + GAP + 100)
    assert await due(store, NOW + GAP + 59_999) == []
    assert len(await due(store, NOW + GAP + 60_000)) == 1


async def test_what_is_parked_waits_for_the_next_change(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    await settle(store, await due(store), Parked("400 BadTopic"))
    assert await due(store, NOW + 10**9) == []
    assert await store.read(lambda tx: tx.deliveries.next_due_ms()) is None
    state = await row(store, held)
    assert (state["parked"], state["attempts"], state["last_error"]) == (1, 1, "400 BadTopic")
    await want(store, held, now=NOW + 5_000)
    [one] = await due(store, NOW + 5_000)
    assert one.attempts == 0


async def test_a_change_during_a_push_that_ends_in_parking_is_not_parked(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    claimed = await due(store)
    await want(store, held)
    await settle(store, claimed, Parked("413"))
    assert len(await due(store)) == 1


async def test_a_refused_credential_counts_no_attempt_and_waits(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    await settle(store, await due(store), CredentialRejected("403 BadCertificate"))
    assert await due(store, NOW + CREDENTIAL_WAIT_MS - 1) == []
    [one] = await due(store, NOW + CREDENTIAL_WAIT_MS)
    assert one.attempts == 0


async def test_a_dead_device_is_forgotten_with_its_registrations(store: Store) -> None:
    held = await issue(store, "phone", "watch")
    await want(store, held)
    [phone] = [one for one in await due(store) if one.target == TARGET]
    await settle(store, [phone], Gone("410 Unregistered", since_ms=NOW + 1))
    assert await store.read(lambda tx: tx.registrations.devices(OURS, held.id)) == [f"{PASS_TYPE}/watch"]
    assert [one.target for one in await due(store)] == [f"{PASS_TYPE}/watch"]


async def test_a_device_that_registered_after_its_token_died_stays(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    claimed = await due(store)
    await store.write(lambda tx: register(tx, held, "phone", at_ms=NOW + 5_000))
    await settle(store, claimed, Gone("410 Unregistered", since_ms=NOW + 4_000), NOW + 6_000)
    assert await store.read(lambda tx: tx.registrations.count(OURS, held.id)) == 1


async def test_a_new_push_token_during_a_push_is_pushed_whatever_became_of_the_old_one(store: Store) -> None:
    held = await issue(store, "phone")
    number, _ = await want(store, held)
    claimed = await due(store)
    await store.write(lambda tx: register(tx, held, "phone", token="new", at_ms=NOW + 1))
    for outcome in (Delivered(), Gone("400 BadDeviceToken"), Parked("?"), RetryLater("?", 99), CredentialRejected("?")):
        await settle(store, claimed, outcome, NOW + 2)
        [one] = await due(store, NOW + 2)
        assert (one.address, one.wanted, one.delivered, one.attempts) == ("new", number, 0, 0)


@pytest.mark.requirement("S0-09")
async def test_a_new_push_token_ends_parking_and_back_off(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    await settle(store, await due(store), RetryLater("503"))
    await settle(store, await due(store, NOW + 1_000), Parked("?"), NOW + 1_000)
    await store.write(lambda tx: register(tx, held, "phone", token="new", at_ms=NOW + 2_000))
    [one] = await due(store, NOW + 2_000)
    assert (one.address, one.attempts) == ("new", 0)


async def test_what_somebody_waits_for_goes_before_broadcasts(store: Store) -> None:
    passes = [await issue(store, f"phone-{n}", nth=n) for n in range(1, 40)]
    levels = (Priority.BROADCAST, Priority.NEW, Priority.INTERACTIVE)
    for n, held in enumerate(passes):
        await want(store, held, now=NOW - 100 + n, priority=levels[n % 3])
    slices = await store.read(lambda tx: tx.deliveries.slices(NOW))
    urgency = await store.read(lambda tx: tx.deliveries.urgency(NOW))
    seen = set()
    for slice_ in slices:
        rows = await store.read(lambda tx, slice_=slice_: tx.deliveries.due(*slice_, NOW, 100))  # type: ignore[misc]
        order = [(levels[int(one.target.rsplit("-")[1]) % 3 - 1], one.wanted) for one in rows]
        assert order == sorted(order)
        assert [one.priority for one in rows] == [level for level, _ in order]
        assert urgency[slice_] == order[0][0]
        first = {rows[0].target}
        rest = await store.read(lambda tx, s=slice_, first=first: tx.deliveries.due(*s, NOW, 100, first))  # type: ignore[misc]
        assert rest == rows[1:]
        seen |= {one.target for one in rows}
    assert len(seen) == 39


async def test_a_batch_is_no_longer_than_asked(store: Store) -> None:
    for n in range(1, 30):
        await want(store, await issue(store, "phone", nth=n, pass_type=f"pass.{n}"))
    for slice_ in await store.read(lambda tx: tx.deliveries.slices(NOW)):
        assert len(await store.read(lambda tx, slice_=slice_: tx.deliveries.due(*slice_, NOW, 2))) <= 2  # type: ignore[misc]


async def test_a_target_keeps_its_slice_for_ever(store: Store) -> None:
    """Written down, because it is kept in the rows. Neighbours share a slice; names that are no hex digits are spread by a hash."""
    assert [bucket_of(Channel.APPLE, f"pass.example/{digit}0") for digit in "0123456789abcdefF"] == [
        *(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7)
    ]
    assert [bucket_of(Channel.APPLE, f"pass.example/x{n}") for n in range(4)] == [1, 7, 5, 3]
    assert {bucket_of(Channel.GOOGLE, f"x{n}") for n in range(50)} == {0}
    assert {bucket_of(Channel.APPLE, f"x{n}") for n in range(200)} == set(range(BUCKETS[Channel.APPLE]))


async def test_a_google_object_is_wanted_from_the_issue_on_and_told_of_changes(store: Store) -> None:
    held = await issue(store)
    await store.write(lambda tx: tx.deliveries.want_object(OURS, held.id, held.number, NOW, Priority.NEW))
    [one] = await due(store)
    assert (one.channel, one.target, one.address, one.wanted) == (Channel.GOOGLE, held.id, "", held.number)
    await settle(store, [one], Delivered())
    number, told = await want(store, held, now=NOW + 5_000)
    assert told == 0, "nobody has saved it"
    await store.write(lambda tx: tx.google.put(GoogleObject(OURS, held.id, "class", {}, has_users=True)))
    number, told = await want(store, held, now=NOW + 5_000)
    assert told == 1
    [again] = await due(store, NOW + 5_000)
    assert again.wanted == number


async def test_wanting_an_object_again_raises_its_row_and_keeps_the_gap(store: Store) -> None:
    held = await issue(store)
    await store.write(lambda tx: tx.deliveries.want_object(OURS, held.id, 5, NOW, Priority.NEW))
    await settle(store, await due(store), Delivered())
    await store.write(lambda tx: tx.deliveries.want_object(OURS, held.id, 3, NOW + 10, Priority.NEW))
    assert await due(store, NOW + 10**6) == []
    await store.write(lambda tx: tx.deliveries.want_object(OURS, held.id, 6, NOW + 10, Priority.NEW))
    assert await due(store, NOW + GAP - 1) == []
    [one] = await due(store, NOW + GAP)
    assert one.wanted == 6


async def test_a_google_row_that_is_gone_is_forgotten_and_may_come_again(store: Store) -> None:
    held = await issue(store)
    await store.write(lambda tx: tx.deliveries.want_object(OURS, held.id, 1, NOW, Priority.NEW))
    await settle(store, await due(store), Gone("404"))
    assert await due(store) == []
    assert (await want(store, held))[1] == 0
    await store.write(lambda tx: tx.deliveries.want_object(OURS, held.id, 9, NOW, Priority.NEW))
    assert [one.wanted for one in await due(store)] == [9]


async def test_a_template_reaches_everybody_who_holds_one_of_its_passes_chunk_by_chunk(store: Store) -> None:
    template = a_template()
    await store.write(lambda tx: tx.templates.add(template))
    for n in range(1, 8):
        held = await issue(store, f"phone-{n}", nth=n, content=None, template_id=template.id)
        await store.write(lambda tx, held=held: tx.deliveries.want_object(OURS, held.id, 1, NOW, Priority.NEW))  # type: ignore[misc]
    await issue(store, "other", nth=99)
    await settle(store, await due(store), Delivered())
    later = NOW + 5_000
    after: str | None = ""
    chunks = []
    while after is not None:
        after, wanted = await store.write(
            lambda tx, after=after: tx.deliveries.want_template(OURS, template.id, 50, later, after, 3)  # type: ignore[misc]
        )
        chunks.append(wanted)
    assert chunks == [6, 6, 2]
    rows = await due(store, later)
    assert len(rows) == 14
    assert {one.wanted for one in rows} == {50}
    assert all("other" not in one.target for one in rows)


async def test_a_template_without_passes_wants_nothing(store: Store) -> None:
    template = a_template()
    await store.write(lambda tx: tx.templates.add(template))
    assert await store.write(lambda tx: tx.deliveries.want_template(OURS, template.id, 5, NOW, "", 10)) == (None, 0)


async def test_slices_name_only_what_is_due_now(store: Store) -> None:
    held = await issue(store, *(f"phone-{n}" for n in range(30)))
    await want(store, held, now=NOW + 100)
    assert await store.read(lambda tx: tx.deliveries.slices(NOW + 99)) == []
    slices = await store.read(lambda tx: tx.deliveries.slices(NOW + 100))
    assert {(scope, channel) for scope, channel, _ in slices} == {(OURS, Channel.APPLE)}
    assert [bucket for _, _, bucket in slices] == list(range(8))
    assert await store.read(lambda tx: tx.deliveries.next_due_ms()) == NOW + 100


async def test_another_scope_neither_sees_nor_moves_a_row(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    [one] = await due(store)
    for scope in FOREIGN:
        foreign = one._replace(scope=scope)
        assert await store.read(lambda tx, s=scope: tx.deliveries.due(s, one.channel, one.bucket, NOW, 9)) == []  # type: ignore[misc]
        assert await store.read(lambda tx, s=scope: tx.deliveries.state(s, held.id)) == []  # type: ignore[misc]
        told = await store.write(lambda tx, s=scope: tx.deliveries.want_pass(s, held.id, PASS_TYPE, 99, NOW, 0))  # type: ignore[misc]
        assert told == 0
        for outcome in (Delivered(), Parked("x"), Gone("x"), RetryLater("x"), CredentialRejected("x")):
            await settle(store, [foreign], outcome)
    assert await due(store) == [one]


async def test_an_error_text_is_kept_short(store: Store) -> None:
    held = await issue(store, "phone")
    await want(store, held)
    await settle(store, await due(store), RetryLater("x" * 5_000))
    assert len(str((await row(store, held))["last_error"])) == 300


async def test_one_batch_may_end_in_every_way(store: Store) -> None:
    outcomes: list[Outcome] = [Delivered(), Parked("x"), Gone("x"), RetryLater("x"), CredentialRejected("x")]
    held = await issue(store, *(f"d{n}" for n in range(len(outcomes))))
    await want(store, held)
    rows = sorted(await due(store), key=lambda one: one.target)
    await store.write(lambda tx: tx.deliveries.settle(list(zip(rows, outcomes, strict=True)), NOW, GAP))
    states = {state["target"]: state for state in await store.read(lambda tx: tx.deliveries.state(OURS, held.id))}
    assert sorted(str(target).partition("/")[2] for target in states) == ["d0", "d1", "d3", "d4"]
    assert await due(store, NOW + 499) == []
    assert {one.target for one in await due(store, NOW + 10**6)} == {f"{PASS_TYPE}/d3", f"{PASS_TYPE}/d4"}
