"""Source S2's document, row by row, on both engines: every request, every field, every refusal."""

import json
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest

from api.client import Answer, Client
from api.conftest import MINE, OTHER, World, on_sqlite
from api.shop import EMAIL, Shop, open_shop, uuid
from billfold.domain.keys import ABILITIES
from billfold.domain.loyalty import Card, CardStatus, Category
from billfold.flows import keys

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass
class Counter:
    """A shop and its tokens."""

    shop: Shop
    api: Client
    weak: Client

    async def ask(self, method: str, path: str, body: object, client: Client | None = None) -> Answer:
        """`body`: an object, or the text of a body as a command line sends it."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return await (client or self.api).ask(method, path, data)

    def named(self, card: Card, **more: object) -> dict[str, object]:
        return {"brand_id": self.shop.brand.id, "email": EMAIL, "pass_code": card.pass_id} | more

    async def scan(self, card: Card, body: object = None, /, client: Client | None = None, **more: object) -> Answer:
        named = {"organization_identifier": MINE.workspace, "pass_code": card.pass_id}
        return await self.ask("POST", "/passes/scan/storecard", body or (named | more), client or self.shop.device)


@pytest.fixture
async def counter(world: World) -> Counter:
    shop = await open_shop(world)
    scopes = frozenset().union(*ABILITIES.values())
    return Counter(shop, await world.key(*scopes), await world.key("usage:read"))


@pytest.mark.requirement("S2-01", "S2-02", "S2-04", "S2-05", "S2-07", "S2-08", "S2-09", "S2-10", "S2-11", "S2-12", "S2-13", "S2-14")
async def test_inspect_with_email_answers_every_field(counter: Counter) -> None:
    card = await counter.shop.card(EUR=2_550, points=11, code="QR-1", demo=True, expires_at_ms=2**42)
    answer = await counter.ask("GET", "/passes", counter.named(card))
    assert answer.status == 200, answer.body
    assert answer.json["success"] is True
    data = answer.json["data"]
    dates = {name: data.pop(name) for name in ("created_at", "updated_at", "expiration_date")}
    assert all(MOMENT.match(one) for one in dates.values()), dates
    flags = {"redeemed": 0, "active": 1, "expired": 0, "blocked": 0, "reminder_send": 0, "parsed_historical": 0, "demo": 1}
    assert data == flags | {
        "brand_id": counter.shop.brand.id,
        "code": "QR-1",
        "start_date": None,
        "reminder_date": None,
        "coupon": None,
        "storecard": {"identifier": counter.shop.programmes["storecard"].id, "points": 11, "balance": 25.5},
    }
    assert b'"balance":25.50' in answer.body
    by_qr = await counter.ask("GET", "/passes?" + urlencode(counter.named(card, pass_code="QR-1")), "")
    assert by_qr.json == answer.json
    coupon = await counter.shop.card("coupon", historical=True, reminder_at_ms=5, reminded_at_ms=6, starts_at_ms=7_000)
    data = (await counter.ask("GET", "/passes", counter.named(coupon))).json["data"]
    assert data["storecard"] is None
    identifier = counter.shop.programmes["coupon"].id
    assert data["coupon"] == {"identifier": identifier, "price": 5.5, "points": 10, "external_reference": "CAKE-1"}
    assert (data["parsed_historical"], data["reminder_send"], data["demo"]) == (1, 1, 0)
    assert (data["start_date"], data["reminder_date"]) == ("1970-01-01T00:00:07.000Z", "1970-01-01T00:00:00.005Z")
    assert (data["expiration_date"], data["brand_id"], data["code"]) == (None, counter.shop.brand.id, coupon.pass_id)
    prepaid = await counter.shop.card("prepaid", EUR=1_000)
    data = (await counter.ask("GET", "/passes", counter.named(prepaid))).json["data"]
    assert (data["coupon"], data["storecard"]["balance"]) == (None, 10)


@pytest.mark.requirement("S2-08", "S2-19", "S2-22", "S2-23", "S2-26", "S2-28", "S2-29")
@on_sqlite
async def test_what_is_required_is_asked_for_by_name(counter: Counter) -> None:
    card = await counter.shop.card()
    named = counter.named(card)
    changed = named | {"expiration_date": "2027-01-31", "status": "active"}
    wanted = {"brand_id": counter.shop.brand.id, "email": EMAIL, "coupon_id": uuid(25), "status": "active"}
    delta = {"organization_identifier": "mine00", "pass_code": card.pass_id}
    rows = [("GET", "/passes", named), ("DELETE", "/passes", named), ("PUT", "/passes", changed), ("POST", "/passes", wanted)]
    rows += [("POST", "/passes/url", wanted), ("GET", "/search/pass", {"pass_code": card.pass_id})]
    rows += [("POST", "/passes/scan/storecard", delta | {"points": 1})]
    for method, path, body in rows:
        for name in set(body) - {"points"}:
            without = {one: value for one, value in body.items() if one != name}
            client = counter.shop.device if path.endswith("storecard") else None
            answer = await counter.ask(method, path, without, client)
            assert answer.status == 422, (path, name, answer.body)
            words = f"The {name.replace('_', ' ')} field is required."
            assert answer.json == {"message": words, "errors": {name: [words]}}
    neither = await counter.ask("POST", "/passes/scan/storecard", delta, counter.shop.device)
    assert set(neither.json["errors"]) == {"points", "balance"}


@pytest.mark.requirement("S2-03", "S2-06", "S2-15")
@on_sqlite
async def test_abilities_and_tokens(counter: Counter) -> None:
    card = await counter.shop.card()
    rows = [("GET", "/passes"), ("PUT", "/passes"), ("DELETE", "/passes"), ("POST", "/passes"), ("POST", "/passes/url")]
    for method, path in [*rows, ("GET", "/search/pass")]:
        for client in (counter.weak, counter.shop.device):
            refused = await counter.ask(method, path, counter.named(card), client)
            assert (refused.status, refused.json) == (403, {"message": "Invalid ability provided."}), (method, path)
        nobody = await counter.ask(method, path, counter.named(card), counter.api.with_key(None))
        assert (nobody.status, nobody.json) == (401, {"message": "Unauthenticated."})
    coupon = {"coupon_id": counter.shop.programmes["coupon"].id, "status": "active", "expiration_date": "2999-01-31"}
    for ability, status in (("search.pass", 403), ("passes.get", 200)):
        made = await keys.mint(counter.shop.services, MINE, ability, frozenset({ability}))
        holder = counter.api.with_key(made.text)
        assert (await counter.ask("GET", "/search/pass", counter.named(card), holder)).status == 200
        for method, path in [*(one for one in rows if one[0] != "DELETE"), ("DELETE", "/passes")]:
            answer = await counter.ask(method, path, counter.named(card) | coupon, holder)
            assert answer.status == status, (ability, method, path, answer.body)
        assert (await counter.scan(card, client=holder, points=1)).status == 403, "that is a terminal's, or the scope's"
    card = await counter.shop.card()
    assert (await counter.scan(card, client=counter.weak, points=1)).status == 403
    assert (await counter.scan(card, client=counter.shop.device, points=1)).status == 200


@pytest.mark.requirement("S2-15", "S2-16", "S2-17", "S2-18")
async def test_search_answers_a_list(counter: Counter) -> None:
    card = await counter.shop.card(
        "coupon", code="QR-2", batch="B-7", downloaded_at_ms=9, latitude=52.5, longitude=13.25, title="Own title"
    )
    other = await counter.shop.card(code="QR-2", EUR=100, member=False)
    answer = await counter.ask("GET", "/search/pass", {"pass_code": "QR-2"})
    assert answer.status == 200, answer.body
    assert {one["pass_code"] for one in answer.json["data"]} == {card.pass_id, other.pass_id}
    (found,) = (await counter.ask("GET", "/search/pass", {"pass_code": card.pass_id})).json["data"]
    assert MOMENT.match(found.pop("created_at"))
    assert MOMENT.match(found.pop("updated_at"))
    programme = counter.shop.programmes["coupon"]
    assert found == {
        **{"expiration_date": None, "start_date": None, "reminder_date": None, "downloaded": 1, "batch_reference": "B-7"},
        **{"download_lat": 52.5, "download_long": 13.25, "user_name": "Ada Lovelace", "member_id": counter.shop.member.id},
        **{"pass_code": card.pass_id, "status": "active"},
        "brand": {"name": "Bayroast", "identifier": counter.shop.brand.id},
        "coupon": {"title": "Own title", "identifier": programme.id, "price": 5.5, "points": 10, "external_reference": "CAKE-1"},
        "storecard": None,
    }
    (found,) = (await counter.ask("GET", "/search/pass", {"pass_code": other.pass_id})).json["data"]
    nothing = ("downloaded", "download_lat", "download_long", "batch_reference", "user_name", "member_id", "coupon")
    assert [found[name] for name in nothing] == [0, None, None, None, None, None, None]
    storecard = counter.shop.programmes["storecard"]
    assert found["storecard"] == {"title": "Coffee card", "identifier": storecard.id, "points": 0, "balance": 1}
    dated = await counter.shop.card("coupon", starts_at_ms=1_000, reminder_at_ms=2_000, expires_at_ms=3_000)
    (found,) = (await counter.ask("GET", "/search/pass", {"pass_code": dated.pass_id})).json["data"]
    dates = [found[name] for name in ("start_date", "reminder_date", "expiration_date")]
    assert dates == [f"1970-01-01T00:00:0{second}.000Z" for second in (1, 2, 3)]
    assert found["status"] == "expired"
    assert (await counter.ask("GET", "/search/pass", {"pass_code": "nothing"})).json == {"success": True, "data": []}


@pytest.mark.requirement("S2-19", "S2-20", "S2-21", "S2-22")
async def test_modify_and_remove_are_recorded_transactions(counter: Counter) -> None:
    card = await counter.shop.card()
    for status in CardStatus:
        body = counter.named(card, status=status.value, expiration_date="2999-01-31 10:00:00")
        answer = await counter.ask("PUT", "/passes", body)
        assert answer.status == 200, answer.body
        transaction = answer.json["transaction_id"]
        assert answer.json == {"success": True, "message": "Pass updated successfully", "transaction_id": transaction}
        assert UUID.match(transaction)
        recorded = await counter.shop.services.store.read(lambda tx: tx.events.list(MINE, None, 100, card.pass_id))
        kind = "card.changed" if status is CardStatus.ACTIVE else "card.status_changed"  # it was active before
        assert [one.kind.value for one in recorded if one.id == transaction] == [kind], status
        data = (await counter.ask("GET", "/passes", counter.named(card))).json["data"]
        assert [one for one in ("active", "expired", "redeemed", "blocked") if data[one]] == [status.value]
        assert data["expiration_date"] == "2999-01-31T10:00:00.000Z"
    assert "card.status_changed" in await counter.shop.events(card.pass_id)
    wrong = await counter.ask("PUT", "/passes", counter.named(card, status="gone", expiration_date="soon"))
    assert set(wrong.json["errors"]) == {"status", "expiration_date"}
    removed = await counter.ask("DELETE", "/passes", counter.named(card))
    assert (removed.status, removed.json["success"], removed.json["message"]) == (200, True, "Pass removed")
    assert UUID.match(removed.json["transaction_id"])
    assert (await counter.ask("GET", "/passes", counter.named(card))).status == 404
    assert (await counter.shop.stored(card.pass_id)).member_id is None


@on_sqlite
async def test_a_wrong_brand_email_or_code_is_one_answer(counter: Counter) -> None:
    card, nobodys = await counter.shop.card(), await counter.shop.card(member=False)
    theirs = await (await open_shop(counter.shop.world, OTHER)).card()
    wrong = [
        counter.named(card, brand_id=uuid(9)),
        counter.named(card, email="eve@example.com"),
        counter.named(card, pass_code="nothing"),
        *(counter.named(nobodys), counter.named(theirs)),
    ]
    for body in wrong:
        answer = await counter.ask("GET", "/passes", body)
        assert (answer.status, answer.json) == (404, {"message": "Pass not found."}), body


@pytest.mark.requirement("S2-27", "S2-30", "S2-31", "S2-33", "S2-36", "S2-37", "S2-38", "S2-39", "S2-50")
async def test_the_documents_scan_in_its_own_spelling(counter: Counter) -> None:
    card = await counter.shop.card(EUR=2_000, points=10)
    body = f"""{{
'points': 1,
'balance': 5.50,
'organization_identifier': '{MINE.workspace}',
'pass_code': '{card.pass_id}',
'external_reference': 'till-7',
'description': 'Latte macchiato',
'transaction_reference': 'key-1',
'vat_rate': 21
}}"""
    answer = await counter.scan(card, body)
    assert answer.json == {
        **{"success": True, "message": "Pass updated", "transaction_id": "till-7", "transaction_reference": "key-1"},
        **{"was_duplicate": False, "points": 11, "balance": 25.5},
    }
    assert b'"balance":25.50' in answer.body
    (kept,) = (await counter.shop.client.get(f"/v1/passes/{card.pass_id}/scans")).json["items"]
    assert (kept["description"], kept["vat"]["rate_bp"], kept["reference"]) == ("Latte macchiato", 2_100, "key-1")
    taken = await counter.scan(card, balance=-5.5)
    assert (taken.json["balance"], taken.json["points"]) == (20, 11)
    assert UUID.match(taken.json["transaction_id"])
    assert UUID.match(taken.json["transaction_reference"])
    again = await counter.scan(card, balance=-5.5, transaction_reference=taken.json["transaction_reference"])
    assert (again.json["was_duplicate"], again.json["balance"]) == (True, 20)
    in_address = {"organization_identifier": MINE.workspace, "pass_code": card.pass_id, "points": "-1", "balance": "0.05"}
    bare = await counter.ask("POST", "/passes/scan/storecard?" + urlencode(in_address), "", counter.shop.device)
    assert (bare.json["balance"], bare.json["points"]) == (20.05, 10)
    assert await counter.shop.balances(card) == {"EUR": 2_005, "points": 10}


@pytest.mark.requirement("S2-33", "S2-34", "S2-35", "S2-40", "S2-49")
async def test_the_same_reference_on_the_same_card_is_a_retry_whatever_the_body(counter: Counter) -> None:
    card, other = await counter.shop.card(EUR=2_000), await counter.shop.card(EUR=2_000)
    first = await counter.scan(card, balance=-5.5, transaction_reference="r-1", external_reference="x-1")
    await counter.scan(card, balance=-1)
    for body in ({"balance": -5.5}, {"balance": -9, "points": 3}):
        again = await counter.scan(card, transaction_reference="r-1", client=counter.shop.second, **body)
        assert again.json == first.json | {"was_duplicate": True, "balance": 13.5}
    assert (await counter.scan(other, balance=-5.5, transaction_reference="r-1")).json["was_duplicate"] is False
    assert await counter.shop.balances(card) == {"EUR": 1_350}
    events = await counter.shop.events(card.pass_id)
    assert (events.count("card.scanned"), events.count("scan.repeated_differently")) == (2, 1)
    history = (await counter.shop.client.get(f"/v1/passes/{card.pass_id}/scans")).json["items"]
    assert len(history) == 2


NUMBERS = {
    "zero": ("0", "-0", "0.0"),
    "decimals": ("5.505", "0.30000000000000004"),
    "number": ('"5"', "true", "[]"),
    "beyond": ("1e400", "9223372036854775808", "1e99999999999999999999"),
}


@pytest.mark.requirement("S2-27", "S2-28")
@on_sqlite
async def test_numbers_are_exact_or_refused_by_name(counter: Counter) -> None:
    card = await counter.shop.card(EUR=1)
    for word, text in ((word, text) for word, texts in NUMBERS.items() for text in texts):
        body = f'{{"organization_identifier": "mine00", "pass_code": "{card.pass_id}", "balance": {text}}}'
        answer = await counter.scan(card, body)
        assert answer.status == 422, (text, answer.body)
        assert list(answer.json["errors"]) == ["balance"], text
        assert word in answer.json["errors"]["balance"][0], (text, answer.body)
    thirds = await counter.scan(card, balance=0.1)
    assert (await counter.scan(card, balance=0.2)).json["balance"] == 0.31
    assert thirds.json["balance"] == 0.11
    assert await counter.shop.balances(card) == {"EUR": 31}


@pytest.mark.requirement("S2-31", "S2-33", "S2-37")
@on_sqlite
async def test_limits_count_characters(counter: Counter) -> None:
    card = await counter.shop.card()
    good = await counter.scan(card, points=1, description="é" * 191, transaction_reference="ü" * 64, vat_rate=0)
    assert good.status == 200, good.body
    for name, value in (("description", "é" * 192), ("transaction_reference", "x" * 65)):
        answer = await counter.scan(card, points=1, **{name: value})
        words = f"The {name.replace('_', ' ')} field must not be greater than {len(value) - 1} characters."
        assert answer.json == {"message": words, "errors": {name: [words]}}
    for rate in (-1, 22, 20.5, "21", True):
        assert list((await counter.scan(card, points=1, vat_rate=rate)).json["errors"]) == ["vat_rate"]
    assert (await counter.scan(card, points=1, organization_identifier="other0")).status == 422
    assert await counter.shop.balances(card) == {"points": 1}


@pytest.mark.requirement("S2-32", "S2-37", "S2-41", "S2-42", "S2-44")
async def test_without_a_description_the_catalogue_or_the_terminal_names_what_was_charged(counter: Counter) -> None:
    card = await counter.shop.card(EUR=9_000, points=100)
    for client, body in (
        (counter.shop.device, {"balance": -5.5}),
        (counter.shop.device, {"points": -25}),
        (counter.shop.device, {"balance": -3}),
        (counter.shop.second, {"balance": -5.5}),
    ):
        assert (await counter.scan(card, client=client, **body)).status == 200
    history = (await counter.shop.client.get(f"/v1/passes/{card.pass_id}/scans")).json["items"]
    said = sorted(one["description"] for one in history)
    assert said == sorted(["Latte macchiato", "Espresso", "Charged at: Counter-01", "Espresso"])
    rates = {(one["description"], one["vat"]["rate_bp"]) for one in history if one["vat"]}
    usual = counter.shop.services.scanning.rules.vat_default_bp
    assert rates == {("Latte macchiato", 2_100), ("Espresso", 900), ("Charged at: Counter-01", usual)}, "where none is named"


@pytest.mark.requirement("S2-43", "S2-44", "S2-45", "S2-46", "S2-47", "S2-48", "S2-51")
async def test_restricted_cards_refuse_in_the_documents_words(counter: Counter) -> None:
    card = await counter.shop.card("restricted", EUR=9_000, points=50)
    denied = await counter.scan(card, balance=-5.5, description="Latte macchiato")
    assert (denied.status, denied.json) == (
        422,
        {
            "message": 'Product "Latte macchiato" is not allowed on this storecard. '
            "The card is restricted to: Espresso, Cappuccino.",
            "error_code": "product_not_allowed",
            "allowed_products": ["Espresso", "Cappuccino"],
            "resolved_product_id": 42,
            "resolved_description": "Latte macchiato",
        },
    )
    unclear = await counter.scan(card, balance=-1.23)
    assert (unclear.status, unclear.json) == (
        422,
        {
            "message": "This card is restricted to specific products. The device did not provide enough information to validate "
            "the scan — set a description or transaction_reference on the request.",
            "error_code": "cannot_validate_restriction",
            "allowed_products": ["Espresso", "Cappuccino"],
            "resolved_product_id": None,
            "resolved_description": "Charged at: Counter-01",
        },
    )
    named = await counter.scan(card, balance=-5.5, description="Latte macchiato", client=counter.shop.second)
    assert named.json == denied.json, "what the request says goes before what the terminal sells"
    assert (await counter.scan(card, balance=20)).json["balance"] == 110
    assert (await counter.scan(card, balance=-1.23, description="espresso")).status == 200
    assert (await counter.scan(card, balance=-1.23, client=counter.shop.second)).status == 200
    assert (await counter.scan(card, balance=-3.5)).status == 200
    assert await counter.shop.balances(card) == {"EUR": 9_000 + 2_000 - 246 - 350, "points": 50}


@pytest.mark.requirement("S2-43", "S2-45", "S2-46", "S2-51")
@on_sqlite
async def test_cards_of_every_category_can_be_restricted(counter: Counter) -> None:
    assert set(Category) == {"prepaid", "postpaid", "subscription", "punchcard"}
    for category in Category:
        made = replace(counter.shop.programmes["restricted"], id=f"club-{category}", category=category)
        counter.shop.programmes[category] = made
        await counter.shop.services.store.write(lambda tx, made=made: tx.programmes.add(made))
        card = await counter.shop.card(category, EUR=1_000)
        refused = await counter.scan(card, balance=-5.5, description="Latte macchiato")
        assert (refused.status, refused.json["error_code"]) == (422, "product_not_allowed"), category
        assert (await counter.scan(card, balance=5.5, description="Latte macchiato")).json["balance"] == 15.5
        assert (await counter.scan(card, balance=-2.5, description="Espresso")).json["balance"] == 13


@on_sqlite
async def test_too_little_and_unusable_cards(counter: Counter) -> None:
    card, blocked = await counter.shop.card(EUR=100), await counter.shop.card(EUR=100, status=CardStatus.BLOCKED)
    declined = await counter.scan(card, balance=-2, transaction_reference="r-2")
    assert (declined.status, declined.json["error_code"]) == (422, "insufficient_balance")
    await counter.scan(card, balance=50)
    assert (await counter.scan(card, balance=-2, transaction_reference="r-2")).status == 422
    refused = await counter.scan(blocked, balance=-1)
    assert (refused.status, refused.json["error_code"], refused.json["reason"]) == (422, "card_not_usable", "blocked")
    coupon = await counter.shop.card("coupon")
    assert (await counter.scan(coupon, points=1)).json == {"message": "Pass not found."}
    stamps = await counter.shop.card("stamps", stamps=3)
    assert (await counter.scan(stamps, points=2)).json["points"] == 5
    assert list((await counter.scan(stamps, balance=2)).json["errors"]) == ["balance"]


@pytest.mark.requirement("S2-02")
@on_sqlite
async def test_bodies_that_nobody_can_mean(counter: Counter) -> None:
    card = await counter.shop.card()
    query = urlencode(counter.named(card))
    assert (await counter.ask("GET", f"/passes?{query}", counter.named(card))).status == 200
    contradictory = await counter.ask("GET", f"/passes?{query}", counter.named(card, email="eve@example.com"))
    assert list(contradictory.json["errors"]) == ["email"]
    for body in ("{", "[]", '{"a": 1, "a": 2}', "{ 'a': 1, a: 2 }", '{"a": NaN}', "\x00", '{"pass_code": "\\u0000"}', "[" * 99):
        answer = await counter.ask("GET", "/search/pass", body)
        assert answer.status == 422, body
        assert set(answer.json) <= {"message", "errors"}
    huge = await counter.ask("GET", "/search/pass", '{"pass_code": "' + "x" * 70_000 + '"}')
    assert huge.status in (413, 422)
    twice = await counter.ask("GET", "/search/pass?pass_code=a&pass_code=b", "")
    assert list(twice.json["errors"]) == ["pass_code"]
    assert (await counter.ask("GET", "/search/pass", {"pass_code": 12})).status == 422
    for path, allow in {"/passes": "GET, PUT, DELETE, POST", "/search/pass": "GET", "/passes/scan/storecard": "POST"}.items():
        other = await counter.ask("PATCH", path, {})
        assert (other.status, other.headers["allow"]) == (405, allow)
        assert other.json == {"message": f"The method is not supported. Supported methods: {allow}."}


@pytest.mark.requirement("S2-33", "S2-38")
@on_sqlite
async def test_a_misspelt_name_is_refused_and_a_strange_one_is_not_looked_at(counter: Counter) -> None:
    """Of two retries with a reference that nobody reads, the second would charge again."""
    card = await counter.shop.card(points=10)
    for name, meant, said in (
        ("transaction_refrence", "transaction_reference", "transaction refrence"),
        ("transactionReference", "transaction_reference", "transactionReference"),
        ("vat-rate", "vat_rate", "vat-rate"),
        ("Balance", "balance", "Balance"),
    ):
        in_body = await counter.scan(card, points=-1, **{name: "1"})
        named = {"organization_identifier": MINE.workspace, "pass_code": card.pass_id, "points": -1}
        in_address = await counter.ask("POST", f"/passes/scan/storecard?{name}=1", named, counter.shop.device)
        words = f"The {said} field is not known: send it as {meant}."
        assert in_body.status == in_address.status == 422
        assert in_body.json == in_address.json == {"message": words, "errors": {name: [words]}}
    strange = {"device": "till-3", "api_version": 2, "reference": "7", "_": "1"}
    assert (await counter.scan(card, points=-1, **strange)).json["points"] == 9


@pytest.mark.requirement("S2-18", "S2-20", "S2-23", "S2-24", "S2-25", "S2-26")
async def test_a_pass_is_made_for_a_member_of_any_status_with_a_link_or_a_mail(counter: Counter) -> None:
    wanted = {"brand_id": counter.shop.brand.id, "coupon_id": counter.shop.programmes["coupon"].id}
    for status in CardStatus:
        body = wanted | {"email": "New@Example.com", "status": status.value, "pass_title": "Welcome"}
        made = await counter.ask("POST", "/passes/url", body | {"expiration_date": "2999-01-31"})
        assert (made.status, made.json["success"]) == (200, True), made.body
        code = made.json["url"].rpartition("/")[2]
        card = await counter.shop.stored(code)
        assert (card.status, card.title) == (status, "Welcome")
        (found,) = (await counter.ask("GET", "/search/pass", {"pass_code": code})).json["data"]
        assert (found["coupon"]["title"], found["status"]) == ("Welcome", status.value)
        assert found["expiration_date"] == "2999-01-31T00:00:00.000Z"
    sent = await counter.ask("POST", "/passes", wanted | {"email": EMAIL, "status": "active"})
    assert sent.json == {"success": True, "message": "Email has been send"}
    mails = await counter.shop.services.store.read(lambda tx: tx.mails.newest(MINE, None, 10))
    assert [(one.mail.to, one.mail.kind.value, one.mail.brand_id) for one in mails] == [(EMAIL, "pass_link", wanted["brand_id"])]
    unknown = await counter.ask("POST", "/passes", wanted | {"email": EMAIL, "status": "active", "coupon_id": "nothing"})
    assert (unknown.status, unknown.json) == (404, {"message": "Coupon not found."})
