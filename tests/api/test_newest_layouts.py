"""What iOS 18, 26 and 27 brought, by `/v1/templates`: made of a pass's values, judged, signed, read back, and seen in a preview."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest

from api.client import Answer
from api.conftest import World, on_sqlite
from images.samples import quarters, saved

PICTURE = "data:image/png;base64," + base64.b64encode(saved(quarters(358, 448), "PNG")).decode()
WWW = {"key": "www", "label": "Web", "value": "https://fair.example"}
POSTER: dict[str, Any] = {
    "description": "Museum card",
    "primary": [{"key": "name", "label": "MEMBER", "value": "{{ member.name }}"}],
    "back": [WWW],
    "images": {"artwork": PICTURE},
    "poster": {
        "header": [{"key": "until", "label": "UNTIL", "value": "2028"}],
        "primary": [{"key": "name", "label": "MEMBER", "value": "{{ member.name }}"}],
        "footer": [{"key": "level", "label": "LEVEL", "value": "{{ member.level }}"}],
    },
    "overrides": {
        "apple": {
            "featuredActions": [
                {"identifier": "card", "type": "membershipBenefits", "url": "https://fair.example/{{ member.id }}"},
                {"identifier": "house", "type": "place", "placeIdentifier": "I1234"},
            ]
        }
    },
}
BADGE: dict[str, Any] = {
    "description": "Badge of a fair",
    "style": "event_ticket",
    "primary": [{"key": "event", "label": "FAIR", "value": "Coffee Days"}],
    "secondary": [{"key": "next", "label": "NEXT IN", "value": "{{ next.room }}", "change_message": "Now in %@"}],
    "additional": [{"key": "dress", "label": "BRING", "value": "A cup"}],
    "back": [WWW],
    "images": {"artwork": PICTURE, "venue_map": PICTURE},
    "enhanced": True,
    "semantics": {
        "eventName": "Coffee Days",
        "eventType": "PKEventTypeConference",
        "venueName": "Old Hall",
        "venueRegionName": "Vienna",
        "venueRoom": "{{ next.room }}",
    },
    "language": "en",
    "translations": {"de": {"semantics.venueName": "Alte Halle", "fields.event.label": "MESSE"}},
    "overrides": {
        "apple": {
            "directionsInformationURL": "https://fair.example/way",
            "upcomingPassInformation": [
                {
                    "type": "event",
                    "identifier": "{{ next.id }}",
                    "name": "{{ next.title }}",
                    "dateInformation": {"date": "2027-05-04T14:00+02:00", "timeZone": "Europe/Vienna"},
                    "images": {"venueMap": {"URLs": [{"URL": "https://fair.example/map.png", "SHA256": "0" * 64}]}},
                }
            ],
        }
    },
}
FLIGHT: dict[str, Any] = {
    "description": "Boarding pass",
    "style": "boarding_pass",
    "transit_type": "air",
    "primary": [{"key": "from", "label": "VIENNA", "value": "VIE"}, {"key": "to", "label": "TOKYO", "value": "NRT"}],
    "auxiliary": [{"key": "gate", "label": "GATE", "value": "{{ flight.gate }}", "change_message": "Gate %@"}],
    "back": [WWW],
    "enhanced": True,
    "semantics": {
        "airlineCode": "OS",
        "confirmationNumber": "X7K2",
        "flightNumber": "{{ flight.number }}",
        "departureAirportCode": "VIE",
        "departureCityName": "Vienna",
        "departureLocationTimeZone": "Europe/Vienna",
        "departureGate": "{{ flight.gate }}",
        "destinationAirportCode": "NRT",
        "destinationCityName": "Tokyo",
        "destinationLocationTimeZone": "Asia/Tokyo",
        "originalBoardingDate": "2027-05-04T09:20+02:00",
        "originalDepartureDate": "2027-05-04T10:00+02:00",
        "originalArrivalDate": "2027-05-05T06:00+09:00",
        "passengerName": {"givenName": "{{ member.name }}", "familyName": "Lovelace"},
    },
    "overrides": {"apple": {"changeSeatURL": "https://air.example/seat", "managementURL": "https://air.example/trip"}},
}
VALUES: dict[str, Any] = {
    "member": {"name": "Ada", "level": "Patron", "id": "20481"},
    "next": {"id": "s-1", "title": "Roasting at home", "room": "Room 7"},
    "flight": {"number": 87, "gate": "B7"},
}
EXPECTED_OF_OURS = {"change_message_nowhere", "issuer_not_apple", "web_service_not_https"}
"""Of a test environment's signature and address."""


