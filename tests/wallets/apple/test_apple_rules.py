"""What Apple requires of a content: one row of the table for each rule, and nothing said about a content that is right."""

from typing import Any

import pytest
from msgspec.structs import replace

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location, Style, TransitType
from billfold.wallets.apple.predicates import contrast
from billfold.wallets.apple.rules import ERROR, WARNING, check, errors

NAN, INFINITY = float("nan"), float("inf")


def fields(count: int, prefix: str) -> tuple[Field, ...]:
    return tuple(Field(f"{prefix}{number}", "v") for number in range(count))


@pytest.mark.parametrize("style", list(Style))
def test_a_content_that_is_right_gets_no_finding(make_content: Any, style: Style) -> None:
    assert check(make_content(style=style)) == ()


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
    ("17", WARNING, "field_text_long primary[0].value", {"primary": (Field("p", "x" * 31),)}),
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
