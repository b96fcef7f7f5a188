"""Moulds: what is kept of passes that differ in their values alone changes nothing of what Google's rules say of each, nor of the
object that its save link carries."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Content,
    DateFormat,
    Field,
    Kind,
    MoneyFormat,
    NumberFormat,
    NumberStyle,
)
from billfold.wallets.alike import moulds
from billfold.wallets.alike.skeletons import mark
from billfold.wallets.google import rules, skeletons
from billfold.wallets.google.forms import form_of
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.save_link import save_claims, signer_of, whole_claims
from wallets.google.material import COFFEE, credential, pass_of

LOGO = PublicImages("https://cards.example/i/logo.png")
ALL = PublicImages(*[f"https://cards.example/i/{name}.png" for name in ("logo", "hero", "thumbnail", "wide")])
MANY_LINKS = " ".join(f"https://bayroast.example/{number}" for number in range(12))


def card(points: str = "120", **members: Any) -> Content:
    given: dict[str, Any] = {
        "name": "Anna",
        "price": "12.50",
        "since": "2026-12-24T18:00+01:00",
        "terms": "Ask us.",
        "message": "C-1",
    }
    given |= members
    content = replace(
        COFFEE,
        header=(Field("points", points, "POINTS", "%@ points"),),
        primary=(Field("name", given["name"], "MEMBER", format=given.get("name_format")),),
        secondary=(Field("price", given["price"], "PRICE", format=MoneyFormat("EUR")), Field("plain", given["name"])),
        auxiliary=(Field("since", given["since"], "SINCE", format=DateFormat()),),
        back=(Field("terms", given["terms"], "Terms", rich_text=given.get("rich_text")), Field("visits", points, "Visits")),
        barcode=Barcode(BarcodeFormat.QR, given["message"], given.get("alt_text")),
        expires_at=given.get("expires_at"),
    )
    return replace(content, **given.get("whole", {}))


def seen(content: Content) -> Content:
    """As the server has it when passes of this mould were made before."""
    for _ in range(2):
        moulds.cast_of(replace(content))
    return content


def written(content: Content, images: PublicImages = LOGO) -> bytes | None:
    """What the mould gives, which is nothing or what is made without one. So are the findings."""
    assert rules.check(content) == rules.judged(content)
    pass_ = pass_of(content)
    form = form_of(pass_, content, None, images)
    found = skeletons.object_json(pass_, content, form.class_id, images)
    if found is not None:
        assert found == msgspec.json.encode(form.shape())
        signer = signer_of(credential())
        whole, (claims, named_only) = whole_claims(signer, found, form.class_id, 1), save_claims(signer, form.shape(), 1)
        assert whole in (None, claims)
        assert not (whole and named_only)
    return found


@pytest.fixture(autouse=True)
def _no_moulds_before() -> Iterator[None]:
    moulds.forget()
    yield
    moulds.forget()


@pytest.mark.parametrize("images", [LOGO, ALL], ids=["logo", "all"])
def test_a_pass_of_a_known_mould_is_written_from_its_skeleton(images: PublicImages) -> None:
    seen(card())
    for other in (card("121", name="Zoë", message="C-2"), card(price="3", since="2027-01-01"), card(terms='"Quoted" \\ text')):
        assert written(other, images) is not None
        assert (cast := moulds.cast_of(other)) is not None
        assert cast[0].said.keys() == {"google"}, "what was judged of one is said of all"
    seen(card(expires_at=1, alt_text="C"))
    assert written(card(expires_at=1_900_000_000, alt_text="Card 5"), images) is not None


def test_links_on_the_back_are_part_of_a_skeleton_and_only_so_many_are_kept() -> None:
    seen(card())
    for number in range(20):
        content = card(str(number), terms=f"See https://bayroast.example/{number % 2} and mailto:shop@bayroast.example, or ask.")
        assert (written(content) is None) == (number >= 16)  # the visits on the back differ too
    whole = card(terms="https://bayroast.example/help")
    assert written(whole) is None
    moulds.forget()
    seen(whole)
    assert written(whole) is not None
    assert written(replace(whole, primary=card(name="Zoë").primary)) is not None


@pytest.mark.parametrize(
    "content",
    [
        card(name=""),
        card(message=""),
        card(alt_text=""),
        card(terms=""),
        card(price=""),
        card(whole={"kind": Kind.LOYALTY}),
        card(whole={"language": "en", "translations": {"de": {"fields.points.label": "PUNKTE"}}}),
        card(whole={"smart_tap": "A1"}),
        card(whole={"auxiliary": tuple(Field(f"a{n}", "tel:+4312345", "CALL") for n in range(7))}),
        card(whole={"description": mark(4)}),
    ],
    ids=["no title", "no message", "no text", "no value", "no amount", "kind", "translated", "smart tap", "no room", "marks"],
)
def test_what_a_skeleton_cannot_say_is_made_as_a_whole(content: Content) -> None:
    seen(content)
    assert written(content) is None


ODD = (
    *("", "a", "120", 'a "quote", "', "\\", "\x7f", "\n\t", "\x00\x1f", "Zoë € \u2028", mark(5), "x" * 501, "12.5", "-7"),
    *("https://bayroast.example/", "tel:+4312345", "http://nothing", MANY_LINKS, "https://bayroast.example/ twice"),
)
VALUES = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=200, deadline=None)
@given(
    values=st.fixed_dictionaries(dict.fromkeys(("points", "name", "since", "price", "terms", "message"), VALUES)),
    members=st.fixed_dictionaries(
        {},
        optional={
            "alt_text": VALUES,
            "expires_at": st.integers(-5, 2**45),
            "rich_text": st.sampled_from(["<b>100 %</b>", "https://bayroast.example/rich"]),
            "whole": st.integers(0, 12).map(
                lambda count: {"auxiliary": tuple(Field(f"a{n}", f"https://bayroast.example/{n}", "CALL") for n in range(count))}
            ),
            "name_format": st.sampled_from([NumberFormat(), NumberFormat(NumberStyle.SPELL_OUT)]),
        },
    ),
    format_=st.sampled_from(list(BarcodeFormat)),
    images=st.sampled_from([LOGO, ALL, PublicImages()]),
)
def test_what_is_said_and_written_of_a_pass_is_the_same_with_and_without_a_mould(
    values: dict[str, str], members: dict[str, Any], format_: BarcodeFormat, images: PublicImages
) -> None:
    usual = {name: 1 if name == "expires_at" else value or "C" for name, value in members.items()}
    for prepared in (card(**usual), card(**values, **members)):
        assert prepared.barcode is not None
        seen(replace(prepared, barcode=replace(prepared.barcode, format=format_)))
    content = card(**values, **members)
    assert content.barcode is not None
    coded = replace(content, barcode=replace(content.barcode, format=format_))
    assert written(coded, images) is None or all(one.value for one in coded.fields())
    for label in ("HELP", "A label that is longer than a link's text may be"):
        other = replace(coded, barcode=None, back=(Field("terms", values["terms"], label),))
        written(seen(other), images)
