"""Section 8.2 of reference/google-wallet.md, rows 13 to 21 and 26: messages, lists, places, codes, links, limits and faults."""

from pathlib import Path
from typing import Any

import pytest

from billfold.sandbox.google.rules import NOT_ALLOWLISTED
from sandbox.google import samples
from sandbox.google.asking import CLASS, OBJECT, assert_refused, put_class, put_object
from sandbox.google.conftest import ISSUER, Google, StoppedClock, serve

# --- 13 to 16 ---------------------------------------------------------------------------------------------------------


def message(body: str, kind: str | None = None) -> dict[str, Any]:
    return {"message": {"header": "News", "body": body, **({"messageType": kind} if kind else {})}}


@pytest.mark.requirement("S0-35", "S0-40")
def test_row_13_messages_are_appended_and_the_fourth_notice_of_a_day_is_refused(google: Google) -> None:
    one = google.loyalty()
    path = f"/loyaltyObject/{one}/addMessage"
    assert google.api("POST", path, message("first")).json["resource"]["messages"][0]["messageType"] == "TEXT"
    for n in range(3):
        assert google.api("POST", path, message(f"loud {n}", "TEXT_AND_NOTIFY")).status == 200
    assert_refused(google.api("POST", path, message("too much", "TEXT_AND_NOTIFY")), 403, "quotaExceeded")
    kept = google.api("GET", f"/loyaltyObject/{one}").json["messages"]
    assert [each["body"] for each in kept] == ["first", "loud 0", "loud 1", "loud 2"]
    assert google.api("POST", path, message("quiet")).status == 200
    assert google.api("POST", f"/loyaltyClass/{CLASS}/addMessage", message("all", "TEXT_AND_NOTIFY")).status == 200
    google.control("POST", "/clock", {"advance_seconds": 24 * 3600 + 1})
    assert google.api("POST", path, message("next day", "TEXT_AND_NOTIFY")).status == 200


def test_row_13_a_message_needs_text_and_a_supported_type(google: Google) -> None:
    path = f"/loyaltyObject/{google.loyalty()}/addMessage"
    for bad in ({}, {"message": {}}, message("x", "EXPIRATION_NOTIFICATION")):
        assert_refused(google.api("POST", path, bad), 400, "invalidResource")


def test_an_eleventh_message_is_refused_or_drops_the_oldest(google: Google) -> None:
    path = f"/loyaltyObject/{google.loyalty()}/addMessage"
    for n in range(10):
        assert google.api("POST", path, message(str(n))).status == 200
    assert_refused(google.api("POST", path, message("10")), 400, "invalidResource")
    google.control("POST", "/settings", {"drop_oldest_message": True})
    kept = google.api("POST", path, message("10")).json["resource"]["messages"]
    assert [each["body"] for each in kept] == [str(n) for n in range(1, 11)]


def test_row_14_three_updates_a_day_notify_and_the_fourth_only_updates(google: Google) -> None:
    one = google.loyalty()
    google.save(google.signed({"loyaltyObjects": [{"id": one}]}))
    for points in (1, 2, 3, 4):
        change = {"loyaltyPoints": {"balance": {"int": points}}, "notifyPreference": "NOTIFY_ON_UPDATE"}
        answer = google.api("PATCH", f"/loyaltyObject/{one}", change)
        assert answer.json["loyaltyPoints"]["balance"]["int"] == points
    unlisted = {"accountName": "Ada", "notifyPreference": "NOTIFY_ON_UPDATE"}
    google.api("PATCH", f"/loyaltyObject/{one}", unlisted)
    log = google.control("GET", "/notifications")["notifications"]
    assert [each["shown"] for each in log] == [True, True, True, False]
    assert google.api("POST", f"/loyaltyObject/{one}/addMessage", message("x", "TEXT_AND_NOTIFY")).status == 200


