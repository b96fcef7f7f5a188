"""Google's JSON as types: the members of class and object that we send, by Google's names and in its nesting.

May not enter: how they are filled (objects.py), members that nobody sends. Source: Google's discovery document."""

import msgspec


class Shape(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Members that are None are left away."""


class TranslatedString(Shape, frozen=True):
    language: str
    value: str


class LocalizedString(Shape, frozen=True):
    default_value: TranslatedString


class ImageUri(Shape, frozen=True):
    uri: str


class Image(Shape, frozen=True):
    source_uri: ImageUri
    content_description: LocalizedString | None = None


class TextModule(Shape, frozen=True):
    id: str
    header: str | None = None
    body: str | None = None


class Uri(Shape, frozen=True):
    id: str
    uri: str
    description: str | None = None


class LinksModule(Shape, frozen=True):
    uris: tuple[Uri, ...]


class ImageModule(Shape, frozen=True):
    id: str
    main_image: Image


class Barcode(Shape, frozen=True):
    type: str
    value: str
    alternate_text: str | None = None


class DateTime(Shape, frozen=True):
    date: str


class TimeInterval(Shape, frozen=True):
    end: DateTime


class GroupingInfo(Shape, frozen=True):
    grouping_id: str


class LatLong(Shape, frozen=True):
    latitude: float
    longitude: float


class FieldReference(Shape, frozen=True):
    field_path: str


class FieldSelector(Shape, frozen=True):
    fields: tuple[FieldReference, ...]


class Item(Shape, frozen=True):
    first_value: FieldSelector


class OneItem(Shape, frozen=True):
    item: Item


class TwoItems(Shape, frozen=True):
    start_item: Item
    end_item: Item


class ThreeItems(Shape, frozen=True):
    start_item: Item
    middle_item: Item
    end_item: Item


class Row(Shape, frozen=True):
    one_item: OneItem | None = None
    two_items: TwoItems | None = None
    three_items: ThreeItems | None = None


class CardTemplate(Shape, frozen=True):
    card_row_template_infos: tuple[Row, ...]


class ClassTemplate(Shape, frozen=True):
    card_template_override: CardTemplate


class CallbackOptions(Shape, frozen=True):
    url: str


class GenericClass(Shape, frozen=True):
    id: str
    multiple_devices_and_holders_allowed_status: str
    class_template_info: ClassTemplate | None = None
    callback_options: CallbackOptions | None = None


class GenericObject(Shape, frozen=True):
    """`merchantLocations` is not here: it may be refused for an issuer as a whole and goes in a request of its own."""

    id: str
    class_id: str
    card_title: LocalizedString
    header: LocalizedString
    state: str | None = None
    subheader: LocalizedString | None = None
    logo: Image | None = None
    hex_background_color: str | None = None
    barcode: Barcode | None = None
    hero_image: Image | None = None
    text_modules_data: tuple[TextModule, ...] | None = None
    links_module_data: LinksModule | None = None
    image_modules_data: tuple[ImageModule, ...] | None = None
    valid_time_interval: TimeInterval | None = None
    grouping_info: GroupingInfo | None = None
