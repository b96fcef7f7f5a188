"""The parts of a content on `/v1`'s wire: fields, barcodes, places, pictures. Beside content.py, which puts them together.

Most have the members of their counterpart in domain/content.py and are turned into it by name. May not enter: rules of a wallet."""

from typing import Annotated, Literal, TypeVar

import msgspec
from pydantic import BaseModel
from pydantic import Field as Rule

from billfold.api.v1.types import Color, ImageAddress, In, Label, Latitude, Longitude, Metres, Moment, Out, Text, iso
from billfold.domain.content import Barcode, Field, Relevance

T = TypeVar("T", bound=msgspec.Struct)

KindName = Literal["generic", "loyalty", "gift_card", "offer", "event_ticket", "flight", "transit"]
BarcodeFormatName = Literal[
    "QR", "PDF417", "Aztec", "Code128", "Code39", "Codabar", "EAN13", "EAN8", "UPCA", "ITF", "DataMatrix", "Text"
]
RoleName = Literal[
    "points", "secondary_points", "balance", "member_name", "member_id", "tier", "card_number", "pin", "program_name",
    "offer_title", "provider", "details", "fine_print",
]  # fmt: skip
DateStyleName = Literal["none", "short", "medium", "long", "full"]
Language = Annotated[str, Rule(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$", examples=["de", "fr-CA"])]
Translated = Annotated[dict[Annotated[str, Rule(max_length=200)], Text], Rule(max_length=500)]
Tags = Annotated[dict[str, object], Rule(max_length=200, description="Semantic tags by Apple's names; both wallets read them.")]
Key = Annotated[str, Rule(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class NumberFormatIn(In):
    """The value is a decimal number as text; each phone writes it in its own language."""

    type: Literal["number"]
    style: Literal["decimal", "percent", "scientific", "spell_out"] = "decimal"


class MoneyFormatIn(In):
    """The value is an amount in major units as text, like `12.50`."""

    type: Literal["money"]
    currency: Annotated[str, Rule(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]


class DateFormatIn(In):
    """The value is a date and time with offset, like `2026-12-31T18:00+01:00`."""

    type: Literal["date"]
    date: DateStyleName = "medium"
    time: DateStyleName = "none"
    relative: bool = False
    own_time_zone: Annotated[bool, Rule(description="In the value's own offset rather than the phone's.")] = False


FormatIn = Annotated[NumberFormatIn | MoneyFormatIn | DateFormatIn, Rule(discriminator="type")]


class FieldIn(In):
    """One label and value. `key` pairs old and new values; without one it is the group's name and the field's
    place, like `header0`."""

    key: Key | None = None
    label: Label | None = None
    value: Text
    change_message: Annotated[Text, Rule(description="Lock-screen line when the value changes; `%@` is the new value.")] | None = (
        None
    )
    format: FormatIn | None = None
    role: Annotated[RoleName, Rule(description="What the value means, where a wallet has a place of its own for it.")] | None = None
    alignment: Literal["left", "center", "right", "natural"] | None = None
    row: Annotated[int, Rule(ge=0, le=1, description="1: second row of an event ticket's auxiliary fields.")] | None = None
    rich_text: Annotated[Text, Rule(description="Instead of the value, on the back; may hold `<a href>`.")] | None = None
    detectors: Annotated[list[Literal["phone_number", "link", "address", "calendar_event"]], Rule(max_length=4)] | None = None
    semantics: Tags = Rule(default_factory=dict)


Fields = Annotated[list[FieldIn], Rule(max_length=100)]


class FieldOut(Out):
    """As it was sent; members of later versions only where they are set."""

    key: str
    label: str | None
    value: str
    change_message: str | None
    format: FormatIn | None = None
    role: RoleName | None = None
    alignment: str | None = None
    row: int | None = None
    rich_text: str | None = None
    detectors: list[str] | None = None
    semantics: Tags = Rule(default_factory=dict)


class BarcodeIn(In):
    format: BarcodeFormatName
    message: Annotated[str, Rule(min_length=1, max_length=512, description="What the scanner reads.")]
    alt_text: Label | None = None
    encoding: (
        Annotated[str, Rule(pattern=r"^[A-Za-z0-9._:-]{1,40}$", description="IANA charset; without one Latin-1 or UTF-8.")] | None
    ) = None


class BarcodeOut(Out):
    format: BarcodeFormatName
    message: str
    alt_text: str | None
    encoding: str | None = None


class RotatingBarcodeIn(In):
    """A code that changes by time. `{totp_value_0}` in the pattern is the changing part; the secret is each pass's own."""

    format: Literal["QR", "PDF417"]
    pattern: Annotated[str, Rule(max_length=512, pattern=r"\{totp_value_0\}")]
    period_seconds: Annotated[int, Rule(ge=1, le=3600)] = 30
    digits: Annotated[int, Rule(ge=4, le=10)] = 8
    alt_text: Label | None = None


class LocationIn(In):
    """A place (WGS 84, degrees and metres) near which the pass shows itself on the lock screen."""

    latitude: Latitude
    longitude: Longitude
    altitude: Metres | None = None
    relevant_text: Label | None = None


class BeaconIn(In):
    """A Bluetooth beacon near which the pass shows itself."""

    uuid: Annotated[str, Rule(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    major: Annotated[int, Rule(ge=0, le=65_535)] | None = None
    minor: Annotated[int, Rule(ge=0, le=65_535)] | None = None
    relevant_text: Label | None = None


class RelevanceIn(In):
    """A moment at which the pass is wanted, or a span."""

    start: Moment
    end: Moment | None = None


class RelevanceOut(Out):
    start: str
    end: str | None = None


class NfcIn(In):
    """What a reader gets by near field; needs a certificate that Apple has entitled."""

    message: Annotated[str, Rule(min_length=1, max_length=64)]
    public_key: Annotated[str, Rule(max_length=400, pattern=r"^[A-Za-z0-9+/=]+$", description="P-256, X.509, base64.")]
    requires_authentication: bool = False


class SignUpIn(In):
    """A form that an iPhone shows when the pass is added; the answers become the pass's values under `sign_up`. Needs `nfc`, a
    certificate that Apple has entitled to it, and the picture `personalization_logo`."""

    ask: Annotated[list[Literal["name", "postal_code", "email", "phone"]], Rule(min_length=1, max_length=4)]
    description: Annotated[str, Rule(min_length=1, max_length=2_000, description="Of the programme that one signs up for.")]
    terms: Annotated[Text, Rule(description="May hold links.")] | None = None


class StampCardIn(In):
    """A picture of stamps, drawn from counts, in place of the strip. Counts may be expressions in a template."""

    filled: Annotated[str, Rule(max_length=200)]
    total: Annotated[str, Rule(max_length=200)]
    icon: Annotated[str, Rule(pattern=r"^[a-z0-9_-]{1,40}$")] = "cup"
    stamp_color: Color | None = None
    empty_color: Color | None = None
    ground_color: Color | None = None
    stamp_image: Annotated[str, Rule(pattern=r"^[0-9a-f]{64}$", description="Of an uploaded picture.")] | None = None
    reward: Annotated[str, Rule(pattern=r"^[a-z0-9_-]{1,40}$", description="Shape of the last place.")] | None = "gift"


class PosterIn(In):
    """A layout that is all picture, for phones that know it. Others show the style."""

    header: Fields = Rule(default_factory=list)
    primary: Fields = Rule(default_factory=list)
    footer: Fields = Rule(default_factory=list)
    additional: Fields = Rule(default_factory=list)


class OverridesIn(In):
    """A wallet's own members, merged into what is made for it: objects merge, null removes, the rest replaces."""

    apple: Annotated[dict[str, object], Rule(description="pass.json")] = Rule(default_factory=dict)
    google_class: dict[str, object] = Rule(default_factory=dict)
    google_object: dict[str, object] = Rule(default_factory=dict)


class ImagesIn(In):
    """Pictures by https address or data URI; PNG, JPEG or WebP."""

    icon: ImageAddress | None = None
    logo: ImageAddress | None = None
    wide_logo: ImageAddress | None = None
    strip: ImageAddress | None = None
    thumbnail: ImageAddress | None = None
    background: ImageAddress | None = None
    footer: ImageAddress | None = None
    primary_logo: ImageAddress | None = None
    secondary_logo: ImageAddress | None = None
    artwork: ImageAddress | None = None
    venue_map: ImageAddress | None = None
    personalization_logo: ImageAddress | None = None


def convert(given: BaseModel | None, type_: type[T]) -> T | None:
    """A part whose members are named like its counterpart's."""
    return None if given is None else msgspec.convert(given.model_dump(exclude_unset=True), type_)


def field_of(given: FieldIn, key: str) -> Field:
    return msgspec.convert({"key": key} | given.model_dump(exclude_none=True), Field)


def field_out(one: Field) -> FieldOut:
    return FieldOut.model_validate({"label": None, "change_message": None} | msgspec.json.decode(msgspec.json.encode(one)))


def barcode_out(code: Barcode) -> BarcodeOut:
    return BarcodeOut.model_validate({"alt_text": None} | msgspec.to_builtins(code))


def relevance_of(given: RelevanceIn) -> Relevance:
    return Relevance(given.start, given.end)


def relevance_out(one: Relevance) -> RelevanceOut:
    return RelevanceOut(start=iso(one.start * 1000), end=None if one.end is None else iso(one.end * 1000))
