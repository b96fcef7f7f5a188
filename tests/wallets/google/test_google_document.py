"""Google's JSON judged: by the vocabulary of its own description, and by what the description says in prose.

The stand-in reads the description by itself, with other code: what it refuses must be an error here, and what it takes must not."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import billfold.sandbox.google
from billfold.sandbox.google import rules as stand_in_rules
from billfold.sandbox.google.errors import ApiError
from billfold.sandbox.google.rules import Conditions
from billfold.sandbox.google.schema import load
from billfold.sandbox.google.verticals import TYPES
from billfold.wallets.google.document import check_document, check_members, parsed, type_of
from billfold.wallets.google.vocabulary import vocabulary
from wallets.google.material import ISSUER

ROOT = Path(billfold.sandbox.google.__file__).parents[4]
BY_SCHEMA = {one.schema: one for one in TYPES}


def localized(text: str) -> dict[str, Any]:
    return {"defaultValue": {"language": "en", "value": text}, "translatedValues": [{"language": "de", "value": text}]}


IMAGE = {"sourceUri": {"uri": "https://cards.example/i/a.png"}, "contentDescription": localized("Logo")}
AIRPORT = {"airportIataCode": "MUC", "terminal": "2", "gate": "G12"}
CLASS = {"id": f"{ISSUER}.class", "hexBackgroundColor": "#166534", "reviewStatus": "UNDER_REVIEW", "issuerName": "Bayroast"}
OBJECT = {
    "id": f"{ISSUER}.object",
    "classId": f"{ISSUER}.class",
    "state": "ACTIVE",
    "barcode": {"type": "QR_CODE", "value": "1", "alternateText": "one"},
    "heroImage": IMAGE,
    "textModulesData": [{"id": "r1c1", "header": "POINTS", "localizedBody": localized("1")}],
    "linksModuleData": {"uris": [{"id": "l", "uri": "https://a.example/", "description": "Help"}]},
    "imageModulesData": [{"id": "i", "mainImage": IMAGE}],
    "validTimeInterval": {"start": {"date": "2026-11-25T18:30:00Z"}, "end": {"date": "2027-11-25T18:30:00Z"}},
    "groupingInfo": {"groupingId": "g", "sortIndex": 1},
    "messages": [{"id": "m", "header": "h", "body": "b", "messageType": "TEXT"}],
    "passConstraints": {"screenshotEligibility": "INELIGIBLE", "nfcConstraint": ["BLOCK_PAYMENT"]},
    "rotatingBarcode": {
        "type": "QR_CODE",
        "valuePattern": "T-{totp_value_0}",
        "totpDetails": {"algorithm": "TOTP_SHA1", "periodMillis": "30000", "parameters": [{"key": "31323334", "valueLength": 8}]},
    },
}
ROWS = {
    "classTemplateInfo": {
        "cardTemplateOverride": {
            "cardRowTemplateInfos": [
                {"oneItem": {"item": {"firstValue": {"fields": [{"fieldPath": "object.textModulesData['r1c1']"}]}}}}
            ]
        }
    }
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "LoyaltyClass": {**CLASS, **ROWS, "programName": "Rewards", "programLogo": IMAGE, "localizedProgramName": localized("R")},
    "LoyaltyObject": {
        **OBJECT,
        "loyaltyPoints": {"label": "Points", "balance": {"money": {"currencyCode": "EUR", "micros": "12500000"}}},
    },
    "OfferClass": {**CLASS, "title": "10 %", "provider": "Bayroast", "redemptionChannel": "BOTH", "titleImage": IMAGE},
    "OfferObject": OBJECT,
    "GiftCardClass": {**CLASS, "merchantName": "Bayroast", "allowBarcodeRedemption": True},
    "GiftCardObject": {**OBJECT, "cardNumber": "1", "balance": {"currencyCode": "EUR", "micros": "12500000"}},
    "EventTicketClass": {
        **CLASS,
        "eventName": localized("Concert"),
        "venue": {"name": localized("Hall"), "address": localized("Street 1")},
        "dateTime": {"start": "2026-12-31T20:00:00+01:00", "doorsOpen": "2026-12-31T19:00"},
    },
    "EventTicketObject": {**OBJECT, "seatInfo": {"seat": localized("12")}, "ticketHolderName": "Ada"},
    "FlightClass": {
        **CLASS,
        "origin": AIRPORT,
        "destination": AIRPORT,
        "flightHeader": {"carrier": {"carrierIataCode": "LH"}, "flightNumber": "123"},
        "localScheduledDepartureDateTime": "2026-12-31T20:00:00",
    },
    "FlightObject": {**OBJECT, "passengerName": "Ada", "reservationInfo": {"confirmationCode": "X7"}},
    "TransitClass": {**CLASS, "logo": IMAGE, "transitType": "RAIL"},
    "TransitObject": {
        **OBJECT,
        "tripType": "ONE_WAY",
        "ticketLeg": {"originName": localized("Here"), "departureDateTime": "2026-12-31T20:00:00+01:00"},
    },
    "GenericClass": {"id": f"{ISSUER}.class", **ROWS},
    "GenericObject": {**OBJECT, "cardTitle": localized("Bayroast"), "header": localized("Card")},
}


BEYOND_THE_STAND_IN = {"linked_to_itself", "id_form", "not_ascii", "leg_origin"}
"""It knows these by what it has stored, or lets them be."""


def codes(document: Any, type_name: str | None = None, severity: str = "error") -> set[str]:
    return {one.code.removeprefix("google.") for one in check_document(document, type_name) if one.severity == severity}


def stand_in_takes(name: str, document: dict[str, Any]) -> bool:
    schemas, kind = load(), BY_SCHEMA[name]
    try:
        stand_in_rules.check(schemas, kind, schemas.validate(name, document), Conditions(allowlisted=True, http_callbacks=True))
    except ApiError:
        return False
    return document.get("reviewStatus") not in ("APPROVED", "REJECTED")


def test_the_data_file_is_what_google_s_description_gives(tmp_path: Path) -> None:
    tool = tmp_path / "tools" / "google_vocabulary.py"
    tool.parent.mkdir()
    tool.write_bytes((ROOT / "tools" / "google_vocabulary.py").read_bytes())
    (tmp_path / "src/billfold/wallets/google").mkdir(parents=True)
    source = ROOT / "src/billfold/sandbox/google/data/walletobjects.v1.json"
    subprocess.run([sys.executable, str(tool), str(source)], check=True, capture_output=True)
    made = (tmp_path / "src/billfold/wallets/google/vocabulary.json").read_bytes()
    assert made == (ROOT / "src/billfold/wallets/google/vocabulary.json").read_bytes()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_type_is_known_and_its_full_document_is_found_right(name: str) -> None:
    assert type_of(DOCUMENTS[name]) == name
    assert codes(DOCUMENTS[name], name) == set()
    assert stand_in_takes(name, DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_the_description_marks_as_required_is_missed(name: str) -> None:
    for member in vocabulary().required(name):
        lacking = {key: value for key, value in DOCUMENTS[name].items() if key != member}
        found = [one for one in check_document(lacking, name) if one.severity == "error"]
        assert [(one.code, one.path) for one in found] == [("google.member_missing", member)]


@pytest.mark.parametrize(
    ("name", "path", "value", "code"),
    [
        ("LoyaltyClass", "progamName", "x", "unknown_member"),
        ("LoyaltyClass", "programName", 3, "wrong_type"),
        ("LoyaltyClass", "reviewStatus", "APPROVED", "review_status"),
        ("LoyaltyClass", "reviewStatus", "READY", "value_unknown"),
        ("LoyaltyClass", "hexBackgroundColor", "green", "color_unusable"),
        ("LoyaltyClass", "programLogo", {"sourceUri": {"uri": "https://a.example/x"}, "privateImageId": "1"}, "exactly_one"),
        ("LoyaltyClass", "programLogo", {"sourceUri": {"uri": "logo.png"}}, "image_address"),
        ("LoyaltyClass", "classTemplateInfo.cardTemplateOverride.cardRowTemplateInfos", [{}], "exactly_one"),
        ("LoyaltyObject", "loyaltyPoints", {"label": "x"}, "member_missing"),
        ("LoyaltyObject", "loyaltyPoints.balance", {"int": 1, "string": "1"}, "exactly_one"),
        ("LoyaltyObject", "loyaltyPoints.balance", {"int": "1"}, "wrong_type"),
        ("LoyaltyObject", "loyaltyPoints.balance.money.micros", "12.50", "wrong_type"),
        ("LoyaltyObject", "barcode", {"value": "1"}, "barcode_type"),
        ("LoyaltyObject", "barcode", {"type": "TEXT_ONLY", "value": "1", "alternateText": "x"}, "text_only"),
        ("LoyaltyObject", "rotatingBarcode.type", "AZTEC", "rotating_type"),
        ("LoyaltyObject", "rotatingBarcode.totpDetails.parameters", [{"key": "secret", "valueLength": 8}], "totp_key"),
        ("LoyaltyObject", "validTimeInterval.start.date", "2026-11-25T18:30:00", "offset_once"),
        ("LoyaltyObject", "validTimeInterval.start.date", "tomorrow", "date_form"),
        ("LoyaltyObject", "merchantLocations", [{"latitude": 91, "longitude": 0}], "location_range"),
        ("LoyaltyObject", "merchantLocations", [{"latitude": 1, "longitude": 0}] * 11, "too_many"),
        ("LoyaltyObject", "textModulesData", [{"id": "a.b"}], "module_id"),
        ("LoyaltyObject", "linksModuleData.uris", [{"uri": "a.example"}], "link_scheme"),
        ("LoyaltyObject", "linkedObjectIds", [f"{ISSUER}.object"], "linked_to_itself"),
        ("LoyaltyObject", "id", "me", "id_form"),
        ("LoyaltyObject", "smartTapRedemptionValue", "ä", "not_ascii"),
        ("EventTicketClass", "venue", {"name": {}}, "member_missing"),
        ("EventTicketClass", "dateTime.start", "31.12.", "date_form"),
        ("FlightClass", "flightHeader.flightNumber", "LH123", "flight_number"),
        ("FlightClass", "flightHeader.carrier", {"carrierIataCode": "LH", "carrierIcaoCode": "DLH"}, "exactly_one"),
        ("FlightClass", "origin", {"airportIataCode": "MUNICH"}, "airport_code"),
        ("FlightClass", "localScheduledDepartureDateTime", "2026-12-31T20:00:00+01:00", "flight_time"),
        ("TransitObject", "ticketLeg", {"departureDateTime": "2026-12-31T20:00:00"}, "leg_origin"),
        ("GenericObject", "cardTitle", "Bayroast", "wrong_type"),
    ],
)
def test_what_google_says_in_prose(name: str, path: str, value: Any, code: str) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    *way, last = path.split(".")
    inside = document
    for step in way:
        inside = inside[step]
    inside[last] = value
    found = [one for one in check_document(document, name) if one.code == f"google.{code}"]
    assert found
    assert found[0].severity == "error"
    assert found[0].path.startswith(way[0] if way else last)
    assert not stand_in_takes(name, document) or code in BEYOND_THE_STAND_IN


def test_the_nearest_name_is_suggested() -> None:
    found = check_document({**DOCUMENTS["LoyaltyClass"], "progamName": "x"}, "LoyaltyClass")
    assert [(one.path, one.mend) for one in found] == [("progamName", "did you mean programName?")]
    found = check_document({**DOCUMENTS["LoyaltyObject"], "state": "ACTIV"}, "LoyaltyObject")
    assert [one.mend for one in found if one.code == "google.value_unknown"] == ["did you mean ACTIVE?"]


def test_old_names_and_members_are_warnings() -> None:
    found = codes({**DOCUMENTS["LoyaltyObject"], "state": "active", "kind": "walletobjects#loyaltyObject"}, severity="warning")
    assert {"value_outdated", "member_ignored"} <= found
    # Of these Google's description says it in prose alone.
    [one] = [one for one in check_document({**DOCUMENTS["LoyaltyObject"], "infoModuleData": {}}) if "infoModule" in one.path]
    assert one.code == "google.member_ignored"


def test_a_save_link_s_payload_is_judged_and_what_it_only_names_is_not() -> None:
    payload = {"loyaltyClasses": [{"id": f"{ISSUER}.class"}], "loyaltyObjects": [DOCUMENTS["LoyaltyObject"]]}
    assert type_of(payload) == "Resources"
    assert codes(payload) == set()
    payload["loyaltyObjects"] = [{**DOCUMENTS["LoyaltyObject"], "state": 1}]
    assert [one.path for one in check_document(payload) if one.severity == "error"] == ["loyaltyObjects[0].state"]


def test_overriding_members_need_not_be_whole_and_null_removes() -> None:
    assert check_members({"heroImage": None, "homepageUri": {"uri": "https://a.example"}}, "OfferClass") == ()
    found = check_members({"heroImg": 1}, "OfferClass", "overrides.google_class")
    assert [(one.code, one.path) for one in found] == [("google.unknown_member", "overrides.google_class.heroImg")]


@pytest.mark.parametrize("text", ["", "[]", "nonsense", "[" * 100_000, '"x"'])
def test_what_is_no_json_object_is_no_document(text: str) -> None:
    assert parsed(text) is None


def test_a_foreign_document_floods_no_report_and_smuggles_nothing_into_it() -> None:
    flood = {**DOCUMENTS["GenericObject"], **{f"x{n}\n<b>": 1 for n in range(500)}}
    found = check_document(flood, "GenericObject")
    assert len(found) <= 25
    assert not any("<" in one.path + one.message + one.mend for one in found)


# --- against the stand-in ---------------------------------------------------------------------------------------------------------

_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["ACTIVE", "active", "QR_CODE", "2026-11-25T18:30:00Z", "https://a.example", "12"]),
    st.just([]), st.just({}),
)  # fmt: skip


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] + [found for step, inside in steps for found in _places(inside, (*way, step))]


@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_what_the_stand_in_refuses_is_an_error_here_too(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    way = data.draw(st.sampled_from(_places(document)[1:]))
    inside: Any = document
    for step in way[:-1]:
        inside = inside[step]
    if data.draw(st.booleans()) and isinstance(inside, dict):
        del inside[way[-1]]
    else:
        inside[way[-1]] = data.draw(_LEAVES)
    if not stand_in_takes(name, document):
        assert codes(document, name), json.dumps(document)
