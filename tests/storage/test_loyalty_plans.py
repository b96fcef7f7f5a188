"""However many members and cards there are, none is found by reading them all: what each engine plans, with 20,000 of them."""

import functools

from billfold.ports import Store, Tx
from billfold.storage import loyalty, loyalty_cards, loyalty_members
from billfold.storage.store import sqlite_path
from storage.material import NOW
from storage.plans import EVERY, Plans, plans_of
from storage.till import a_brand, a_programme, open_shop, uuid

_SEARCH = {"beginning": b"person", "start": b"person", "beyond": b"person\xff", "start_id": "", "limit": 50}
_PAGE = {"after": "", "limit": 50}
PLANS: Plans = {
    "search": (loyalty_members.SEARCH, _SEARCH, "ix_member_word_word"),
    "search in a brand": (loyalty_members.SEARCH_BRAND, _SEARCH | {"brand_id": uuid(2)}, "brand_id"),
    "by e-mail": (loyalty_members.BY_EMAIL, {"brand_id": uuid(1), "email": "person7@example.com"}, "ix_member_email"),
    "by external id": (
        loyalty_members.BY_EXTERNAL_ID,
        {"brand_id": uuid(1), "external_id": "crm-7"},
        "ix_member_external_id",
    ),
    "members": (loyalty_members.LIST, _PAGE, "member"),
    "members of a brand": (loyalty_members.LIST_OF_BRAND, _PAGE | {"brand_id": uuid(2)}, "ix_member_brand"),
    "by code": (loyalty_cards.BY_CODE, {"code": "code-7", "limit": 20}, "ix_card_code"),
    "facts of a card": (loyalty_cards.FACTS, {"key": "p7"}, "member"),
    "cards of a member": (
        loyalty_cards.listing(frozenset({"member_id"})),
        _PAGE | {"listed": "active", "member_id": uuid(7)},
        "ix_card_member",
    ),
    "cards of some members": (loyalty_cards.OF_MEMBERS, {"keys": f'["{uuid(7)}", "m8"]', "each": 20}, "ix_card_member"),
    "cards of some passes": (loyalty_cards.CARD.every, {"keys": '["p7", "p9"]'}, "card"),
    "some members": (loyalty_members.MEMBER.every, {"keys": '["m7", "m9"]'}, "member"),
    "cards of a programme": (
        loyalty_cards.listing(frozenset({"programme_id"})),
        _PAGE | {"listed": "active", "programme_id": uuid(2)},
        "ix_card_programme",
    ),
    "blocked cards": (loyalty_cards.listing(frozenset()), _PAGE | {"listed": "blocked"}, "ix_card_status"),
    "cards of a batch": (
        loyalty_cards.listing(frozenset({"batch"})),
        _PAGE | {"listed": "active", "batch": "b-7"},
        "ix_card_batch",
    ),
    "to remind": (loyalty_cards.TO_REMIND_NOW, {"at_ms": NOW, "limit": 50}, "ix_card_reminder"),
    "to expire": (loyalty_cards.TO_EXPIRE_NOW, {"at_ms": NOW, "limit": 50}, "ix_card_expiry"),
    "by price": (loyalty.BY_PRICE, {"currency": "EUR", "price": 350, "limit": 20}, "ix_product_price"),
    "by name": (loyalty.BY_NAME, {"name": "espresso", "limit": 1}, "ix_product_name"),
}


_EVERY = """
INSERT INTO member {every} SELECT 'd3m0ab', 'test', 'm' || n, {brand}, 'person' || n || '@example.com', 'Person ' || n, 1, 1,
    'crm-' || n, '', '{{}}', NULL FROM every;
INSERT INTO member_word (workspace, environment, word, member_id, brand_id)
    {every} SELECT 'd3m0ab', 'test', CAST('person' || n || '@example.com' AS {bytes}, 'm' || n, {brand} FROM every;
INSERT INTO member_word (workspace, environment, word, member_id, brand_id)
    {every} SELECT 'd3m0ab', 'test', CAST('person ' || n AS {bytes}, 'm' || n, {brand} FROM every;
INSERT INTO pass (workspace, environment, id, key_id, fingerprint, number, issued_number, issued_at_ms, updated_at_ms, pass_type,
    issuer_id) {every} SELECT 'd3m0ab', 'test', 'p' || n, 'k', 'f', 1, 1, 1, 1, 't', 'i' FROM every;
INSERT INTO card (workspace, environment, pass_id, programme_id, brand_id, code, created_at_ms, updated_at_ms, member_id, status,
    title, expires_at_ms, reminder_at_ms, batch, demo, historical, listed)
    {every} SELECT 'd3m0ab', 'test', 'p' || n, {brand}, {brand}, 'code-' || n, 1, 1, 'm' || n, {status}, '', 1795176000000 + n,
    1795175900000 + n * 1000, 'b-' || n / 100, 0, 0, {status} FROM every;
INSERT INTO product (workspace, environment, id, number, name, created_at_ms, updated_at_ms, currency, price_minor,
    external_reference, name_key)
    {every} SELECT 'd3m0ab', 'test', 'x' || n, n, 'Thing ' || n, 1, 1, 'EUR', n, '', 'thing ' || n FROM every"""
_STATUS = "CASE n % 50 WHEN 0 THEN 'blocked' ELSE 'active' END"
_BRAND = f"CASE n % 20 WHEN 0 THEN '{uuid(2)}' ELSE '{uuid(1)}' END"


def open_two_shops(tx: Tx) -> None:
    open_shop(tx)
    tx.brands.add(a_brand(2))
    tx.programmes.add(a_programme(2))


def filling(bytes_: str) -> list[str]:
    return [one.format(every=EVERY, brand=_BRAND, status=_STATUS, bytes=bytes_) for one in _EVERY.split(";")]


async def test_nothing_is_found_by_reading_it_all(store: Store, migrated_url: str) -> None:
    """Each question goes by its index, and pages come in the index's order, unsorted also where words are equal; SQLite does not
    read through all cards to ask of each whether it is among a member's few, nor through all products in their order. Of brands
    and programmes there are two."""
    await store.write(open_two_shops)
    words = "TEXT)::bytea" if sqlite_path(migrated_url) is None else "BLOB)"
    plans = plans_of(migrated_url, filling(words), PLANS)
    some_rows = ("by code", "by name", "by price", "cards of a member", "cards of some members")
    wrong = [
        f"{name}:\n{plan}"
        for name, plan in plans.items()
        if PLANS[name][2] not in plan
        or any(one in _but_few(plan) for one in ("Seq Scan", "SCAN ", "pass_id>?)\nLIST SUBQUERY", "ix_product_number"))
        or (name not in some_rows and any(one in plan for one in ("Sort", "TEMP B-TREE")))
    ]
    assert wrong == [], "\n\n".join(wrong)


def _but_few(plan: str) -> str:
    """Without what reads a few rows: the two brands and programmes, the keys that were given, what was found by them."""
    few = ("Seq Scan on brand", "Seq Scan on programme", "SCAN given", "SCAN ranked", "SCAN (subquery-4)")
    return functools.reduce(lambda rest, one: rest.replace(one, ""), few, plan)
