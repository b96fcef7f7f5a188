"""What people are told before a pass goes to Google."""

from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location
from billfold.wallets.google.rules import check
from wallets.google.material import COFFEE, CONTENTS

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


@given(CONTENTS)
def test_findings_never_repeat_what_was_sent(content: Content) -> None:
    for one in check(content):
        assert one.severity in ("error", "warning")
        assert one.message
        assert len(one.message) < 200
