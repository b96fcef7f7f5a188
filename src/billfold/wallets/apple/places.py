"""Places and beacons near which a pass shows itself → `locations`, `beacons`, `maxDistance`. Pure.

Source: WP/pass/locations-data.dictionary, WP/pass/beacons-data.dictionary, reference/apple-wallet.md sections 2.1 and 2.6.
May not enter: judging (rules.py)."""

from billfold.domain.content import Beacon, Content, JsonObject, Location


def add_places(out: JsonObject, content: Content) -> None:
    if content.locations:
        out["locations"] = _locations(content.locations)
    if content.beacons:
        out["beacons"] = [_beacon(one) for one in content.beacons]
    if content.max_distance is not None:
        out["maxDistance"] = content.max_distance


def _locations(given: tuple[Location, ...]) -> list[object]:
    places: list[object] = []
    for one in given:
        place: JsonObject = {"latitude": one.latitude, "longitude": one.longitude}
        if one.altitude is not None:
            place["altitude"] = one.altitude
        if one.relevant_text is not None:
            place["relevantText"] = one.relevant_text
        places.append(place)
    return places


def _beacon(one: Beacon) -> JsonObject:
    place: JsonObject = {"proximityUUID": one.uuid}
    if one.major is not None:
        place["major"] = one.major
    if one.minor is not None:
        place["minor"] = one.minor
    if one.relevant_text is not None:
        place["relevantText"] = one.relevant_text
    return place
