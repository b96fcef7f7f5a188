"""Devices and what they scanned without a network, on both engines: reference/reliability-security.md 3.8, item by item."""

import base64
import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from api.client import Answer, Client
from api.conftest import World, open_world, settings_for
from api.shop import Shop, new_id, open_shop
from billfold.api.v1.types import iso
from billfold.domain.loyalty import Card, Terminal
from billfold.domain.offline import code_text
from billfold.domain.schedules import HOUR_MS, MINUTE_MS
from billfold.flows.scans import devices, missing
from billfold.ports import Job, Tx
from clocks import FakeClock


@pytest.fixture
async def shop(world: World) -> Shop:
    return await open_shop(world)


def moment(at_ms: int) -> str:
    return iso(at_ms)


class Till:
    """A device that scans without a network and keeps what it did."""

    def __init__(self, shop: Shop, client: Client) -> None:
        self.shop, self.client, self.seq, self.grant = shop, client, 0, ""
        self.now = shop.services.clock.now_ms()

    async def sync(self) -> dict[str, object]:
        answer = await self.client.get("/v1/terminals/me/sync")
        assert answer.status == 200, answer.body
        self.grant = answer.json["offline"]["grant"]
        return dict(answer.json)

    def item(self, card: Card, action: str = "charge", /, at_ms: int = 0, **amounts: int) -> dict[str, object]:
        self.seq += 1
        body: dict[str, object] = {"id": new_id(), "pass_id": card.pass_id, "action": action, "amounts": amounts, "verified": True}
        return body | {"device_seq": self.seq, "occurred_at": moment(self.now - MINUTE_MS + at_ms)}

    async def send(self, *items: dict[str, object], sent_ms: int = 0) -> Answer:
        body = {"grant": self.grant, "sent_at": moment(self.now + sent_ms), "items": list(items)}
        answer = await self.client.post("/v1/scans/batch", body)
        assert answer.status == 200, answer.body
        return answer


def results(answer: Answer) -> list[tuple[str, str]]:
    return [(one["result"], one["code"]) for one in answer.json["results"]]


async def open_code(shop: Shop, terminal: Terminal, code: str) -> None:
    digest = hashlib.sha256(code.encode()).digest()
    until = shop.services.clock.now_ms() + HOUR_MS
    pin = await shop.services.scanning.pins.hash("4711")

    def transaction(tx: Tx) -> None:
        found = tx.terminals.find(terminal.scope, terminal.id)
        assert found
        tx.terminals.replace(replace(found, enrolment_hash=digest, enrolment_until_ms=until, pin_hash=pin))

    await shop.services.store.write(transaction)


async def revoke(shop: Shop, terminal: Terminal) -> None:
    def transaction(tx: Tx) -> None:
        found = tx.terminals.find(terminal.scope, terminal.id)
        assert found
        assert found.key_id
        now = shop.services.clock.now_ms()
        tx.terminals.replace(replace(found, revoked_at_ms=now))
        tx.keys.revoke(terminal.scope, found.key_id, now)

    await shop.services.store.write(transaction)


@pytest.mark.requirement("S2-06", "S2-42")
async def test_a_device_gets_its_token_for_a_code_once_and_the_token_scans(shop: Shop) -> None:
    await open_code(shop, shop.terminals[0], "ABCD-EFGH-JKLM")
    nobody = shop.client.with_key(None)
    enrolled = await nobody.post("/v1/terminals/enrol", {"code": "abcd-efgh-jklm"})
    assert enrolled.status == 201, enrolled.body
    assert enrolled.json["terminal"]["name"] == "Counter-01"
    assert (enrolled.json["environment"], enrolled.json["organization_name"]) == ("test", "Bayroast Coffee")
    assert (await nobody.post("/v1/terminals/enrol", {"code": "ABCD-EFGH-JKLM"})).problem == "unauthenticated"
    assert (await nobody.post("/v1/terminals/enrol", {"kode": 1})).paths == {"code"}
    assert (await shop.device.get("/v1/terminals/me")).status == 401, "the device before it is signed out"
    device = nobody.with_key(enrolled.json["token"])
    me = await device.get("/v1/terminals/me")
    assert (me.json["id"], me.json["pin"]) == (shop.terminals[0].id, True)
    assert (await device.post("/v1/terminals/me/pin", {"pin": "4711"})).status == 204
    assert (await device.post("/v1/terminals/me/pin", {"pin": "4712"})).json["errors"][0]["code"] == "pin_wrong"
    card = await shop.card(EUR=500)
    done = await device.post("/v1/scans", {"id": new_id(), "pass_id": card.pass_id, "action": "charge", "amounts": {"EUR": 1}})
    assert done.status == 201
    assert (await device.get("/v1/passes")).status == 403, "a terminal scans and does nothing else"


