"""What in a pass.json makes a phone refuse the pass: the rows of severity E of reference/apple-wallet.md section 9 that concern it.

Written from that table alone; the product's own rules are elsewhere and are judged by these. May not enter: network, disk.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from billfold.sandbox.phones.strings import is_whole, parse_strings, tables_of

STYLES = ("boardingPass", "coupon", "eventTicket", "generic", "storeCard")
FIELD_GROUPS = tuple(
    f"{group}Fields" for group in ("header", "primary", "secondary", "auxiliary", "back", "additionalInfo", "footer")
)
_REQUIRED = ("description", "organizationName", "passTypeIdentifier", "teamIdentifier", "serialNumber")
_TRANSIT = tuple(f"PKTransitType{kind}" for kind in ("Air", "Boat", "Bus", "Generic", "Train"))
_DATE_STYLES = tuple(f"PKDateStyle{kind}" for kind in ("None", "Short", "Medium", "Long", "Full"))
_NUMBER_STYLES = tuple(f"PKNumberStyle{kind}" for kind in ("Decimal", "Percent", "Scientific", "SpellOut"))
_ALIGNMENTS = tuple(f"PKTextAlignment{kind}" for kind in ("Left", "Center", "Right", "Natural"))
_DETECTORS = tuple(f"PKDataDetectorType{kind}" for kind in ("PhoneNumber", "Link", "Address", "CalendarEvent"))
_OLD_BARCODES = tuple(f"PKBarcodeFormat{kind}" for kind in ("QR", "PDF417", "Aztec"))
_BARCODES = _OLD_BARCODES + tuple(f"PKBarcodeFormat{kind}" for kind in ("Code128", "Code39", "Codabar", "EAN13", "I2of5"))
_COLOR = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)\Z")
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_TOKEN_CHARACTERS_MIN = 16
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?\Z")
_SCHEMES = ("posterEventTicket", "eventTicket", "semanticBoardingPass", "boardingPass")


def find_problems(pass_json: Mapping[str, object], files: Mapping[str, bytes]) -> list[str]:
    """One line per problem; empty when a phone would take the pass. Identity against the certificate is bundle.py's."""
    return [
        *_top_level(pass_json),
        *_style(pass_json),
        *_barcodes(pass_json),
        *_places_and_dates(pass_json),
        *_newer(pass_json),
        *_web_service(pass_json),
        *_images(files),
        *_languages(files),
    ]


def _top_level(pass_json: Mapping[str, object]) -> Iterator[str]:
    version = pass_json.get("formatVersion")
    if isinstance(version, bool) or version != 1:
        yield "formatVersion is not the number 1"
    for name in _REQUIRED:
        value = pass_json.get(name)
        if not isinstance(value, str) or not value:
            yield f"{name} is missing or not a text"
    type_identifier = pass_json.get("passTypeIdentifier")
    if isinstance(type_identifier, str) and not type_identifier.startswith("pass."):
        yield "passTypeIdentifier does not begin with pass."
    for name in ("backgroundColor", "foregroundColor", "labelColor"):
        value = pass_json.get(name)
        if value is not None and not _is_color(value):
            yield f"{name} is not rgb(0-255, 0-255, 0-255)"
    for name in ("voided", "sharingProhibited", "suppressStripShine"):
        if not isinstance(pass_json.get(name, False), bool):
            yield f"{name} is not true or false"


def _is_color(value: object) -> bool:
    match = _COLOR.match(value) if isinstance(value, str) else None
    return match is not None and all(int(part) <= 255 for part in match.groups())


def _style(pass_json: Mapping[str, object]) -> Iterator[str]:
    present = [style for style in STYLES if style in pass_json]
    if len(present) > 1 or (not present and "posterGeneric" not in pass_json):
        yield f"{len(present)} style keys where exactly one belongs"
    keys: set[str] = set()
    for style in (*present, *(("posterGeneric",) if "posterGeneric" in pass_json else ())):
        groups = pass_json[style]
        if not isinstance(groups, dict):
            yield f"{style} is not an object"
            continue
        transit = groups.get("transitType")
        if style == "boardingPass" and transit not in _TRANSIT:
            yield "boardingPass.transitType is missing or unknown"
        elif style != "boardingPass" and transit is not None:
            yield f"transitType does not belong into {style}"
        for group in FIELD_GROUPS:
            fields = groups.get(group, [])
            if not isinstance(fields, list):
                yield f"{style}.{group} is not a list"
                continue
            for position, entry in enumerate(fields):
                place = f"{style}.{group}[{position}]"
                if not isinstance(entry, dict):
                    yield f"{place} is not an object"
                    continue
                yield from _field(place, entry)
                key = entry.get("key")
                if isinstance(key, str) and f"{style == 'posterGeneric'}{key}" in keys:
                    yield f"{place}: the key {key!r} is used twice"
                keys.add(f"{style == 'posterGeneric'}{key}")


