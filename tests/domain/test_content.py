"""Content as a value: its canonical form, and the texts that a language may have its own words for."""

import msgspec
import pytest

from billfold.domain import texts
from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Content,
    Field,
    Location,
    NumberFormat,
    Poster,
    SignUp,
    SignUpField,
    decode,
    encode,
)

CARD = Content(
    "Bayroast",
    "Loyalty card",
    logo_text="Coffee",
    language="en",
    header=(Field("points", "1250", "POINTS", "Now %@", format=NumberFormat()),),
    primary=(Field("tier", "Gold", "TIER", semantics={"seatType": "Stalls"}),),
    semantics={"venueName": "Old Hall", "flightNumber": 87, "performerNames": ["Ada"], "odd.name": "no place of its own"},
    back=(Field("info", "Call us", rich_text="<a href='tel:1'>Call us</a>"),),
    barcode=Barcode(BarcodeFormat.QR, "1", "one"),
    locations=(Location(1, 2), Location(3, 4, relevant_text="Near")),
    sign_up=SignUp((SignUpField.NAME,), "Join us", "See our terms"),
    poster=Poster(footer=(Field("tier", "Gold", "TIER"),)),
    translations={"de": {"fields.points.label": "PUNKTE", "description": "Kundenkarte"}, "de-AT": {"description": "Kundenkarterl"}},
)


@pytest.mark.requirement("S3-30")
def test_the_canonical_form_leaves_defaults_out_and_comes_back_whole() -> None:
    assert encode(Content("A", "B")) == b'{"organization_name":"A","description":"B"}'
    assert encode(Content("A", "B", images={}, sharing_prohibited=True)) == encode(Content("A", "B"))
    assert decode(encode(CARD)) == CARD


def test_each_text_has_a_path_and_formatted_values_have_none() -> None:
    assert texts.paths(CARD) == {
        "organization_name": "Bayroast",
        "description": "Loyalty card",
        "logo_text": "Coffee",
        "fields.points.label": "POINTS",
        "fields.points.change_message": "Now %@",
        "fields.tier.label": "TIER",
        "fields.tier.value": "Gold",
        "fields.tier.semantics.seatType": "Stalls",
        "fields.info.value": "Call us",
        "fields.info.rich_text": "<a href='tel:1'>Call us</a>",
        "poster.tier.label": "TIER",
        "poster.tier.value": "Gold",
        "locations[1].relevant_text": "Near",
        "barcode.alt_text": "one",
        "semantics.venueName": "Old Hall",
        "sign_up.description": "Join us",
        "sign_up.terms": "See our terms",
    }
    assert set(texts.tags(CARD)) == {"fields.tier.semantics.seatType", "semantics.venueName"}
    assert texts.tag_of("fields.semantics.label") is None, "a field may be called so"


def test_rewriting_reaches_exactly_the_texts_that_have_paths() -> None:
    seen: dict[str, str] = {}

    def note(path: str, text: str) -> str:
        seen[path] = text
        return text

    assert texts.rewrite(CARD, note) == CARD
    assert seen == texts.paths(CARD)


def test_a_phone_reads_its_region_then_its_language_then_the_base() -> None:
    austrian = texts.in_language(CARD, "de-AT")
    assert (austrian.description, austrian.header[0].label, austrian.logo_text) == ("Kundenkarterl", "PUNKTE", "Coffee")
    assert texts.in_language(CARD, "de-CH").description == "Kundenkarte"
    assert texts.in_language(CARD, "en") is CARD
    assert texts.in_language(CARD, "ja") is CARD
    assert texts.languages(CARD) == ("en", "de", "de-AT")
    assert texts.languages(msgspec.structs.replace(CARD, language=None, translations={})) == ("en",)
