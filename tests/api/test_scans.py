"""Scans on `/v1`, on both engines: each is one effect however often it is sent, and says what it did."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from api.client import Answer, Client
from api.conftest import MINE, OTHER, World, on_sqlite
from api.shop import TEMPLATE, Shop, new_id, open_shop
from billfold.domain import totp
from billfold.domain.content import BarcodeFormat, RotatingBarcode
from billfold.domain.ledger import Kind
from billfold.domain.loyalty import Card, CardStatus, Category
from billfold.domain.offline import code_text
from billfold.domain.schedules import DAY_MS
from billfold.domain.vat import VatTreatment
from billfold.flows import ledger
from billfold.flows.ledger import Asked, Books
from billfold.flows.ledger_due import due_job, settle_due
from billfold.storage import rows
from billfold.storage.tables import metadata
from clocks import FakeClock


@pytest.fixture
async def shop(world: World) -> Shop:
    return await open_shop(world)


async def scan(client: Client, card: Card, action: str, amounts: dict[str, int] | None = None, **more: object) -> Answer:
    body: dict[str, object] = {"id": new_id(), "pass_id": card.pass_id, "action": action, "amounts": amounts or {}}
    return await client.post("/v1/scans", body | more)


def changed(answer: Answer) -> dict[str, int]:
    return {one["unit"]: one["minor"] for one in answer.json["changes"]}


def shown(answer: Answer) -> dict[str, int]:
    return {one["unit"]: one["minor"] for one in answer.json["card"]["balances"]}


@pytest.mark.requirement("S2-27", "S2-31", "S2-37", "S2-50")
async def test_a_charge_takes_money_names_the_product_and_splits_the_tax(shop: Shop) -> None:
    card = await shop.card(EUR=2_500)
    answer = await scan(shop.device, card, "charge", {"EUR": 550}, description="latte MACCHIATO")
    assert answer.status == 201, answer.body
    assert changed(answer) == {"EUR": -550}
    assert shown(answer) == {"EUR": 1_950, "points": 0}
    said = answer.json
    assert (said["description"], said["product"], said["resolved_by"]) == (
        "latte MACCHIATO",
        {"number": 42, "name": "Latte macchiato"},
        "description",
    )
    assert said["vat"] == {"rate_bp": 2_100, "net_minor": 455, "vat_minor": 95, "gross_minor": 550}
    assert said["card"]["member"] == {"name": "Ada Lovelace"}
    assert await shop.balances(card) == {"EUR": 1_950}
    events = await shop.events(card.pass_id)
    assert events.count("card.scanned") == 1
    history = await shop.client.get(f"/v1/passes/{card.pass_id}/scans")
    assert [one["description"] for one in history.json["items"]] == ["latte MACCHIATO"]


@pytest.mark.requirement("S2-37", "S2-50")
async def test_an_organisation_has_a_rate_and_a_limit_of_its_own(shop: Shop) -> None:
    card = await shop.card(EUR=2_500)

    async def rate(**more: object) -> int | None:
        answer = await scan(shop.device, card, "charge", {"EUR": 100}, **more)
        return answer.json["vat"]["rate_bp"] if answer.status == 201 else None

    assert await rate() == 2_100, "the server's"
    assert await shop.services.store.write(lambda tx: tx.workspaces.set_vat(MINE.workspace, 1_900, 2_500))
    assert (await rate(), await rate(vat_bp=2_500), await rate(product_id=shop.products["espresso"].id)) == (1_900, 2_500, 900)
    beyond = await scan(shop.device, card, "charge", {"EUR": 100}, vat_bp=2_501)
    assert (beyond.status, beyond.paths) == (422, {"vat_bp"})
    assert await shop.services.store.write(lambda tx: tx.workspaces.set_vat(MINE.workspace, None, None))
    assert await rate(vat_bp=9_000) == 9_000
    assert not await shop.services.store.write(lambda tx: tx.workspaces.set_vat("nobody", 1, 1))


@pytest.mark.requirement("S2-50")
async def test_the_tax_on_a_single_purpose_voucher_is_due_with_the_money_and_not_again(shop: Shop) -> None:
    made = await shop.client.post(
        "/v1/programmes",
        {"brand_id": shop.brand.id, "kind": "prepaidcard", "template_id": shop.template_id, "title": "Massage", "currency": "EUR"}
        | {"vat_treatment": "single_purpose"},
    )
    assert (made.status, made.json["vat_treatment"]) == (201, "single_purpose")
    shop.programmes["voucher"] = replace(shop.programmes["prepaid"], id=made.json["id"], vat_treatment=VatTreatment.SINGLE_PURPOSE)
    card = await shop.card("voucher")
    paid = await scan(shop.device, card, "top_up", {"EUR": 12_100})
    assert paid.json["vat"] == {"rate_bp": 2_100, "net_minor": 10_000, "vat_minor": 2_100, "gross_minor": 12_100}
    spent = await scan(shop.device, card, "charge", {"EUR": 12_100})
    assert spent.json["vat"] is None
    statement = (await shop.client.get(f"/v1/passes/{card.pass_id}/statement?unit=EUR")).json["items"]
    due = {"unit": "EUR", "rate_bp": 2_100, "net_minor": 10_000, "vat_minor": 2_100, "gross_minor": 12_100}
    assert [(one["kind"], one["vat"]) for one in statement] == [("charge", None), ("top_up", due)]
    receipt = (await shop.client.get(f"/v1/operations/{statement[1]['operation']}")).json
    assert receipt["vat"] == due
    assert await shop.counterparts() == {"funding": -12_100, "vat_due": 2_100, "vat_prepaid": -2_100, "sales": 12_100}
    other = await shop.card("prepaid")
    assert (await scan(shop.device, other, "top_up", {"EUR": 12_100})).json["vat"] is None
    assert (await scan(shop.device, other, "charge", {"EUR": 12_100})).json["vat"]["vat_minor"] == 2_100
    sums = {"unit": "EUR", "rate_bp": 2_100, "operations": 1, "net_minor": 10_000, "vat_minor": 2_100, "gross_minor": 12_100}
    added = await shop.client.get("/v1/ledger/taxes?from=2000-01-01&until=2100-01-01")
    assert added.json["items"] == [sums | {"kind": kind} for kind in ("charge", "top_up")]
    assert (await shop.client.get("/v1/ledger/taxes?from=2000-01-01&until=2000-01-02")).json["items"] == []


@pytest.mark.requirement("S2-34", "S2-35")
async def test_the_same_id_is_one_effect_and_another_body_is_refused(shop: Shop) -> None:
    card = await shop.card(EUR=1_000)
    body = {"id": new_id(), "pass_id": card.pass_id, "action": "charge", "amounts": {"EUR": 300}}
    answers = await asyncio.gather(*(shop.device.post("/v1/scans", body) for _ in range(8)))
    assert {one.status for one in answers} == {201}
    assert sorted(one.json["repeated"] for one in answers) == [False] + [True] * 7
    await scan(shop.device, card, "charge", {"EUR": 100})
    again = await shop.second.post("/v1/scans", body)
    assert (again.json["repeated"], shown(again)) == (True, {"EUR": 700, "points": 0})
    other = await shop.device.post("/v1/scans", body | {"amounts": {"EUR": 301}})
    assert other.problem == "idempotency-key-reused"
    assert await shop.balances(card) == {"EUR": 600}


async def test_what_the_balance_does_not_give_stays_declined_also_after_a_top_up(shop: Shop) -> None:
    card = await shop.card(EUR=100)
    body = {"id": new_id(), "pass_id": card.pass_id, "action": "charge", "amounts": {"EUR": 300}}
    declined = await shop.device.post("/v1/scans", body)
    assert (declined.status, declined.problem) == (402, "insufficient-balance")
    await scan(shop.device, card, "top_up", {"EUR": 5_000})
    assert (await shop.device.post("/v1/scans", body)).status == 402
    assert await shop.balances(card) == {"EUR": 5_100}


async def test_parallel_charges_of_the_last_money_give_exactly_one(shop: Shop) -> None:
    card = await shop.card(EUR=500)
    answers = await asyncio.gather(*(scan(shop.device, card, "charge", {"EUR": 500}) for _ in range(50)))
    assert sorted(one.status for one in answers) == [201] + [402] * 49
    assert await shop.balances(card) == {"EUR": 0}


@pytest.mark.requirement("S2-42", "S2-44")
async def test_the_terminals_product_and_the_price_name_what_was_sold(shop: Shop) -> None:
    card = await shop.card(EUR=9_000)
    by_terminal = await scan(shop.second, card, "charge", {"EUR": 550})
    by_price = await scan(shop.device, card, "charge", {"EUR": 550})
    ambiguous = await scan(shop.device, card, "charge", {"EUR": 300})
    assert [(one.json["resolved_by"], one.json["description"]) for one in (by_terminal, by_price, ambiguous)] == [
        ("terminal", "Espresso"),
        ("price", "Latte macchiato"),
        ("terminal_name", "Charged at: Counter-01"),
    ]


@pytest.mark.requirement("S2-43", "S2-45", "S2-46", "S2-47", "S2-48")
async def test_a_restricted_card_takes_its_products_alone(shop: Shop) -> None:
    card = await shop.card("restricted", EUR=9_000)
    denied = await scan(shop.device, card, "charge", {"EUR": 550})
    assert (denied.status, denied.problem) == (422, "product-denied")
    assert denied.json["code"] == "product_not_allowed"
    assert denied.json["allowed_products"] == ["Espresso", "Cappuccino"]
    unknown = await scan(shop.device, card, "charge", {"EUR": 123})
    assert unknown.json["code"] == "cannot_validate_restriction"
    assert (await scan(shop.device, card, "charge", {"EUR": 250})).status == 201
    named = await scan(shop.device, card, "charge", {"EUR": 123}, product_id=shop.products["cappuccino"].id)
    assert named.json["description"] == "Cappuccino"
    assert (await scan(shop.device, card, "top_up", {"EUR": 10})).status == 201
    assert await shop.balances(card) == {"EUR": 9_000 - 250 - 123 + 10}


async def test_a_charge_earns_points_with_the_terminals_multiplier(shop: Shop) -> None:
    card = await shop.card("earning", EUR=5_000)
    answer = await scan(shop.device, card, "charge", {"EUR": 599})
    assert changed(answer) == {"EUR": -599, "points": 15}
    undone = await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": answer.json["id"]})
    assert undone.status == 201, undone.body
    assert await shop.balances(card) == {"EUR": 5_000, "points": 0}


async def test_stamps_fill_a_card_and_a_full_one_is_redeemed(shop: Shop) -> None:
    card = await shop.card("stamps", stamps=8)
    first, second = await scan(shop.device, card, "stamp"), await scan(shop.device, card, "stamp", {"stamps": 1})
    assert (first.json["reward"], second.json["reward"]) == (False, True)
    assert changed(await scan(shop.device, card, "redeem")) == {"stamps": -10}
    assert (await scan(shop.device, card, "redeem")).status == 402
    assert await shop.balances(card) == {"stamps": 0}


async def test_a_membership_lets_in_each_time_and_a_ticket_as_often_as_it_says(shop: Shop) -> None:
    member = await shop.card()
    new = {"programme_id": shop.programmes["prepaid"].id, "opening": {"entries": 2}, "values": {}}
    issued = await shop.client.post("/v1/cards", new)
    assert issued.status == 201, issued.body
    ticket = await shop.stored(issued.json["pass_id"])
    for _ in range(3):
        visit = await scan(shop.device, member, "check_in")
        assert (visit.status, changed(visit)) == (201, {})
    visits = [await scan(shop.device, ticket, "check_in") for _ in range(3)]
    assert [one.status for one in visits] == [201, 201, 402]
    assert changed(visits[0]) == {"entries": -1}
    history = await shop.client.get(f"/v1/passes/{member.pass_id}/scans")
    assert [one["action"] for one in history.json["items"]] == ["check_in"] * 3
    undone = await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": visit.json["id"]})
    assert undone.status == 201, undone.body


async def test_an_id_that_cannot_be_one_is_refused_before_anything_else(shop: Shop) -> None:
    card = await shop.card(EUR=1_000)
    for given in ({}, {"id": "short"}, {"id": 7}, {"id": "with a blank in it, long"}):
        body = {"pass_id": card.pass_id, "action": "charge", "amounts": {"EUR": 1}} | given
        answer = await shop.device.post("/v1/scans", body)
        assert (answer.status, answer.problem, answer.paths) == (400, "malformed-idempotency-key", {"id"})
    assert (await shop.device.post("/v1/scans/undo", {"undoes": new_id()})).status == 400


@pytest.mark.requirement("S2-20")
async def test_a_coupon_is_redeemed_once_and_looks_so(shop: Shop) -> None:
    card = await shop.card("coupon")
    redeemed = await scan(shop.device, card, "redeem")
    assert redeemed.status == 201, redeemed.body
    assert redeemed.json["card"]["status"] == "redeemed"
    again = await scan(shop.device, card, "redeem")
    assert (again.status, again.problem, again.json["reason"]) == (409, "card-not-usable", "redeemed")
    pass_ = await shop.client.get(f"/v1/passes/{card.pass_id}")
    assert pass_.json["values"]["card"]["status"] == "redeemed"
    assert await _is_used_up(shop, card)
    undone = await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": redeemed.json["id"]})
    assert undone.json["card"]["status"] == "active"
    assert not await _is_used_up(shop, card)
    assert (await scan(shop.device, card, "redeem")).status == 201


async def _is_used_up(shop: Shop, card: Card) -> bool:
    stored = await shop.services.store.read(lambda tx: tx.passes.find(shop.actor.scope, card.pass_id))
    assert stored is not None
    return stored.used_up


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"status": CardStatus.BLOCKED}, "blocked"), ({"expires_at_ms": 5}, "expired"), ({"starts_at_ms": 2**52}, "not_started")],
)
async def test_a_card_that_is_not_good_now_says_why(shop: Shop, changes: dict[str, object], reason: str) -> None:
    card = await shop.card(EUR=1_000, **changes)
    answer = await scan(shop.device, card, "charge", {"EUR": 100})
    assert (answer.status, answer.json["reason"]) == (409, reason)
    assert await shop.balances(card) == {"EUR": 1_000}


async def test_a_dry_run_explains_everything_and_writes_nothing(shop: Shop, migrated_url: str) -> None:
    """The whole database before and after, every row of every table."""
    card = await shop.card("earning", EUR=2_500)
    before = everything(migrated_url)
    answer = await scan(shop.device, card, "charge", {"EUR": 550}, dry_run=True)
    assert answer.status == 201, answer.body
    assert answer.json["dry_run"]
    assert answer.json["phone_will_say"] == ["Balance: €19.50", "Points: 15"]
    assert shown(answer) == {"EUR": 1_950, "points": 15}
    assert (await scan(shop.device, card, "charge", {"EUR": 9_999}, dry_run=True)).status == 402
    assert everything(migrated_url) == before


def everything(url: str) -> str:
    """A digest of all rows of all tables but for when keys were used."""
    digest = hashlib.sha256()
    with rows.read_all(url) as read:
        for table in metadata.sorted_tables:
            names = ", ".join(f'"{one.name}"' for one in table.columns if one.name != "last_used_at_ms")
            found = sorted(repr(row) for row in read(f'SELECT {names} FROM "{table.name}"'))
            digest.update(repr((table.name, found)).encode())
    return digest.hexdigest()


async def test_undo_is_the_terminals_own_once_and_soon(shop: Shop) -> None:
    card = await shop.card(EUR=1_000)
    done = await scan(shop.device, card, "charge", {"EUR": 400})
    body = {"id": new_id(), "undoes": done.json["id"]}
    assert (await shop.second.post("/v1/scans/undo", body)).json["code"] == "not_yours"
    undone = await shop.device.post("/v1/scans/undo", body)
    assert (undone.status, changed(undone), shown(undone)["EUR"]) == (201, {"EUR": 400}, 1_000)
    assert (await shop.device.post("/v1/scans/undo", body)).json["repeated"]
    assert (await shop.device.post("/v1/scans/undo", body | {"id": new_id()})).json["code"] == "undone_before"
    assert (await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": new_id()})).status == 404
    assert await shop.balances(card) == {"EUR": 1_000}


async def test_an_old_scan_is_undone_by_whoever_manages_scans(world: World) -> None:
    shop = await open_shop(World(world.app, world.services, world.client, world.other))
    card = await shop.card(EUR=1_000)
    done = await scan(shop.device, card, "charge", {"EUR": 400})
    late = replace(world.services.scanning, rules=replace(world.services.scanning.rules, undo_ms=-DAY_MS))
    object.__setattr__(world.services, "scanning", late)
    refused = await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": done.json["id"]})
    assert refused.json["code"] == "too_old"
    assert (await shop.client.post("/v1/scans/undo", {"id": new_id(), "undoes": done.json["id"]})).status == 201


async def test_a_top_up_that_is_spent_cannot_be_undone(shop: Shop) -> None:
    card = await shop.card()
    done = await scan(shop.device, card, "top_up", {"EUR": 400})
    await scan(shop.device, card, "charge", {"EUR": 100})
    refused = await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": done.json["id"]})
    assert refused.status in (402, 409)
    assert await shop.balances(card) == {"EUR": 300}


async def test_the_last_ten_of_a_terminal(shop: Shop) -> None:
    card = await shop.card(EUR=10_000)
    for amount in range(1, 13):
        done = await scan(shop.device, card, "charge", {"EUR": amount})
    await scan(shop.second, card, "charge", {"EUR": 77})
    await shop.device.post("/v1/scans/undo", {"id": new_id(), "undoes": done.json["id"]})
    recent = (await shop.device.get("/v1/scans/recent")).json["items"]
    assert sorted((-one["changes"][0]["minor"], one["undone"]) for one in recent) == [(n, n == 12) for n in range(3, 13)]
    assert recent[0]["card"]["member"] == {"name": "Ada Lovelace"}


@pytest.mark.requirement("S2-05")
async def test_a_card_is_found_by_its_id_its_barcode_and_its_signed_code(shop: Shop) -> None:
    shared = [await shop.card(code="SHARED-1") for _ in range(2)]
    card = await shop.card(code="OWN-1", EUR=1_000)
    text = code_text(card.pass_id, None)
    signed = f"{text}.{shop.services.scanning.codes.sign(card.scope, text)}"
    for code in (card.pass_id, "OWN-1", signed):
        found = await shop.device.post("/v1/scans/inspect", {"code": code})
        assert [one["pass_id"] for one in found.json["cards"]] == [card.pass_id], code
    both = await shop.device.post("/v1/scans/inspect", {"code": "SHARED-1"})
    assert {one["pass_id"] for one in both.json["cards"]} == {one.pass_id for one in shared}
    body = {"id": new_id(), "action": "charge", "amounts": {"EUR": 100}}
    assert (await shop.device.post("/v1/scans", body | {"code": signed})).status == 201
    ambiguous = await shop.device.post("/v1/scans", body | {"id": new_id(), "code": "SHARED-1"})
    assert (ambiguous.status, ambiguous.paths) == (422, {"code"})


async def test_forged_expired_and_unknown_codes_get_the_same(shop: Shop) -> None:
    card = await shop.card()
    text = code_text(card.pass_id, None)
    signature = shop.services.scanning.codes.sign(card.scope, text)
    late = code_text(card.pass_id, 1_000_000)
    forged = [
        *("nothing", "BF1.", f"{text}.{'A' * 86}", f"{late}.{shop.services.scanning.codes.sign(card.scope, late)}"),
        f"{code_text(card.pass_id, 2**40)}.{signature}",
        f"{text}.{shop.services.scanning.codes.sign(OTHER, text)}",
    ]
    answers = [await shop.device.post("/v1/scans/inspect", {"code": code}) for code in forged]
    assert {(one.status, one.body) for one in answers} == {(404, answers[0].body)}
    assert answers[0].problem == "code-unknown"


async def test_a_rotating_code_counts_once(shop: Shop) -> None:
    pattern = "{{ card.code }}:{totp_value_0}"
    content = TEMPLATE | {"rotating_barcode": {"format": "QR", "pattern": pattern, "period_seconds": 3_600}}
    published = await shop.client.put(f"/v1/templates/{shop.template_id}", {"name": "Card", "content": content})
    assert published.status == 200, published.body
    card = await shop.card(EUR=1_000)
    rotating = RotatingBarcode(BarcodeFormat.QR, f"{card.code}:{{totp_value_0}}", 3_600)
    secret = shop.services.secrets.code_secret(card.scope, card.pass_id)
    code = totp.message(rotating, secret, shop.services.clock.now_ms())
    found = await shop.device.post("/v1/scans/inspect", {"code": code})
    assert [one["pass_id"] for one in found.json["cards"]] == [card.pass_id]
    body = {"id": new_id(), "code": code, "action": "charge", "amounts": {"EUR": 100}}
    first, again = await shop.device.post("/v1/scans", body), await shop.device.post("/v1/scans", body)
    assert (first.status, first.json["repeated"], again.json["repeated"]) == (201, False, True)
    stolen = await shop.second.post("/v1/scans", body | {"id": new_id()})
    assert (stolen.status, stolen.json["code"]) == (409, "code_used")
    wrong = await shop.device.post("/v1/scans/inspect", {"code": f"{card.code}:00000000"})
    assert wrong.problem == "code-unknown"


@pytest.mark.requirement("S2-05")
async def test_another_workspaces_cards_and_scans_are_nobodys(world: World) -> None:
    ours, theirs = await open_shop(world), await open_shop(world, OTHER)
    card = await theirs.card(EUR=1_000, code="THEIRS-1")
    done = await scan(theirs.device, card, "charge", {"EUR": 100})
    assert done.status == 201, done.body
    for client in (ours.device, ours.client):
        for code in (card.pass_id, card.code):
            assert (await client.post("/v1/scans/inspect", {"code": code})).problem == "code-unknown"
        assert (await scan(client, card, "charge", {"EUR": 100})).status == 404
        assert (await client.post("/v1/scans/undo", {"id": new_id(), "undoes": done.json["id"]})).status == 404
    assert (await ours.client.get(f"/v1/passes/{card.pass_id}/scans")).status == 404
    assert await theirs.balances(card) == {"EUR": 900}


BAD: list[tuple[dict[str, object], str]] = [
    ({"amounts": {"EUR": 0}}, "amounts.EUR"),
    ({"amounts": {"EUR": -1}}, "amounts.EUR"),
    ({"amounts": {"EUR": 1.5}}, "amounts.EUR"),
    ({"amounts": {"EUR": "5"}}, "amounts.EUR"),
    ({"amounts": {"EUR": True}}, "amounts.EUR"),
    ({"amounts": {"USD": 100}}, "amounts.USD"),
    ({"amounts": {"stamps": 1}}, "amounts.stamps"),
    ({"amounts": {}}, "amounts"),
    ({"pass_id": None}, "code"),
    ({"description": "x" * 192}, "description"),
    ({"product_id": "nothing"}, "product_id"),
    ({"vat_bp": 10_001}, "vat_bp"),
    ({"action": "give"}, "action"),
    ({"action": "redeem", "amounts": {}}, "action"),
    ({"action": "redeem", "amounts": {"EUR": 1}}, "amounts"),
]


@on_sqlite
async def test_bad_input_names_its_field(shop: Shop) -> None:
    card = await shop.card(EUR=1_000)
    for body, path in BAD:
        good: dict[str, object] = {"id": new_id(), "pass_id": card.pass_id, "action": "charge", "amounts": {"EUR": 100}}
        answer = await shop.device.post("/v1/scans", good | body)
        assert (answer.status, answer.paths) == (422, {path}), body
    assert await shop.balances(card) == {"EUR": 1_000}


async def offered(shop: Shop, name: str, **changes: object) -> None:
    """A programme beside the shop's own."""
    made = replace(shop.programmes["storecard"], id=f"programme-{name}", **changes)  # type: ignore[arg-type]
    shop.programmes[name] = made
    await shop.services.store.write(lambda tx: tx.programmes.add(made))


