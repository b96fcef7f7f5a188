"""Rules that Google's discovery document states only in prose: what must be there, what excludes what, bounds and forms.

Each rule yields the text of a refusal. The texts are invented, but for "Barcode type must be set." and the allowlist's.
Rules that need other resources are in resources.py. May not enter: storage, HTTP, the clock.
Source: reference/google-wallet.md sections 1.3 and 1.8 to 1.13; rule numbers below are those of its section 8.2."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from billfold.sandbox.google.errors import invalid_resource
from billfold.sandbox.google.schema import Schemas
from billfold.sandbox.google.values import JsonObject, as_list, as_object, as_text, dig, texts
from billfold.sandbox.google.verticals import CLASS, ResourceType

MESSAGES_MAX = 10
MERCHANT_LOCATIONS_MAX = 10
NOT_ALLOWLISTED = "Issuer not allowlisted for Merchant Locations. Please contact support."

_COLOUR = re.compile(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_MODULE_ID = re.compile(r"[A-Za-z0-9_-]+")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::([0-5]\d)(?:\.\d{1,9})?)?(Z|[+-](?:0\d|1\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)?", re.ASCII
)
_LOCAL_FLIGHT_TIMES = (
    "localScheduledDepartureDateTime",
    "localEstimatedOrActualDepartureDateTime",
    "localBoardingDateTime",
    "localScheduledArrivalDateTime",
    "localEstimatedOrActualArrivalDateTime",
    "localGateClosingDateTime",
)


@dataclass(frozen=True)
class Conditions:
    """What the rules must know about the world: is the issuer allowlisted, may a callback address be plain http."""

    allowlisted: bool
    http_callbacks: bool


def date_time_offset(text: str) -> bool | None:
    """Whether the ISO 8601 date and time carries an offset; None where it is no date and time."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    try:
        datetime.fromisoformat(match.group(1))
    except ValueError:
        return None
    return match.group(3) is not None


def _both(value: JsonObject, *names: str) -> int:
    return sum(1 for name in names if value.get(name) not in (None, "", {}))


def _image(value: JsonObject) -> Iterator[str]:
    if _both(value, "sourceUri", "privateImageId") != 1:
        yield "an image needs exactly one of sourceUri and privateImageId"


def _image_uri(value: JsonObject) -> Iterator[str]:
    if not _has_scheme(as_text(value.get("uri"))):
        yield "the uri of an image must be an absolute http or https address"


def _has_scheme(uri: str, *, web: bool = True) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) if web else bool(parts.scheme)


def _link(value: JsonObject) -> Iterator[str]:
    if "uri" in value and not _has_scheme(as_text(value["uri"]), web=False):
        yield "a uri must have a scheme"


def _barcode(value: JsonObject) -> Iterator[str]:
    if value.get("type") in (None, "BARCODE_TYPE_UNSPECIFIED"):
        yield "Barcode type must be set."  # recorded, the only one
    if value.get("type") == "TEXT_ONLY" and value.get("alternateText"):
        yield "alternateText is not allowed with TEXT_ONLY"


def _rotating_barcode(value: JsonObject) -> Iterator[str]:
    if value.get("type") not in ("QR_CODE", "PDF_417"):
        yield "the type of a rotating barcode must be QR_CODE or PDF_417"
    if "totpDetails" in value:
        for parameter in as_list(dig(value, "totpDetails", "parameters")):
            if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", as_text(dig(parameter, "key"))) is None:
                yield "a totp key must be Base16"


def _point(value: JsonObject) -> Iterator[str]:
    for name, bound in (("latitude", 90), ("longitude", 180)):
        number = value.get(name, 0)
        if not isinstance(number, int | float) or not -bound <= number <= bound:
            yield f"{name} must lie between -{bound} and {bound}"


def _date(value: JsonObject) -> Iterator[str]:
    if date_time_offset(as_text(value.get("date"))) is None:
        yield "not an ISO 8601 date and time"


