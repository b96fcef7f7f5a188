"""What people are told before a pass goes to Google."""

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    DateFormat,
    Field,
    ImageSlot,
    Kind,
    Location,
    Overrides,
    Relevance,
    Role,
    RotatingBarcode,
)
from billfold.wallets.google.classes import wanted_class
from billfold.wallets.google.document import check_document
from billfold.wallets.google.look import PublicImages, look_of
from billfold.wallets.google.objects import made_of, object_of, wanted_object
from billfold.wallets.google.rules import check
from wallets.google.cards import CARDS, CROSSED, EVENT, FLIGHT, GIFT_CARD, LOYALTY, TRANSIT
from wallets.google.material import COFFEE, CONTENTS, ISSUER, pass_of

PLAIN = Content("Bayroast", "Card", primary=(Field("card", "Rewards", "CARD"),))


def fields(count: int, **more: Any) -> tuple[Field, ...]:
    return tuple(Field(f"f{number}", "v", "L", **more) for number in range(count))


def found(content: Content) -> set[tuple[str, str, str]]:
    return {(one.severity, one.code, one.path) for one in check(content)}


def test_a_plain_content_raises_nothing() -> None:
    assert check(PLAIN) == ()


@pytest.mark.parametrize(
    ("changes", "severity", "code", "path"),
    [
        ({"organization_name": " "}, "error", "card_title_missing", "organization_name"),
        ({"organization_name": "x" * 21}, "warning", "card_title_long", "organization_name"),
        ({"logo_text": "x" * 21}, "warning", "card_title_long", "logo_text"),
        ({"logo_text": "Other"}, "warning", "organization_hidden", "organization_name"),
        ({"primary": ()}, "warning", "header_from_description", "primary"),
        ({"secondary": (Field("a", "v", "x" * 36),)}, "warning", "label_long", "secondary[0].label"),
        ({"back": (Field("a", "x" * 501),)}, "warning", "value_long", "back[0].value"),
        ({"back": (Field("a", "https://a.example", "x" * 21),)}, "warning", "link_text_long", "back[0].label"),
        ({"secondary": fields(10)}, "warning", "front_overflow", "auxiliary"),
        ({"secondary": fields(5), "back": fields(6)}, "warning", "modules_overflow", "back"),
        ({"back": (Field("a", " ".join(f"https://a.example/{n}" for n in range(11))),)}, "warning", "links_overflow", "back"),
        ({"barcode": Barcode(BarcodeFormat.QR, "")}, "warning", "barcode_empty", "barcode.message"),
        ({"background_color": "rgb(0,0,0)"}, "error", "color_unusable", "background_color"),
        ({"foreground_color": "#000000"}, "warning", "color_lost", "foreground_color"),
        ({"label_color": "#000000"}, "warning", "color_lost", "label_color"),
        ({"images": {ImageSlot.ICON: "a"}}, "warning", "image_lost", "images.icon"),
        ({"images": {ImageSlot.BACKGROUND: "a"}}, "warning", "image_lost", "images.background"),
        ({"images": {ImageSlot.FOOTER: "a"}}, "warning", "image_lost", "images.footer"),
        ({"images": {ImageSlot.THUMBNAIL: "a"}}, "warning", "thumbnail_in_details", "images.thumbnail"),
        ({"locations": (Location(0, 0),) * 11}, "warning", "locations_overflow", "locations"),
        ({"locations": (Location(0, 0),)}, "warning", "locations_gated", "locations"),
        ({"locations": (Location(90.1, 0),)}, "error", "location_range", "locations[0]"),
        ({"locations": (Location(0, -180.5),)}, "error", "location_range", "locations[0]"),
        ({"locations": (Location(float("nan"), 0),)}, "error", "location_range", "locations[0]"),
        ({"locations": (Location(0, 0, None, "Hi"),)}, "warning", "location_text_lost", "locations[0].relevant_text"),
        ({"locations": (Location(0, 0, 0.0),)}, "warning", "altitude_lost", "locations[0].altitude"),
        ({"relevant_at": 1}, "warning", "relevant_time_lost", "relevant_at"),
    ],
)
def test_each_finding_has_its_place(changes: dict[str, Any], severity: str, code: str, path: str) -> None:
    assert (severity, f"google.{code}", path) in found(replace(PLAIN, **changes))


@pytest.mark.requirement("S3-33")
def test_the_places_of_strip_and_header_fields_are_told() -> None:
    codes = {one.code for one in check(replace(COFFEE, images={ImageSlot.STRIP: "a"}))}
    assert {"google.strip_below_barcode", "google.header_fields_in_row"} <= codes


@pytest.mark.requirement("S3-32")
def test_that_google_shows_its_own_notice_is_told_at_each_change_message() -> None:
    [one] = [one for one in check(COFFEE) if one.code == "google.change_message_inside"]
    assert one.path == "header[0].change_message"
    assert "inside the pass" in one.message


