"""A shop with the scanner at its counter: the whole server with its workers in this process, and devices that look at `/scan`.

May not enter: what is tested."""

import asyncio
import contextlib
import hashlib
import itertools
import re
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Locator, Page, expect

from api.client import Client
from api.conftest import MINE, World
from api.shop import Shop, open_shop
from billfold import bootstrap
from billfold.api.app import create_app
from billfold.cli.serving import Site, running
from billfold.domain.loyalty import Card, CardStatus, Terminal
from billfold.domain.offline import Heard, code_text
from billfold.flows import workspaces
from billfold.ports import Tx, Workspace
from billfold.settings import Settings
from e2e.browser import NARROW_ANDROID, Visit, Visitor, visiting
from scanner import keys

T = TypeVar("T")
PIN = "2468"
_NTH = itertools.count(1)


@dataclass
class Counter:
    """`do` runs a coroutine of the server's loop and waits for it."""

    url: str
    shop: Shop
    site: Site
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def write(self, work: Any) -> Any:
        return self.do(self.shop.services.store.write(work))

    def card(self, programme: str = "storecard", /, **changes: object) -> Card:
        return self.do(self.shop.card(programme, **changes))

    def signed(self, card: Card) -> str:
        text = code_text(card.pass_id, None)
        return f"{text}.{self.shop.services.scanning.codes.sign(card.scope, text)}"

    def balance(self, card: Card, unit: str) -> int:
        return self.do(self.shop.balances(card)).get(unit, 0)

    def status(self, card: Card) -> CardStatus:
        return self.do(self.shop.stored(card.pass_id)).status

    def set_status(self, card: Card, status: CardStatus) -> None:
        stored = self.do(self.shop.stored(card.pass_id))
        self.write(lambda tx: tx.cards.replace(replace(stored, status=status)))

    def scans(self, card: Card) -> list[dict[str, Any]]:
        """What was scanned of the card, oldest first."""
        answer = self.do(self.shop.client.get(f"/v1/passes/{card.pass_id}/scans"))
        return list(reversed(answer.json["items"]))

    def quarantine(self) -> list[dict[str, Any]]:
        return self.do(self.shop.client.get("/v1/quarantine")).json["items"]

    def terminal(self, pin: str = "") -> tuple[Terminal, str]:
        """A terminal that no device has become yet, and the code for it."""
        nth = next(_NTH)
        code = f"TEST-CODE-{nth:04}"
        hashed = self.do(self.shop.services.scanning.pins.hash(pin)) if pin else ""
        made = Terminal(
            f"00000000-0000-7000-8000-0000001{nth:05}", MINE, f"Till {nth}", 1, 1, place="Harbour Street", pin_hash=hashed,
            enrolment_hash=hashlib.sha256(code.encode()).digest(), enrolment_until_ms=2**52,
        )  # fmt: skip
        self.write(lambda tx: tx.terminals.add(made))
        return made, code

    def forget_device(self, terminal: Terminal) -> None:
        """What the server has heard of the device is as it was before it scanned anything."""
        self.write(lambda tx: tx.scans.put_heard(MINE, terminal.id, Heard()))

    def revoke(self, terminal: Terminal) -> None:
        def transaction(tx: Tx) -> None:
            stored = tx.terminals.find(MINE, terminal.id)
            assert stored
            assert stored.key_id
            now = self.shop.services.clock.now_ms()
            tx.terminals.replace(replace(stored, revoked_at_ms=now))
            tx.keys.revoke(MINE, stored.key_id, now)

        self.write(transaction)


@contextlib.contextmanager
def counter_at(folder: Path, **settings: object) -> Iterator[Counter]:
    """The server runs in a thread of its own, since Playwright holds this one."""
    ready: Future[Counter] = Future()
    over = asyncio.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, settings, ready, over)))
    thread.start()
    try:
        counter = ready.result(60)
        yield counter
        counter.loop.call_soon_threadsafe(over.set)
    finally:
        thread.join(60)


