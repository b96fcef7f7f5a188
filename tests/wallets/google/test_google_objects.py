"""What Google gets of a content: one class a layout, one object a pass."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, Kind, Location
from billfold.domain.formatting import display
from billfold.wallets.google import forms, modules, objects
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.shapes import LocalizedString, TranslatedString
from wallets.google.cards import CROSSED
from wallets.google.material import COFFEE, CONTENTS, ISSUER, faults, pass_of

LOGO = "https://cards.example/i/d3m0abt/aa.png"
IMAGES = PublicImages(LOGO, "https://cards.example/i/d3m0abt/bb.png", "https://cards.example/i/d3m0abt/cc.png")


def form(content: Content, images: PublicImages = IMAGES, **more: Any) -> forms.Form:
    return forms.form_of(pass_of(content, **more), content, None, images)


def object_of(content: Content, images: PublicImages = IMAGES, **more: Any) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(form(content, images, **more).object_().body))


def patch_of(content: Content, images: PublicImages = IMAGES) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(form(content, images).object_().patch))


def class_of(content: Content, callback: str | None = None) -> dict[str, Any]:
    return json.loads(form(content).class_(callback).body)


def text(value: Any) -> str:
    return value["defaultValue"]["value"]


def fields(count: int, prefix: str = "f") -> tuple[Field, ...]:
    return tuple(Field(f"{prefix}{number}", "v", "L") for number in range(count))


@pytest.mark.requirement("S3-06", "S3-07", "S3-08", "S3-11")
def test_a_loyalty_card_of_two_requests_as_google_gets_it() -> None:
    made = object_of(COFFEE)
    assert made["id"] == f"{ISSUER}.{pass_of(COFFEE).id}"
    assert made["classId"] == f"{ISSUER}.d3m0abt-layout-12"
    assert (text(made["cardTitle"]), text(made["header"]), text(made["subheader"])) == ("Bayroast Coffee", "Coffee Rewards", "CARD")
    assert made["barcode"] == {"type": "QR_CODE", "value": "LOYALTY-98765", "alternateText": "98765"}
    assert made["textModulesData"] == [
        {"id": "r1c1", "header": "POINTS", "body": "1,250"},
        {"id": "r2c1", "header": "TIER", "body": "Gold"},
        {"id": "r2c2", "header": "MEMBER SINCE", "body": "2024"},
        {"id": "terms", "header": "Terms", "body": "One coffee for each 100 points."},
    ]
    assert made["linksModuleData"] == {"uris": [{"id": "web", "uri": "https://bayroast.example/help", "description": "Help"}]}
    assert made["logo"]["sourceUri"] == {"uri": LOGO}
    assert made["state"] == "ACTIVE"


@pytest.mark.requirement("S3-33")
def test_header_fields_stand_in_the_first_row_and_the_strip_is_the_hero_image() -> None:
    rows = class_of(COFFEE)["classTemplateInfo"]["cardTemplateOverride"]["cardRowTemplateInfos"]
    assert rows[0] == {"oneItem": {"item": {"firstValue": {"fields": [{"fieldPath": "object.textModulesData['r1c1']"}]}}}}
    assert list(rows[1]) == ["twoItems"]
    assert object_of(COFFEE)["heroImage"]["sourceUri"]["uri"] == IMAGES.hero
    assert object_of(COFFEE)["imageModulesData"][0]["mainImage"]["sourceUri"]["uri"] == IMAGES.thumbnail


@pytest.mark.parametrize(
    ("header", "secondary", "auxiliary", "rows"),
    [
        (0, 0, 0, ()),
        (1, 0, 0, (1,)),
        (1, 2, 0, (1, 2)),
        (1, 2, 3, (1, 2, 3)),
        (0, 4, 0, (3, 1)),
        (0, 4, 2, (3, 1, 2)),
        (2, 4, 2, (3, 3, 2)),  # a row for each kind would be four: packed instead
        (3, 4, 4, (3, 3, 3)),
        (9, 9, 9, (3, 3, 3)),
    ],
)
def test_rows_hold_at_most_three_fields_and_there_are_at_most_three(
    header: int, secondary: int, auxiliary: int, rows: tuple[int, ...]
) -> None:
    content = replace(COFFEE, header=fields(header, "h"), secondary=fields(secondary, "s"), auxiliary=fields(auxiliary, "a"))
    assert modules.layout(modules.front_groups(content)) == rows


def test_what_has_no_room_on_the_front_moves_to_the_details_and_nothing_is_lost() -> None:
    content = replace(COFFEE, header=fields(3, "h"), secondary=fields(4, "s"), auxiliary=fields(4, "a"), back=fields(2, "b"))
    ids = [one["id"] for one in object_of(content)["textModulesData"]]
    assert ids == ["r1c1", "r1c2", "r1c3", "r2c1", "r2c2", "r2c3", "r3c1", "r3c2", "r3c3", "a2", "a3", "b0", "b1"]


def test_passes_of_one_layout_share_a_class_whatever_their_fields_are_called() -> None:
    other = replace(COFFEE, header=(Field("gate", "B7"),), secondary=fields(2, "x"), organization_name="Somebody else")
    assert class_of(other) == class_of(COFFEE)


@pytest.mark.requirement("S0-10", "S0-12")
def test_any_holder_of_the_link_may_save_whether_or_not_the_share_button_is_hidden() -> None:
    free = replace(COFFEE, sharing_prohibited=False)
    assert class_of(COFFEE)["multipleDevicesAndHoldersAllowedStatus"] == "MULTIPLE_HOLDERS"
    assert class_of(free) == class_of(COFFEE)


def test_the_callback_address_belongs_to_the_class_and_changes_its_fingerprint() -> None:
    with_address, without = form(COFFEE).class_("https://cards.example/google/d3m0abt/callback"), form(COFFEE).class_(None)
    assert json.loads(with_address.body)["callbackOptions"] == {"url": "https://cards.example/google/d3m0abt/callback"}
    assert with_address.fingerprint != without.fingerprint
    assert json.loads(without.patch)["callbackOptions"] is None


@pytest.mark.requirement("S3-24")
def test_a_patch_names_what_is_gone() -> None:
    bare = Content("Bayroast", "Card", primary=(Field("card", "Rewards"),))
    sent = patch_of(bare, PublicImages())
    gone = {name for name, value in sent.items() if value is None}
    assert gone == {
        *("barcode", "heroImage", "textModulesData", "linksModuleData", "imageModulesData"),
        *("validTimeInterval", "groupingInfo", "logo", "wideLogo", "subheader"),
        *("rotatingBarcode", "linkedObjectIds", "smartTapRedemptionValue"),
    }
    assert "id" not in sent
    assert "merchantLocations" not in sent


def test_a_patch_takes_back_the_text_below_a_barcode() -> None:
    content = replace(COFFEE, barcode=Barcode(BarcodeFormat.AZTEC, "1"))
    sent = patch_of(content)
    assert sent["barcode"] == {"type": "AZTEC", "value": "1", "alternateText": None}


@pytest.mark.requirement("S3-07")
@pytest.mark.parametrize(
    ("format", "name"),
    [
        (BarcodeFormat.QR, "QR_CODE"),
        (BarcodeFormat.PDF417, "PDF_417"),
        (BarcodeFormat.AZTEC, "AZTEC"),
        (BarcodeFormat.CODE128, "CODE_128"),
    ],
)
def test_barcodes_by_google_s_names(format: BarcodeFormat, name: str) -> None:
    assert object_of(replace(COFFEE, barcode=Barcode(format, "1")))["barcode"] == {"type": name, "value": "1"}


def test_a_barcode_without_a_value_is_left_away() -> None:
    assert "barcode" not in object_of(replace(COFFEE, barcode=Barcode(BarcodeFormat.QR, "")))


@pytest.mark.requirement("S3-21")
@pytest.mark.parametrize(
    ("expires_at", "date"),
    [(1_795_176_000, "2026-11-20T12:00:00Z"), (0, "1970-01-01T00:00:00Z"), (2**62, "9999-12-31T23:59:59Z")],
)
def test_an_expiry_is_the_end_of_the_interval_with_its_offset(expires_at: int, date: str) -> None:
    assert object_of(replace(COFFEE, expires_at=expires_at))["validTimeInterval"] == {"end": {"date": date}}


def test_a_voided_pass_is_inactive_and_comes_back_active() -> None:
    assert object_of(replace(COFFEE, voided=True))["state"] == "INACTIVE"
    assert object_of(COFFEE)["state"] == "ACTIVE"


@pytest.mark.parametrize("kind", [None, Kind.OFFER])
def test_a_redeemed_card_is_completed_and_a_blocked_one_inactive(kind: Kind | None) -> None:
    content = replace(COFFEE, kind=kind, voided=True)
    for status, state in (("redeemed", "COMPLETED"), ("blocked", "INACTIVE")):
        assert object_of(content, voided=True, values={"card": {"status": status}})["state"] == state
    undone = object_of(replace(content, voided=False), values={"card": {"status": "active"}})
    assert undone["state"] == "ACTIVE"


@pytest.mark.requirement("S3-13")
def test_places_are_a_request_of_their_own_with_at_most_ten() -> None:
    content = replace(COFFEE, locations=tuple(Location(n, -n, 5.0, "Come in") for n in range(12)))
    sent = json.loads(objects.locations_patch(objects.locations(content)))
    assert sent["merchantLocations"][1] == {"latitude": 1, "longitude": -1}
    assert len(sent["merchantLocations"]) == 10
    assert not faults(sent, "GenericObject", patch=True)
    assert json.loads(objects.locations_patch(())) == {"merchantLocations": None}


@pytest.mark.requirement("S3-09")
def test_the_description_is_read_out_and_stands_in_for_a_missing_title() -> None:
    assert text(object_of(COFFEE)["logo"]["contentDescription"]) == "Bayroast Coffee loyalty card"
    assert text(object_of(replace(COFFEE, primary=()))["header"]) == "Bayroast Coffee loyalty card"


@pytest.mark.requirement("S3-10")
def test_the_organisation_names_the_card_when_no_logo_text_does() -> None:
    assert text(object_of(replace(COFFEE, logo_text=None))["cardTitle"]) == "Bayroast"


@pytest.mark.parametrize(
    ("value", "links", "stays"),
    [
        ("https://a.example/x", ["https://a.example/x"], False),
        ("tel:+49-30-1234", ["tel:+49-30-1234"], False),
        ("mailto:a@b.example", ["mailto:a@b.example"], False),
        ("See https://a.example/x, and https://b.example.", ["https://a.example/x", "https://b.example"], True),
        ("http://a.example", [], True),
        ("javascript:alert(1)", [], True),
        ("file:///etc/passwd", [], True),
        ("https://", [], True),
    ],
)
def test_links_of_back_fields_lead_only_to_safe_places(value: str, links: list[str], stays: bool) -> None:
    made = object_of(replace(COFFEE, back=(Field("info", value, "Info"),)))
    assert [one["uri"] for one in made.get("linksModuleData", {"uris": []})["uris"]] == links
    assert ("info" in [one["id"] for one in made["textModulesData"]]) is stays


def test_module_ids_are_google_s_letters_and_differ() -> None:
    keys = ("a.b", "a b", "a_b", "r1c1", "é", "")
    made = object_of(replace(COFFEE, back=tuple(Field(key, "v") for key in keys)))
    ids = [one["id"] for one in made["textModulesData"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)


@given(CONTENTS | CROSSED)
@pytest.mark.requirement("S3-01")
def test_google_s_own_description_accepts_whatever_a_content_becomes(content: Content) -> None:
    made = form(content)
    class_ = made.class_("https://cards.example/google/d3m0abt/callback")
    names = made.vertical.class_type, made.vertical.object_type
    assert not faults(object_of(content), names[1])
    assert not faults(json.loads(msgspec.json.encode(objects.essential(made.shape()))), names[1])
    assert not faults(json.loads(class_.body), names[0])
    assert not faults(patch_of(content), names[1], patch=True)
    assert not faults(json.loads(class_.patch), names[0], patch=True)
    assert object_of(content)["classId"] == class_.id == json.loads(class_.body)["id"]


@given(CONTENTS)
def test_every_place_in_a_row_is_filled_by_a_module_of_that_name_or_by_an_empty_field(content: Content) -> None:
    content = replace(content, kind=None, language=None)
    front = content.header + content.primary[1:] + content.secondary + content.auxiliary
    paths = re.findall(r"textModulesData\['(\w+)'\]", json.dumps(class_of(content)))
    made = {one["id"]: one for one in object_of(content).get("textModulesData", [])}
    for path, one in zip(paths, front, strict=False):
        assert made.get(path, {}).get("body", "") == display(one, "en")
    assert len(paths) == min(9, len(front))


def test_a_message_as_google_describes_it() -> None:
    field = Field("points", "1,300", "POINTS", "You hit %@ points. %@!")
    content = replace(COFFEE, header=(field,))
    header, text = LocalizedString(TranslatedString("en", "Bayroast")), objects.message_text(field, content)
    body = json.loads(objects.message_body(objects.message_id(7, field), header, text, notify=True))
    assert body == {
        "message": {
            "id": "7-points",
            "header": "Bayroast",
            "body": "You hit 1,300 points. 1,300!",
            "messageType": "TEXT_AND_NOTIFY",
        }
    }
    assert not faults(body, "AddMessageRequest")
