"""What Google's description says about a class or an object in prose: what must be together, what excludes what, bounds, forms.

One function a type, by its name in the table at the end; each speaks about one JSON object and trusts only members that are well
formed (`sound`). May not enter: types and values of members (document.py), neutral content.
Source: reference/google-wallet.md sections 1.3 and 1.8 to 1.14."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from billfold.ports import Finding

_COLOR: Final = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_ID: Final = re.compile(r"[0-9]{1,20}\.[A-Za-z0-9._-]+")
_MODULE_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::[0-5]\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:[0-5]\d)?", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_PATH: Final = re.compile(r"(?:class|object)\.[A-Za-z]+(?:\.[A-Za-z]+|\['[A-Za-z0-9_-]+'\])*")
_TOTP: Final = re.compile(r"\{totp_value_([0-9]+)\}")
_CODE_DIGITS: Final = {"EAN_13": (12, 13), "EAN_8": (7, 8), "UPC_A": (11, 12), "ITF_14": (14,)}
_PLAIN_CODE_DIGITS: Final = {name.replace("_", ""): lengths for name, lengths in _CODE_DIGITS.items()} | {"ITF": (14,)}
"""`ITF`: the neutral name of a code that Apple draws of any length, and Google with fourteen digits alone."""

ADVISED: Final = {
    "issuerName": 20,
    "programName": 20,
    "provider": 12,
    "shortTitle": 20,
    "title": 60,
    "accountId": 20,
    "accountName": 20,
    "accountIdLabel": 15,
    "accountNameLabel": 15,
    "rewardsTier": 7,
    "rewardsTierLabel": 9,
    "secondaryRewardsTier": 7,
    "secondaryRewardsTierLabel": 9,
}
"""Characters; longer texts are cut somewhere."""

FLIGHT_TIMES: Final = (
    "localScheduledDepartureDateTime",
    "localEstimatedOrActualDepartureDateTime",
    "localBoardingDateTime",
    "localScheduledArrivalDateTime",
    "localEstimatedOrActualArrivalDateTime",
    "localGateClosingDateTime",
)

Given = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document, and the type that stands there."""

    path: str
    type: str
    depth: int = 0

    def member(self, name: str) -> "Place":
        return Place(f"{self.path}.{name}" if self.path else name, self.type, self.depth)

    def item(self, at: int) -> "Place":
        return Place(f"{self.path}[{at}]", self.type, self.depth)

    def of(self, type_name: str) -> "Place":
        return Place(self.path, type_name, self.depth + 1)


def error(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "error", path, message, mend, "Google refuses the whole document")


def warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "warning", path, message, mend)


def check(name: str, value: Given, sound: Given, place: Place, *, whole: bool) -> Iterator[Finding]:
    """`value`: all that is there; `sound`: the members of it that are well formed."""
    rule = _RULES.get(name)
    if rule is not None:
        yield from rule(value, sound, place)
    if name.endswith(("Class", "Object")):
        yield from _resource(value, sound, place, whole=whole)