def _field(place: str, entry: Mapping[str, object]) -> Iterator[str]:
    if not isinstance(entry.get("key"), str) or not entry["key"]:
        yield f"{place}.key is missing or not a text"
    value = entry.get("value")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number and not isinstance(value, str):
        yield f"{place}.value is missing, or neither text nor number"
    for name, allowed in (
        ("textAlignment", _ALIGNMENTS),
        ("dateStyle", _DATE_STYLES),
        ("timeStyle", _DATE_STYLES),
        ("numberStyle", _NUMBER_STYLES),
    ):
        if name in entry and entry[name] not in allowed:
            yield f"{place}.{name} is unknown"
    detectors = entry.get("dataDetectorTypes", [])
    if not isinstance(detectors, list) or any(detector not in _DETECTORS for detector in detectors):
        yield f"{place}.dataDetectorTypes is not a list of known detectors"
    if ("dateStyle" in entry or "timeStyle" in entry) and not _is_date(value):
        yield f"{place}.value has a date style and is no date with minutes and zone"
    if ("currencyCode" in entry or "numberStyle" in entry) and not number:
        yield f"{place}.value has a number format and is no number"
    currency = entry.get("currencyCode", "XXX")
    if not isinstance(currency, str) or re.fullmatch("[A-Z]{3}", currency) is None:
        yield f"{place}.currencyCode is not an ISO 4217 code"
    if entry.get("row", 0) not in (0, 1):
        yield f"{place}.row is neither 0 nor 1"
    if not isinstance(entry.get("semantics", {}), dict):
        yield f"{place}.semantics is not an object"
    for name in ("label", "changeMessage", "attributedValue"):
        if not isinstance(entry.get(name, ""), str):
            yield f"{place}.{name} is not a text"


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or _DATE.match(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _barcodes(pass_json: Mapping[str, object]) -> Iterator[str]:
    listed = pass_json.get("barcodes", [])
    if not isinstance(listed, list):
        yield "barcodes is not a list"
        listed = []
    entries = [(f"barcodes[{position}]", entry, _BARCODES) for position, entry in enumerate(listed)]
    if "barcode" in pass_json:
        entries.append(("barcode", pass_json["barcode"], _OLD_BARCODES))
    for place, entry, formats in entries:
        if not isinstance(entry, dict):
            yield f"{place} is not an object"
            continue
        if entry.get("format") not in formats:
            yield f"{place}.format is missing or unknown"
        message, encoding = entry.get("message"), entry.get("messageEncoding")
        if not isinstance(message, str) or not isinstance(encoding, str):
            yield f"{place} needs message and messageEncoding as texts"
            continue
        try:
            message.encode(encoding)
        except (LookupError, UnicodeError):
            yield f"{place}.message cannot be written in {encoding!r}"


def _places_and_dates(pass_json: Mapping[str, object]) -> Iterator[str]:
    locations = pass_json.get("locations", [])
    if not isinstance(locations, list) or len(locations) > 10:
        yield "locations is not a list of at most 10"
        locations = []
    for position, place in enumerate(locations):
        inside = isinstance(place, dict) and _within(place.get("latitude"), 90) and _within(place.get("longitude"), 180)
        if not inside:
            yield f"locations[{position}] has no latitude and longitude within range"
    beacons = pass_json.get("beacons", [])
    beacons = beacons if isinstance(beacons, list) else [None]
    for position, beacon in enumerate(beacons):
        if not isinstance(beacon, dict) or _UUID.match(str(beacon.get("proximityUUID"))) is None:
            yield f"beacons[{position}] has no UUID"
        elif not all(isinstance(beacon.get(name, 0), int) and 0 <= beacon.get(name, 0) <= 65535 for name in ("major", "minor")):
            yield f"beacons[{position}] has numbers out of range"
    if len({str(one.get("proximityUUID")) for one in beacons if isinstance(one, dict)}) > 10:
        yield "beacons have more than 10 different UUIDs"
    distance = pass_json.get("maxDistance", 1)
    if not _within(distance, 10**9) or distance <= 0:  # type: ignore[operator]
        yield "maxDistance is no number above 0"
    dates = pass_json.get("relevantDates", [])
    for position, one in enumerate(dates if isinstance(dates, list) else [None]):
        yield from _relevant(f"relevantDates[{position}]", one)
    for name in ("expirationDate", "relevantDate"):
        if name in pass_json and not _is_date(pass_json[name]):
            yield f"{name} is no date with minutes and zone"


def _relevant(place: str, one: object) -> Iterator[str]:
    if not isinstance(one, dict) or not one:
        yield f"{place} is no object with dates"
        return
    for name in ("date", "relevantDate", "startDate", "endDate"):
        if name in one and not _is_date(one[name]):
            yield f"{place}.{name} is no date with minutes and zone"
            return
    if ("startDate" in one) != ("endDate" in one):
        yield f"{place} has one end only"
    elif "startDate" in one and datetime.fromisoformat(one["endDate"]) <= datetime.fromisoformat(one["startDate"]):
        yield f"{place} ends before it begins"
    elif "startDate" not in one and one.get("date", one.get("relevantDate")) != one.get("relevantDate", one.get("date")):
        yield f"{place} says two different moments"


def _newer(pass_json: Mapping[str, object]) -> Iterator[str]:
    """Layouts, tags, near field. Sections 2.7 to 2.10 and 3."""
    schemes = pass_json.get("preferredStyleSchemes", [])
    if not isinstance(schemes, list) or any(one not in _SCHEMES for one in schemes):
        yield "preferredStyleSchemes is not a list of known layouts"
    if not isinstance(pass_json.get("semantics", {}), dict):
        yield "semantics is not an object"
    nfc = pass_json.get("nfc")
    if nfc is None:
        return
    message, key = (nfc.get(name) if isinstance(nfc, dict) else None for name in ("message", "encryptionPublicKey"))
    if not isinstance(message, str) or not isinstance(key, str):
        yield "nfc needs message and encryptionPublicKey as texts"
    elif len(message.encode()) > 64:
        yield "nfc.message has more than 64 bytes"


def _languages(files: Mapping[str, bytes]) -> Iterator[str]:
    """Section 1.4: names of languages, texts that can be read, the same keys everywhere, no picture twice."""
    keys: dict[str, frozenset[str]] = {}
    for language, name in tables_of(files).items():
        if _LANGUAGE.match(language) is None:
            yield f"{name}: {language!r} is no language"
        if not is_whole(files[name]):
            yield f"{name} holds something else than keys and texts"
        keys[language] = frozenset(parse_strings(files[name]))
    if len(set(keys.values())) > 1:
        yield "the languages have different keys"
    pictures: dict[str, set[str]] = {}
    for name in files:
        folder, _, rest = name.rpartition("/")
        if rest.endswith(".png") and folder.endswith(".lproj"):
            pictures.setdefault(folder, set()).add(rest)
            if rest in files:
                yield f"{rest} stands at the root and in {folder}"
    if len({frozenset(one) for one in pictures.values()}) > 1:
        yield "the languages have different pictures"


def _within(value: object, limit: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -limit <= value <= limit


def _web_service(pass_json: Mapping[str, object]) -> Iterator[str]:
    url, token = pass_json.get("webServiceURL"), pass_json.get("authenticationToken")
    if (url is None) != (token is None):
        yield "webServiceURL and authenticationToken come together or not at all"
    if url is not None and (not isinstance(url, str) or re.match(r"https?://[^/?#]+[^?#]*\Z", url) is None):
        yield "webServiceURL is no web address without query and fragment"
    if token is not None and (
        not isinstance(token, str) or len(token) < _TOKEN_CHARACTERS_MIN or re.fullmatch(r"[!-~]+", token) is None
    ):
        yield f"authenticationToken has fewer than {_TOKEN_CHARACTERS_MIN} characters, or some that no header carries"


def _images(files: Mapping[str, bytes]) -> Iterator[str]:
    if "icon.png" not in files:
        yield "icon.png is missing"
    for name, data in files.items():
        if name.endswith(".png") and not (data.startswith(_PNG_HEAD) and b"IEND" in data[-12:]):
            yield f"{name} is not a PNG image"
