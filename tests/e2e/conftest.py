"""The whole product in its own process, on either database, with its stand-ins: what a newcomer starts."""

import contextlib
import json
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from servers import Started

ROOT = Path(__file__).resolve().parents[2]
BYTECODE = Path(tempfile.gettempdir()) / f"billfold-tests-{os.getuid()}" / "bytecode"
"""Where the servers of all tests keep Python's compiled modules, since they start often."""
SAMPLE = {
    "barcodeValue": "LOYALTY-98765",
    "barcodeFormat": "QR",
    "logoText": "Bayroast Coffee",
    "headerFields": [{"label": "POINTS", "value": "1,250"}],
    "primaryFields": [{"label": "CARD", "value": "Coffee Rewards"}],
}
UPDATE = {
    "barcodeValue": "LOYALTY-98765",
    "barcodeFormat": "QR",
    "logoText": "Bayroast Coffee",
    "primaryFields": [{"label": "CARD", "value": "Coffee Rewards"}],
    "headerFields": [{"label": "POINTS", "value": "1,300", "changeMessage": "You hit %@ points. Free coffee unlocked!"}],
}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args, **_kwargs):
        return None


_OPENER = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))


def ask(method: str, url: str, body: object | bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    """One HTTP request by the standard library; redirects and error statuses are answers."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    try:
        with _OPENER.open(request, timeout=20) as answer:
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


@dataclass
class Billfold:
    """A running server. `restart` comes back on the same port and data."""

    data: Path
    environment: dict[str, str]
    port: int = 0
    url: str = ""
    key: str = ""
    ready: dict[str, str | None] = field(default_factory=dict)
    """The line that it began with."""
    process: Started | None = field(default=None, repr=False)

    def start(self) -> None:
        arguments = ["serve", "--port", str(self.port), "--data", str(self.data), "--json"]
        self.process = Started(arguments, self.environment, ROOT, self.data.parent / "server.log")
        ready = self.ready = json.loads(self.process.line())
        self.url, self.key = ready["url"], ready["test_key"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def api(self, method: str, path: str, body: object | bytes | None = None, key: str | None = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"} | headers
        return ask(method, self.url + path, body, sent)

    def make(self, body: object = SAMPLE) -> dict[str, str]:
        answer = self.api("POST", "/api/passes", body)
        assert answer.status == 200, answer.body
        return answer.json

    def change(self, serial: str, body: object = UPDATE) -> dict[str, object]:
        answer = self.api("PUT", f"/api/passes/{serial}", body)
        assert answer.status == 200, answer.body
        return answer.json

    def push_control(self, path: str, body: object | None = None, method: str = "POST") -> Answer:
        return ask(method, f"{self.url}/sandbox/apns/control/{path}", body, {"Content-Type": "application/json"})

    def google_control(self, path: str, body: object | None = None, method: str = "POST") -> Answer:
        return ask(method, f"{self.url}/sandbox/google/control/{path}", body, {"Content-Type": "application/json"})


@contextlib.contextmanager
def running(folder: Path, database_url: str, **settings: str) -> Iterator[Billfold]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = inherited | {
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
        "BILLFOLD_DATABASE_URL": database_url,
        "BILLFOLD_LOG_LEVEL": "warning",
        "BILLFOLD_RATE_LIMIT_PER_SECOND": "0",
        **{f"BILLFOLD_{name.upper()}": value for name, value in settings.items()},
    }
    one = Billfold(folder / "data", environment)
    one.start()
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture
def billfold(tmp_path: Path, database_url: str) -> Iterator[Billfold]:
    with running(tmp_path, database_url) as one:
        yield one
