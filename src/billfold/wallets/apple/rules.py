"""What Apple requires of a content → findings. Pure; nothing is signed while there is an error.

Wallet tells nobody why it refuses a pass, so we must say it before. Rows cited are those of reference/apple-wallet.md section 9;
rows about facts that a Content cannot hold (identifiers, web service, files) are kept by pass_json.py, certificates.py, bundle.py.
A content without faults is judged in a few microseconds, so that every fresh pass can be: hence lists filled, not generators.
May not enter: changing the content, the clock, the pass's own identity."""

import math
import sys
from functools import lru_cache

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location, Style
from billfold.ports import Finding
from billfold.wallets.apple import predicates
from billfold.wallets.apple.pass_json import GROUPING_STYLES
from billfold.wallets.apple.predicates import (
    CONTRAST_MIN,
    DATE_MAX,
    FRONT_TEXT_MAX,
    LOCATIONS_MAX,
    PRIMARY_TEXT_MAX,
    Fault,
    contrast,
    is_latitude,
    is_longitude,
)
from billfold.wallets.apple.vocabulary import images_of, limits_of

ERROR, WARNING = "error", "warning"

_GROUPS = ("header", "primary", "secondary", "auxiliary", "back")
_LOCAL_STYLES = (Style.COUPON, Style.STORE_CARD, Style.GENERIC)


def check(content: Content) -> tuple[Finding, ...]:
    """All findings, errors first. Empty when there is nothing to say."""
    found: list[Finding] = []
    pieces = [content.organization_name, content.description, content.logo_text or "", content.grouping or ""]
    _names(content, found)
    _fields(content, pieces, found)
    _contact(content, found)
    _style(content, found)
    found += _colors(content.background_color, content.foreground_color, content.label_color)
    if content.barcode is not None:
        pieces += (content.barcode.message, content.barcode.alt_text or "")
        _barcode(content.barcode, found)
    _places(content, pieces, found)
    _dates(content, found)
    if content.images:
        _images(content, found)
    _texts(content, pieces, found)
    if len(found) > 1:
        found.sort(key=_severity)  # stable, and "error" sorts before "warning"
    return tuple(found)


def errors(content: Content) -> tuple[Finding, ...]:
    """Only what forbids signing."""
    return tuple(one for one in check(content) if one.severity == ERROR)


def _severity(one: Finding) -> str:
    return one.severity


