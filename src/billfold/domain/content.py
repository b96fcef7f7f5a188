"""What a pass says, in neither wallet's words: the neutral content that both are made from.

Content is a value. Two contents with the same fingerprint look the same on every phone, whatever request they came from. Members
that have their default are left out of the canonical form, so that a member which comes later changes no fingerprint (hence
msgspec's structs rather than dataclasses; change one with `msgspec.structs.replace`). What only one wallet knows and no neutral
member says goes into `Overrides`, in that wallet's own words.
May not enter: Apple's or Google's names and limits (wallets/*/rules.py), where images come from, the clock."""

import hashlib
import re
from enum import StrEnum
from functools import lru_cache

import msgspec

JsonObject = dict[str, object]
"""Parsed JSON: texts, numbers, booleans, None, lists and objects of such."""


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the parts of a content have in common."""


class Style(StrEnum):
    """How a pass is laid out."""

    GENERIC = "generic"
    STORE_CARD = "storeCard"
    COUPON = "coupon"
    EVENT_TICKET = "eventTicket"
    BOARDING_PASS = "boardingPass"


class Kind(StrEnum):
    """What a pass is for, finer than its style. Without one it follows from the style (wallets/google/verticals.py)."""

    GENERIC = "generic"
    LOYALTY = "loyalty"
    GIFT_CARD = "gift_card"
    OFFER = "offer"
    EVENT_TICKET = "event_ticket"
    FLIGHT = "flight"
    TRANSIT = "transit"


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
    CODE39 = "Code39"
    CODABAR = "Codabar"
    EAN13 = "EAN13"
    EAN8 = "EAN8"
    UPC_A = "UPCA"
    ITF = "ITF"
    DATA_MATRIX = "DataMatrix"
    TEXT = "Text"
    """No code: the message is shown as text."""


class ImageSlot(StrEnum):
    ICON = "icon"
    LOGO = "logo"
    WIDE_LOGO = "wide_logo"
    STRIP = "strip"
    THUMBNAIL = "thumbnail"
    BACKGROUND = "background"
    FOOTER = "footer"
    PRIMARY_LOGO = "primary_logo"
    SECONDARY_LOGO = "secondary_logo"
    ARTWORK = "artwork"
    VENUE_MAP = "venue_map"
    PERSONALIZATION_LOGO = "personalization_logo"


class DateStyle(StrEnum):
    NONE = "none"
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"
    FULL = "full"


class NumberStyle(StrEnum):
    DECIMAL = "decimal"
    PERCENT = "percent"
    SCIENTIFIC = "scientific"
    SPELL_OUT = "spell_out"


class NumberFormat(Value, frozen=True, tag="number"):
    """The value is a decimal number as text (`1250`, `-12.5`); the phone writes it in its own language."""

    style: NumberStyle = NumberStyle.DECIMAL


class MoneyFormat(Value, frozen=True, tag="money"):
    """The value is an amount in major units as text (`12.50`). `currency`: ISO 4217."""

    currency: str


class DateFormat(Value, frozen=True, tag="date"):
    """The value is a date and time with offset (RFC 3339, seconds optional). `relative`: in words like "tomorrow".
    `own_time_zone`: shown in the value's own offset rather than the phone's."""

    date: DateStyle = DateStyle.MEDIUM
    time: DateStyle = DateStyle.NONE
    relative: bool = False
    own_time_zone: bool = False


ValueFormat = NumberFormat | MoneyFormat | DateFormat


class TextAlignment(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    NATURAL = "natural"


class Detector(StrEnum):
    """What a phone turns into something to tap."""

    PHONE_NUMBER = "phone_number"
    LINK = "link"
    ADDRESS = "address"
    CALENDAR_EVENT = "calendar_event"


class Role(StrEnum):
    """What a field's value means, where a wallet or a report must know it: labels are free, and in any language."""

    POINTS = "points"
    SECONDARY_POINTS = "secondary_points"
    BALANCE = "balance"
    MEMBER_NAME = "member_name"
    MEMBER_ID = "member_id"
    TIER = "tier"
    CARD_NUMBER = "card_number"
    PIN = "pin"
    PROGRAM_NAME = "program_name"
    OFFER_TITLE = "offer_title"
    PROVIDER = "provider"
    DETAILS = "details"
    FINE_PRINT = "fine_print"


class Field(Value, frozen=True):
    """One label and value. `key` is unique in the pass and stable between versions: old and new values are paired by it.

    `change_message` holds `%@` where the new value goes; without one a change of the value is silent. `rich_text`: shown instead of
    the value on the back, may hold `<a href>`. `row`: 1 puts an auxiliary field into the second row of an event ticket.
    `semantics`: tags for this field (vocabulary of reference/apple-wallet.md section 2.7)."""

    key: str
    value: str
    label: str | None = None
    change_message: str | None = None
    format: ValueFormat | None = None
    role: Role | None = None
    alignment: TextAlignment | None = None
    row: int | None = None
    rich_text: str | None = None
    detectors: tuple[Detector, ...] | None = None
    semantics: JsonObject = {}


class Barcode(Value, frozen=True):
    """`encoding`: IANA charset of the message; without one ISO 8859-1 where that is enough, else UTF-8."""

    format: BarcodeFormat
    message: str
    alt_text: str | None = None
    encoding: str | None = None


class RotatingBarcode(Value, frozen=True):
    """A code that changes by time (RFC 6238, SHA-1). `pattern` holds `{totp_value_0}` and may hold `{totp_timestamp_seconds}`. The
    secret is each pass's own and never part of a content."""

    format: BarcodeFormat
    pattern: str
    period_seconds: int = 30
    digits: int = 8
    alt_text: str | None = None


