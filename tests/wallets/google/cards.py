"""A full card of each kind, in three languages: what the tests of verticals show to Google.

May not enter: the code under test's own idea of what becomes of them."""

from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Content,
    DateFormat,
    DateStyle,
    Field,
    ImageSlot,
    Kind,
    MoneyFormat,
    NumberFormat,
    Role,
    Style,
    TransitType,
)

CODE = Barcode(BarcodeFormat.QR, "LOYALTY-98765", "98765")
IMAGES = {ImageSlot.LOGO: "a" * 64, ImageSlot.WIDE_LOGO: "b" * 64, ImageSlot.STRIP: "c" * 64, ImageSlot.THUMBNAIL: "d" * 64}
LANGUAGES = ("en", "de", "ja")


def card(kind: Kind, style: Style, words: dict[str, dict[str, str]], **more: Any) -> Content:
    made: dict[str, Any] = {
        "organization_name": "Bayroast",
        "description": "A card of Bayroast",
        "style": style,
        "kind": kind,
        "language": "en",
        "translations": words,
        "barcode": CODE,
        "images": IMAGES,
        "background_color": "#166534",
        "expires_at": 1_830_000_000,
        "valid_from": 1_795_000_000,
        "grouping": "bayroast",
    }
    return Content(**(made | more))


TERMS = Field("terms", "See https://bayroast.example/terms", "Terms")
LOYALTY = card(
    Kind.LOYALTY,
    Style.STORE_CARD,
    {
        "de": {
            "fields.points.label": "Punkte",
            "fields.tier.label": "Stufe",
            "fields.tier.value": "Gold",
            "fields.program.value": "Kaffeeclub",
            "fields.since.label": "Seit",
        },
        "ja": {"fields.points.label": "ポイント", "fields.program.value": "コーヒークラブ", "fields.tier.value": "金"},
    },
    header=(Field("points", "1250", "Points", "You have %@ points", NumberFormat(), Role.POINTS),),
    primary=(Field("program", "Coffee Club", "Club", role=Role.PROGRAM_NAME),),
    secondary=(
        Field("name", "Ada Lovelace", "Member", role=Role.MEMBER_NAME),
        Field("number", "98765", "Number", role=Role.MEMBER_ID),
        Field("tier", "Gold tier", "Tier", role=Role.TIER),
    ),
    auxiliary=(
        Field("credit", "12.50", "Credit", None, MoneyFormat("EUR"), Role.BALANCE),
        Field("since", "2024-03-01T00:00:00+00:00", "Since", None, DateFormat(DateStyle.LONG)),
    ),
    back=(TERMS,),
)
OFFER = card(
    Kind.OFFER,
    Style.COUPON,
    {
        "de": {"fields.title.value": "20 % auf alles", "fields.fine.value": "Nicht kombinierbar."},
        "ja": {"fields.title.value": "全品20%オフ"},
    },
    primary=(Field("title", "20 % off everything", "Offer", role=Role.OFFER_TITLE),),
    auxiliary=(Field("until", "2027-12-31T00:00:00+00:00", "Until", None, DateFormat()),),
    back=(
        Field("details", "One coffee a day.", "Details", role=Role.DETAILS),
        Field("fine", "Not with other offers.", "Fine print", role=Role.FINE_PRINT),
        Field("by", "Bayroast", "By", role=Role.PROVIDER),
    ),
)
GIFT_CARD = card(
    Kind.GIFT_CARD,
    Style.STORE_CARD,
    {"de": {"fields.number.label": "Kartennummer", "logo_text": "Kaffee Bayroast"}, "ja": {"fields.number.label": "カード番号"}},
    logo_text="Bayroast Coffee",
    primary=(Field("balance", "25", "Balance", "Now %@", MoneyFormat("EUR"), Role.BALANCE),),
    secondary=(
        Field("number", "6006 4912 3456", "Card", role=Role.CARD_NUMBER),
        Field("pin", "4711", "PIN", role=Role.PIN),
    ),
    back=(TERMS,),
)
EVENT = card(
    Kind.EVENT_TICKET,
    Style.EVENT_TICKET,
    {"de": {"fields.doors.label": "Einlass", "fields.fine.value": "Kein Umtausch."}, "ja": {"fields.doors.label": "開場"}},
    primary=(Field("event", "Coffee Night", "Event", semantics={"eventName": "Coffee Night"}),),
    secondary=(
        Field("holder", "Ada Lovelace", "Guest", role=Role.MEMBER_NAME),
        Field("doors", "19:00", "Doors"),
    ),
    auxiliary=(Field("seat", "12", "Seat", semantics={"seats": [{"seatNumber": "12", "seatRow": "4", "seatSection": "B"}]}),),
    back=(Field("fine", "No exchange.", "Fine print", role=Role.FINE_PRINT),),
    semantics={
        "eventStartDate": "2026-12-31T20:00:00+01:00",
        "eventEndDate": "2027-01-01T01:00:00+01:00",
        "venueDoorsOpenDate": "2026-12-31T19:00:00+01:00",
        "venueName": "Roastery Hall",
        "venueRegionName": "Harbour Street 1, Hamburg",
        "venueEntranceGate": "North",
        "confirmationNumber": "X7K2",
        "totalPrice": {"amount": "49.90", "currencyCode": "EUR"},
        "admissionLevel": "Balcony",
    },
)
FLIGHT_TAGS: dict[str, object] = {
    "airlineCode": "LH",
    "flightNumber": 123,
    "departureAirportCode": "HAM",
    "departureTerminal": "2",
    "departureGate": "B7",
    "destinationAirportCode": "NRT",
    "originalDepartureDate": "2026-12-31T09:00:00Z",
    "currentDepartureDate": "2026-12-31T09:20:00Z",
    "currentBoardingDate": "2026-12-31T08:40:00Z",
    "originalArrivalDate": "2026-12-31T21:00:00Z",
    "departureLocationTimeZone": "Europe/Berlin",
    "destinationLocationTimeZone": "Asia/Tokyo",
    "passengerName": {"givenName": "Ada", "familyName": "Lovelace"},
    "confirmationNumber": "X7K2",
    "boardingGroup": "B",
    "boardingSequenceNumber": "42",
    "seats": [{"seatRow": "25", "seatNumber": "A"}],
    "membershipProgramName": "Miles",
    "membershipProgramNumber": "99",
}
FLIGHT = card(
    Kind.FLIGHT,
    Style.BOARDING_PASS,
    {"de": {"fields.lounge.label": "Wartebereich"}, "ja": {"fields.lounge.label": "ラウンジ"}},
    transit_type=TransitType.AIR,
    primary=(
        Field("from", "HAM", "Hamburg", semantics={"departureAirportCode": "HAM"}),
        Field("to", "NRT", "Tokyo", semantics={"destinationAirportCode": "NRT"}),
    ),
    auxiliary=(Field("lounge", "Level 2", "Lounge"),),
    semantics=FLIGHT_TAGS,
)
TRANSIT = card(
    Kind.TRANSIT,
    Style.BOARDING_PASS,
    {"de": {"fields.bike.label": "Fahrrad"}, "ja": {"fields.bike.label": "自転車"}},
    transit_type=TransitType.TRAIN,
    primary=(
        Field("from", "Hamburg", "From", semantics={"departureStationName": "Hamburg Hbf"}),
        Field("to", "Berlin", "To", semantics={"destinationStationName": "Berlin Hbf"}),
    ),
    auxiliary=(Field("bike", "Yes", "Bicycle"),),
    semantics={
        "currentDepartureDate": "2026-12-31T09:00:00+01:00",
        "currentArrivalDate": "2026-12-31T11:00:00+01:00",
        "departurePlatform": "7",
        "vehicleNumber": "ICE 705",
        "carNumber": "12",
        "seats": [{"seatNumber": "42"}, {"seatNumber": "43"}],
        "passengerName": "Ada Lovelace",
        "confirmationNumber": "X7K2",
        "transitProvider": "Bahn",
        "ticketFareClass": "Flex",
        "totalPrice": {"amount": "29.90", "currencyCode": "EUR"},
    },
)
GENERIC = card(
    Kind.GENERIC,
    Style.GENERIC,
    {"de": {"fields.plan.label": "Tarif", "fields.since.label": "Mitglied seit"}, "ja": {"fields.plan.label": "プラン"}},
    primary=(Field("plan", "Gold", "Plan"),),
    secondary=(Field("since", "2024-03-01T00:00:00+00:00", "Since", None, DateFormat(DateStyle.LONG)),),
    back=(TERMS,),
)
CARDS = {one.kind.value: one for one in (LOYALTY, OFFER, GIFT_CARD, EVENT, FLIGHT, TRANSIT, GENERIC) if one.kind}