async def issued(world: World, content: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """(id of a pass of a template with this content, the files of its bundle). Whatever is wrong with it fails here."""
    schema = [{"name": f"{group}.{name}", "example": value} for group, own in VALUES.items() for name, value in own.items()]
    schema = [one | {"type": "integer" if isinstance(one["example"], int) else "text"} for one in schema]
    made = await world.client.post("/v1/templates", {"name": "Newest", "content": content, "schema": schema})
    assert made.status == 201, made.body
    answer = await world.client.post("/v1/passes", {"template_id": made.json["id"], "values": VALUES})
    assert answer.status == 201, answer.body
    apple = [one for one in made.json["findings"] if not one["code"].startswith("google.")]
    assert [one for one in apple if one["severity"] == "error"] == []
    bundle = (await world.client.get(f"/v1/passes/{answer.json['id']}/apple")).body
    report = await world.client.post("/v1/checks", bundle, headers={"content-type": "application/vnd.apple.pkpass"})
    assert codes_of(report) <= EXPECTED_OF_OURS, report.json
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return answer.json["id"], {name: archive.read(name) for name in archive.namelist()}


def codes_of(report: Answer) -> set[str]:
    return {one["code"] for part in report.json["parts"] for one in part["findings"]}


async def seen(world: World, pass_id: str, wallet: str) -> str:
    picture = await world.client.get(f"/v1/passes/{pass_id}/preview.svg?wallet={wallet}")
    assert picture.status == 200, picture.body
    return picture.body.decode()


@on_sqlite
async def test_a_poster_with_featured_actions_stands_beside_the_style_that_older_phones_show(world: World) -> None:
    pass_id, files = await issued(world, POSTER)
    document = json.loads(files["pass.json"])
    assert document["posterGeneric"]["primaryFields"][0]["value"] == document["generic"]["primaryFields"][0]["value"] == "Ada"
    assert document["posterGeneric"]["footerFields"][0]["value"] == "Patron"
    assert [one["type"] for one in document["featuredActions"]] == ["membershipBenefits", "place"]
    assert document["featuredActions"][0]["url"] == "https://fair.example/20481"
    assert "artwork@3x.png" in files
    shown = await seen(world, pass_id, "apple")
    assert all(one in shown for one in ("Patron", "Benefits", "Show place"))
    assert "Ada" in await seen(world, pass_id, "google")


@on_sqlite
@pytest.mark.requirement("S3-52")
async def test_a_badge_knows_what_comes_next_and_says_when_it_changes(world: World) -> None:
    pass_id, files = await issued(world, BADGE)
    document = json.loads(files["pass.json"])
    assert document["preferredStyleSchemes"] == ["posterEventTicket", "eventTicket"]
    (entry,) = document["upcomingPassInformation"]
    assert (entry["identifier"], entry["name"]) == ("s-1", "Roasting at home")
    assert document["semantics"]["venueRoom"] == "Room 7"
    assert {"venueMap.png", "venueMap@2x.png", "venueMap@3x.png", "artwork.png"} <= set(files)
    assert '"Old Hall" = "Alte Halle"' in files["de.lproj/pass.strings"].decode("utf-16")
    shown = await seen(world, pass_id, "apple")
    assert all(one in shown for one in ("Upcoming", entry["name"], "May 4, 2027"))
    assert "Room 7" in await seen(world, pass_id, "google")
    moved = await world.client.ask("PATCH", f"/v1/passes/{pass_id}/values", {"values": {"next": {"room": "Room 9"}}})
    assert moved.status == 200, moved.body
    later = (await world.client.get(f"/v1/passes/{pass_id}/apple")).body
    document = json.loads(zipfile.ZipFile(io.BytesIO(later)).read("pass.json"))
    field = document["eventTicket"]["secondaryFields"][0]
    assert (field["value"], field["changeMessage"]) == ("Room 9", "Now in %@")
    assert document["semantics"]["venueRoom"] == "Room 9"


@on_sqlite
async def test_a_semantic_boarding_pass_has_what_the_layout_asks_for_in_its_own_types(world: World) -> None:
    pass_id, files = await issued(world, FLIGHT)
    document = json.loads(files["pass.json"])
    assert document["preferredStyleSchemes"] == ["semanticBoardingPass", "boardingPass"]
    assert document["semantics"]["flightNumber"] == 87
    assert document["semantics"]["passengerName"] == {"givenName": "Ada", "familyName": "Lovelace"}
    assert (document["changeSeatURL"], document["managementURL"]) == ("https://air.example/seat", "https://air.example/trip")
    assert "B7" in await seen(world, pass_id, "apple")


@on_sqlite
async def test_what_a_phone_would_ignore_is_said_before_anything_is_published(world: World) -> None:
    actions = [{"identifier": str(number), "type": "shop"} for number in range(3)]
    content = POSTER | {"overrides": {"apple": {"featuredActions": actions, "upcomingPassInformation": [{"type": "event"}]}}}
    report = await world.client.post("/v1/checks", {"content": content})
    paths = {one["path"].partition("overrides.apple.")[2] for part in report.json["parts"] for one in part["findings"]}
    assert {"featuredActions", "featuredActions[0].url", "upcomingPassInformation"} <= paths, paths


@on_sqlite
@pytest.mark.requirement("S0-44")
async def test_the_words_of_a_place_are_the_holder_s_own(world: World) -> None:
    place = {"latitude": 48.2, "longitude": 16.4, "relevant_text": "{{ member.name }}, {{ next.title }} is around the corner"}
    content = {"description": "Card", "primary": BADGE["primary"], "back": [WWW], "locations": [place]}
    _, files = await issued(world, content)
    assert json.loads(files["pass.json"])["locations"][0]["relevantText"] == "Ada, Roasting at home is around the corner"
