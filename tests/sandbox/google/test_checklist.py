"""Section 8.2 of reference/google-wallet.md, row by row: 1 to 12, what is taken and changed. The others:
test_checklist_use.py, and for rows 22 to 25 and 27 files of their own."""

from typing import Any

import pytest

from billfold.sandbox.google.accounts import make_service_account_file
from billfold.sandbox.google.schema import DOCUMENT, load
from billfold.sandbox.google.verticals import TYPES, VERTICALS
from sandbox.google import samples
from sandbox.google.asking import CLASS, OBJECT, assert_refused, put_class, put_object
from sandbox.google.conftest import ISSUER, Google

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


REQUIRED = [(each, name) for each in TYPES for name in load().required[each.schema]]


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