async def _serve(folder: Path, changed: dict[str, object], ready: "Future[Counter]", over: asyncio.Event) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    limits = {"rate_limit_per_second": 0, "failed_sign_ins_per_minute": 0.0, "refused_fetches_per_hour": 0.0}
    settings = Settings(data=folder, port=listener.getsockname()[1], **limits, **changed)  # type: ignore[arg-type]
    try:
        async with running(settings, listener) as site:
            services = site.parts.services
            await workspaces.ensure(services, Workspace(MINE.workspace, MINE.workspace, "Bayroast Coffee", 0, None))
            await bootstrap.furnish(site.parts)
            app = create_app(services, site.parts.callbacks, body_bytes_max=settings.body_max_bytes)
            nobody = Client(app)
            world = World(app, services, nobody, nobody)
            world.client = await world.key()
            ready.set_result(Counter(settings.public_url, await open_shop(world), site, asyncio.get_running_loop()))
            await over.wait()
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise


@dataclass
class Device:
    """A browser at the counter, from before it is enrolled. `allow`: complaints that are meant to be there."""

    counter: Counter
    visit: Visit
    allow: list[str] = field(default_factory=list)
    terminal: Terminal | None = None

    @property
    def page(self) -> Page:
        return self.visit.page

    def enrol(self, code: str) -> None:
        self.page.get_by_label("Terminal code").fill(code)
        self.button("Set up").click()
        expect(self.page.get_by_label("Terminal code")).to_have_count(0)

    def ready(self) -> None:
        """The camera's screen, after the server was asked what there is."""
        expect(self.heading("Scan a card")).to_be_visible()
        expect(self.bar).to_contain_text("Online")

    def read(self, code: str) -> None:
        keys.reader(self.page, code)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name)

    @property
    def bar(self) -> Locator:
        return self.page.locator("header.bar")

    @property
    def told(self) -> Locator:
        return self.page.locator(".told")

    def choose(self, step: str) -> None:
        self.page.get_by_label(step, exact=True).check()

    def type_amount(self, digits: str) -> None:
        for digit in digits:
            self.page.locator(".keys").get_by_role("button", name=digit, exact=True).click()

    def expect_told(self, tone: str, *words: str) -> None:
        expect(self.told).to_have_attribute("data-tone", tone)
        for word in words:
            expect(self.told).to_contain_text(word)

    def next(self) -> None:
        self.button("Next").click()
        expect(self.heading("Scan a card")).to_be_visible()

    def go_offline(self) -> None:
        """As when the network is gone: what is refused then stands in the console, by the browser and by the camera's decoder,
        which may still be on its way."""
        self.allow += ["net::ERR", "wasm", "falling back to ArrayBuffer"]
        self._network(False)
        expect(self.bar).to_contain_text("Offline")

    def go_online(self) -> None:
        self._network(True)
        expect(self.bar).to_contain_text("Online")
        expect(self.bar).not_to_contain_text("waiting")

    def _network(self, there: bool) -> None:
        """Chromium tells one of several tabs only that the emulated network came or went; a real one is told to all."""
        self.page.context.set_offline(not there)
        for page in self.page.context.pages:
            page.evaluate("name => dispatchEvent(new Event(name))", "online" if there else "offline")

    def another_tab(self) -> "Device":
        page = self.page.context.new_page()
        page.goto(f"{self.counter.url}/scan")
        return Device(self.counter, replace(self.visit, page=page), self.allow)

    def reopen(self) -> None:
        """The tab is closed, whatever it does, and the page opened in another one."""
        context = self.page.context
        self.page.close()
        self.visit.page = context.new_page()
        self.page.goto(f"{self.counter.url}/scan")

    def kept(self) -> list[dict[str, Any]]:
        """The operations that this device remembers."""
        return self.page.evaluate(
            """() => new Promise((resolve, reject) => {
              const opening = indexedDB.open("billfold-scanner");
              opening.onsuccess = () => {
                const asked = opening.result.transaction("operations").objectStore("operations").getAll();
                asked.onsuccess = () => { opening.result.close(); resolve(asked.result) };
              };
              opening.onerror = reject;
            })"""
        )


@contextlib.contextmanager
def device_at(counter: Counter, browser: Browser, visitor: Visitor = NARROW_ANDROID) -> Iterator[Device]:
    """At its end: a quiet console, no policy hurt, no request to elsewhere, enough contrast, nothing wider than the screen."""
    with visiting(browser, visitor, f"{counter.url}/scan", permissions=["camera"]) as visit:
        device = Device(counter, visit)
        yield device
        complaints = visit.complaints(counter.url)
    unexpected = [one for one in complaints if not any(word in one for word in device.allow)]
    assert not unexpected, unexpected
