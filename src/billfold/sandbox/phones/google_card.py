"""A Google Wallet object and its class as the holder reads them: title, fields, barcode, messages. Pure.

May not enter: network; Apple. Source: reference/google-wallet.md sections 1 and 9.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from billfold.sandbox.phones.events import Card, FieldChange, ShownField
from billfold.sandbox.phones.google_codes import RotatingCode, rotating_code
from billfold.sandbox.phones.google_reading import Members, Reader, items, members

_NOT_VALID = ("INACTIVE", "EXPIRED", "COMPLETED")
_OBJECT, _CLASS = "object", "class"

# Group, level, path, label where the class does not say one. What a pass does not have is not shown.
_SHOWN = (
    ("secondary", _CLASS, "rewardsTier", "Tier"),
    ("secondary", _CLASS, "provider", "By"),
    ("secondary", _OBJECT, "accountName", "Name"),
    ("secondary", _OBJECT, "accountId", "Account"),
    ("secondary", _OBJECT, "cardNumber", "Card"),
    ("secondary", _OBJECT, "pin", "PIN"),
    ("secondary", _CLASS, "venue.name", "Venue"),
    ("secondary", _CLASS, "venue.address", "Address"),
    ("secondary", _CLASS, "dateTime.doorsOpen", "Doors"),
    ("secondary", _CLASS, "dateTime.start", "Start"),
    ("secondary", _CLASS, "dateTime.end", "End"),
    ("secondary", _OBJECT, "seatInfo.gate", "Gate"),
    ("secondary", _OBJECT, "seatInfo.section", "Section"),
    ("secondary", _OBJECT, "seatInfo.row", "Row"),
    ("secondary", _OBJECT, "seatInfo.seat", "Seat"),
    ("secondary", _OBJECT, "ticketHolderName", "Name"),
    ("secondary", _OBJECT, "ticketType", "Type"),
    ("secondary", _OBJECT, "ticketNumber", "Ticket"),
    ("secondary", _OBJECT, "passengerName", "Passenger"),
    ("secondary", _OBJECT, "passengerNames", "Passenger"),
    ("secondary", _CLASS, "localBoardingDateTime", "Boarding"),
    ("secondary", _CLASS, "localScheduledDepartureDateTime", "Departs"),
    ("secondary", _CLASS, "localEstimatedOrActualDepartureDateTime", "Now departs"),
    ("secondary", _CLASS, "localScheduledArrivalDateTime", "Arrives"),
    ("secondary", _CLASS, "origin.terminal", "Terminal"),
    ("secondary", _CLASS, "origin.gate", "Gate"),
    ("secondary", _OBJECT, "boardingAndSeatingInfo.boardingGroup", "Group"),
    ("secondary", _OBJECT, "boardingAndSeatingInfo.seatNumber", "Seat"),
    ("secondary", _OBJECT, "boardingAndSeatingInfo.seatClass", "Class"),
    ("secondary", _OBJECT, "boardingAndSeatingInfo.sequenceNumber", "Sequence"),
    ("back", _OBJECT, "reservationInfo.confirmationCode", "Confirmation"),
    ("back", _OBJECT, "reservationInfo.frequentFlyerInfo.frequentFlyerNumber", "Frequent flyer"),
    ("back", _OBJECT, "purchaseDetails.confirmationCode", "Confirmation"),
    ("back", _OBJECT, "purchaseDetails.ticketCost.faceValue", "Price"),
    ("back", _OBJECT, "faceValue", "Price"),
    ("back", _CLASS, "details", "Details"),
    ("back", _CLASS, "finePrint", "Fine print"),
)
_LEG = (
    ("departureDateTime", "Departs"),
    ("arrivalDateTime", "Arrives"),
    ("platform", "Platform"),
    ("carriage", "Train"),
    ("zone", "Zone"),
    ("transitOperatorName", "Operator"),
)


@dataclass(frozen=True)
class GooglePass:
    """A saved pass. `messages`: id, then the text inside the pass, in the order they came. `card.barcode` is the code as it was
    when the pass was read; a rotating one is `rotating`."""

    object_id: str
    class_id: str
    card: Card
    messages: tuple[tuple[str, str], ...]
    rotating: RotatingCode | None = None


def read_pass(entry: Mapping[str, object], language: str = "en", now_ms: int = 0) -> GooglePass:
    """`entry` has objectId, vertical, title, section, object and class, as the phone is given them."""
    object_, class_, reader = members(entry.get("object")), members(entry.get("class")), Reader(language)
    rotating = rotating_code(object_)
    fixed = members(object_.get("barcode"))
    title = _title(reader, object_, class_) or reader.text(entry.get("title"))
    card = Card(
        title=title,
        organization_name=reader.member(class_, "issuerName") or reader.text(object_.get("cardTitle")) or title,
        fields=(
            *_headline(reader, object_),
            *_balances(reader, object_),
            *_known_fields(reader, object_, class_),
            *_legs(reader, object_),
            *_modules(reader, object_),
            *_modules(reader, class_),
        ),
        background_color=reader.text(object_.get("hexBackgroundColor")) or reader.text(class_.get("hexBackgroundColor")) or None,
        barcode=rotating.at(now_ms) if rotating else reader.text(fixed.get("value")) or None,
        voided=reader.text(object_.get("state")).upper() in _NOT_VALID,
        barcode_format=reader.text((members(object_.get("rotatingBarcode")) if rotating else fixed).get("type")) or None,
        layout=reader.text(entry.get("vertical")) or None,
        expired=entry.get("section") == "expired",
    )
    return GooglePass(
        reader.text(entry.get("objectId")), reader.text(entry.get("classId")), card, _messages(reader, object_), rotating
    )


def compare(old: GooglePass, new: GooglePass) -> tuple[FieldChange, ...]:
    """Fields paired by key; changed when the holder reads something else."""
    before = {field.key: field for field in old.card.fields}
    after = {field.key: field for field in new.card.fields}
    changes = [
        FieldChange(key, field.label, before[key].value if key in before else None, field.value)
        for key, field in after.items()
        if key not in before or before[key].value != field.value
    ]
    changes += [FieldChange(key, field.label, field.value, None) for key, field in before.items() if key not in after]
    return tuple(changes)


def new_message(old: GooglePass, new: GooglePass) -> str | None:
    """The latest message inside the pass that was not there before. Ids may repeat, so texts count as well."""
    fresh = [text for id_, text in new.messages if (id_, text) not in old.messages]
    if not fresh and len(new.messages) > len(old.messages):
        fresh = [new.messages[-1][1]]
    return fresh[-1] if fresh else None


def _title(reader: Reader, object_: Members, class_: Members) -> str:
    """What stands at the top, by the kind of pass."""
    for text in (
        reader.text(object_.get("cardTitle")),
        reader.member(class_, "programName"),
        reader.member(class_, "title"),
        reader.text(class_.get("eventName")),
        reader.member(class_, "merchantName"),
    ):
        if text:
            return text
    if "flightHeader" in class_:
        number = reader.at(class_, "flightHeader.carrier.carrierIataCode") or reader.at(
            class_, "flightHeader.carrier.carrierIcaoCode"
        )
        way = [reader.at(class_, f"{end}.airportIataCode") for end in ("origin", "destination")]
        return f"{number} {reader.at(class_, 'flightHeader.flightNumber')} {way[0]} → {way[1]}"
    leg = next(iter(_leg_list(object_)), {})
    ends = [reader.text(leg.get(name)) for name in ("originName", "destinationName")]
    return " → ".join(filter(None, ends))


def _headline(reader: Reader, object_: Members) -> list[ShownField]:
    header = reader.text(object_.get("header"))
    return [ShownField("primary", "header", reader.text(object_.get("subheader")), header)] if header else []


def _balances(reader: Reader, object_: Members) -> list[ShownField]:
    found = []
    for key in ("loyaltyPoints", "secondaryLoyaltyPoints"):
        points = members(object_.get(key))
        if points:
            balance = reader.amount(members(points.get("balance")))
            found.append(ShownField("header", key, reader.member(points, "label"), balance))
    if "balance" in object_:
        found.append(ShownField("header", "balance", "Balance", reader.amount({"money": object_["balance"]})))
    return found


def _known_fields(reader: Reader, object_: Members, class_: Members) -> list[ShownField]:
    """What the verticals have beside text modules."""
    found = []
    for group, level, path, label in _SHOWN:
        value = reader.at(object_ if level == _OBJECT else class_, path)
        if value:
            own = reader.member(class_, f"{path}Label") if "." not in path else ""
            found.append(ShownField(group, path, own or label, value))
    return found


def _leg_list(object_: Members) -> list[Members]:
    single = members(object_.get("ticketLeg"))
    return [single] if single else [members(one) for one in items(object_.get("ticketLegs"))]


def _legs(reader: Reader, object_: Members) -> list[ShownField]:
    found = []
    for number, leg in enumerate(_leg_list(object_)):
        start = f"leg{number}"
        ends = [reader.text(leg.get(name)) for name in ("originName", "destinationName")]
        found.append(ShownField("primary", start, "Journey", " → ".join(filter(None, ends))))
        for name, label in _LEG:
            if value := reader.text(leg.get(name)):
                found.append(ShownField("secondary", f"{start}.{name}", label, value))
        seats = [members(leg.get("ticketSeat"))] if "ticketSeat" in leg else [members(one) for one in items(leg.get("ticketSeats"))]
        for at, seat in enumerate(seats):
            place = " ".join(filter(None, (reader.text(seat.get("coach")), reader.text(seat.get("seat")))))
            if place:
                found.append(ShownField("secondary", f"{start}.seat{at}", "Seat", place))
    return found


def _modules(reader: Reader, resource: Members) -> list[ShownField]:
    found = []
    for position, entry in enumerate(items(resource.get("textModulesData"))):
        module = members(entry)
        key = reader.text(module.get("id")) or f"text{position}"
        group = "back" if key.startswith("back") else "secondary"
        found.append(ShownField(group, key, reader.member(module, "header"), reader.member(module, "body")))
    return found


def _messages(reader: Reader, object_: Members) -> tuple[tuple[str, str], ...]:
    found = []
    for entry in items(object_.get("messages")):
        message = members(entry)
        header, body = reader.member(message, "header"), reader.member(message, "body")
        found.append((reader.text(message.get("id")), f"{header}: {body}" if header else body))
    return tuple(found)
