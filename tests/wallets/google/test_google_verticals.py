"""All seven kinds of pass as Google gets them: judged by Google's description, by the stand-in, and read by Google's own client."""

import dataclasses
import json
from typing import Any

import msgspec
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from hypothesis import given
from msgspec.structs import replace

from billfold.domain.content import Content, Field, Kind, MoneyFormat, NumberFormat, NumberStyle, Overrides, Role, Style
from billfold.domain.delivery import Delivered
from billfold.domain.ids import template_id
from billfold.domain.kinds import settle
from billfold.domain.messages import Message
from billfold.domain.passes import Pass, Template
from billfold.sandbox.google.schema import DOCUMENT
from billfold.wallets.google import objects
from billfold.wallets.google.document import check_document
from billfold.wallets.google.forms import Form, form_of
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.rules import check
from billfold.wallets.google.save_link import JWT_LENGTH_MAX
from wallets.google.cards import CARDS, CROSSED, EVENT, FLIGHT, GIFT_CARD, LANGUAGES, LOYALTY, OFFER, TRANSIT
from wallets.google.material import COFFEE, ISSUER, NOW_MS, SCOPE, faults, pass_of
from wallets.offers import given_out

BASE = "https://cards.example/i/d3m0abt/"
IMAGES = PublicImages(*(f"{BASE}{letter * 64}.png" for letter in "acdb"))
TEMPLATE = template_id(SCOPE, b"tpl-1234567")


def form(content: Content, template: Template | None = None, **more: Any) -> Form:
    return form_of(pass_of(content, **more), content, template, IMAGES)


