"""Section 8.2 of reference/google-wallet.md, row by row. Rows 22 to 25 and 27 have files of their own beside this one."""

from pathlib import Path
from typing import Any

import pytest

from billfold.sandbox.google.accounts import make_service_account_file
from billfold.sandbox.google.rules import NOT_ALLOWLISTED
from billfold.sandbox.google.schema import DOCUMENT, load
from billfold.sandbox.google.verticals import TYPES, VERTICALS
from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Answer, Google, StoppedClock, serve

CLASS, OBJECT = f"{ISSUER}.card", f"{ISSUER}.one"


def assert_refused(answer: Answer, status: int, reason: str, message: str = "") -> None:
    assert (answer.status, answer.reason) == (status, reason), answer.raw
    assert message in answer.message


def put_class(google: Google, **more: Any) -> Answer:
    return google.api("POST", "/loyaltyClass", samples.loyalty_class(CLASS, **more))


def put_object(google: Google, **more: Any) -> Answer:
    return google.api("POST", "/loyaltyObject", samples.loyalty_object(OBJECT, CLASS, **more))


# --- 1 ----------------------------------------------------------------------------------------------------------------


def test_row_1_no_known_token_is_401_in_the_front_end_shape(google: Google) -> None:
    without = google.http("GET", f"/walletobjects/v1/loyaltyClass/{CLASS}")
    assert_refused(without, 401, "required", "Login Required.")
    unknown = google.api("GET", f"/loyaltyClass/{CLASS}", token="ya29.guess")
    assert (unknown.status, unknown.json["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_row_1_an_account_that_is_no_user_of_the_issuer_is_403(google: Google) -> None:
    stranger = google.token_of(make_service_account_file(google.state, "3388000000099999999", google.url))
    for method, path, body in [
        ("POST", "/loyaltyClass", samples.loyalty_class(CLASS)),
        ("GET", f"/loyaltyClass/{CLASS}", None),
        ("GET", f"/loyaltyClass?issuerId={ISSUER}", None),
    ]:
        assert_refused(google.api(method, path, body, token=stranger), 403, "permissionDenied")


# --- 2 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"programLogo": {"sourceUri": {"url": "https://x.example"}}}, "programLogo.sourceUri"),
        ({"programName": 5}, "programName"),
        ({"enableSmartTap": "yes"}, "enableSmartTap"),
        ({"enableSmartTap": 1}, "enableSmartTap"),
        ({"reviewStatus": "PENDING"}, "reviewStatus"),
        ({"textModulesData": {"id": "a"}}, "textModulesData"),
        ({"textModulesData": ["a"]}, "textModulesData[0]"),
        ({"textModulesData": [None]}, "textModulesData[0]"),
        ({"redemptionIssuers": ["12a"]}, "redemptionIssuers[0]"),
        ({"redemptionIssuers": [2**63]}, "redemptionIssuers[0]"),
        ({"redemptionIssuers": [1.5]}, "redemptionIssuers[0]"),
        ({"redemptionIssuers": [True]}, "redemptionIssuers[0]"),
        ({"valueAddedModuleData": [{"sortIndex": "1"}]}, "valueAddedModuleData[0].sortIndex"),
        ({"merchantLocations": [{"latitude": "1"}]}, "merchantLocations[0].latitude"),
        ({"localizedIssuerName": "Shop"}, "localizedIssuerName"),
    ],
)
def test_row_2_what_the_schema_does_not_know_is_400_in_the_front_end_shape(google: Google, change: Any, named: str) -> None:
    answer = put_class(google, **change)
    error = answer.json["error"]
    assert (answer.status, error["status"], error["errors"][0]["reason"]) == (400, "INVALID_ARGUMENT", "invalid")
    violation = error["details"][0]["fieldViolations"][0]
    assert named in violation["field"] or named in violation["description"]


def test_row_2_old_enum_names_and_numbers_for_int64_are_taken(google: Google) -> None:
    old = {"reviewStatus": "underReview", "multipleDevicesAndHoldersAllowedStatus": "oneUserAllDevices"}
    made = put_class(google, **old, redemptionIssuers=[12, "13", 14.0]).json
    assert made["multipleDevicesAndHoldersAllowedStatus"] == "ONE_USER_ALL_DEVICES"
    assert made["redemptionIssuers"] == ["12", "13", "14"]
    made = put_object(google, state="active", barcode={"type": "qrCode", "value": "x"}).json
    assert (made["state"], made["barcode"]["type"]) == ("ACTIVE", "QR_CODE")


