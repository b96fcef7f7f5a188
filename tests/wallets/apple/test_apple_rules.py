"""What Apple requires of a content: one row of the table for each rule, and nothing said about a content that is right."""

from typing import Any

import pytest
from msgspec.structs import replace

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    DateFormat,
    Field,
    ImageSlot,
    Location,
    MoneyFormat,
    Nfc,
    NumberFormat,
    Overrides,
    Poster,
    Relevance,
    RotatingBarcode,
    StampCard,
    Style,
    TextAlignment,
    TransitType,
)
from billfold.wallets.apple.predicates import contrast
from billfold.wallets.apple.rules import check, errors
from billfold.wallets.apple.rules_extras import judge_entitlement
from billfold.wallets.apple.verdicts import ERROR, WARNING

NAN, INFINITY = float("nan"), float("inf")
UUID = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
P256 = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
EAN = Barcode(BarcodeFormat.EAN13, "4006381333931")


def QR(message: str) -> Barcode:
    return Barcode(BarcodeFormat.QR, message)


def fields(count: int, prefix: str) -> tuple[Field, ...]:
    return tuple(Field(f"{prefix}{number}", "v") for number in range(count))


@pytest.mark.parametrize("style", list(Style))
def test_a_content_that_is_right_gets_no_finding(make_content: Any, style: Style) -> None:
    assert check(make_content(style=style)) == ()