def class_of(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(form(content).class_(None).body)
    return found


def object_of(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(msgspec.json.encode(form(content).object_().body))
    return found


def texts(value: dict[str, Any]) -> dict[str, str]:
    """Language → text."""
    found = {one["language"]: one["value"] for one in value.get("translatedValues", [])}
    return {value["defaultValue"]["language"]: value["defaultValue"]["value"]} | found


def read_by_google_s_client(world: Any, kind: str, id: str) -> dict[str, Any]:
    document = json.loads(DOCUMENT.read_bytes())
    document["rootUrl"] = document["baseUrl"] = world.google.url + "/"
    with build_from_document(document, credentials=Credentials(token="observer")) as service:
        found: dict[str, Any] = getattr(service, kind.lower())().get(resourceId=id).execute()
    return found


# --- Google's description and the stand-in ----------------------------------------------------------------------------------------


@pytest.mark.requirement("S3-01")
@pytest.mark.parametrize("name", CARDS)
def test_each_kind_is_valid_by_google_s_description(name: str) -> None:
    made = form(CARDS[name])
    class_, object_ = class_of(CARDS[name]), object_of(CARDS[name])
    assert faults(class_, made.vertical.class_type) == []
    assert faults(object_, made.vertical.object_type) == []
    found = check_document(class_, made.vertical.class_type) + check_document(object_, made.vertical.object_type)
    assert [one for one in found if one.severity == "error"] == []
    for patch, type_ in ((made.class_(None).patch, made.vertical.class_type), (None, made.vertical.object_type)):
        sent = json.loads(patch or msgspec.json.encode(made.object_().patch))
        assert faults(sent, type_, patch=True) == []


@pytest.mark.requirement("S3-01", "S3-22")
@pytest.mark.parametrize("name", CARDS)
async def test_google_takes_it_changes_it_and_shows_it_to_its_own_client(world: Any, name: str) -> None:
    made = await world.issue(CARDS[name])
    assert await world.publish(made) == [Delivered()]
    vertical = form(CARDS[name]).vertical
    found = read_by_google_s_client(world, vertical.object_kind, f"{ISSUER}.{made.id}")
    assert found["state"] == "ACTIVE"
    class_ = read_by_google_s_client(world, vertical.class_kind, found["classId"])
    assert class_.get("reviewStatus", "APPROVED") == "APPROVED"
    changed = await world.change(made, replace(CARDS[name], voided=True, images={}, grouping=None, expires_at=None))
    assert await world.publish(changed) == [Delivered()]
    found = read_by_google_s_client(world, vertical.object_kind, f"{ISSUER}.{made.id}")
    assert found["state"] == "INACTIVE"
    assert "heroImage" not in found
    assert "groupingInfo" not in found
    assert "end" not in found["validTimeInterval"]


@pytest.mark.requirement("S3-22", "S3-38")
@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("first", ["link", "worker"])
async def test_a_save_link_is_short_and_works_before_and_after_the_worker(world: Any, name: str, first: str) -> None:
    made = await world.issue(CARDS[name])
    if first == "worker":
        assert await world.publish(made) == [Delivered()]
    link = (await given_out(world.wallet.prepare(made, CARDS[name]))).save_url
    token = link.removeprefix(f"{world.google.url}/gp/v/save/")
    assert len(token) <= JWT_LENGTH_MAX
    saved = world.google.save(token)
    assert saved.status == 200, saved.raw
    assert saved.json["warnings"] == []
    if first == "link":
        assert await world.publish(made) == [Delivered()]
    found = world.google.api("GET", f"/{form(CARDS[name]).vertical.object_kind}/{ISSUER}.{made.id}").json
    assert found["hasUsers"] is True
    assert found["heroImage"]["sourceUri"]["uri"].endswith(".png")


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_speaks_every_language(name: str, language: str) -> None:
    everything = json.dumps([class_of(CARDS[name]), object_of(CARDS[name])], ensure_ascii=False)
    wanted = CARDS[name].translations.get(language, {}).values()
    assert all(word in everything for word in wanted)
    assert (f'"language": "{language}"' in everything) is True


# --- each kind --------------------------------------------------------------------------------------------------------------------


def test_a_loyalty_card() -> None:
    class_, object_ = class_of(LOYALTY), object_of(LOYALTY)
    assert (class_["issuerName"], class_["programName"]) == ("Bayroast", "Coffee Club")
    assert texts(class_["localizedProgramName"]) == {"en": "Coffee Club", "de": "Kaffeeclub", "ja": "コーヒークラブ"}
    assert (class_["rewardsTier"], texts(class_["localizedRewardsTierLabel"])["de"]) == ("Gold tier", "Stufe")
    assert (class_["hexBackgroundColor"], "hexBackgroundColor" in object_) == ("#166534", False)
    assert class_["wideProgramLogo"]["sourceUri"]["uri"] == IMAGES.wide_logo
    assert object_["loyaltyPoints"]["balance"] == {"int": 1250}
    assert texts(object_["loyaltyPoints"]["localizedLabel"])["ja"] == "ポイント"
    assert object_["secondaryLoyaltyPoints"]["balance"] == {"money": {"currencyCode": "EUR", "micros": "12500000"}}
    assert (object_["accountName"], object_["accountId"], class_["accountIdLabel"]) == ("Ada Lovelace", "98765", "Number")
    assert object_["validTimeInterval"]["start"]["date"] == "2026-11-18T11:06:40Z"


@pytest.mark.parametrize(
    ("field", "balance"),
    [
        (Field("p", "1250"), {"int": 1250}),
        (Field("p", "1,250"), {"string": "1,250"}),
        (Field("p", "12.5", format=NumberFormat()), {"double": 12.5}),
        (Field("p", "99999999999", format=NumberFormat()), {"double": 99999999999.0}),
        (Field("p", "0.5", format=NumberFormat(NumberStyle.PERCENT)), {"string": "50%"}),
        (Field("p", "12.5", format=MoneyFormat("JPY")), {"money": {"currencyCode": "JPY", "micros": "12500000"}}),
        (Field("p", "many"), {"string": "many"}),
    ],
)
def test_points_are_a_number_where_they_are_one(field: Field, balance: dict[str, Any]) -> None:
    content = replace(LOYALTY, header=(msgspec.structs.replace(field, role=Role.POINTS),))
    assert object_of(content)["loyaltyPoints"]["balance"] == balance


def test_values_are_written_as_each_language_writes_them() -> None:
    since = next(one for one in object_of(LOYALTY)["textModulesData"] if one["header"] == "Since")
    assert texts(since["localizedBody"]) == {"en": "March 1, 2024", "de": "1. März 2024", "ja": "2024年3月1日"}
    assert since["body"] == "March 1, 2024"


def test_card_rows_show_members_and_modules_in_the_designer_s_order() -> None:
    rows = class_of(LOYALTY)["classTemplateInfo"]["cardTemplateOverride"]["cardRowTemplateInfos"]
    paths = [one["fieldPath"] for row in rows for one in _references(row)]
    assert paths == [
        "object.loyaltyPoints.balance",
        "object.accountName",
        "object.accountId",
        "class.rewardsTier",
        "object.secondaryLoyaltyPoints.balance",
        "object.textModulesData['r3c2']",
    ]
    assert "r3c2" in [one["id"] for one in object_of(LOYALTY)["textModulesData"]]


def _references(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for one in value for found in _references(one)]
    if not isinstance(value, dict):
        return []
    return [value] if "fieldPath" in value else [found for one in value.values() for found in _references(one)]


def test_an_offer() -> None:
    class_, object_ = class_of(OFFER), object_of(OFFER)
    assert (class_["title"], class_["provider"], class_["redemptionChannel"]) == ("20 % off everything", "Bayroast", "INSTORE")
    assert texts(class_["localizedTitle"])["ja"] == "全品20%オフ"
    assert (class_["details"], texts(class_["localizedFinePrint"])["de"]) == ("One coffee a day.", "Nicht kombinierbar.")
    assert [one["header"] for one in object_["textModulesData"]] == ["Until"]
    assert class_of(replace(OFFER, barcode=None))["redemptionChannel"] == "ONLINE"


def test_a_gift_card() -> None:
    class_, object_ = class_of(GIFT_CARD), object_of(GIFT_CARD)
    assert object_["balance"] == {"currencyCode": "EUR", "micros": "25000000"}
    assert (object_["cardNumber"], object_["pin"], class_["allowBarcodeRedemption"]) == ("6006 4912 3456", "4711", True)
    assert texts(class_["localizedMerchantName"])["de"] == "Kaffee Bayroast"
    without = replace(GIFT_CARD, secondary=())
    assert object_of(without)["cardNumber"] == "LOYALTY-98765"


def test_an_event_ticket() -> None:
    class_, object_ = class_of(EVENT), object_of(EVENT)
    assert texts(class_["eventName"]) == {"en": "Coffee Night"}
    assert texts(class_["venue"]["address"])["en"] == "Harbour Street 1, Hamburg"
    assert class_["dateTime"] == {
        "start": "2026-12-31T20:00:00+01:00",
        "end": "2027-01-01T01:00:00+01:00",
        "doorsOpen": "2026-12-31T19:00:00+01:00",
    }
    seat = {name: texts(value)["en"] for name, value in object_["seatInfo"].items()}
    assert seat == {"seat": "12", "row": "4", "section": "B", "gate": "North"}
    assert (object_["ticketHolderName"], texts(object_["ticketType"])["en"]) == ("Ada Lovelace", "Balcony")
    assert object_["faceValue"]["micros"] == "49900000"
    assert object_["hexBackgroundColor"] == "#166534"
    assert class_["eventId"] == class_["id"].partition(".")[2]
    assert [one["header"] for one in object_["textModulesData"]] == ["Doors"]


def test_tags_speak_every_language_wherever_they_stand() -> None:
    seat = Field("seat", "12", "Seat", semantics={"venueEntranceGate": "North"})
    words = {
        "semantics.eventName": "Kaffeenacht",
        "semantics.venueName": "Röstereihalle",
        "fields.seat.semantics.venueEntranceGate": "Nord",
        "semantics.admissionLevel": "Balkon",
    }
    tags = {name: value for name, value in EVENT.semantics.items() if name != "venueEntranceGate"} | {"eventName": "Coffee Night"}
    card = replace(EVENT, auxiliary=(seat,), semantics=tags, translations={"de": words})
    class_, object_ = class_of(card), object_of(card)
    assert texts(class_["eventName"]) == {"en": "Coffee Night", "de": "Kaffeenacht"}
    assert texts(class_["venue"]["name"]) == {"en": "Roastery Hall", "de": "Röstereihalle"}
    assert texts(object_["seatInfo"]["gate"]) == {"en": "North", "de": "Nord"}
    assert texts(object_["ticketType"]) == {"en": "Balcony", "de": "Balkon"}
    rail = replace(TRANSIT, translations={"de": {"semantics.transitProvider": "Deutsche Bahn"}})
    assert texts(class_of(rail)["transitOperatorName"])["de"] == "Deutsche Bahn"


def test_a_flight() -> None:
    class_, object_ = class_of(FLIGHT), object_of(FLIGHT)
    assert (class_["flightHeader"]["carrier"]["carrierIataCode"], class_["flightHeader"]["flightNumber"]) == ("LH", "123")
    assert (class_["origin"], class_["destination"]["airportIataCode"]) == (
        {"airportIataCode": "HAM", "terminal": "2", "gate": "B7"},
        "NRT",
    )
    assert class_["localScheduledDepartureDateTime"] == "2026-12-31T10:00:00"  # the clock on the wall in Hamburg
    assert class_["localEstimatedOrActualDepartureDateTime"] == "2026-12-31T10:20:00"
    assert class_["localScheduledArrivalDateTime"] == "2027-01-01T06:00:00"  # and in Tokyo
    assert (object_["passengerName"], object_["reservationInfo"]["confirmationCode"]) == ("Ada Lovelace", "X7K2")
    assert object_["boardingAndSeatingInfo"] == {"boardingGroup": "B", "sequenceNumber": "42", "seatNumber": "25A"}
    assert [one["id"] for one in object_["textModulesData"]] == ["lounge"]  # airports are not shown twice


@pytest.mark.parametrize(("code", "carrier", "number"), [("LH123", "LH", "123"), ("4U 0042", "4U", "42"), ("DLH123", "DLH", "123")])
def test_a_flight_s_code_says_carrier_and_number(code: str, carrier: str, number: str) -> None:
    tags = {name: value for name, value in FLIGHT.semantics.items() if name not in ("airlineCode", "flightNumber")}
    header = class_of(replace(FLIGHT, semantics=tags | {"flightCode": code}))["flightHeader"]
    assert carrier in header["carrier"].values()
    assert header["flightNumber"] == number


def test_a_journey() -> None:
    class_, object_ = class_of(TRANSIT), object_of(TRANSIT)
    assert class_["transitType"] == "RAIL"
    leg = object_["ticketLeg"]
    assert (texts(leg["originName"])["en"], texts(leg["destinationName"])["en"]) == ("Hamburg Hbf", "Berlin Hbf")
    assert (leg["departureDateTime"], leg["platform"], leg["carriage"]) == ("2026-12-31T09:00:00+01:00", "7", "ICE 705")
    assert [(one["coach"], one["seat"]) for one in leg["ticketSeats"]] == [("12", "42"), ("12", "43")]
    assert object_["purchaseDetails"]["ticketCost"]["faceValue"]["micros"] == "29900000"
    assert (object_["tripType"], object_["passengerNames"]) == ("ONE_WAY", "Ada Lovelace")


# --- classes ----------------------------------------------------------------------------------------------------------------------


def template(content: Content, number: int = 1) -> Template:
    return Template(TEMPLATE, SCOPE, "Card", 1, settle(content), number, NOW_MS, NOW_MS)


@pytest.mark.parametrize("name", CARDS)
def test_a_template_has_one_class_called_after_it(name: str) -> None:
    assert form(CARDS[name], template(CARDS[name])).class_id == f"{ISSUER}.{TEMPLATE}"
    assert objects.object_id(ISSUER, pass_of(CARDS[name]).id).startswith(f"{ISSUER}.d3m0abt-")


def test_passes_whose_class_would_differ_have_classes_of_their_own() -> None:
    tiers = replace(LOYALTY, secondary=(Field("tier", "{{ tier }}", "Tier", role=Role.TIER),))
    gold, silver = (
        form(replace(tiers, secondary=(Field("tier", tier, "Tier", role=Role.TIER),)), template(tiers)).class_id
        for tier in ("Gold", "Silver")
    )
    assert gold != silver
    assert gold.startswith(f"{ISSUER}.{TEMPLATE}-")


def test_an_inline_pass_of_a_kind_shares_its_class_with_those_that_look_alike() -> None:
    other = replace(LOYALTY, header=(Field("points", "7", "Points", role=Role.POINTS),))
    assert form(LOYALTY).class_id != form(replace(LOYALTY, background_color="#000000")).class_id
    assert form(replace(LOYALTY, header=other.header)).class_id.startswith(f"{ISSUER}.d3m0abt-loyalty-")


def test_an_inline_pass_without_a_kind_stays_as_it_was() -> None:
    assert form(replace(COFFEE, style=Style.STORE_CARD)).class_id == f"{ISSUER}.d3m0abt-layout-12"


async def made_of_template(world: Any, content: Content) -> tuple[Template, Pass]:
    stored = template(content)
    made: Pass = pass_of(content, template_id=TEMPLATE)
    made = dataclasses.replace(made, content=None)
    await world.store.write(lambda tx: tx.templates.add(stored))
    await world.store.write(lambda tx: tx.passes.add(made, "key"))
    return stored, made


@pytest.mark.requirement("S3-24")
async def test_a_new_revision_writes_the_class_again_and_google_approves_it(world: Any) -> None:
    stored, made = await made_of_template(world, LOYALTY)
    assert await world.publish(made) == [Delivered()]
    content = replace(stored.content, background_color="#b91c1c")
    await world.store.write(lambda tx: tx.templates.replace(dataclasses.replace(stored, content=content, number=2)))
    world.wire.seen.clear()
    assert await world.publish(made) == [Delivered()]
    assert world.verbs() == ["PATCH loyaltyClass"]  # what is in the objects has not changed
    class_ = world.google.api("GET", f"/loyaltyClass/{ISSUER}.{TEMPLATE}").json
    assert (class_["hexBackgroundColor"], class_["reviewStatus"]) == ("#b91c1c", "APPROVED")


# --- overrides --------------------------------------------------------------------------------------------------------------------


HOME = {"uri": "https://bayroast.example", "description": "Home"}
OWN = Overrides(
    google_class={"homepageUri": HOME, "id": "1.stolen", "callbackOptions": None},
    google_object={
        "passConstraints": {"screenshotEligibility": "INELIGIBLE"},
        "classId": "1.stolen",
        "barcode": {"alternateText": "x"},
    },
)


@pytest.mark.parametrize("name", CARDS)
def test_a_content_s_own_members_are_merged_and_what_ties_it_to_us_stays(name: str) -> None:
    content = replace(CARDS[name], overrides=replace(OWN, google_class={} if name == "generic" else OWN.google_class))
    made = form(content)
    class_, object_ = json.loads(made.class_("https://cards.example/cb").body), json.loads(msgspec.json.encode(made.object_().body))
    assert (class_["id"], object_["classId"]) == (made.class_id, made.class_id)
    assert class_["callbackOptions"] == {"url": "https://cards.example/cb"}
    assert object_["passConstraints"] == {"screenshotEligibility": "INELIGIBLE"}
    assert object_["barcode"] == {"type": "QR_CODE", "value": "LOYALTY-98765", "alternateText": "x"}
    assert name == "generic" or class_["homepageUri"]["uri"] == "https://bayroast.example"


async def test_an_own_member_goes_when_it_is_gone(world: Any) -> None:
    made = await world.issue(replace(LOYALTY, overrides=OWN))
    assert await world.publish(made) == [Delivered()]
    path = f"/loyaltyObject/{ISSUER}.{made.id}"
    assert "passConstraints" in world.google.api("GET", path).json
    await world.publish(await world.change(made, LOYALTY))
    found = world.google.api("GET", path).json
    assert "passConstraints" not in found
    assert found["barcode"]["alternateText"] == "98765"


def test_a_kind_is_never_guessed_for_a_pass_of_its_own_content() -> None:
    assert form(replace(COFFEE, style=Style.COUPON)).vertical.kind is Kind.GENERIC


@pytest.mark.requirement("S3-24")
async def test_a_change_of_the_class_alone_is_one_request_for_all_passes_of_a_template(world: Any) -> None:
    stored, made = await made_of_template(world, LOYALTY)
    others = [dataclasses.replace(made, id=pass_of(LOYALTY, seed=b"%016d" % number).id) for number in range(5)]
    for one in others:
        await world.store.write(lambda tx, one=one: tx.passes.add(one, "key"))
    assert await world.publish(made, *others) == [Delivered()] * 6
    content = replace(stored.content, background_color="#b91c1c")
    await world.store.write(lambda tx: tx.templates.replace(dataclasses.replace(stored, content=content, number=2)))
    world.wire.seen.clear()
    assert await world.publish(made, *others) == [Delivered()] * 6
    assert world.verbs() == ["PATCH loyaltyClass"]


@pytest.mark.requirement("S3-12", "S3-28")
async def test_a_change_is_announced_in_every_language_of_the_pass(world: Any) -> None:
    """Words and number alike: Google shows the phone's own, or those of the default."""
    words = {"de": {"fields.points.change_message": "Jetzt %@ Punkte", "organization_name": "Rösterei"}, "ja": {}}
    card = replace(LOYALTY, translations=words)
    made = await world.issue(card)
    assert await world.publish(made) == [Delivered()]
    points = replace(card.header[0], value="12500")
    assert await world.publish(await world.change(made, replace(card, header=(points,)))) == [Delivered()]
    (told,) = world.google.api("GET", f"/loyaltyObject/{ISSUER}.{made.id}").json["messages"]
    assert texts(told["localizedBody"]) == {"en": "You have 12,500 points", "de": "Jetzt 12.500 Punkte"}
    assert texts(told["localizedHeader"]) == {"en": card.organization_name, "de": "Rösterei"}
    assert told["body"] == "You have 12,500 points"


async def test_a_message_to_the_holder_brings_its_own_translations(world: Any) -> None:
    made = await world.issue(LOYALTY)
    assert await world.publish(made) == [Delivered()]
    note = Message("1", NOW_MS, "Bayroast", "Your table is ready.", {"de": {"body": "Dein Tisch ist frei."}})
    assert await world.publish(await world.change(made, messages=(note,))) == [Delivered()]
    (told,) = world.google.api("GET", f"/loyaltyObject/{ISSUER}.{made.id}").json["messages"]
    assert texts(told["localizedBody"]) == {"en": "Your table is ready.", "de": "Dein Tisch ist frei."}
    assert (told["header"], "localizedHeader" in told) == ("Bayroast", False)


async def test_when_a_day_s_messages_are_used_up_google_announces_points_in_its_own_words(world: Any) -> None:
    made = await world.issue(LOYALTY)
    assert await world.publish(made) == [Delivered()]
    link = (await given_out(world.wallet.prepare(made, LOYALTY))).save_url
    assert world.google.save(link.rpartition("/")[2]).status == 200
    for points in range(1, 5):
        field = replace(LOYALTY.header[0], value=str(points))
        made = await world.change(made, replace(LOYALTY, header=(field,)))
        assert await world.publish(made) == [Delivered()]
    shown = [one["cause"] for one in world.google.control("GET", "/notifications")["notifications"] if one["shown"]]
    assert shown == ["message", "message", "message", "update"]


@given(CROSSED)
def test_what_the_rules_let_through_google_s_description_takes(content: Content) -> None:
    """Nothing is a surprise: without an error beforehand neither class nor object has one."""
    if any(one.severity == "error" for one in check(content)):
        return
    made = form(content)
    class_, object_ = class_of(content), object_of(content)
    found = check_document(class_, made.vertical.class_type) + check_document(object_, made.vertical.object_type)
    assert [(one.code, one.path) for one in found if one.severity == "error"] == []
