"""All stand-ins of one installation, opened, started and stopped together: the push server, its courier, the Google API, the mail
catcher.

The test environment of every workspace runs on them. May not enter: anything of Billfold outside this room."""

import json
import secrets
import zlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from billfold.sandbox.apns.courier import create_courier
from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from billfold.sandbox.google import app as google_app
from billfold.sandbox.google.accounts import make_service_account_file
from billfold.sandbox.google.clock import SystemClock
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.lines import Lines
from billfold.sandbox.mail.pages import create_pages
from billfold.sandbox.mail.server import MailCatcher

APNS_PATH, GOOGLE_PATH = "/sandbox/apns", "/sandbox/google"
LINES_PATH, MAIL_PATH = "/sandbox/lines", "/sandbox/mail"
TEAM = "BILLFOLD01"
_ADDRESSES = "addresses.json"
_THIS_MACHINE = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"via")


@dataclass(frozen=True, slots=True)
class SandboxAddresses:
    """How the server side reaches the stand-ins. `push_url` is TLS with a certificate of the sandbox authority."""

    push_url: str
    google_url: str
    smtp_port: int = 0


class Sandbox:
    """`url`: the address at which Billfold's own server mounts the stand-ins, for phones and browsers."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self.authority = SandboxAuthority.open(folder)
        self.push = PushServer(self.authority, folder / "push.sqlite")
        self.google = GoogleState(folder / "google.sqlite")
        self.mail = MailCatcher()
        self._mail_key = secrets.token_urlsafe(18)
        self._google_app = google_app.create_app(self.google, external_url=self.google_url, clock=SystemClock())
        self._lines = Lines(self.push, self._google_app)

    @property
    def google_url(self) -> str:
        return self._url + GOOGLE_PATH

    @property
    def mail_url(self) -> str:
        """The catcher's page, also for who is not on this machine: whoever has this address may read what was caught."""
        return f"{self._url}{MAIL_PATH}/{self._mail_key}/"

    @property
    def push_url(self) -> str:
        return f"https://127.0.0.1:{self.push.port}"

    @property
    def root_pem(self) -> bytes:
        return self.authority.root_pem

    async def start(self, push_port: int = 0, smtp_port: int = 0) -> None:
        """Starts the servers and leaves their addresses in the folder, for workers in other processes."""
        await self.push.start("127.0.0.1", push_port)
        await self.mail.start("127.0.0.1", smtp_port)
        self._google_app.start()
        addresses = {"push_url": self.push_url, "google_url": self.google_url, "smtp_port": self.mail.port}
        (self._folder / _ADDRESSES).write_text(json.dumps(addresses), encoding="utf-8")

    async def stop(self) -> None:
        await self.push.stop()
        await self.mail.stop()
        await self._google_app.aclose()
        self.google.close()

    def end_streams(self) -> None:
        """Ends the lines of all phones, so that a server that waits for its connections can stop."""
        self.push.hang_up()
        self._google_app.end_streams()
        self._lines.end()

    def routes(self) -> list[BaseRoute]:
        mail = create_pages(self.mail)
        return [
            self._lines.route(LINES_PATH),
            Mount(APNS_PATH, LocalControl(create_courier(self.push))),
            Mount(GOOGLE_PATH, self._google_app),
            # What was caught names people: it is for who runs the server, or knows the key.
            Mount(f"{MAIL_PATH}/{self._mail_key}", LocalControl(mail)),
            Mount(MAIL_PATH, LocalControl(mail, "/")),
            Route(MAIL_PATH, _to_mail),
        ]

    def issue_certificate(self, workspace: str, organization_name: str) -> IssuedCertificate:
        """Entitled to near field communication, so that everything can be tried."""
        return self.authority.issue_pass_certificate(pass_type_of(workspace), TEAM, nfc=True, organization_name=organization_name)

    def issue_account(self, workspace: str) -> tuple[str, bytes]:
        """(issuer id, service account file)."""
        issuer_id = issuer_of(workspace)
        return issuer_id, json.dumps(make_service_account_file(self.google, issuer_id, self.google_url)).encode()


async def _to_mail(_request: Request) -> Response:
    return RedirectResponse(f"{MAIL_PATH}/", 302)


class LocalControl:
    """Leaves `below` to callers on this machine that no proxy stands before: faults are for whoever runs the server."""

    def __init__(self, app: ASGIApp, below: str = "/control") -> None:
        self._app, self._below = app, below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and (path or "/").startswith(self._below):
            host = (scope.get("client") or ("",))[0]
            forwarded = any(name in _FORWARDED for name, _ in scope["headers"])
            if forwarded or host not in _THIS_MACHINE:
                await PlainTextResponse("only from this machine", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def pass_type_of(workspace: str) -> str:
    return f"pass.test.billfold.{workspace}"


def issuer_of(workspace: str) -> str:
    """A number of 19 digits that looks like Google's, the same for the same workspace."""
    return f"3388{zlib.crc32(workspace.encode()):015d}"


def known_addresses(folder: Path) -> SandboxAddresses | None:
    """The stand-ins of the server that runs on this folder, None when none ever did."""
    try:
        found = json.loads((folder / _ADDRESSES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return SandboxAddresses(found["push_url"], found["google_url"], int(found.get("smtp_port", 0)))