def _interval(value: JsonObject) -> Iterator[str]:
    offsets = {date_time_offset(as_text(dig(value, end, "date"))) for end in ("start", "end") if end in value}
    if len(offsets) == 2:
        yield "start and end must both carry an offset, or neither"


def _venue(value: JsonObject) -> Iterator[str]:
    if _both(value, "name", "address") != 2:
        yield "a venue needs name and address"


def _loyalty_points(value: JsonObject) -> Iterator[str]:
    if "balance" not in value:
        yield "balance is required"


def _points_balance(value: JsonObject) -> Iterator[str]:
    if sum(1 for name in ("string", "int", "double", "money") if name in value) != 1:
        yield "exactly one of string, int, double and money must be set"


def _flight_header(value: JsonObject) -> Iterator[str]:
    if "carrier" not in value or not as_text(value.get("flightNumber")):
        yield "carrier and flightNumber are required"
    for name in ("flightNumber", "operatingFlightNumber"):
        if name in value and re.fullmatch(r"[0-9]+", as_text(value[name])) is None:
            yield f"{name} must hold digits only"


def _carrier(value: JsonObject) -> Iterator[str]:
    if _both(value, "carrierIataCode", "carrierIcaoCode") != 1:
        yield "exactly one of carrierIataCode and carrierIcaoCode must be set"


def _airport(value: JsonObject) -> Iterator[str]:
    if re.fullmatch(r"[A-Za-z0-9]{3}", as_text(value.get("airportIataCode"))) is None:
        yield "airportIataCode must have three characters"


def _text_module(value: JsonObject) -> Iterator[str]:
    if "id" in value and _MODULE_ID.fullmatch(as_text(value["id"])) is None:
        yield "the id of a text module may hold only letters, digits, _ and -"


def _value_added(value: JsonObject) -> Iterator[str]:
    if _both(value, "header", "uri") != 2:
        yield "a value added module needs header and uri"


def _row(value: JsonObject) -> Iterator[str]:
    if _both(value, "oneItem", "twoItems", "threeItems") != 1:
        yield "exactly one of oneItem, twoItems and threeItems must be set"


def _card_template(value: JsonObject) -> Iterator[str]:
    if len(as_list(value.get("cardRowTemplateInfos"))) > 3:
        yield "at most three rows are allowed"


def _message(value: JsonObject) -> Iterator[str]:
    if value.get("messageType") == "EXPIRATION_NOTIFICATION":
        yield "EXPIRATION_NOTIFICATION is not supported"


def _event_times(value: JsonObject) -> Iterator[str]:
    for name in ("start", "end", "doorsOpen"):
        if name in value and date_time_offset(as_text(value[name])) is None:
            yield f"{name} is not an ISO 8601 date and time"


_NESTED: dict[str, Callable[[JsonObject], Iterator[str]]] = {
    "Image": _image,
    "ImageUri": _image_uri,
    "Uri": _link,
    "Barcode": _barcode,
    "RotatingBarcode": _rotating_barcode,
    "LatLongPoint": _point,
    "MerchantLocation": _point,
    "DateTime": _date,
    "TimeInterval": _interval,
    "EventVenue": _venue,
    "LoyaltyPoints": _loyalty_points,
    "LoyaltyPointsBalance": _points_balance,
    "FlightHeader": _flight_header,
    "FlightCarrier": _carrier,
    "AirportInfo": _airport,
    "TextModuleData": _text_module,
    "ValueAddedModuleData": _value_added,
    "CardRowTemplateInfo": _row,
    "CardTemplateOverride": _card_template,
    "Message": _message,
    "EventDateTime": _event_times,
}


