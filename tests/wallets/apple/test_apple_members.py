"""pass.json beyond the plain card: formats, rows, codes, places, relevance, tags, newer layouts, NFC, own members.

Every document that these tests make is one that the virtual iPhone's own rules have nothing against."""

import json
from dataclasses import replace
from typing import Any

import pytest

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    DateFormat,
    DateStyle,
    Detector,
    Field,
    MoneyFormat,
    Nfc,
    NumberFormat,
    NumberStyle,
    Overrides,
    Poster,
    Relevance,
    Style,
    TextAlignment,
    TransitType,
)
from billfold.sandbox.phones.pass_rules import find_problems
from billfold.wallets.apple import overrides
from billfold.wallets.apple.pass_json import IssuingFacts, pass_json
from sandbox.phones.bundles import png
from wallets.apple import authority

FACTS = IssuingFacts(authority.PASS_TYPE, authority.TEAM, "https://wallet.example/apple/d3m0abt", "t" * 43)
ENTITLED = replace(FACTS, has_nfc=True)
P256 = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.fixture
def written(make_pass: Any, make_content: Any) -> Any:
    def write(facts: IssuingFacts = FACTS, **changes: object) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(pass_json(make_pass(), make_content(**changes), facts))
        assert find_problems(document, {"icon.png": png()}) == []
        return document

    return write


FORMATS: list[tuple[Field, dict[str, object]]] = [
    (Field("k", "1250", format=NumberFormat()), {"value": 1250, "numberStyle": "PKNumberStyleDecimal"}),
    (Field("k", "-12.5", format=NumberFormat(NumberStyle.SPELL_OUT)), {"value": -12.5, "numberStyle": "PKNumberStyleSpellOut"}),
    (Field("k", "0.45", format=NumberFormat(NumberStyle.PERCENT)), {"value": 0.45, "numberStyle": "PKNumberStylePercent"}),
    (Field("k", "12.50", format=MoneyFormat("EUR")), {"value": 12.5, "currencyCode": "EUR"}),
    (
        Field("k", "2026-12-31T18:00+01:00", format=DateFormat()),
        {"value": "2026-12-31T18:00+01:00", "dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleNone"},
    ),
    (
        Field("k", "2026-12-31T18:00:05.250+0100", format=DateFormat(DateStyle.FULL, DateStyle.SHORT, True, True)),
        {
            "value": "2026-12-31T18:00:05+01:00",
            "dateStyle": "PKDateStyleFull",
            "timeStyle": "PKDateStyleShort",
            "isRelative": True,
            "ignoresTimeZone": True,
        },
    ),
    # What cannot be read stays a text: an unreadable number would cost the whole pass.
    (Field("k", "soon", format=DateFormat()), {"value": "soon"}),
    (Field("k", "n/a", format=NumberFormat()), {"value": "n/a"}),
    (Field("k", "", format=MoneyFormat("EUR")), {"value": ""}),
    (Field("k", "1", format=MoneyFormat("ABC")), {"value": "1"}),
    (Field("k", "1" * 40, format=NumberFormat()), {"value": "1" * 40}),
]


@pytest.mark.parametrize(("field", "expected"), FORMATS, ids=[f"{one.value[:24]} {one.format}" for one, _ in FORMATS])
def test_a_value_has_the_form_that_lets_the_phone_format_it(written: Any, field: Field, expected: dict[str, object]) -> None:
    assert written(header=(field,))["storeCard"]["headerFields"] == [{"key": "k", **expected}]