class Location(Value, frozen=True):
    """Degrees (WGS 84), metres."""

    latitude: float
    longitude: float
    altitude: float | None = None
    relevant_text: str | None = None


class Beacon(Value, frozen=True):
    """A Bluetooth beacon near which the pass is relevant. `uuid`: lower case, with hyphens."""

    uuid: str
    major: int | None = None
    minor: int | None = None
    relevant_text: str | None = None


class Relevance(Value, frozen=True):
    """When a pass is wanted: a moment, or a span when it has an end. Seconds since 1970."""

    start: int
    end: int | None = None


class Nfc(Value, frozen=True):
    """What a reader gets by near field, 64 bytes at most. `public_key`: P-256, base64 of the X.509 SubjectPublicKeyInfo."""

    message: str
    public_key: str
    requires_authentication: bool = False


class StampCard(Value, frozen=True):
    """A picture drawn from counts, in place of the strip. `filled` and `total` are whole numbers as text, since a template may take
    them from the pass. `icon`: a shape by name (images/icons.py); `stamp_image`: content hash of an own picture instead. `reward`:
    the shape of the last place; None: a stamp like the others."""

    filled: str
    total: str
    icon: str = "cup"
    stamp_color: str | None = None
    empty_color: str | None = None
    ground_color: str | None = None
    stamp_image: str | None = None
    reward: str | None = "gift"


class Poster(Value, frozen=True):
    """A layout that is all picture (slot ARTWORK), for phones that know it; others show the style. Fields as in `Content`."""

    header: tuple[Field, ...] = ()
    primary: tuple[Field, ...] = ()
    footer: tuple[Field, ...] = ()
    additional: tuple[Field, ...] = ()


class SignUpField(StrEnum):
    """What a form may ask for."""

    NAME = "name"
    POSTAL_CODE = "postal_code"
    EMAIL = "email"
    PHONE = "phone"


class SignUp(Value, frozen=True):
    """A form that a phone shows when the pass is added: whoever fills it in joins the programme and has the pass made his own
    (domain/personalization.py). `description`: of the programme; `terms` may hold links."""

    ask: tuple[SignUpField, ...]
    description: str
    terms: str | None = None


class Overrides(Value, frozen=True):
    """A wallet's own members, merged into what we make for it (RFC 7396: objects merge, null removes, the rest replaces).

    `apple`: pass.json; `google_class`, `google_object`: of the pass's vertical. Identity, tokens and our own addresses stay."""

    apple: JsonObject = {}
    google_class: JsonObject = {}
    google_object: JsonObject = {}


class Content(Value, frozen=True):
    """Everything that a holder sees. Times are whole seconds since 1970 (UTC). Colours are `#rrggbb`, lower case.

    `images`: slot → content hash (SHA-256, hex) of the picture as given, before scaling. Defaults are absent values, so that a
    request that spells a default out and one that leaves it away have one fingerprint.

    `language`: of the texts here (BCP 47; None: not said). `translations`: language → path of a text (domain/texts.py) → text;
    what a language lacks is shown in the base language. `localized_images`: language → slot → hash.
    `enhanced`: the newer layout of the style where the phone has one (poster event ticket, semantic boarding pass).
    `linked`: ids of passes of the same issuer that come along. `max_distance`: metres around a place."""

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
    images: dict[ImageSlot, str] = {}
    locations: tuple[Location, ...] = ()
    sharing_prohibited: bool = True
    expires_at: int | None = None
    relevant_at: int | None = None
    voided: bool = False
    transit_type: TransitType | None = None
    grouping: str | None = None
    kind: Kind | None = None
    language: str | None = None
    translations: dict[str, dict[str, str]] = {}
    localized_images: dict[str, dict[ImageSlot, str]] = {}
    barcode_fallbacks: tuple[Barcode, ...] = ()
    rotating_barcode: RotatingBarcode | None = None
    beacons: tuple[Beacon, ...] = ()
    max_distance: int | None = None
    relevant: tuple[Relevance, ...] = ()
    valid_from: int | None = None
    nfc: Nfc | None = None
    smart_tap: str | None = None
    linked: tuple[str, ...] = ()
    semantics: JsonObject = {}
    enhanced: bool = False
    additional: tuple[Field, ...] = ()
    poster: Poster | None = None
    stamps: StampCard | None = None
    overrides: Overrides | None = None
    sign_up: SignUp | None = None

    def fields(self) -> tuple[Field, ...]:
        """All fields, front before back, in the order in which they are shown; the poster's, which say the same again, not."""
        return self.header + self.primary + self.secondary + self.auxiliary + self.additional + self.back

    def by_role(self, role: Role) -> Field | None:
        """The first field with this role."""
        return next((one for one in self.fields() if one.role is role), None)


_WORD_START = re.compile(r"\b[^\W_]")


def initials(content: Content) -> str:
    """One or two letters for the picture that is drawn where none is given."""
    return _initials(content.logo_text or "", content.organization_name)


@lru_cache(maxsize=1024)
def _initials(logo_text: str, organization_name: str) -> str:
    letters = _WORD_START.findall(logo_text) or _WORD_START.findall(organization_name)
    return "".join(letters[:2]).upper()[:2] or "?"


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Content)


def encode(content: Content) -> bytes:
    """The canonical form: JSON, members in the order of their definition (new ones therefore go to the end), names of other objects
    sorted, without what has its default. Equal contents give equal bytes."""
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
