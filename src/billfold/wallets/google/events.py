"""Event tickets: event, venue, times, seat and holder, from semantic tags and roles.

May not enter: what all verticals have (classes.py, objects.py). Source: reference/google-wallet.md sections 1.3 and 9.1."""

from billfold.domain.content import Field, Role
from billfold.wallets.google.look import HOLDERS, IN_TITLE, UNDER_REVIEW, Look, Made
from billfold.wallets.google.semantics import Tags
from billfold.wallets.google.shapes import (
    EventDateTime,
    EventReservation,
    EventSeat,
    EventTicketClass,
    EventTicketObject,
    EventVenue,
    LocalizedString,
)
from billfold.wallets.google.words import twin

ADDRESS_TAGS = ("venueAddress", "venueRegionName")
GATE_TAGS = ("venueEntranceGate", "venueEntrance", "venueEntranceDoor", "venueEntrancePortal")


def event_ticket(look: Look) -> Made:
    tags, words, issuer = look.tags, look.words, look.issuer()
    name, name_field = event_name(look)
    fine, holder = look.role(Role.FINE_PRINT), look.role(Role.MEMBER_NAME)
    number, kind = look.role(Role.CARD_NUMBER, Role.MEMBER_ID), look.role(Role.TIER)
    holder_name = words.text(holder) if holder else tags.person("attendeeName") or tags.person("passengerName")
    confirmation, price, times, place = tags.text("confirmationNumber"), tags.money("totalPrice"), _times(tags), venue(look)
    seat = seat_info(look)
    made = Made(
        EventTicketClass(
            id="",
            multiple_devices_and_holders_allowed_status=HOLDERS,
            issuer_name=issuer.default_value.value,
            localized_issuer_name=twin(issuer),
            review_status=UNDER_REVIEW,
            event_name=name,
            venue=place,
            date_time=times,
            logo=look.logo(),
            wide_logo=look.image(look.images.wide_logo),
            fine_print=words.value(fine) if fine else None,
        ),
        EventTicketObject(
            id="",
            class_id="",
            state="",
            seat_info=seat,
            reservation_info=EventReservation(confirmation) if confirmation else None,
            ticket_holder_name=holder_name,
            ticket_type=words.value(kind) if kind else look.tag("admissionLevel"),
            ticket_number=words.text(number) if number else None,
            face_value=price,
        ),
    )
    made.put(name_field, IN_TITLE)
    made.put(fine, IN_TITLE)
    made.put(holder, "object.ticketHolderName")
    made.put(number, "object.ticketNumber")
    made.put(kind, "object.ticketType")
    _put_tags(look, made, times, place, seat)
    return made


def event_name(look: Look) -> tuple[LocalizedString, Field | None]:
    """The tag, else what stands biggest on the card; and the field that says it."""
    text = look.tag("eventName")
    if text is None:
        return look.title(Role.PROGRAM_NAME)
    key, said = look.tags.by_field.get("eventName"), text.default_value.value
    return text, next((one for one in look.content.fields() if one.key == key or one.value == said), None)


def venue(look: Look) -> EventVenue | None:
    """Google wants an address with the name, so a name alone is left away."""
    name, address = look.tag("venueName"), look.tag(*ADDRESS_TAGS)
    return EventVenue(name, address) if name and address else None


def _times(tags: Tags) -> EventDateTime | None:
    times = EventDateTime(
        start=tags.iso("eventStartDate", "eventStartDateInfo"),
        end=tags.iso("eventEndDate"),
        doors_open=tags.iso("venueDoorsOpenDate", "venueGatesOpenDate", "venueOpenDate"),
    )
    return times if times.start or times.end or times.doors_open else None


def seat_info(look: Look) -> EventSeat | None:
    """Seats side by side as one text; of others the first (rules.py tells)."""
    seats, gate = look.tags.seats, look.tag(*GATE_TAGS)
    first = seats[0] if seats else Tags({})
    row, section = first.text("seatRow"), first.text("seatSection")
    numbers = [
        number
        for one in seats
        if (one.text("seatRow"), one.text("seatSection")) == (row, section)
        and (number := one.text("seatNumber", "seatIdentifier", "seatDescription"))
    ]
    if not (numbers or row or section or gate):
        return None
    plain = look.words.plain
    return EventSeat(
        seat=plain(", ".join(numbers)) if numbers else None,
        row=plain(row) if row else None,
        section=plain(section) if section else None,
        gate=gate,
    )


def _put_tags(look: Look, made: Made, times: EventDateTime | None, place: EventVenue | None, seat: EventSeat | None) -> None:
    if times and times.start:
        made.put_tags(look, eventStartDate="class.dateTime.start", eventStartDateInfo="class.dateTime.start")
    if times and times.end:
        made.put_tags(look, eventEndDate="class.dateTime.end")
    if times and times.doors_open:
        made.put_tags(look, venueDoorsOpenDate="class.dateTime.doorsOpen", venueGatesOpenDate="class.dateTime.doorsOpen")
    if place:
        made.put_tags(look, venueName="class.venue.name", **dict.fromkeys(ADDRESS_TAGS, "class.venue.address"))
    if seat and seat.seat:
        made.put_tags(look, seats="object.seatInfo.seat")
    if seat and seat.gate:
        made.put_tags(look, **dict.fromkeys(GATE_TAGS, "object.seatInfo.gate"))
    made.put_tags(look, attendeeName="object.ticketHolderName", admissionLevel="object.ticketType")
    made.put_tags(look, confirmationNumber="object.reservationInfo.confirmationCode")
    if look.tags.money("totalPrice"):
        made.put_tags(look, totalPrice="object.faceValue")
