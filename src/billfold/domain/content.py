"""What a pass says, in neither wallet's words: the neutral content that both are made from.

Content is a value. Two contents with the same fingerprint look the same on every phone, whatever request they came from.
May not enter: Apple's or Google's names and limits (wallets/*/rules.py), where images come from, the clock."""

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec


class Style(StrEnum):
    GENERIC = "generic"
    STORE_CARD = "storeCard"
    COUPON = "coupon"
    EVENT_TICKET = "eventTicket"
    BOARDING_PASS = "boardingPass"


class TransitType(StrEnum):
    AIR = "air"
    BOAT = "boat"
    BUS = "bus"
    TRAIN = "train"
    GENERIC = "generic"


class BarcodeFormat(StrEnum):
    QR = "QR"
    PDF417 = "PDF417"
    AZTEC = "Aztec"
    CODE128 = "Code128"


class ImageSlot(StrEnum):
    ICON = "icon"
    LOGO = "logo"
    STRIP = "strip"
    THUMBNAIL = "thumbnail"
    BACKGROUND = "background"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Field:
    """One label and value. `key` is unique in the pass and stable between versions: old and new values are paired by it.

    `change_message` holds `%@` where the new value goes; without one a change of the value is silent."""

    key: str
    value: str
    label: str | None = None
    change_message: str | None = None


@dataclass(frozen=True, slots=True)
class Barcode:
    format: BarcodeFormat
    message: str
    alt_text: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Degrees (WGS 84), metres."""

    latitude: float
    longitude: float
    altitude: float | None = None
    relevant_text: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a holder sees. Times are whole seconds since 1970 (UTC). Colours are `#rrggbb`, lower case.

    `images`: slot → content hash (SHA-256, hex) of the picture as given, before scaling. Defaults are absent values, so that a
    request that spells a default out and one that leaves it away have one fingerprint."""

    organization_name: str
    description: str
    style: Style = Style.GENERIC
    logo_text: str | None = None
    header: tuple[Field, ...] = ()
    primary: tuple[Field, ...] = ()
    secondary: tuple[Field, ...] = ()
    auxiliary: tuple[Field, ...] = ()
    back: tuple[Field, ...] = ()
    barcode: Barcode | None = None
    background_color: str = "#1f2937"
    foreground_color: str = "#ffffff"
    label_color: str = "#e5e7eb"
    images: dict[ImageSlot, str] = field(default_factory=dict)
    locations: tuple[Location, ...] = ()
    sharing_prohibited: bool = True
    expires_at: int | None = None
    relevant_at: int | None = None
    voided: bool = False
    transit_type: TransitType | None = None
    grouping: str | None = None

    def fields(self) -> tuple[Field, ...]:
        """All fields, front before back, in the order in which they are shown."""
        return self.header + self.primary + self.secondary + self.auxiliary + self.back


_WORD_START = re.compile(r"\b[^\W_]")


def initials(content: Content) -> str:
    """One or two letters for the picture that is drawn where none is given."""
    letters = _WORD_START.findall(content.logo_text or "") or _WORD_START.findall(content.organization_name)
    return "".join(letters[:2]).upper()[:2] or "?"


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Content)


def encode(content: Content) -> bytes:
    """The canonical form: JSON with sorted keys. Equal contents give equal bytes."""
    return _ENCODER.encode(content)


def decode(data: bytes) -> Content:
    """The inverse of `encode`."""
    return _DECODER.decode(data)


def fingerprint(canonical: bytes) -> str:
    """SHA-256 (hex) of the canonical form: says whether anything that a holder sees has changed."""
    return hashlib.sha256(canonical).hexdigest()


def changed_fields(before: dict[str, str], after: Content) -> tuple[Field, ...]:
    """The fields of `after` that were there before with another value. `before`: key → value, as the holder last had them.

    A field that is new or gone is no change of a value. Source: reference/apple-wallet.md section 6."""
    return tuple(one for one in after.fields() if one.key in before and before[one.key] != one.value)