@pytest.mark.parametrize("name", CARDS)
def test_a_full_card_of_each_kind_has_no_error(name: str) -> None:
    assert [one for one in check(CARDS[name]) if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("name", "tag", "code"),
    [
        ("flight", "airlineCode", "airline_missing"),
        ("flight", "flightNumber", "flight_number_missing"),
        ("flight", "departureAirportCode", "airport_missing"),
        ("flight", "originalDepartureDate", "departure_missing"),
        ("flight", "passengerName", "passenger_missing"),
        ("flight", "confirmationNumber", "reservation_missing"),
        ("transit", "originalDepartureDate", "departure_missing"),
    ],
)
def test_what_a_kind_needs_and_the_content_does_not_give_is_an_error(name: str, tag: str, code: str) -> None:
    gone = {tag, "currentDepartureDate", "membershipProgramNumber"}
    given = {key: value for key, value in CARDS[name].semantics.items() if key not in gone}
    primary = TRANSIT.primary if name == "transit" else ()
    content = replace(CARDS[name], semantics=given, primary=primary, expires_at=None, valid_from=None)
    assert ("error", f"google.{code}", f"semantics.{tag}") in found(content)
    assert not [one for one in found(replace(content, kind=Kind.GENERIC)) if one[0] == "error"]


def test_a_gift_card_needs_a_number() -> None:
    assert ("error", "google.card_number_missing", "") in found(replace(GIFT_CARD, secondary=(), barcode=None))
    words = replace(GIFT_CARD, primary=(Field("balance", "25 euros", role=Role.BALANCE),))
    assert ("warning", "google.balance_is_text", "fields.balance") in found(words)


ROTATING = RotatingBarcode(BarcodeFormat.QR, "{totp_value_0}")
AZTEC = replace(ROTATING, format=BarcodeFormat.AZTEC)
LINKED = Field("a", "v", rich_text="<a href='https://a.example'>v</a>")


@pytest.mark.parametrize(
    ("changes", "severity", "code", "path"),
    [
        (
            {"rotating_barcode": replace(ROTATING, format=BarcodeFormat.AZTEC)},
            "error",
            "rotating_format",
            "rotating_barcode.format",
        ),
        ({"rotating_barcode": replace(ROTATING, pattern="x")}, "error", "rotating_pattern", "rotating_barcode.pattern"),
        (
            {"rotating_barcode": replace(ROTATING, pattern="{totp_value_0}-{totp_value_1}")},
            "error",
            "rotating_pattern",
            "rotating_barcode.pattern",
        ),
        ({"rotating_barcode": ROTATING, "barcode": COFFEE.barcode}, "warning", "static_code_left_away", "barcode"),
        ({"smart_tap": "ä"}, "error", "smart_tap_ascii", "smart_tap"),
        ({"barcode_fallbacks": (Barcode(BarcodeFormat.QR, "1"),)}, "warning", "barcodes_lost", "barcode_fallbacks"),
        ({"beacons": (Beacon("0" * 36),)}, "warning", "beacons_lost", "beacons"),
        ({"max_distance": 5}, "warning", "distance_lost", "max_distance"),
        ({"relevant": (Relevance(1),)}, "warning", "relevant_time_lost", "relevant"),
        ({"enhanced": True}, "warning", "enhanced_lost", "enhanced"),
        ({"localized_images": {"de": {ImageSlot.LOGO: "a"}}}, "warning", "localized_images_lost", "localized_images"),
        ({"barcode": Barcode(BarcodeFormat.QR, "é", None, "iso-8859-1")}, "warning", "encoding_lost", "barcode.encoding"),
        ({"valid_from": 2, "expires_at": 1}, "warning", "ends_before_start", "valid_from"),
        ({"linked": ("a",) * 51}, "warning", "linked_overflow", "linked"),
        ({"back": (LINKED,)}, "warning", "rich_text_lost", "back[0].rich_text"),
        ({"back": (Field("a", "1", format=DateFormat(relative=True)),)}, "warning", "relative_date_lost", "back[0].format"),
        ({"auxiliary": (Field("a", "v", row=1),), "kind": Kind.EVENT_TICKET}, "warning", "row_lost", "auxiliary[0].row"),
        ({"semantics": {"eventStartDate": "tomorrow"}}, "warning", "date_unreadable", "semantics.eventStartDate"),
        ({"semantics": {"totalPrice": 5}}, "warning", "amount_unreadable", "semantics.totalPrice"),
        ({"overrides": Overrides(google_object={"heder": {}})}, "error", "unknown_member", "overrides.google_object.heder"),
        ({"overrides": Overrides(google_object={"id": "1.x"})}, "error", "own_reserved", "overrides.google_object.id"),
        (
            {"overrides": Overrides(google_class={"issuerName": "x"})},
            "error",
            "unknown_member",
            "overrides.google_class.issuerName",
        ),
    ],
)
def test_what_is_lost_or_wrong_of_the_newer_members(changes: dict[str, Any], severity: str, code: str, path: str) -> None:
    assert (severity, f"google.{code}", path) in found(replace(PLAIN, **changes))


