"""However many passes there are, no table of the console reads them all: what each engine plans, with 20,000 of them."""

from billfold.domain.events import Event, EventKind
from billfold.ports import Store, Tx
from billfold.storage import events, mail, passes, records, registrations
from billfold.storage.store import sqlite_path
from storage.material import NOW, OURS, THEIRS, a_pass, a_template, pass_id, register, template_id
from storage.plans import EVERY, Plans, plans_of

PAGE = {"limit": 51}
FOLLOWING = {"after": "e19900", "settled": events.UNSETTLED}
PLANS: Plans = {
    "some": (passes.EVERY, {"keys": '["p7", "p9"]'}, "pass"),
    "newest": (records.NEWEST, PAGE | {"at": 9_000, "id": "p9000"}, "ix_pass_newest"),
    "of a template": (passes.LIST_OF_TEMPLATE, PAGE | {"after": "p500", "template_id": template_id(1)}, "ix_pass_template"),
    "void": (records.VOID, PAGE | {"after": "p500"}, "ix_pass_void"),
    "void of a template": (records.VOID_OF_TEMPLATE, PAGE | {"after": "p500", "template_id": template_id(1)}, "ix_pass_"),
    "events of a pass": (events.NEWEST_OF, PAGE | {"subject": "p77"}, "ix_event_of_subject"),
    "events of a pass, on": (events.LIST_OF, PAGE | FOLLOWING | {"subject": "p77"}, "ix_event_of_subject"),
    "events, on": (events.LIST, PAGE | FOLLOWING, "ix_event_place"),
    "devices of a pass": (registrations.DEVICES, {"pass_id": "p77"}, "ix_registration_pass"),
    "mails of a pass": (mail.LIST_OF_PASS, PAGE | {"pass_id": "p77", "at": 9_000, "id": "m9000"}, "ix_mail_pass"),
    "mails of some passes": (mail.NEWEST_OF_PASSES, {"keys": '["p7", "p9"]', "each": 3}, "ix_mail_pass"),
    "mail by its ticket": (mail.BY_TICKET, {"ticket": "t77"}, "ix_mail_ticket"),
    "queued for an address": (mail.FORGET_QUEUED, {"address": "a", "brand": "", "at": 1, "error": ""}, "ix_mail_due"),
}
_TEMPLATE = f"CASE n % 20 WHEN 0 THEN '{template_id(1)}' ELSE '{template_id(2)}' END"
FILLING = (
    "INSERT INTO pass (workspace, environment, id, template_id, key_id, fingerprint, number, issued_number, issued_at_ms,"
    f" updated_at_ms, pass_type, issuer_id, voided) {EVERY} SELECT 'd3m0ab', 'test', 'p' || n, {_TEMPLATE}, 'k', 'f', 1, 1,"
    " n, n, 't', 'i', CASE n % 100 WHEN 0 THEN 1 ELSE 0 END FROM every",
    f"INSERT INTO event (workspace, environment, id, at_ms, kind, subject, wallet, cause, data, place) {EVERY}"
    " SELECT 'd3m0ab', 'test', 'e' || n, n, 'pass.issued', 'p' || n, '', '', '{}', n FROM every",
    f"INSERT INTO registration (workspace, environment, pass_type, device, pass_id, number, created_at_ms) {EVERY}"
    " SELECT 'd3m0ab', 'test', 't', 'd' || n, 'p' || n, 0, n FROM every",
    "INSERT INTO mail (workspace, environment, id, kind, recipient, address_mac, brand_id, pass_id, language, data, ticket, state,"
    f" attempts, due_at_ms, queued_at_ms, settled_at_ms) {EVERY} SELECT 'd3m0ab', 'test', 'm' || n, 'pass_link', '', 'a', '',"
    " 'p' || n, 'en', '{}', 't' || n, 'sent', 1, n, n, n FROM every",
)


def open_template(tx: Tx) -> None:
    tx.templates.add(a_template())
    tx.templates.add(a_template(2))


async def test_no_table_reads_it_all(store: Store, migrated_url: str) -> None:
    await store.write(open_template)
    plans = plans_of(migrated_url, FILLING, PLANS)
    wrong = [
        f"{name}:\n{plan}"
        for name, plan in plans.items()
        if PLANS[name][2] not in plan or "Seq Scan on" in plan.replace("Seq Scan on template", "") or "SCAN pass" in plan
    ]
    wrong += [f"{name} sorts:\n{plans[name]}" for name in ("newest",) if "Sort" in plans[name] or "ORDER BY" in plans[name]]
    if sqlite_path(migrated_url) is not None and "(place,id)>" not in plans["events, on"]:
        wrong.append(f"events, on reads from the beginning:\n{plans['events, on']}")
    assert wrong == [], "\n\n".join(wrong)


async def test_the_newest_come_first_and_pages_go_on_where_times_are_equal(store: Store) -> None:
    made = [a_pass(nth, issued_at_ms=NOW + nth // 3) for nth in range(1, 11)]

    def fill(tx: Tx) -> None:
        for one in made:
            tx.passes.add(one, "key")
        tx.passes.add(a_pass(1, THEIRS, issued_at_ms=NOW + 99), "key")

    await store.write(fill)
    expected = [one.id for one in sorted(made, key=lambda one: (one.issued_at_ms, one.id), reverse=True)]
    seen: list[str] = []
    last = None
    while page := await store.read(lambda tx, last=last: tx.records.newest(OURS, last, 3)):
        seen += [one.id for one in page]
        last = page[-1]
    assert seen == expected


async def test_void_ones_events_and_devices_are_those_of_the_scope(store: Store) -> None:
    def fill(tx: Tx) -> None:
        for nth in (1, 2, 3):
            tx.passes.add(a_pass(nth), "key")
            tx.passes.replace(a_pass(nth, voided=nth != 2))
        tx.passes.add(a_pass(1, THEIRS), "key")
        register(tx, a_pass(1), "d1", at_ms=NOW + 5)
        for at in (1, 2):
            tx.events.append(Event(f"e{at}", OURS, at, EventKind.PASS_FETCHED, pass_id(1)))
        tx.events.append(Event("e3", THEIRS, 3, EventKind.PASS_FETCHED, pass_id(1)))

    await store.write(fill)
    void = await store.read(lambda tx: tx.records.void(OURS, "", 10))
    assert {one.id for one in void} == {pass_id(1), pass_id(3)}
    events = await store.read(lambda tx: tx.records.newest_events(OURS, pass_id(1), 10))
    assert [one.id for one in events] == ["e2", "e1"]
    assert await store.read(lambda tx: tx.records.registered(OURS, pass_id(1))) == {"pass.example.card/d1": NOW + 5}
    assert await store.read(lambda tx: tx.records.registered(THEIRS, pass_id(1, THEIRS))) == {}