async def test_a_sync_has_all_that_a_device_needs_to_verify_a_card_itself(shop: Shop) -> None:
    card = await shop.card()
    synced = await Till(shop, shop.device).sync()
    assert {one["name"] for one in synced["products"]} >= {"Espresso", "Tea"}  # type: ignore[index, attr-defined]
    key = synced["public_key"]
    assert isinstance(key, dict)
    numbers = [int.from_bytes(base64.urlsafe_b64decode(key[one] + "=="), "big") for one in ("x", "y")]
    text = code_text(card.pass_id, None)
    raw = base64.urlsafe_b64decode(shop.services.scanning.codes.sign(card.scope, text) + "==")
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicNumbers(numbers[0], numbers[1], ec.SECP256R1()).public_key()
    public.verify(signature, text.encode(), ec.ECDSA(SHA256()))
    blocked = await shop.card("coupon")
    await shop.device.post("/v1/scans", {"id": new_id(), "pass_id": blocked.pass_id, "action": "redeem"})
    assert (await Till(shop, shop.device).sync())["voided"] == [blocked.pass_id]


@pytest.mark.requirement("S2-35")
async def test_a_queue_that_is_cut_shuffled_and_sent_three_times_counts_once(shop: Shop) -> None:
    """Stolen or replayed: three times, in any order, from clocks three hours off, with numbers missing. Balances equal a model."""
    cards = [await shop.card(EUR=5_000) for _ in range(3)]
    till, chance = Till(shop, shop.device), random.Random(20261125)
    await till.sync()
    model = {card.pass_id: 5_000 for card in cards}
    queue = []
    for _ in range(12):
        card, amount = chance.choice(cards), chance.randint(1, 300)
        queue.append(till.item(card, EUR=amount, at_ms=chance.choice((-3, 0, 3)) * HOUR_MS))
        model[card.pass_id] -= amount
        if chance.random() < 0.3:
            till.seq += 1  # a number that never comes
    seen: set[str] = set()
    for sent in (queue[:5], queue, chance.sample(queue, len(queue)), queue[::-1]):
        answer = await till.send(*sent, sent_ms=chance.choice((-3, 3)) * HOUR_MS)
        for item, one in zip(sent, answer.json["results"], strict=True):
            assert one["id"] == item["id"]
            assert (one["result"] == "replayed") == (one["id"] in seen)
            assert one["result"] in ("applied", "flagged", "replayed")
            seen.add(one["id"])
    assert {card.pass_id: (await shop.balances(card))["EUR"] for card in cards} == model
    assert answer.json["last_device_seq"] == queue[-1]["device_seq"]


async def test_each_item_has_its_own_answer(shop: Shop) -> None:
    card, poor = await shop.card(EUR=1_000), await shop.card()
    till = Till(shop, shop.device)
    await till.sync()
    good = till.item(card, EUR=100)
    unknown = till.item(card, EUR=1) | {"pass_id": "mine00t-" + "z" * 22}
    answer = await till.send(
        good,
        till.item(card, EUR=1) | {"amounts": {"EUR": -1}},
        till.item(card, EUR=1) | {"amounts": {"USD": 1}},
        unknown,
        till.item(card, EUR=1) | {"id": good["id"]},
        till.item(card, EUR=1) | {"verified": False},
        till.item(card, EUR=200),
    )
    assert results(answer) == [
        ("applied", ""),
        ("declined", "invalid_input"),
        ("declined", "invalid_input"),
        ("declined", "code_unknown"),
        ("declined", "idempotency_key_reused"),
        ("quarantined", "unverified"),
        ("applied", ""),
    ]
    assert (await shop.balances(card))["EUR"] == 700
    assert poor.pass_id != card.pass_id


