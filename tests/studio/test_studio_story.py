"""The console as people use it, in Chromium: from the link of the first start to a key that a program uses; a virtual authenticator
plays the passkey."""

import base64
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from billfold.domain import totp
from e2e.browser import DESKTOP, NARROW_ANDROID, Visitor, visiting
from e2e.conftest import ROOT, Billfold, ask, running

PASSWORD = "four wooden spoons sing"
PAGES = ("", "/keys", "/people", "/account")
SCRIPT_BYTES_MAX = 150_000


@contextmanager
def at(browser: Browser, home: str, path: str, visitor: Visitor = DESKTOP, allow: tuple[str, ...] = ()) -> Iterator[Page]:
    with visiting(browser, visitor, home + path) as visit:
        yield visit.page
        assert [line for line in visit.complaints(home) if not any(word in line for word in allow)] == []


def authenticator(page: Page) -> None:
    """A passkey of the platform, whose owner always agrees."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def code_of(page: Page, now_ms: int) -> str:
    secret = base64.b32decode(page.locator("form .code").inner_text().replace(" ", ""))
    return totp.code(secret, totp.step_at(now_ms, 30), 6)


def let_time_pass(billfold: Billfold) -> None:
    """For the sessions, whose proofs are now too old."""
    with sqlite3.connect(billfold.data / "billfold.sqlite", timeout=10) as database:
        assert database.execute("UPDATE person_session SET proved_at_ms = 0").rowcount


def recovery_link(billfold: Billfold, email: str) -> str:
    command = [sys.executable, "-m", "billfold", "people", "recover", email, "--data", str(billfold.data)]
    return subprocess.run(command, env=billfold.environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Billfold, str]]:
    """A server that nobody owns yet, by its name (browsers bind passkeys to names), and the path of the owner's link."""
    with running(tmp_path, "") as one:
        yield one, one.ready["owner_url"].removeprefix(one.url)


def test_from_link_to_team(fresh: tuple[Billfold, str], browser: Browser, no_serious_axe: Callable[[Page], None]) -> None:
    billfold, owner_link = fresh
    home = billfold.url.replace("127.0.0.1", "localhost")
    with at(browser, home, owner_link) as page:
        authenticator(page)
        no_serious_axe(page)
        page.get_by_label("Name").fill("Ada Lovelace")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_role("button", name="Create a passkey").click()
        page.wait_for_url("**/studio/test")
        for path in PAGES:
            page.goto(f"{home}/studio/test{path}")
            no_serious_axe(page)

        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/studio/test")

        page.get_by_role("link", name="People").click()
        page.get_by_role("button", name="Invite somebody").click()
        page.get_by_role("dialog").get_by_label("E-mail").fill("bob@example.com")
        page.get_by_role("dialog").get_by_label("Designer").check()
        page.get_by_role("button", name="Make a link").click()
        invitation = page.locator("#link").inner_text()
        assert invitation.startswith(f"{billfold.url}/studio/join/")

        with at(browser, home, invitation.removeprefix(billfold.url), NARROW_ANDROID) as bobs:
            bobs.get_by_label("Name").fill("Bob")
            bobs.get_by_label("Password").fill(PASSWORD)
            bobs.get_by_label("Code that the app").fill(code_of(bobs, bobs.evaluate("Date.now()")))
            bobs.get_by_role("button", name="Join", exact=True).click()
            assert len(bobs.locator("#codes").inner_text().split()) == 10
            bobs.get_by_role("link", name="I have kept them").click()
            bobs.wait_for_url("**/studio/test")
            assert bobs.get_by_role("link", name="People").count() == 0
            bobs.goto(f"{home}/studio/live")
            assert bobs.locator("[aria-current=true]").inner_text() == "Live"

            page.goto(f"{home}/studio/test/people")
            panel = page.locator("[data-person='bob@example.com']")
            panel.get_by_label("Role of Bob").select_option("viewer")
            panel.get_by_role("button", name="Change").click()
            assert panel.get_by_label("Role of Bob").input_value() == "viewer"
            panel.get_by_role("button", name="End all sessions").click()
            bobs.goto(f"{home}/studio/test")
            assert "/studio/sign-in" in bobs.url


