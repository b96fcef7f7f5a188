"""What Apple requires of a content → findings. Pure; nothing is signed while there is an error.

Wallet tells nobody why it refuses a pass, so we must say it before. Rows cited are those of reference/apple-wallet.md section 9;
rows about facts that a Content cannot hold (identifiers, web service, files) are kept by pass_json.py, certificates.py, bundle.py.
May not enter: changing the content, the clock, the pass's own identity."""

import math
import re
import sys
from collections.abc import Iterator

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location, Style
from billfold.ports import Finding
from billfold.wallets.apple.pass_json import GROUPING_STYLES

ERROR, WARNING = "error", "warning"

LOCATIONS_MAX = 10
PRIMARY_TEXT_MAX = 30
FRONT_TEXT_MAX = 20
QR_BYTES_MAX = 300
LINEAR_CHARACTERS_MAX = 24
CONTRAST_MIN = 3.0
DATE_MAX = 253_402_300_799  # 9999-12-31T23:59:59Z

FIELDS_MAX: dict[Style, tuple[int, int, int, int, int]] = {
    # header, primary, secondary, auxiliary, secondary and auxiliary together. Section 2.4.
    Style.BOARDING_PASS: (3, 2, 4, 5, 9),
    Style.COUPON: (3, 1, 4, 4, 4),
    Style.EVENT_TICKET: (3, 1, 4, 4, 8),
    Style.GENERIC: (3, 1, 4, 4, 8),
    Style.STORE_CARD: (3, 1, 4, 4, 4),
}
IMAGES: dict[Style, frozenset[ImageSlot]] = {
    # Section 2.4; every style has an icon.
    Style.BOARDING_PASS: frozenset({ImageSlot.ICON, ImageSlot.LOGO, ImageSlot.FOOTER}),
    Style.COUPON: frozenset({ImageSlot.ICON, ImageSlot.LOGO, ImageSlot.STRIP}),
    Style.EVENT_TICKET: frozenset({ImageSlot.ICON, ImageSlot.LOGO, ImageSlot.STRIP, ImageSlot.BACKGROUND, ImageSlot.THUMBNAIL}),
    Style.GENERIC: frozenset({ImageSlot.ICON, ImageSlot.LOGO, ImageSlot.THUMBNAIL}),
    Style.STORE_CARD: frozenset({ImageSlot.ICON, ImageSlot.LOGO, ImageSlot.STRIP}),
}

_COLOR = re.compile(r"#[0-9a-f]{6}\Z")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_CONTACT = re.compile(r"@|://|www\.|\d[\d ()./-]{4,30}\d")
_GROUPS = ("header", "primary", "secondary", "auxiliary", "back")
_VALUE_MAX = {
    "header": FRONT_TEXT_MAX,
    "primary": PRIMARY_TEXT_MAX,
    "secondary": FRONT_TEXT_MAX,
    "auxiliary": FRONT_TEXT_MAX,
    "back": sys.maxsize,
}
_LOCAL_STYLES = (Style.COUPON, Style.STORE_CARD, Style.GENERIC)


def check(content: Content) -> tuple[Finding, ...]:
    """All findings, errors first. Empty when there is nothing to say."""
    found = [
        *_names(content),
        *_fields(content),
        *_texts(content),
        *_style(content),
        *_colors(content),
        *_barcode(content),
        *_places(content),
        *_dates(content),
        *_images(content),
    ]
    if len(found) > 1:
        found.sort(key=lambda one: one.severity)  # stable, and "error" sorts before "warning"
    return tuple(found)


