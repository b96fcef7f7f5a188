"""Source S3's request body, row by row: what it means, and what each wrong field is told."""

import math

import pytest

from billfold.api import facade_openapi
from billfold.api.facade_body import draft_of, in_own_names
from billfold.domain.content import BarcodeFormat, Field, ImageSlot, Location, Style, encode
from billfold.domain.errors import FieldProblem, Invalid

CODE = {"barcodeValue": "LOYALTY-98765", "barcodeFormat": "QR"}


def content(**body):
    return draft_of({**CODE, **body}, replacing=False).content


def problems(body, *, replacing=False):
    with pytest.raises(Invalid) as caught:
        draft_of(body, replacing=replacing)
    return {(one.path, one.code) for one in caught.value.problems}


@pytest.mark.requirement("S3-06", "S3-07", "S3-08", "S3-11")
def test_the_first_sample_of_the_document():
    draft = draft_of(
        {
            "barcodeValue": "LOYALTY-98765",
            "barcodeFormat": "QR",
            "logoText": "Bayroast Coffee",
            "headerFields": [{"label": "POINTS", "value": "1,250"}],
            "primaryFields": [{"label": "CARD", "value": "Coffee Rewards"}],
        },
        replacing=False,
    )
    assert draft.content.barcode.format is BarcodeFormat.QR
    assert draft.content.barcode.message == "LOYALTY-98765"
    assert draft.content.header == (Field("header0", "1,250", "POINTS"),)
    assert draft.content.primary == (Field("primary0", "Coffee Rewards", "CARD"),)
    assert draft.content.logo_text == "Bayroast Coffee"


@pytest.mark.requirement("S3-24")
def test_a_put_may_leave_the_barcode_out_and_then_has_none():
    sample = {"headerFields": [{"label": "POINTS", "value": "1,300", "changeMessage": "Now at %@ points"}]}
    draft = draft_of(sample, replacing=True)
    assert draft.content.barcode is None
    assert draft.content.header[0].change_message == "Now at %@ points"
    assert ("barcodeValue", "required") in problems(sample)


@pytest.mark.parametrize("name", ["QR", "PDF417", "Aztec", "Code128"])
@pytest.mark.requirement("S3-07")
def test_each_barcode_format(name):
    assert content(barcodeFormat=name).barcode.format.value == name


@pytest.mark.requirement("S3-07")
def test_the_reference_names_the_formats_that_are_taken():
    for name in ("FacadePass", "FacadeReplacement"):
        assert facade_openapi.schemas()[name]["properties"]["barcodeFormat"]["enum"] == ["QR", "PDF417", "Aztec", "Code128"]


def test_what_a_wallet_objects_to_is_told_under_the_callers_names():
    told = {
        "barcode.message": "barcodeValue",
        "barcode.format": "barcodeFormat",
        "header[1].change_message": "headerFields[1].changeMessage",
        "back[0].label": "backFields[0].label",
        "locations[2].relevant_text": "locations[2].relevantText",
        "images.strip": "stripURL",
        "organization_name": "organizationName",
        "expirationDays": "expirationDays",
        "label": "label",
        "": "",
    }
    with pytest.raises(Invalid) as caught, in_own_names():
        raise Invalid(*(FieldProblem(path, "code", "message", "mend") for path in told))
    assert [one.path for one in caught.value.problems] == list(told.values())


@pytest.mark.requirement("S3-09")
def test_the_description_is_the_logo_text_unless_given():
    assert content(logoText="Bayroast").description == "Bayroast"
    assert content(logoText="Bayroast", description="Coffee card").description == "Coffee card"


@pytest.mark.requirement("S3-10")
def test_an_organisation_name_has_at_most_64_characters():
    assert content(organizationName="x" * 64).organization_name == "x" * 64
    assert problems({**CODE, "organizationName": "x" * 65}) == {("organizationName", "too_long")}


