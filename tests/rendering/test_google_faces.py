"""The title area and the rows of a Google card, by kind: the picture shows what Google is sent, and no other."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from typing import Any

import pytest

from billfold.domain.content import Kind
from billfold.rendering import google
from billfold.rendering.google_faces import face
from billfold.rendering.preview import Wallet, svg
from billfold.rendering.scene import Scene, Side
from billfold.wallets.google.look import PublicImages, look_of
from billfold.wallets.google.modules import front_groups, layout
from billfold.wallets.google.objects import made_of
from billfold.wallets.google.shapes import (
    EventTicketClass,
    FlightClass,
    GiftCardClass,
    LoyaltyClass,
    OfferClass,
    TransitClass,
)
from wallets.google.cards import CARDS


def texts(document: str) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(document).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.requirement("S3-33")
@pytest.mark.parametrize("name", CARDS)
def test_the_title_and_rows_of_each_kind_are_those_that_google_gets(name: str) -> None:
    """wallets/google decides what stands where on the real card: the picture must not differ."""
    content = CARDS[name]
    made: Any = made_of(look_of(content, PublicImages()))
    if made.rows:
        placed = made.places if content.kind not in (None, Kind.GENERIC) else None
        shown = [one for group in front_groups(content, placed) for one in group]
        drawn = [one for row in google.rows(content) for one in row]
        assert drawn == shown[: len(drawn)]
        assert tuple(map(len, google.rows(content))) == layout(front_groups(content, placed))
    else:
        assert google.rows(content) == ()
    head = face(Scene(content, content.language or "en")).headline
    match made.class_:
        case LoyaltyClass(program_name=text) | OfferClass(title=text):
            assert head == text
        case EventTicketClass(event_name=named):
            assert head == named.default_value.value
        case FlightClass(origin=origin, destination=destination):
            assert head == f"{origin.airport_iata_code} → {destination.airport_iata_code}"
        case TransitClass():
            leg = made.object_.ticket_leg
            assert head == f"{leg.origin_name.default_value.value} → {leg.destination_name.default_value.value}"
        case GiftCardClass():
            assert Decimal(made.object_.balance.micros) / 1_000_000 == Decimal(re.sub("[^0-9.]", "", head))
        case _:
            assert head == made.object_.header.default_value.value


def test_a_journey_shows_what_google_fills_in_and_its_fields_in_the_details() -> None:
    flight = CARDS["flight"]
    front, details = (svg(Scene(flight, "de"), Wallet.GOOGLE, side) for side in (Side.FRONT, Side.BACK))
    assert {"Abreise", "Gate", "Reisender"} <= set(texts(front))
    for one in flight.header + flight.primary + flight.secondary:
        if not one.semantics:
            assert one.value in "\n".join(texts(details))