async def test_a_postpaid_card_goes_down_to_its_floor_and_not_below(shop: Shop) -> None:
    """Whichever way its account was opened: by a charge, by what it brought, by a top-up through the ledger."""
    await offered(shop, "postpaid", category=Category.POSTPAID, floor_minor=-500)
    topped_up = await shop.card("postpaid")
    asked = Asked(new_id(), Kind.TOP_UP, topped_up.pass_id, {"EUR": 100})
    await ledger.post(shop.services, shop.actor, asked)
    for card, has in ((await shop.card("postpaid"), 0), (await shop.card("postpaid", EUR=100), 100), (topped_up, 100)):
        assert (await scan(shop.device, card, "charge", {"EUR": has + 500})).status == 201
        assert (await scan(shop.device, card, "charge", {"EUR": 1})).status == 402
        assert (await shop.balances(card))["EUR"] == -500
    prepaid = await shop.card(EUR=100)
    assert (await scan(shop.device, prepaid, "charge", {"EUR": 101})).status == 402


async def test_points_that_are_earned_expire_by_the_job_and_those_that_were_brought_stay(shop: Shop) -> None:
    await offered(shop, "fading", earn_points_per_unit=1, points_valid_days=30)
    card = await shop.card("fading", EUR=1_000, points=5)
    now = shop.services.clock.now_ms()
    assert changed(await scan(shop.second, card, "charge", {"EUR": 300})) == {"EUR": -300, "points": 3}
    assert changed(await scan(shop.second, card, "earn", {"points": 20})) == {"points": 20}
    undone = {"id": new_id(), "undoes": (await scan(shop.second, card, "earn", {"points": 7})).json["id"]}
    assert (await shop.second.post("/v1/scans/undo", undone)).status == 201

    async def points_after(days: int) -> int:
        books = Books(FakeClock(now + days * DAY_MS), shop.services.entropy)
        job = due_job(card.scope, now)
        await shop.services.store.write(lambda tx: settle_due(books, tx, job, now + days * DAY_MS))
        return (await shop.balances(card))["points"]

    assert [await points_after(days) for days in (29, 31, 31)] == [28, 5, 5]
    held = await shop.services.store.read(lambda tx: tx.passes.find(card.scope, card.pass_id))
    assert held is not None
    assert held.values["balances"] == {"EUR": "7.00", "points": "5"}