@pytest.mark.requirement("S3-12")
def test_a_change_message_belongs_to_its_field():
    found = content(secondaryFields=[{"label": "SEAT", "value": "12", "changeMessage": "Seat is %@"}])
    assert found.secondary == (Field("secondary0", "12", "SEAT", "Seat is %@"),)


@pytest.mark.requirement("S3-13")
def test_ten_locations_are_taken_and_eleven_are_not():
    place = {"latitude": 40.7484, "longitude": -73.9857, "relevantText": "Free refill"}
    assert content(locations=[place] * 10).locations[0] == Location(40.7484, -73.9857, None, "Free refill")
    assert problems({**CODE, "locations": [place] * 11}) == {("locations", "too_many")}


@pytest.mark.requirement("S3-14")
def test_sharing_is_prohibited_unless_allowed():
    assert content().sharing_prohibited is True
    assert content(sharingProhibited=False).sharing_prohibited is False


@pytest.mark.requirement("S3-15", "S3-16")
@pytest.mark.parametrize(
    ("body", "color"),
    [
        ({}, "#1f2937"),
        ({"colorPreset": "green"}, "#166534"),
        ({"color": "#1E40AF"}, "#1e40af"),
        ({"color": "1e40af"}, "#1e40af"),
        ({"color": "#abc"}, "#aabbcc"),
        ({"color": "#ABCDEF", "colorPreset": "red"}, "#abcdef"),
    ],
)
def test_the_background_colour(body, color):
    assert content(**body).background_color == color


@pytest.mark.requirement("S3-16")
def test_text_stays_readable_on_any_colour():
    assert content(color="#ffffff").foreground_color == "#111827"
    assert content(color="#000000").foreground_color == "#ffffff"


@pytest.mark.requirement("S3-17", "S3-19")
def test_pictures_come_by_address_or_data_uri():
    draft = draft_of({**CODE, "logoURL": "https://shop.example/logo.png", "iconURL": "data:image/png;base64,AAAA"}, replacing=False)
    assert {slot: one.source[:5] for slot, one in draft.images.items()} == {ImageSlot.LOGO: "https", ImageSlot.ICON: "data:"}
    assert draft.images[ImageSlot.LOGO].path == "logoURL"


@pytest.mark.requirement("S3-18")
def test_a_strip_makes_it_a_store_card():
    draft = draft_of({**CODE, "stripURL": "https://shop.example/strip.png"}, replacing=False)
    assert draft.content.style is Style.STORE_CARD
    assert content().style is Style.GENERIC


@pytest.mark.requirement("S3-20", "S3-30")
def test_legacy_names_say_the_same_as_the_new_ones():
    legacy = content(title="Coffee Rewards", label="TIER", value="Gold")
    new = content(
        logoText="Coffee Rewards",
        primaryFields=[{"label": "CARD", "value": "Coffee Rewards"}],
        secondaryFields=[{"label": "TIER", "value": "Gold"}],
    )
    assert encode(legacy) == encode(new)
    assert content(title="A", cardLabel="MEMBER").primary[0].label == "MEMBER"
    assert content(title="A", logoText="B").logo_text == "B"


@pytest.mark.requirement("S3-30")
def test_a_default_spelled_out_is_the_default():
    assert encode(content()) == encode(content(sharingProhibited=True, colorPreset="dark", locations=[], backFields=[]))


@pytest.mark.requirement("S3-21")
@pytest.mark.parametrize("days", [1, 3650, 30.0])
def test_an_expiry_in_days(days):
    assert draft_of({**CODE, "expirationDays": days}, replacing=False).expires_in_days == int(days)


