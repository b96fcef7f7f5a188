"""The control API, sign-in's edges, mounting, and batches that no client would send."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from google.auth import jwt as google_jwt
from google.auth.crypt import RSASigner
from starlette.applications import Starlette
from starlette.routing import Mount

from billfold.sandbox.google.accounts import GRANT, SCOPE, make_service_account_file
from billfold.sandbox.google.app import create_app
from billfold.sandbox.google.state import GoogleState
from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Google, serve

JSON = {"Content-Type": "application/json"}


# --- control ----------------------------------------------------------------------------------------------------------


def test_an_issuer_registered_by_control_can_sign_in(fresh: Google) -> None:
    file = fresh.control("POST", "/service-accounts", {"issuer_id": "3388000000055555555"})
    wanted = {"type", "client_email", "private_key", "private_key_id", "token_uri", "client_id"}
    assert wanted <= set(file)
    assert file["token_uri"] == f"{fresh.url}/token"
    token = fresh.token_of(file)
    assert fresh.api("GET", "/issuer/3388000000055555555", token=token).status == 200
    assert fresh.api("GET", f"/issuer/{ISSUER}", token=token).status == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/issuers", {}),
        ("POST", "/issuers", {"issuer_id": "x", "service_account_email": "a@b", "public_key_pem": "", "key_id": "k"}),
        ("POST", "/issuers", {"issuer_id": "1", "service_account_email": "a@b", "public_key_pem": "no pem", "key_id": "k"}),
        ("POST", "/service-accounts", {"issuer_id": 5}),
        ("POST", "/faults", {"status": 200}),
        ("POST", "/faults", {"status": 500, "path": "("}),
        ("POST", "/faults", {"status": 500, "count": True}),
        ("POST", "/settings", {"strict_review": 1}),
        ("POST", "/settings", {"nonsense": True}),
        ("POST", "/settings", {"callbacks_delay_ms": 2**60}),
        ("POST", "/clock", {"advance_seconds": "1"}),
        ("POST", "/users", {"account": "<b>"}),
        ("POST", f"/issuers/{ISSUER}", {"demo_mode": "yes"}),
    ],
)
def test_control_refuses_what_it_cannot_use(google: Google, method: str, path: str, body: Any) -> None:
    assert google.http(method, f"/control{path}", json.dumps(body).encode(), JSON).status == 400


def test_control_without_a_token_is_for_programs_on_this_machine(google: Google) -> None:
    for headers in (
        {**JSON, "X-Forwarded-For": "203.0.113.9"},
        {**JSON, "Forwarded": "for=203.0.113.9"},
        {**JSON, "Origin": "https://evil.example"},
        {"Content-Type": "text/plain"},
    ):
        assert google.http("POST", "/control/reset", b"{}", headers).status == 403


def test_control_with_a_token_needs_it(tmp_path: Path) -> None:
    state = GoogleState(tmp_path / "own.db")
    state.close()
    for guarded in serve(tmp_path / "google.db", control_token="key"):
        assert guarded.http("GET", "/control/state", headers=JSON).status == 401
        assert guarded.http("GET", "/control/state", headers={"Authorization": "Bearer other"}).status == 401
        assert guarded.http("GET", "/control/state", headers={"Authorization": "Bearer key"}).status == 200


# --- sign-in ----------------------------------------------------------------------------------------------------------


def assertion(google: Google, **claims: Any) -> str:
    now = int(time.time())
    signer = RSASigner.from_service_account_info(google.account)
    whole = {
        "iss": google.account["client_email"],
        "aud": "https://oauth2.googleapis.com/token",
        "scope": SCOPE,
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    return google_jwt.encode(signer, whole).decode()


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({}, ""),
        ({"aud": "https://example.com/token"}, "invalid_grant"),
        ({"exp": int(time.time()) + 7200}, "invalid_grant"),
        ({"iat": 1_600_000_000, "exp": 1_600_003_600}, "invalid_grant"),
        ({"iat": 4_000_000_000, "exp": 4_000_003_600}, "invalid_grant"),
        ({"iat": "now"}, "invalid_grant"),
        ({"iss": "other@example.com"}, "invalid_grant"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_the_token_endpoint_checks_each_claim(google: Google, claims: dict[str, Any], error: str) -> None:
    body = urlencode({"grant_type": GRANT, "assertion": assertion(google, **claims)}).encode()
    answer = google.http("POST", "/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
    if error:
        assert (answer.status, answer.json["error"]) == (400, error)
    else:
        assert (answer.status, answer.json["token_type"], 3500 < answer.json["expires_in"] <= 3600) == (200, "Bearer", True)


@pytest.mark.parametrize("body", [b"", b"grant_type=password", b"\xff\xfe=%ff", b"assertion=" + b"a.b.c" * 1000])
def test_the_token_endpoint_survives_nonsense(google: Google, body: bytes) -> None:
    answer = google.http("POST", "/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.json["error"]) == (400, "unsupported_grant_type")


# --- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/%77alletobjects/v1/issuer/1", "/walletobjects/", "/walletobjects/v2/issuer", "/walletobjects/v1/%"]
)
def test_an_address_that_is_no_method_is_404(google: Google, path: str) -> None:
    assert google.http("GET", path, headers={"Authorization": f"Bearer {google.token}"}).status == 404


def test_a_plain_batch_as_in_googles_samples_is_understood(google: Google) -> None:
    one = google.loyalty()
    body = (
        "--sep\nContent-Type: application/json\n\n"
        f'PATCH /walletobjects/v1/loyaltyObject/{one}\n\n{{"accountName": "Ada"}}\n'
        "--sep\nContent-Type: application/json\n\nnonsense\n--sep--"
    )
    headers = {"Content-Type": "multipart/mixed; boundary=sep", "Authorization": f"Bearer {google.token}"}
    answer = google.http("POST", "/batch", body.encode(), headers)
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=")
    assert answer.raw.count(b"HTTP/1.1 200 OK") == 1
    assert answer.raw.count(b"HTTP/1.1 400 Bad Request") == 1
    assert google.api("GET", f"/loyaltyObject/{one}").json["accountName"] == "Ada"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/mixed", b""),
        ("multipart/mixed; boundary=sep", b"nothing"),
        ("multipart/mixed; boundary=sep", b"--sep\n\nGET /x\n" * 1001 + b"--sep--"),
    ],
)
def test_a_body_that_is_no_batch_is_400(google: Google, content_type: str, body: bytes) -> None:
    assert google.http("POST", "/batch", body, {"Content-Type": content_type}).status == 400


def test_faults_meet_the_parts_of_a_batch_too(google: Google) -> None:
    one = google.loyalty()
    google.control("POST", "/faults", {"status": 503, "path": "/loyaltyObject/"})
    part = f"--sep\nContent-Type: application/http\n\nGET /walletobjects/v1/loyaltyObject/{one}\n\n"
    headers = {"Content-Type": "multipart/mixed; boundary=sep", "Authorization": f"Bearer {google.token}"}
    answer = google.http("POST", "/batch", (part * 2 + "--sep--").encode(), headers)
    assert [answer.raw.count(b"HTTP/1.1 %d " % status) for status in (503, 200)] == [1, 1]


# --- mounted ----------------------------------------------------------------------------------------------------------


async def call(
    app: Starlette, method: str, path: str, body: bytes = b"", begun: asyncio.Event | None = None, **headers: str
) -> tuple[int, bytes]:
    """One request to an ASGI application, without a server; the caller stays connected. `begun` is set at the first byte."""
    sent: list[Any] = []
    incoming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return incoming.pop() if incoming else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)
        if begun is not None and message.get("body"):
            begun.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 9),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_it_works_under_a_path_of_another_server(tmp_path: Path) -> None:
    base = "http://wallet.example/sandbox/google"
    state = GoogleState(tmp_path / "google.db")
    account = make_service_account_file(state, ISSUER, base)
    inner = create_app(state, external_url=base)
    outer = Starlette(routes=[Mount("/sandbox/google", app=inner)])
    inner.start()
    signed = assertion(Google(base, state, inner, account))
    form = urlencode({"grant_type": GRANT, "assertion": signed}).encode()
    status, raw = await call(outer, "POST", "/sandbox/google/token", form)
    assert (status, account["token_uri"]) == (200, f"{base}/token")
    bearer = {"Authorization": f"Bearer {json.loads(raw)['access_token']}"}
    body = json.dumps(samples.loyalty_class(f"{ISSUER}.c")).encode()
    status, _ = await call(outer, "POST", "/sandbox/google/walletobjects/v1/loyaltyClass", body, **bearer)
    assert status == 200
    jwt = Google(base, state, inner, account).signed({"loyaltyClasses": [{"id": f"{ISSUER}.c"}]})
    posted = json.dumps({"jwt": jwt}).encode()
    status, raw = await call(outer, "POST", "/sandbox/google/walletobjects/v1/jwt", posted, **bearer)
    assert json.loads(raw)["saveUri"].startswith(f"{base}/gp/v/save/")
    fault = json.dumps({"status": 503, "path": "^/walletobjects/v1/jwt$"}).encode()
    await call(outer, "POST", "/sandbox/google/control/faults", fault, **JSON)
    for wanted in (503, 200):
        status, _ = await call(outer, "POST", "/sandbox/google/walletobjects/v1/jwt", posted, **bearer)
        assert status == wanted, "faults name paths below the mount point"
    await inner.aclose()
    state.close()


async def test_closing_ends_open_streams(tmp_path: Path) -> None:
    state = GoogleState(tmp_path / "google.db")
    app = create_app(state, external_url="http://127.0.0.1")
    app.start()
    begun = asyncio.Event()
    reading = asyncio.create_task(call(app, "GET", "/wallet/tester@example.com/stream", begun=begun))
    await begun.wait()
    await app.aclose()
    status, raw = await asyncio.wait_for(reading, 20)
    assert status == 200
    assert b"data:" not in raw
    state.close()
