"""What Google puts into the title area of each kind of card, and which fields stay for its rows. Text only.

Google fixes the area by kind: a loyalty card has its programme there, a gift card its balance, a journey its two ends; and the rows
of a journey are Google's own. Source: reference/google-wallet.md sections 1.4 and 1.12; the order of a journey's facts is ours.
May not enter: drawing, what is sent to Google (wallets/google)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from billfold.domain.content import Content, DateFormat, DateStyle, Field, JsonObject, Kind, MoneyFormat, Role
from billfold.domain.formatting import moment_of, number_of
from billfold.rendering.scene import Scene
from billfold.rendering.words import words

_WHEN = DateFormat(DateStyle.SHORT, DateStyle.SHORT, own_time_zone=True)
_JOURNEYS = (Kind.FLIGHT, Kind.TRANSIT)
_ENDS = ("AirportCode", "StationName", "LocationDescription", "CityName", "AirportName")
_JOURNEY_TAGS = frozenset(
    {
        *(f"{end}{name}" for end in ("departure", "destination") for name in _ENDS),
        *("currentDepartureDate", "originalDepartureDate", "departureGate", "departurePlatform", "departureTerminal"),
        *("carNumber", "vehicleNumber", "passengerName", "boardingGroup", "boardingZone", "seats", "transitProvider"),
    }
)
"""What the card of a journey shows by itself."""
_NAME_PARTS = ("namePrefix", "givenName", "middleName", "familyName", "nameSuffix")
_ONLY_DETAILS = (Role.PROVIDER, Role.DETAILS, Role.FINE_PRINT)
"""Of an offer: Google keeps them below the card."""


@dataclass(frozen=True, slots=True)
class Face:
    """`line`: beside the logo; `headline`: the large text, with its label."""

    line: str
    headline: str
    label: str | None = None


def face(scene: Scene) -> Face:
    content = scene.content
    match content.kind:
        case Kind.LOYALTY:
            program = content.by_role(Role.PROGRAM_NAME)
            return Face(content.organization_name, _value(scene, program) or content.logo_text or content.organization_name)
        case Kind.GIFT_CARD:
            return _gift_card(scene)
        case Kind.FLIGHT | Kind.TRANSIT if (ends := _ends(content)) is not None:
            return Face(_text(tags(content), "transitProvider") or content.organization_name, ends)
        case Kind.OFFER | Kind.EVENT_TICKET:
            one = _titled(content)
            name = _text(tags(content), "eventName") if content.kind is Kind.EVENT_TICKET else None
            return Face(content.organization_name, name or _value(scene, one) or content.description)
        case _:
            first = content.primary[0] if content.primary else None
            line = content.logo_text or content.organization_name
            return Face(line, scene.value(first), first.label) if first else Face(line, content.description)


def off_the_rows(content: Content) -> frozenset[str]:
    """Keys of the fields that do not stand in the card's rows: in the title area, or in the details alone."""
    match content.kind:
        case Kind.FLIGHT | Kind.TRANSIT:
            return frozenset(one.key for one in content.fields())
        case Kind.LOYALTY:
            gone = [content.by_role(Role.PROGRAM_NAME)]
        case Kind.GIFT_CARD:
            gone = [content.by_role(Role.PROVIDER), content.by_role(Role.BALANCE) if _balance(content) else None]
        case Kind.OFFER:
            gone = [_titled(content), *map(content.by_role, _ONLY_DETAILS)]
        case Kind.EVENT_TICKET:
            gone = [_named(content), content.by_role(Role.FINE_PRINT)]
        case _:
            gone = [*content.primary[:1]]
    return frozenset(one.key for one in gone if one is not None)


def in_the_title(content: Content) -> frozenset[str]:
    """Those of them that the title area says, so that the details need not."""
    if content.kind in _JOURNEYS:
        said = (one for one in content.fields() if one.role is Role.MEMBER_NAME or not _JOURNEY_TAGS.isdisjoint(one.semantics))
        return frozenset(one.key for one in said)
    below = {one.key for one in content.fields() if content.kind is Kind.OFFER and one.role in _ONLY_DETAILS}
    below |= {one.key for one in content.fields() if content.kind is Kind.EVENT_TICKET and one.role is Role.FINE_PRINT}
    return off_the_rows(content) - below