NO_JSON_OBJECT = [
    *(b"{", b"[]", b'"x"', b"nul", b'{"id": NaN}', b'{"id": "\xff"}', b'{"id": "\\ud800"}', b'{"a": 1e999}'),
    *(b'{"version": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 5000, b'{"a":' * 200 + b"1" + b"}" * 200),
]


@pytest.mark.parametrize("raw", NO_JSON_OBJECT, ids=range(len(NO_JSON_OBJECT)))
def test_row_2_what_is_no_json_object_is_400(google: Google, raw: bytes) -> None:
    answer = google.api("POST", "/loyaltyClass", raw)
    assert (answer.status, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_row_2_an_unknown_query_parameter_is_400(google: Google) -> None:
    assert_refused(google.api("GET", f"/loyaltyClass?issuerId={ISSUER}&pageToken=1"), 400, "invalid", "pageToken")


def test_the_schema_is_the_published_document_unchanged() -> None:
    import hashlib

    found = hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()
    assert found == "dfd194996f006282fdc9c67b0f50cd8479ed178100967bbd11c61bdecd7c8245"
    assert (len(load().methods), len(load().by_name)) == (99, 155)


# --- 3 and 4 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", ["card", "acme.card", f"{ISSUER}.", f"{ISSUER}.a b", f"{ISSUER}.a/b", f"{ISSUER}.ü", "12345.card", f".{ISSUER}"]
)
def test_row_3_an_id_of_another_form_or_issuer_is_invalid(google: Google, bad: str) -> None:
    answer = google.api("POST", "/loyaltyClass", samples.loyalty_class(bad))
    assert_refused(answer, 400, "invalidResource", f"Invalid resource ID: {bad}")


def test_row_3_a_suffix_may_hold_dots(google: Google) -> None:
    dotted = f"{ISSUER}.a.b-c_d"
    assert google.api("POST", "/loyaltyClass", samples.loyalty_class(dotted)).status == 200
    assert google.api("GET", f"/loyaltyClass/{dotted}").json["id"] == dotted
    assert_refused(google.api("GET", f"/loyaltyClass/{ISSUER}.a%2Fb"), 400, "invalidResource", f"{ISSUER}.a/b")


REQUIRED = [(each, name) for each in TYPES for name in load().required(each.schema)]


@pytest.mark.parametrize(("kind", "name"), REQUIRED, ids=[f"{kind.name}.{name}" for kind, name in REQUIRED])
def test_row_4_each_required_member_is_missed(google: Google, kind: Any, name: str) -> None:
    google.api("POST", f"/{kind.vertical}Class", samples.class_of(kind.vertical, CLASS))
    made = f"{ISSUER}.new"
    body = samples.class_of(kind.vertical, made) if kind.kind == "class" else samples.object_of(kind.vertical, made, CLASS)
    del body[name]
    assert_refused(google.api("POST", f"/{kind.name}", body), 400, "invalidResource", "" if name == "id" else name)


NESTED: list[tuple[str, str, dict[str, Any]]] = [
    ("eventTicket", "class", {"venue": {"name": samples.text("Hall")}}),
    ("eventTicket", "class", {"venue": {"address": samples.text("Street 1")}}),
    ("eventTicket", "class", {"eventId": "e" * 65}),
    ("eventTicket", "class", {"dateTime": {"start": "tomorrow"}}),
    ("loyalty", "object", {"loyaltyPoints": {"label": "Points"}}),
    ("loyalty", "object", {"loyaltyPoints": {"balance": {}}}),
    ("loyalty", "object", {"loyaltyPoints": {"balance": {"int": 1, "string": "1"}}}),
    ("loyalty", "object", {"textModulesData": [{"id": "a.b"}]}),
    ("loyalty", "object", {"smartTapRedemptionValue": "é"}),
    ("loyalty", "object", {"messages": [{"body": "x"}] * 11}),
    ("loyalty", "object", {"valueAddedModuleData": [{"header": samples.text("x")}]}),
    ("loyalty", "object", {"linksModuleData": {"uris": [{"uri": "shop.example"}]}}),
    ("loyalty", "object", {"rotatingBarcode": {"type": "AZTEC", "valuePattern": "x"}}),
    ("loyalty", "object", {"rotatingBarcode": {"type": "QR_CODE", "totpDetails": {"parameters": [{"key": "secret"}]}}}),
    ("loyalty", "class", {"callbackOptions": {"url": "ftp://shop.example/hook"}}),
    ("loyalty", "class", {"classTemplateInfo": {"cardTemplateOverride": {"cardRowTemplateInfos": [{}]}}}),
    (
        "loyalty",
        "class",
        {"classTemplateInfo": {"cardTemplateOverride": {"cardRowTemplateInfos": [{"oneItem": {"item": {}}}] * 4}}},
    ),
    ("giftCard", "object", {"balanceUpdateTime": {"date": "2027-01-01T00:00:00"}}),
    ("flight", "class", {"flightHeader": {"carrier": {"carrierIataCode": "XX"}, "flightNumber": "XX1"}}),
    ("flight", "class", {"flightHeader": {"flightNumber": "1"}}),
    ("flight", "class", {"flightHeader": {"carrier": {}, "flightNumber": "1"}}),
    (
        "flight",
        "class",
        {"flightHeader": {"carrier": {"carrierIataCode": "XX", "carrierIcaoCode": "XXX"}, "flightNumber": "1"}},
    ),
    ("flight", "class", {"localScheduledDepartureDateTime": "2027-07-02T15:30:00Z"}),
    ("flight", "class", {"origin": {"airportIataCode": "FRAX"}}),
    ("transit", "object", {"ticketLeg": {"originName": samples.text("Here")}}),
    ("transit", "object", {"ticketLeg": {"departureDateTime": "2027-01-01T10:00"}, "ticketLegs": []}),
]


@pytest.mark.parametrize(("vertical", "level", "change"), NESTED)
def test_row_4_nested_rules(google: Google, vertical: str, level: str, change: dict[str, Any]) -> None:
    change = {**change, "ticketLegs": [{"departureDateTime": "x"}]} if "ticketLegs" in change else change
    google.api("POST", f"/{vertical}Class", samples.class_of(vertical, CLASS))
    body = samples.object_of(vertical, OBJECT, CLASS) if level == "object" else samples.class_of(vertical, f"{ISSUER}.n")
    name = f"{vertical}{level.capitalize()}"
    assert_refused(google.api("POST", f"/{name}", {**body, **change}), 400, "invalidResource")
    assert google.api("POST", f"/{name}", body).status == 200, "the body without the fault is taken"


# --- 5 to 8 -----------------------------------------------------------------------------------------------------------


def test_row_5_an_id_is_taken_once_also_by_another_vertical_but_classes_and_objects_live_apart(google: Google) -> None:
    assert put_class(google).status == 200
    assert put_class(google).status == 409
    assert google.api("POST", "/offerClass", samples.class_of("offer", CLASS)).status == 409
    same_id = samples.loyalty_object(CLASS, CLASS)
    assert google.api("POST", "/loyaltyObject", same_id).status == 200
    again = google.api("POST", "/loyaltyObject", same_id)
    assert (again.status, again.message) == (409, f"Wallet Object {CLASS} already exists.")


def test_row_6_an_object_needs_an_approved_class_of_its_type_and_issuer(google: Google) -> None:
    missing = put_object(google)
    assert (missing.status, missing.message) == (404, f"Wallet Object Class {CLASS} not found.")
    google.api("POST", "/offerClass", samples.class_of("offer", CLASS))
    assert_refused(put_object(google), 400, "invalidResource")
    put_draft = samples.loyalty_class(f"{ISSUER}.draft", reviewStatus="DRAFT")
    assert google.api("POST", "/loyaltyClass", put_draft).json["reviewStatus"] == "DRAFT"
    drafted = google.api("POST", "/loyaltyObject", samples.loyalty_object(OBJECT, f"{ISSUER}.draft"))
    assert_refused(drafted, 400, "invalidResource")
    make_service_account_file(google.state, "3388000000099999999", google.url)
    foreign = google.api("POST", "/loyaltyObject", samples.loyalty_object(OBJECT, "3388000000099999999.c"))
    assert_refused(foreign, 400, "invalidResource")


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "approved", "REVIEW_STATUS_UNSPECIFIED"])
def test_row_7_an_issuer_may_not_set_what_the_platform_sets(google: Google, status: str) -> None:
    assert_refused(put_class(google, reviewStatus=status), 400, "invalidResource")
    put_class(google)
    read = google.api("GET", f"/loyaltyClass/{CLASS}").json
    assert read["reviewStatus"] == "APPROVED"
    for method in ("PUT", "PATCH"):
        answer = google.api(method, f"/loyaltyClass/{CLASS}", {**read, "reviewStatus": status})
        assert_refused(answer, 400, "invalidResource")


