"""The save page and the wallet of virtual phones: rows 22 and 24 of section 8.2, and section 3.3."""

import json
import time
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode

import pytest
from google.auth import jwt as google_jwt
from google.auth.crypt import RSASigner

from billfold.sandbox.google.accounts import make_service_account_file
from billfold.sandbox.google.verticals import BY_KIND, VERTICALS
from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Google

CLASS, OBJECT = f"{ISSUER}.card", f"{ISSUER}.one"
TESTER, SECOND, STRANGER = "tester@example.com", "second.tester@example.com", "stranger@example.com"


def fat(vertical: str = "loyalty", **of_class: Any) -> dict[str, Any]:
    return {
        BY_KIND[vertical, "class"].plural: [samples.class_of(vertical, CLASS, **of_class)],
        BY_KIND[vertical, "object"].plural: [samples.object_of(vertical, OBJECT, CLASS)],
    }


def skinny(object_id: str) -> dict[str, Any]:
    return {"loyaltyObjects": [{"id": object_id, "classId": CLASS}]}


def wallet(google: Google, account: str = TESTER) -> Any:
    return google.http("GET", f"/wallet/{account}/objects").json


@pytest.mark.requirement("S0-01")
@pytest.mark.parametrize("vertical", VERTICALS)
def test_a_fat_link_creates_and_links_each_vertical(google: Google, vertical: str) -> None:
    saved = google.save(google.signed(fat(vertical))).json
    assert (saved["objectId"], saved["vertical"], saved["created"]) == (OBJECT, vertical, True)
    assert google.api("GET", f"/{vertical}Object/{OBJECT}").json["hasUsers"] is True
    entry = wallet(google)["objects"][0]
    assert (entry["objectId"], entry["class"]["id"], entry["section"], entry["notices"]) == (OBJECT, CLASS, "active", [])


def test_a_skinny_link_links_what_exists_and_alters_nothing(google: Google) -> None:
    one = google.loyalty()
    before = google.api("GET", f"/loyaltyObject/{one}").json
    assert google.save(google.signed(skinny(one))).json["created"] is False
    other = {"loyaltyObjects": [samples.loyalty_object(one, CLASS, accountId="other")]}
    assert google.save(google.signed(other), SECOND).json["created"] is False
    assert google.api("GET", f"/loyaltyObject/{one}").json == {**before, "hasUsers": True}


def test_a_link_to_nothing_creates_nothing(google: Google) -> None:
    google.loyalty()
    missing = google.save(google.signed(skinny(f"{ISSUER}.none")))
    assert (missing.status, missing.message) == (404, f"Wallet Object {ISSUER}.none not found.")
    half = {**fat(), "loyaltyObjects": [samples.loyalty_object(f"{ISSUER}.x", f"{ISSUER}.card2", heroImage={})]}
    half["loyaltyClasses"] = [samples.loyalty_class(f"{ISSUER}.card2")]
    assert google.save(google.signed(half)).status == 400
    assert google.api("GET", f"/loyaltyClass/{ISSUER}.card2").status == 404


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": "gooogle"}, "aud"),
        ({"typ": "JWT"}, "typ"),
        ({"iss": "nobody@example.com"}, "iss"),
        ({"payload": {}}, "payload"),
        ({"payload": {"cards": []}}, "cards"),
        ({"payload": {"loyaltyObjects": {}}}, "loyaltyObjects"),
        ({"payload": {"loyaltyObjects": [{"id": OBJECT, "nonsense": 1}]}}, "nonsense"),
        ({"payload": {"loyaltyObjects": [{"id": "acme.x"}]}}, "Invalid resource ID"),
    ],
)
def test_the_save_page_checks_the_claims(google: Google, claims: dict[str, Any], said: str) -> None:
    refused = google.save(google.signed(**{"payload": fat(), **claims}))
    assert refused.status == 400
    assert said in refused.message


def test_the_save_page_checks_the_signature_and_its_algorithm(google: Google) -> None:
    head, body, signature = google.signed(fat()).split(".")
    assert google.save(f"{head}.{body}.{signature[::-1]}").status == 400
    assert google.save(f"{head}.{body}.").status == 400
    none = "eyJhbGciOiJub25lIn0"
    assert google.save(f"{none}.{body}.{signature}").status == 400
    assert google.save("nonsense").status == 400


def test_a_link_signed_by_another_issuers_account_is_denied(google: Google) -> None:
    stranger = make_service_account_file(google.state, "3388000000099999999", google.url)
    claims = {"iss": stranger["client_email"], "aud": "google", "typ": "savetowallet", "payload": fat()}
    jwt = google_jwt.encode(RSASigner.from_service_account_info(stranger), claims).decode()
    assert google.save(jwt).status == 403


