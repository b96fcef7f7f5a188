"""Moulds: what is kept of passes that differ in their values alone changes nothing of what is said and written of each."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Content,
    DateFormat,
    DateStyle,
    Field,
    ImageSlot,
    Location,
    MoneyFormat,
    NumberFormat,
    Style,
)
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.passes import Pass
from billfold.wallets.alike import moulds
from billfold.wallets.alike.skeletons import mark
from billfold.wallets.apple import languages, rules
from billfold.wallets.apple.pass_json import IssuingFacts, document_of, pass_json

FACTS = IssuingFacts("pass.org.example.card", "ABCDE12345", 'https://wallet.example/"apple"', "token \u2028 of sixteen")
SCOPE = Scope("d3m0ab", Environment.TEST)
PASS = Pass(
    pass_id(SCOPE, bytes(16)),
    SCOPE,
    None,
    "",
    number=1,
    issued_number=1,
    issued_at_ms=0,
    updated_at_ms=0,
    pass_type="",
    issuer_id="",
)
WORDS = {"de": {"fields.points.label": "PUNKTE", "fields.terms.value": "Bedingungen", "fields.gone.label": "Fort"}}
TERMS = "Terms: see https://coffee.example/\nand ask."


def card(points: str = "120", **members: Any) -> Content:
    given: dict[str, Any] = {
        "name": "Anna",
        "since": "2026-12-24T18:00+01:00",
        "price": "12.50",
        "terms": TERMS,
        "message": "C-1",
        "alt_text": "C-1",
    }
    given |= members
    return Content(
        "Corner Coffee",
        "Card",
        Style.STORE_CARD,
        header=(Field("points", points, "POINTS", "%@ points"),),
        primary=(Field("name", given["name"], "MEMBER"),),
        secondary=(Field("price", given["price"], "PRICE", format=MoneyFormat("EUR")),),
        auxiliary=(
            Field("since", given["since"], "SINCE", format=DateFormat(DateStyle.LONG)),
            Field("at", given["since"], format=DateFormat()),
        ),
        back=(Field("terms", given["terms"], "Terms", rich_text="<b>100 %</b>"), Field("visits", points, format=NumberFormat())),
        barcode=Barcode(BarcodeFormat.QR, given["message"], given["alt_text"]),
        locations=(Location(48.2, 16.35, relevant_text="Coffee"),),
        language="en",
        translations=WORDS,
        **{name: given[name] for name in ("expires_at", "relevant_at", "style", "images") if name in given},
    )


def seen(content: Content) -> Content:
    """As the server has it when passes of this mould were made before."""
    for _ in range(2):
        moulds.cast_of(replace(content))
    return content


def agree(content: Content) -> None:
    assert rules.check(content) == rules.judged(content)
    try:
        anew = languages.keyed(content) if content.translations else (content, ())
    except UnicodeEncodeError:
        return  # nobody comes so far with half a character
    assert languages.localized(content) == anew
    written = partial(orjson.dumps, document_of(PASS.id, content, FACTS))
    try:
        expected = written()
    except TypeError:
        with pytest.raises(TypeError):
            pass_json(PASS, content, FACTS)
    else:
        assert pass_json(PASS, content, FACTS) == expected


@pytest.fixture(autouse=True)
def _no_moulds_before() -> Iterator[None]:
    moulds.forget()
    yield
    moulds.forget()


def test_a_mould_is_made_when_it_comes_again_and_shared_by_all_values() -> None:
    first, second, third = card("1"), card("2", name="Zoë", price="3"), card("3", message="C-3")
    assert moulds.cast_of(first) is None
    found = [moulds.cast_of(second), moulds.cast_of(third)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0][0] is found[1][0]
    assert found[1][1][:2] == ("3", "Anna")


def test_what_was_judged_of_one_is_said_of_all_with_an_address_on_the_back_or_without() -> None:
    seen(card())
    for content in (card("1"), card("2"), card("3", terms="Ask us.")):
        agree(content)
        assert (cast := moulds.cast_of(content)) is not None
        assert ("apple", "://" in content.back[0].value) in cast[0].said
    assert len(cast[0].said) == 2


ODD = (
    "",
    "POINTS",
    "PUNKTE",
    TERMS,
    'a "quote", "',
    "\\",
    "\x7f",
    "\n\t",
    "Zoë €",
    mark(9),
    "\x00",
    "\ud800",
    "x" * 40,
    "12.5",
    "-7",
)
VALUES = st.sampled_from(ODD) | st.text(max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    values=st.fixed_dictionaries(dict.fromkeys(("points", "name", "since", "price", "terms", "message"), VALUES)),
    alt_text=st.none() | VALUES,
    expires_at=st.none() | st.integers(-5, 2**45),
    relevant_at=st.sampled_from([None, -3, 1_900_000_000]),
)
@example(
    values=dict.fromkeys(("points", "name", "since", "price", "message"), "1") | {"terms": TERMS},
    alt_text="1",
    expires_at=1_800_000_000,
    relevant_at=1_900_000_000,
)
def test_what_is_said_and_written_of_a_pass_is_the_same_with_and_without_a_mould(
    values: dict[str, str], alt_text: str | None, expires_at: int | None, relevant_at: int | None
) -> None:
    dates: dict[str, Any] = {"relevant_at": relevant_at, "expires_at": 1_950_000_000 if expires_at is not None else None}
    odd: dict[str, Any] = {**values, "alt_text": alt_text, **dates}
    for prepared in (card(alt_text=alt_text and "C", **dates), card(**odd)):
        agree(seen(prepared))
    agree(card(**(odd | {"expires_at": expires_at})))
    agree(replace(card(**values), translations={}, language=None))


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("format_", list(BarcodeFormat))
def test_so_it_is_in_every_style_with_every_code(style: Style, format_: BarcodeFormat) -> None:
    usual = replace(card(), style=style, barcode=Barcode(format_, "4006381333931"), images={ImageSlot.STRIP: "0" * 64})
    for content in (usual, replace(usual, barcode=Barcode(format_, "C-é", encoding="utf-8")), replace(usual, barcode=None)):
        seen(content)
        for points in ("1", "2"):
            agree(replace(content, header=(Field("points", points),)))
            agree(replace(content, header=(Field("points", points, "POINTS", "%@ points"),)))


@pytest.mark.parametrize(
    "members",
    [
        {"description": "Another card"},
        {"logo_text": "Coffee"},
        {"background_color": "#000000"},
        {"images": {ImageSlot.STRIP: "0" * 64}},
        {"locations": (Location(48.3, 16.35, relevant_text="Coffee"),)},
        {"sharing_prohibited": False},
        {"voided": True},
        {"grouping": "g"},
        {"language": "fr"},
        {"translations": {}},
        {"translations": {"de": {}}},
        {"max_distance": 10},
        {"semantics": {"venueName": "Hall"}},
        {"header": (Field("points", "120", "POINTS"),)},
        {"header": (Field("points", "120", "POINTS", "%@ points", row=1),)},
        {"header": (Field("points", "120", "POINTS", "%@ points", semantics={"venueName": "Hall"}),)},
        {"header": (), "primary": (Field("points", "120", "POINTS", "%@ points"), Field("name", "Anna", "MEMBER"))},
        {"barcode": None},
        {"barcode": Barcode(BarcodeFormat.AZTEC, "C-1", "C-1")},
        {"barcode": Barcode(BarcodeFormat.QR, "C-1", "C-1", "utf-8")},
        {"expires_at": 1_900_000_000},
    ],
    ids=lambda members: next(iter(members)),
)
def test_what_differs_in_more_than_values_has_another_mould(members: dict[str, Any]) -> None:
    usual = moulds.cast_of(seen(card()))
    assert usual is not None
    other = seen(replace(card("130"), **members))
    found = moulds.cast_of(other)
    assert found is None or found[0] is not usual[0]
    agree(other)


def test_zero_and_minus_zero_are_equal_and_written_as_they_are() -> None:
    content = seen(replace(card(), locations=(Location(0.0, 16.35),)))
    agree(content)
    agree(replace(content, locations=(Location(-0.0, 16.35),)))


def test_no_more_moulds_are_kept_than_is_said() -> None:
    first = moulds.cast_of(seen(replace(card(), organization_name="Shop 0")))
    for number in range(1, moulds.MOULDS_MAX):
        seen(replace(card(), organization_name=f"Shop {number}"))
    again = moulds.cast_of(replace(card("7"), organization_name="Shop 0"))
    assert first is not None
    assert again is not None
    assert again[0] is first[0]
    seen(replace(card(), organization_name="One more"))
    other = moulds.cast_of(replace(card("8"), organization_name="Shop 0"))
    assert other is not None
    assert other[0] is not first[0]


def test_an_issuer_whose_passes_never_come_again_is_looked_at_now_and_then() -> None:
    for number in range(1000):
        moulds.cast_of(replace(card(), description=f"Ticket {number}"))
    found = [moulds.cast_of(replace(card(str(number)), description="Ticket")) for number in range(200)]
    assert found[0] is None
    assert found[-1] is not None
    assert found[-2] is not None
