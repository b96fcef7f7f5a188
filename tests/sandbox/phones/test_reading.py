"""What a virtual iPhone shows of a pass, by its language and its iOS: reference/apple-wallet.md sections 1.4 and 2.3 to 2.10."""

import json
from datetime import UTC, datetime

import pytest

from billfold.sandbox.phones.changes import lock_screen_line
from billfold.sandbox.phones.content import Reader, format_value, read_content
from billfold.sandbox.phones.pass_rules import find_problems
from sandbox.phones.bundles import pass_json, png, store_card

DATE = {"value": "2026-12-05T21:05+01:00", "ignoresTimeZone": True}
SHORT = DATE | {"dateStyle": "PKDateStyleShort", "timeStyle": "PKDateStyleShort"}
MEDIUM = DATE | {"dateStyle": "PKDateStyleMedium"}
FULL = DATE | {"dateStyle": "PKDateStyleFull"}
MONEY = {"value": 1300.5, "currencyCode": "EUR"}
NUMBER = {"value": 1300.25, "numberStyle": "PKNumberStyleDecimal"}
PERCENT = {"value": 0.45, "numberStyle": "PKNumberStylePercent"}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("12/5/26, 9:05 PM", "Dec 5, 2026", "Saturday, December 5, 2026", "€1,300.50", "1,300.25", "45%")),
        ("de-AT", ("05.12.26, 21:05", "05.12.2026", "Samstag, 5. Dezember 2026", "1.300,50 €", "1.300,25", "45 %")),
        ("fr", ("05/12/2026, 21:05", "5 déc. 2026", "samedi 5 décembre 2026", "1 300,50 €", "1 300,25", "45 %")),
        ("es", ("5/12/26, 21:05", "5 dic 2026", "sábado, 5 de diciembre de 2026", "1.300,50 €", "1.300,25", "45 %")),
        ("it", ("05/12/26, 21:05", "5 dic 2026", "sabato 5 dicembre 2026", "1.300,50 €", "1.300,25", "45%")),
        ("nl", ("05-12-2026, 21:05", "5 dec 2026", "zaterdag 5 december 2026", "€ 1.300,50", "1.300,25", "45%")),
    ],
)
def test_values_read_as_in_the_phones_language(language: str, expected: tuple[str, ...]) -> None:
    shown = [format_value(one, {}, Reader(language)) for one in (SHORT, MEDIUM, FULL, MONEY, NUMBER, PERCENT)]
    assert [one.replace("\u00a0", " ").replace("\u202f", " ") for one in shown] == list(expected)


@pytest.mark.parametrize(("day", "word"), [(4, "morgen"), (5, "heute"), (6, "gestern"), (1, "05.12.2026")])
def test_relative_dates_are_words(day: int, word: str) -> None:
    reader = Reader("de", now=datetime(2026, 12, day, 12, tzinfo=UTC))
    assert format_value(MEDIUM | {"isRelative": True}, {}, reader) == word


def test_the_lock_screen_speaks_the_phones_language_and_formats_the_new_value() -> None:
    files = {
        "en.lproj/pass.strings": b'"Now %@" = "Now %@"; "BALANCE" = "BALANCE";',
        "de.lproj/pass.strings": b'"Now %@" = "Jetzt %@"; "BALANCE" = "GUTHABEN";',
    }
    old, new = (
        read_content(
            pass_json(storeCard=store_card(value, currencyCode="EUR", changeMessage="Now %@", label="BALANCE")),
            files,
            Reader("de"),
        )
        for value in (10, 1012.5)
    )
    assert new.card.fields[0].label == "GUTHABEN"
    line = lock_screen_line(old, new, "de")
    assert line is not None
    assert line.text == "Jetzt 1.012,50\u00a0€"
    both = (store_card(10, changeMessage="a"), store_card(11, changeMessage="a"))
    generic = lock_screen_line(*(read_content(pass_json(storeCard=one), {}) for one in both), "fr")
    assert generic is not None
    assert (generic.generic, generic.text) == (True, "Votre carte a été modifiée")


