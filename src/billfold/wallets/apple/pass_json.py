"""Content and a pass's own facts → pass.json, as Wallet reads it. Pure: equal input gives equal bytes.

Only what differs from Wallet's default is written. Sources stand beside each group: WP is Apple's current reference "Wallet
Passes", section numbers are those of reference/apple-wallet.md. May not enter: judging the content (rules.py), settings, I/O."""

import time
from dataclasses import dataclass
from functools import lru_cache

import orjson

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, Location, Style, TransitType
from billfold.domain.passes import Pass

Json = str | int | float | bool | list["Json"] | dict[str, "Json"]

TRANSIT_TYPES = {
    TransitType.AIR: "PKTransitTypeAir",
    TransitType.BOAT: "PKTransitTypeBoat",
    TransitType.BUS: "PKTransitTypeBus",
    TransitType.TRAIN: "PKTransitTypeTrain",
    TransitType.GENERIC: "PKTransitTypeGeneric",
}
GROUPING_STYLES = (Style.BOARDING_PASS, Style.EVENT_TICKET)
BARCODES = {
    BarcodeFormat.QR: "PKBarcodeFormatQR",
    BarcodeFormat.PDF417: "PKBarcodeFormatPDF417",
    BarcodeFormat.AZTEC: "PKBarcodeFormatAztec",
    BarcodeFormat.CODE128: "PKBarcodeFormatCode128",
    BarcodeFormat.CODE39: "PKBarcodeFormatCode39",
    BarcodeFormat.CODABAR: "PKBarcodeFormatCodabar",
    BarcodeFormat.EAN13: "PKBarcodeFormatEAN13",
    BarcodeFormat.ITF: "PKBarcodeFormatI2of5",
}
"""Section 2.3. The last four since iOS 27; formats that are not here Apple does not draw."""
LEGACY_FORMATS = (BarcodeFormat.QR, BarcodeFormat.PDF417, BarcodeFormat.AZTEC)


@dataclass(frozen=True, slots=True)
class IssuingFacts:
    """What a pass has from its certificate and from this server. `authentication_token`: 16 characters or more, never changed."""

    pass_type: str
    team: str
    web_service_url: str
    authentication_token: str

    def __post_init__(self) -> None:
        assert len(self.authentication_token) >= 16, "Wallet wants tokens of 16 characters or more"


def pass_json(pass_: Pass, content: Content, facts: IssuingFacts) -> bytes:
    """UTF-8, strict JSON, no byte order mark. `content` has passed rules.check."""
    out: dict[str, Json] = {
        # Identity and look. WP/pass, section 2.1. The pair (type, serial number) never changes during a pass's life.
        "formatVersion": 1,
        "passTypeIdentifier": facts.pass_type,
        "serialNumber": pass_.id,
        "teamIdentifier": facts.team,
        "organizationName": content.organization_name,
        "description": content.description,
        "backgroundColor": _rgb(content.background_color),
        "foregroundColor": _rgb(content.foreground_color),
        "labelColor": _rgb(content.label_color),
        # Updates. WP/adding-a-web-service-to-update-passes, section 4. Both keys or neither.
        "webServiceURL": facts.web_service_url,
        "authenticationToken": facts.authentication_token,
        str(content.style): _style(content),
    }
    if content.logo_text is not None:
        out["logoText"] = content.logo_text
    if content.barcode is not None:
        _add_barcode(out, content.barcode)
    if content.locations:
        out["locations"] = _locations(content.locations)
    _add_state(out, content)
    return orjson.dumps(out)


def _style(content: Content) -> dict[str, Json]:
    """The style's dictionary of field groups; the order inside a group is what people see. WP/passfields, section 2.4."""
    style: dict[str, Json] = {}
    if content.header:
        style["headerFields"] = _fields(content.header)
    if content.primary:
        style["primaryFields"] = _fields(content.primary)
    if content.secondary:
        style["secondaryFields"] = _fields(content.secondary)
    if content.auxiliary:
        style["auxiliaryFields"] = _fields(content.auxiliary)
    if content.back:
        style["backFields"] = _fields(content.back)
    if content.transit_type is not None:
        style["transitType"] = TRANSIT_TYPES[content.transit_type]
    return style


def _fields(group: tuple[Field, ...]) -> list[Json]:
    """WP/passfieldcontent, section 2.5. `key` pairs old and new values, `changeMessage` makes the change audible (section 6)."""
    out: list[Json] = []
    for one in group:
        label = one.label
        field: dict[str, Json] = {"key": one.key, "value": one.value}
        if label is not None:
            field["label"] = label
        if one.change_message:
            field["changeMessage"] = one.change_message
        out.append(field)
    return out


def _add_barcode(out: dict[str, Json], barcode: Barcode) -> None:
    """WP/pass/barcodes-data.dictionary, section 2.3. The single `barcode` is for iOS 8 and older, which knows no Code 128.

    Scanners assume Latin-1, so UTF-8 is named only where the message needs it."""
    if barcode.format not in BARCODES:
        return
    code: dict[str, Json] = {
        "format": BARCODES[barcode.format],
        "message": barcode.message,
        "messageEncoding": "iso-8859-1" if _fits_latin_1(barcode.message) else "utf-8",
    }
    if barcode.alt_text is not None:
        code["altText"] = barcode.alt_text
    out["barcodes"] = [code]
    if barcode.format in LEGACY_FORMATS:
        out["barcode"] = code


def _locations(places: tuple[Location, ...]) -> list[Json]:
    """WP/pass/locations-data.dictionary, section 2.6."""
    out: list[Json] = []
    for one in places:
        place: dict[str, Json] = {"latitude": one.latitude, "longitude": one.longitude}
        if one.altitude is not None:
            place["altitude"] = one.altitude
        if one.relevant_text is not None:
            place["relevantText"] = one.relevant_text
        out.append(place)
    return out


def _add_state(out: dict[str, Json], content: Content) -> None:
    """Dates, void, sharing, grouping. WP/pass, WP/pass/relevantdates-data.dictionary, sections 2.1 and 2.6."""
    if content.sharing_prohibited:
        out["sharingProhibited"] = True
    if content.expires_at is not None:
        out["expirationDate"] = _date(content.expires_at)
    if content.relevant_at is not None:
        date = _date(content.relevant_at)
        out["relevantDate"] = date
        out["relevantDates"] = [{"date": date, "relevantDate": date}]  # iOS 26 reads the first name, iOS 18 the second
    if content.voided:
        out["voided"] = True
    if content.grouping is not None and content.style in GROUPING_STYLES:
        out["groupingIdentifier"] = content.grouping


@lru_cache(maxsize=4096)
def _date(at: int) -> str:
    """ISO 8601 to the second with its zone; fractions of a second are not known to be accepted. Section 2."""
    year, month, day, hour, minute, second = time.gmtime(at)[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


@lru_cache(maxsize=4096)
def _rgb(color: str) -> str:
    """`#rrggbb` → `rgb(r, g, b)`, the only documented form. Section 2.2."""
    value = int(color[1:], 16)
    return f"rgb({value >> 16}, {value >> 8 & 255}, {value & 255})"


def _fits_latin_1(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