def test_long_links_are_warned_about_and_still_work(google: Google) -> None:
    assert google.save(google.signed(fat())).json["warnings"] == []
    long = google.signed({**fat(), "loyaltyObjects": [samples.loyalty_object(OBJECT, CLASS, accountName="x" * 1500)]})
    assert "1800" in google.save(long).json["warnings"][0]
    assert b"1800" in google.http("GET", f"/gp/v/save/{long}").raw


def test_a_browser_picks_an_account_and_saves_without_script(google: Google) -> None:
    jwt = google.signed(fat())
    page = google.http("GET", f"/gp/v/save/{jwt}", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "script" not in page.raw.decode()
    for wanted in (TESTER, "Shop", OBJECT, '<form method="post">'):
        assert wanted in page.raw.decode()
    assert google.api("GET", f"/loyaltyClass/{CLASS}").status == 404, "looking saves nothing"

    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    done = google.http("POST", f"/gp/v/save/{jwt}", urlencode({"account": TESTER}).encode(), form)
    assert done.status == 200
    removal = f"/wallet/{TESTER}/remove/{OBJECT}"
    assert f'action="{removal}"' in done.raw.decode()
    assert "Removed" in google.http("POST", removal, b"", {"Accept": "text/html"}).raw.decode()
    assert wallet(google)["objects"] == []
    assert google.api("GET", f"/loyaltyObject/{OBJECT}").json["hasUsers"] is False


def test_a_bad_link_shows_a_page_that_escapes_what_it_shows(google: Google) -> None:
    evil = google.signed({"loyaltyObjects": [{"id": "<script>alert(1)</script>"}]})
    page = google.http("GET", f"/gp/v/save/{evil}", headers={"Accept": "text/html"})
    assert page.status == 400
    assert b"<script" not in page.raw


@pytest.mark.parametrize("account", ["", "a b", "../x", "x" * 129, "<b>"])
def test_an_account_has_a_plain_name(google: Google, account: str) -> None:
    assert google.save(google.signed(fat()), account).status == 400


@pytest.mark.parametrize("status", ["ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE"])
def test_a_pass_for_one_holder_refuses_the_second(google: Google, status: str) -> None:
    jwt = google.signed(fat(multipleDevicesAndHoldersAllowedStatus=status))
    assert google.save(jwt).status == 200
    assert google.save(jwt, SECOND).status == 403
    assert google.save(jwt).status == 200, "the holder may save again"
    google.http("POST", f"/wallet/{TESTER}/remove/{OBJECT}")
    assert google.save(jwt, SECOND).status == 200


def test_several_holders_are_the_default_and_has_users_counts_them(google: Google) -> None:
    jwt = google.signed(fat())
    assert [google.save(jwt, each).status for each in (TESTER, SECOND)] == [200, 200]
    google.http("POST", f"/wallet/{TESTER}/remove/{OBJECT}")
    assert google.api("GET", f"/loyaltyObject/{OBJECT}").json["hasUsers"] is True
    assert google.http("POST", f"/wallet/{TESTER}/remove/{OBJECT}").status == 404


def test_demo_mode_lets_only_test_accounts_in_and_marks_the_pass(google: Google) -> None:
    google.control("POST", f"/issuers/{ISSUER}", {"demo_mode": True})
    jwt = google.signed(fat())
    assert google.save(jwt, STRANGER).status == 403
    assert google.api("GET", f"/loyaltyClass/{CLASS}").status == 404
    assert google.save(jwt, TESTER).status == 200
    assert wallet(google)["objects"][0]["title"] == "[TEST ONLY] Shop"
    google.control("POST", f"/issuers/{ISSUER}", {"demo_mode": False})
    assert google.save(jwt, STRANGER).status == 200
    assert wallet(google)["objects"][0]["title"] == "Shop"


@pytest.mark.parametrize(
    ("digest", "account"),
    [  # both examples of the discovery document, of which the second keeps its capital letter
        ("31c5543c1734d25c7206f5fd591525d0295bec6fe84ff82f946a34fe970a1e66", "example@example.com"),
        ("bc34f262c93ad7122763684ccea6f07fb7f5d8a2d11e60ce15a6f43fe70ce632", "Example@example.com"),
    ],
)
def test_a_pass_restricted_to_one_address_refuses_others(google: Google, digest: str, account: str) -> None:
    limited = samples.loyalty_object(OBJECT, CLASS, saveRestrictions={"restrictToEmailSha256": digest})
    jwt = google.signed({**fat(), "loyaltyObjects": [limited]})
    assert google.save(jwt, STRANGER).status == 403
    assert google.save(jwt, account).status == 200


@pytest.mark.parametrize(
    ("change", "section"),
    [
        ({"state": "INACTIVE"}, "expired"),
        ({"validTimeInterval": {"end": {"date": "2020-01-01T00:00:00Z"}}}, "expired"),
        ({"validTimeInterval": {"end": {"date": "2999-01-01T00:00:00"}}}, "active"),
    ],
)
def test_passes_that_are_over_move_to_the_expired_section(google: Google, change: dict[str, Any], section: str) -> None:
    one = google.loyalty()
    google.save(google.signed(skinny(one)))
    google.api("PATCH", f"/loyaltyObject/{one}", change)
    assert wallet(google)["objects"][0]["section"] == section


def test_the_clock_can_be_moved_past_the_end_of_a_pass(google: Google) -> None:
    one = google.loyalty()
    google.save(google.signed(skinny(one)))
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    google.api("PATCH", f"/loyaltyObject/{one}", {"validTimeInterval": {"end": {"date": soon}}})
    assert wallet(google)["objects"][0]["section"] == "active"
    google.control("POST", "/clock", {"advance_seconds": 2 * 86_400})
    assert wallet(google)["objects"][0]["section"] == "expired"
    google.control("POST", "/clock", {})
    assert google.control("GET", "/clock")["offset_ms"] == 0


# --- the event stream -------------------------------------------------------------------------------------------------


class Stream:
    """A virtual phone's Server-Sent Events."""

    def __init__(self, google: Google, account: str, last: str = "") -> None:
        self._connection = HTTPConnection(google.url.removeprefix("http://"), timeout=20)
        headers = {"Last-Event-ID": last} if last else {}
        self._connection.request("GET", f"/wallet/{account}/stream", headers=headers)
        self._response: HTTPResponse = self._connection.getresponse()
        assert self._response.readline() == b"retry: 500\n"

    def next(self) -> tuple[str, str, Any]:
        """(id, event, data) of the next event."""
        found: dict[str, str] = {}
        while True:
            line = self._response.readline().decode().rstrip("\n")
            if not line and "data" in found:
                return found["id"], found["event"], json.loads(found["data"])
            name, _, value = line.partition(": ")
            found[name] = value

    def close(self) -> None:
        self._connection.close()


@pytest.mark.requirement("S0-08", "S0-40")
def test_a_phone_hears_of_each_change_and_notice_and_can_resume(google: Google) -> None:
    one = google.loyalty()
    stream = Stream(google, TESTER)
    google.save(google.signed(skinny(one)))
    google.api("PATCH", f"/loyaltyObject/{one}", {"loyaltyPoints": {"balance": {"int": 130}}})
    message = {"message": {"header": "News", "body": "Come by", "messageType": "TEXT_AND_NOTIFY"}}
    google.api("POST", f"/loyaltyObject/{one}/addMessage", message)
    renamed = {"programName": "New Club", "reviewStatus": "UNDER_REVIEW", "notifyPreference": "NOTIFY_ON_UPDATE"}
    google.api("PATCH", f"/loyaltyClass/{CLASS}", renamed)
    events = [stream.next() for _ in range(6)]
    stream.close()
    names = [event for _, event, _ in events]
    assert names == ["saved", "changed", "changed", "notification", "changed", "notification"]
    assert events[1][2]["object"]["loyaltyPoints"]["balance"]["int"] == 130
    shown = events[3][2]
    assert (shown["objectId"], shown["title"], shown["message"]["body"]) == (one, "Corner Coffee", "Come by")
    assert events[4][2]["class"]["programName"] == "New Club"

    again = Stream(google, TESTER, events[2][0])
    assert [again.next()[0] for _ in range(3)] == [each[0] for each in events[3:]]
    google.http("POST", f"/wallet/{TESTER}/remove/{one}")
    assert again.next()[1] == "removed"
    again.close()
    log = google.control("GET", "/notifications")["notifications"]
    assert [(each["cause"], each["id"], each["accounts"]) for each in log] == [
        ("message", one, [TESTER]),
        ("update", CLASS, [TESTER]),
    ]


def test_the_list_of_passes_says_where_a_stream_must_begin(google: Google) -> None:
    one = google.loyalty()
    google.save(google.signed(skinny(one)))
    last = wallet(google)["lastEventId"]
    google.api("PATCH", f"/loyaltyObject/{one}", {"accountName": "Ada"})
    stream = Stream(google, TESTER, last)
    assert stream.next()[1] == "changed"
    stream.close()


def test_a_write_without_change_tells_nobody(google: Google) -> None:
    one = google.loyalty()
    google.save(google.signed(skinny(one)))
    last = wallet(google)["lastEventId"]
    google.api("PATCH", f"/loyaltyObject/{one}", {"state": "ACTIVE"})
    google.save(google.signed(skinny(one)))
    assert wallet(google)["lastEventId"] == last
