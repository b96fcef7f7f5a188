"""Google's own Python client and sign-in library against the stand-in."""

import json
from typing import Any

import httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build, build_from_document
from googleapiclient.errors import HttpError

from billfold.sandbox.google.accounts import SCOPE, make_service_account_file
from billfold.sandbox.google.schema import DOCUMENT
from billfold.sandbox.google.verticals import VERTICALS
from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Google

GROUPS = [pytest.param(vertical, id=vertical) for vertical in VERTICALS]


def client_of(google: Google, account: dict[str, Any] | None = None, scope: str = SCOPE) -> Any:
    """The client as the reference's section 8.1 says: methods and batches go to the stand-in."""
    document = json.loads(DOCUMENT.read_text())
    document["rootUrl"] = document["baseUrl"] = google.url + "/"
    credentials = service_account.Credentials.from_service_account_info(account or google.account, scopes=[scope])
    return build_from_document(document, http=AuthorizedHttp(credentials, http=httplib2.Http()))


def refused(request: Any) -> HttpError:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value


@pytest.mark.requirement("S3-01", "S0-07")
@pytest.mark.parametrize("vertical", GROUPS)
def test_the_client_makes_reads_changes_and_messages_each_vertical(wide: Google, vertical: str) -> None:
    client = client_of(wide)
    classes = getattr(client, f"{vertical.lower()}class")()
    objects = getattr(client, f"{vertical.lower()}object")()
    class_id, object_id = f"{ISSUER}.c", f"{ISSUER}.o.1"

    made = classes.insert(body=samples.class_of(vertical, class_id)).execute()
    assert made["id"] == class_id
    assert made.get("reviewStatus") == (None if vertical == "generic" else "APPROVED")
    assert objects.insert(body=samples.object_of(vertical, object_id, class_id)).execute()["hasUsers"] is False
    read = objects.get(resourceId=object_id).execute()
    assert read["state"] == "ACTIVE"
    assert ("classReference" in read) is (vertical != "generic")

    changed = objects.patch(resourceId=object_id, body={"state": "INACTIVE"}).execute()
    assert changed["state"] == "INACTIVE"
    text = {"textModulesData": [{"id": "a", "header": "H", "body": "B"}]}
    review = {} if vertical == "generic" else {"reviewStatus": "UNDER_REVIEW"}
    assert classes.patch(resourceId=class_id, body={**text, **review}).execute()["textModulesData"][0]["body"] == "B"
    assert "textModulesData" not in classes.update(resourceId=class_id, body=samples.class_of(vertical, class_id)).execute()

    message = {"message": {"header": "News", "body": "Come by", "messageType": "TEXT_AND_NOTIFY"}}
    assert objects.addmessage(resourceId=object_id, body=message).execute()["resource"]["messages"][0]["header"] == "News"
    assert classes.addmessage(resourceId=class_id, body=message).execute()["resource"]["id"] == class_id


@pytest.mark.parametrize("vertical", GROUPS)
def test_the_client_gets_each_refusal_where_google_gives_it(wide: Google, vertical: str) -> None:
    client = client_of(wide)
    classes = getattr(client, f"{vertical.lower()}class")()
    objects = getattr(client, f"{vertical.lower()}object")()
    body = samples.class_of(vertical, f"{ISSUER}.c")

    assert refused(objects.insert(body=samples.object_of(vertical, f"{ISSUER}.o", f"{ISSUER}.c"))).status_code == 404
    classes.insert(body=body).execute()
    taken = refused(classes.insert(body=body))
    assert (taken.status_code, taken.reason) == (409, f"Wallet Object Class {ISSUER}.c already exists.")
    assert refused(objects.get(resourceId=f"{ISSUER}.none")).reason == f"Wallet Object {ISSUER}.none not found."
    assert refused(objects.patch(resourceId=f"{ISSUER}.none", body={"state": "ACTIVE"})).status_code == 404
    assert refused(classes.insert(body={**body, "nonsense": 1})).status_code == 400
    assert refused(classes.get(resourceId="acme.c")).reason == "Invalid resource ID: acme.c"


def test_lists_are_paged_by_token_in_a_stable_order(wide: Google) -> None:
    client = client_of(wide)
    wanted = [f"{ISSUER}.c{n:02}" for n in range(7)]
    for class_id in wanted:
        client.offerclass().insert(body=samples.class_of("offer", class_id)).execute()
    found, token, sizes = [], None, []
    while True:
        page = client.offerclass().list(issuerId=ISSUER, maxResults=3, token=token).execute()
        found += [each["id"] for each in page["resources"]]
        sizes.append(page["pagination"]["resultsPerPage"])
        token = page["pagination"].get("nextPageToken")
        if token is None:
            break
    assert (found, sizes) == (wanted, [3, 3, 1])
    assert [each["id"] for each in client.offerclass().list(issuerId=ISSUER).execute()["resources"]] == wanted
    assert "resources" not in client.offerobject().list(classId=wanted[0]).execute()


def test_a_batch_reaches_the_stand_in_and_one_bad_part_spoils_no_other(wide: Google) -> None:
    client = client_of(wide)
    client.loyaltyclass().insert(body=samples.loyalty_class(f"{ISSUER}.c")).execute()
    answers: dict[str, Any] = {}

    def note(request_id: str, response: Any, exception: Exception | None) -> None:
        answers[request_id] = exception.status_code if isinstance(exception, HttpError) else response["id"]

    batch = client.new_batch_http_request(callback=note)
    for n in range(20):
        body = samples.loyalty_object(f"{ISSUER}.o{n}", f"{ISSUER}.c")
        batch.add(client.loyaltyobject().insert(body=body), request_id=f"insert {n}")
    batch.add(client.loyaltyobject().insert(body={"id": f"{ISSUER}.bad"}), request_id="bad")
    batch.add(client.loyaltyobject().get(resourceId=f"{ISSUER}.o3"), request_id="get")
    batch.execute()
    assert answers == {**{f"insert {n}": f"{ISSUER}.o{n}" for n in range(20)}, "bad": 400, "get": f"{ISSUER}.o3"}


