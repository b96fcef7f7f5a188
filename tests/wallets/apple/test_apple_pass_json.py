"""pass.json: every part of a content where Wallet looks for it, in the form that Wallet reads."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    DateFormat,
    DateStyle,
    Detector,
    Field,
    ImageSlot,
    Location,
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
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.passes import Pass
from billfold.wallets.apple.codes import BARCODES, LEGACY_FORMATS
from billfold.wallets.apple.languages import localized
from billfold.wallets.apple.pass_json import IssuingFacts, pass_json
from billfold.wallets.apple.rules import errors
from wallets.apple import authority
from wallets.apple.conftest import MESSAGES

FACTS = IssuingFacts(authority.PASS_TYPE, authority.TEAM, "https://wallet.example/apple/d3m0abt", "t" * 43)


@pytest.fixture
def written(make_pass: Any, make_content: Any) -> Any:
    return lambda **changes: json.loads(pass_json(make_pass(), make_content(**changes), FACTS))


@pytest.mark.requirement("S3-57")
def test_identity_comes_from_the_pass_the_certificate_and_the_server(make_pass: Any, make_content: Any) -> None:
    pass_ = make_pass(7)
    document = json.loads(pass_json(pass_, make_content(), FACTS))
    assert document["formatVersion"] == 1
    assert document["serialNumber"] == pass_.id
    assert document["passTypeIdentifier"] == authority.PASS_TYPE
    assert document["teamIdentifier"] == authority.TEAM
    assert document["webServiceURL"] == FACTS.web_service_url
    assert document["authenticationToken"] == FACTS.authentication_token


def test_a_token_that_wallet_would_refuse_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        IssuingFacts(authority.PASS_TYPE, authority.TEAM, "https://wallet.example", "t" * 15)


@pytest.mark.parametrize("style", list(Style))
def test_exactly_one_style_is_there_and_holds_all_groups(written: Any, style: Style) -> None:
    document = written(
        style=style,
        header=(Field("h", "1", "H"),),
        primary=(Field("p", "2", "P"),),
        secondary=(Field("s", "3", "S"),),
        auxiliary=(Field("a", "4", "A"),),
        back=(Field("b", "5", "B"),),
    )
    assert [one.value for one in Style if one.value in document] == [style.value]
    groups = {name: fields[0]["value"] for name, fields in document[style.value].items() if name.endswith("Fields")}
    assert groups == {"headerFields": "1", "primaryFields": "2", "secondaryFields": "3", "auxiliaryFields": "4", "backFields": "5"}


@pytest.mark.requirement("S3-11", "S3-12")
def test_fields_keep_their_order_and_carry_their_change_message(written: Any) -> None:
    document = written(header=(Field("b", "1", "B", "Now %@"), Field("a", "", None)))
    assert document["storeCard"]["headerFields"] == [
        {"key": "b", "value": "1", "label": "B", "changeMessage": "Now %@"},
        {"key": "a", "value": ""},
    ]


@pytest.mark.parametrize(("transit", "name"), [(one, f"PKTransitType{one.value.capitalize()}") for one in TransitType])
def test_a_boarding_pass_says_how_one_travels(written: Any, transit: TransitType, name: str) -> None:
    document = written(style=Style.BOARDING_PASS, transit_type=transit)
    assert document["boardingPass"]["transitType"] == name


@pytest.mark.requirement("S3-06", "S3-07")
@pytest.mark.parametrize("format_", list(BARCODES))
def test_old_systems_get_the_single_barcode_unless_they_do_not_know_its_format(written: Any, format_: BarcodeFormat) -> None:
    document = written(barcode=Barcode(format_, "C-1", "one"))
    expected = {"format": BARCODES[format_], "message": "C-1", "messageEncoding": "iso-8859-1", "altText": "one"}
    assert document["barcodes"] == [expected]
    assert document.get("barcode") == (expected if format_ in LEGACY_FORMATS else None)


@pytest.mark.parametrize(
    ("message", "encoding"), [("plain", "iso-8859-1"), ("Café £5", "iso-8859-1"), ("€5", "utf-8"), ("名", "utf-8")]
)
def test_a_barcode_is_latin_1_where_that_suffices_and_utf_8_elsewhere(written: Any, message: str, encoding: str) -> None:
    assert written(barcode=Barcode(BarcodeFormat.QR, message))["barcodes"][0]["messageEncoding"] == encoding


def test_a_pass_without_a_barcode_has_neither_key(written: Any) -> None:
    assert not {"barcode", "barcodes"} & set(written(barcode=None))


@pytest.mark.requirement("S3-13")
@pytest.mark.requirement("S0-43")
def test_locations_carry_height_and_text_where_given(written: Any) -> None:
    document = written(locations=(Location(48.2, 16.4, 171.5, "Near"), Location(-90, 180)))
    assert document["locations"] == [
        {"latitude": 48.2, "longitude": 16.4, "altitude": 171.5, "relevantText": "Near"},
        {"latitude": -90, "longitude": 180},
    ]


def test_colours_have_the_documented_form(written: Any) -> None:
    document = written(background_color="#ff0080", foreground_color="#000000", label_color="#0a0b0c")
    assert [document[name] for name in ("backgroundColor", "foregroundColor", "labelColor")] == [
        "rgb(255, 0, 128)",
        "rgb(0, 0, 0)",
        "rgb(10, 11, 12)",
    ]


@pytest.mark.requirement("S3-14", "S3-21")
def test_state_is_written_where_it_differs_from_the_default(written: Any) -> None:
    plain = written(sharing_prohibited=False)
    assert not {"sharingProhibited", "voided", "expirationDate", "relevantDate", "relevantDates", "logoText"} & set(plain)
    full = written(sharing_prohibited=True, voided=True, expires_at=1_796_461_200, relevant_at=0, logo_text="Coffee")
    assert full["sharingProhibited"] is True
    assert full["voided"] is True
    assert full["expirationDate"] == "2026-12-05T09:00:00Z"
    assert full["relevantDate"] == "1970-01-01T00:00:00Z"
    assert full["relevantDates"] == [{"date": "1970-01-01T00:00:00Z", "relevantDate": "1970-01-01T00:00:00Z"}]
    assert full["logoText"] == "Coffee"


@pytest.mark.parametrize("style", list(Style))
def test_only_styles_that_wallet_groups_carry_a_grouping(written: Any, style: Style) -> None:
    grouped = style in (Style.BOARDING_PASS, Style.EVENT_TICKET)
    assert ("groupingIdentifier" in written(style=style, grouping="trip-1")) is grouped


# --- any content that the rules let through ---------------------------------------------------------------------------------------

texts = st.text(max_size=40)
trees = st.dictionaries(
    texts | st.sampled_from(["eventName", "seats", "storeCard", "barcodes", "nfc", "webServiceURL"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
formats = st.one_of(
    st.none(),
    st.builds(NumberFormat, st.sampled_from(NumberStyle)),
    st.builds(MoneyFormat, st.sampled_from(["EUR", "JPY", "xx"])),
    st.builds(DateFormat, st.sampled_from(DateStyle), st.sampled_from(DateStyle), st.booleans(), st.booleans()),
)
values = st.text(max_size=200) | st.decimals(allow_nan=True).map(str) | st.datetimes().map(lambda at: f"{at.isoformat()}+01:00")
rest = {
    "format": formats,
    "alignment": st.none() | st.sampled_from(TextAlignment),
    "row": st.none() | st.integers(-1, 2),
    "rich_text": st.none() | texts,
    "detectors": st.none() | st.lists(st.sampled_from(Detector), max_size=2).map(tuple),
    "semantics": st.just({}) | trees,
}
plain_fields = st.lists(st.builds(Field, texts, values, st.none() | texts, st.none() | st.just("Now %@") | texts), max_size=5).map(
    tuple
)
rich_fields = st.lists(st.builds(Field, texts, values, st.none() | texts, st.none() | texts, **rest), max_size=3).map(tuple)
fields = plain_fields | rich_fields
colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format) | st.sampled_from(["red", "#FFF", "#12345g"])
numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-90, 90)
fallbacks = st.builds(Barcode, st.sampled_from(BarcodeFormat), texts, st.none(), st.none() | texts)
contents = st.builds(
    Content,
    organization_name=texts,
    description=texts,
    style=st.sampled_from(Style),
    logo_text=st.none() | texts,
    header=fields,
    primary=fields,
    secondary=fields,
    auxiliary=fields,
    back=fields,
    barcode=st.none() | st.builds(Barcode, st.sampled_from(BarcodeFormat), texts, st.none() | texts),
    background_color=colors,
    foreground_color=colors,
    label_color=colors,
    images=st.dictionaries(st.sampled_from(ImageSlot), st.just("0" * 64)),
    locations=st.lists(st.builds(Location, numbers, numbers, st.none() | numbers, st.none() | texts), max_size=12).map(tuple),
    sharing_prohibited=st.booleans(),
    expires_at=st.none() | st.integers(-10, 2**70),
    relevant_at=st.none() | st.integers(-10, 2**40),
    voided=st.booleans(),
    transit_type=st.none() | st.sampled_from(TransitType),
    grouping=st.none() | texts,
    language=st.sampled_from([None, "en", "de", "x"]),
    translations=st.just({}) | st.dictionaries(st.sampled_from(["de", "fr-CA", "FR"]), st.dictionaries(texts, texts, max_size=3)),
    localized_images=st.just({}) | st.dictionaries(st.sampled_from(["de", "?"]), st.just({ImageSlot.STRIP: "0" * 64})),
    barcode_fallbacks=st.lists(
        st.builds(Barcode, st.sampled_from(BarcodeFormat), texts, st.none(), st.none() | texts), max_size=2
    ).map(tuple),
    beacons=st.lists(st.builds(Beacon, texts, st.none() | st.integers(-1, 70_000)), max_size=2).map(tuple),
    max_distance=st.none() | st.integers(-1, 9),
    relevant=st.lists(st.builds(Relevance, st.integers(-1, 2**40), st.none() | st.integers(0, 2**40)), max_size=2).map(tuple),
    nfc=st.none() | st.builds(Nfc, texts, texts),
    semantics=st.just({}) | trees,
    enhanced=st.booleans(),
    additional=plain_fields,
    poster=st.none() | st.builds(Poster, plain_fields, rich_fields),
    overrides=st.none() | st.builds(Overrides, trees),
)


def strict(data: bytes) -> Any:
    """Refuses what Apple's reader would: keys twice, NaN, bytes that are no UTF-8."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs), "a key twice"
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(data.decode("utf-8", "strict"), object_pairs_hook=unique, parse_constant=refuse)


