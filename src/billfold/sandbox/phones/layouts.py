"""Which layout a phone of some iOS chooses for a pass, and what of the tags a newer one shows. Pure.

Source: reference/apple-wallet.md sections 2.8 to 2.10: with anything missing the phone shows the plain style.
May not enter: fields (content.py), formats of values."""

from collections.abc import Iterator, Mapping

POSTER_SINCE, POSTER_TICKET_SINCE, SEMANTIC_BOARDING_SINCE = 27.0, 18.0, 26.0
POSTER = "posterGeneric"
_TICKET_TAGS = ("eventName", "venueName", "venueRegionName", "venueRoom")
_TICKET_TAGS_BY_TYPE = {
    "PKEventTypeSports": ("homeTeamAbbreviation", "awayTeamAbbreviation"),
    "PKEventTypeLivePerformance": ("performerNames",),
}
_FLIGHT_TAGS = (
    *("airlineCode", "flightNumber", "departureAirportCode", "departureCityName", "departureLocationTimeZone"),
    *("destinationAirportCode", "destinationCityName", "destinationLocationTimeZone", "originalDepartureDate"),
    *("originalArrivalDate", "originalBoardingDate", "passengerName"),
)
_TICKET_SHOWS = (
    *(("primary", "eventName"), ("secondary", "venueName"), ("secondary", "venueRoom"), ("auxiliary", "venueRegionName")),
    *(("auxiliary", "performerNames"), ("header", "eventStartDate")),
)
_FLIGHT_SHOWS = (
    *(("header", "flightNumber"), ("primary", "departureAirportCode"), ("primary", "destinationAirportCode")),
    *(("secondary", "departureCityName"), ("secondary", "destinationCityName"), ("auxiliary", "originalBoardingDate")),
    *(("auxiliary", "originalDepartureDate"), ("auxiliary", "passengerName"), ("auxiliary", "departureGate")),
)


def layout_of(pass_json: Mapping[str, object], style: str, ios: float) -> str:
    """`posterGeneric`, `posterEventTicket`, `semanticBoardingPass`, or the plain style's name."""
    if POSTER in pass_json and ios >= POSTER_SINCE:
        return POSTER
    listed = pass_json.get("preferredStyleSchemes")
    for scheme in listed if isinstance(listed, list) else ():
        if scheme == "posterEventTicket" and style == "eventTicket" and ios >= POSTER_TICKET_SINCE:
            if _has_all(pass_json, _TICKET_TAGS + _TICKET_TAGS_BY_TYPE.get(str(_tags(pass_json).get("eventType")), ())):
                return "posterEventTicket"
        elif scheme == "semanticBoardingPass" and style == "boardingPass" and ios >= SEMANTIC_BOARDING_SINCE:
            body = pass_json.get(style)
            by_air = isinstance(body, dict) and body.get("transitType") == "PKTransitTypeAir"
            if by_air and _has_all(pass_json, _FLIGHT_TAGS):
                return "semanticBoardingPass"
        elif scheme == style:
            return style
    return style


def shown_tags(pass_json: Mapping[str, object], layout: str) -> Iterator[tuple[str, str, str]]:
    """(group, tag, text) of what the layout draws from tags."""
    shows = {"posterEventTicket": _TICKET_SHOWS, "semanticBoardingPass": _FLIGHT_SHOWS}.get(layout, ())
    tags = _tags(pass_json)
    for group, tag in shows:
        value = tags.get(tag)
        if isinstance(value, dict):
            value = " ".join(str(value[part]) for part in ("givenName", "familyName") if part in value)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if value not in (None, ""):
            yield group, tag, str(value)


def _tags(pass_json: Mapping[str, object]) -> Mapping[str, object]:
    found = pass_json.get("semantics")
    return found if isinstance(found, dict) else {}


def _has_all(pass_json: Mapping[str, object], tags: tuple[str, ...]) -> bool:
    return all(_tags(pass_json).get(tag) not in (None, "", []) for tag in tags)
