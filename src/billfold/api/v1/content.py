"""The content of a pass on `/v1`'s wire: the neutral vocabulary in snake_case, to a draft and back.

Names are those of domain/content.py, so that the wallets' findings point at the caller's own fields.
May not enter: Apple's and Google's rules, fetching pictures."""

from typing import Annotated, Literal

import msgspec
from pydantic import Field as Rule

from billfold.api.v1.parts import (
    BarcodeIn,
    BarcodeOut,
    BeaconIn,
    FieldIn,
    FieldOut,
    Fields,
    ImagesIn,
    KindName,
    Language,
    LocationIn,
    NfcIn,
    OverridesIn,
    PosterIn,
    RelevanceIn,
    RelevanceOut,
    RotatingBarcodeIn,
    SignUpIn,
    StampCardIn,
    Tags,
    Translated,
    barcode_out,
    convert,
    field_of,
    field_out,
    relevance_of,
    relevance_out,
)
from billfold.api.v1.types import Color, Days, In, Label, Moment, Out, iso
from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    Field,
    ImageSlot,
    Kind,
    Location,
    Nfc,
    Overrides,
    Poster,
    RotatingBarcode,
    SignUp,
    StampCard,
    Style,
    TransitType,
    encode,
)
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
GROUPS = ("header", "primary", "secondary", "auxiliary", "additional", "back")
_DEFAULTS = Content("", "")


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
    kind: Annotated[KindName | None, Rule(description="What the pass is for; without one it follows from the style.")] = None
    language: Annotated[Language | None, Rule(description="Of the texts here (BCP 47).")] = None
    translations: Annotated[
        dict[Language, Translated],
        Rule(
            max_length=100, description="Language → path of a text, like `fields.points.label` → text. What lacks stays as it is."
        ),
    ] = Rule(default_factory=dict)
    localized_images: Annotated[dict[Language, ImagesIn], Rule(max_length=100)] = Rule(default_factory=dict)
    barcode_fallbacks: Annotated[
        list[BarcodeIn], Rule(max_length=7, description="Shown by phones that cannot draw the first, in this order.")
    ] = Rule(default_factory=list)
    rotating_barcode: RotatingBarcodeIn | None = None
    beacons: Annotated[
        list[BeaconIn], Rule(max_length=100, description="Of at most ten ids; many shops share one, and differ in major and minor.")
    ] = Rule(default_factory=list)
    max_distance: Annotated[int, Rule(ge=1, le=100_000, description="Metres around a place.")] | None = None
    relevant: Annotated[list[RelevanceIn], Rule(max_length=50)] = Rule(default_factory=list)
    valid_from: Moment | None = None
    nfc: NfcIn | None = None
    smart_tap: Annotated[str, Rule(max_length=512, pattern=r"^[\x20-\x7e]+$")] | None = None
    linked: Annotated[
        list[Annotated[str, Rule(pattern=r"^[0-9A-Za-z_-]{1,64}$")]],
        Rule(max_length=50, description="Passes that come along, by id."),
    ] = Rule(default_factory=list)
    semantics: Tags = Rule(default_factory=dict)
    enhanced: Annotated[
        bool, Rule(description="The newer layout where the phone has one: poster event ticket, semantic boarding pass.")
    ] = False
    additional: Fields = Rule(default_factory=list)
    poster: PosterIn | None = None
    stamps: StampCardIn | None = None
    overrides: OverridesIn | None = None
    sign_up: SignUpIn | None = None


class LocationOut(Out):
    latitude: float
    longitude: float
    altitude: float | None
    relevant_text: str | None


class ContentOut(Out):
    """As the holder sees it, in the form of what was sent; members of later versions only where they are set.

    `images`: slot → SHA-256 of the picture as it was given."""

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
    kind: KindName | None = None
    language: str | None = None
    translations: dict[str, dict[str, str]] = Rule(default_factory=dict)
    localized_images: dict[str, dict[str, str]] = Rule(default_factory=dict)
    barcode_fallbacks: list[BarcodeOut] = Rule(default_factory=list)
    rotating_barcode: RotatingBarcodeIn | None = None
    beacons: list[BeaconIn] = Rule(default_factory=list)
    max_distance: int | None = None
    relevant: list[RelevanceOut] = Rule(default_factory=list)
    valid_from: str | None = None
    nfc: NfcIn | None = None
    smart_tap: str | None = None
    linked: list[str] = Rule(default_factory=list)
    semantics: Tags = Rule(default_factory=dict)
    enhanced: bool = False
    additional: list[FieldOut] = Rule(default_factory=list)
    poster: PosterIn | None = None
    stamps: StampCardIn | None = None
    overrides: OverridesIn | None = None
    sign_up: SignUpIn | None = None


