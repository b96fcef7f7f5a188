"""What a pass is for: decided when its template is made, or said; and kept."""

import pytest

from billfold.domain.content import Content, Field, Kind, Role, Style, TransitType
from billfold.domain.errors import Conflict
from billfold.domain.kinds import keep, kind_of, settle


def content(style: Style = Style.GENERIC, **more: object) -> Content:
    return Content("Bayroast", "Card", style=style, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("style", "transit_type", "kind"),
    [
        (Style.GENERIC, None, Kind.GENERIC),
        (Style.STORE_CARD, None, Kind.LOYALTY),
        (Style.COUPON, None, Kind.OFFER),
        (Style.EVENT_TICKET, None, Kind.EVENT_TICKET),
        (Style.BOARDING_PASS, TransitType.AIR, Kind.FLIGHT),
        (Style.BOARDING_PASS, TransitType.TRAIN, Kind.TRANSIT),
        (Style.BOARDING_PASS, None, Kind.TRANSIT),
    ],
)
def test_a_template_s_kind_follows_from_its_style(style: Style, transit_type: TransitType | None, kind: Kind) -> None:
    assert settle(content(style, transit_type=transit_type)).kind is kind


def test_a_store_card_that_is_about_money_is_a_gift_card() -> None:
    assert settle(content(Style.STORE_CARD, primary=(Field("b", "12.50", role=Role.BALANCE),))).kind is Kind.GIFT_CARD


def test_a_pass_of_its_own_content_is_generic_unless_it_says_otherwise() -> None:
    assert kind_of(content(Style.COUPON), has_template=False) is Kind.GENERIC
    assert kind_of(content(Style.COUPON, kind=Kind.OFFER), has_template=False) is Kind.OFFER


@pytest.mark.parametrize("before", [None, Kind.GENERIC, Kind.LOYALTY])
def test_what_takes_its_place_is_of_the_same_kind(before: Kind | None) -> None:
    assert keep(content(Style.COUPON), content(kind=before), issued=True).kind is before


def test_an_issued_pass_never_becomes_another_kind() -> None:
    with pytest.raises(Conflict, match="fixed by its issue"):
        keep(content(kind=Kind.OFFER), content(kind=Kind.LOYALTY), issued=True)
    with pytest.raises(Conflict):
        keep(content(kind=Kind.OFFER), content(), issued=True)
    assert keep(content(kind=Kind.OFFER), content(kind=Kind.LOYALTY), issued=False).kind is Kind.OFFER
    assert keep(content(kind=Kind.GENERIC), content(), issued=True).kind is Kind.GENERIC
