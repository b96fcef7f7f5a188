"""One complete class and object of each vertical, by section 1.3 of the reference. May not enter: assertions."""

from typing import Any

Body = dict[str, Any]


def text(value: str) -> Body:
    return {"defaultValue": {"language": "en", "value": value}}


def image(name: str = "logo") -> Body:
    return {"sourceUri": {"uri": f"https://images.example/{name}.png"}, "contentDescription": text(name)}


def loyalty_class(class_id: str, **more: Any) -> Body:
    return {
        "id": class_id,
        "issuerName": "Corner Coffee",
        "programName": "Corner Club",
        "programLogo": image(),
        "reviewStatus": "UNDER_REVIEW",
        **more,
    }


def loyalty_object(object_id: str, class_id: str, **more: Any) -> Body:
    points = {"label": "Points", "balance": {"int": 120}}
    return {"id": object_id, "classId": class_id, "state": "ACTIVE", "accountId": "A-7", "loyaltyPoints": points, **more}


CLASSES: dict[str, Body] = {
    "generic": {},
    "loyalty": {"issuerName": "Shop", "programName": "Club", "programLogo": image(), "reviewStatus": "UNDER_REVIEW"},
    "offer": {
        "issuerName": "Shop",
        "title": "Ten percent",
        "provider": "Shop",
        "redemptionChannel": "BOTH",
        "reviewStatus": "UNDER_REVIEW",
    },
    "giftCard": {"issuerName": "Shop", "reviewStatus": "UNDER_REVIEW"},
    "eventTicket": {"issuerName": "Hall", "eventName": text("Concert"), "reviewStatus": "UNDER_REVIEW"},
    "flight": {
        "issuerName": "Air",
        "origin": {"airportIataCode": "FRA"},
        "destination": {"airportIataCode": "LIS"},
        "flightHeader": {"carrier": {"carrierIataCode": "XX"}, "flightNumber": "123"},
        "localScheduledDepartureDateTime": "2027-07-02T15:30:00",
        "reviewStatus": "UNDER_REVIEW",
    },
    "transit": {"issuerName": "Rail", "logo": image(), "transitType": "RAIL", "reviewStatus": "UNDER_REVIEW"},
}
OBJECTS: dict[str, Body] = {
    "generic": {"cardTitle": text("Gym"), "header": text("Member")},
    "loyalty": {"state": "ACTIVE"},
    "offer": {"state": "ACTIVE"},
    "giftCard": {"state": "ACTIVE", "cardNumber": "6035"},
    "eventTicket": {"state": "ACTIVE"},
    "flight": {"state": "ACTIVE", "passengerName": "Dave", "reservationInfo": {"confirmationCode": "ABC"}},
    "transit": {"state": "ACTIVE", "tripType": "ONE_WAY"},
}


def class_of(vertical: str, class_id: str, **more: Any) -> Body:
    return {"id": class_id, **CLASSES[vertical], **more}


def object_of(vertical: str, object_id: str, class_id: str, **more: Any) -> Body:
    return {"id": object_id, "classId": class_id, **OBJECTS[vertical], **more}
