"""The content of a pass on `/v1`'s wire: the neutral vocabulary in snake_case, to a draft and back.

Names are those of domain/content.py, so that the wallets' findings point at the caller's own fields.
May not enter: Apple's and Google's rules, fetching pictures."""

from typing import Annotated, Literal

from pydantic import Field as Rule

from billfold.api.v1.types import (
    Color,
    Days,
    ImageAddress,
    In,
    Label,
    Latitude,
    Longitude,
    Metres,
    Moment,
    Out,
    Text,
    iso_or_none,
)
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location, Style, TransitType
from billfold.domain.drafts import Draft, ImageSource
from billfold.domain.errors import FieldProblem, Invalid

StyleName = Literal["generic", "store_card", "coupon", "event_ticket", "boarding_pass"]
STYLES: dict[StyleName, Style] = {
    "generic": Style.GENERIC,
    "store_card": Style.STORE_CARD,
    "coupon": Style.COUPON,
    "event_ticket": Style.EVENT_TICKET,
    "boarding_pass": Style.BOARDING_PASS,
}
_STYLE_NAMES: dict[Style, StyleName] = {style: name for name, style in STYLES.items()}
TransitName = Literal["air", "boat", "bus", "train", "generic"]
BarcodeName = Literal["QR", "PDF417", "Aztec", "Code128"]
GROUPS = ("header", "primary", "secondary", "auxiliary", "back")
_DEFAULTS = Content("", "")


