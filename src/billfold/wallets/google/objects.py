"""A content as Google's object, of any vertical: the members that all have, around those of stores.py, events.py and journeys.py.

A generic pass is made here in one go, since it stands on the hot path of issuing. May not enter: the network, the store, the clock,
what Google answered. Source: reference/google-wallet.md sections 1 and 9."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

import msgspec

from billfold.domain.content import Barcode as NeutralBarcode
from billfold.domain.content import BarcodeFormat, Content, Field, JsonObject, Kind
from billfold.domain.content import RotatingBarcode as NeutralRotating
from billfold.domain.passes import Pass
from billfold.wallets.google import events, journeys, modules, overrides, stores
from billfold.wallets.google.look import HOLDERS, Look, Made
from billfold.wallets.google.shapes import (
    Barcode,
    DateTime,
    GenericClass,
    GenericObject,
    GroupingInfo,
    ImageModule,
    LatLong,
    LinksModule,
    LocalizedString,
    PassObject,
    RotatingBarcode,
    Shape,
    TimeInterval,
    TotpDetails,
    TotpParameter,
    TranslatedString,
)
from billfold.wallets.google.verticals import Vertical, vertical_of
from billfold.wallets.google.words import Words

LOCATIONS_MAX: Final = 10
LINKED_MAX: Final = 50

_LAST_SECOND: Final = 253_402_300_799  # 9999-12-31: ISO 8601 dates end there
_BARCODES: Final = {
    BarcodeFormat.QR: "QR_CODE",
    BarcodeFormat.PDF417: "PDF_417",
    BarcodeFormat.AZTEC: "AZTEC",
    BarcodeFormat.CODE128: "CODE_128",
    BarcodeFormat.CODE39: "CODE_39",
    BarcodeFormat.CODABAR: "CODABAR",
    BarcodeFormat.EAN13: "EAN_13",
    BarcodeFormat.EAN8: "EAN_8",
    BarcodeFormat.UPC_A: "UPC_A",
    BarcodeFormat.ITF: "ITF_14",
    BarcodeFormat.DATA_MATRIX: "DATA_MATRIX",
    BarcodeFormat.TEXT: "TEXT_ONLY",
}
_MAKERS: Final = {
    Kind.LOYALTY: stores.loyalty,
    Kind.OFFER: stores.offer,
    Kind.GIFT_CARD: stores.gift_card,
    Kind.EVENT_TICKET: events.event_ticket,
    Kind.FLIGHT: journeys.flight,
    Kind.TRANSIT: journeys.transit,
}


@dataclass(frozen=True, slots=True)
class Extras:
    """What an object holds that its content does not: the secret of a rotating code, and which linked passes Google has by now."""

    secret: bytes | None = None
    linked: tuple[str, ...] = ()


NO_EXTRAS: Final = Extras()


def object_id(issuer_id: str, pass_id: str) -> str:
    return f"{issuer_id}.{pass_id}"


def made_of(look: Look) -> Made:
    """Class and object with what only their vertical has; ids and common members still missing (classes.py, `object_of`)."""
    maker = _MAKERS.get(vertical_of(look.content).kind)
    if maker is not None:
        return maker(look)
    class_ = GenericClass(id="", multiple_devices_and_holders_allowed_status=HOLDERS)
    return Made(class_, generic(look, "", "", "ACTIVE"))


def object_of(pass_: Pass, look: Look, class_id: str, made: Made | None = None, extras: Extras = NO_EXTRAS) -> PassObject:
    """The whole object: what a holder sees and what state it is in. `made`: from `made_of`, where it is at hand."""
    id, content = object_id(pass_.issuer_id, pass_.id), look.content
    if vertical_of(content).kind is Kind.GENERIC:
        return generic(look, id, class_id, state_of(pass_, content), extras)
    made = made or made_of(look)
    groups = modules.front_groups(content, made.places)
    rows = modules.layout(groups) if made.rows else ()
    texts, links = modules.modules(content, look.words, groups, rows, made.places)
    whole = msgspec.structs.replace(
        made.object_,
        id=id,
        class_id=class_id,
        state=state_of(pass_, content),
        barcode=_barcode(content),
        rotating_barcode=_rotating(content.rotating_barcode, extras.secret),
        hero_image=look.image(look.images.hero),
        text_modules_data=texts or None,
        links_module_data=LinksModule(links) if links else None,
        image_modules_data=_image_modules(look),
        valid_time_interval=_interval(content),
        grouping_info=GroupingInfo(content.grouping) if content.grouping else None,
        linked_object_ids=_linked(pass_.issuer_id, extras.linked),
        smart_tap_redemption_value=content.smart_tap,
    )
    if vertical_of(content).object_color:
        return msgspec.structs.replace(whole, hex_background_color=content.background_color)
    return whole


class WantedObject(msgspec.Struct, frozen=True):
    """An object as Google shall have it. `changes`: the members that the content overrides."""

    vertical: Vertical
    shape: PassObject
    changes: JsonObject

    @property
    def id(self) -> str:
        return self.shape.id

    @property
    def own(self) -> str:
        """Digest of the members that the content overrides, "" for none."""
        return hashlib.sha256(msgspec.json.encode(self.changes, order="deterministic")).hexdigest()[:12] if self.changes else ""

    @property
    def body(self) -> JsonObject:
        made: JsonObject = msgspec.to_builtins(self.shape)
        return overrides.merged_object(made, self.changes) if self.changes else made

    @property
    def encoded(self) -> bytes:
        """JSON for insert."""
        return msgspec.json.encode(self.body if self.changes else self.shape)

    @property
    def patch(self) -> JsonObject:
        """For PATCH."""
        made: JsonObject = msgspec.to_builtins(patch_of(self.shape))
        return overrides.patched_object(made, self.changes) if self.changes else made

    @property
    def digest(self) -> str:
        """Of what is in it. A secret goes into it and does not come out."""
        return hashlib.sha256(self.encoded).hexdigest()


def wanted_object(object_: PassObject, content: Content) -> WantedObject:
    return WantedObject(vertical_of(content), object_, content.overrides.google_object if content.overrides else {})


def generic(look: Look, id: str, class_id: str, state: str, extras: Extras = NO_EXTRAS) -> GenericObject:
    content, words = look.content, look.words
    groups = modules.front_groups(content)
    texts, links = modules.modules(content, words, groups, modules.layout(groups))
    title, subtitle = _title(look)
    return GenericObject(
        id=id,
        class_id=class_id,
        card_title=look.card_title(),
        header=title,
        state=state,
        subheader=subtitle,
        logo=look.image(look.images.logo),
        wide_logo=look.image(look.images.wide_logo),
        hex_background_color=content.background_color,
        barcode=_barcode(content),
        rotating_barcode=_rotating(content.rotating_barcode, extras.secret),
        hero_image=look.image(look.images.hero),
        text_modules_data=texts or None,
        links_module_data=LinksModule(links) if links else None,
        image_modules_data=_image_modules(look),
        valid_time_interval=_interval(content),
        grouping_info=GroupingInfo(content.grouping) if content.grouping else None,
        linked_object_ids=_linked(id.partition(".")[0], extras.linked),
        smart_tap_redemption_value=content.smart_tap,
    )


def _title(look: Look) -> tuple[LocalizedString, LocalizedString | None]:
    """Header and subheader. The header is required and may not be empty, so something always stands there."""
    content = look.content
    if content.primary and (value := look.words.value(content.primary[0])) is not None:
        return value, look.words.label(content.primary[0])
    return (look.words.at("description", content.description) if content.description else look.card_title()), None


def essential(object_: PassObject) -> PassObject:
    """What a holder needs at the till, for a save link that would be too long otherwise. A PATCH brings the rest."""
    bare = msgspec.structs.replace(
        object_,
        hero_image=None,
        text_modules_data=None,
        links_module_data=None,
        image_modules_data=None,
        valid_time_interval=None,
        grouping_info=None,
        linked_object_ids=None,
        smart_tap_redemption_value=None,
    )
    if isinstance(bare, GenericObject):
        logo = bare.logo and msgspec.structs.replace(bare.logo, content_description=None)
        return msgspec.structs.replace(bare, subheader=None, logo=logo, wide_logo=None)
    return bare


def least(object_: PassObject) -> PassObject:
    """The code and what Google wants of every object of the kind, in the base language."""
    bare = essential(object_)
    gone = dict.fromkeys(_optional(type(bare)) - {"barcode"})
    short = {name: _base_only(getattr(bare, name)) for name in _required(type(bare))}
    return msgspec.structs.replace(bare, **gone, **short)


def _base_only(value: object) -> object:
    return msgspec.structs.replace(value, translated_values=None) if isinstance(value, LocalizedString) else value


@cache
def _optional(shape: type[PassObject]) -> frozenset[str]:
    return frozenset(one.name for one in msgspec.structs.fields(shape) if not one.required)


@cache
def _required(shape: type[PassObject]) -> frozenset[str]:
    return frozenset(shape.__struct_fields__) - _optional(shape)


def locations(content: Content) -> tuple[LatLong, ...]:
    """`merchantLocations` of the object: the first ten places, without text (Google writes its own)."""
    return tuple(LatLong(one.latitude, one.longitude) for one in content.locations[:LOCATIONS_MAX])


def patch_of(shape: Shape) -> dict[str, object]:
    """JSON for PATCH without the id. What the pass no longer has is null, since PATCH keeps what is not named; also in nested
    objects, for the case that Google merges them (unconfirmed). Lists are replaced as they are."""
    body: dict[str, object] = {}
    for name, sent_as in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        value = getattr(shape, name)
        body[sent_as] = patch_of(value) if isinstance(value, Shape) else value
    body.pop("id", None)
    return body


def iso_date(seconds: int) -> str:
    """Seconds since 1970 as ISO 8601 with its offset; beyond the calendar the nearest day that has a name."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def state_of(pass_: Pass, content: Content) -> str:
    """Phones show both ends alike; Google has a word for each (reference/google-wallet.md section 1.6)."""
    if not content.voided:
        return "ACTIVE"
    return "COMPLETED" if pass_.used_up else "INACTIVE"