def test_each_group_has_what_apple_gives_it_and_nothing_else(written: Any) -> None:
    one = Field(
        "k", "v", alignment=TextAlignment.RIGHT, row=1, rich_text="<a href='https://a.example'>a</a>", detectors=(Detector.LINK,)
    )
    groups = {name: (replace_key(one, name),) for name in ("header", "primary", "secondary", "auxiliary", "back")}
    ticket = written(style=Style.EVENT_TICKET, **groups)["eventTicket"]
    assert ticket["headerFields"][0] == {"key": "header", "value": "v", "textAlignment": "PKTextAlignmentRight"}
    assert ticket["primaryFields"][0] == {"key": "primary", "value": "v"}
    assert ticket["auxiliaryFields"][0] == {"key": "auxiliary", "value": "v", "textAlignment": "PKTextAlignmentRight", "row": 1}
    assert ticket["backFields"][0] == {
        "key": "back",
        "value": "v",
        "attributedValue": "<a href='https://a.example'>a</a>",
        "dataDetectorTypes": ["PKDataDetectorTypeLink"],
    }
    assert "row" not in written(**groups)["storeCard"]["auxiliaryFields"][0]


def replace_key(one: Field, key: str) -> Field:
    return Field(key, one.value, alignment=one.alignment, row=one.row, rich_text=one.rich_text, detectors=one.detectors)


def test_no_detectors_are_said_so_and_absent_ones_are_left_to_the_phone(written: Any) -> None:
    back = written(back=(Field("a", "1", detectors=()), Field("b", "2")))["storeCard"]["backFields"]
    assert [one.get("dataDetectorTypes") for one in back] == [[], None]


def test_a_field_carries_its_tags(written: Any) -> None:
    tags = {"balance": {"amount": "12.50", "currencyCode": "EUR"}}
    assert written(header=(Field("k", "v", semantics=tags),))["storeCard"]["headerFields"][0]["semantics"] == tags


def test_a_new_code_comes_with_its_fallback_and_old_systems_get_what_they_know(written: Any) -> None:
    ean, code, qr = (Barcode(one, "4006381333931") for one in (BarcodeFormat.EAN13, BarcodeFormat.CODE128, BarcodeFormat.QR))
    document = written(barcode=ean, barcode_fallbacks=(code, qr))
    names = ["PKBarcodeFormatEAN13", "PKBarcodeFormatCode128", "PKBarcodeFormatQR"]
    assert [one["format"] for one in document["barcodes"]] == names
    assert document["barcode"]["format"] == "PKBarcodeFormatQR"
    assert "barcode" not in written(barcode=ean)


def test_what_apple_does_not_draw_is_left_out(written: Any) -> None:
    matrix, qr = Barcode(BarcodeFormat.DATA_MATRIX, "1"), Barcode(BarcodeFormat.QR, "1")
    assert not {"barcode", "barcodes"} & set(written(barcode=matrix))
    assert [one["format"] for one in written(barcode=matrix, barcode_fallbacks=(qr,))["barcodes"]] == ["PKBarcodeFormatQR"]


def test_a_charset_that_was_asked_for_is_named(written: Any) -> None:
    assert written(barcode=Barcode(BarcodeFormat.QR, "€5", encoding="windows-1252"))["barcode"]["messageEncoding"] == "windows-1252"


def test_beacons_and_the_distance_around_a_place(written: Any) -> None:
    uuid = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
    document = written(beacons=(Beacon(uuid, 1, 2, "Hello"), Beacon(uuid)), max_distance=100)
    assert document["beacons"] == [
        {"proximityUUID": uuid, "major": 1, "minor": 2, "relevantText": "Hello"},
        {"proximityUUID": uuid},
    ]
    assert document["maxDistance"] == 100


def test_moments_have_both_names_and_spans_have_two_ends(written: Any) -> None:
    day, moment = 86_400, "1970-01-02T00:00:00Z"
    document = written(relevant=(Relevance(day), Relevance(2 * day, 2 * day + 3600)))
    assert document["relevantDates"] == [
        {"date": moment, "relevantDate": moment},
        {"startDate": "1970-01-03T00:00:00Z", "endDate": "1970-01-03T01:00:00Z"},
    ]
    assert document["relevantDate"] == moment
    both = written(relevant_at=day, relevant=(Relevance(day), Relevance(3 * day)))
    assert [one["date"] for one in both["relevantDates"]] == [moment, "1970-01-04T00:00:00Z"]


