"""Each repository: what goes in comes out, and another scope sees none of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from billfold.domain.delivery import Delivered
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.keys import AccessKey
from billfold.ports import GoogleObject, Job, SavedAnswer, Store, StoredCredential, StoredImage, Tx, Workspace
from billfold.storage.events import LINES_KEPT
from storage.material import FOREIGN, NOW, OURS, PASS_TYPE, THEIRS, a_content, a_pass, a_template, pass_id, register, template_id

KEY = AccessKey("abcdefghij", OURS, "till", frozenset({"passes:read", "passes:write"}), bytes(range(32)), NOW, NOW + 5)


async def nobody_else_sees(store: Store, look: Callable[[Tx, Scope], object], nothing: object) -> None:
    for scope in FOREIGN:
        assert await store.read(lambda tx, scope=scope: look(tx, scope)) == nothing  # type: ignore[misc]


async def test_workspaces(store: Store) -> None:
    added = Workspace("zzzzz9", "Zoo", "Zoo & Söhne", NOW, 500)
    await store.write(lambda tx: tx.workspaces.add(added))
    assert await store.read(lambda tx: tx.workspaces.find("zzzzz9")) == added
    assert await store.read(lambda tx: tx.workspaces.find("nobody")) is None
    assert [one.id for one in await store.read(lambda tx: tx.workspaces.all())] == ["0ther1", "d3m0ab", "zzzzz9"]


async def test_each_scope_counts_its_own_changes(store: Store) -> None:
    assert await store.read(lambda tx: tx.numbers.current(OURS)) == 0
    assert [await store.write(lambda tx: tx.numbers.next(OURS)) for _ in range(3)] == [1, 2, 3]
    assert await store.write(lambda tx: tx.numbers.next(THEIRS)) == 1
    assert await store.read(lambda tx: tx.numbers.current(OURS)) == 3
    await nobody_else_sees(store, lambda tx, scope: tx.numbers.current(scope) in (0, 1), True)


async def test_a_restore_raises_the_numbers_above_what_phones_have_seen(store: Store) -> None:
    await store.write(lambda tx: tx.numbers.next(OURS))
    assert await store.write(lambda tx: tx.numbers.raise_by(OURS, 1_000_000)) == 1_000_001
    assert await store.write(lambda tx: tx.numbers.next(OURS)) == 1_000_002


@pytest.mark.requirement("S0-30")
async def test_access_keys(store: Store) -> None:
    await store.write(lambda tx: tx.keys.add(KEY))
    assert await store.read(lambda tx: tx.keys.find(OURS, KEY.id)) == KEY
    assert await store.read(lambda tx: tx.keys.list(OURS)) == [KEY]
    await nobody_else_sees(store, lambda tx, scope: (tx.keys.find(scope, KEY.id), tx.keys.list(scope)), (None, []))
    for scope in FOREIGN:
        assert not await store.write(lambda tx, scope=scope: tx.keys.revoke(scope, KEY.id, NOW))  # type: ignore[misc]
    await store.write(lambda tx: tx.keys.touch(OURS, KEY.id, NOW + 1))
    assert await store.write(lambda tx: tx.keys.revoke(OURS, KEY.id, NOW + 2))
    assert not await store.write(lambda tx: tx.keys.revoke(OURS, KEY.id, NOW + 3)), "it is revoked once"
    changed = replace(KEY, last_used_at_ms=NOW + 1, revoked_at_ms=NOW + 2)
    assert await store.read(lambda tx: tx.keys.find(OURS, KEY.id)) == changed


async def test_templates(store: Store) -> None:
    made = [a_template(nth) for nth in range(1, 6)]

    def add(tx: Tx) -> None:
        for one in made:
            tx.templates.add(one)

    await store.write(add)
    assert await store.read(lambda tx: tx.templates.find(OURS, made[0].id)) == made[0]
    first = await store.read(lambda tx: tx.templates.list(OURS, None, 3))
    rest = await store.read(lambda tx: tx.templates.list(OURS, first[-1].id, 3))
    assert first + rest == made
    changed = replace(made[0], name="New", revision=2, content=a_content("9"), number=8, updated_at_ms=NOW + 1)
    await store.write(lambda tx: tx.templates.replace(changed))
    assert await store.read(lambda tx: tx.templates.find(OURS, changed.id)) == changed
    await store.write(lambda tx: tx.templates.replace(replace(changed, scope=THEIRS, name="stolen")))
    assert await store.read(lambda tx: tx.templates.find(OURS, changed.id)) == changed
    await nobody_else_sees(
        store,
        lambda tx, scope: (tx.templates.find(scope, changed.id), tx.templates.list(scope, None, 9)),
        (None, []),
    )


async def test_a_pass_with_content_of_its_own(store: Store) -> None:
    made = a_pass()
    await store.write(lambda tx: tx.passes.add(made, "key"))
    assert await store.read(lambda tx: tx.passes.find(OURS, made.id)) == made
    assert await store.write(lambda tx: tx.passes.find_locked(OURS, made.id)) == made
    changed = replace(made, content=a_content("1,300"), fingerprint="other", number=5, updated_at_ms=NOW + 9, voided=True)
    await store.write(lambda tx: tx.passes.replace(changed))
    assert await store.read(lambda tx: tx.passes.find(OURS, made.id)) == changed
    await store.write(lambda tx: tx.passes.replace(replace(changed, scope=THEIRS, number=99)))
    assert await store.read(lambda tx: tx.passes.find(OURS, made.id)) == changed
    await nobody_else_sees(
        store,
        lambda tx, scope: (tx.passes.find(scope, made.id), tx.passes.list(scope, None, 9)),
        (None, []),
    )
    for scope in FOREIGN:
        assert await store.write(lambda tx, scope=scope: tx.passes.find_locked(scope, made.id)) is None  # type: ignore[misc]


async def test_what_a_pass_was_issued_under_never_changes(store: Store) -> None:
    made = a_pass()
    await store.write(lambda tx: tx.passes.add(made, "key"))
    tried = replace(made, pass_type="pass.other", issuer_id="2", issued_number=9, issued_at_ms=1)
    await store.write(lambda tx: tx.passes.replace(tried))
    assert await store.read(lambda tx: tx.passes.find(OURS, made.id)) == made


async def test_a_pass_from_a_template_knows_the_templates_number(store: Store) -> None:
    template = a_template(number=4)
    made = a_pass(content=None, template_id=template.id, values={"points": "7"})

    def add(tx: Tx) -> None:
        tx.templates.add(template)
        tx.passes.add(made, "key")

    await store.write(add)
    assert await store.read(lambda tx: tx.passes.find(OURS, made.id)) == replace(made, template_number=4)
    await store.write(lambda tx: tx.templates.replace(replace(template, number=9)))
    found = await store.read(lambda tx: tx.passes.find(OURS, made.id))
    assert found is not None
    assert (found.version, found.content, found.values) == (9, None, {"points": "7"})


async def test_passes_are_listed_page_by_page_also_of_one_template(store: Store) -> None:
    template = a_template()

    def add(tx: Tx) -> None:
        tx.templates.add(template)
        for nth in range(1, 8):
            tx.passes.add(a_pass(nth, template_id=template.id if nth % 2 else None, issued_at_ms=NOW + nth), "key")

    await store.write(add)
    everything = [pass_id(nth) for nth in range(1, 8)]
    first = await store.read(lambda tx: tx.passes.list(OURS, None, 4))
    rest = await store.read(lambda tx: tx.passes.list(OURS, first[-1].id, 4))
    assert [one.id for one in first + rest] == everything
    of_template = await store.read(lambda tx: tx.passes.list(OURS, pass_id(1), 9, template.id))
    assert [one.id for one in of_template] == [pass_id(3), pass_id(5), pass_id(7)]
    assert await store.read(lambda tx: tx.passes.list(OURS, None, 9, template_id(77))) == []
    assert await store.read(lambda tx: tx.passes.count_issued_since(OURS, NOW + 5)) == 3
    await nobody_else_sees(store, lambda tx, scope: tx.passes.count_issued_since(scope, 0), 0)


# --- registrations ---


async def test_a_device_registers_once_however_often_it_asks(store: Store) -> None:
    made = a_pass()
    await store.write(lambda tx: tx.passes.add(made, "key"))
    assert await store.write(lambda tx: register(tx, made, "phone")) is True
    assert await store.write(lambda tx: register(tx, made, "phone")) is False
    assert await store.read(lambda tx: tx.registrations.count(OURS, made.id)) == 1
    assert await store.read(lambda tx: tx.registrations.devices(OURS, made.id)) == [f"{PASS_TYPE}/phone"]
    await nobody_else_sees(
        store,
        lambda tx, scope: (tx.registrations.count(scope, made.id), tx.registrations.devices(scope, made.id)),
        (0, []),
    )


async def test_a_device_hears_of_what_changed_since_its_tag(store: Store) -> None:
    template = a_template(number=3)
    passes = [a_pass(1, number=2), a_pass(2, number=5), a_pass(3, number=1, content=None, template_id=template.id)]

    def add(tx: Tx) -> None:
        tx.templates.add(template)
        for one in passes:
            tx.passes.add(one, "key")
            register(tx, one, "phone", number=4 if one is passes[0] else 0)
        tx.passes.add(a_pass(4, number=50), "key")
        register(tx, a_pass(4), "watch")

    await store.write(add)

    async def changed(tag: int | None, device: str = "phone", pass_type: str = PASS_TYPE) -> tuple[list[str], int]:
        found, greatest = await store.read(lambda tx: tx.registrations.changed_since(OURS, pass_type, device, tag))
        return list(found), greatest

    first, second, third = (one.id for one in passes)
    assert await changed(None) == ([first, second, third], 5)
    assert await changed(2) == ([first, second, third], 5)
    assert await changed(3) == ([first, second], 5)
    assert await changed(4) == ([second], 5)
    assert await changed(5) == ([], 5)
    assert await changed(9) == ([], 9), "a tag never goes back"
    assert await changed(None, device="tablet") == ([], 0)
    assert await changed(None, pass_type="pass.other") == ([], 0)
    await store.write(lambda tx: tx.templates.replace(replace(template, number=8)))
    assert await changed(5) == ([third], 8)
    await nobody_else_sees(
        store,
        lambda tx, scope: tx.registrations.changed_since(scope, PASS_TYPE, "phone", None),
        ([], 0),
    )


async def test_a_device_that_registers_late_is_told_at_once(store: Store) -> None:
    made = a_pass(number=3)
    await store.write(lambda tx: tx.passes.add(made, "key"))
    await store.write(lambda tx: register(tx, made, "phone", number=7, want=True))
    [state] = await store.read(lambda tx: tx.deliveries.state(OURS, made.id))
    assert (state["wanted"], state["delivered"], state["due_at_ms"]) == (7, 0, NOW)


async def test_a_device_that_registers_in_time_is_told_nothing(store: Store) -> None:
    made = a_pass(number=3)
    await store.write(lambda tx: tx.passes.add(made, "key"))
    await store.write(lambda tx: register(tx, made, "phone"))
    assert await store.read(lambda tx: tx.deliveries.slices(NOW + 10**9)) == []


async def test_a_second_pass_that_is_wanted_is_told_though_the_first_ones_push_is_through(store: Store) -> None:
    """One row a device: what was delivered for one pass says nothing of another that came later."""
    first, second = a_pass(1), a_pass(2)

    def both(tx: Tx) -> None:
        tx.passes.add(first, "key")
        tx.passes.add(second, "key")
        register(tx, first, "phone")
        tx.deliveries.want_pass(OURS, first.id, PASS_TYPE, 9, NOW, 0)

    await store.write(both)

    def deliver(tx: Tx) -> None:
        rows = [row for slice_ in tx.deliveries.slices(NOW) for row in tx.deliveries.due(*slice_, NOW, 9)]
        tx.deliveries.settle([(row, Delivered()) for row in rows], NOW, 1_000)

    await store.write(deliver)
    await store.write(lambda tx: register(tx, second, "phone", number=9, want=True))
    assert len(await store.read(lambda tx: tx.deliveries.slices(NOW))) == 1


@pytest.mark.requirement("S0-41")
async def test_a_removed_pass_is_told_nothing_more(store: Store) -> None:
    first, second = a_pass(1), a_pass(2)

    def both(tx: Tx) -> None:
        for one in (first, second):
            tx.passes.add(one, "key")
            register(tx, one, "phone")

    await store.write(both)
    for scope in FOREIGN:
        assert not await store.write(lambda tx, scope=scope: tx.registrations.remove(scope, PASS_TYPE, "phone", first.id))  # type: ignore[misc]
    assert await store.write(lambda tx: tx.registrations.remove(OURS, PASS_TYPE, "phone", first.id)) is True
    assert await store.write(lambda tx: tx.registrations.remove(OURS, PASS_TYPE, "phone", first.id)) is False
    assert await store.write(lambda tx: tx.deliveries.want_pass(OURS, first.id, PASS_TYPE, 5, NOW, 0)) == 0
    assert await store.write(lambda tx: tx.deliveries.want_pass(OURS, second.id, PASS_TYPE, 5, NOW, 0)) == 1
    assert await store.write(lambda tx: tx.registrations.remove(OURS, PASS_TYPE, "phone", second.id)) is True
    assert await store.read(lambda tx: tx.deliveries.next_due_ms()) is None, "the device's row went with its last pass"


async def test_a_device_is_forgotten_only_if_it_registered_before(store: Store) -> None:
    held = [a_pass(1), a_pass(2)]

    def both(tx: Tx) -> None:
        for one in held:
            tx.passes.add(one, "key")
            register(tx, one, "phone", at_ms=NOW)

    await store.write(both)
    target = f"{PASS_TYPE}/phone"
    assert await store.write(lambda tx: tx.registrations.forget_device(OURS, target, NOW)) == []
    for scope in FOREIGN:
        assert await store.write(lambda tx, scope=scope: tx.registrations.forget_device(scope, target, None)) == []  # type: ignore[misc]
    assert await store.write(lambda tx: tx.registrations.forget_device(OURS, target, NOW + 1)) == [one.id for one in held]
    assert await store.write(lambda tx: tx.registrations.forget_device(OURS, target, None)) == []
    assert await store.read(lambda tx: tx.registrations.count(OURS, held[0].id)) == 0


# --- the rest ---


async def test_google_objects_and_classes(store: Store) -> None:
    made = a_pass()
    await store.write(lambda tx: tx.passes.add(made, "key"))
    state = GoogleObject(OURS, made.id, "class-1", {"points": "1"}, (NOW, NOW + 1))
    await store.write(lambda tx: tx.google.put(state))
    assert await store.read(lambda tx: tx.google.find(OURS, made.id)) == state
    await store.write(lambda tx: tx.google.put(replace(state, values={}, notified_ms=(), class_id="class-2")))
    await store.write(lambda tx: tx.google.set_has_users(OURS, made.id, True))
    for scope in FOREIGN:
        await store.write(lambda tx, scope=scope: tx.google.set_has_users(scope, made.id, False))  # type: ignore[misc]
    expected = GoogleObject(OURS, made.id, "class-2", {}, (), True)
    assert await store.read(lambda tx: tx.google.find(OURS, made.id)) == expected
    await store.write(lambda tx: tx.google.note_values(OURS, state.pass_id, {"points": "noted"}))
    assert await store.read(lambda tx: tx.google.find(OURS, state.pass_id)) == expected, "what Google has is known better"
    other = a_pass(77)
    await store.write(lambda tx: tx.passes.add(other, "key"))
    for value in ("first", "second"):
        await store.write(lambda tx, value=value: tx.google.note_values(OURS, other.id, {"points": value}))  # type: ignore[misc]
    noted = await store.read(lambda tx: tx.google.find(OURS, other.id))
    assert noted == GoogleObject(OURS, other.id, "", {"points": "first"})
    await store.write(lambda tx: tx.google.put_class(OURS, "class-1", "a"))
    await store.write(lambda tx: tx.google.put_class(OURS, "class-1", "b"))
    assert await store.read(lambda tx: tx.google.class_fingerprint(OURS, "class-1")) == "b"
    await nobody_else_sees(
        store,
        lambda tx, scope: (tx.google.find(scope, made.id), tx.google.class_fingerprint(scope, "class-1")),
        (None, None),
    )


async def test_a_callback_is_new_once_in_each_scope(store: Store) -> None:
    assert await store.write(lambda tx: tx.google.first_sight(OURS, "nonce", NOW)) is True
    assert await store.write(lambda tx: tx.google.first_sight(OURS, "nonce", NOW + 1)) is False
    assert await store.write(lambda tx: tx.google.first_sight(THEIRS, "nonce", NOW)) is True


async def test_events_are_read_as_they_were_appended_and_by_subject(store: Store) -> None:
    made = [
        Event(f"01-{9 - n}", OURS, NOW + n, EventKind.PASS_UPDATED, f"pass-{n % 2}", "apple", "key:k", {"devices": n, "kind": "x"})
        for n in range(6)
    ]

    def append(tx: Tx) -> None:
        for one in made:
            tx.events.append(one)

    await store.write(append)
    assert await store.read(lambda tx: tx.events.list(OURS, None, 4)) == made[:4]
    assert await store.read(lambda tx: tx.events.list(OURS, made[3].id, 4)) == made[4:]
    assert await store.read(lambda tx: tx.events.list(OURS, made[0].id, 9, "pass-0")) == made[2::2]
    await nobody_else_sees(store, lambda tx, scope: tx.events.list(scope, None, 9), [])


async def test_events_written_together_are_as_if_written_one_by_one(store: Store) -> None:
    made = [
        Event(
            f"02-{n:03}",
            (OURS, THEIRS)[n % 2],
            NOW + n,
            EventKind.PASS_FETCHED,
            f'Ünïcode "{n}"',
            "apple",
            "",
            {"version": n} if n else {},
        )
        for n in range(7)
    ]
    await store.write(lambda tx: tx.events.append_all(made))
    assert await store.read(lambda tx: tx.events.list(OURS, None, 9)) == made[::2]
    assert await store.read(lambda tx: tx.events.list(THEIRS, None, 9)) == made[1::2]
    await store.write(lambda tx: tx.events.append_all([]))


async def test_usage_is_counted_by_month_and_kind(store: Store) -> None:
    assert await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued")) == 1
    assert await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "issued", 4)) == 5
    await store.write(lambda tx: tx.usage.add(OURS, "2026-11", "updated"))
    await store.write(lambda tx: tx.usage.add(OURS, "2026-12", "issued"))
    assert await store.read(lambda tx: tx.usage.count(OURS, "2026-11")) == {"issued": 5, "updated": 1}
    await nobody_else_sees(store, lambda tx, scope: tx.usage.count(scope, "2026-11"), {})


async def test_answers_are_kept_by_idempotency_key(store: Store) -> None:
    answer = SavedAnswer("print", 201, b"\x00\xff body", NOW)
    await store.write(lambda tx: tx.idempotency.add(OURS, "k", answer))
    assert await store.read(lambda tx: tx.idempotency.find(OURS, "k")) == answer
    await nobody_else_sees(store, lambda tx, scope: tx.idempotency.find(scope, "k"), None)


async def test_pictures_and_where_they_came_from(store: Store) -> None:
    picture = StoredImage(OURS, "ab" * 32, 600, 200, {"logo@2x": "cd" * 32}, NOW)
    await store.write(lambda tx: tx.images.put(picture))
    more = replace(picture, variants={"logo@2x": "cd" * 32, "logo@3x": "ef" * 32})
    await store.write(lambda tx: tx.images.put(more))
    assert await store.read(lambda tx: tx.images.find(OURS, picture.hash)) == more
    url = "https://example.com/a.png"
    await store.write(lambda tx: tx.images.put_source(OURS, url, picture.hash, NOW))
    await store.write(lambda tx: tx.images.put_source(OURS, url, "ff" * 32, NOW + 1))
    assert await store.read(lambda tx: tx.images.source(OURS, url)) == ("ff" * 32, NOW + 1)
    await nobody_else_sees(
        store,
        lambda tx, scope: (tx.images.find(scope, picture.hash), tx.images.source(scope, url)),
        (None, None),
    )


async def test_what_is_made_of_one_picture_at_once_is_all_kept(store: Store) -> None:
    for nth in range(10):
        hash_ = f"{nth:064x}"
        made = [StoredImage(OURS, hash_, 6, 2, {f"{slot}@1x": "cd" * 32}, NOW) for slot in ("logo", "icon", "strip", "thumbnail")]
        await asyncio.gather(*(store.write(lambda tx, one=one: tx.images.put(one)) for one in made))  # type: ignore[misc]
        found = await store.read(lambda tx, hash_=hash_: tx.images.find(OURS, hash_))  # type: ignore[misc]
        assert found
        assert set(found.variants) == {"logo@1x", "icon@1x", "strip@1x", "thumbnail@1x"}


async def test_the_newest_credential_comes_first(store: Store) -> None:
    old = StoredCredential(OURS, "apple", "pass.a", {"team": "T"}, b"\x01sealed", NOW, NOW + 10**6)
    new = replace(old, name="pass.b", created_at_ms=NOW + 1, expires_at_ms=None)
    for one in (old, new, replace(old, kind="google")):
        await store.write(lambda tx, one=one: tx.credentials.put(one))  # type: ignore[misc]
    assert await store.read(lambda tx: tx.credentials.list(OURS, "apple")) == [new, old]
    renewed = replace(old, sealed=b"\x01other", created_at_ms=NOW + 2)
    await store.write(lambda tx: tx.credentials.put(renewed))
    assert await store.read(lambda tx: tx.credentials.find(OURS, "apple", "pass.a")) == renewed
    assert await store.read(lambda tx: tx.credentials.list(OURS, "apple")) == [renewed, new]
    await nobody_else_sees(
        store,
        lambda tx, scope: (tx.credentials.find(scope, "apple", "pass.a"), tx.credentials.list(scope, "apple")),
        (None, []),
    )


async def test_the_device_log_keeps_the_newest_lines(store: Store) -> None:
    await store.write(lambda tx: tx.device_log.add(OURS, [f"line {n}" for n in range(LINES_KEPT)], NOW))
    await store.write(lambda tx: tx.device_log.add(OURS, ["one more", "and one"], NOW))
    lines = await store.read(lambda tx: tx.device_log.list(OURS, 5_000))
    assert len(lines) == LINES_KEPT
    assert [line for _, line in lines[:3]] == ["and one", "one more", f"line {LINES_KEPT - 1}"]
    assert lines[-1] == (NOW, "line 2")
    await nobody_else_sees(store, lambda tx, scope: tx.device_log.list(scope, 9), [])


async def test_jobs_are_due_until_they_end(store: Store) -> None:
    job = Job("job-1", OURS, "template.publish", {"number": 4}, total=10, due_at_ms=NOW)
    await store.write(lambda tx: tx.jobs.start(job))
    assert await store.read(lambda tx: tx.jobs.due(NOW - 1, 9)) == []
    assert await store.read(lambda tx: tx.jobs.due(NOW, 9)) == [job]
    await nobody_else_sees(store, lambda tx, scope: tx.jobs.find(scope, job.id), None)
    for state, is_due in (("running", True), ("paused", False), ("failed", False), ("cancelled", False), ("done", False)):
        changed = replace(job, state=state, cursor="x", done=3, failed=1, error="e")
        await store.write(lambda tx, changed=changed: tx.jobs.save(changed))  # type: ignore[misc]
        assert await store.write(lambda tx: tx.jobs.find_locked(OURS, job.id)) == changed
        assert bool(await store.read(lambda tx: tx.jobs.due(NOW, 9))) is is_due


async def test_a_slice_has_one_owner_until_its_lease_ends(store: Store) -> None:
    async def take(owner: str, now: int, slice_: str = "s", workspace: str = "d3m0ab") -> bool:
        return await store.write(lambda tx: tx.leases.take(workspace, slice_, owner, now, now + 100))

    assert await take("a", 0)
    assert not await take("b", 99)
    assert await take("a", 99), "its owner may renew it"
    assert not await take("b", 198)
    assert await take("b", 199)
    assert not await take("a", 200)
    assert await take("a", 200, slice_="other")
    assert await take("a", 200, workspace="0ther1")
    await store.write(lambda tx: tx.leases.release("b"))
    assert await take("c", 201)
    assert not await take("b", 202, slice_="other"), "only the owner's own leases were released"