def test_row_15_lists_need_their_parameter_and_a_known_class(google: Google) -> None:
    assert google.api("GET", "/loyaltyClass").status == 400
    assert google.api("GET", "/loyaltyClass?issuerId=acme").status == 400
    assert google.api("GET", "/loyaltyObject").status == 400
    assert google.api("GET", f"/loyaltyObject?classId={CLASS}").status == 404
    put_class(google)
    assert google.api("GET", f"/offerObject?classId={CLASS}").status == 404
    for bad in ("maxResults=0", "maxResults=x", "maxResults=" + "9" * 5000, "token=nonsense", "token=YQ=="):
        assert google.api("GET", f"/loyaltyClass?issuerId={ISSUER}&{bad}").status == 400


def test_row_15_a_token_holds_while_others_are_added(google: Google) -> None:
    google.loyalty(object_suffix="o1")
    google.api("POST", "/loyaltyObject", samples.loyalty_object(f"{ISSUER}.o2", CLASS))
    first = google.api("GET", f"/loyaltyObject?classId={CLASS}&maxResults=1").json
    google.api("POST", "/loyaltyObject", samples.loyalty_object(f"{ISSUER}.o0", CLASS))
    token = first["pagination"]["nextPageToken"]
    rest = google.api("GET", f"/loyaltyObject?classId={CLASS}&token={token}").json
    assert [each["id"] for each in rest["resources"]] == [f"{ISSUER}.o2", f"{ISSUER}.o0"]


def test_row_16_merchant_locations_are_bounded_and_gated(google: Google) -> None:
    put_class(google)
    place = {"latitude": 90.0, "longitude": -180}
    assert put_object(google, merchantLocations=[place] * 10).status == 200
    path = f"/loyaltyObject/{OBJECT}"
    for bad in ([place] * 11, [{"latitude": 90.1, "longitude": 0}], [{"latitude": 0, "longitude": -181}]):
        assert_refused(google.api("PATCH", path, {"merchantLocations": bad}), 400, "invalidResource")
    google.control("POST", f"/issuers/{ISSUER}", {"allowlisted": False})
    assert_refused(google.api("PATCH", path, {"merchantLocations": [place]}), 400, "invalidResource", NOT_ALLOWLISTED)


# --- 17 to 21, 26 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("barcode", [{}, {"value": "1"}, {"type": "BARCODE_TYPE_UNSPECIFIED", "value": "1"}])
def test_row_17_a_barcode_needs_a_type(google: Google, barcode: dict[str, str]) -> None:
    put_class(google)
    answer = put_object(google, barcode=barcode)
    assert answer.message == "Barcode type must be set."
    assert answer.json["error"] == {
        "code": 400,
        "message": "Barcode type must be set.",
        "errors": [{"message": "Barcode type must be set.", "domain": "walletobjects", "reason": "invalidResource"}],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"heroImage": {}},
        {"heroImage": {"sourceUri": {"uri": "https://x.example/a.png"}, "privateImageId": "7"}},
        {"heroImage": {"sourceUri": {"uri": "a.png"}}},
        {"hexBackgroundColor": "red"},
        {"hexBackgroundColor": "#ff00"},
        {"hexBackgroundColor": "#gggggg"},
        {"locations": [{"latitude": -91, "longitude": 0}]},
    ],
)
def test_row_18_images_colours_and_bounds(google: Google, change: dict[str, Any]) -> None:
    assert_refused(put_class(google, **change), 400, "invalidResource")


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2027-01-01T00:00:00", "2027-02-01T00:00:00", 200),
        ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00.123456789+01:00", 200),
        ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00", 400),
        ("2027-01-01T00:00:00", "2027-02-30T00:00:00", 400),
        ("2027-01-01", "2027-02-01", 400),
    ],
)
def test_row_18_an_interval_has_two_offsets_or_none(google: Google, start: str, end: str, status: int) -> None:
    put_class(google)
    assert put_object(google, validTimeInterval={"start": {"date": start}, "end": {"date": end}}).status == status


def test_row_19_linked_objects_exist_belong_to_the_issuer_and_are_others(google: Google) -> None:
    one = google.loyalty()
    path = f"/loyaltyObject/{one}"
    for bad in (f"{ISSUER}.none", one, "3388000000099999999.x"):
        assert_refused(google.api("PATCH", path, {"linkedObjectIds": [bad]}), 400, "invalidResource")
    google.api("POST", "/loyaltyObject", samples.loyalty_object(f"{ISSUER}.two", CLASS))
    assert google.api("PATCH", path, {"linkedObjectIds": [f"{ISSUER}.two"] * 60}).json["linkedObjectIds"] == [f"{ISSUER}.two"] * 50


