"""The console over a real database, asked as a browser asks: with cookies, an origin and the token of the page's form."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.routing import Router

from api.client import Answer, Client
from api.conftest import MINE, UNLIMITED
from billfold import bootstrap
from billfold.api.middleware import Edge
from billfold.cli.pages import desk_of
from billfold.domain import people as rules
from billfold.domain import totp
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor
from billfold.domain.people import OWNER, TOTP_DIGITS, TOTP_PERIOD_SECONDS, Person
from billfold.flows import people, workspaces
from billfold.flows.people import Secret
from billfold.ports import Services, Workspace
from billfold.settings import Settings
from billfold.studio.routes import create_routes
from clocks import FakeClock

URL = "http://127.0.0.1:8000"
PASSWORD = "four wooden spoons sing"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass
class Browser:
    """Keeps cookies, follows nothing. `send` fills the token of the last page in."""

    client: Client
    origin: str | None = URL
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    set_cookies: list[str] = field(default_factory=list)

    async def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        sent = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "user-agent": AGENT} | headers
        answer = await self.client.ask(method, path, body, {name: value for name, value in sent.items() if value})
        for line in answer.cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.set_cookies.append(line)
            self.cookies[name] = value.strip('"')
        if found := re.search(rb'name="csrf(?:-token)?" (?:value|content)="([0-9a-f]{64})"', answer.body):
            self.token = found[1].decode()
        return answer

    async def see(self, path: str, **headers: str) -> Answer:
        return await self._ask("GET", path, None, {"host": "console.example", **headers})

    async def send(self, path: str, form: dict[str, str] | None = None, **headers: str | None) -> Answer:
        body = urlencode({"csrf": self.token} | (form or {})).encode()
        sent = {"content-type": "application/x-www-form-urlencoded", "origin": self.origin or ""} | headers
        return await self._ask("POST", path, body, {name: value or "" for name, value in sent.items()})


@dataclass
class Console:
    services: Services
    clock: FakeClock
    app: object
    salts: dict[str, str] = field(default_factory=dict)

    def browser(self, **given: object) -> Browser:
        return Browser(Client(self.app, address="203.0.113.9"), **given)

    def code(self, email: str, ahead: int = 0) -> str:
        """What the person's phone shows, `ahead` periods from now."""
        secret = people.totp_secret(self.services, MINE.workspace, self.salts[email])
        return totp.code(secret, totp.step_at(self.clock.now_ms(), TOTP_PERIOD_SECONDS) + ahead, TOTP_DIGITS)

    def secret(self, email: str) -> Secret:
        self.salts[email] = f"salt of {email}"
        return Secret(password=PASSWORD, totp_salt=self.salts[email], code=self.code(email))

    async def join(self, token: str, email: str) -> people.Joined:
        return await people.join(self.services, token, email.partition("@")[0].title(), email, self.secret(email))

    async def owner(self, email: str = "ada@example.com") -> Person:
        token = await people.first_owner(self.services, MINE.workspace)
        assert token
        return (await self.join(token, email)).person

    async def person(self, role: str, email: str) -> Person:
        """Invited by an owner, who is made where there is none."""
        everybody = await self.services.store.read(lambda tx: tx.people.all(MINE.workspace))
        owner = next((one for one in everybody if one.role == OWNER), None) or await self.owner()
        token = await people.invite(self.services, actor_of(owner), email, role)
        return (await self.join(token, email)).person

    async def signed_in(self, person: Person) -> Browser:
        browser = self.browser()
        self.clock.advance(seconds=TOTP_PERIOD_SECONDS)
        answer = await self.sign_in(browser, person.email)
        assert answer.status == 303, answer.body
        await browser.see("/studio/test/account")
        return browser

    async def sign_in(self, browser: Browser, email: str, password: str = PASSWORD, code: str | None = None) -> Answer:
        await browser.see("/studio/sign-in")
        given = self.code(email) if code is None else code
        form = {"workspace": MINE.workspace, "email": email, "password": password, "code": given}
        return await browser.send("/studio/sign-in", form)


def actor_of(person: Person, scope: Scope = MINE) -> Actor:
    return rules.actor(person, scope.environment, proved=True)


def console_app(services: Services, settings: Settings) -> Edge:
    return Edge(Router(create_routes(desk_of(services, settings))))


@pytest.fixture
async def console(migrated_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """Without the stand-ins, which no page of the console needs: a world in a fifth of the time."""
    settings = Settings(data=tmp_path, database_url=migrated_url, sandbox=False, signers=0, **UNLIMITED)
    parts = await bootstrap.open_parts(settings, serving=True)
    clock = FakeClock()
    services = replace(parts.services, clock=clock)
    try:
        for workspace in ("demo00", MINE.workspace, "other0"):
            await workspaces.ensure(services, Workspace(workspace, workspace, "Bayroast Coffee", 0, None))
        yield Console(services, clock, console_app(services, settings))
    finally:
        await parts.close()