def _error(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(code, ERROR, path, message, mend)


def _warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(code, WARNING, path, message, mend)


def _finding(severity: str, path: str, fault: Fault) -> Finding:
    return Finding(fault.code, severity, path, fault.message, fault.mend, fault.otherwise)


def _names(content: Content, found: list[Finding]) -> None:
    """Row 3. The identifiers of that row come from the certificate and from us."""
    if not content.organization_name.strip():
        found.append(
            _error("organization_name_missing", "organization_name", "the issuer's name is empty", "give the name to be shown")
        )
    if not content.description.strip():
        found.append(_error("description_missing", "description", "the description is empty", "say what kind of pass it is"))


def _texts(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Row 1: what JSON in UTF-8 cannot carry, or no reader can show. `pieces`: all texts, judged as one first."""
    if predicates.is_writable("".join(pieces)):
        return
    found += [
        _finding(ERROR, path, predicates.UNWRITABLE) for path, text in _all_texts(content) if not predicates.is_writable(text)
    ]


def _all_texts(content: Content) -> list[tuple[str, str]]:
    out: list[tuple[str, str | None]] = [
        ("organization_name", content.organization_name),
        ("description", content.description),
        ("logo_text", content.logo_text),
        ("grouping", content.grouping),
    ]
    for name in _GROUPS:
        for number, one in enumerate(getattr(content, name)):
            out += ((f"{name}[{number}].{part}", getattr(one, part)) for part in ("key", "value", "label", "change_message"))
    if content.barcode is not None:
        out += (("barcode.message", content.barcode.message), ("barcode.alt_text", content.barcode.alt_text))
    out += ((f"locations[{number}].relevant_text", one.relevant_text) for number, one in enumerate(content.locations))
    return [(path, text) for path, text in out if text is not None]


def _fields(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Rows 9, 10, 16, 17 and 18. Adds the fields' texts to `pieces`."""
    limits = limits_of(content.style)
    secondary, auxiliary = content.secondary, content.auxiliary
    seen: set[str] = set()
    for group, name, longest, most in (
        (content.header, "header", FRONT_TEXT_MAX, limits[0]),
        (content.primary, "primary", PRIMARY_TEXT_MAX, limits[1]),
        (secondary, "secondary", FRONT_TEXT_MAX, limits[2]),
        (auxiliary, "auxiliary", FRONT_TEXT_MAX, limits[3]),
        (content.back, "back", sys.maxsize, sys.maxsize),
    ):
        for number, one in enumerate(group):
            key, value, change_message = one.key, one.value, one.change_message
            pieces += (key, value, one.label or "", change_message or "")
            if not key or key in seen or len(value) > longest or (change_message and change_message.count("%@") != 1):
                _judge_field(one, f"{name}[{number}]", longest, seen, found)
            seen.add(key)
        if len(group) > most:  # Wallet leaves fields out without a word
            found.append(_warning("fields_too_many", name, f"this style shows at most {most} here", "move fields to the back"))
    together = len(secondary) + len(auxiliary)
    if together > limits[4] and len(secondary) <= limits[2] and len(auxiliary) <= limits[3]:
        text = f"this style shows at most {limits[4]} secondary and auxiliary fields together"
        found.append(_warning("fields_too_many", "auxiliary", text, "move fields to the back"))


def _judge_field(one: Field, path: str, longest: int, seen: set[str], found: list[Finding]) -> None:
    if not one.key:
        found.append(_error("field_key_missing", f"{path}.key", "the field has no key", "give each field a key that stays"))
    elif one.key in seen:
        found.append(_error("field_key_repeated", f"{path}.key", "another field has this key", "use each key once in the pass"))
    if len(one.value) > longest:
        found.append(_finding(WARNING, f"{path}.value", predicates.text_too_long(longest)))
    if one.change_message and predicates.is_generic_change_message(one.change_message):
        found.append(_finding(WARNING, f"{path}.change_message", predicates.CHANGE_MESSAGE_GENERIC))


def _contact(content: Content, found: list[Finding]) -> None:
    """Row 52: an address, a link or a phone number, by its look."""
    for one in content.back:
        if predicates.names_contact(one.value):
            return
    found.append(_finding(WARNING, "back", predicates.CONTACT_MISSING))


def _style(content: Content, found: list[Finding]) -> None:
    """Rows 8 and 37."""
    if content.style is Style.BOARDING_PASS:
        if content.transit_type is None:
            mend = "say air, boat, bus, train or generic"
            found.append(_error("transit_type_missing", "transit_type", "a boarding pass needs a transit type", mend))
    elif content.transit_type is not None:
        mend = "leave it away, or make it a boarding pass"
        found.append(_error("transit_type_misplaced", "transit_type", "only boarding passes have a transit type", mend))
    if content.grouping is not None and content.style not in GROUPING_STYLES:
        text = "only boarding passes and event tickets are grouped"
        found.append(_warning("grouping_ignored", "grouping", text, "leave it away"))


@lru_cache(maxsize=4096)
def _colors(background: str, foreground: str, label: str) -> tuple[Finding, ...]:
    """Rows 20 and 21."""
    colors = (("background_color", background), ("foreground_color", foreground), ("label_color", label))
    mend = "write #rrggbb in lower case"
    unreadable = [
        _error("color_unreadable", name, "this is no colour", mend) for name, color in colors if not predicates.is_hex_color(color)
    ]
    if unreadable:
        return tuple(unreadable)
    return tuple(
        _finding(WARNING, name, predicates.CONTRAST_LOW) for name, color in colors[1:] if contrast(background, color) < CONTRAST_MIN
    )


def _barcode(code: Barcode, found: list[Finding]) -> None:
    """Rows 22 to 24, 26 and 27."""
    path, message = "barcode.message", code.message
    if not message:
        found.append(_finding(ERROR, path, predicates.BARCODE_EMPTY))
    elif (fault := predicates.barcode_fault(code.format, message)) is not None:
        found.append(_finding(ERROR, path, fault))
    if (fault := predicates.barcode_long_fault(code.format, message)) is not None:
        found.append(_finding(WARNING, path, fault))
    if code.format is BarcodeFormat.CODE128:
        found.append(_finding(WARNING, "barcode.format", predicates.NOT_ON_WATCH))


def _places(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Rows 28 and 29. Adds the places' texts to `pieces`."""
    places = content.locations
    if len(places) > LOCATIONS_MAX:
        text = f"a pass carries at most {LOCATIONS_MAX} locations"
        found.append(_error("locations_too_many", "locations", text, "keep the nearest ones"))
    for number, one in enumerate(places):
        if one.relevant_text:
            pieces.append(one.relevant_text)
        # Comparisons with NaN are false, so NaN is refused too.
        if not (-90 <= one.latitude <= 90 and -180 <= one.longitude <= 180) or one.altitude is not None:
            _judge_place(one, f"locations[{number}]", found)
    if content.relevant_at is not None and not places and content.style in _LOCAL_STYLES:
        text = "this style becomes relevant by place only, never by date"
        found.append(_warning("relevance_ignored", "relevant_at", text, "add a location, or use an event ticket"))


def _judge_place(one: Location, path: str, found: list[Finding]) -> None:
    if not is_latitude(one.latitude):
        found.append(_error("latitude_out_of_range", f"{path}.latitude", "this is no latitude", "give degrees from -90 to 90"))
    if not is_longitude(one.longitude):
        found.append(_error("longitude_out_of_range", f"{path}.longitude", "this is no longitude", "give degrees from -180 to 180"))
    if one.altitude is not None and not math.isfinite(one.altitude):
        found.append(_error("altitude_not_finite", f"{path}.altitude", "this is no height", "give metres as a number"))


def _dates(content: Content, found: list[Finding]) -> None:
    """Rows 30 and 31, as far as they need no clock."""
    expires_at, relevant_at = content.expires_at, content.relevant_at
    if expires_at is None and relevant_at is None:
        return
    for name, at in (("expires_at", expires_at), ("relevant_at", relevant_at)):
        if at is not None and not 0 <= at <= DATE_MAX:
            mend = "give seconds since 1970, before the year 10000"
            found.append(_error("date_out_of_range", name, "this date cannot be written", mend))
    if expires_at is not None and relevant_at is not None and expires_at < relevant_at:
        text = "the pass expires before it becomes relevant"
        found.append(_warning("expires_before_relevant", "expires_at", text, "let it expire after the date that it is for"))


def _images(content: Content, found: list[Finding]) -> None:
    """Rows 43 and 44. That pictures are PNGs, and that there is an icon, is the image shelf's promise (row 42)."""
    images = content.images
    allowed = images_of(content.style)
    for slot in images:
        if slot not in allowed:
            text = "this style does not show this picture"
            mend = "leave it away, or choose a style that shows it"
            found.append(_warning("image_not_shown", f"images.{slot.value}", text, mend))
    if (
        content.style is Style.EVENT_TICKET
        and ImageSlot.STRIP in images
        and images.keys() & {ImageSlot.BACKGROUND, ImageSlot.THUMBNAIL}
    ):
        text = "an event ticket has a strip, or background and thumbnail, not both"
        found.append(_warning("images_exclude_each_other", "images.strip", text, "decide for one layout"))
