"""What a holder sees of each kind of pass on an Android phone, in the phone's language: the whole way from content to card.

The phone shares no code with what it shows."""

from typing import Any

import pytest
from msgspec.structs import replace

from billfold.domain import totp
from billfold.domain.content import BarcodeFormat, Content, RotatingBarcode
from billfold.domain.delivery import Delivered
from billfold.domain.messages import Message
from billfold.sandbox.phones.android import VirtualAndroid
from billfold.sandbox.phones.events import Card
from wallets.google.cards import CARDS, LOYALTY
from wallets.google.material import NOW_MS, SCOPE
from wallets.offers import given_out

ACCOUNT = "tester@example.com"


def phone_of(world: Any, language: str = "en") -> VirtualAndroid:
    return VirtualAndroid(account=ACCOUNT, language=language, now_ms=world.clock.now_ms)


async def card_of(world: Any, content: Content, language: str = "en", **more: Any) -> Card:
    made = await world.issue(content, **more)
    assert await world.publish(made) == [Delivered()]
    async with phone_of(world, language) as phone:
        return (await phone.add((await given_out(world.wallet.prepare(made, content))).save_url)).card


def shown(card: Card) -> dict[str, str]:
    return {field.label: field.value for field in card.fields}


EXPECTED: dict[str, tuple[str, dict[str, str]]] = {
    "loyalty": (
        "Coffee Club",
        {"Points": "1250", "Credit": "12.50 EUR", "Member": "Ada Lovelace", "Number": "98765", "Since": "March 1, 2024"},
    ),
    "offer": ("20 % off everything", {"Until": "Dec 31, 2027", "Details": "One coffee a day.", "By": "Bayroast"}),
    "gift_card": ("Bayroast Coffee", {"Balance": "25.00 EUR", "Card": "6006 4912 3456", "PIN": "4711"}),
    "event_ticket": (
        "Coffee Night",
        {"Venue": "Roastery Hall", "Start": "2026-12-31T20:00:00+01:00", "Gate": "North", "Row": "4", "Seat": "12"},
    ),
    "flight": (
        "LH 123 HAM → NRT",
        {"Passenger": "Ada Lovelace", "Departs": "2026-12-31T10:00:00", "Gate": "B7", "Seat": "25A", "Confirmation": "X7K2"},
    ),
    "transit": (
        "Hamburg Hbf → Berlin Hbf",
        {"Passenger": "Ada Lovelace", "Platform": "7", "Train": "ICE 705", "Price": "29.90 EUR"},
    ),
    "generic": ("Bayroast", {"Plan": "Gold", "Since": "March 1, 2024"}),
}


@pytest.mark.requirement("S0-06")
@pytest.mark.parametrize("name", CARDS)
async def test_an_android_phone_shows_each_kind_of_pass(world: Any, name: str) -> None:
    card = await card_of(world, CARDS[name])
    title, fields = EXPECTED[name]
    assert card.title == title
    assert fields.items() <= shown(card).items()
    assert (card.barcode, card.background_color, card.voided, card.expired) == ("LOYALTY-98765", "#166534", False, False)


@pytest.mark.parametrize(
    ("language", "title", "points", "since"),
    [
        ("de-AT", "Kaffeeclub", "Punkte", "1. März 2024"),
        ("ja", "コーヒークラブ", "ポイント", "2024年3月1日"),
        ("fr", "Coffee Club", "Points", "March 1, 2024"),
    ],
)
async def test_the_phone_s_language_chooses(world: Any, language: str, title: str, points: str, since: str) -> None:
    card = await card_of(world, LOYALTY, language)
    assert card.title == title
    assert shown(card)[points] == "1250"
    assert since in shown(card).values()


async def test_a_phone_draws_the_code_of_this_moment_and_a_scanner_takes_it(world: Any) -> None:
    code = RotatingBarcode(BarcodeFormat.PDF417, "{totp_value_0}/{totp_timestamp_seconds}", 60, 6)
    made = await world.issue(replace(LOYALTY, barcode=None, rotating_barcode=code))
    secret = world.wallet._code_secret(SCOPE, made.id)
    async with phone_of(world) as phone:
        pass_ = await phone.add((await given_out(world.wallet.prepare(made, made.content))).save_url)
        first = phone.code(pass_.object_id)
        assert first is not None
        assert totp.verify(code, secret, first, NOW_MS) is not None
        world.clock.advance(seconds=300)
        second = phone.code(pass_.object_id)
        assert second not in (None, first)
        assert totp.verify(code, secret, first, world.clock.now_ms()) is None


async def test_a_voided_and_an_expired_pass_stand_apart(world: Any) -> None:
    assert (await card_of(world, replace(LOYALTY, voided=True))).voided
    old = replace(LOYALTY, valid_from=None, expires_at=NOW_MS // 1000 - 60)
    assert (await card_of(world, old, seed=b"another pass 123")).expired


async def test_a_message_stands_inside_the_pass(world: Any) -> None:
    note = Message("0001", NOW_MS, "Bayroast", "Your table is ready.")
    made = await world.issue(LOYALTY, messages=(note,))
    assert await world.publish(made) == [Delivered()]
    async with phone_of(world) as phone:
        pass_ = await phone.add((await given_out(world.wallet.prepare(made, LOYALTY))).save_url)
        assert [text for _, text in pass_.messages] == ["Bayroast: Your table is ready."]
