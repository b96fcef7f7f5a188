"""The stand-in served by a real uvicorn on a port of its own, and what tests need to talk to it.

May not enter: assertions about behaviour."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import google_auth_httplib2
import httplib2
import pytest
import uvicorn
from google.auth import jwt as google_jwt
from google.auth.crypt import RSASigner
from google.oauth2 import service_account

from billfold.sandbox.google.accounts import SCOPE, make_service_account_file
from billfold.sandbox.google.app import GoogleApp, create_app
from billfold.sandbox.google.state import GoogleState
from sandbox.google import samples

ISSUER = "3388000000012345678"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def reason(self) -> str:
        return str(self.json["error"]["errors"][0]["reason"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


@dataclass
class Google:
    """A running stand-in. `account` is the service account file of ISSUER's owner."""

    url: str
    state: GoogleState
    app: GoogleApp
    account: dict[str, Any] = field(default_factory=dict)
    _token: str = ""

    def http(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        host = self.url.removeprefix("http://").partition("/")[0]
        connection = HTTPConnection(host, timeout=20)
        try:
            connection.request(method, path, body or None, headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def token_of(self, account: dict[str, Any], scope: str = SCOPE) -> str:
        credentials = service_account.Credentials.from_service_account_info(account, scopes=[scope])
        credentials.refresh(google_auth_httplib2.Request(httplib2.Http()))
        return str(credentials.token)

    @property
    def token(self) -> str:
        self._token = self._token or self.token_of(self.account)
        return self._token

    def api(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        """A call of the Wallet API as ISSUER's owner. A `body` of bytes is sent as it is."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        return self.http(method, f"/walletobjects/v1{path}", raw, headers)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        raw = json.dumps(body or {}).encode() if method == "POST" else b""
        answer = self.http(method, f"/control{path}", raw, {"Content-Type": "application/json"})
        assert answer.status == 200, answer.raw
        return answer.json

    def signed(self, payload: dict[str, Any], **claims: Any) -> str:
        """A save JWT of ISSUER's owner."""
        signer = RSASigner.from_service_account_info(self.account)
        whole = {
            "iss": self.account["client_email"],
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(time.time()),
            "payload": payload,
            **claims,
        }
        return google_jwt.encode(signer, whole).decode()

    def save(self, jwt: str, account: str = "tester@example.com") -> Answer:
        """A virtual phone's save."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return self.http("POST", f"/gp/v/save/{jwt}", json.dumps({"account": account}).encode(), headers)

    def loyalty(self, suffix: str = "card", object_suffix: str = "one") -> str:
        """An approved loyalty class with one object; gives back the object's id."""
        assert self.api("POST", "/loyaltyClass", samples.loyalty_class(f"{ISSUER}.{suffix}")).status == 200
        body = samples.loyalty_object(f"{ISSUER}.{object_suffix}", f"{ISSUER}.{suffix}")
        assert self.api("POST", "/loyaltyObject", body).status == 200
        return f"{ISSUER}.{object_suffix}"


def serve(path: Path, account: dict[str, Any] | None = None, **options: Any) -> Iterator[Google]:
    """Runs a stand-in on the state file `path` until the generator is closed."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    state = GoogleState(path)
    app = create_app(state, external_url=url, **options)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        if account is None:
            account = make_service_account_file(state, ISSUER, url)
        yield Google(url, state, app, {**account, "token_uri": f"{url}/token"})
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        state.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    """One stand-in for all tests of this process; take `google` instead, which finds it empty."""
    yield from serve(tmp_path_factory.mktemp("google") / "google.db")


@pytest.fixture
def google(running: Google) -> Google:
    """A stand-in without any resource, fault or switch left from another test."""
    running.control("POST", "/reset")
    return Google(running.url, running.state, running.app, running.account)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Google]:
    """A stand-in of the test's own, for tests that change what a reset keeps."""
    yield from serve(tmp_path / "google.db")


@pytest.fixture
def wide(google: Google) -> Google:
    """A stand-in without a rate limit, for tests of many calls."""
    google.control("POST", "/settings", {"requests_per_second": 0})
    return google


@dataclass
class StoppedClock:
    """Stands still until the test moves it. It starts at the real time, since Google's library signs with that."""

    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    def now_ms(self) -> int:
        return self.at_ms


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for another thread's work; fails loudly when it never comes."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