async def test_beyond_its_grant_and_with_a_wrong_clock_a_scan_is_booked_and_flagged(shop: Shop) -> None:
    card = await shop.card(EUR=90_000)
    till = Till(shop, shop.device)
    await till.sync()
    within, beyond = till.item(card, EUR=9_000), till.item(card, EUR=2_000)
    assert results(await till.send(within, beyond)) == [("applied", ""), ("flagged", "over_budget")]
    skewed = await till.send(till.item(card, EUR=1, at_ms=2 * HOUR_MS), sent_ms=2 * HOUR_MS)
    assert results(skewed) == [("flagged", "clock_skew")]
    till.grant = ""
    assert results(await till.send(till.item(card, EUR=1))) == [("flagged", "no_grant")]
    till.seq -= 1
    assert results(await till.send(till.item(card, EUR=1))) == [("flagged", "seq_reused")]
    assert (await shop.balances(card))["EUR"] == 90_000 - 11_003


async def test_a_ticket_used_on_two_devices_counts_for_the_first_that_is_heard(shop: Shop) -> None:
    ticket = await shop.card("coupon")
    first, second = Till(shop, shop.device), Till(shop, shop.second)
    await first.sync()
    await second.sync()
    late, early = second.item(ticket, "redeem"), first.item(ticket, "redeem")
    assert results(await first.send(early)) == [("applied", "")]
    answer = await second.send(late)
    assert results(answer) == [("flagged", "duplicate_offline")]
    assert answer.json["results"][0]["detail"] == {
        "terminal": shop.terminals[1].id,
        "first_terminal": shop.terminals[0].id,
        "first_scan": early["id"],
    }
    assert (await shop.events(ticket.pass_id)).count("card.status_changed") == 1
    assert results(await second.send(late)) == [("replayed", "duplicate_offline")]


async def test_numbers_that_stay_away_become_one_event(shop: Shop) -> None:
    card = await shop.card(EUR=1_000)
    till = Till(shop, shop.device)
    await till.sync()
    till.seq = 4
    await till.send(till.item(card, EUR=1))
    later = replace(shop.services, clock=FakeClock(shop.services.clock.now_ms() + 16 * MINUTE_MS))
    actor = replace(shop.actor, terminal_id=shop.terminals[0].id)
    for _ in range(2):
        await devices.heard_of(later, actor, shop.terminals[0])
    assert (await shop.events(shop.terminals[0].id)).count("scanner_ops_missing") == 1


async def test_a_device_that_stays_silent_is_missed_by_the_schedule(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "CHUNK", 1)
    card = await shop.card(EUR=1_000)
    for till in (Till(shop, shop.device), Till(shop, shop.second)):
        await till.sync()
        till.seq = 4
        await till.send(till.item(card, EUR=1))
    scope, now = shop.actor.scope, shop.services.clock.now_ms()

    async def look(at_ms: int) -> Job:
        """All chunks of one run."""
        later = replace(shop.services, clock=FakeClock(at_ms))
        job = replace(missing.missing_job(scope, at_ms), state="running")
        while job.state == "running":
            job = await shop.services.store.write(lambda tx, job=job: missing.look(later, tx, job, at_ms))  # type: ignore[misc]
        return job

    async def told() -> list[int]:
        return [(await shop.events(one.id)).count("scanner_ops_missing") for one in shop.terminals]

    await look(now + 10 * MINUTE_MS)
    assert await told() == [0, 0]
    for _ in range(2):
        job = await look(now + 16 * MINUTE_MS)
        assert job.due_at_ms > now + 16 * MINUTE_MS
    assert await told() == [1, 1]
    stored = await shop.services.store.read(lambda tx: tx.jobs.find(scope, f"scans.missing-{scope.code}"))
    assert stored is not None, "every scope has the schedule"


