"""Flights and other journeys: carrier, airports or stations, times, passenger and seat, from semantic tags.

Google lays out these cards by itself, so no rows are made for them. May not enter: what all verticals have.
Source: reference/google-wallet.md sections 1.3 and 1.11."""

import re
from typing import Final

from billfold.domain.content import Role, TransitType
from billfold.wallets.google.look import HOLDERS, IN_TITLE, UNDER_REVIEW, Look, Made
from billfold.wallets.google.semantics import Tags
from billfold.wallets.google.shapes import (
    Airport,
    Boarding,
    BoardingPolicy,
    Carrier,
    FlightClass,
    FlightHeader,
    FlightObject,
    FrequentFlyer,
    Purchase,
    Reservation,
    TicketCost,
    TicketLeg,
    TicketSeat,
    TransitClass,
    TransitObject,
)
from billfold.wallets.google.words import twin

ORIGIN_TAGS: Final = ("departureStationName", "departureLocationDescription", "departureCityName", "departureAirportName")
DESTINATION_TAGS: Final = (
    "destinationStationName",
    "destinationLocationDescription",
    "destinationCityName",
    "destinationAirportName",
)
_DEPARTS, _ARRIVES, _BOARDS = "DepartureDate", "ArrivalDate", "BoardingDate"
_TYPES: Final = {TransitType.BUS: "BUS", TransitType.TRAIN: "RAIL", TransitType.BOAT: "FERRY"}
_FLIGHT: Final = re.compile(r"\s*([A-Z0-9]{2}[A-Z]?)\s*0*([0-9]{1,4})[A-Z]?\s*")
_FLIGHT_TAGS: Final = (
    *("airlineCode", "flightCode", "flightNumber", "departureAirportCode", "destinationAirportCode", "departureTerminal"),
    *("departureGate", "destinationTerminal", "destinationGate", "passengerName", "confirmationNumber", "boardingGroup"),
    *("boardingZone", "boardingSequenceNumber", "seats", "ticketFareClass", "membershipProgramNumber", "membershipProgramName"),
)
_TRANSIT_TAGS: Final = (
    *("departurePlatform", "vehicleName", "vehicleNumber", "carNumber", "seats", "passengerName", "confirmationNumber"),
    *("ticketFareClass", "boardingZone", "transitProvider"),
)


def carrier_and_number(tags: Tags) -> tuple[str | None, str | None]:
    """The airline's code and the number without it: from their own tags, or both from the flight's code (`LH 123`)."""
    whole = _FLIGHT.fullmatch((tags.text("flightCode") or "").upper())
    code = tags.text("airlineCode") or (whole[1] if whole else None)
    number = tags.text("flightNumber")
    if number is not None and not number.isdigit():
        split = _FLIGHT.fullmatch(number.upper())
        number = split[2] if split else None
    number = number or (whole[2] if whole else None)
    return code.upper() if code and len(code) in (2, 3) else None, number


def flight(look: Look) -> Made:
    tags, issuer = look.tags, look.issuer()
    code, number = carrier_and_number(tags)
    zone, arrival_zone = "departureLocationTimeZone", "destinationLocationTimeZone"
    scheduled, current = tags.local(zone, f"original{_DEPARTS}"), tags.local(zone, f"current{_DEPARTS}")
    arrives, now_arrives = tags.local(arrival_zone, f"original{_ARRIVES}"), tags.local(arrival_zone, f"current{_ARRIVES}")
    made = Made(
        FlightClass(
            id="",
            multiple_devices_and_holders_allowed_status=HOLDERS,
            issuer_name=issuer.default_value.value,
            localized_issuer_name=twin(issuer),
            review_status=UNDER_REVIEW,
            flight_header=FlightHeader(
                Carrier(
                    carrier_iata_code=code if code and len(code) == 2 else None,
                    carrier_icao_code=code if code and len(code) == 3 else None,
                    airline_name=look.tag("transitProvider"),
                    airline_logo=look.image(look.images.logo),
                    wide_airline_logo=look.image(look.images.wide_logo),
                ),
                number or "",
            ),
            origin=_airport(tags, "departure"),
            destination=_airport(tags, "destination"),
            local_scheduled_departure_date_time=scheduled or current or "",
            local_estimated_or_actual_departure_date_time=current if scheduled and current != scheduled else None,
            local_boarding_date_time=tags.local(zone, f"current{_BOARDS}", f"original{_BOARDS}"),
            local_scheduled_arrival_date_time=arrives or now_arrives,
            local_estimated_or_actual_arrival_date_time=now_arrives if arrives and now_arrives != arrives else None,
            boarding_and_seating_policy=_policy(tags),
        ),
        FlightObject(
            id="",
            class_id="",
            state="",
            passenger_name=_passenger(look) or "",
            reservation_info=_reservation(look),
            boarding_and_seating_info=_boarding(tags),
        ),
        rows=False,
    )
    made.put(look.role(Role.MEMBER_NAME), "object.passengerName")
    made.put_tags(look, **dict.fromkeys(_FLIGHT_TAGS, IN_TITLE))
    return made