def test_row_7_a_class_that_left_draft_cannot_return(google: Google) -> None:
    put_class(google, reviewStatus="DRAFT")
    assert google.api("PATCH", f"/loyaltyClass/{CLASS}", {"programName": "New"}).json["reviewStatus"] == "DRAFT"
    assert google.api("PATCH", f"/loyaltyClass/{CLASS}", {"reviewStatus": "UNDER_REVIEW"}).json["reviewStatus"] == "APPROVED"
    assert_refused(google.api("PATCH", f"/loyaltyClass/{CLASS}", {"reviewStatus": "DRAFT"}), 400, "invalidResource")


def test_row_7_a_patch_without_review_status_is_refused_unless_lenient(google: Google) -> None:
    put_class(google)
    assert_refused(google.api("PATCH", f"/loyaltyClass/{CLASS}", {"programName": "New"}), 400, "invalidResource")
    google.control("POST", "/settings", {"strict_review": False})
    assert google.api("PATCH", f"/loyaltyClass/{CLASS}", {"programName": "New"}).json["programName"] == "New"


def test_row_8_generic_has_no_review_status_and_is_active_by_default(google: Google) -> None:
    assert google.api("POST", "/genericClass", {"id": CLASS, "reviewStatus": "UNDER_REVIEW"}).status == 400
    assert google.api("POST", "/genericClass", {"id": CLASS}).json == {"id": CLASS}
    made = google.api("POST", "/genericObject", samples.object_of("generic", OBJECT, CLASS)).json
    assert made["state"] == "ACTIVE"
    assert google.api("PATCH", f"/genericClass/{CLASS}", {"textModulesData": [{"id": "a"}]}).status == 200


