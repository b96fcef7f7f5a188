"""The till's rows on both engines: they come back as they were, and are nobody else's."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from billfold.domain.errors import Conflict
from billfold.domain.keys import AccessKey
from billfold.domain.loyalty import Card, CardStatus, Category, Member, ProgrammeKind, normal_email
from billfold.loyalty_ports import CardFilter
from billfold.ports import Store, Tx
from storage.material import FOREIGN, NOW, OURS, pass_id
from storage.till import a_brand, a_card, a_member, a_product, a_programme, a_terminal, hand_out, open_shop, uuid


@pytest.fixture
async def shop(store: Store) -> Store:
    await store.write(open_shop)
    return store


# --- as they were, and nobody else's ---------------------------------------------------------------------------------------------

FULL: dict[str, tuple[Any, Any]] = {
    "brands": (
        a_brand(2, logo="ab" * 32, website="https://example.com", archived_at_ms=NOW + 1),
        {"name": "Other", "color": "#ffffff"},
    ),
    "members": (
        a_member(external_id="crm-7", language="de", attributes={"tier": "gold", "visits": 7}, unsubscribed_at_ms=NOW),
        {"name": "Ada Lovelace", "email": "ada@example.com", "attributes": {}},
    ),
    "products": (
        a_product(currency="JPY", price_minor=500, price_points=90, vat_bp=2100, external_reference="sku"),
        {"name": "Espresso", "archived_at_ms": NOW},
    ),
    "programmes": (
        a_programme(
            2,
            kind=ProgrammeKind.PREPAIDCARD,
            category=Category.POSTPAID,
            currency="EUR",
            points=True,
            stamps_goal=10,
            allowed_products=(uuid(1), uuid(2)),
            floor_minor=-5000,
            price_minor=1,
            price_points=2,
            external_reference="r",
            earn_points_per_unit=3,
            points_valid_days=4,
            valid_days=5,
            reminder_days=1,
        ),
        {"title": "Other", "points": False, "allowed_products": ()},
    ),
    "terminals": (
        a_terminal(
            place="Lisbon",
            points_multiplier_percent=150,
            pin_hash="$argon2",
            external_device_id="till-7",
            enrolment_hash=b"\x00\xff",
            enrolment_until_ms=NOW,
            key_id="k",
            last_device_seq=9,
            last_seen_at_ms=NOW,
        ),
        {"revoked_at_ms": NOW, "enrolment_hash": b"", "enrolment_until_ms": None},
    ),
}


@pytest.mark.parametrize("room", FULL)
async def test_a_row_comes_back_as_it_was_and_is_nobody_elses(shop: Store, room: str) -> None:
    made, changes = FULL[room]
    await shop.write(lambda tx: getattr(tx, room).add(made))
    assert await shop.read(lambda tx: getattr(tx, room).find(OURS, made.id)) == made
    changed = replace(made, **changes)
    await shop.write(lambda tx: getattr(tx, room).replace(changed))
    assert await shop.write(lambda tx: getattr(tx, room).find_locked(OURS, made.id)) == changed
    for scope in FOREIGN:
        assert await shop.read(lambda tx, scope=scope: getattr(tx, room).find(scope, made.id)) is None  # type: ignore[misc]


async def test_a_card_comes_back_as_it_was_and_is_nobody_elses(shop: Store) -> None:
    made = a_card(
        code="LOYALTY-7",
        member_id=uuid(1),
        status=CardStatus.BLOCKED,
        title="Own",
        starts_at_ms=NOW,
        expires_at_ms=NOW + 9,
        reminder_at_ms=NOW + 5,
        reminded_at_ms=NOW + 6,
        latitude=-33.865143,
        longitude=151.2099,
        downloaded_at_ms=NOW,
        batch="b-1",
        demo=True,
        historical=True,
    )

    def fill(tx: Tx) -> None:
        tx.members.add(a_member())
        hand_out(tx, made)

    await shop.write(fill)
    assert await shop.read(lambda tx: tx.cards.find(OURS, made.pass_id)) == made
    changed = replace(made, member_id=None, latitude=None, longitude=None, removed_at_ms=NOW)
    await shop.write(lambda tx: tx.cards.replace(changed))
    assert await shop.write(lambda tx: tx.cards.find_locked(OURS, made.pass_id)) == changed
    for scope in FOREIGN:
        assert await shop.read(lambda tx, scope=scope: tx.cards.find(scope, made.pass_id)) is None  # type: ignore[misc]
        assert await shop.read(lambda tx, scope=scope: tx.cards.by_code(scope, "LOYALTY-7")) == []  # type: ignore[misc]


async def test_no_link_leads_to_anothers_row(shop: Store) -> None:
    """The database refuses it, whatever a flow forgets."""
    for scope in FOREIGN:
        with pytest.raises(Conflict):
            await shop.write(lambda tx, scope=scope: tx.members.add(a_member(5, scope)))  # type: ignore[misc]  # their brand is not there


async def test_a_device_token_names_its_terminal(store: Store) -> None:
    key = AccessKey("k1", OURS, "Counter", frozenset({"scans:write"}), b"d" * 32, NOW, terminal_id=uuid(1))
    await store.write(lambda tx: tx.keys.add(key))
    assert await store.read(lambda tx: tx.keys.find(OURS, "k1")) == key


# --- members ----------------------------------------------------------------------------------------------------------------------


async def add_members(store: Store, *members: Member) -> None:
    def fill(tx: Tx) -> None:
        for one in members:
            tx.members.add(one)

    await store.write(fill)


async def test_a_brand_knows_an_address_once(shop: Store) -> None:
    await shop.write(lambda tx: tx.brands.add(a_brand(2)))
    await add_members(shop, a_member(1), a_member(2, email="", external_id="x"), a_member(3, email=""))
    await add_members(shop, a_member(4, brand_id=uuid(2), email="person1@example.com", external_id="x"))
    for taken in (a_member(9, email="person1@example.com"), a_member(9, email="", external_id="x")):
        with pytest.raises(Conflict, match="has a member"):
            await add_members(shop, taken)
    with pytest.raises(Conflict, match="has a member"):
        await shop.write(lambda tx: tx.members.replace(a_member(3, email="person1@example.com")))
    assert await shop.read(lambda tx: tx.members.by_email(OURS, uuid(2), "person1@example.com")) == a_member(
        4, brand_id=uuid(2), email="person1@example.com", external_id="x"
    )
    assert await shop.read(lambda tx: tx.members.by_email(OURS, uuid(1), "")) is None
    assert await shop.read(lambda tx: tx.members.by_external_id(OURS, uuid(1), "x")) == a_member(2, email="", external_id="x")


async def test_the_same_address_at_once_is_added_once(shop: Store) -> None:
    tries = [add_members(shop, a_member(nth, email="same@example.com")) for nth in range(10)]
    outcome = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(one) for one in outcome if one is not None] == [Conflict] * 9


async def found(store: Store, words: str, limit: int = 100, brand_id: str | None = None) -> list[str]:
    """Ids, read page after page."""
    ids: list[str] = []

    def page(tx: Tx) -> list[Member]:
        return tx.members.search(OURS, words, ids[-1] if ids else None, limit, brand_id)

    while more := await store.read(page):
        assert len(more) <= limit
        ids += [one.id for one in more]
    return ids


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_members_are_found_by_the_beginning_of_what_they_are_called(shop: Store, limit: int) -> None:
    await shop.write(lambda tx: tx.brands.add(a_brand(2)))
    await add_members(
        shop,
        a_member(1, name="Ada  LOVELACE", email="ada@example.com"),
        a_member(2, name="Ada Adams", email="adams@example.com", brand_id=uuid(2)),
        a_member(3, name="Straße", email="x@example.com", external_id="CRM-ada"),
        a_member(4, name="", email="", external_id="ADAM-1"),
        a_member(5, name="日本 太郎", email="taro@example.com"),
    )
    assert sorted(await found(shop, "ada", limit)) == [uuid(1), uuid(2), uuid(4)], "each once, however many of its words fit"
    assert await found(shop, "  ADA   love", limit) == [uuid(1)]
    assert await found(shop, "lovel", limit) == [uuid(1)]
    assert await found(shop, "STRASSE", limit) == [uuid(3)]
    assert await found(shop, "crm-ADA", limit) == [uuid(3)]
    assert await found(shop, "太郎", limit) == [uuid(5)]
    assert await found(shop, "ada", limit, uuid(2)) == [uuid(2)]
    assert await found(shop, "a_a%", limit) == []
    assert await found(shop, "", limit) == [uuid(nth) for nth in range(1, 6)]
    assert await found(shop, "", limit, uuid(2)) == [uuid(2)]
    for scope in FOREIGN:
        assert await shop.read(lambda tx, scope=scope: tx.members.search(scope, "ada", None, 9)) == []  # type: ignore[misc]


async def test_who_is_called_otherwise_is_found_by_the_new_name_alone(shop: Store) -> None:
    await add_members(shop, a_member(1, name="Ada Byron"))
    await shop.write(lambda tx: tx.members.replace(a_member(1, name="Ada Lovelace", email="")))
    assert [await found(shop, words) for words in ("byron", "lovelace", "person1@")] == [[], [uuid(1)], []]


async def test_a_removed_member_leaves_its_cards(shop: Store) -> None:
    def fill(tx: Tx) -> None:
        tx.members.add(a_member())
        hand_out(tx, a_card(1, member_id=uuid(1)), a_card(2, member_id=uuid(1)))
        tx.members.remove(OURS, uuid(1))

    await shop.write(fill)
    assert await shop.read(lambda tx: tx.members.find(OURS, uuid(1))) is None
    assert await found(shop, "person") == []
    cards = await shop.read(lambda tx: tx.cards.list(OURS, CardFilter(), None, 9))
    assert [one.member_id for one in cards] == [None, None]


@pytest.mark.parametrize(
    "hostile", ["", "a", "a@b", "@example.com", "a@b@example.com", "a b@example.com", "a@exa mple.com", "a@x.com\n"]
)
def test_what_is_no_address_is_refused(hostile: str) -> None:
    if hostile.endswith("\n"):
        assert normal_email(hostile) == "a@x.com", "space around it is taken off"
        return
    with pytest.raises(Exception, match="no e-mail address"):
        normal_email(hostile)


# --- products ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S2-41", "S2-43")
async def test_products_are_found_by_number_name_and_price(shop: Store) -> None:
    def fill(tx: Tx) -> None:
        assert tx.products.next_number(OURS) == 1
        tx.products.add(a_product(1, name="Flat White", price_minor=350))
        tx.products.add(a_product(2, name="Muffin", price_minor=350, price_points=40))
        tx.products.add(a_product(3, name="Yen", price_minor=350, currency="JPY"))
        tx.products.add(a_product(4, name="Gone", price_minor=350, archived_at_ms=NOW))

    await shop.write(fill)
    assert await shop.read(lambda tx: tx.products.next_number(OURS)) == 5
    name = await shop.read(lambda tx: tx.products.by_name(OURS, "  flat   WHITE "))
    assert name is not None
    assert name.number == 1
    assert await shop.read(lambda tx: tx.products.by_name(OURS, "Gone")) is None
    assert [one.number for one in await shop.read(lambda tx: tx.products.by_price(OURS, "EUR", 350))] == [1, 2]
    assert [one.number for one in await shop.read(lambda tx: tx.products.by_points(OURS, 40))] == [2]
    assert [one.number for one in await shop.read(lambda tx: tx.products.list(OURS, uuid(1), 9))] == [2, 3]
    assert await shop.read(lambda tx: tx.products.by_price(FOREIGN[0], "EUR", 350)) == []


async def test_two_products_at_once_have_two_numbers(shop: Store) -> None:
    def add(nth: int) -> Callable[[Tx], None]:
        return lambda tx: tx.products.add(a_product(nth, number=tx.products.next_number(OURS)))

    await asyncio.gather(*(shop.write(add(nth)) for nth in range(1, 6)))
    assert sorted(one.number for one in await shop.read(lambda tx: tx.products.list(OURS, None, 9))) == [1, 2, 3, 4, 5]


async def test_archived_things_are_found_and_not_listed(shop: Store) -> None:
    def fill(tx: Tx) -> None:
        tx.brands.add(a_brand(2, archived_at_ms=NOW))
        tx.programmes.add(a_programme(2, archived_at_ms=NOW))
        tx.programmes.add(a_programme(3, brand_id=uuid(2)))

    await shop.write(fill)
    assert [one.id for one in await shop.read(lambda tx: tx.brands.list(OURS, None, 9))] == [uuid(1)]
    assert [one.id for one in await shop.read(lambda tx: tx.programmes.list(OURS, None, 9))] == [uuid(1), uuid(3)]
    assert [one.id for one in await shop.read(lambda tx: tx.programmes.list(OURS, None, 9, uuid(2)))] == [uuid(3)]


# --- cards ------------------------------------------------------------------------------------------------------------------------


async def test_a_card_is_found_by_its_pass_or_else_by_its_code(shop: Store) -> None:
    cards = [
        a_card(1, code="SHARED", created_at_ms=NOW),
        a_card(2, code="SHARED", created_at_ms=NOW + 5),
        a_card(3, code="SHARED", removed_at_ms=NOW),
        a_card(4, code=pass_id(1)),
    ]
    await shop.write(lambda tx: hand_out(tx, *cards))
    assert await shop.read(lambda tx: tx.cards.by_code(OURS, "SHARED")) == [cards[1], cards[0]]
    assert await shop.read(lambda tx: tx.cards.by_code(OURS, "SHARED", 1)) == [cards[1]]
    assert await shop.read(lambda tx: tx.cards.by_code(OURS, pass_id(1))) == [cards[0]]
    assert await shop.read(lambda tx: tx.cards.by_code(OURS, pass_id(3))) == []


async def test_cards_are_listed_by_what_is_asked_page_after_page(shop: Store) -> None:
    def fill(tx: Tx) -> None:
        tx.brands.add(a_brand(2))
        tx.programmes.add(a_programme(2, brand_id=uuid(2)))
        tx.members.add(a_member())
        hand_out(
            tx,
            a_card(1, member_id=uuid(1), batch="x"),
            a_card(2, status=CardStatus.BLOCKED),
            a_card(3, programme_id=uuid(2), brand_id=uuid(2), batch="x"),
            a_card(4, status=CardStatus.REDEEMED, programme_id=uuid(2), brand_id=uuid(2)),
            a_card(5, removed_at_ms=NOW),
        )

    await shop.write(fill)

    async def listed(**wanted: Any) -> list[int]:
        ids: list[str] = []

        def page(tx: Tx) -> list[Card]:
            return tx.cards.list(OURS, CardFilter(**wanted), ids[-1] if ids else None, 2)

        while more := await shop.read(page):
            ids += [one.pass_id for one in more]
        return [nth for nth in range(1, 6) for one in ids if one == pass_id(nth)]

    assert await listed() == [1, 2, 3, 4]
    assert await listed(member_id=uuid(1)) == [1]
    assert await listed(programme_id=uuid(2)) == [3, 4]
    assert await listed(brand_id=uuid(1)) == [1, 2]
    assert await listed(status=CardStatus.BLOCKED) == [2]
    assert await listed(batch="x") == [1, 3]
    assert await listed(batch="x", brand_id=uuid(2), status=CardStatus.ACTIVE) == [3]
    assert await shop.read(lambda tx: tx.cards.list(FOREIGN[0], CardFilter(), None, 9)) == []


@pytest.mark.requirement("S2-13")
async def test_cards_that_are_due_for_a_reminder(shop: Store) -> None:
    cards = [
        a_card(1, reminder_at_ms=NOW - 1),
        a_card(2, reminder_at_ms=NOW - 9),
        a_card(3, reminder_at_ms=NOW + 1),
        a_card(4, reminder_at_ms=NOW - 2, reminded_at_ms=NOW - 1),
        a_card(5, reminder_at_ms=NOW - 2, status=CardStatus.BLOCKED),
        a_card(6, reminder_at_ms=NOW - 2, expires_at_ms=NOW),
        a_card(7, reminder_at_ms=NOW - 2, starts_at_ms=NOW + 1),
        a_card(8, reminder_at_ms=NOW - 2, removed_at_ms=NOW),
    ]
    await shop.write(lambda tx: hand_out(tx, *cards))
    assert await shop.read(lambda tx: tx.cards.to_remind(OURS, NOW, 9)) == [cards[1], cards[0]]
    assert await shop.read(lambda tx: tx.cards.to_remind(OURS, NOW, 1)) == [cards[1]]
    assert await shop.read(lambda tx: tx.cards.to_expire(OURS, NOW, 9)) == [cards[5]]
    assert await shop.read(lambda tx: tx.cards.to_remind(FOREIGN[0], NOW, 9)) == []


async def test_the_first_download_stays(shop: Store) -> None:
    await shop.write(lambda tx: hand_out(tx, a_card(1)))
    for at, where in ((NOW, (38.7223, -9.1393)), (NOW + 5, (0.0, 0.0))):
        await shop.write(lambda tx, at=at, where=where: tx.cards.set_downloaded(OURS, pass_id(1), at, *where))  # type: ignore[misc]
    await shop.write(lambda tx: tx.cards.set_downloaded(OURS, pass_id(2), NOW, None, None))
    card = await shop.read(lambda tx: tx.cards.find(OURS, pass_id(1)))
    assert card is not None
    assert (card.downloaded_at_ms, card.latitude, card.longitude) == (NOW, 38.7223, -9.1393)


async def test_an_enrolment_finds_its_terminal(shop: Store) -> None:
    await shop.write(lambda tx: tx.terminals.add(a_terminal(enrolment_hash=b"h", enrolment_until_ms=NOW)))
    await shop.write(lambda tx: tx.terminals.add(a_terminal(2, enrolment_hash=b"g")))
    assert await shop.read(lambda tx: tx.terminals.by_enrolment(OURS, b"h")) == a_terminal(
        enrolment_hash=b"h", enrolment_until_ms=NOW
    )
    assert await shop.read(lambda tx: tx.terminals.by_enrolment(OURS, b"g")) is None
    assert [one.id for one in await shop.read(lambda tx: tx.terminals.list(OURS, None, 9))] == [uuid(1), uuid(2)]