def test_a_borrowed_browser_is_asked_and_who_lost_everything_comes_in_again(
    fresh: tuple[Billfold, str], browser: Browser, no_serious_axe: Callable[[Page], None]
) -> None:
    billfold, owner_link = fresh
    home = billfold.url.replace("127.0.0.1", "localhost")
    with at(browser, home, owner_link, NARROW_ANDROID, allow=("403",)) as page:
        authenticator(page)
        page.get_by_label("Name").fill("Ada Lovelace")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_role("button", name="Create a passkey").click()
        page.wait_for_url("**/studio/test")

        page.goto(f"{home}/studio/live/keys")
        let_time_pass(billfold)
        page.get_by_role("button", name="Make a key").click()
        page.get_by_label("Name", exact=True).fill("till 3")
        page.get_by_label("see passes and what they carry").check()
        page.get_by_role("dialog").get_by_role("button", name="Make a key").click()
        assert page.locator("h1").inner_text() == "Is it you?"
        no_serious_axe(page)
        page.get_by_role("button", name="Use your passkey").click()
        assert page.locator("#fresh").inner_text().startswith("bf_live_")

        let_time_pass(billfold)
        page.goto(f"{home}/studio/test/account")
        no_serious_axe(page)
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/prove?next=*")
        page.get_by_role("button", name="Use your passkey").click()
        page.wait_for_url("**/account")

        page.get_by_role("link", name="Set a password").click()
        no_serious_axe(page)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Code that the app").fill(code_of(page, page.evaluate("Date.now()")))
        page.get_by_role("button", name="Set both").click()
        assert len(page.locator("#codes").inner_text().split()) == 10
        page.goto(f"{home}/studio/test/account")
        page.locator("#passkeys").get_by_role("button", name="Remove").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        assert page.get_by_text("You have no passkey.").is_visible()

        page.goto(recovery_link(billfold, "ada@example.com").replace("127.0.0.1", "localhost"))
        no_serious_axe(page)
        assert page.get_by_text("ada@example.com").is_visible()
        page.get_by_role("button", name="Create a passkey").click()
        page.wait_for_url("**/studio/test")
        page.goto(f"{home}/studio/test/people")
        assert page.locator("[data-person='ada@example.com']").is_visible()


def test_a_key_is_made_rolled_and_revoked(page_server: Billfold, browser: Browser) -> None:
    """Without signing in: the demo's door on this machine."""
    home = page_server.url

    def works(key: str) -> bool:
        return ask("GET", f"{home}/v1/passes", headers={"Authorization": f"Bearer {key}"}).status == 200

    with at(browser, home, "/studio/test/keys") as page:
        page.get_by_role("button", name="Make a key").click()
        page.get_by_label("Name", exact=True).fill("till 3")
        page.get_by_label("see passes and what they carry").check()
        page.get_by_role("dialog").get_by_role("button", name="Make a key").click()
        first = page.locator("#fresh").inner_text()
        assert re.fullmatch(r"bf_test_demo00[0-9A-Za-z]{49}", first)
        assert works(first)
        page.goto(f"{home}/studio/test/keys")
        assert first not in page.content()
        page.locator(".panel", has_text="till 3").get_by_role("button", name="Roll").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Roll").click()
        second = page.locator("#fresh").inner_text()
        assert second != first
        assert works(first)
        assert works(second)
        page.goto(f"{home}/studio/test/keys")
        page.locator(".panel", has_text="works until").get_by_role("button", name="Revoke").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        page.wait_for_url("**/keys")
        assert not works(first)
        assert works(second)


@pytest.mark.parametrize("visitor", [DESKTOP, NARROW_ANDROID], ids=["desktop", "360px"])
def test_the_overview_shows_what_is(
    visitor: Visitor, page_server: Billfold, browser: Browser, no_serious_axe: Callable[[Page], None]
) -> None:
    page_server.make()
    with at(browser, page_server.url, "/", visitor) as page:
        assert page.url == f"{page_server.url}/studio/test"
        before = int(page.locator("#issued").inner_text().replace(",", ""))
        page_server.make()
        page.reload()
        assert int(page.locator("#issued").inner_text().replace(",", "")) == before + 1
        assert "Pass issued" in page.get_by_role("table").inner_text()
        no_serious_axe(page)
        loaded = "performance.getEntriesByType('resource').filter(one => one.name.endsWith('js'))"
        assert sum(page.evaluate(f"{loaded}.map(one => one.decodedBodySize)")) < SCRIPT_BYTES_MAX


def test_programs_go_to_the_docs(page_server: Billfold) -> None:
    assert ask("GET", f"{page_server.url}/").headers["location"] == "/docs"
    assert ask("GET", f"{page_server.url}/", headers={"Accept": "text/html,*/*"}).headers["location"] == "/studio"