CODES = [
    {"format": f"PKBarcodeFormat{one}", "message": one, "messageEncoding": "utf-8"} for one in ("EAN13", "Code128", "QR", "Aztec")
]


@pytest.mark.parametrize(("ios", "shown"), [(27, "EAN13"), (26, "Code128"), (9, "Code128"), (8, "QR"), (6, "QR")])
def test_the_first_code_that_this_ios_draws_is_shown(ios: float, shown: str) -> None:
    card = read_content(pass_json(barcodes=CODES, barcode=CODES[2]), {}, Reader(ios=ios)).card
    assert (card.barcode, card.barcode_format) == (shown, shown)
    assert read_content(pass_json(barcodes=CODES[:1]), {}, Reader(ios=26)).card.barcode is None


POSTER = pass_json(
    posterGeneric={"primaryFields": [{"key": "name", "value": "Ada"}], "footerFields": [{"key": "points", "value": "9"}]}
)
TICKET = pass_json(
    storeCard=None,
    eventTicket={
        "primaryFields": [{"key": "event", "value": "Concert"}],
        "additionalInfoFields": [{"key": "dress", "value": "black tie"}],
        "backFields": [{"key": "contact", "value": "a@b.example"}],
    },
    preferredStyleSchemes=["posterEventTicket", "eventTicket"],
    semantics={
        "eventType": "PKEventTypeLivePerformance",
        "eventName": "Winter Gala",
        "venueName": "Musikverein",
        "venueRegionName": "Vienna",
        "venueRoom": "Golden Hall",
        "performerNames": ["Ada", "Bea"],
    },
)
FLIGHT_TAGS: dict[str, object] = {
    "airlineCode": "OS",
    "flightNumber": 87,
    "departureAirportCode": "VIE",
    "departureCityName": "Vienna",
    "departureLocationTimeZone": "Europe/Vienna",
    "destinationAirportCode": "JFK",
    "destinationCityName": "New York",
    "destinationLocationTimeZone": "America/New_York",
    "originalDepartureDate": "2026-12-05T10:00+01:00",
    "originalArrivalDate": "2026-12-05T14:00-05:00",
    "originalBoardingDate": "2026-12-05T09:20+01:00",
    "passengerName": {"givenName": "Ada", "familyName": "Lovelace"},
}
FLIGHT = pass_json(
    storeCard=None,
    boardingPass={"transitType": "PKTransitTypeAir", "primaryFields": [{"key": "from", "value": "VIE"}]},
    preferredStyleSchemes=["semanticBoardingPass", "boardingPass"],
    semantics=FLIGHT_TAGS,
)


def values(content: dict[str, object], ios: float) -> tuple[str | None, list[str]]:
    card = read_content(content, {}, Reader(ios=ios)).card
    return card.layout, [field.value for field in card.fields]


def test_the_poster_is_for_those_that_know_it_and_the_style_for_all_others() -> None:
    assert values(POSTER, 27) == ("posterGeneric", ["Ada", "9"])
    assert values(POSTER, 26) == ("storeCard", ["1,250", "Coffee Rewards"])


def test_a_poster_ticket_draws_its_tags_and_the_tile_below() -> None:
    layout, shown = values(TICKET, 18)
    assert layout == "posterEventTicket"
    assert shown == ["Winter Gala", "Musikverein", "Golden Hall", "Vienna", "Ada, Bea", "a@b.example", "black tie"]
    assert values(TICKET, 17) == ("eventTicket", ["Concert", "a@b.example"])


@pytest.mark.parametrize("missing", ["venueRoom", "performerNames"])
def test_with_a_tag_missing_the_plain_ticket_is_shown(missing: str) -> None:
    tags = TICKET["semantics"]
    assert isinstance(tags, dict)
    assert values(TICKET | {"semantics": {name: tag for name, tag in tags.items() if name != missing}}, 27)[0] == "eventTicket"


