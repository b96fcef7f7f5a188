"""What each kind of pass needs at Google, told before anything is sent: an error where Google would refuse the class or the object.

May not enter: what all kinds have in common (rules.py), what is lost (losses.py), how members are filled.
Source: reference/google-wallet.md section 1.3."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from billfold.domain.content import Content, Kind, Role
from billfold.domain.findings import Finding
from billfold.wallets.google import events, journeys
from billfold.wallets.google.look import Look, PublicImages, look_of
from billfold.wallets.google.semantics import Tags

_NO_IMAGES: Final = PublicImages()
_INSTEAD: Final = 'or say `kind: "generic"`'


def check(content: Content) -> Iterator[Finding]:
    rule = _RULES.get(content.kind) if content.kind is not None else None
    if rule is not None:
        yield from rule(look_of(content, _NO_IMAGES))


def _missing(code: str, path: str, what: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "error", path, f"Google needs {what}", f"{mend}, {_INSTEAD}", "Google refuses the pass")


def _warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "warning", path, message, mend)


def _gift_card(look: Look) -> Iterator[Finding]:
    code = look.content.barcode
    if look.role(Role.CARD_NUMBER, Role.MEMBER_ID) is None and not (code and code.message):
        yield _missing("card_number_missing", "", "the number of a gift card", "give a field the role card_number")
    balance = look.role(Role.BALANCE)
    if balance is not None and look.money_of(balance) is None and look.tags.money("balance") is None:
        mend = "give the field a money format and an amount like 12.50"
        yield _warning("balance_is_text", f"fields.{balance.key}", "Google shows a balance only where it is an amount", mend)


def _event(look: Look) -> Iterator[Finding]:
    tags = look.tags
    if tags.text("venueName") and events.venue(look) is None:
        mend = "add venueRegionName, which Google shows as the address"
        yield _warning("venue_without_address", "semantics.venueName", "Google shows a venue only with its address", mend)
    places = {(one.text("seatRow"), one.text("seatSection")) for one in tags.seats}
    if len(places) > 1:
        message = "Google shows the seats of one row and section; of others it shows none"
        yield _warning("seats_apart", "semantics.seats", message, "issue a pass for each seat, or name them in a field")


def _flight(look: Look) -> Iterator[Finding]:
    tags = look.tags
    carrier, number = journeys.carrier_and_number(tags)
    if carrier is None:
        yield _missing("airline_missing", "semantics.airlineCode", "the airline's code", "give semantics.airlineCode, like LH")
    if number is None:
        yield _missing("flight_number_missing", "semantics.flightNumber", "the flight's number", "give semantics.flightNumber")
    for end in ("departure", "destination"):
        name = f"{end}AirportCode"
        if re.fullmatch(r"[A-Za-z]{3}", tags.text(name) or "") is None:
            yield _missing("airport_missing", f"semantics.{name}", "both airports", f"give semantics.{name}, like MUC")
    if tags.moment("originalDepartureDate", "currentDepartureDate") is None:
        mend = "give semantics.originalDepartureDate with its offset"
        yield _missing("departure_missing", "semantics.originalDepartureDate", "the departure", mend)
    if not tags.person("passengerName") and look.role(Role.MEMBER_NAME) is None:
        mend = "give semantics.passengerName or a field with the role member_name"
        yield _missing("passenger_missing", "semantics.passengerName", "the passenger's name", mend)
    if not tags.text("confirmationNumber", "membershipProgramNumber"):
        mend = "give semantics.confirmationNumber"
        yield _missing("reservation_missing", "semantics.confirmationNumber", "the reservation's number", mend)
    if len(tags.seats) > 1:
        yield _warning("seats_apart", "semantics.seats", "Google shows one seat of a flight", "issue a pass for each passenger")


def _transit(look: Look) -> Iterator[Finding]:
    content = look.content
    leg = journeys.leg(look)
    if leg is None:
        mend = "give semantics.departureStationName"
        yield _warning("leg_missing", "semantics.departureStationName", "without it Google shows no journey", mend)
    elif leg.departure_date_time is None and content.expires_at is None and content.valid_from is None:
        mend = "give semantics.originalDepartureDate, or say until when the pass holds"
        yield _missing("departure_missing", "semantics.originalDepartureDate", "the departure, or how long the ticket holds", mend)


def unreadable(tags: Tags) -> Iterator[Finding]:
    """Tags that are there and cannot be read, of those that Google is shown."""
    for name in tags.values:
        if name.endswith("Date") and tags.moment(name) is None:
            mend = "write it like 2026-12-31T20:00+01:00"
            yield _warning(
                "date_unreadable", f"semantics.{name}", "is no date and time with its offset: Google is not shown it", mend
            )
    for name in ("totalPrice", "balance"):
        if name in tags.values and tags.money(name) is None:
            mend = 'write {"amount": "12.50", "currencyCode": "EUR"}'
            yield _warning("amount_unreadable", f"semantics.{name}", "is no amount: Google is not shown it", mend)


_RULES: Final[dict[Kind, Callable[[Look], Iterator[Finding]]]] = {
    Kind.GIFT_CARD: _gift_card,
    Kind.EVENT_TICKET: _event,
    Kind.FLIGHT: _flight,
    Kind.TRANSIT: _transit,
}