def _airport(tags: Tags, end: str) -> Airport:
    code = (tags.text(f"{end}AirportCode") or "").upper()
    return Airport(airport_iata_code=code, terminal=tags.text(f"{end}Terminal"), gate=tags.text(f"{end}Gate"))


def _policy(tags: Tags) -> BoardingPolicy | None:
    if tags.text("boardingGroup"):
        return BoardingPolicy("GROUP_BASED")
    return BoardingPolicy("ZONE_BASED") if tags.text("boardingZone") else None


def _passenger(look: Look) -> str | None:
    named = look.role(Role.MEMBER_NAME)
    return look.tags.person("passengerName") or (look.words.text(named) if named else None)


def _reservation(look: Look) -> Reservation:
    tags = look.tags
    flyer = tags.text("membershipProgramNumber")
    info = FrequentFlyer(flyer, look.tag("membershipProgramName")) if flyer else None
    return Reservation(confirmation_code=tags.text("confirmationNumber"), frequent_flyer_info=info)


def _boarding(tags: Tags) -> Boarding | None:
    seat = tags.seats[0] if tags.seats else Tags({})
    made = Boarding(
        boarding_group=tags.text("boardingGroup", "boardingZone"),
        sequence_number=tags.text("boardingSequenceNumber"),
        seat_number=_seat(seat),
        seat_class=tags.text("ticketFareClass") or seat.text("seatType"),
    )
    return made if made != Boarding() else None


def _seat(seat: Tags) -> str | None:
    """`25A`, whether in one tag or in two."""
    number, row = seat.text("seatNumber", "seatIdentifier"), seat.text("seatRow")
    return f"{row}{number}" if number and row and number.isalpha() else number or seat.text("seatDescription")


def transit(look: Look) -> Made:
    tags, words, issuer = look.tags, look.words, look.issuer()
    name, number = _passenger(look), look.role(Role.CARD_NUMBER, Role.MEMBER_ID)
    kind = look.content.transit_type
    confirmation, price = tags.text("confirmationNumber"), tags.money("totalPrice")
    made = Made(
        TransitClass(
            id="",
            multiple_devices_and_holders_allowed_status=HOLDERS,
            issuer_name=issuer.default_value.value,
            localized_issuer_name=twin(issuer),
            review_status=UNDER_REVIEW,
            logo=look.logo(),
            wide_logo=look.image(look.images.wide_logo),
            transit_type="OTHER" if kind is None else _TYPES.get(kind, "OTHER"),
            transit_operator_name=look.tag("transitProvider"),
        ),
        TransitObject(
            id="",
            class_id="",
            state="",
            trip_type="ONE_WAY",
            passenger_type="SINGLE_PASSENGER" if name else None,
            passenger_names=name,
            ticket_number=words.text(number) if number else None,
            ticket_leg=leg(look),
            purchase_details=Purchase(confirmation, TicketCost(price) if price else None) if confirmation or price else None,
        ),
        rows=False,
    )
    made.put(look.role(Role.MEMBER_NAME), "object.passengerNames")
    made.put(number, "object.ticketNumber")
    leg_tags = (*_TRANSIT_TAGS, *ORIGIN_TAGS, *DESTINATION_TAGS) if leg(look) else ("passengerName", "confirmationNumber")
    made.put_tags(look, **dict.fromkeys(leg_tags, IN_TITLE))
    return made


def leg(look: Look) -> TicketLeg | None:
    """One leg; None where it is not said from where."""
    tags = look.tags
    origin, destination = look.tag(*ORIGIN_TAGS), look.tag(*DESTINATION_TAGS)
    if origin is None:
        return None
    operator, fare = look.tag("transitProvider"), look.tag("ticketFareClass")
    seats = tuple(
        TicketSeat(
            coach=one.text("seatSection") or tags.text("carNumber"),
            seat=_seat(one),
            custom_fare_class=fare,
        )
        for one in tags.seats
    )
    return TicketLeg(
        origin_name=origin,
        destination_name=destination,
        departure_date_time=tags.iso(f"current{_DEPARTS}", f"original{_DEPARTS}"),
        arrival_date_time=tags.iso(f"current{_ARRIVES}", f"original{_ARRIVES}"),
        platform=tags.text("departurePlatform", "departureGate"),
        carriage=tags.text("vehicleName", "vehicleNumber"),
        zone=tags.text("boardingZone"),
        transit_operator_name=operator,
        ticket_seat=seats[0] if len(seats) == 1 else None,
        ticket_seats=seats if len(seats) > 1 else None,
    )