def offset_of(text: object) -> bool | None:
    """Whether an ISO 8601 date and time carries an offset; None where it is no date and time."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        datetime.fromisoformat(match.group(0)[:16])
    except ValueError:
        return None
    return match.group(1) is not None


def _texts(value: Given, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        if isinstance(text := value.get(name), str):
            yield name, text


def _exactly_one(value: Given, place: Place, *names: str) -> Iterator[Finding]:
    if sum(value.get(name) not in (None, "", {}) for name in names) != 1:
        yield error("exactly_one", place.path, f"needs exactly one of {', '.join(names)}", "send one of them")


def _needs(value: Given, place: Place, *names: str) -> Iterator[Finding]:
    for name in names:
        if value.get(name) in (None, "", {}, []):
            yield error("member_missing", place.member(name).path, f"{place.type} needs {name}", "give it")


def _long(place: Place, name: str, text: str, most: int) -> Iterator[Finding]:
    if len(text) > most:
        yield warning("text_long", place.member(name).path, f"Google may cut it after {most} characters", "shorten it")


def _list(value: Given, name: str) -> list[object]:
    found = value.get(name)
    return found if isinstance(found, list) else []


# --- classes and objects ----------------------------------------------------------------------------------------------------------


def _resource(value: Given, sound: Given, place: Place, *, whole: bool) -> Iterator[Finding]:
    for name, text in _texts(sound, "id", "classId"):
        if _ID.fullmatch(text) is None:
            mend = "write the issuer's number, a dot, and letters, digits, . _ or -"
            yield error("id_form", place.member(name).path, "is no id of Google's form", mend)
    ids = dict(_texts(sound, "id", "classId"))
    if len(ids) == 2 and ids["id"].partition(".")[0] != ids["classId"].partition(".")[0]:
        yield error("issuers_differ", place.member("classId").path, "class and object have different issuers", "use one issuer")
    if sound.get("reviewStatus") in ("APPROVED", "REJECTED"):
        mend = "send UNDER_REVIEW with every write"
        yield error("review_status", place.member("reviewStatus").path, "only Google sets this status", mend)
    for name, text in _texts(sound, "hexBackgroundColor"):
        if _COLOR.fullmatch(text) is None:
            yield error("color_unusable", place.member(name).path, "is no colour", "write #rrggbb")
    for name, most in ADVISED.items():
        if isinstance(long := sound.get(name), str):
            yield from _long(place, name, long, most)
    yield from _counts(sound, place)
    yield from _codes(value, sound, place)
    if sound.get("enableSmartTap") is True and not sound.get("redemptionIssuers"):
        mend = "name the issuers whose terminals read it"
        yield warning("smart_tap_alone", place.member("redemptionIssuers").path, "without them no terminal reads the pass", mend)
    linked = sound.get("linkedObjectIds")
    if isinstance(linked, list) and sound.get("id") in linked:
        yield error("linked_to_itself", place.member("linkedObjectIds").path, "an object cannot come with itself", "leave it away")
    if place.type.startswith("Flight"):
        for name, text in _texts(sound, *FLIGHT_TIMES):
            if offset_of(text) is not False:
                mend = "write it in the airport's time, without offset: 2026-11-25T18:30"
                yield error("flight_time", place.member(name).path, "is no local time", mend)
    for name, text in _texts(sound, "eventId"):
        if len(text) > 64:
            yield error("event_id_long", place.member(name).path, "has more than 64 characters", "shorten it")
    yield from _legs(value, place)


def _counts(sound: Given, place: Place) -> Iterator[Finding]:
    for name, most, refused in (
        ("messages", 10, True),
        ("merchantLocations", 10, True),
        ("textModulesData", 10, False),
        ("imageModulesData", 1, False),
        ("valueAddedModuleData", 15, False),
        ("linkedObjectIds", 50, False),
    ):
        if len(_list(sound, name)) > most:
            make = error if refused else warning
            does = "takes" if refused else "shows"
            yield make("too_many", place.member(name).path, f"Google {does} at most {most}", "send fewer")


def _codes(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    for name, text in _texts(sound, "smartTapRedemptionValue"):
        if not text.isascii():
            yield error("not_ascii", place.member(name).path, "may hold ASCII only", "use letters and digits")
    if value.get("barcode") and value.get("rotatingBarcode"):
        message = "is shown where a rotating code is not supported, and can be copied"
        yield warning("code_copied", place.member("barcode").path, message, "leave it away unless you want that")


def _legs(value: Given, place: Place) -> Iterator[Finding]:
    if place.type != "TransitObject" or value.get("validTimeInterval"):
        return
    legs = [("ticketLeg", value.get("ticketLeg"))] + [(f"ticketLegs[{n}]", leg) for n, leg in enumerate(_list(value, "ticketLegs"))]
    for name, leg in legs:
        if isinstance(leg, dict) and not leg.get("departureDateTime"):
            mend = "give the departure, or the object a validTimeInterval"
            yield error("leg_without_time", place.member(name).path, "says neither when it leaves nor how long it holds", mend)


# --- parts ------------------------------------------------------------------------------------------------------------------------


def _localized(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "defaultValue")
    seen: set[str] = set()
    for one in _list(sound, "translatedValues"):
        tag = str(one.get("language", "")).lower() if isinstance(one, dict) else ""
        if tag in seen:
            yield warning("language_twice", place.member("translatedValues").path, "has two texts for one language", "keep one")
        seen.add(tag)


def _translated(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "language", "value")
    for name, text in _texts(sound, "language"):
        if _LANGUAGE.fullmatch(text) is None:
            yield error("language_form", place.member(name).path, "is no language tag", "write it like de or pt-BR")


def _money(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "currencyCode", "micros")
    for name, text in _texts(sound, "currencyCode"):
        if re.fullmatch(r"[A-Z]{3}", text) is None:
            yield error("currency_form", place.member(name).path, "is no currency", "write its ISO 4217 code, like EUR")


def _image(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _exactly_one(value, place, "sourceUri", "privateImageId")


def _image_uri(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "uri")
    for name, text in _texts(sound, "uri"):
        scheme, host = _address(text)
        if scheme not in ("http", "https") or not host:
            yield error("image_address", place.member(name).path, "is no web address", "write a public https address")
        elif scheme == "http":
            yield warning("image_plain_http", place.member(name).path, "is not encrypted", "use https")


def _uri(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "uri")
    for name, text in _texts(sound, "uri"):
        if not _address(text)[0]:
            yield error("link_scheme", place.member(name).path, "has no scheme", "begin it with https://, tel: or mailto:")
    for name, text in _texts(sound, "description"):
        yield from _long(place, name, text, 20)


def _address(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def _text_module(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    for name, text in _texts(sound, "id"):
        if _MODULE_ID.fullmatch(text) is None:
            yield error("module_id", place.member(name).path, "may hold letters, digits, _ and - only", "write another id")
    for name, most in (("header", 35), ("body", 500)):
        if isinstance(long := sound.get(name), str):
            yield from _long(place, name, long, most)


def _links(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    if len(_list(sound, "uris")) > 10:
        yield warning("too_many", place.member("uris").path, "Google shows at most 10", "send fewer")


def _value_added(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "header", "uri")


def _barcode(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    kind = sound.get("type")
    if value.get("type") in (None, "BARCODE_TYPE_UNSPECIFIED"):
        yield error("barcode_type", place.member("type").path, "a barcode needs its type", "name the type, or leave the code away")
    if kind == "TEXT_ONLY" and value.get("alternateText"):
        yield error("text_only", place.member("alternateText").path, "stands beside no text-only code", "leave it away")
    text = sound.get("value")
    if isinstance(text, str) and isinstance(kind, str) and kind in _CODE_DIGITS and not _digits(text, _CODE_DIGITS[kind]):
        lengths = " or ".join(map(str, _CODE_DIGITS[kind]))
        message = f"{kind} holds {lengths} digits, the last a check digit"
        yield error("barcode_digits", place.member("value").path, message, "mend the digits")


def sound_digits(kind: str, text: str) -> bool:
    """Whether a code that holds a number of fixed length holds one; True for other codes. `kind`: `EAN_13` or `EAN13`."""
    lengths = _PLAIN_CODE_DIGITS.get(kind.replace("_", ""))
    return lengths is None or _digits(text, lengths)


def _digits(text: str, lengths: tuple[int, ...]) -> bool:
    """GS1's check digit: weights 3 and 1 from the right."""
    if not (text.isascii() and text.isdigit() and len(text) in lengths):
        return False
    if len(text) < lengths[-1]:
        return True  # Google adds the check digit
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(text)))
    return total % 10 == 0