POSTER_TAGS: dict[str, object] = {"eventName": "x", "venueName": "x", "venueRegionName": "x", "venueRoom": "x"}
RULES: list[tuple[str, str, str, dict[str, Any]]] = [
    # Row of reference/apple-wallet.md section 9, severity, code, path, what is changed in a right content.
    ("3", ERROR, "organization_name_missing organization_name", {"organization_name": " "}),
    ("3", ERROR, "description_missing description", {"description": ""}),
    ("1", ERROR, "text_not_writable description", {"description": "half \ud83d"}),
    ("1", ERROR, "text_not_writable primary[0].value", {"primary": (Field("a", "nul \0"),)}),
    ("1", ERROR, "text_not_writable back[0].label", {"back": (Field("a", "a@b", "\udc00"),)}),
    ("1", ERROR, "text_not_writable locations[0].relevant_text", {"locations": (Location(1, 1, None, "\ud800"),)}),
    ("1", ERROR, "text_not_writable barcode.message", {"barcode": Barcode(BarcodeFormat.QR, "é\ud800")}),
    ("8", ERROR, "transit_type_missing transit_type", {"style": Style.BOARDING_PASS, "transit_type": None}),
    ("8", ERROR, "transit_type_misplaced transit_type", {"style": Style.GENERIC, "transit_type": TransitType.AIR}),
    ("9", ERROR, "field_key_missing header[0].key", {"header": (Field("", "v"),)}),
    ("10", ERROR, "field_key_repeated header[1].key", {"header": (Field("k", "v"), Field("k", "v"))}),
    ("10", ERROR, "field_key_repeated back[0].key", {"header": (Field("k", "v"),), "back": (Field("k", "a@b"),)}),
    ("16", WARNING, "fields_too_many header", {"header": fields(4, "h")}),
    ("16", WARNING, "fields_too_many primary", {"primary": fields(2, "p")}),
    ("16", WARNING, "fields_too_many auxiliary", {"secondary": fields(3, "s"), "auxiliary": fields(2, "a")}),
    ("16", WARNING, "fields_too_many secondary", {"style": Style.GENERIC, "secondary": fields(5, "s")}),
    (
        "16",
        WARNING,
        "fields_too_many auxiliary",
        {"style": Style.GENERIC, "secondary": fields(4, "s"), "auxiliary": fields(1, "a")},
    ),
    ("-", WARNING, "style_empty primary", {"header": (), "primary": (), "secondary": (), "auxiliary": (), "back": ()}),
    ("17", WARNING, "field_text_long primary[0].value", {"primary": (Field("p", "x" * 31),)}),
    ("17", WARNING, "field_text_long secondary[0].label", {"secondary": (Field("s", "v", "x" * 21),)}),
    ("17", WARNING, "field_text_long poster.footer[0].label", {"poster": Poster(footer=(Field("f", "v", "x" * 21),))}),
    (
        "17",
        WARNING,
        "field_text_long translations.de.fields.points.value",
        {"header": (Field("points", "1"),), "translations": {"de": {"fields.points.value": "x" * 21}}},
    ),
    (
        "17",
        WARNING,
        "field_text_long translations.de.fields.p.label",
        {"primary": (Field("p", "1", "P"),), "translations": {"de": {"fields.p.label": "x" * 31}}},
    ),
    ("17", WARNING, "field_text_long secondary[0].value", {"secondary": (Field("s", "x" * 21),)}),
    ("18", WARNING, "change_message_generic header[0].change_message", {"header": (Field("h", "1", None, "changed"),)}),
    ("18", WARNING, "change_message_generic header[0].change_message", {"header": (Field("h", "1", None, "%@ of %@"),)}),
    ("20", ERROR, "color_unreadable background_color", {"background_color": "red"}),
    ("20", ERROR, "color_unreadable label_color", {"label_color": "#ABCDEF"}),
    ("20", ERROR, "color_unreadable foreground_color", {"foreground_color": "#ffffff\n"}),
    (
        "21",
        WARNING,
        "contrast_low foreground_color",
        {"background_color": "#ffffff", "foreground_color": "#eeeeee", "label_color": "#000000"},
    ),
    ("21", WARNING, "contrast_low label_color", {"background_color": "#000000", "label_color": "#222222"}),
    ("22", ERROR, "barcode_message_missing barcode.message", {"barcode": Barcode(BarcodeFormat.QR, "")}),
    *[
        ("22", ERROR, "barcode_message_missing barcode.message", {"barcode": Barcode(one, " \u2003 ")})
        for one in (BarcodeFormat.QR, BarcodeFormat.AZTEC, BarcodeFormat.CODE128)
    ],
    ("24", ERROR, "barcode_not_encodable barcode.message", {"barcode": Barcode(BarcodeFormat.CODE128, "é")}),
    ("26", WARNING, "barcode_not_on_watch barcode.format", {"barcode": Barcode(BarcodeFormat.CODE128, "C-1")}),
    ("27", WARNING, "barcode_long barcode.message", {"barcode": Barcode(BarcodeFormat.QR, "x" * 301)}),
    ("27", WARNING, "barcode_long barcode.message", {"barcode": Barcode(BarcodeFormat.QR, "€" * 101)}),
    ("27", WARNING, "barcode_long barcode.message", {"barcode": Barcode(BarcodeFormat.CODE128, "x" * 25)}),
    ("28", ERROR, "locations_too_many locations", {"locations": (Location(1, 1),) * 11}),
    ("28", ERROR, "latitude_out_of_range locations[1].latitude", {"locations": (Location(90, 180), Location(91, 0))}),
    ("28", ERROR, "latitude_out_of_range locations[0].latitude", {"locations": (Location(NAN, 0),)}),
    ("28", ERROR, "longitude_out_of_range locations[0].longitude", {"locations": (Location(0, -180.1),)}),
    ("28", ERROR, "altitude_not_finite locations[0].altitude", {"locations": (Location(0, 0, INFINITY),)}),
    ("29", WARNING, "relevance_ignored relevant_at", {"relevant_at": 1_800_000_000}),
    ("30", ERROR, "date_out_of_range expires_at", {"expires_at": 253_402_300_800}),
    ("30", ERROR, "date_out_of_range relevant_at", {"style": Style.EVENT_TICKET, "relevant_at": -1}),
    ("30", ERROR, "date_out_of_range expires_at", {"expires_at": 2**70}),
    ("31", WARNING, "expires_before_relevant expires_at", {"style": Style.EVENT_TICKET, "expires_at": 1, "relevant_at": 2}),
    ("37", WARNING, "grouping_ignored grouping", {"grouping": "trip"}),
    ("43", WARNING, "image_not_shown images.thumbnail", {"images": {ImageSlot.THUMBNAIL: "0"}}),
    ("43", WARNING, "image_not_shown images.strip", {"style": Style.GENERIC, "images": {ImageSlot.STRIP: "0"}}),
    (
        "44",
        WARNING,
        "images_exclude_each_other images.strip",
        {"style": Style.EVENT_TICKET, "images": {ImageSlot.STRIP: "0", ImageSlot.BACKGROUND: "1"}},
    ),
    (
        "44",
        WARNING,
        "images_exclude_each_other stamps",
        {"style": Style.EVENT_TICKET, "stamps": StampCard("1", "10"), "images": {ImageSlot.BACKGROUND: "1"}},
    ),
    ("45", WARNING, "icon_not_localized localized_images.de.icon", {"localized_images": {"de": {ImageSlot.ICON: "0"}}}),
    (
        "45",
        WARNING,
        "image_not_in_all_languages localized_images.de.logo",
        {"localized_images": {"de": {ImageSlot.LOGO: "0"}}, "translations": {"fr": {"description": "x"}}},
    ),
    ("1", ERROR, "text_not_writable back[0].rich_text", {"back": (Field("a", "a@b", rich_text="\ud800"),)}),
    ("1", ERROR, "text_not_writable poster.primary[0].value", {"poster": Poster(primary=(Field("a", "\0"),))}),
    ("1", ERROR, "text_not_writable beacons[0].relevant_text", {"beacons": (Beacon(UUID, relevant_text="\ud800"),)}),
    ("1", ERROR, "text_not_writable semantics.eventName", {"semantics": {"eventName": "\0"}}),
    ("1", ERROR, "text_not_writable header[0].semantics.a[0]", {"header": (Field("a", "b", semantics={"a": ["\0"]}),)}),
    ("1", ERROR, "value_not_writable overrides.apple.userInfo.n", {"overrides": Overrides(apple={"userInfo": {"n": 2**64}})}),
    ("1", ERROR, "value_not_writable semantics.n", {"semantics": {"n": NAN}}),
    ("1", ERROR, "text_not_writable translations.de", {"translations": {"de": {"fields.name.value": "\ud800"}}}),
    ("10", ERROR, "field_key_repeated poster.footer[0].key", {"poster": Poster((Field("a", "1"),), (), (Field("a", "1"),))}),
    ("12", WARNING, "alignment_ignored primary[0].alignment", {"primary": (Field("p", "v", alignment=TextAlignment.LEFT),)}),
    ("12", WARNING, "alignment_ignored back[0].alignment", {"back": (Field("p", "a@b", alignment=TextAlignment.LEFT),)}),
    ("13", ERROR, "date_value_unreadable header[0].value", {"header": (Field("h", "2026-12-31", format=DateFormat()),)}),
    ("13", ERROR, "date_value_unreadable header[0].value", {"header": (Field("h", "2026-12-31T18:00", format=DateFormat()),)}),
    ("14", ERROR, "number_unreadable header[0].value", {"header": (Field("h", "1,250", format=NumberFormat()),)}),
    ("14", ERROR, "number_unreadable header[0].value", {"header": (Field("h", "", format=MoneyFormat("EUR")),)}),
    ("14", ERROR, "currency_unknown header[0].format.currency", {"header": (Field("h", "1", format=MoneyFormat("EURO")),)}),
    ("15", WARNING, "row_ignored auxiliary[0].row", {"auxiliary": (Field("a", "v", row=1),)}),
    ("15", WARNING, "row_ignored header[0].row", {"style": Style.EVENT_TICKET, "header": (Field("a", "v", row=1),)}),
    ("15", ERROR, "row_unknown auxiliary[0].row", {"style": Style.EVENT_TICKET, "auxiliary": (Field("a", "v", row=2),)}),
    ("16", WARNING, "fields_too_many auxiliary", {"style": Style.EVENT_TICKET, "auxiliary": fields(5, "a")}),
    ("16", WARNING, "fields_too_many poster.header", {"poster": Poster(header=fields(2, "h"))}),
    ("16", WARNING, "fields_too_many poster.footer", {"poster": Poster(footer=fields(3, "f"))}),
    ("17", WARNING, "field_text_long poster.header[0].value", {"poster": Poster(header=(Field("h", "x" * 21),))}),
    (
        "18",
        WARNING,
        "change_message_generic translations.de.fields.points.change_message",
        {"translations": {"de": {"fields.points.change_message": "Neuer Stand"}}},
    ),
    ("19", WARNING, "attributed_value_markup back[0].rich_text", {"back": (Field("b", "a@b", rich_text="<b>x</b>"),)}),
    (
        "19",
        WARNING,
        "attributed_value_markup translations.de.fields.b.rich_text",
        {"back": (Field("b", "a@b", rich_text="x"),), "translations": {"de": {"fields.b.rich_text": "<b>x</b>"}}},
    ),
    ("19", WARNING, "rich_text_ignored header[0].rich_text", {"header": (Field("h", "v", rich_text="x"),)}),
    ("19", WARNING, "detectors_ignored header[0].detectors", {"header": (Field("h", "v", detectors=()),)}),
    ("22", ERROR, "barcode_message_missing barcode_fallbacks[0].message", {"barcode_fallbacks": (QR(""),)}),
    ("22", WARNING, "barcode_not_drawn barcode.format", {"barcode": Barcode(BarcodeFormat.DATA_MATRIX, "1")}),
    ("22", WARNING, "barcode_fallbacks_alone barcode_fallbacks", {"barcode": None, "barcode_fallbacks": (QR("1"),)}),
    (
        "22",
        WARNING,
        "rotating_barcode_lost rotating_barcode",
        {"rotating_barcode": RotatingBarcode(BarcodeFormat.QR, "{totp_value_0}")},
    ),
    ("23", ERROR, "barcode_not_encodable barcode.message", {"barcode": Barcode(BarcodeFormat.QR, "€", encoding="iso-8859-1")}),
    ("23", ERROR, "barcode_encoding_unknown barcode.encoding", {"barcode": Barcode(BarcodeFormat.QR, "1", encoding="klingon")}),
    ("24", ERROR, "barcode_not_encodable barcode.message", {"barcode": Barcode(BarcodeFormat.ITF, "123")}),
    ("24", ERROR, "barcode_check_digit barcode.message", {"barcode": Barcode(BarcodeFormat.EAN13, "4006381333932")}),
    ("25", WARNING, "barcode_no_fallback barcode.format", {"barcode": EAN}),
    (
        "25",
        WARNING,
        "barcode_no_fallback barcode_fallbacks",
        {"barcode": EAN, "barcode_fallbacks": (Barcode(BarcodeFormat.ITF, "12"),)},
    ),
    ("25", WARNING, "barcode_never_shown barcode_fallbacks[0].format", {"barcode": QR("1"), "barcode_fallbacks": (EAN,)}),
    (
        "26",
        WARNING,
        "barcode_not_on_watch barcode_fallbacks[0].format",
        {"barcode": EAN, "barcode_fallbacks": (Barcode(BarcodeFormat.CODE128, "4006381333931"),)},
    ),
    ("28", ERROR, "beacons_too_many beacons", {"beacons": tuple(Beacon(f"{n:08x}{UUID[8:]}") for n in range(11))}),
    ("28", ERROR, "beacon_uuid_form beacons[0].uuid", {"beacons": (Beacon("1234"),)}),
    ("28", ERROR, "beacon_number_out_of_range beacons[0].minor", {"beacons": (Beacon(UUID, 0, 65_536),)}),
    ("28", ERROR, "max_distance_not_positive max_distance", {"max_distance": 0}),
    ("29", WARNING, "relevance_ignored relevant", {"relevant": (Relevance(1, 2),)}),
    ("30", ERROR, "interval_backwards relevant[0].end", {"relevant": (Relevance(2, 2),)}),
    ("30", ERROR, "date_out_of_range relevant[0].start", {"relevant": (Relevance(-1),)}),
    (
        "31",
        WARNING,
        "expires_before_relevant expires_at",
        {"style": Style.EVENT_TICKET, "expires_at": 1, "relevant": (Relevance(2),)},
    ),
    ("38", ERROR, "nfc_message_long nfc.message", {"nfc": Nfc("é" * 33, P256)}),
    ("38", ERROR, "nfc_key_unusable nfc.public_key", {"nfc": Nfc("1", "AAAA")}),
    ("39", WARNING, "enhanced_ignored enhanced", {"enhanced": True}),
    ("39", WARNING, "enhanced_ignored enhanced", {"style": Style.BOARDING_PASS, "transit_type": TransitType.BUS, "enhanced": True}),
    ("39", WARNING, "enhanced_tag_missing semantics.venueRoom", {"style": Style.EVENT_TICKET, "enhanced": True}),
    (
        "39",
        WARNING,
        "enhanced_tag_missing semantics.performerNames",
        {"style": Style.EVENT_TICKET, "enhanced": True, "semantics": {"eventType": "PKEventTypeLivePerformance"}},
    ),
    ("39", WARNING, "enhanced_tag_missing semantics.flightNumber", {"style": Style.BOARDING_PASS, "enhanced": True}),
    (
        "-",
        WARNING,
        "poster_ticket_with_code barcode",
        {"style": Style.EVENT_TICKET, "enhanced": True, "semantics": POSTER_TAGS},
    ),
    (
        "39",
        WARNING,
        "enhanced_without_fields enhanced",
        {"style": Style.EVENT_TICKET, "enhanced": True, "primary": (), "secondary": (), "auxiliary": ()},
    ),
    ("39", WARNING, "poster_misplaced poster", {"style": Style.BOARDING_PASS, "poster": Poster()}),
    ("39", WARNING, "poster_without_artwork images.artwork", {"poster": Poster()}),
    ("4", ERROR, "override_protected overrides.apple.serialNumber", {"overrides": Overrides(apple={"serialNumber": "1"})}),
    ("43", WARNING, "image_not_shown images.artwork", {"images": {ImageSlot.ARTWORK: "0"}}),
    ("43", WARNING, "image_not_shown localized_images.de.footer", {"localized_images": {"de": {ImageSlot.FOOTER: "0"}}}),
    ("46", ERROR, "language_malformed language", {"language": "DE"}),
    ("46", ERROR, "language_malformed translations", {"translations": {"german": {}}}),
    ("46", ERROR, "language_malformed localized_images", {"localized_images": {"d": {}}}),
    ("46", WARNING, "translation_of_base translations.en", {"translations": {"en": {"description": "x"}}}),
    ("46", WARNING, "translation_of_nothing translations.de.fields.x.label", {"translations": {"de": {"fields.x.label": "y"}}}),
    ("46", WARNING, "translation_lost translations.de.barcode.alt_text", {"translations": {"de": {"barcode.alt_text": "y"}}}),
    ("-", WARNING, "valid_from_lost valid_from", {"valid_from": 1}),
    ("-", WARNING, "smart_tap_lost smart_tap", {"smart_tap": "C-0001"}),
    ("-", WARNING, "linked_lost linked", {"linked": ("other",)}),
    ("-", WARNING, "image_not_shown stamps", {"style": Style.GENERIC, "stamps": StampCard("1", "10")}),
    ("52", WARNING, "contact_missing back", {"back": (Field("terms", "No refunds."),)}),
    ("52", WARNING, "contact_missing back", {"back": ()}),
]