WRONG = [
    ({"expirationDays": 0}, ("expirationDays", "out_of_range")),
    ({"expirationDays": 3651}, ("expirationDays", "out_of_range")),
    ({"expirationDays": 1.5}, ("expirationDays", "out_of_range")),
    ({"expirationDays": True}, ("expirationDays", "out_of_range")),
    ({"expirationDays": "30"}, ("expirationDays", "out_of_range")),
    ({"expirationDays": 2**63}, ("expirationDays", "out_of_range")),
    ({"barcodeFormat": "qr"}, ("barcodeFormat", "unknown_format")),
    ({"barcodeFormat": None}, ("barcodeFormat", "unknown_format")),
    ({"barcodeValue": ""}, ("barcodeValue", "empty")),
    ({"barcodeValue": 5}, ("barcodeValue", "not_text")),
    ({"barcodeValue": "x" * 513}, ("barcodeValue", "too_long")),
    ({"color": "blue"}, ("color", "not_a_color")),
    ({"color": "#12345"}, ("color", "not_a_color")),
    ({"color": 5}, ("color", "not_text")),
    ({"colorPreset": "pink"}, ("colorPreset", "unknown_preset")),
    ({"colorPreset": ["red"]}, ("colorPreset", "unknown_preset")),
    ({"sharingProhibited": 1}, ("sharingProhibited", "not_a_boolean")),
    ({"sharingProhibited": None}, ("sharingProhibited", "not_a_boolean")),
    ({"locations": {}}, ("locations", "not_an_array")),
    ({"locations": ["here"]}, ("locations[0]", "not_an_object")),
    ({"locations": [{"latitude": 91, "longitude": 0}]}, ("locations[0].latitude", "out_of_range")),
    ({"locations": [{"latitude": 0, "longitude": -181}]}, ("locations[0].longitude", "out_of_range")),
    ({"locations": [{"latitude": True, "longitude": 0}]}, ("locations[0].latitude", "not_a_number")),
    ({"locations": [{"latitude": math.nan, "longitude": 0}]}, ("locations[0].latitude", "not_a_number")),
    ({"locations": [{"longitude": 0}]}, ("locations[0].latitude", "not_a_number")),
    ({"headerFields": {}}, ("headerFields", "not_an_array")),
    ({"headerFields": [5]}, ("headerFields[0]", "not_an_object")),
    ({"headerFields": [{"label": "A"}]}, ("headerFields[0].value", "required")),
    ({"headerFields": [{"label": "A", "value": 1250}]}, ("headerFields[0].value", "not_text")),
    ({"headerFields": [{"label": "A", "value": "1", "colour": "x"}]}, ("headerFields[0].colour", "unknown_field")),
    ({"headerFields": [{"label": "A", "value": "1"}] * 4}, ("headerFields", "too_many")),
    ({"logoURL": "http://shop.example/logo.png"}, ("logoURL", "not_an_image_address")),
    ({"logoURL": "file:///etc/passwd"}, ("logoURL", "not_an_image_address")),
    ({"logoUrl": "https://shop.example/logo.png"}, ("logoUrl", "unknown_field")),
    ({"logoText": ["a"]}, ("logoText", "not_text")),
]


@pytest.mark.parametrize(("body", "expected"), WRONG, ids=[f"{path}-{code}-{n}" for n, (_, (path, code)) in enumerate(WRONG)])
def test_a_wrong_field_is_named(body, expected):
    assert problems({**CODE, **body}) == {expected}


def test_an_unknown_field_gets_the_nearest_known_name_and_odd_names_are_not_echoed():
    with pytest.raises(Invalid) as caught:
        draft_of({**CODE, "barcodeformat": "QR", "<script>": 1}, replacing=False)
    assert {one.path for one in caught.value.problems} == {"barcodeformat", "(a name with odd characters)"}
    assert "did you mean barcodeFormat?" in str(caught.value)
    assert "<script>" not in str(caught.value)


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_a_body_that_is_no_object(body):
    assert problems(body) == {("", "not_an_object")}


def test_all_problems_come_at_once():
    found = problems({"barcodeFormat": "x", "color": "y", "expirationDays": 0})
    assert {path for path, _ in found} == {"barcodeValue", "barcodeFormat", "color", "expirationDays"}