class FieldIn(In):
    """One label and value. `key` pairs old and new values; without one it is the group's name and the field's
    place, like `header0`."""

    key: Annotated[str, Rule(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None
    label: Label | None = None
    value: Text
    change_message: Annotated[Text, Rule(description="Lock-screen line when the value changes; `%@` is the new value.")] | None = (
        None
    )


class BarcodeIn(In):
    format: BarcodeName
    message: Annotated[str, Rule(min_length=1, max_length=512, description="What the scanner reads.")]
    alt_text: Label | None = None


class LocationIn(In):
    """A place (WGS 84, degrees and metres) near which the pass shows itself on the lock screen."""

    latitude: Latitude
    longitude: Longitude
    altitude: Metres | None = None
    relevant_text: Label | None = None


class ImagesIn(In):
    """Pictures by https address or data URI; PNG, JPEG or WebP."""

    icon: ImageAddress | None = None
    logo: ImageAddress | None = None
    strip: ImageAddress | None = None
    thumbnail: ImageAddress | None = None
    background: ImageAddress | None = None
    footer: ImageAddress | None = None


Fields = Annotated[list[FieldIn], Rule(max_length=100)]


class ContentIn(In):
    """Everything that a holder sees, in neither wallet's words. What is left out is absent; nothing is merged with what was."""

    description: Annotated[str, Rule(min_length=1, max_length=2_000, description="Said by screen readers; not visible.")]
    organization_name: Annotated[str, Rule(min_length=1, max_length=64, description="Without one: the workspace's own.")] | None = (
        None
    )
    style: StyleName = "generic"
    logo_text: Label | None = None
    header: Fields = Rule(default_factory=list)
    primary: Fields = Rule(default_factory=list)
    secondary: Fields = Rule(default_factory=list)
    auxiliary: Fields = Rule(default_factory=list)
    back: Fields = Rule(default_factory=list)
    barcode: BarcodeIn | None = None
    background_color: Color = _DEFAULTS.background_color
    foreground_color: Color = _DEFAULTS.foreground_color
    label_color: Color = _DEFAULTS.label_color
    images: ImagesIn | None = None
    locations: Annotated[list[LocationIn], Rule(max_length=10)] = Rule(default_factory=list)
    sharing_prohibited: bool = True
    expires_at: Moment | None = None
    expires_in_days: Annotated[Days | None, Rule(description="Counted from the issue; instead of `expires_at`.")] = None
    relevant_at: Moment | None = None
    voided: bool = False
    transit_type: Annotated[TransitName | None, Rule(description="Of boarding passes, which need one.")] = None
    grouping: Label | None = None


class BarcodeOut(Out):
    format: BarcodeName
    message: str
    alt_text: str | None


class FieldOut(Out):
    key: str
    label: str | None
    value: str
    change_message: str | None


class LocationOut(Out):
    latitude: float
    longitude: float
    altitude: float | None
    relevant_text: str | None


class ContentOut(Out):
    """As the holder sees it. `images`: slot → SHA-256 of the picture as it was given."""

    description: str
    organization_name: str
    style: StyleName
    logo_text: str | None
    header: list[FieldOut]
    primary: list[FieldOut]
    secondary: list[FieldOut]
    auxiliary: list[FieldOut]
    back: list[FieldOut]
    barcode: BarcodeOut | None
    background_color: str
    foreground_color: str
    label_color: str
    images: dict[str, str]
    locations: list[LocationOut]
    sharing_prohibited: bool
    expires_at: str | None
    relevant_at: str | None
    voided: bool
    transit_type: TransitName | None
    grouping: str | None


def draft_of(given: ContentIn) -> Draft:
    """Raises Invalid where fields contradict each other. Paths begin at the content; `within` puts its own name before them."""
    groups = {name: _fields(name, getattr(given, name)) for name in GROUPS}
    problems = list(_doubled_keys(groups))
    if given.expires_at is not None and given.expires_in_days is not None:
        problems.append(FieldProblem("expires_in_days", "excludes", "excludes expires_at", "send one of the two"))
    if problems:
        raise within("content", Invalid(*problems))
    content = Content(
        organization_name=given.organization_name or "",
        description=given.description,
        style=STYLES[given.style],
        logo_text=given.logo_text,
        header=groups["header"],
        primary=groups["primary"],
        secondary=groups["secondary"],
        auxiliary=groups["auxiliary"],
        back=groups["back"],
        barcode=_barcode(given.barcode),
        background_color=given.background_color,
        foreground_color=given.foreground_color,
        label_color=given.label_color,
        locations=tuple(Location(one.latitude, one.longitude, one.altitude, one.relevant_text) for one in given.locations),
        sharing_prohibited=given.sharing_prohibited,
        expires_at=given.expires_at,
        relevant_at=given.relevant_at,
        voided=given.voided,
        transit_type=TransitType(given.transit_type) if given.transit_type else None,
        grouping=given.grouping,
    )
    return Draft(content, _images(given.images), given.expires_in_days)


def _fields(group: str, given: list[FieldIn]) -> tuple[Field, ...]:
    return tuple(Field(one.key or f"{group}{at}", one.value, one.label, one.change_message) for at, one in enumerate(given))


def _barcode(given: BarcodeIn | None) -> Barcode | None:
    return Barcode(BarcodeFormat(given.format), given.message, given.alt_text) if given else None


def _doubled_keys(groups: dict[str, tuple[Field, ...]]) -> list[FieldProblem]:
    seen: set[str] = set()
    found = []
    for name, group in groups.items():
        for at, one in enumerate(group):
            if one.key in seen:
                mend = "give each field of the pass a key of its own"
                found.append(FieldProblem(f"{name}[{at}].key", "duplicate_key", "another field has this key", mend))
            seen.add(one.key)
    return found


def _images(given: ImagesIn | None) -> dict[ImageSlot, ImageSource]:
    if given is None:
        return {}
    sources = {slot: getattr(given, slot.value) for slot in ImageSlot}
    return {slot: ImageSource(source, f"images.{slot.value}") for slot, source in sources.items() if source is not None}


def within(name: str, error: Invalid) -> Invalid:
    """The same problems, their paths beginning with `name`: the wallets' rules speak of a content, the caller of a body."""
    return Invalid(
        *(FieldProblem(f"{name}.{one.path}" if one.path else name, one.code, one.message, one.mend) for one in error.problems)
    )


def _fields_out(fields: tuple[Field, ...]) -> list[FieldOut]:
    return [FieldOut(key=one.key, label=one.label, value=one.value, change_message=one.change_message) for one in fields]


def content_out(content: Content) -> ContentOut:
    code = content.barcode
    return ContentOut(
        description=content.description,
        organization_name=content.organization_name,
        style=_STYLE_NAMES[content.style],
        logo_text=content.logo_text,
        header=_fields_out(content.header),
        primary=_fields_out(content.primary),
        secondary=_fields_out(content.secondary),
        auxiliary=_fields_out(content.auxiliary),
        back=_fields_out(content.back),
        barcode=BarcodeOut(format=code.format.value, message=code.message, alt_text=code.alt_text) if code else None,
        background_color=content.background_color,
        foreground_color=content.foreground_color,
        label_color=content.label_color,
        images={slot.value: hash for slot, hash in content.images.items()},
        locations=[
            LocationOut(latitude=one.latitude, longitude=one.longitude, altitude=one.altitude, relevant_text=one.relevant_text)
            for one in content.locations
        ],
        sharing_prohibited=content.sharing_prohibited,
        expires_at=iso_or_none(content.expires_at and content.expires_at * 1000),
        relevant_at=iso_or_none(content.relevant_at and content.relevant_at * 1000),
        voided=content.voided,
        transit_type=content.transit_type.value if content.transit_type else None,
        grouping=content.grouping,
    )
