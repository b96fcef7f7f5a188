"""Content to Google's class and object, as the JSON that the API takes. Its counterpart for the link is save_link.py.

A generic class holds nothing that a holder reads: only the layout of the card rows and the callback address. So
the class follows from how many fields stand where, and a few classes serve every pass of an environment. The object carries the
rest. Card rows address their text modules by place (`r1c2`), not by field key, for the same reason.

Every pass is generic here; another vertical is another pair of functions and another `Vertical` in this module.
May not enter: the network, the store, the clock, what Google answered. Source: reference/google-wallet.md sections 1 and 9."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from billfold.domain.content import Barcode as NeutralBarcode
from billfold.domain.content import BarcodeFormat, Content, Field
from billfold.domain.ids import Scope
from billfold.domain.passes import Pass
from billfold.wallets.google.shapes import (
    Barcode,
    CallbackOptions,
    CardTemplate,
    ClassTemplate,
    DateTime,
    FieldReference,
    FieldSelector,
    GenericClass,
    GenericObject,
    GroupingInfo,
    Image,
    ImageModule,
    ImageUri,
    Item,
    LatLong,
    LinksModule,
    LocalizedString,
    OneItem,
    Row,
    TextModule,
    ThreeItems,
    TimeInterval,
    TranslatedString,
    TwoItems,
    Uri,
)

ROWS_MAX: Final = 3
ITEMS_MAX: Final = 3
LINKS_MAX: Final = 10
LOCATIONS_MAX: Final = 10

LANGUAGE: Final = "en"
"""Google wants a language tag on each text. Content does not say its language; the one value is shown anyway."""

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
_LINK: Final = re.compile(
    r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?"
    r"|mailto:[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+|tel:\+?[0-9()-]+"
)


@dataclass(frozen=True, slots=True)
class Vertical:
    """How a kind of pass is named in addresses and save links. `reviewed`: its class carries a reviewStatus (not generic's)."""

    class_kind: str
    object_kind: str
    reviewed: bool


GENERIC: Final = Vertical("genericClass", "genericObject", reviewed=False)


_OPTIONAL_OBJECT: Final = tuple(one.encode_name for one in msgspec.structs.fields(GenericObject) if not one.required)
_OPTIONAL_CLASS: Final = tuple(one.encode_name for one in msgspec.structs.fields(GenericClass) if not one.required)


@dataclass(frozen=True, slots=True)
class PublicImages:
    """Public addresses of the pictures that Google fetches by itself, each with its content hash in it."""

    logo: str | None = None
    hero: str | None = None
    thumbnail: str | None = None


def layout(content: Content) -> tuple[int, ...]:
    """How many fields stand in each card row, at most three rows of three.

    Each kind of field (header; further primary and secondary; auxiliary) begins a row of its own while rows suffice; when they do
    not, the fields follow each other without gaps, so that as many as possible stay on the front."""
    kinds = (len(content.header), len(content.primary[1:]) + len(content.secondary), len(content.auxiliary))
    rows = [min(ITEMS_MAX, count - start) for count in kinds for start in range(0, count, ITEMS_MAX)]
    if len(rows) > ROWS_MAX:
        total = min(sum(kinds), ROWS_MAX * ITEMS_MAX)
        rows = [min(ITEMS_MAX, total - start) for start in range(0, total, ITEMS_MAX)]
    return tuple(rows)


def class_id(issuer_id: str, scope: Scope, content: Content) -> str:
    """`<issuer>.<scope>-layout-<rows>`: two contents of one environment share a class exactly when they need the same one."""
    rows = "".join(map(str, layout(content))) or "0"
    return f"{issuer_id}.{scope.code}-layout-{rows}"


def object_id(issuer_id: str, pass_id: str) -> str:
    return f"{issuer_id}.{pass_id}"


def generic_class(issuer_id: str, scope: Scope, content: Content, callback_url: str | None) -> GenericClass:
    rows = tuple(_row(number, count) for number, count in enumerate(layout(content), 1))
    return GenericClass(
        id=class_id(issuer_id, scope, content),
        multiple_devices_and_holders_allowed_status="MULTIPLE_HOLDERS",  # the link works again on any phone (ADR 5)
        class_template_info=ClassTemplate(CardTemplate(rows)) if rows else None,
        callback_options=CallbackOptions(callback_url) if callback_url else None,
    )


def generic_object(pass_: Pass, content: Content, images: PublicImages) -> GenericObject:
    """The whole object: what a holder sees and what state it is in."""
    modules, links = _modules(content)
    title, subtitle = _title(content)
    return GenericObject(
        id=object_id(pass_.issuer_id, pass_.id),
        class_id=class_id(pass_.issuer_id, pass_.scope, content),
        card_title=localized(card_title(content)),
        header=localized(title),
        state="INACTIVE" if content.voided else "ACTIVE",
        subheader=localized(subtitle) if subtitle else None,
        logo=_image(images.logo, content.description),
        hex_background_color=content.background_color,
        barcode=_barcode(content.barcode),
        hero_image=_image(images.hero, content.description),
        text_modules_data=modules or None,
        links_module_data=LinksModule(links) if links else None,
        image_modules_data=_image_modules(images.thumbnail, content.description),
        valid_time_interval=TimeInterval(DateTime(iso_date(content.expires_at))) if content.expires_at is not None else None,
        grouping_info=GroupingInfo(content.grouping) if content.grouping else None,
    )


def essential(object_: GenericObject) -> GenericObject:
    """What a holder needs at the till, for a save link that would be too long otherwise. A PATCH brings the rest."""
    return GenericObject(
        id=object_.id,
        class_id=object_.class_id,
        card_title=object_.card_title,
        header=object_.header,
        logo=Image(object_.logo.source_uri) if object_.logo else None,
        hex_background_color=object_.hex_background_color,
        barcode=object_.barcode,
    )


def locations(content: Content) -> tuple[LatLong, ...]:
    """`merchantLocations` of the object: the first ten places, without text (Google writes its own)."""
    return tuple(LatLong(one.latitude, one.longitude) for one in content.locations[:LOCATIONS_MAX])


def object_patch(object_: GenericObject) -> bytes:
    """JSON for PATCH. A member that the pass no longer has is null, since PATCH keeps what is not named; so is the one optional
    member of a nested object, for the case that Google merges nested objects (unconfirmed)."""
    body: dict[str, object] = dict.fromkeys(_OPTIONAL_OBJECT)
    body |= msgspec.to_builtins(object_)
    del body["id"]
    barcode = body["barcode"]
    if isinstance(barcode, dict):
        barcode.setdefault("alternateText", None)
    return msgspec.json.encode(body)


def class_body(class_: GenericClass, vertical: Vertical = GENERIC) -> bytes:
    """JSON for insert. A reviewed vertical is sent for review at once: it is usable as soon as Google has it."""
    body: dict[str, object] = msgspec.to_builtins(class_)
    return msgspec.json.encode(body | _review(vertical))


def class_patch(class_: GenericClass, vertical: Vertical = GENERIC) -> bytes:
    """JSON for PATCH. Each write of a reviewed class must say UNDER_REVIEW again; a generic class does not know the member."""
    body: dict[str, object] = dict.fromkeys(_OPTIONAL_CLASS)
    body |= msgspec.to_builtins(class_)
    del body["id"]
    return msgspec.json.encode(body | _review(vertical))


def class_fingerprint(class_: GenericClass) -> str:
    """SHA-256 (hex): a class is written again only when this changes."""
    return hashlib.sha256(msgspec.json.encode(class_)).hexdigest()


def card_title(content: Content) -> str:
    """The line beside the logo: the logo text is what the designer wants there, the organisation stands in for it."""
    return content.logo_text or content.organization_name


def localized(text: str) -> LocalizedString:
    return LocalizedString(TranslatedString(LANGUAGE, text))


def iso_date(seconds: int) -> str:
    """Seconds since 1970 as ISO 8601 with its offset; beyond the calendar the nearest day that has a name."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def links_in(text: str) -> tuple[str, ...]:
    """The https, mailto and tel addresses in a text; the only schemes that a pass may lead to."""
    return tuple(dict.fromkeys(found.rstrip(".,;:!?)'") for found in _LINK.findall(text)))


def _title(content: Content) -> tuple[str, str | None]:
    """Header and subheader. The header is required and may not be empty, so something always stands there."""
    if content.primary and content.primary[0].value:
        return content.primary[0].value, content.primary[0].label
    return content.description or card_title(content), None


def _modules(content: Content) -> tuple[tuple[TextModule, ...], tuple[Uri, ...]]:
    """Text modules (front rows by place, the rest by field key) and links. A field that is only an address becomes a link."""
    front = content.header + content.primary[1:] + content.secondary + content.auxiliary
    slots = [f"r{row}c{column}" for row, count in enumerate(layout(content), 1) for column in range(1, count + 1)]
    modules = [TextModule(slot, one.label or None, one.value or None) for slot, one in zip(slots, front, strict=False)]
    taken = set(slots)
    links: list[Uri] = []
    for one in front[len(slots) :] + content.back:
        found = links_in(one.value)
        name = _module_id(one.key, taken)
        links += [Uri(name if n == 0 else f"{name}-{n + 1}", uri, one.label or None) for n, uri in enumerate(found)]
        if found != (one.value.strip(),):
            modules.append(TextModule(name, one.label or None, one.value or None))
    return tuple(one for one in modules if one.header or one.body), tuple(links[:LINKS_MAX])


def _module_id(key: str, taken: set[str]) -> str:
    """A field key in the letters that Google allows in a module id, unique in the object."""
    name = plain = re.sub(r"[^A-Za-z0-9_-]", "_", key) or "_"
    number = 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name


def _row(number: int, count: int) -> Row:
    items = [
        Item(FieldSelector((FieldReference(f"object.textModulesData['r{number}c{column}']"),))) for column in range(1, count + 1)
    ]
    if count == 1:
        return Row(one_item=OneItem(items[0]))
    if count == 2:
        return Row(two_items=TwoItems(items[0], items[1]))
    return Row(three_items=ThreeItems(items[0], items[1], items[2]))


def _barcode(barcode: NeutralBarcode | None) -> Barcode | None:
    """None rather than an empty code: Google refuses a barcode that has no value or type."""
    if barcode is None or not barcode.message:
        return None
    return Barcode(_BARCODES[barcode.format], barcode.message, barcode.alt_text or None)


def _image(uri: str | None, description: str) -> Image | None:
    return Image(ImageUri(uri), localized(description) if description else None) if uri else None


def _image_modules(uri: str | None, description: str) -> tuple[ImageModule, ...] | None:
    image = _image(uri, description)
    return (ImageModule("thumbnail", image),) if image else None


def _review(vertical: Vertical) -> dict[str, object]:
    return {"reviewStatus": "UNDER_REVIEW"} if vertical.reviewed else {}


def locations_patch(places: tuple[LatLong, ...]) -> bytes:
    """JSON for the separate PATCH of the places; none removes what was there."""
    return msgspec.json.encode({"merchantLocations": places or None})


def message_text(one: Field) -> str:
    """What the holder reads about a changed field."""
    return (one.change_message or "").replace("%@", one.value)


def message_id(version: int, one: Field) -> str:
    """The same for the same change, so that a message that is there already is recognised."""
    return f"{version}-{one.key}"


def message_body(id: str, header: str, text: str, *, notify: bool) -> bytes:
    """JSON for addMessage. Only a notifying message is announced, in Google's words; the text stands inside the pass."""
    message = {"id": id, "header": header, "body": text, "messageType": "TEXT_AND_NOTIFY" if notify else "TEXT"}
    return msgspec.json.encode({"message": message})
