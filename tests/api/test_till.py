"""The till on `/v1`: a card shows who and what it is for, follows its member, ends on its day, and forgets a person."""

import asyncio
from dataclasses import replace

import pytest

from api.client import Client
from api.conftest import MINE, World, on_sqlite
from billfold.domain import offline
from billfold.domain.loyalty import CardStatus
from billfold.domain.mail import Mail, MailKind, Subscriber
from billfold.flows import mail_returns, mail_suppressions
from billfold.flows.loyalty import refreshing
from billfold.flows.loyalty.tending import Recorder, Tending
from billfold.flows.mail import ADDRESS
from billfold.ports import Job, Tx
from clocks import FakeClock

CONTENT = {
    "description": "Club card",
    "organization_name": "Kettle & Crumb",
    "header": [{"key": "points", "label": "POINTS", "value": "{{ balances.points }}"}],
    "primary": [{"key": "who", "label": "MEMBER", "value": "{{ member.name }} {{ member.tier }}"}],
    "back": [{"key": "note", "label": "NOTE", "value": "{{ note }} {{ card.title }} {{ brand.name }}"}],
}

DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mNQcEgAAAFEAME1cEXuAAAAAElFTkSuQmCC"


class Shop:
    """A brand with one programme and one member."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def open(self, barcode: str = "{{ card.code }}", **programme: object) -> "Shop":
        content = CONTENT | {"barcode": {"format": "QR", "message": barcode}}
        template = await self.client.post("/v1/templates", {"name": "T", "content": content})
        self.brand = (await self.client.post("/v1/brands", {"name": "Kettle & Crumb"})).json["id"]
        wanted = {"brand_id": self.brand, "kind": "storecard", "template_id": template.json["id"], "title": "Club"}
        made = await self.client.post("/v1/programmes", wanted | {"points": True, "currency": "EUR"} | programme)
        assert made.status == 201, made.body
        self.programme = made.json["id"]
        member = {"brand_id": self.brand, "email": "Ada@Example.com", "name": "Ada", "attributes": {"tier": "gold"}}
        self.member = (await self.client.post("/v1/members", member)).json["id"]
        return self

    async def card(self, **more: object) -> str:
        made = await self.client.post("/v1/cards", {"programme_id": self.programme, "member_id": self.member} | more)
        assert made.status == 201, made.body
        return str(made.json["pass_id"])

    async def shown(self, serial: str) -> dict[str, str]:
        content = (await self.client.get(f"/v1/passes/{serial}")).json["content"]
        return {one["key"]: one["value"] for group in ("header", "primary", "back") for one in content[group]} | {
            "code": content["barcode"]["message"],
            "until": content["expires_at"],
            "voided": content["voided"],
        }


@pytest.mark.requirement("S2-01", "S2-04", "S2-14", "S2-23", "S0-32")
async def test_a_card_shows_its_member_its_brand_and_what_it_brings(world: World) -> None:
    shop = await Shop(world.client).open()
    plain = await shop.card()
    assert await shop.shown(plain) == {
        "points": "0", "who": "Ada gold", "note": " Club Kettle & Crumb", "code": plain, "until": None, "voided": False
    }  # fmt: skip
    brought = await shop.card(
        code="OLD-7", title="Yours", historical=True, opening={"points": 120, "EUR": 500}, values={"note": "Hi"},
        expires_at="2031-01-01T00:00:00Z",
    )  # fmt: skip
    shown = await shop.shown(brought)
    assert (shown["points"], shown["note"], shown["code"]) == ("120", "Hi Yours Kettle & Crumb", "OLD-7")
    assert shown["until"] == "2031-01-01T00:00:00.000Z"
    statement = await world.client.get(f"/v1/passes/{brought}/statement?unit=EUR")
    assert [(one["kind"], one["amount"]) for one in statement.json["items"]] == [("opening", "5.00")]


@on_sqlite
async def test_reserved_names_and_uncounted_units_are_refused(world: World) -> None:
    shop = await Shop(world.client).open()
    for wrong, path in (({"values": {"balances": {"EUR": "9"}}}, "values.balances"), ({"opening": {"stamps": 1}}, "opening")):
        answer = await world.client.post("/v1/cards", {"programme_id": shop.programme} | wrong)
        assert (answer.status, answer.paths) == (422, {path})
    other = await world.client.post("/v1/brands", {"name": "Other"})
    stranger = await world.client.post("/v1/members", {"brand_id": other.json["id"], "email": "a@example.com"})
    answer = await world.client.post("/v1/cards", {"programme_id": shop.programme, "member_id": stranger.json["id"]})
    assert answer.status == 404, "a member of another brand"


@pytest.mark.requirement("S2-20", "S2-21", "S2-24")
async def test_a_status_is_a_recorded_transaction_and_shows_on_the_pass(world: World) -> None:
    shop = await Shop(world.client).open()
    serial = await shop.card(status="blocked")
    assert (await shop.shown(serial))["voided"] is True
    changed = await world.client.ask("PATCH", f"/v1/cards/{serial}", {"status": "active"})
    assert (await shop.shown(serial))["voided"] is False
    events = (await world.client.get(f"/v1/events?subject={serial}")).json["items"]
    (event,) = [one for one in events if one["kind"] == "card.status_changed"]
    assert event["id"] == changed.json["transaction_id"]
    assert event["data"] == {"before": "blocked", "after": "active"}
    assert event["cause"].startswith("key:")


@pytest.mark.requirement("S2-22")
async def test_a_removed_card_is_void_and_nobodys(world: World) -> None:
    shop = await Shop(world.client).open()
    serial = await shop.card(opening={"points": 7})
    removed = await world.client.ask("DELETE", f"/v1/cards/{serial}")
    assert (removed.json["member_id"], removed.json["usable"]) == (None, "removed")
    shown = await shop.shown(serial)
    assert (shown["who"].strip(), shown["points"], shown["voided"]) == ("", "7", True)
    assert (await world.client.get(f"/v1/cards?code={serial}")).json["items"] == []


@pytest.mark.requirement("S0-33", "S0-37")
async def test_cards_follow_their_member(world: World) -> None:
    shop = await Shop(world.client).open()
    serial = await shop.card()
    person = {"email": "ada@example.com", "name": "Ada Lovelace", "attributes": {"tier": "platinum"}}
    assert (await world.client.put(f"/v1/members/{shop.member}", person)).status == 200
    assert (await shop.shown(serial))["who"] == "Ada Lovelace platinum"


@on_sqlite
async def test_a_brands_logo_is_a_picture_that_was_uploaded_here(world: World) -> None:
    theirs = (await world.other.post("/v1/images", {"source": DOT})).json["id"]
    brand = {"name": "Crumb", "logo": theirs}
    refused = await world.client.post("/v1/brands", brand)
    assert (refused.status, refused.paths) == (422, {"logo"})
    assert "POST /v1/images" in refused.json["errors"][0]["mend"]
    await world.client.post("/v1/images", {"source": DOT})
    made = await world.client.post("/v1/brands", brand)
    assert (made.status, made.json["logo"]) == (201, theirs)
    path = f"/v1/brands/{made.json['id']}"
    assert (await world.client.put(path, brand | {"logo": "0" * 64})).paths == {"logo"}
    assert (await world.client.put(path, brand | {"logo": ""})).status == 200


@on_sqlite
async def test_many_cards_follow_chunk_after_chunk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "CHUNK", 2)
    shop = await Shop(world.client).open()
    serials = [await shop.card() for _ in range(5)]
    await world.client.put(f"/v1/brands/{shop.brand}", {"name": "Crumb"})
    await world.client.put(f"/v1/members/{shop.member}", {"email": "ada@example.com", "name": "Eve"})

    def work(tx: Tx) -> int:
        left = [one for one in tx.jobs.due(2**60, 50) if one.kind == refreshing.REFRESH_JOB]
        for one in left:
            tx.jobs.save(refreshing.refresh(world.services.scanning.codes, tx, one, 1))
        return len(left)

    while await world.services.store.write(work):
        pass
    for serial in serials:
        shown = await shop.shown(serial)
        assert (shown["who"].strip(), shown["note"].strip()) == ("Eve", "Club Crumb")


async def test_a_person_is_forgotten_and_the_ledger_stays(world: World) -> None:
    shop = await Shop(world.client).open()
    serial = await shop.card(opening={"points": 7}, title="For Ada", values={"note": "Ada likes tea"})
    assert (await world.client.ask("DELETE", f"/v1/members/{shop.member}")).status == 204
    assert (await world.client.get(f"/v1/members/{shop.member}")).status == 404
    assert (await world.client.get("/v1/members?search=ada")).json["items"] == []
    everything = (await world.client.get(f"/v1/passes/{serial}")).body + (await world.client.get(f"/v1/cards/{serial}")).body
    assert b"Ada" not in everything
    assert b"ada@" not in (await world.client.get("/v1/events")).body
    assert (await shop.shown(serial))["voided"] is True
    assert (await world.client.get(f"/v1/passes/{serial}/balances")).json["items"][0]["amount"] == "7"
    again = await world.client.post("/v1/members", {"brand_id": shop.brand, "email": "ada@example.com"})
    assert again.status == 201


@on_sqlite
@pytest.mark.requirement("S2-18")
async def test_a_batch_is_issued_under_its_reference(world: World) -> None:
    shop = await Shop(world.client).open()
    one = {"programme_id": shop.programme, "batch": "spring"}
    answer = await world.client.post("/v1/card-batches", {"cards": [one, one | {"values": {"card": {}}}, one]})
    assert (answer.json["issued"], answer.json["refused"]) == (2, 1)
    assert answer.json["results"][1]["errors"][0]["path"] == "cards[1].values.card"
    listed = await world.client.get("/v1/cards?batch=spring&limit=1")
    assert (len(listed.json["items"]), listed.json["more"]) == (1, True)


async def test_a_batch_that_is_repeated_with_its_key_issues_each_card_once(world: World) -> None:
    """Also when the first try got no further than some of its cards: those are found, the others are issued."""
    shop = await Shop(world.client).open()
    one = {"programme_id": shop.programme, "batch": "summer"}
    body, key = {"cards": [one] * 3}, {"Idempotency-Key": "batch-of-summer-2027"}
    answers = await asyncio.gather(*(world.client.post("/v1/card-batches", body, headers=key) for _ in range(3)))
    assert {one.status for one in answers} == {200}
    ids = [[made["card"]["pass_id"] for made in one.json["results"]] for one in answers]
    assert ids[0] == ids[1] == ids[2]
    assert len((await world.client.get("/v1/cards?batch=summer")).json["items"]) == 3
    other = await world.client.post("/v1/card-batches", {"cards": [one]}, headers=key)
    assert other.problem == "idempotency-key-reused"


@pytest.mark.requirement("S2-13")
async def test_a_reminder_is_sent_once_and_a_card_ends_by_itself(world: World) -> None:
    """Two schedules at once, again and again: one mail, one message."""
    shop = await Shop(world.client).open(valid_days=30, reminder_days=7)
    serial = await shop.card()
    card = await world.services.store.read(lambda tx: tx.cards.by_code(MINE, serial)[0])
    assert card.reminder_at_ms is not None
    assert card.expires_at_ms is not None
    mails: list[str] = []

    def queue(tx: Tx, mail: Mail) -> bool:
        added = world.services.mail.queue(tx, mail)
        mails.extend([mail.id] if added else [])
        return added

    async def tend(now_ms: int) -> None:
        step = Tending(Recorder(FakeClock(now_ms), world.services.entropy, world.services.scanning), queue).step
        job = Job("t", MINE, "cards.tend", {})
        await asyncio.gather(*(world.services.store.write(lambda tx: step(tx, job, now_ms)) for _ in range(2)))

    await tend(card.reminder_at_ms - 1)
    assert mails == []
    for _ in range(2):
        await tend(card.reminder_at_ms)
    assert set(mails) == {f"reminder:{serial}:{card.reminder_at_ms}"}
    held = await world.services.store.read(lambda tx: tx.passes.find(MINE, card.pass_id))
    assert held is not None
    assert [one.header[:12] for one in held.messages] == ["Valid until "]
    await tend(card.expires_at_ms)
    after = await world.services.store.read(lambda tx: tx.cards.find(MINE, card.pass_id))
    assert after is not None
    assert (after.status, after.reminded_at_ms) == (CardStatus.EXPIRED, card.reminder_at_ms)
    assert replace(after, status=CardStatus.ACTIVE).status_at(card.expires_at_ms) is CardStatus.EXPIRED


@on_sqlite
async def test_a_date_put_off_wakes_an_expired_card_and_moves_its_reminder(world: World) -> None:
    shop = await Shop(world.client).open(valid_days=30, reminder_days=7)
    serial = await shop.card(expires_at="2020-01-01T00:00:00Z")
    assert (await world.client.get(f"/v1/cards/{serial}")).json["status"] == "expired"
    await world.client.ask("PATCH", f"/v1/cards/{serial}", {"status": "expired"})
    put_off = await world.client.ask("PATCH", f"/v1/cards/{serial}", {"expires_at": "2040-01-08T00:00:00Z"})
    assert (put_off.json["status"], put_off.json["reminder_at"]) == ("active", "2040-01-01T00:00:00.000Z")


@pytest.mark.requirement("S2-17")
async def test_where_a_card_was_first_taken_is_kept(world: World) -> None:
    shop = await Shop(world.client).open()
    serial = await shop.card()
    for query in ("lat=38.7223&long=-9.1393", "lat=0&long=0"):
        await world.client.ask("GET", f"/p/{serial}/apple?{query}")
    card = (await world.client.get(f"/v1/cards/{serial}")).json
    assert card["downloaded_at"] is not None
    assert (card["latitude"], card["longitude"]) == (38.7223, -9.1393)
    odd = await shop.card()
    await world.client.ask("GET", f"/p/{odd}/apple?lat=1e999&long=nan")
    assert (await world.client.get(f"/v1/cards/{odd}")).json["latitude"] is None


@on_sqlite
async def test_a_revoked_terminal_has_no_token_any_more(world: World) -> None:
    made = (await world.client.post("/v1/terminals", {"name": "Counter 1"})).json["id"]
    first = (await world.client.post(f"/v1/terminals/{made}/enrolment")).json["enrolment_code"]
    second = (await world.client.post(f"/v1/terminals/{made}/enrolment")).json["enrolment_code"]
    assert first != second
    assert (await world.client.ask("DELETE", f"/v1/terminals/{made}")).status == 204
    assert (await world.client.get(f"/v1/terminals/{made}")).json["revoked_at"] is not None
    assert (await world.client.put(f"/v1/terminals/{made}", {"name": "New"})).status == 404


async def test_the_signed_code_of_a_card_follows_its_last_day_and_is_what_a_device_verifies(world: World) -> None:
    """A template puts it into the barcode; the plain code stays beside it."""
    shop = await Shop(world.client).open("{{ card.signed_code }}", valid_days=30)
    serial = await shop.card()
    card = await world.services.store.read(lambda tx: tx.cards.by_code(MINE, serial)[0])
    first = offline.read_code((await shop.shown(serial))["code"])
    assert first is not None
    assert (first.pass_id, first.expires_s) == (card.pass_id, (card.expires_at_ms or 0) // 1000)
    assert world.services.scanning.codes.verify(MINE, first.signed, first.signature)
    await world.client.ask("PATCH", f"/v1/cards/{serial}", {"expires_at": "2040-01-08T00:00:00Z"})
    put_off = (await shop.shown(serial))["code"]
    assert put_off.startswith(f"BF1.{serial}.2209593600.")
    for code in (put_off, serial):
        found = await world.client.post("/v1/scans/inspect", {"code": code})
        assert [one["pass_id"] for one in found.json["cards"]] == [serial]
    held = await world.services.store.read(lambda tx: tx.passes.find(MINE, card.pass_id))
    assert held is not None
    assert held.values["card"]["code"] == serial  # type: ignore[index, call-overload]


async def test_a_terminal_with_a_pin_has_its_device_ask_for_it(world: World) -> None:
    """A change that does not name the PIN leaves it, an empty one takes it away; nobody is shown it."""
    made = await world.client.post("/v1/terminals", {"name": "Counter 1", "pin": "4711"})
    assert (made.status, made.json["pin"]) == (201, True)
    assert b"4711" not in made.body
    path = f"/v1/terminals/{made.json['id']}"
    code = (await world.client.post(f"{path}/enrolment")).json["enrolment_code"]
    enrolled = await world.client.with_key(None).post("/v1/terminals/enrol", {"code": code})
    assert enrolled.json["terminal"]["pin"] is True
    device = world.client.with_key(enrolled.json["token"])

    async def checked(pin: str) -> int:
        return (await device.post("/v1/terminals/me/pin", {"pin": pin})).status

    assert (await checked("4711"), await checked("4712")) == (204, 422)
    assert (await world.client.put(path, {"name": "Counter 2"})).json["pin"] is True
    assert await checked("4711") == 204
    await world.client.put(path, {"name": "Counter 2", "pin": "0815"})
    assert (await checked("0815"), await checked("4711")) == (204, 422)
    stored = await world.services.store.read(lambda tx: tx.terminals.find(MINE, made.json["id"]))
    assert stored is not None
    assert stored.pin_hash.startswith("$argon2id$")
    assert (await world.client.put(path, {"name": "Counter 2", "pin": ""})).json["pin"] is False
    for wrong in ("12", "abcd", "1234567890123"):
        assert (await world.client.put(path, {"name": "Counter 2", "pin": wrong})).paths == {"pin"}


async def test_a_member_who_left_by_a_mails_link_says_so_whatever_is_sent_afterwards(world: World) -> None:
    shop, path = await Shop(world.client).open(), "/v1/members"
    other_brand = (await world.client.post("/v1/brands", {"name": "Other"})).json["id"]
    person = {"email": "ada@example.com", "name": "Ada"}
    elsewhere = (await world.client.post(path, person | {"brand_id": other_brand})).json["id"]
    who = Subscriber(MINE, world.services.mail.mac(MINE, ADDRESS, person["email"]), shop.brand)
    assert (await world.client.get(f"{path}/{shop.member}")).json["unsubscribed_at"] is None
    await mail_returns.unsubscribe(world.services, who)
    at = (await world.client.get(f"{path}/{shop.member}")).json["unsubscribed_at"]
    assert at is not None
    assert (await world.client.put(f"{path}/{shop.member}", person | {"unsubscribed": False})).json["unsubscribed_at"] == at
    listed = (await world.client.get(f"{path}?search=ada")).json["items"]
    assert {one["id"]: one["unsubscribed_at"] for one in listed} == {shop.member: at, elsewhere: None}
    await mail_suppressions.remove(world.services, MINE, person["email"])
    assert (await world.client.get(f"{path}/{shop.member}")).json["unsubscribed_at"] is None


async def test_who_is_erased_gets_no_mail_that_still_waits_and_its_address_is_gone(world: World) -> None:
    shop = await Shop(world.client).open()
    serial = await shop.card()
    mine = Mail(MINE, "mine", "ada@example.com", MailKind.PASS_LINK, shop.brand, serial, data={"title": "For Ada"})
    of_workspace, of_another = replace(mine, id="workspace", brand_id=None), replace(mine, id="another", brand_id="another")
    other_person = replace(mine, id="grace", to="grace@example.com")

    def queue(tx: Tx) -> None:
        for mail in (mine, of_workspace, of_another, other_person):
            world.services.mail.queue(tx, mail)

    await world.services.store.write(queue)
    assert (await world.client.ask("DELETE", f"/v1/members/{shop.member}")).status in (200, 204)

    async def kept(name: str) -> tuple[str, str, dict[str, str]]:
        found = await world.services.store.read(lambda tx: tx.mails.find(MINE, name))
        assert found is not None
        return found.state.value, found.mail.to, dict(found.mail.data)

    assert await kept("mine") == await kept("workspace") == ("failed", "", {})
    assert await kept("another") == ("queued", "ada@example.com", {"title": "For Ada"})
    assert (await kept("grace"))[:2] == ("queued", "grace@example.com")
    due = await world.services.store.read(lambda tx: tx.mails.due(MINE, 2**62, 10))
    assert {one.mail.id for one in due} == {"another", "grace"}