def _error(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(code, ERROR, path, message, mend)


def _warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(code, WARNING, path, message, mend)


def _names(content: Content) -> Iterator[Finding]:
    """Row 3. The identifiers of that row come from the certificate and from us."""
    if not content.organization_name.strip():
        yield _error("organization_name_missing", "organization_name", "the issuer's name is empty", "give the name to be shown")
    if not content.description.strip():
        yield _error("description_missing", "description", "the description is empty", "say what kind of pass it is, for VoiceOver")


def _fields(content: Content) -> Iterator[Finding]:
    """Rows 9, 10, 16, 17, 18 and 52."""
    seen: set[str] = set()
    for name in _GROUPS:
        group: tuple[Field, ...] = getattr(content, name)
        longest = _VALUE_MAX[name]
        for number, one in enumerate(group):
            if not one.key or one.key in seen:
                yield _key(one, f"{name}[{number}].key")
            seen.add(one.key)
            if len(one.value) > longest:
                text = f"text above {longest} characters may be cut, and its neighbours dropped"
                yield _warning("field_text_long", f"{name}[{number}].value", text, "shorten it, or move it to the back")
            if one.change_message is not None and one.change_message.count("%@") != 1:
                text = "the change message does not hold %@ exactly once"
                mend = "put %@ where the new value goes, else a generic text is shown"
                yield _warning("change_message_generic", f"{name}[{number}].change_message", text, mend)
    yield from _field_counts(content)
    if not any(_CONTACT.search(one.value) for one in content.back):
        text = "the back names no contact of the issuer"
        yield _warning("contact_missing", "back", text, "add a back field with an address, a phone number or a link")


def _key(one: Field, path: str) -> Finding:
    if one.key:
        return _error("field_key_repeated", path, "another field has this key", "use each key once in the pass")
    return _error("field_key_missing", path, "the field has no key", "give each field a key that stays")


def _field_counts(content: Content) -> Iterator[Finding]:
    """Row 16: Wallet leaves fields out without a word."""
    *limits, together = FIELDS_MAX[content.style]
    counts = (len(content.header), len(content.primary), len(content.secondary), len(content.auxiliary))
    fits = True
    for name, count, most in zip(_GROUPS, counts, limits, strict=False):
        if count > most:
            fits = False
            yield _warning("fields_too_many", name, f"this style shows at most {most} here", "move fields to the back")
    if fits and counts[2] + counts[3] > together:
        text = f"this style shows at most {together} secondary and auxiliary fields together"
        yield _warning("fields_too_many", "auxiliary", text, "move fields to the back")


def _texts(content: Content) -> Iterator[Finding]:
    """Row 1: what JSON in UTF-8 cannot carry, or no reader can show."""
    texts = _all_texts(content)
    if not _UNWRITABLE.search("\n".join(text for _, text in texts)):
        return
    for path, text in texts:
        if _UNWRITABLE.search(text):
            yield _error("text_not_writable", path, "the text holds half a character or a NUL", "send proper Unicode text")


def _all_texts(content: Content) -> list[tuple[str, str]]:
    out = [("organization_name", content.organization_name), ("description", content.description)]
    if content.logo_text is not None:
        out.append(("logo_text", content.logo_text))
    if content.grouping is not None:
        out.append(("grouping", content.grouping))
    for name in _GROUPS:
        for number, one in enumerate(getattr(content, name)):
            out += ((f"{name}[{number}].key", one.key), (f"{name}[{number}].value", one.value))
            if one.label is not None:
                out.append((f"{name}[{number}].label", one.label))
            if one.change_message is not None:
                out.append((f"{name}[{number}].change_message", one.change_message))
    if content.barcode is not None:
        out.append(("barcode.message", content.barcode.message))
        if content.barcode.alt_text is not None:
            out.append(("barcode.alt_text", content.barcode.alt_text))
    out += ((f"locations[{n}].relevant_text", one.relevant_text) for n, one in enumerate(content.locations) if one.relevant_text)
    return out


def _style(content: Content) -> Iterator[Finding]:
    """Rows 8 and 37."""
    if content.style is Style.BOARDING_PASS:
        if content.transit_type is None:
            mend = "say air, boat, bus, train or generic"
            yield _error("transit_type_missing", "transit_type", "a boarding pass needs a transit type", mend)
    elif content.transit_type is not None:
        mend = "leave it away, or make it a boarding pass"
        yield _error("transit_type_misplaced", "transit_type", "only boarding passes have a transit type", mend)
    if content.grouping is not None and content.style not in GROUPING_STYLES:
        text = "only boarding passes and event tickets are grouped"
        yield _warning("grouping_ignored", "grouping", text, "leave it away")


def _colors(content: Content) -> Iterator[Finding]:
    """Rows 20 and 21."""
    background = content.background_color
    readable = True
    for name in ("background_color", "foreground_color", "label_color"):
        if not _COLOR.match(getattr(content, name)):
            readable = False
            yield _error("color_unreadable", name, "this is no colour", "write #rrggbb in lower case")
    if not readable:
        return
    for name in ("foreground_color", "label_color"):
        if contrast(background, getattr(content, name)) < CONTRAST_MIN:
            text = f"text and background differ by less than {CONTRAST_MIN:g}:1"
            yield _warning("contrast_low", name, text, "choose a lighter or darker colour")


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21. Source: WCAG 2.2, "relative luminance" and "contrast ratio"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _barcode(content: Content) -> Iterator[Finding]:
    """Rows 22 to 24, 26 and 27."""
    code: Barcode | None = content.barcode
    if code is None:
        return
    path = "barcode.message"
    if not code.message:
        yield _error("barcode_message_missing", path, "the barcode carries nothing", "give its message, or leave the barcode away")
    if code.format is BarcodeFormat.CODE128:
        if not code.message.isascii():
            yield _error("barcode_not_encodable", path, "Code 128 carries ASCII only", "use a QR code for other characters")
        if len(code.message) > LINEAR_CHARACTERS_MAX:
            text = f"a linear barcode of more than {LINEAR_CHARACTERS_MAX} characters is hard to scan"
            yield _warning("barcode_long", path, text, "shorten the message or use a QR code")
        yield _warning(
            "barcode_not_on_watch", "barcode.format", "Apple Watch draws no Code 128", "use a QR code where watches matter"
        )
    elif len(code.message) * 4 > QR_BYTES_MAX and len(code.message.encode("utf-8", "replace")) > QR_BYTES_MAX:
        text = f"a code of more than {QR_BYTES_MAX} bytes is hard to scan from a screen"
        yield _warning("barcode_long", path, text, "carry a short reference instead")


def _places(content: Content) -> Iterator[Finding]:
    """Rows 28 and 29."""
    if len(content.locations) > LOCATIONS_MAX:
        yield _error(
            "locations_too_many", "locations", f"a pass carries at most {LOCATIONS_MAX} locations", "keep the nearest ones"
        )
    for number, one in enumerate(content.locations):
        yield from _location(one, f"locations[{number}]")
    if content.relevant_at is not None and not content.locations and content.style in _LOCAL_STYLES:
        text = "this style becomes relevant by place only, never by date"
        yield _warning("relevance_ignored", "relevant_at", text, "add a location, or use an event ticket")


def _location(one: Location, path: str) -> Iterator[Finding]:
    if not -90 <= one.latitude <= 90:  # false for NaN too
        yield _error("latitude_out_of_range", f"{path}.latitude", "this is no latitude", "give degrees from -90 to 90")
    if not -180 <= one.longitude <= 180:
        yield _error("longitude_out_of_range", f"{path}.longitude", "this is no longitude", "give degrees from -180 to 180")
    if one.altitude is not None and not math.isfinite(one.altitude):
        yield _error("altitude_not_finite", f"{path}.altitude", "this is no height", "give metres as a number")


def _dates(content: Content) -> Iterator[Finding]:
    """Rows 30 and 31, as far as they need no clock."""
    usable = True
    for name in ("expires_at", "relevant_at"):
        at = getattr(content, name)
        if at is not None and not 0 <= at <= DATE_MAX:
            usable = False
            yield _error("date_out_of_range", name, "this date cannot be written", "give seconds since 1970, before the year 10000")
    if usable and content.expires_at is not None and content.relevant_at is not None and content.expires_at < content.relevant_at:
        text = "the pass expires before it becomes relevant"
        yield _warning("expires_before_relevant", "expires_at", text, "let it expire after the date that it is for")


def _images(content: Content) -> Iterator[Finding]:
    """Rows 43 and 44. That pictures are PNGs, and that there is an icon, is the image shelf's promise (row 42)."""
    allowed = IMAGES[content.style]
    for slot in content.images:
        if slot not in allowed:
            text = "this style does not show this picture"
            yield _warning("image_not_shown", f"images.{slot.value}", text, "leave it away, or choose a style that shows it")
    together = (ImageSlot.BACKGROUND in content.images) or (ImageSlot.THUMBNAIL in content.images)
    if content.style is Style.EVENT_TICKET and ImageSlot.STRIP in content.images and together:
        text = "an event ticket has a strip, or background and thumbnail, not both"
        yield _warning("images_exclude_each_other", "images.strip", text, "decide for one layout")