@settings(deadline=None, max_examples=150)
@given(contents)
def test_the_rules_judge_any_content_and_what_passes_is_strict_json(content: Content) -> None:
    scope = Scope("d3m0ab", Environment.TEST)
    pass_ = Pass(pass_id(scope, bytes(16)), scope, None, "", 1, 1, 0, 0, authority.PASS_TYPE, "")
    if errors(content):
        return
    document = strict(pass_json(pass_, content, FACTS))
    assert pass_json(pass_, content, FACTS) == pass_json(pass_, content, FACTS)
    keyed, files = localized(content)
    assert strict(pass_json(pass_, keyed, FACTS))
    assert len(dict(files)) == len(files)
    if content.overrides is not None and content.overrides.apple:
        return
    keys = [one["key"] for name, group in document[content.style.value].items() if name.endswith("Fields") for one in group]
    assert len(set(keys)) == len(keys) == len(content.fields())
    assert all(keys)
    assert document["description"] == content.description
    assert len(document.get("locations", ())) == len(content.locations) <= 10


@settings(deadline=None, max_examples=75)
@given(contents)
def test_a_content_made_right_in_its_errors_is_let_through(content: Content) -> None:
    """The rules do not refuse everything: mending what they name leads to a pass."""
    from msgspec.structs import replace

    number = iter(range(1000))

    def mend(group: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(
            Field(f"k{next(number)}", "v" + one.value.encode("ascii", "ignore").decode().replace("\0", "")) for one in group
        )

    boarding = content.style is Style.BOARDING_PASS
    mended = replace(
        content,
        organization_name="Coffee",
        description="Card",
        logo_text=None,
        header=mend(content.header),
        primary=mend(content.primary),
        secondary=mend(content.secondary),
        auxiliary=mend(content.auxiliary),
        back=mend(content.back),
        barcode=content.barcode and Barcode(content.barcode.format, MESSAGES.get(content.barcode.format, "C-1")),
        background_color="#000000",
        foreground_color="#ffffff",
        label_color="#ffffff",
        locations=(),
        expires_at=None,
        relevant_at=None,
        transit_type=TransitType.AIR if boarding else None,
        grouping=None,
        language=None,
        translations={},
        localized_images={},
        barcode_fallbacks=(),
        beacons=(),
        max_distance=None,
        relevant=(),
        nfc=None,
        semantics={},
        additional=(),
        poster=None,
        overrides=None,
    )
    assert errors(mended) == ()