async def test_scans_that_are_heard_at_once_use_numbers_and_nothing_of_the_grant(shop: Shop) -> None:
    """Also those that are refused: what was heard is not missed."""
    card = await shop.card(EUR=1_000)
    till = Till(shop, shop.device)
    await till.sync()

    async def at_once(code: str, **more: object) -> int:
        item = till.item(card, EUR=1)
        item = {name: value for name, value in item.items() if name not in ("verified", "pass_id")} | {"code": code} | more
        return (await shop.device.post("/v1/scans", item)).status

    assert [await at_once(card.code) for _ in range(3)] == [201] * 3
    assert await at_once("nobody's card") == 404
    assert await at_once(card.code, amounts={"EUR": 5_000}) == 402
    assert await at_once(card.code, dry_run=True) == 201
    till.seq -= 1
    assert (await shop.device.get("/v1/terminals/me")).json["last_device_seq"] == till.seq == 5
    assert results(await till.send(till.item(card, EUR=1))) == [("applied", "")]
    no_card = till.item(card, EUR=1) | {"pass_id": "mine00t-nobody"}
    assert results(await till.send(no_card, till.item(card, EUR=1))) == [("declined", "code_unknown"), ("applied", "")]
    heard = await shop.services.store.read(lambda tx: tx.scans.heard(card.scope, shop.terminals[0].id))
    assert (heard.last_seq, heard.gaps, heard.spent["EUR"], heard.spent["scans"]) == (8, (), 2, 2)
    history = await shop.client.get(f"/v1/passes/{card.pass_id}/scans")
    assert history.json["items"], "and the ledger says which number it was"


@pytest.mark.parametrize("unsigned", [True, False])
async def test_a_device_hears_what_it_may_take_of_each_currency_and_whether_codes_must_be_signed(
    migrated_url: str, tmp_path: Path, unsigned: bool
) -> None:
    settings = replace(settings_for(tmp_path, migrated_url), offline_unsigned=unsigned, offline_amount_minor=7_000)
    async with open_world(settings) as world:
        await _hears_its_bounds(await open_shop(world), unsigned)


async def _hears_its_bounds(shop: Shop, unsigned: bool) -> None:
    for number, currency in enumerate(("CHF", "JPY", "KWD")):
        other = replace(shop.programmes["storecard"], id=f"other-{number}", currency=currency, archived_at_ms=1)
        await shop.services.store.write(lambda tx, other=other: tx.programmes.add(other))  # type: ignore[misc]
    offline = (await shop.device.get("/v1/terminals/me/sync")).json["offline"]
    assert offline["amount_minor"] == {"CHF": 7_000, "EUR": 7_000, "JPY": 70, "KWD": 70_000}
    assert offline["unsigned"] is unsigned
    answer = await shop.device.post("/v1/scans/batch", {"grant": offline["grant"], "items": []})
    assert answer.json["offline"]["unsigned"] is unsigned
    assert answer.json["offline"]["amount_minor"] == offline["amount_minor"]
    granted = shop.services.scanning.codes.read_grant(shop.actor.scope, offline["grant"])
    assert granted is not None
    assert granted.amount_minor == offline["amount_minor"]


async def test_after_a_revocation_what_was_not_synced_waits_for_a_person(shop: Shop) -> None:
    card = await shop.card(EUR=1_000)
    till = Till(shop, shop.device)
    await till.sync()
    online = till.item(card, EUR=10)
    await till.send(online)
    await till.sync()
    dropped, booked = till.item(card, EUR=100), till.item(card, EUR=200)
    await revoke(shop, shop.terminals[0])
    assert (await till.client.get("/v1/terminals/me")).status == 401
    answer = await till.send(online, dropped, booked)
    assert results(answer) == [("replayed", ""), ("quarantined", "terminal_revoked"), ("quarantined", "terminal_revoked")]
    assert answer.json["offline"] is None
    assert (await shop.balances(card))["EUR"] == 990
    waiting = (await shop.client.get("/v1/quarantine")).json["items"]
    assert {one["id"] for one in waiting} == {dropped["id"], booked["id"]}
    assert waiting[0]["item"]["amounts"]
    for item, decision in ((dropped, "drop"), (booked, "book")):
        decided = await shop.client.post(f"/v1/quarantine/{item['id']}", {"decision": decision})
        assert (decided.status, decided.json["decision"]) == (200, decision), decided.body
        assert (await shop.client.post(f"/v1/quarantine/{item['id']}", {"decision": decision})).status == 200
    otherwise = await shop.client.post(f"/v1/quarantine/{dropped['id']}", {"decision": "book"})
    assert otherwise.json["code"] == "decided_before"
    assert results(await till.send(dropped, booked)) == [("declined", "dropped"), ("replayed", "terminal_revoked")]
    assert (await shop.balances(card))["EUR"] == 790
    assert (await shop.client.get("/v1/quarantine")).json["items"] == []
    assert (await shop.device.post(f"/v1/quarantine/{booked['id']}", {"decision": "book"})).status == 401