def test_what_becomes_of_fields_that_a_kind_has_members_for_is_told() -> None:
    long = replace(LOYALTY, secondary=(Field("tier", "Platinum tier", "Tier", role=Role.TIER),))
    assert ("warning", "google.text_long", "secondary[0].value") in found(long)
    assert ("warning", "google.label_replaced", "secondary[0].label") in found(EVENT)
    assert not any(code == "google.label_replaced" and path.startswith("secondary") for _, code, path in found(LOYALTY))


def test_a_pattern_of_all_parts_that_there_are_is_right() -> None:
    pattern = "A{x}-{totp_timestamp_seconds}-{totp_timestamp_millis}-{totp_value_0}"
    assert not any(one[0] == "error" for one in found(replace(PLAIN, rotating_barcode=replace(ROTATING, pattern=pattern))))


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (replace(LOYALTY, logo_text="Rewards", organization_name="x" * 21), "organization_name"),
        (replace(LOYALTY, secondary=(Field("no", "1", "x" * 16, role=Role.MEMBER_ID),)), "secondary[0].label"),
        (replace(LOYALTY, secondary=(Field("no", "x" * 21, "No", role=Role.CARD_NUMBER),)), "secondary[0].value"),
        (replace(LOYALTY, secondary=(Field("tier", "Gold", "x" * 10, role=Role.TIER),)), "secondary[0].label"),
        (replace(LOYALTY, header=(Field("points", "12", "x" * 10, role=Role.POINTS),)), "header[0].label"),
        (replace(LOYALTY, header=(Field("points", "many of them", "P", role=Role.POINTS),)), "header[0].value"),
        (Content("Thirteen or so", "Offer", kind=Kind.OFFER), "organization_name"),
    ],
)
def test_what_a_kinds_own_members_may_cut_is_told(content: Content, path: str) -> None:
    assert ("warning", "google.text_long", path) in found(content)


def test_what_a_kinds_own_members_show_whole_is_not_told() -> None:
    short = replace(LOYALTY, header=(Field("points", "1250000000", "Points", role=Role.POINTS),))
    named = Content("Thirteen or so", "Offer", kind=Kind.OFFER, back=(Field("by", "Us", role=Role.PROVIDER),))
    for content, path in ((short, "header[0]"), (named, "organization_name")):
        assert not any(code == "google.text_long" and at.startswith(path) for _, code, at in found(content))


@pytest.mark.parametrize(
    ("format", "message", "sound"),
    [
        (BarcodeFormat.EAN13, "4006381333931", True),
        (BarcodeFormat.EAN13, "400638133393", True),
        (BarcodeFormat.EAN13, "4006381333932", False),
        (BarcodeFormat.EAN8, "96385074", True),
        (BarcodeFormat.UPC_A, "036000291452", True),
        (BarcodeFormat.UPC_A, "CARD-1", False),
        (BarcodeFormat.QR, "CARD-1", True),
        (BarcodeFormat.ITF, "10012345000017", True),
        (BarcodeFormat.ITF, "1234", False),
    ],
)
def test_a_code_of_digits_needs_its_digits(format: BarcodeFormat, message: str, sound: bool) -> None:
    codes = {one.code for one in check(replace(PLAIN, barcode=Barcode(format, message)))}
    assert ("google.barcode_digits" in codes) is not sound


def test_fields_of_a_journey_that_google_has_no_place_for_are_told() -> None:
    assert ("warning", "google.front_in_details", "auxiliary[0]") in found(FLIGHT)


@given(CONTENTS | CROSSED)
def test_findings_never_repeat_what_was_sent(content: Content) -> None:
    for one in check(content):
        assert one.severity in ("error", "warning")
        assert one.message
        assert one.mend, "each finding says what to do"
        assert len(one.message) < 200


@given(CONTENTS | CROSSED)
def test_what_a_judge_of_googles_own_json_would_refuse_is_told_before(content: Content) -> None:
    told = check(content)
    if any(one.severity == "error" for one in told):
        return
    look = look_of(content, PublicImages(logo="https://wallet.example/logo.png"))
    made = made_of(look)
    class_ = wanted_class(f"{ISSUER}.class", look, made, "https://wallet.example/google")
    object_ = wanted_object(object_of(pass_of(content), look, class_.id, made), content)
    judged = check_document(json.loads(class_.body), class_.vertical.class_type)
    judged += check_document(json.loads(object_.encoded), object_.vertical.object_type)
    assert {one.code for one in judged if one.severity == "error"} <= {one.code for one in told}