def journey(scene: Scene) -> tuple[tuple[Field, ...], ...]:
    """Rows that Google fills by itself from semantic tags; none for other kinds."""
    if scene.content.kind not in _JOURNEYS:
        return ()
    say, found = words(scene.language), tags(scene.content)
    flight = scene.content.kind is Kind.FLIGHT
    given: tuple[tuple[tuple[str, str | None], ...], ...] = (
        (
            ("departs", _moment(found, "currentDepartureDate", "originalDepartureDate")),
            ("gate", _text(found, "departureGate")) if flight else ("platform", _text(found, "departurePlatform", "departureGate")),
            ("terminal", _text(found, "departureTerminal")) if flight else ("coach", _text(found, "carNumber", "vehicleNumber")),
        ),
        (
            ("passenger", _passenger(scene, found)),
            ("group", _text(found, "boardingGroup", "boardingZone")),
            ("seat", _seat(found)),
        ),
    )
    rows = (tuple(Field(name, text, say[name], format=_format(name)) for name, text in row if text) for row in given)
    return tuple(row for row in rows if row)


def _format(name: str) -> DateFormat | None:
    return _WHEN if name == "departs" else None


def tags(content: Content) -> Mapping[str, object]:
    """Semantic tags of the content, and below them those of its fields."""
    found: JsonObject = {}
    for one in content.fields():
        found |= {name: value for name, value in one.semantics.items() if name not in found}
    return found | content.semantics


def _titled(content: Content) -> Field | None:
    role = Role.OFFER_TITLE if content.kind is Kind.OFFER else Role.PROGRAM_NAME
    return content.by_role(role) or (content.primary[0] if content.primary else None)


def _named(content: Content) -> Field | None:
    """The field with the event's name."""
    name = _text(tags(content), "eventName")
    if name is None:
        return _titled(content)
    return next((one for one in content.fields() if "eventName" in one.semantics or one.value == name), None)


def _gift_card(scene: Scene) -> Face:
    content = scene.content
    line = _value(scene, content.by_role(Role.PROVIDER)) or content.logo_text or content.organization_name
    one = _balance(content)
    return Face(line, scene.value(one), one.label) if one else Face(line, line)


def _balance(content: Content) -> Field | None:
    """The field with the amount, or a semantic tag as such a field."""
    one = content.by_role(Role.BALANCE)
    if one is not None and isinstance(one.format, MoneyFormat) and number_of(one.value) is not None:
        return one
    tag = tags(content).get("balance")
    amount, currency = (tag.get("amount"), tag.get("currencyCode")) if isinstance(tag, dict) else (None, None)
    if isinstance(amount, str) and isinstance(currency, str) and number_of(amount) is not None:
        return Field("balance", amount, format=MoneyFormat(currency))
    return None


def _ends(content: Content) -> str | None:
    """`VIE → JFK`, or the stations; None where one of them is not said."""
    found = tags(content)
    names = _ENDS if content.kind is Kind.FLIGHT else _ENDS[1:]
    ends = [_text(found, *(f"{end}{name}" for name in names)) for end in ("departure", "destination")]
    return " → ".join(one for one in ends if one) if all(ends) else None


def _text(found: Mapping[str, object], *names: str) -> str | None:
    return next(_texts(found, names), None)


def _texts(found: Mapping[str, object], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = found.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            yield str(value).strip()


def _moment(found: Mapping[str, object], *names: str) -> str | None:
    return next((text for text in _texts(found, names) if moment_of(text) is not None), None)


def _passenger(scene: Scene, found: Mapping[str, object]) -> str | None:
    person = found.get("passengerName")
    if isinstance(person, dict):
        return " ".join(part for name in _NAME_PARTS if isinstance(part := person.get(name), str)) or None
    return _value(scene, scene.content.by_role(Role.MEMBER_NAME)) or None


def _seat(found: Mapping[str, object]) -> str | None:
    """`25A`, whether in one tag or in two."""
    seats = found.get("seats")
    first = seats[0] if isinstance(seats, list) and seats and isinstance(seats[0], dict) else {}
    row, number = _text(first, "seatRow"), _text(first, "seatNumber", "seatIdentifier")
    return f"{row}{number}" if row and number and number.isalpha() else number or _text(first, "seatDescription")


def _value(scene: Scene, one: Field | None) -> str:
    return scene.value(one) if one is not None else ""