@pytest.mark.parametrize(("row", "severity", "expected", "changes"), RULES, ids=[f"row {one[0]}: {one[2]}" for one in RULES])
def test_each_rule_finds_its_fault(make_content: Any, row: str, severity: str, expected: str, changes: dict[str, Any]) -> None:
    found = {f"{one.code} {one.path}": one for one in check(make_content(**changes))}
    assert expected in found, f"row {row}"
    assert found[expected].severity == severity
    assert found[expected].message
    assert found[expected].mend
    assert found[expected].otherwise, "what a phone does with it"


def test_a_day_alone_under_a_date_format_is_told_what_it_lacks(make_content: Any) -> None:
    day = Field("until", "2026-12-24", format=DateFormat())
    (one,) = [one for one in check(make_content(header=(day,))) if one.code == "date_value_unreadable"]
    assert "a day alone is not enough" in one.message
    assert one.mend == "write hours, minutes and zone, like 2026-12-31T18:00+01:00, or leave the format out"


def test_of_a_poster_ticket_with_a_code_nothing_is_said_where_the_classic_layout_is_shown(make_content: Any) -> None:
    found = check(make_content(style=Style.EVENT_TICKET, enhanced=True))
    assert "poster_ticket_with_code" not in {one.code for one in found}


RIGHT: list[dict[str, Any]] = [
    {"style": Style.GENERIC, "barcode": None, "secondary": fields(4, "s"), "auxiliary": fields(4, "a")},
    {"back": (Field("w", "Our website", rich_text='<a href="https://coffee.example">here</a>'),)},
    {"additional": (Field("w", "hello@coffee.example"),), "back": ()},
    {
        "back": (Field("w", "https://a.example", "x" * 40),),
        "primary": (Field("p", "1", "P"),),
        "translations": {"de": {"fields.w.value": "x" * 40, "fields.p.value": "x" * 30}},
    },
    {"images": {ImageSlot.LOGO: "1"}, "localized_images": {"de": {ImageSlot.LOGO: "0"}}},
    {"language": "en", "localized_images": {"de": {ImageSlot.LOGO: "0"}, "en": {ImageSlot.LOGO: "1"}}},
    {"smart_tap": "C-0001", "nfc": Nfc("C-0001", P256), "style": Style.COUPON, "stamps": StampCard("1", "10")},
    {"header": (Field("h", "-12.50", format=MoneyFormat("EUR")), Field("d", "2026-12-31T18:00Z", format=DateFormat()))},
    {"header": (Field("h", "x", alignment=TextAlignment.CENTER),), "language": "pt-BR"},
    {"style": Style.EVENT_TICKET, "auxiliary": (*fields(4, "a"), *(Field(f"b{n}", "v", row=1) for n in range(4)))},
    {"back": (Field("b", "a@b", rich_text='<a href="https://a.example?x=1&amp;y=2">a</a>', detectors=()),)},
    {"barcode": EAN, "barcode_fallbacks": (QR("4006381333931"),)},
    {"barcode": Barcode(BarcodeFormat.CODE128, "C-1"), "barcode_fallbacks": (QR("C-1"),)},
    {"barcode": Barcode(BarcodeFormat.QR, "€", encoding="utf-8")},
    {"beacons": tuple(Beacon(UUID, 1, n) for n in range(20)), "max_distance": 1, "relevant": (Relevance(1, 2), Relevance(3))},
    {"nfc": Nfc("x" * 64, P256)},
    {
        "poster": Poster(primary=fields(4, "p"), footer=fields(2, "f")),
        "images": {ImageSlot.ARTWORK: "0", ImageSlot.PRIMARY_LOGO: "1"},
    },
    {
        "style": Style.EVENT_TICKET,
        "enhanced": True,
        "semantics": POSTER_TAGS,
        "nfc": Nfc("1", P256),
        "images": dict.fromkeys((ImageSlot.ARTWORK, ImageSlot.SECONDARY_LOGO, ImageSlot.WIDE_LOGO, ImageSlot.VENUE_MAP), "0"),
    },
    {"translations": {"de": {"fields.points.change_message": "%@!", "fields.name.label": "MITGLIED"}, "zh-Hans": {}}},
    {"overrides": Overrides(apple={"suppressStripShine": False, "logoText": None})},
]


