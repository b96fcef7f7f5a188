"""A template's content made into a pass's: in every place that may hold an expression, in each language."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain import content as contents
from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    Field,
    Location,
    MoneyFormat,
    Nfc,
    Overrides,
    Poster,
    StampCard,
)
from billfold.domain.filling import KEPT, Filling, Kept, faults, filling_of
from billfold.domain.passes import fill
from billfold.domain.templates import Rules, ValueRule, ValueType

WHOLE = Content(
    "{{ brand }}",
    "Card of {{ name }}",
    logo_text="{{ brand | upper }}",
    header=(Field("points", "{{ points | number }}", "{{ label }}", "You have %@, {{ name }}"),),
    primary=(Field("balance", "{{ euro }}", format=MoneyFormat("EUR"), semantics={"balance": {"amount": "{{ euro }}"}}),),
    back=(Field("www", "See {{ link }}", rich_text="<a href='{{ link }}'>here</a>"),),
    barcode=Barcode(BarcodeFormat.QR, "ID-{{ id }}", "{{ id }}"),
    barcode_fallbacks=(Barcode(BarcodeFormat.CODE128, "{{ id }}"),),
    language="en",
    translations={"de": {"description": "Karte von {{ name }}", "fields.points.label": "PUNKTE"}, "fr": {"description": "Carte"}},
    locations=(Location(48.2, 16.4, relevant_text="Hello {{ name }}"),),
    beacons=(Beacon("f8f589e9-c07e-58b0-aeaa-a36bc4a2b0f1", relevant_text="Hello {{ name }}"),),
    nfc=Nfc("{{ id }}", "key"),
    smart_tap="{{ id }}",
    grouping="{{ trip }}",
    semantics={"seats": [{"seatNumber": "{{ seat }}", "price": "{{ euro }}"}]},
    poster=Poster(primary=(Field("p", "{{ name }}"),)),
    stamps=StampCard("{{ stamps }}", "10"),
    overrides=Overrides(
        apple={"userInfo": {"id": "{{ id }}", "flag": "{{ flag }}"}}, google_object={"groupingInfo": {"sortIndex": "{{ points }}"}}
    ),
)
VALUES: dict[str, object] = {
    **{
        "brand": "Bayroast",
        "name": "Ada",
        "points": 12345,
        "label": "POINTS",
        "euro": 12.5,
        "link": "https://a.example",
        "id": "7",
    },
    **{"trip": "t", "seat": "1A", "stamps": 3, "flag": True},
}


def test_every_place_takes_its_value() -> None:
    assert list(faults(WHOLE)) == []
    made = fill(WHOLE, VALUES)
    assert b"{{" not in contents.encode(made)
    assert (made.organization_name, made.description, made.logo_text) == ("Bayroast", "Card of Ada", "BAYROAST")
    assert made.header[0] == Field("points", "12,345", "POINTS", "You have %@, Ada")
    assert made.primary[0].value == "12.5"
    assert made.back[0].rich_text == "<a href='https://a.example'>here</a>"
    assert made.barcode == Barcode(BarcodeFormat.QR, "ID-7", "7")
    assert made.stamps == StampCard("3", "10")
    assert made.nfc
    assert made.nfc.message == made.smart_tap == "7"


def test_json_members_keep_the_type_of_a_lone_value() -> None:
    made = fill(WHOLE, VALUES)
    assert made.semantics == {"seats": [{"seatNumber": "1A", "price": 12.5}]}
    assert made.primary[0].semantics == {"balance": {"amount": 12.5}}
    assert made.overrides
    assert made.overrides.apple == {"userInfo": {"id": "7", "flag": True}}
    assert made.overrides.google_object == {"groupingInfo": {"sortIndex": 12345}}


def test_each_language_is_filled_in_its_own_way_and_numbers_need_no_translation() -> None:
    made = fill(WHOLE, VALUES)
    assert made.translations == {
        "de": {"description": "Karte von Ada", "fields.points.label": "PUNKTE", "fields.points.value": "12.345"},
        "fr": {"description": "Carte", "fields.points.value": "12\u202f345"},
    }


def test_a_value_is_never_read_as_an_expression() -> None:
    made = fill(WHOLE, VALUES | {"name": "{{ id }}", "id": "{{ name }}{% if %}"})
    assert made.description == "Card of {{ id }}"
    assert made.barcode == Barcode(BarcodeFormat.QR, "ID-{{ name }}{% if %}", "{{ name }}{% if %}")


def test_what_is_static_stays_the_same_object() -> None:
    plain = Content("Bayroast", "Card", header=(Field("a", "1"),), back=(Field("b", "2"),))
    assert fill(plain, VALUES) is plain
    one = msgspec.structs.replace(plain, logo_text="{{ name }}")
    assert fill(one, VALUES).header is one.header
    assert filling_of(one) is filling_of(one)


def test_members_that_are_no_texts_are_bound_and_keep_their_own_value_where_there_is_none() -> None:
    own = Content("Bayroast", "Card", background_color="#111111", expires_at=100)
    rules = Rules(bindings={"background_color": "{{ tier.color }}", "expires_at": "{{ until }}", "max_distance": "{{ near }}"})
    made = Filling(own, rules).fill({"tier": {"color": "#AABBCC"}, "until": "2026-12-31T00:00:00Z", "near": 50})
    assert (made.background_color, made.expires_at, made.max_distance) == ("#aabbcc", 1798675200, 50)
    for values in ({}, {"tier": {"color": "red"}, "until": "soon", "near": -1}):
        assert Filling(own, rules).fill(values) == own


def test_days_count_from_the_issue_of_the_pass() -> None:
    assert Filling(Content("B", "C"), Rules(expires_in_days=2)).fill({}, 1_000_000).expires_at == 1000 + 2 * 86_400


def test_defaults_stand_in_also_inside_objects() -> None:
    rules = Rules(schema=(ValueRule("m.tier", default="Silver"), ValueRule("m.points", ValueType.INTEGER, default=0)))
    filling = Filling(Content("B", "{{ m.tier }}: {{ m.points }}"), rules)
    assert filling.fill({}).description == "Silver: 0"
    assert filling.fill({"m": {"points": 5, "tier": None}}).description == "Silver: 5"


def test_what_a_pass_lacks_is_named_once() -> None:
    assert Filling(WHOLE).lacking({}) == [
        *("brand", "name", "points", "label", "euro", "link", "id", "trip", "seat", "stamps", "flag"),
    ]
    assert Filling(WHOLE).lacking(VALUES) == []


def test_a_filled_text_has_an_end() -> None:
    assert len(fill(Content("B", "{{ a }}" * 50), {"a": "x" * 4_000}).description) == 16_000


@pytest.mark.parametrize("text", ["{{", "}}", "{{}}", "{{ }}", "a {{ b", "{% x %}", "{{ 'a' * 9999999 }}", "{{ {{ a }} }}"])
def test_odd_texts_are_filled_without_harm(text: str) -> None:
    assert isinstance(fill(Content("B", text), {"a": "1"}).description, str)


@given(st.text(max_size=80))
def test_any_value_comes_out_as_it_went_in(value: str) -> None:
    made = fill(Content("B", "[{{ v }}]", barcode=Barcode(BarcodeFormat.QR, "{{ v }}")), {"v": value})
    assert made.description == f"[{value}]"
    assert made.barcode == Barcode(BarcodeFormat.QR, value)


def test_work_is_bounded_by_the_text_not_by_the_values() -> None:
    """An expression cannot loop: the most of them over the largest values give what each gives, and no more."""
    text = "{{ a | upper | lower | upper | lower | upper }}" * 50
    assert fill(Content("B", text), {"a": "x" * 4_000}).description == "X" * 16_000


def test_a_binding_without_an_expression_gives_the_same_for_every_pass() -> None:
    filling = Filling(Content("Bayroast", "Card"), Rules(bindings={"background_color": "#112233", "expires_at": "no date"}))
    filled = filling.fill({})
    assert (filled.background_color, filled.expires_at) == ("#112233", None)


def test_what_is_kept_is_bounded_and_what_is_asked_for_stays() -> None:
    made: list[Content] = []

    def make(content: Content, rules: Rules) -> Content:
        made.append(content)
        return content

    kept: Kept[Content] = Kept()
    hot, rules = Content("B", "hot"), Rules()
    for number in range(KEPT * 3):
        assert kept.of(hot, rules, make) is hot
        other = Content("B", str(number))
        assert kept.of(other, rules, make) is other
    assert made.count(hot) == 1
    assert len(made) == KEPT * 3 + 1