def test_row_20_nothing_can_be_deleted(google: Google) -> None:
    one = google.loyalty()
    assert google.api("DELETE", f"/loyaltyObject/{one}").status in (404, 405)
    assert google.api("DELETE", f"/loyaltyClass/{CLASS}").status in (404, 405)
    assert google.api("GET", f"/loyaltyObject/{one}").status == 200


def test_row_21_more_than_twenty_requests_a_second_and_issuer_are_429(tmp_path: Path) -> None:
    clock = StoppedClock()
    for google in serve(tmp_path / "google.db", clock=clock):
        statuses = [google.api("GET", f"/loyaltyClass/{CLASS}").status for _ in range(21)]
        assert statuses == [404] * 20 + [429]
        assert google.api("GET", f"/loyaltyClass?issuerId={ISSUER}").json["error"]["status"] == "RESOURCE_EXHAUSTED"
        assert google.api("GET", "/loyaltyClass/3388000000099999999.x").status == 400, "another issuer has its own count"
        clock.at_ms += 1000
        assert google.api("GET", f"/loyaltyClass/{CLASS}").status == 404


@pytest.mark.parametrize("status", [429, 500, 503])
def test_row_21_faults_on_demand_meet_only_what_they_name(google: Google, status: int) -> None:
    fault = {"status": status, "count": 2, "method": "PATCH", "path": "/loyaltyObject/", "delay_ms": 1}
    google.control("POST", "/faults", fault)
    one = google.loyalty()
    answers = [google.api("PATCH", f"/loyaltyObject/{one}", {"accountId": "x"}).status for _ in range(3)]
    assert answers == [status, status, 200]


def test_row_21_a_lost_answer_leaves_its_work_done(google: Google) -> None:
    google.control("POST", "/faults", {"status": 503, "method": "POST", "path": "/loyaltyClass", "after": True})
    assert put_class(google).status == 503
    assert put_class(google).status == 409


def test_row_26_answers_are_200_json_with_old_forms_on_demand(google: Google) -> None:
    answer = put_class(google)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=UTF-8")
    put_object(google, barcode={"type": "QR_CODE", "value": "1"}, linkedObjectIds=[])
    read = google.api("GET", f"/loyaltyObject/{OBJECT}").json
    assert read["state"] == "ACTIVE"
    assert "linkedObjectIds" not in read
    google.control("POST", "/settings", {"old_enums": True, "kind_members": True})
    read = google.api("GET", f"/loyaltyObject/{OBJECT}").json
    assert (read["state"], read["barcode"]["type"], read["kind"]) == ("active", "qrCode", "walletobjects#loyaltyObject")
    assert read["classReference"]["kind"] == "walletobjects#loyaltyClass"
    assert google.api("PUT", f"/loyaltyObject/{OBJECT}", read).status == 200, "what was answered is taken back"


def test_partial_answers_by_the_fields_parameter(google: Google) -> None:
    one = google.loyalty()
    assert google.api("GET", f"/loyaltyObject/{one}?fields=id,state").json == {"id": one, "state": "ACTIVE"}
    nested = google.api("GET", f"/loyaltyObject/{one}?fields=loyaltyPoints(label,balance/int)").json
    assert nested == {"loyaltyPoints": {"label": "Points", "balance": {"int": 120}}}
    assert google.api("GET", f"/loyaltyObject?classId={CLASS}&fields=resources/id").json == {"resources": [{"id": one}]}
    assert google.api("GET", f"/loyaltyObject/{one}?fields=id(").status == 400


def test_what_is_not_covered_says_so(google: Google) -> None:
    answer = google.api("POST", "/smartTap", {"id": f"{ISSUER}.t"})
    assert (answer.status, answer.json["error"]["status"]) == (501, "UNIMPLEMENTED")