def _interval(content: Content) -> TimeInterval | None:
    start, end = content.valid_from, content.expires_at
    return interval(iso_date(start) if start is not None else None, iso_date(end) if end is not None else None)


def interval(start: str | None, end: str | None) -> TimeInterval | None:
    if start is None and end is None:
        return None
    return TimeInterval(end=DateTime(end) if end is not None else None, start=DateTime(start) if start is not None else None)


def _barcode(content: Content) -> Barcode | None:
    """None rather than an empty code, which Google refuses; and none beside a rotating one, which a copy of it would defeat."""
    code: NeutralBarcode | None = content.barcode
    if code is None or not code.message or content.rotating_barcode is not None:
        return None
    alt_text = None if code.format is BarcodeFormat.TEXT else code.alt_text or None
    return Barcode(_BARCODES[code.format], code.message, alt_text)


def _rotating(code: NeutralRotating | None, secret: bytes | None) -> RotatingBarcode | None:
    if code is None or secret is None:
        return None
    details = TotpDetails("TOTP_SHA1", str(code.period_seconds * 1000), (TotpParameter(secret.hex(), code.digits),))
    return RotatingBarcode(_BARCODES[code.format], code.pattern, details, code.alt_text or None)


def _linked(issuer_id: str, linked: tuple[str, ...]) -> tuple[str, ...] | None:
    return tuple(object_id(issuer_id, one) for one in linked[:LINKED_MAX]) or None