def _rotating(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    if value.get("type") not in ("QR_CODE", "PDF_417"):
        yield error("rotating_type", place.member("type").path, "only QR_CODE and PDF_417 rotate", "use one of them")
    details = sound.get("totpDetails")
    count = len(_list(details, "parameters")) if isinstance(details, dict) else None
    if count is None:
        if not value.get("initialRotatingBarcodeValues"):
            yield from _needs(value, place, "totpDetails")
        return
    yield from _needs(value, place, "valuePattern")
    for name, text in _texts(sound, "valuePattern"):
        named = {int(one[:4]) for one in _TOTP.findall(text)}
        if not named or max(named) >= count:
            mend = "write {totp_value_0} for the first parameter"
            yield error("rotating_pattern", place.member(name).path, "names no parameter of totpDetails", mend)


def _totp(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "algorithm", "periodMillis", "parameters")


def _totp_parameter(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "key", "valueLength")
    for name, text in _texts(sound, "key"):
        if _HEX.fullmatch(text) is None:
            yield error("totp_key", place.member(name).path, "is not hexadecimal", "write the secret's bytes in Base16")


def _point(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    for name, bound in (("latitude", 90), ("longitude", 180)):
        number = sound.get(name, 0)
        if not isinstance(number, int | float) or not -bound <= number <= bound:
            yield error("location_range", place.member(name).path, "there is no such place", f"stay within ±{bound}")


def _no_date(place: Place) -> Finding:
    return error("date_form", place.path, "is no ISO 8601 date and time", "write it like 2026-11-25T18:30:00+01:00")


def _date(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    if offset_of(value.get("date")) is None:
        yield _no_date(place.member("date"))


def _interval(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    ends = [end.get("date") for name in ("start", "end") if isinstance(end := sound.get(name), dict)]
    offsets = [offset_of(one) for one in ends]
    if len(offsets) == 2 and None not in offsets:
        if offsets[0] != offsets[1]:
            yield error("offset_once", place.path, "only one end has an offset", "give both an offset, or neither")
        elif datetime.fromisoformat(str(ends[0])[:26]) > datetime.fromisoformat(str(ends[1])[:26]):
            yield warning("ends_before_start", place.path, "ends before it starts", "swap them")


def _event_times(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    for name, text in _texts(sound, "start", "end", "doorsOpen"):
        if offset_of(text) is None:
            yield _no_date(place.member(name))


def _venue(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "name", "address")


def _points(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "balance")
    for name, text in _texts(sound, "label"):
        yield from _long(place, name, text, 9)


def _balance(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    given = sum(name in value for name in ("string", "int", "double", "money"))
    if given != 1:
        yield error("exactly_one", place.path, "needs exactly one of string, int, double, money", "send one of them")
    for name, text in _texts(sound, "string"):
        yield from _long(place, name, text, 7)


def _flight_header(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "carrier", "flightNumber")
    for name, text in _texts(sound, "flightNumber", "operatingFlightNumber"):
        if re.fullmatch(r"[0-9]+", text) is None:
            yield error("flight_number", place.member(name).path, "holds more than digits", "leave the carrier's letters away")


def _carrier(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _exactly_one(value, place, "carrierIataCode", "carrierIcaoCode")
    for name, length in (("carrierIataCode", 2), ("carrierIcaoCode", 3)):
        if isinstance(text := sound.get(name), str) and not (len(text) == length and text.isascii() and text.isalnum()):
            yield error("carrier_code", place.member(name).path, f"has not {length} letters or digits", "write the airline's code")


def _airport(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    text = value.get("airportIataCode")
    if not isinstance(text, str) or re.fullmatch(r"[A-Za-z]{3}", text) is None:
        mend = "write its IATA code, like MUC"
        yield error("airport_code", place.member("airportIataCode").path, "an airport needs its code of three letters", mend)


def _frequent_flyer(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "frequentFlyerNumber")


def _leg(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    for name, text in _texts(sound, "departureDateTime", "arrivalDateTime"):
        if offset_of(text) is None:
            yield _no_date(place.member(name))
    if not (value.get("originName") or value.get("originStationCode")):
        yield error("leg_origin", place.path, "a leg needs where it begins", "give originName or originStationCode")
    if value.get("ticketSeat") and value.get("ticketSeats"):
        yield error("exactly_one", place.path, "has ticketSeat and ticketSeats", "send one of them")


def _row(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _exactly_one(value, place, "oneItem", "twoItems", "threeItems")


def _card(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    if len(_list(sound, "cardRowTemplateInfos")) > 3:
        yield error("too_many", place.member("cardRowTemplateInfos").path, "a card has at most three rows", "send fewer")


def _field_reference(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    yield from _needs(value, place, "fieldPath")
    for name, text in _texts(sound, "fieldPath"):
        if _PATH.fullmatch(text) is None:
            mend = "write it like object.textModulesData['points'] or class.eventName"
            yield error("field_path", place.member(name).path, "is no path of Google's form", mend)


def _message(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    if sound.get("messageType") == "EXPIRATION_NOTIFICATION":
        yield error("message_type", place.member("messageType").path, "Google does not support it", "use TEXT or TEXT_AND_NOTIFY")


def _notifications(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    if value.get("expiryNotification") and value.get("upcomingNotification"):
        yield warning("one_notice", place.path, "of two notices Google gives the one of the expiry", "ask for one")


def _restrictions(value: Given, sound: Given, place: Place) -> Iterator[Finding]:
    for name, text in _texts(sound, "restrictToEmailSha256"):
        if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
            yield error("sha256_form", place.member(name).path, "is no SHA-256 in hexadecimal", "write its 64 digits")


_RULES: Final[dict[str, Callable[[Given, Given, Place], Iterator[Finding]]]] = {
    "LocalizedString": _localized,
    "TranslatedString": _translated,
    "Money": _money,
    "Image": _image,
    "ImageUri": _image_uri,
    "Uri": _uri,
    "TextModuleData": _text_module,
    "LinksModuleData": _links,
    "ValueAddedModuleData": _value_added,
    "Barcode": _barcode,
    "RotatingBarcode": _rotating,
    "RotatingBarcodeTotpDetails": _totp,
    "RotatingBarcodeTotpDetailsTotpParameters": _totp_parameter,
    "MerchantLocation": _point,
    "LatLongPoint": _point,
    "DateTime": _date,
    "TimeInterval": _interval,
    "EventDateTime": _event_times,
    "EventVenue": _venue,
    "LoyaltyPoints": _points,
    "LoyaltyPointsBalance": _balance,
    "FlightHeader": _flight_header,
    "FlightCarrier": _carrier,
    "AirportInfo": _airport,
    "FrequentFlyerInfo": _frequent_flyer,
    "TicketLeg": _leg,
    "CardRowTemplateInfo": _row,
    "CardTemplateOverride": _card,
    "FieldReference": _field_reference,
    "Message": _message,
    "Notifications": _notifications,
    "SaveRestrictions": _restrictions,
}