@pytest.mark.parametrize("changes", RIGHT)
def test_what_is_right_gets_no_finding(make_content: Any, changes: dict[str, Any]) -> None:
    assert check(make_content(**changes)) == ()


def test_near_field_without_an_entitled_certificate_is_told(make_content: Any) -> None:
    content = make_content(nfc=Nfc("1", P256))
    (found,) = judge_entitlement(content, has_nfc=False)
    assert (found.code, found.severity, found.path) == ("nfc_not_entitled", WARNING, "nfc")
    assert judge_entitlement(content, has_nfc=True) == judge_entitlement(make_content(), has_nfc=False) == ()


@pytest.mark.requirement("S3-13")
def test_ten_places_at_the_edges_of_the_world_are_fine(make_content: Any) -> None:
    assert check(make_content(locations=(Location(90, 180, -400), Location(-90, -180)) * 5)) == ()


@pytest.mark.parametrize("contact", ["a@b.example", "https://b.example", "www.b.example", "+43 (1) 234-5678"])
def test_a_contact_is_an_address_a_link_or_a_number(make_content: Any, contact: str) -> None:
    assert check(make_content(back=(Field("terms", "No refunds."), Field("c", contact)))) == ()


def test_the_same_field_twice_is_found_where_the_second_one_stands(make_content: Any) -> None:
    one = Field("k", "v")
    assert [finding.path for finding in errors(make_content(header=(one, one, one)))] == ["header[1].key", "header[2].key"]


def test_errors_come_before_warnings(make_content: Any) -> None:
    found = check(make_content(description="", back=(), header=fields(4, "h"), locations=(Location(91, 0),)))
    severities = [one.severity for one in found]
    assert severities == sorted(severities)
    assert set(severities) == {ERROR, WARNING}


def test_a_finding_never_repeats_the_value(make_content: Any) -> None:
    secret = "s3cr3t-value"
    broken: Content = make_content(
        background_color=secret,
        barcode=Barcode(BarcodeFormat.CODE128, secret + "é"),
        primary=(Field("p", secret * 9, None, secret),),
    )
    found = check(broken)
    assert len(found) >= 4
    assert not any(secret in one.message + one.mend + one.path for one in found)


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_a_content_is_not_changed_by_being_judged(make_content: Any) -> None:
    content = make_content(description="")
    check(content)
    assert content == replace(content)
