"""The phones of the page against the small honest server that judges phones (tests/sandbox/phones), in a thread of its own.

May not enter: what any test expects; Billfold's own server side."""

import asyncio
import base64
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from playwright.sync_api import Page

from billfold.phones_page.demo import Demo
from billfold.phones_page.pages import ROOM, PhonesPage
from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from billfold.sandbox.google import app as google_app
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.lines import Lines
from billfold.web.here import Here
from billfold.web.pages import SHARED
from sandbox.apns.sender import Sender
from sandbox.phones.bundles import TEAM, TYPE
from sandbox.phones.honest_server import HonestServer
from sandbox.serving import served

T = TypeVar("T")
_MAKE_PHONE = """async base => {
  const modules = ["apple/iphone.js", "line.js", "memory.js"].map(one => import(base + one));
  const [{ Iphone }, { Line }, { Memory }] = await Promise.all(modules);
  const state = { id: crypto.randomUUID(), kind: "iphone", number: 9, language: "en", online: true, place: null };
  const world = { line: new Line("/sandbox/lines"), memory: new Memory(null), origin: location.origin, retrySeconds: [0.01, 0.02] };
  window.phone = new Iphone(state, world);
}"""
_OPEN_BUNDLES = """async ([base, root, bundles]) => {
  const { openBundle } = await import(base + "apple/bundle.js");
  const { readPem } = await import(base + "apple/certificates.js");
  const bytes = text => Uint8Array.from(atob(text), one => one.charCodeAt(0));
  const said = [];
  for (const one of bundles) said.push(await openBundle(bytes(one), readPem(root)).then(() => null, error => error.message));
  return said;
}"""


@dataclass
class Judge:
    """The honest server, its certificate, and the loop that it runs in."""

    server: HonestServer
    authority: SandboxAuthority
    issued: IssuedCertificate
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def push(self) -> list[int]:
        return self.run(self.server.push())

    def begin(self) -> None:
        """As new: one pass, nobody registered, nothing wrong."""
        self.server.passes.clear()
        self.server.registrations.clear()
        for one in (self.server.logs, self.server.calls, self.server.failures):
            one.clear()
        self.server.wrong = set()
        self.server.tag = 100
        self.server.put()


@contextlib.contextmanager
def judging(folder: Path) -> Iterator[Judge]:
    ready: list[Judge] = []
    failed: list[BaseException] = []
    up, stop = threading.Event(), asyncio.Event()

    async def live() -> None:
        authority = SandboxAuthority.open(folder)
        issued = authority.issue_pass_certificate(TYPE, TEAM)
        push, state = PushServer(authority, folder / "apns.sqlite"), GoogleState(folder / "google.sqlite")
        await push.start("127.0.0.1")
        honest = HonestServer(push, issued)
        honest.sender = Sender(folder / "sender", issued, authority.root_pem, push.port)
        google = google_app.create_app(state, external_url="http://127.0.0.1/sandbox/google")
        phones = PhonesPage(Here(""), cast(Demo, None))  # a door that is shut needs no demo behind it
        app = honest.app()
        app.routes[:0] = [SHARED.route(), Lines(push, google).route("/sandbox/lines"), *phones.routes()]
        async with served(app) as honest.url:
            ready.append(Judge(honest, authority, issued, asyncio.get_running_loop()))
            up.set()
            await stop.wait()
            push.hang_up()
        await push.stop()
        await google.aclose()
        state.close()

    def thread() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            failed.append(error)
            up.set()

    running = threading.Thread(target=thread, daemon=True)
    running.start()
    assert up.wait(30)
    assert not failed, failed
    try:
        yield ready[0]
    finally:
        ready[0].loop.call_soon_threadsafe(stop.set)
        running.join(30)


class PagePhone:
    """An iPhone of the page's modules, without a screen, that retries fast."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(_MAKE_PHONE, ROOM.assets.base)

    def do(self, script: str, argument: object = None) -> Any:
        """`script`: what follows `phone.`, such as `add(argument)`."""
        return self._page.evaluate(f"argument => phone.{script}", argument)

    @property
    def journal(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._page.evaluate("() => phone.journal")
        return found

    @property
    def events(self) -> list[str]:
        return [one["event"] for one in self.journal]

    def wait_for(self, event: str, count: int = 1) -> dict[str, Any]:
        """The `count`-th event of that name."""
        wanted = "([event, count]) => phone.journal.filter(one => one.event === event).length >= count"
        self._page.wait_for_function(wanted, arg=[event, count], timeout=15_000)
        return [one for one in self.journal if one["event"] == event][count - 1]


def what_the_page_says(page: Page, root_pem: bytes, bundles: list[bytes]) -> list[str | None]:
    """For each bundle why the page's iPhone refuses it; None: it takes it."""
    sent = [base64.b64encode(one).decode() for one in bundles]
    said: list[str | None] = page.evaluate(_OPEN_BUNDLES, [ROOM.assets.base, root_pem.decode(), sent])
    return said