_ALWAYS: dict[str, object] = {
    name: getattr(_DEFAULTS, name) for name, member in ContentOut.model_fields.items() if member.is_required()
}


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
        kind=Kind(given.kind) if given.kind else None,
        language=given.language,
        translations={language: dict(words) for language, words in given.translations.items()},
        barcode_fallbacks=tuple(
            Barcode(BarcodeFormat(one.format), one.message, one.alt_text, one.encoding) for one in given.barcode_fallbacks
        ),
        max_distance=given.max_distance,
        relevant=tuple(map(relevance_of, given.relevant)),
        valid_from=given.valid_from,
        smart_tap=given.smart_tap,
        linked=tuple(given.linked),
        semantics=given.semantics,
        enhanced=given.enhanced,
        additional=groups["additional"],
        poster=_poster(given.poster),
        beacons=tuple(filter(None, (convert(one, Beacon) for one in given.beacons))),
        rotating_barcode=convert(given.rotating_barcode, RotatingBarcode),
        nfc=convert(given.nfc, Nfc),
        stamps=convert(given.stamps, StampCard),
        overrides=convert(given.overrides, Overrides),
        sign_up=convert(given.sign_up, SignUp),
    )
    localized = {language: _images(images, f"localized_images.{language}") for language, images in given.localized_images.items()}
    return Draft(content, _images(given.images), given.expires_in_days, localized)


def _fields(group: str, given: list[FieldIn]) -> tuple[Field, ...]:
    return tuple(field_of(one, f"{group}{at}") for at, one in enumerate(given))


def _poster(given: PosterIn | None) -> Poster | None:
    if given is None:
        return None
    return Poster(*(_fields(f"poster_{name}", getattr(given, name)) for name in ("header", "primary", "footer", "additional")))


def _barcode(given: BarcodeIn | None) -> Barcode | None:
    return Barcode(BarcodeFormat(given.format), given.message, given.alt_text, given.encoding) if given else None


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


def _images(given: ImagesIn | None, path: str = "images") -> dict[ImageSlot, ImageSource]:
    if given is None:
        return {}
    sources = {slot: getattr(given, slot.value) for slot in ImageSlot}
    return {slot: ImageSource(source, f"{path}.{slot.value}") for slot, source in sources.items() if source is not None}


def within(name: str, error: Invalid) -> Invalid:
    """The same problems, their paths beginning with `name`: the wallets' rules speak of a content, the caller of a body."""
    return Invalid(
        *(FieldProblem(f"{name}.{one.path}" if one.path else name, one.code, one.message, one.mend) for one in error.problems)
    )


def content_out(content: Content) -> ContentOut:
    """Members of the first version always, later ones where they are set."""
    shown: dict[str, object] = msgspec.json.decode(encode(content))
    out: dict[str, object] = _ALWAYS | shown | {"style": _STYLE_NAMES[content.style]}
    for group in GROUPS:
        if group in _ALWAYS or group in shown:
            out[group] = list(map(field_out, getattr(content, group)))
    out["barcode"] = barcode_out(content.barcode) if content.barcode else None
    if content.barcode_fallbacks:
        out["barcode_fallbacks"] = list(map(barcode_out, content.barcode_fallbacks))
    out["locations"] = [
        LocationOut(latitude=one.latitude, longitude=one.longitude, altitude=one.altitude, relevant_text=one.relevant_text)
        for one in content.locations
    ]
    if content.relevant:
        out["relevant"] = list(map(relevance_out, content.relevant))
    for name in ("expires_at", "relevant_at", "valid_from"):
        if (at := getattr(content, name)) is not None:
            out[name] = iso(at * 1000)
    return ContentOut.model_validate(out)