def test_the_packaged_description_works_with_an_api_endpoint(google: Google) -> None:
    credentials = service_account.Credentials.from_service_account_info(google.account, scopes=[SCOPE])
    http = AuthorizedHttp(credentials, http=httplib2.Http())
    client = build("walletobjects", "v1", http=http, client_options={"api_endpoint": google.url})
    assert client.giftcardclass().insert(body=samples.class_of("giftCard", f"{ISSUER}.g")).execute()["id"] == f"{ISSUER}.g"


def test_an_expired_token_is_renewed_by_the_client(google: Google) -> None:
    client = client_of(google)
    client.issuer().get(resourceId=ISSUER).execute()
    google.control("POST", "/tokens/expire")
    assert client.issuer().get(resourceId=ISSUER).execute()["issuerId"] == ISSUER


def test_the_client_gives_up_on_401_after_two_renewals(google: Google) -> None:
    google.control("POST", "/faults", {"status": 401, "count": 100, "path": "^/walletobjects/"})
    assert refused(client_of(google).issuer().get(resourceId=ISSUER)).status_code == 401
    left = google.control("GET", "/faults")["faults"][0]["remaining"]
    assert left == 100 - 3


def test_the_client_retries_a_503_when_asked_to(google: Google) -> None:
    google.control("POST", "/faults", {"status": 503, "count": 1, "method": "GET", "path": "/issuer/"})
    assert client_of(google).issuer().get(resourceId=ISSUER).execute(num_retries=1)["issuerId"] == ISSUER


def test_another_issuers_account_is_denied(google: Google) -> None:
    stranger = make_service_account_file(google.state, "3388000000099999999", google.url)
    denied = refused(client_of(google, stranger).loyaltyclass().insert(body=samples.loyalty_class(f"{ISSUER}.c")))
    assert (denied.status_code, denied.error_details[0]["reason"]) == (403, "permissionDenied")


def test_an_unregistered_key_gets_no_token(google: Google) -> None:
    other = make_service_account_file(google.state, "3388000000099999999", google.url)
    forged = {**google.account, "private_key": other["private_key"]}
    with pytest.raises(RefreshError, match="invalid_grant"):
        google.token_of(forged)


def test_a_token_of_another_scope_is_not_enough(google: Google) -> None:
    client = client_of(google, scope="https://www.googleapis.com/auth/devstorage.read_only")
    assert refused(client.issuer().get(resourceId=ISSUER)).status_code == 403


def test_issuers_and_their_permissions(fresh: Google) -> None:
    client = client_of(fresh)
    made = client.issuer().insert(body={"name": "Second shop"}).execute()
    names = {each["name"] for each in client.issuer().list().execute()["resources"]}
    assert names == {"Second shop", f"Issuer {ISSUER}"}
    patched = client.issuer().patch(resourceId=made["issuerId"], body={"homepageUrl": "https://shop.example"}).execute()
    assert (patched["name"], patched["homepageUrl"]) == ("Second shop", "https://shop.example")
    entries = client.permissions().get(resourceId=made["issuerId"]).execute()["permissions"]
    assert entries == [{"emailAddress": fresh.account["client_email"], "role": "OWNER"}]
    reader = make_service_account_file(fresh.state, "3388000000099999999", fresh.url)
    entries.append({"emailAddress": reader["client_email"], "role": "READER"})
    body = {"issuerId": made["issuerId"], "permissions": entries}
    assert client.permissions().update(resourceId=made["issuerId"], body=body).execute()["permissions"] == entries
    reading = client_of(fresh, reader)
    assert reading.issuer().get(resourceId=made["issuerId"]).execute()["name"] == "Second shop"
    inserted = samples.loyalty_class(f"{made['issuerId']}.c")
    assert refused(reading.loyaltyclass().insert(body=inserted)).status_code == 403


def test_jwt_insert_and_validate(google: Google) -> None:
    client = client_of(google)
    class_id, object_id = f"{ISSUER}.c", f"{ISSUER}.o"
    payload = {
        "loyaltyClasses": [samples.loyalty_class(class_id)],
        "loyaltyObjects": [samples.loyalty_object(object_id, class_id)],
    }
    jwt = google.signed(payload)
    assert client.jwt().validate(body={"jwtResource": {"jwt": jwt}}).execute() == {}
    assert client.jwt().validate(body={"jsonResource": {"json": json.dumps(payload)}}).execute() == {}
    both = {"jwtResource": {"jwt": jwt}, "jsonResource": {"json": json.dumps(payload)}}
    assert refused(client.jwt().validate(body=both)).status_code == 400
    assert refused(client.jwt().validate(body={})).status_code == 400
    assert refused(client.loyaltyclass().get(resourceId=class_id)).status_code == 404, "a dry run leaves nothing behind"

    answer = client.jwt().insert(body={"jwt": jwt}).execute()
    assert set(answer["resources"]) == {"loyaltyClasses", "loyaltyObjects"}
    assert answer["saveUri"].startswith(f"{google.url}/gp/v/save/")
    assert len(answer["saveUri"]) < 200
    other = samples.loyalty_class(class_id, programName="Altered")
    client.jwt().insert(body={"jwt": google.signed({"loyaltyClasses": [other]})}).execute()
    assert client.loyaltyclass().get(resourceId=class_id).execute()["programName"] == "Corner Club"
    assert google.save(answer["saveUri"].rpartition("/")[2]).json["objectId"] == object_id
