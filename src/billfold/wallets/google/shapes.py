"""Google's JSON as types: the members of classes and objects that we send, by Google's names and in its nesting.

May not enter: how they are filled (classes.py, objects.py), members that nobody sends. Source: Google's discovery document."""

import msgspec


class Shape(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Members that are None are left away."""


class TranslatedString(Shape, frozen=True):
    language: str
    value: str


class LocalizedString(Shape, frozen=True):
    default_value: TranslatedString
    translated_values: tuple[TranslatedString, ...] | None = None


class ImageUri(Shape, frozen=True):
    uri: str


class Image(Shape, frozen=True):
    source_uri: ImageUri
    content_description: LocalizedString | None = None


class TextModule(Shape, frozen=True):
    id: str
    header: str | None = None
    body: str | None = None
    localized_header: LocalizedString | None = None
    localized_body: LocalizedString | None = None


class Uri(Shape, frozen=True):
    id: str
    uri: str
    description: str | None = None
    localized_description: LocalizedString | None = None


class LinksModule(Shape, frozen=True):
    uris: tuple[Uri, ...]


class ImageModule(Shape, frozen=True):
    id: str
    main_image: Image


class Barcode(Shape, frozen=True):
    type: str
    value: str
    alternate_text: str | None = None


class TotpParameter(Shape, frozen=True):
    """`key`: the secret's bytes, hexadecimal."""

    key: str
    value_length: int


class TotpDetails(Shape, frozen=True):
    """`period_millis`: a number as text."""

    algorithm: str
    period_millis: str
    parameters: tuple[TotpParameter, ...]


class RotatingBarcode(Shape, frozen=True):
    type: str
    value_pattern: str
    totp_details: TotpDetails
    alternate_text: str | None = None


class DateTime(Shape, frozen=True):
    date: str


class TimeInterval(Shape, frozen=True):
    end: DateTime | None = None
    start: DateTime | None = None


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


class Money(Shape, frozen=True):
    """`micros`: millionths of the main unit, as text, for every currency."""

    currency_code: str
    micros: str


class PointsBalance(Shape, frozen=True):
    """Exactly one of them."""

    units: int | None = msgspec.field(default=None, name="int")
    string: str | None = None
    double: float | None = None
    money: Money | None = None


class LoyaltyPoints(Shape, frozen=True):
    balance: PointsBalance
    label: str | None = None
    localized_label: LocalizedString | None = None


class EventVenue(Shape, frozen=True):
    name: LocalizedString
    address: LocalizedString


class EventDateTime(Shape, frozen=True):
    start: str | None = None
    end: str | None = None
    doors_open: str | None = None


class EventSeat(Shape, frozen=True):
    seat: LocalizedString | None = None
    row: LocalizedString | None = None
    section: LocalizedString | None = None
    gate: LocalizedString | None = None


class EventReservation(Shape, frozen=True):
    confirmation_code: str


class Carrier(Shape, frozen=True):
    carrier_iata_code: str | None = None
    carrier_icao_code: str | None = None
    airline_name: LocalizedString | None = None
    airline_logo: Image | None = None
    wide_airline_logo: Image | None = None


class FlightHeader(Shape, frozen=True):
    carrier: Carrier
    flight_number: str


class Airport(Shape, frozen=True):
    airport_iata_code: str
    airport_name_override: LocalizedString | None = None
    terminal: str | None = None
    gate: str | None = None


class FrequentFlyer(Shape, frozen=True):
    frequent_flyer_number: str
    frequent_flyer_program_name: LocalizedString | None = None


class Reservation(Shape, frozen=True):
    confirmation_code: str | None = None
    frequent_flyer_info: FrequentFlyer | None = None


class Boarding(Shape, frozen=True):
    boarding_group: str | None = None
    boarding_position: str | None = None
    sequence_number: str | None = None
    seat_number: str | None = None
    seat_class: str | None = None


class BoardingPolicy(Shape, frozen=True):
    boarding_policy: str


class TicketSeat(Shape, frozen=True):
    coach: str | None = None
    seat: str | None = None
    custom_fare_class: LocalizedString | None = None


class TicketLeg(Shape, frozen=True):
    origin_name: LocalizedString
    destination_name: LocalizedString | None = None
    departure_date_time: str | None = None
    arrival_date_time: str | None = None
    platform: str | None = None
    carriage: str | None = None
    zone: str | None = None
    transit_operator_name: LocalizedString | None = None
    ticket_seat: TicketSeat | None = None
    ticket_seats: tuple[TicketSeat, ...] | None = None


class TicketCost(Shape, frozen=True):
    face_value: Money


class Purchase(Shape, frozen=True):
    confirmation_code: str | None = None
    ticket_cost: TicketCost | None = None


# --- classes ----------------------------------------------------------------------------------------------------------------------


class PassClass(Shape, frozen=True, kw_only=True):
    """What the classes of all verticals have."""

    id: str
    multiple_devices_and_holders_allowed_status: str
    class_template_info: ClassTemplate | None = None
    callback_options: CallbackOptions | None = None
    enable_smart_tap: bool | None = None
    redemption_issuers: tuple[str, ...] | None = None


class GenericClass(PassClass, frozen=True, kw_only=True):
    pass


class ReviewedClass(PassClass, frozen=True, kw_only=True):
    """Every write says UNDER_REVIEW: Google approves it at once, and takes nothing else for a class that passes hang on."""

    issuer_name: str
    review_status: str
    localized_issuer_name: LocalizedString | None = None


class LoyaltyClass(ReviewedClass, frozen=True, kw_only=True):
    program_name: str
    program_logo: Image
    localized_program_name: LocalizedString | None = None
    wide_program_logo: Image | None = None
    hex_background_color: str | None = None
    account_name_label: str | None = None
    localized_account_name_label: LocalizedString | None = None
    account_id_label: str | None = None
    localized_account_id_label: LocalizedString | None = None
    rewards_tier: str | None = None
    localized_rewards_tier: LocalizedString | None = None
    rewards_tier_label: str | None = None
    localized_rewards_tier_label: LocalizedString | None = None


class OfferClass(ReviewedClass, frozen=True, kw_only=True):
    title: str
    provider: str
    redemption_channel: str
    localized_title: LocalizedString | None = None
    localized_provider: LocalizedString | None = None
    title_image: Image | None = None
    wide_title_image: Image | None = None
    hex_background_color: str | None = None
    details: str | None = None
    localized_details: LocalizedString | None = None
    fine_print: str | None = None
    localized_fine_print: LocalizedString | None = None


class GiftCardClass(ReviewedClass, frozen=True, kw_only=True):
    merchant_name: str | None = None
    localized_merchant_name: LocalizedString | None = None
    program_logo: Image | None = None
    wide_program_logo: Image | None = None
    hex_background_color: str | None = None
    allow_barcode_redemption: bool | None = None
    card_number_label: str | None = None
    localized_card_number_label: LocalizedString | None = None
    pin_label: str | None = None
    localized_pin_label: LocalizedString | None = None


class EventTicketClass(ReviewedClass, frozen=True, kw_only=True):
    event_name: LocalizedString
    event_id: str | None = None
    venue: EventVenue | None = None
    date_time: EventDateTime | None = None
    logo: Image | None = None
    wide_logo: Image | None = None
    fine_print: LocalizedString | None = None


class FlightClass(ReviewedClass, frozen=True, kw_only=True):
    flight_header: FlightHeader
    origin: Airport
    destination: Airport
    local_scheduled_departure_date_time: str
    local_estimated_or_actual_departure_date_time: str | None = None
    local_boarding_date_time: str | None = None
    local_scheduled_arrival_date_time: str | None = None
    local_estimated_or_actual_arrival_date_time: str | None = None
    boarding_and_seating_policy: BoardingPolicy | None = None


class TransitClass(ReviewedClass, frozen=True, kw_only=True):
    logo: Image
    transit_type: str
    wide_logo: Image | None = None
    transit_operator_name: LocalizedString | None = None


# --- objects ----------------------------------------------------------------------------------------------------------------------


class PassObject(Shape, frozen=True, kw_only=True):
    """What the objects of all verticals have.

    `merchantLocations` is not here: it may be refused for an issuer as a whole and goes in a request of its own."""

    id: str
    class_id: str
    state: str
    barcode: Barcode | None = None
    rotating_barcode: RotatingBarcode | None = None
    hero_image: Image | None = None
    text_modules_data: tuple[TextModule, ...] | None = None
    links_module_data: LinksModule | None = None
    image_modules_data: tuple[ImageModule, ...] | None = None
    valid_time_interval: TimeInterval | None = None
    grouping_info: GroupingInfo | None = None
    linked_object_ids: tuple[str, ...] | None = None
    smart_tap_redemption_value: str | None = None


class GenericObject(PassObject, frozen=True, kw_only=True):
    card_title: LocalizedString
    header: LocalizedString
    subheader: LocalizedString | None = None
    logo: Image | None = None
    wide_logo: Image | None = None
    hex_background_color: str | None = None


class LoyaltyObject(PassObject, frozen=True, kw_only=True):
    account_name: str | None = None
    account_id: str | None = None
    loyalty_points: LoyaltyPoints | None = None
    secondary_loyalty_points: LoyaltyPoints | None = None


class OfferObject(PassObject, frozen=True, kw_only=True):
    pass


class GiftCardObject(PassObject, frozen=True, kw_only=True):
    card_number: str
    pin: str | None = None
    balance: Money | None = None
    balance_update_time: DateTime | None = None


class EventTicketObject(PassObject, frozen=True, kw_only=True):
    hex_background_color: str | None = None
    seat_info: EventSeat | None = None
    reservation_info: EventReservation | None = None
    ticket_holder_name: str | None = None
    ticket_type: LocalizedString | None = None
    ticket_number: str | None = None
    face_value: Money | None = None


class FlightObject(PassObject, frozen=True, kw_only=True):
    passenger_name: str
    reservation_info: Reservation
    hex_background_color: str | None = None
    boarding_and_seating_info: Boarding | None = None


class TransitObject(PassObject, frozen=True, kw_only=True):
    trip_type: str
    hex_background_color: str | None = None
    passenger_type: str | None = None
    passenger_names: str | None = None
    ticket_number: str | None = None
    trip_id: str | None = None
    ticket_leg: TicketLeg | None = None
    purchase_details: Purchase | None = None