# --- any card as any kind ---------------------------------------------------------------------------------------------------------

_VALUES = st.sampled_from(
    [
        *("", "MUC", "LH123", "Ada", 7, None, True, "2026-12-31T20:00+01:00", {"amount": "1.5", "currencyCode": "EUR"}),
        *([{"seatNumber": "1", "seatRow": 4}, 7], {"givenName": "Ada", "familyName": 3}, ["x"], {"date": "2026-12-31T20:00Z"}),
    ]
)
_TAGS = sorted({*FLIGHT_TAGS, *EVENT.semantics, *TRANSIT.semantics, "departureStationName", "balance", "flightCode"})


def _crossed(name: str, kind: Kind | None, without: set[str], tags: dict[str, object], back: tuple[Field, ...]) -> Content:
    one = CARDS[name]
    given = {key: value for key, value in one.semantics.items() if key not in without} | tags
    groups = {
        group: tuple(field for field in getattr(one, group) if field.key not in without)
        for group in ("header", "primary", "secondary", "auxiliary")
    }
    return replace(one, kind=kind, semantics=given, back=one.back + back, **groups)


_KEYS = sorted({field.key for one in CARDS.values() for field in one.fields()})
CROSSED = st.builds(
    _crossed,
    st.sampled_from(sorted(CARDS)),
    st.none() | st.sampled_from(Kind),
    st.sets(st.sampled_from(_KEYS + _TAGS), max_size=8),
    st.dictionaries(st.sampled_from(_TAGS), _VALUES, max_size=4),
    st.lists(st.builds(Field, st.sampled_from(["x", "y", "z"]), st.text(max_size=9) | st.just("x" * 400)), max_size=3).map(tuple),
)
"""Fields and tags of each kind of card in each other one, some taken away, some of them nonsense."""