def test_an_airlines_pass_draws_its_tags_since_ios_26() -> None:
    layout, shown = values(FLIGHT, 26)
    assert layout == "semanticBoardingPass"
    assert {"87", "VIE", "JFK", "New York", "Ada Lovelace"} <= set(shown)
    assert values(FLIGHT, 18) == ("boardingPass", ["VIE"])
    by_bus = FLIGHT | {"boardingPass": {"transitType": "PKTransitTypeBus"}}
    assert values(by_bus, 27)[0] == "boardingPass"


@pytest.mark.parametrize("content", [POSTER, TICKET, FLIGHT])
def test_the_samples_above_are_passes_that_a_phone_takes(content: dict[str, object]) -> None:
    assert find_problems(json.loads(json.dumps(content)), {"icon.png": png()}) == []


def test_the_card_says_when_and_where_it_is_relevant_and_whether_it_has_expired() -> None:
    uuid = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
    content = pass_json(
        locations=[{"latitude": 48.2, "longitude": 16.4, "relevantText": "Near"}],
        beacons=[{"proximityUUID": uuid, "major": 1, "minor": 2, "relevantText": "At the door"}],
        relevantDates=[{"startDate": "2026-12-05T10:00Z", "endDate": "2026-12-05T11:00Z"}],
        relevantDate="2026-12-04T10:00Z",
        expirationDate="2026-12-06T00:00:00Z",
        voided=True,
        nfc={"message": "1", "encryptionPublicKey": "AAAA"},
    )
    files = {"en.lproj/pass.strings": b'"Near" = "Around the corner";'}
    card = read_content(content, files, Reader(now=datetime(2026, 12, 5, tzinfo=UTC))).card
    assert (card.expired, card.voided, card.nfc) == (False, True, True)
    span, place, beacon = card.relevance
    assert " – " in span
    assert place == "48.2, 16.4: Around the corner"
    assert beacon == f"beacon {uuid}/1/2: At the door"
    old = read_content(content, files, Reader(ios=17, now=datetime(2026, 12, 7, tzinfo=UTC))).card
    assert old.expired
    assert " – " not in old.relevance[0]


@pytest.mark.parametrize(
    ("changes", "files", "problem"),
    [
        ({"beacons": [{"proximityUUID": "1"}]}, {}, "has no UUID"),
        ({"beacons": [{"proximityUUID": "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "major": 65536}]}, {}, "out of range"),
        ({"maxDistance": 0}, {}, "maxDistance"),
        ({"relevantDates": [{"startDate": "2026-12-05T10:00Z"}]}, {}, "one end only"),
        ({"relevantDates": [{"startDate": "2026-12-05T10:00Z", "endDate": "2026-12-05T09:00Z"}]}, {}, "ends before it begins"),
        ({"relevantDates": [{"date": "2026-12-05T10:00Z", "relevantDate": "2026-12-05T11:00Z"}]}, {}, "two different moments"),
        ({"preferredStyleSchemes": ["poster"]}, {}, "known layouts"),
        ({"nfc": {"message": "x" * 65, "encryptionPublicKey": ""}}, {}, "64 bytes"),
        ({"semantics": []}, {}, "semantics is not an object"),
        ({}, {"deutsch.lproj/pass.strings": b""}, "no language"),
        ({}, {"de.lproj/pass.strings": b'"a" = "b"'}, "something else than keys"),
        ({}, {"de.lproj/pass.strings": b'"a" = "b";', "en.lproj/pass.strings": b""}, "different keys"),
        ({}, {"de.lproj/icon.png": png()}, "at the root and in"),
        ({}, {"de.lproj/logo.png": png(), "en.lproj/strip.png": png()}, "different pictures"),
    ],
)
def test_what_a_phone_has_against_it(changes: dict[str, object], files: dict[str, bytes], problem: str) -> None:
    found = find_problems(pass_json(**changes), {"icon.png": png(), **files})
    assert any(problem in one for one in found), found