# --- 9 to 12 ----------------------------------------------------------------------------------------------------------


def test_row_9_platform_members_are_added_to_answers_and_ignored_in_requests(google: Google) -> None:
    one = google.loyalty()
    read = google.api("GET", f"/loyaltyObject/{one}").json
    assert read["classReference"]["programName"] == "Corner Club"
    assert read["hasUsers"] is False
    sent = {**read, "hasUsers": True, "version": "7", "kind": "walletobjects#loyaltyObject", "classReference": {"what": 1}}
    changed = google.api("PUT", f"/loyaltyObject/{one}", sent)
    assert (changed.status, changed.json["hasUsers"]) == (200, False)
    assert google.api("GET", f"/loyaltyObject/{one}").json == read


def test_row_10_put_replaces_and_keeps_what_the_platform_set(google: Google) -> None:
    one = google.loyalty()
    assert google.save(google.signed({"loyaltyObjects": [{"id": one, "classId": CLASS}]})).status == 200
    body = {"classId": CLASS, "state": "ACTIVE"}
    replaced = google.api("PUT", f"/loyaltyObject/{one}", body).json
    assert replaced == {"id": one, **body, "hasUsers": True}
    assert_refused(google.api("PUT", f"/loyaltyObject/{one}", {**body, "id": f"{ISSUER}.two"}), 400, "invalidResource")


def test_row_11_patch_merges_nested_replaces_lists_and_removes_by_null(google: Google) -> None:
    put_class(google)
    put_object(google, textModulesData=[{"id": "a"}, {"id": "b"}], barcode={"type": "QR_CODE", "value": "1"})
    change = {
        "barcode": {"alternateText": "one"},
        "textModulesData": [{"id": "c", "header": None}],
        "accountId": None,
        "notifyPreference": "NOTIFY_ON_UPDATE",
    }
    changed = google.api("PATCH", f"/loyaltyObject/{OBJECT}", change).json
    assert changed["barcode"] == {"type": "QR_CODE", "value": "1", "alternateText": "one"}
    assert changed["textModulesData"] == [{"id": "c"}]
    assert "accountId" not in changed
    assert "notifyPreference" not in changed
    assert "textModulesData" not in google.api("PATCH", f"/loyaltyObject/{OBJECT}", {"textModulesData": []}).json
    assert_refused(google.api("PATCH", f"/loyaltyObject/{OBJECT}", {"state": None}), 400, "invalidResource", "state")
    both = {"loyaltyPoints": {"balance": {"string": "x"}}}
    assert_refused(google.api("PATCH", f"/loyaltyObject/{OBJECT}", both), 400, "invalidResource")


@pytest.mark.parametrize("vertical", VERTICALS)
def test_row_12_put_and_patch_never_make_anything(wide: Google, vertical: str) -> None:
    for method in ("PUT", "PATCH"):
        body = samples.class_of(vertical, CLASS)
        assert wide.api(method, f"/{vertical}Class/{CLASS}", body).status == 404
        body = samples.object_of(vertical, OBJECT, CLASS)
        assert wide.api(method, f"/{vertical}Object/{OBJECT}", body).status == 404


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
