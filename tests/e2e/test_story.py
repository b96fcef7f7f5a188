"""A person's story in Chromium: from the link of the first start to a lock screen that says what changed, and on through the
console, without a single request of their own. On a desktop and on a phone of 390 px."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from billfold.domain import totp
from e2e.browser import ANDROID, DESKTOP, Visit, Visitor, visiting
from e2e.conftest import Billfold, running
from e2e.phones_pages import OnePhone, phones_on

PASSWORD = "four wooden spoons sing"
SLOW_MS = 30_000
STAMPED = "Stamped! You have 2 / 10 now."


@dataclass
class Somebody:
    """At the console, in one tab; the phones lie in another."""

    billfold: Billfold
    visit: Visit

    @property
    def page(self) -> Page:
        return self.visit.page

    def go(self, path: str) -> Page:
        """After a look at the page that is left."""
        self.fits()
        self.page.goto(self.billfold.url + path)
        return self.page

    def fits(self, allow: str = "none") -> None:
        assert [one for one in self.visit.complaints(self.billfold.url) if not one.startswith(allow)] == []

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_label(label).fill(text)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def told(self, text: str) -> None:
        expect(self.page.get_by_role("status").filter(has_text=text)).to_be_visible()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Billfold]:
    """Nobody owns it yet."""
    with running(tmp_path, "") as one:
        yield one


@pytest.fixture(params=[DESKTOP, replace(ANDROID, height=800)], ids=["desktop", "390px"])
def somebody(empty: Billfold, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Somebody]:
    visitor: Visitor = request.param
    with visiting(browser, visitor, str(empty.ready["owner_url"])) as visit:
        visit.page.set_default_timeout(SLOW_MS)
        yield Somebody(empty, visit)


@pytest.mark.requirement("S0-05", "S0-06", "S0-40")
def test_from_nothing_to_a_lock_screen_and_through_the_console(somebody: Somebody) -> None:
    comes_in(somebody)
    design = designs_a_card(somebody)
    serial, link = hands_it_out(somebody)
    iphone, android = puts_it_on_phones(somebody, link)
    changes_the_pass(somebody, serial, iphone, android)
    changes_the_design(somebody, design, iphone, android)
    sees_what_happened(somebody, serial)
    code = looks_at_a_member(somebody)
    scans(somebody, code, terminal_code(somebody))
    looks_after_keys(somebody)
    reads(somebody)


def comes_in(one: Somebody) -> None:
    """As owner, out again, and in with a recovery code, since the code of this half minute has been used."""
    page = one.page
    one.fill("Name", "Ada Lovelace")
    one.fill("E-mail", "ada@example.com")
    one.fill("Password", PASSWORD)
    secret = base64.b32decode(page.locator("form .code").inner_text().replace(" ", ""))
    one.fill("Code that the app", totp.code(secret, totp.step_at(page.evaluate("Date.now()"), 30), 6))
    one.press("Join")
    recovery = page.locator("#codes").inner_text().split()[0]
    page.get_by_role("link", name="I have kept them").click()
    one.press("Sign out")
    one.fill("E-mail", "ada@example.com")
    one.fill("Password", PASSWORD)
    one.fill("Code", recovery)
    one.press("Sign in")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator("#issued")).to_be_visible()


def designs_a_card(one: Somebody) -> str:
    page = one.page
    page.get_by_role("link", name="Designs").click()
    page.get_by_role("link", name="New design").click()
    one.press("Begin with this Café stamp card")
    page.wait_for_url(re.compile(r"/designs/tpl_"))
    page.locator("input[name=logo_text]").fill("Ada's Engine Room")
    publish(one)
    return page.url.rpartition("/")[2]


def publish(one: Somebody) -> None:
    one.press("Publish")
    one.press("Publish", one.dialog)
    expect(one.page.get_by_text("Published. Phones will hear of it.")).to_be_visible(timeout=SLOW_MS)


def hands_it_out(one: Somebody) -> tuple[str, str]:
    page = one.page
    page.get_by_role("link", name="Hand out").click()
    lines = page.locator("form[method=post] .field").filter(has=page.locator("input"))
    for name, value in {"member.name": "Charles", "member.number": "ER-1", "stamps.collected": "1", "stamps.total": "10"}.items():
        lines.locator(f'[name="value:{name}"]').fill(value)
    one.press("Make the pass")
    one.told("This is the new pass")
    serial = page.url.partition("?")[0].rpartition("/")[2]
    page.get_by_role("link", name="Link and QR code").click()
    link = page.locator("#snippet-link").inner_text()
    assert link == f"{one.billfold.url}/p/{serial}"
    return serial, link


def puts_it_on_phones(one: Somebody, link: str) -> tuple[OnePhone, OnePhone]:
    page = one.page.context.new_page()
    page.goto(f"{one.billfold.url}/phones")
    iphone, android = phones_on(page)
    for phone in (iphone, android):
        phone.install(link)
        expect(phone.whole.locator(".card")).to_contain_text("1 / 10")
    one.page.bring_to_front()
    return iphone, android


def changes_the_pass(one: Somebody, serial: str, iphone: OnePhone, android: OnePhone) -> None:
    page = one.go(f"/studio/test/passes/{serial}")
    page.locator('[name="value:stamps.collected"]').fill("2")
    one.press("Save and tell the phones")
    one.told("Saved.")
    iphone.wait_for("notified", STAMPED)
    android.wait_for("notified")
    expect(iphone.lock_screen).to_contain_text(STAMPED)
    iphone.press("Wallet")
    for phone in (iphone, android):
        expect(phone.whole.locator(".card")).to_contain_text("2 / 10")


def changes_the_design(one: Somebody, design: str, iphone: OnePhone, android: OnePhone) -> None:
    page = one.go(f"/studio/test/designs/{design}")
    page.locator("input[name=logo_text]").fill("The Difference Café")
    publish(one)
    for phone in (iphone, android):
        expect(phone.whole.locator(".card")).to_contain_text("The Difference Café", timeout=SLOW_MS)


def sees_what_happened(one: Somebody, serial: str) -> None:
    page = one.go("/studio/test/passes")
    one.fill("Find a pass", serial)
    one.press("Search")
    page.get_by_role("link", name=re.compile("Café stamp card")).first.click()
    timeline = page.locator("#timeline")
    for happened in ("Pass issued", "Pass installed", "Pass changed", "Pass fetched"):
        expect(timeline.get_by_text(happened).first).to_be_visible()
    expect(page.locator("#why").get_by_text("It fetched this version").first).to_be_visible()


def looks_at_a_member(one: Somebody) -> str:
    """A new one, and one of the demo whose card has a code."""
    page = one.go("/studio/test/members/new")
    one.fill("Name", "Noor Haddad")
    one.fill("E-mail", "noor@example.org")
    one.press("Add")
    one.told("Added.")
    one.go("/studio/test/members?q=maya")
    page.get_by_role("link", name="Maya Okafor").click()
    page.get_by_role("link", name="Coffee club").click()
    expect(page.get_by_role("heading", name="Statement, EUR")).to_be_visible()
    return page.locator("dd code").nth(1).inner_text()


def terminal_code(one: Somebody) -> str:
    """A terminal is made by the form in the Playground that does it, and then its code, for the id that the first answer gave."""
    page = one.go("/studio/test/playground#createTerminal")
    shown = page.locator("#answer [data-status]")
    one.press("Run")
    expect(shown).to_have_text("201", timeout=SLOW_MS)
    page.evaluate("location.hash = 'renewEnrolment'")
    expect(shown).to_have_count(0)
    one.press("Run")
    expect(shown).to_have_text("200", timeout=SLOW_MS)
    return str(json.loads(page.locator("#answer pre").inner_text())["enrolment_code"])


def scans(one: Somebody, code: str, enrolment: str) -> None:
    page = one.go("/scan")
    one.fill("Terminal code", enrolment)
    one.press("Set up")
    one.fill("Or type the code", code)
    one.press("Find")
    page.get_by_label("Charge", exact=True).check()
    one.press("Flat white €3.50")
    one.press("Charge €3.50")
    expect(page.locator(".told")).to_contain_text("Charged", timeout=SLOW_MS)


def looks_after_keys(one: Somebody) -> None:
    page = one.go("/studio/live/keys")
    one.press("Make a key")
    one.dialog.get_by_label("Name", exact=True).fill("till 3")
    one.dialog.get_by_label("see passes and what they carry").check()
    one.press("Make a key", one.dialog)
    first = page.locator("#fresh").inner_text()
    assert first.startswith("bf_live_")
    key = page.locator(".panel", has_text="till 3").filter(has=page.get_by_role("button", name="Roll"))
    key.locator("summary").click()
    expect(key.get_by_text("see passes and what they carry")).to_be_visible()
    one.press("Roll", key.first)
    one.press("Roll", one.dialog)
    assert page.locator("#fresh").inner_text() not in ("", first)
    expect(page.locator("[data-key]")).to_have_count(2)
    one.press("Revoke", page.locator("[data-key]", has_text="works until"))
    one.press("Revoke", one.dialog)
    expect(page.locator("[data-key]")).to_have_count(1)


def reads(one: Somebody) -> None:
    page = one.go("/docs")
    one.fill("Search the headings", "more machine")
    page.get_by_role("link", name="More than one machine").click()
    one.go("/docs/api")
    expect(page.locator("#reference .opblock").first).to_be_visible(timeout=SLOW_MS)
    one.fits(allow="contrast")  # the reference is somebody else's program