def _image_modules(look: Look) -> tuple[ImageModule, ...] | None:
    image = look.image(look.images.thumbnail)
    return (ImageModule("thumbnail", image),) if image else None


def locations_patch(places: tuple[LatLong, ...]) -> bytes:
    """JSON for the separate PATCH of the places; none removes what was there."""
    return msgspec.json.encode({"merchantLocations": places or None})


def message_text(one: Field, content: Content) -> LocalizedString:
    """What the holder reads about a changed field, in each language."""
    words = Words(content)
    told = words.at(f"fields.{one.key}.change_message", one.change_message or "")
    value = words.value(one)
    values = {each.language: each.value for each in (value.translated_values or ())} if value else {}
    base = value.default_value.value if value else ""
    texts = {each.language: each.value for each in told.translated_values or ()}
    message = told.default_value.value
    return LocalizedString(
        TranslatedString(words.base, message.replace("%@", base)),
        tuple(
            TranslatedString(language, texts.get(language, message).replace("%@", values.get(language, base)))
            for language in dict.fromkeys([*texts, *values])
        )
        or None,
    )


def message_id(version: int, one: Field) -> str:
    """The same for the same change, so that a message that is there already is recognised."""
    return f"{version}-{one.key}"


def message_body(id: str, header: LocalizedString, text: LocalizedString, *, notify: bool) -> bytes:
    """JSON for addMessage. Only a notifying message is announced, in Google's words; the text stands inside the pass."""
    message: dict[str, object] = {
        "id": id,
        "header": header.default_value.value,
        "body": text.default_value.value,
        "messageType": "TEXT_AND_NOTIFY" if notify else "TEXT",
    }
    if header.translated_values:
        message["localizedHeader"] = header
    if text.translated_values:
        message["localizedBody"] = text
    return msgspec.json.encode({"message": message})