def check(schemas: Schemas, kind: ResourceType, body: JsonObject, conditions: Conditions) -> None:
    """`body` is valid by the schema and has its final content. Raises ApiError 400 `invalidResource` (rules 4, 16, 17, 18)."""
    for name in schemas.required[kind.schema]:
        unspecified = schemas.by_name[kind.schema][name].enum and as_text(body.get(name)).endswith("_UNSPECIFIED")
        if unspecified or body.get(name) in (None, "", {}, []):
            raise invalid_resource(f"{name} is required")
    for name, at, value in schemas.walk(kind.schema, body):
        rule = _NESTED.get(name)
        for text in rule(value) if rule else ():
            raise invalid_resource(text if text == "Barcode type must be set." else f"{at}: {text}")
    for text in _top(kind, body, conditions):
        raise invalid_resource(text)


def _top(kind: ResourceType, body: JsonObject, conditions: Conditions) -> Iterator[str]:
    colour = body.get("hexBackgroundColor")
    if colour is not None and _COLOUR.fullmatch(as_text(colour)) is None:
        yield "hexBackgroundColor must be #rgb or #rrggbb"
    places = as_list(body.get("merchantLocations"))
    if len(places) > MERCHANT_LOCATIONS_MAX:
        yield f"at most {MERCHANT_LOCATIONS_MAX} merchantLocations are allowed"
    if places and not conditions.allowlisted:
        yield NOT_ALLOWLISTED
    if len(as_list(body.get("messages"))) > MESSAGES_MAX:
        yield f"at most {MESSAGES_MAX} messages are allowed"
    if len(as_list(body.get("valueAddedModuleData"))) > 15:
        yield "at most 15 valueAddedModuleData are allowed"
    if len(as_text(body.get("eventId"))) > 64:
        yield "eventId may have at most 64 characters"
    if not as_text(body.get("smartTapRedemptionValue")).isascii():
        yield "smartTapRedemptionValue must be ASCII"
    if "balanceUpdateTime" in body and not date_time_offset(as_text(dig(body, "balanceUpdateTime", "date"))):
        yield "balanceUpdateTime needs an offset"
    for name in _LOCAL_FLIGHT_TIMES:
        if name in body and date_time_offset(as_text(body[name])) is not False:
            yield f"{name} must be an ISO 8601 date and time without an offset"
    if kind.kind == CLASS:
        yield from _callback(body, conditions)
    elif kind.vertical == "transit":
        yield from _transit(body)


def _callback(body: JsonObject, conditions: Conditions) -> Iterator[str]:
    """Google takes https only. A stand-in that itself speaks plain http takes such an address too, and says so in its README."""
    for name, url in as_object(body.get("callbackOptions")).items():
        scheme = as_text(url).split(":", 1)[0].lower()
        plain = scheme == "http" and conditions.http_callbacks
        if not _has_scheme(as_text(url)) or not (scheme == "https" or plain):
            yield f"callbackOptions.{name} must be an https address"


def _transit(body: JsonObject) -> Iterator[str]:
    if "ticketLeg" in body and "ticketLegs" in body:
        yield "only one of ticketLeg and ticketLegs may be set"
    legs = [as_object(leg) for leg in (*as_list(body.get("ticketLegs")), body.get("ticketLeg")) if leg]
    for leg in legs:
        departure = as_text(leg.get("departureDateTime"))
        if departure and date_time_offset(departure) is None:
            yield "departureDateTime is not an ISO 8601 date and time"
        if not departure and "validTimeInterval" not in body:
            yield "a leg needs departureDateTime when there is no validTimeInterval"


def check_message(message: JsonObject) -> None:
    """For addMessage. Raises ApiError 400 for a message without any text."""
    if not any(message.get(name) for name in ("header", "body", "localizedHeader", "localizedBody")):
        raise invalid_resource("message: header or body is required")
    for text in _message(message):
        raise invalid_resource(f"message: {text}")


def linked_ids(body: JsonObject) -> list[str]:
    """linkedObjectIds without what exceeds 50, which Google ignores (rule 19)."""
    return texts(body.get("linkedObjectIds"))[:50]
