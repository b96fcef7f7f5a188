"""Any pass.json against every row of reference/apple-wallet.md section 9 that speaks of it: one row of the table for each fault."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.ports import Finding
from billfold.wallets.apple.checking import check_document, check_file
from billfold.wallets.apple.document_rules import judge_document
from billfold.wallets.apple.findings import Findings
from wallets.apple import authority
from wallets.apple.foreign import DOCUMENT, Json, document, styled

NOW = authority.NOW
E, W = "error", "warning"


def judged(given: Json, strings: dict[str, dict[str, str]] | None = None, now: datetime.datetime = NOW) -> tuple[Finding, ...]:
    found = Findings()
    judge_document(given, strings or {}, now, found)
    return found.all()


def test_a_document_that_is_right_gets_no_finding() -> None:
    assert judged(DOCUMENT) == ()


@pytest.mark.parametrize("style", ["boardingPass", "coupon", "eventTicket", "generic", "storeCard"])
def test_every_classic_style_can_be_right(style: str) -> None:
    assert judged(styled(style)) == ()


def test_a_poster_with_its_classic_style_beside_it_is_right() -> None:
    poster = {"primaryFields": [{"key": "name", "label": "MEMBER", "value": "Ada"}], "footerFields": [{"key": "f", "value": "x"}]}
    assert judged(document(posterGeneric=poster)) == ()


def test_a_poster_ticket_that_lets_in_by_near_field_or_has_no_code_is_right() -> None:
    near_field = {"message": "x", "encryptionPublicKey": P256}
    for made in (styled("eventTicket", **POSTER, nfc=near_field), styled("eventTicket", **POSTER, barcodes=None)):
        assert judged(made) == ()


def field(**members: object) -> Any:
    """Replaces the one header field."""

    def change(made: Json) -> None:
        made["storeCard"]["headerFields"] = [{"key": "points", "label": "POINTS", "value": "1", "changeMessage": "%@", **members}]

    return change


def back(value: object, **members: object) -> Any:
    def change(made: Json) -> None:
        made["storeCard"]["backFields"].append({"key": "more", "value": value, **members})

    return change


def group(name: str, count: int, **members: object) -> Any:
    def change(made: Json) -> None:
        style = made["eventTicket"] if "eventTicket" in made else made["storeCard"]
        style[name] = [{"key": f"{name}{number}", "value": "v", **members} for number in range(count)]

    return change


def four(name: str) -> list[Json]:
    return [{"key": f"{name}{number}", "value": "v"} for number in range(4)]


def code(format_: str, message: str = "C-1", charset: str = "iso-8859-1") -> Json:
    return {"format": f"PKBarcodeFormat{format_}", "message": message, "messageEncoding": charset}


GAME = {"type": "event", "identifier": "game", "name": "Game"}
CALL = {"identifier": "a", "type": "call", "url": "tel:1"}
UUID = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
PLACE = {"latitude": 48.2, "longitude": 16.4}
SEMANTIC_FLIGHT = {
    "airlineCode": "XX",
    "flightNumber": 815,
    "departureAirportCode": "VIE",
    "departureCityName": "Vienna",
    "departureLocationTimeZone": "Europe/Vienna",
    "destinationAirportCode": "LHR",
    "destinationCityName": "London",
    "destinationLocationTimeZone": "Europe/London",
    "originalDepartureDate": "2027-01-05T09:00+01:00",
    "originalArrivalDate": "2027-01-05T10:30Z",
    "originalBoardingDate": "2027-01-05T08:30+01:00",
    "passengerName": {"givenName": "Ada"},
}

P256 = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
POSTER: Json = {
    "preferredStyleSchemes": ["posterEventTicket", "eventTicket"],
    "semantics": {"eventName": "x", "venueName": "x", "venueRegionName": "x", "venueRoom": "x"},
}

ROWS: list[tuple[str, str, str, Json]] = [
    # Row of section 9, severity, "code path", the document.
    ("1", E, "text_not_writable description", document(description="half \ud83d")),
    ("2", E, "number_out_of_range formatVersion", document(formatVersion=2)),
    ("2", E, "type_wrong formatVersion", document(formatVersion="1")),
    ("2", E, "key_missing formatVersion", document(formatVersion=None)),
    *[("3", E, f"key_missing {key}", document(**{key: None})) for key in ("description", "organizationName", "serialNumber")],
    *[("3", E, f"text_empty {key}", document(**{key: " "})) for key in ("description", "organizationName", "serialNumber")],
    ("3", E, "type_wrong serialNumber", document(serialNumber=12345)),
    ("3", W, "serial_number_form serialNumber", document(serialNumber="a/b c")),
    ("4", E, "pass_type_form passTypeIdentifier", document(passTypeIdentifier="com.example.card")),
    ("5", W, "team_form teamIdentifier", document(teamIdentifier="Example Inc")),
    ("6", E, "style_missing ", document(storeCard=None)),
    ("6", E, "styles_many ", document(coupon={"primaryFields": [{"key": "x", "value": "y"}]})),
    ("7", W, "poster_generic_alone posterGeneric", document(storeCard=None, posterGeneric={})),
    ("8", E, "transit_type_missing boardingPass.transitType", document(storeCard=None, boardingPass={})),
    ("8", E, "key_misplaced storeCard.transitType", document(lambda d: d["storeCard"].update(transitType="PKTransitTypeAir"))),
    ("9", E, "key_missing storeCard.headerFields[0].value", document(lambda d: d["storeCard"]["headerFields"][0].pop("value"))),
    ("9", E, "key_missing storeCard.headerFields[0].key", document(lambda d: d["storeCard"]["headerFields"][0].pop("key"))),
    ("9", E, "text_empty storeCard.headerFields[0].key", document(field(key=""))),
    ("9", E, "type_wrong storeCard.headerFields[0].value", document(field(value=True))),
    ("9", E, "type_wrong storeCard.headerFields[0].value", document(field(value=None))),
    ("9", E, "type_wrong storeCard.headerFields", document(lambda d: d["storeCard"].update(headerFields={}))),
    ("9", E, "type_wrong storeCard.headerFields[0]", document(lambda d: d["storeCard"].update(headerFields=["x"]))),
    ("10", E, "field_key_repeated storeCard.primaryFields[0].key", document(field(key="name"))),
    ("11", E, "enum_unknown storeCard.headerFields[0].textAlignment", document(field(textAlignment="PKTextAlignmentCentre"))),
    ("11", E, "enum_unknown storeCard.backFields[1].dataDetectorTypes[0]", document(back("x", dataDetectorTypes=["Phone"]))),
    ("11", E, "enum_unknown barcodes[0].format", document(barcodes=[code("Qr")])),
    ("11", W, "enum_unknown semantics.eventType", styled("eventTicket", semantics={"eventType": "Sports"})),
    ("12", W, "key_misplaced storeCard.backFields[1].textAlignment", document(back("x", textAlignment="PKTextAlignmentLeft"))),
    (
        "13",
        E,
        "date_value_unreadable storeCard.headerFields[0].value",
        document(field(value="5 May", dateStyle="PKDateStyleShort")),
    ),
    (
        "13",
        E,
        "date_value_unreadable storeCard.headerFields[0].value",
        document(field(value="2026-05-05T09:00", timeStyle="PKDateStyleShort")),
    ),
    ("13", W, "date_style_missing storeCard.headerFields[0]", document(field(value="2026-05-05T09:00Z", isRelative=True))),
    ("14", E, "number_format_on_text storeCard.headerFields[0].value", document(field(value="12.50", currencyCode="EUR"))),
    (
        "14",
        E,
        "number_format_on_text storeCard.headerFields[0].value",
        document(field(value="5", numberStyle="PKNumberStylePercent")),
    ),
    ("14", E, "currency_unknown storeCard.headerFields[0].currencyCode", document(field(value=5, currencyCode="Euro"))),
    (
        "14",
        W,
        "number_formats_both storeCard.headerFields[0]",
        document(field(value=5, currencyCode="EUR", numberStyle="PKNumberStyleDecimal")),
    ),
    ("15", W, "key_misplaced storeCard.headerFields[0].row", document(field(row=1))),
    (
        "15",
        W,
        "number_out_of_range eventTicket.auxiliaryFields[0].row",
        document(group("auxiliaryFields", 1, row=2), storeCard=None, eventTicket={}),
    ),
    ("16", W, "fields_too_many storeCard.headerFields", document(group("headerFields", 4))),
    ("16", W, "fields_too_many storeCard.auxiliaryFields", document(group("auxiliaryFields", 4))),
    (
        "16",
        W,
        "fields_too_many eventTicket.auxiliaryFields",
        document(group("auxiliaryFields", 5, row=1), storeCard=None, eventTicket={"primaryFields": []}),
    ),
    (
        "16",
        W,
        "fields_too_many generic.auxiliaryFields",
        document(storeCard=None, generic={"secondaryFields": four("s"), "auxiliaryFields": four("a")[:1]}),
    ),
    ("17", W, "field_text_long storeCard.headerFields[0].value", document(field(value="x" * 21))),
    ("17", W, "field_text_long storeCard.headerFields[0].label", document(field(label="x" * 21))),
    ("18", W, "change_message_generic storeCard.headerFields[0].changeMessage", document(field(changeMessage="changed"))),
    ("18", W, "change_message_generic storeCard.headerFields[0].changeMessage", document(field(changeMessage="%@ and %@"))),
    ("18", W, "change_message_nowhere ", document(field(changeMessage=""))),
    ("19", W, "attributed_value_markup storeCard.backFields[1].attributedValue", document(back("x", attributedValue="<b>x</b>"))),
    ("20", E, "color_unreadable labelColor", document(labelColor="white")),
    ("20", E, "color_unreadable labelColor", document(labelColor="rgb(300, 0, 0)")),
    ("20", W, "color_undocumented labelColor", document(labelColor="#ffffff")),
    ("21", W, "contrast_low labelColor", document(labelColor="rgb(22, 101, 60)")),
    ("22", E, "type_wrong barcodes", document(barcodes=code("QR"))),
    ("22", E, "key_missing barcodes[0].messageEncoding", document(barcodes=[{"format": "PKBarcodeFormatQR", "message": "x"}])),
    ("22", E, "text_empty barcodes[0].message", document(barcodes=[code("QR", "")])),
    ("23", E, "barcode_not_encodable barcodes[0].message", document(barcodes=[code("QR", "€")])),
    ("23", E, "charset_unknown barcodes[0].messageEncoding", document(barcodes=[code("QR", "x", "klingon")])),
    ("24", E, "barcode_check_digit barcodes[0].message", document(barcodes=[code("EAN13", "4006381333932"), code("QR")])),
    ("24", E, "barcode_not_encodable barcodes[0].message", document(barcodes=[code("I2of5", "123"), code("QR")])),
    ("24", E, "barcode_not_encodable barcodes[0].message", document(barcodes=[code("Code39", "abc"), code("QR")])),
    ("24", E, "barcode_not_encodable barcodes[0].message", document(barcodes=[code("Codabar", "x"), code("QR")])),
    ("24", E, "barcode_not_encodable barcodes[0].message", document(barcodes=[code("Code128", "ä"), code("QR")])),
    ("25", W, "barcode_no_fallback barcodes", document(barcodes=[code("EAN13", "4006381333931")])),
    ("25", E, "barcode_format_too_new barcode.format", document(barcodes=None, barcode=code("Code128"))),
    ("26", W, "barcode_not_on_watch barcodes[0].format", document(barcodes=[code("Code128")])),
    ("27", W, "barcode_long barcodes[0].message", document(barcodes=[code("QR", "x" * 301)])),
    ("27", W, "barcode_long barcodes[0].message", document(barcodes=[code("Code128", "x" * 25), code("QR")])),
    ("28", E, "list_too_long locations", document(locations=[PLACE] * 11)),
    ("28", E, "number_out_of_range locations[0].latitude", document(locations=[{"latitude": 91, "longitude": 0}])),
    ("28", E, "type_wrong locations[0].longitude", document(locations=[{"latitude": 9, "longitude": "0"}])),
    ("28", E, "number_out_of_range beacons[0].major", document(beacons=[{"proximityUUID": "0" * 8, "major": 65536}])),
    ("28", E, "beacon_uuid_form beacons[0].proximityUUID", document(beacons=[{"proximityUUID": "0" * 8}])),
    ("28", E, "beacons_too_many beacons", document(beacons=[{"proximityUUID": f"{n:08x}{UUID[8:]}"} for n in range(11)])),
    ("28", E, "number_out_of_range maxDistance", document(maxDistance=-1)),
    ("28", E, "max_distance_zero maxDistance", document(maxDistance=0)),
    ("29", W, "relevance_ignored relevantDate", document(relevantDate="2027-01-05T09:00Z")),
    ("29", W, "relevance_ignored relevantDates", document(relevantDates=[{"date": "2027-01-05T09:00Z"}])),
    ("30", E, "date_unreadable expirationDate", document(expirationDate="2027-01-05")),
    ("30", W, "date_fraction expirationDate", document(expirationDate="2027-01-05T09:00:00.5Z")),
    ("30", E, "interval_half relevantDates[0]", document(relevantDates=[{"startDate": "2027-01-05T09:00Z"}])),
    (
        "30",
        E,
        "interval_backwards relevantDates[0].endDate",
        document(relevantDates=[{"startDate": "2027-01-05T09:00Z", "endDate": "2027-01-05T08:00Z"}]),
    ),
    ("30", E, "relevant_date_empty relevantDates[0]", document(relevantDates=[{}])),
    ("30", W, "relevant_date_old_name relevantDates[0]", document(relevantDates=[{"date": "2027-01-05T09:00Z"}])),
    ("30", W, "relevant_date_for_old_phones relevantDates", document(relevantDates=[{"date": "2027-01-05T09:00Z"}])),
    ("30", W, "key_deprecated relevantDate", document(relevantDate="2027-01-05T09:00Z")),
    ("31", W, "expired expirationDate", document(expirationDate="2020-01-05T09:00Z")),
    (
        "31",
        W,
        "expires_before_relevant expirationDate",
        styled("eventTicket", expirationDate="2027-01-05T09:00Z", relevantDate="2027-01-06T09:00Z"),
    ),
    ("32", E, "web_service_half authenticationToken", document(authenticationToken=None)),
    ("32", E, "web_service_half webServiceURL", document(webServiceURL=None)),
    ("33", E, "token_short authenticationToken", document(authenticationToken="short")),
    ("33", E, "token_unsafe authenticationToken", document(authenticationToken="with spaces in the middle")),
    ("34", E, "web_service_not_https webServiceURL", document(webServiceURL="http://wallet.example/")),
    ("34", W, "web_service_not_https webServiceURL", document(webServiceURL="http://127.0.0.1:8000/")),
    ("34", W, "web_service_local webServiceURL", document(webServiceURL="https://nas.local/")),
    ("34", E, "web_service_url_unusable webServiceURL", document(webServiceURL="https://wallet.example/?a=b")),
    ("34", E, "url_unusable webServiceURL", document(webServiceURL="wallet.example")),
    ("36", E, "app_launch_without_store appLaunchURL", document(appLaunchURL="coffee://card")),
    ("36", E, "type_wrong associatedStoreIdentifiers[0]", document(associatedStoreIdentifiers=["123"])),
    ("37", W, "key_misplaced groupingIdentifier", document(groupingIdentifier="trip")),
    ("38", E, "nfc_message_long nfc.message", document(nfc={"message": "x" * 65, "encryptionPublicKey": "x"})),
    ("38", E, "nfc_key_unusable nfc.encryptionPublicKey", document(nfc={"message": "x", "encryptionPublicKey": "x"})),
    ("39", E, "enum_unknown preferredStyleSchemes[0]", document(preferredStyleSchemes=["poster"])),
    ("39", W, "scheme_other_style preferredStyleSchemes[0]", document(preferredStyleSchemes=["posterEventTicket"])),
    ("39", W, "scheme_tags_missing semantics", styled("eventTicket", preferredStyleSchemes=["posterEventTicket", "eventTicket"])),
    ("-", W, "poster_ticket_with_code preferredStyleSchemes[0]", styled("eventTicket", **POSTER)),
    (
        "39",
        W,
        "scheme_transit_type boardingPass.transitType",
        document(
            storeCard=None,
            boardingPass={"transitType": "PKTransitTypeBus", "primaryFields": [{"key": "a", "value": "b"}]},
            preferredStyleSchemes=["semanticBoardingPass", "boardingPass"],
            semantics=SEMANTIC_FLIGHT,
        ),
    ),
    (
        "39",
        W,
        "scheme_classic_empty boardingPass",
        document(
            storeCard=None,
            boardingPass={"transitType": "PKTransitTypeAir"},
            preferredStyleSchemes=["semanticBoardingPass", "boardingPass"],
            semantics=SEMANTIC_FLIGHT,
        ),
    ),
    ("40", W, "type_wrong semantics.flightNumber", styled("boardingPass", semantics={"flightNumber": "815"})),
    ("40", W, "type_wrong semantics.balance.amount", document(semantics={"balance": {"amount": 5, "currencyCode": "EUR"}})),
    ("40", W, "key_unknown semantics.seatNumber", document(semantics={"seatNumber": "1"})),
    ("40", W, "key_misplaced semantics.eventName", document(semantics={"eventName": "x"})),
    (
        "40",
        W,
        "timezone_unknown semantics.departureLocationTimeZone",
        styled("boardingPass", semantics={"departureLocationTimeZone": "Vienna"}),
    ),
    ("41", E, "list_too_long featuredActions", document(featuredActions=[CALL] * 3)),
    (
        "41",
        E,
        "enum_unknown featuredActions[0].type",
        document(featuredActions=[{"identifier": "a", "type": "Call", "url": "tel:1"}]),
    ),
    ("41", E, "featured_action_target featuredActions[0].url", document(featuredActions=[{"identifier": "a", "type": "call"}])),
    ("41", W, "featured_actions_same featuredActions", document(featuredActions=[CALL] * 2)),
    (
        "41",
        W,
        "featured_actions_not_shown featuredActions",
        styled("eventTicket", preferredStyleSchemes=["posterEventTicket"], featuredActions=[CALL]),
    ),
    ("-", W, "upcoming_same upcomingPassInformation", styled("eventTicket", upcomingPassInformation=[GAME, GAME])),
    ("52", W, "contact_missing backFields", document(lambda d: d["storeCard"].pop("backFields"))),
    ("53", W, "key_unknown organisationName", document(organisationName="x")),
    ("53", W, "key_unknown storeCard.headerFields[0].Label", document(field(Label="x"))),
    ("-", W, "boolean_as_number voided", document(voided=1)),
    ("-", E, "type_wrong voided", document(voided="true")),
    ("-", W, "style_empty coupon", document(storeCard=None, coupon={})),
    ("-", E, "type_wrong userInfo", document(userInfo="x")),
]


@pytest.mark.parametrize(("row", "severity", "expected", "given"), ROWS, ids=[f"row {one[0]}: {one[2]}" for one in ROWS])
def test_each_rule_finds_its_fault(row: str, severity: str, expected: str, given: Json) -> None:
    found = {f"{one.code} {one.path}": one for one in judged(given)}
    assert expected in found, f"row {row}: {sorted(found)}"
    one = found[expected]
    assert one.severity == severity
    assert all((one.message, one.mend, one.otherwise)), "a finding says what is wrong, what to do, and what a phone does"


def test_a_generic_pass_shows_more_fields_above_a_code_that_is_no_square() -> None:
    many = {"secondaryFields": four("s"), "auxiliaryFields": four("a")}
    for codes in (None, [code("Code128"), code("QR")], [code("PDF417")]):
        found = {one.code for one in judged(document(storeCard=None, generic=many, barcodes=codes))}
        assert "fields_too_many" not in found


def test_many_shops_may_share_the_id_of_their_beacons() -> None:
    assert judged(document(beacons=[{"proximityUUID": UUID, "major": 1, "minor": shop} for shop in range(40)])) == ()


def test_a_finding_stands_alone() -> None:
    """One fault, one finding: most rows of the table above bring nothing else with them."""
    alone = [judged(given) for _, _, _, given in ROWS]
    assert sum(len(found) == 1 for found in alone) > len(ROWS) * 0.75


@pytest.mark.parametrize(
    ("key", "meant"),
    [("organisationName", "organizationName"), ("backgroundcolor", "backgroundColor"), ("barcodess", "barcodes")],
)
def test_a_misspelt_key_is_told_the_one_that_was_meant(key: str, meant: str) -> None:
    [one] = judged(document(**{key: DOCUMENT.get(meant)}))
    assert one.mend == f"did you mean {meant}?"


def test_translations_are_judged_as_holders_see_them() -> None:
    """Rows 17 and 18: a text may be a key of pass.strings."""
    strings = {
        "en.lproj": {"points_changed": "You have %@ points"},
        "de.lproj": {"points_changed": "Neuer Stand"},
    }
    [one] = judged(document(field(changeMessage="points_changed")), strings)
    assert one.code == "change_message_generic"
    strings["de.lproj"]["points_changed"] = "Sie haben %@ Punkte"
    assert judged(document(field(changeMessage="points_changed")), strings) == ()


def test_two_versions_of_one_pass_keep_their_identity() -> None:
    """Row 35."""
    later = document(serialNumber="C-0002", authenticationToken="another token of enough length".replace(" ", "-"))
    found = check_document(later, NOW, earlier=DOCUMENT).findings
    assert {(one.code, one.path) for one in found} == {
        ("identity_changed", "serialNumber"),
        ("identity_changed", "authenticationToken"),
    }
    assert check_document(document(logoText="new"), NOW, earlier=DOCUMENT).findings == ()


def test_a_finding_never_repeats_a_value_or_an_odd_name() -> None:
    secret = "s3cr3t[red]\x1b"
    given = document(field(changeMessage=secret, value=secret * 9, dateStyle=secret), **{secret: 1})
    given |= dict.fromkeys(("labelColor", "webServiceURL", "authenticationToken", "appLaunchURL", "expirationDate"), secret)
    found = judged(given)
    assert len(found) > 6
    assert not any("s3cr3t" in text for one in found for text in (one.path, one.message, one.mend, one.otherwise))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    *DOCUMENT,
    "locations",
    "beacons",
    "relevantDates",
    "semantics",
    "nfc",
    "featuredActions",
    "preferredStyleSchemes",
    "barcode",
    "posterGeneric",
    "boardingPass",
    "upcomingPassInformation",
    "maxDistance",
    "expirationDate",
    "relevantDate",
]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
def test_no_document_makes_a_rule_fall_over(changes: Json) -> None:
    check_document({**DOCUMENT, **changes}, NOW)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["headerFields", "backFields"]),
    st.dictionaries(
        st.sampled_from(
            [
                "key",
                "value",
                "label",
                "changeMessage",
                "attributedValue",
                "dateStyle",
                "currencyCode",
                "numberStyle",
                "row",
                "semantics",
                "isRelative",
                "dataDetectorTypes",
            ]
        ),
        JSON,
        max_size=6,
    ),
)
def test_no_field_makes_a_rule_fall_over(name: str, one: Json) -> None:
    check_document(document(lambda made: made["storeCard"].update({name: [one, one]})), NOW)


def test_a_file_and_a_parsed_document_are_judged_alike() -> None:
    given = document(labelColor="white", storeCard=None)
    assert check_file(json.dumps(given).encode(), NOW).passes[0].findings == check_document(given, NOW).findings