def test_the_newer_layout_is_asked_for_where_the_style_has_one(written: Any) -> None:
    assert written(style=Style.EVENT_TICKET, enhanced=True)["preferredStyleSchemes"] == ["posterEventTicket", "eventTicket"]
    plane = written(style=Style.BOARDING_PASS, transit_type=TransitType.AIR, enhanced=True, semantics={"airlineCode": "OS"})
    assert plane["preferredStyleSchemes"] == ["semanticBoardingPass", "boardingPass"]
    assert plane["semantics"] == {"airlineCode": "OS"}
    assert "preferredStyleSchemes" not in written(enhanced=True)


def test_additional_fields_are_a_tile_of_the_poster_ticket_and_open_the_back_elsewhere(written: Any) -> None:
    more = (Field("dress", "black tie"),)
    poster = written(style=Style.EVENT_TICKET, enhanced=True, additional=more)["eventTicket"]
    assert [one["key"] for one in poster["additionalInfoFields"]] == ["dress"]
    assert [one["key"] for one in poster["backFields"]] == ["contact"]
    for plain in (written(style=Style.EVENT_TICKET, additional=more)["eventTicket"], written(additional=more)["storeCard"]):
        assert [one["key"] for one in plain["backFields"]] == ["dress", "contact"]


def test_a_poster_stands_beside_the_style_and_has_its_back(written: Any) -> None:
    poster = Poster(header=(Field("points", "1200"),), primary=(Field("name", "Ada"),), footer=(Field("since", "2024"),))
    document = written(poster=poster)
    assert {"storeCard", "posterGeneric"} <= set(document)
    made = document["posterGeneric"]
    assert [made[name][0]["key"] for name in ("headerFields", "primaryFields", "footerFields", "backFields")] == [
        "points",
        "name",
        "since",
        "contact",
    ]
    assert "posterGeneric" not in written(style=Style.BOARDING_PASS, poster=poster)


def test_near_field_needs_an_entitled_certificate(written: Any) -> None:
    nfc = Nfc("member-1", P256, requires_authentication=True)
    assert written(ENTITLED, nfc=nfc)["nfc"] == {
        "message": "member-1",
        "encryptionPublicKey": P256,
        "requiresAuthentication": True,
    }
    assert "nfc" not in written(nfc=nfc)
    assert "nfc" not in written(overrides=Overrides(apple={"nfc": {"message": "1", "encryptionPublicKey": P256}}))


def test_own_members_are_merged_and_identity_stays(written: Any, make_pass: Any) -> None:
    own = {
        "suppressStripShine": False,
        "logoText": None,
        "storeCard": {"headerFields": [], "auxiliaryFields": [{"key": "x", "value": 1}]},
        "userInfo": {"a": {"b": None, "c": 1}},
        "serialNumber": "another",
        "authenticationToken": None,
        "webServiceURL": "https://elsewhere.example",
        "teamIdentifier": "X",
    }
    document = written(logo_text="Coffee", overrides=Overrides(apple=own))
    assert document["suppressStripShine"] is False
    assert "logoText" not in document
    assert document["storeCard"]["headerFields"] == []
    assert document["storeCard"]["auxiliaryFields"] == [{"key": "x", "value": 1}]
    assert document["storeCard"]["primaryFields"]
    assert document["userInfo"] == {"a": {"c": 1}}
    assert (document["serialNumber"], document["teamIdentifier"]) == (make_pass().id, authority.TEAM)
    assert (document["authenticationToken"], document["webServiceURL"]) == (FACTS.authentication_token, FACTS.web_service_url)


RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
"""The examples of RFC 7396's appendix A whose two sides are objects."""


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_merging_is_that_of_rfc_7396(target: dict[str, object], patch: dict[str, object], result: dict[str, object]) -> None:
    before = json.dumps([target, patch])
    assert overrides.merge(target, patch) == result
    assert json.dumps([target, patch]) == before
