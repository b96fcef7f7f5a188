"""Phones in the page with a real server: a card comes, changes, is missed and caught up with, leaves, and moves to a new phone."""

import hashlib
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from api.test_personalization import LOGO, P256
from billfold.phones_page.pages import ROOM
from billfold.web.assets import TYPES
from e2e.browser import DESKTOP
from e2e.conftest import SAMPLE, UPDATE, Billfold, ask
from e2e.phones_pages import WAIT_MS, OnePhone, link_to, phones_on
from plugins.pages import Look

LINE = "You hit 1,300 points. Free coffee unlocked!"


def points(value: str) -> dict[str, object]:
    return UPDATE | {"headerFields": [UPDATE["headerFields"][0] | {"value": value}]}


def test_a_newcomer_sees_the_whole_loop_in_two_clicks(page_server: Billfold, look: Look) -> None:
    with look(page_server.url + "/phones") as page:
        iphone, android = phones_on(page)
        page.get_by_role("button", name="Make me a card").click()
        for phone in (iphone, android):
            phone.wait_for("waiting")
            expect(phone.whole.locator(".card")).to_contain_text("Kettle & Crumb")
        page.get_by_role("button", name="Change it").click()
        iphone.wait_for("notified", "Stamped! You have 5 / 10 now.")
        android.wait_for("notified", "You have a new message")
        expect(page.locator(".toast")).to_contain_text("2 phones are told")
        for phone in (iphone, android):
            expect(phone.whole.locator(".card")).to_contain_text("5 / 10")
        expect(iphone.lock_screen).to_contain_text("Stamped! You have 5 / 10 now.")


@pytest.mark.requirement("S0-05", "S0-06", "S0-08", "S0-40", "S3-27", "S3-32")
def test_a_card_on_both_phones_is_changed_over_the_api(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        iphone, android = phones_on(page)
        for phone in (iphone, android):
            phone.install(made["shareUrl"])
            expect(phone.whole.locator(".card")).to_contain_text("1,250")
            phone.wait_for("waiting")
        assert page_server.change(made["serialNumber"])["notifiedDevices"] == 2
        iphone.wait_for("notified", LINE)
        iphone.wait_for("updated", "POINTS: 1,250 → 1,300")
        android.wait_for("notified")
        expect(iphone.lock_screen).to_contain_text(LINE)
        iphone.press("Wallet")
        for phone in (iphone, android):
            expect(phone.whole.locator(".card")).to_contain_text("1,300")
        first = ["opened", "installed", "registered", "waiting", "unchanged"]
        assert iphone.events == [*first, "pushed", "fetched", "notified", "updated"]


def test_flight_mode_queues_and_one_push_catches_up(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        iphone, android = phones_on(page)
        for phone in (iphone, android):
            phone.install(made["shareUrl"])
            phone.switch("Flight mode")
            phone.wait_for("offline")
        for value in ("1,260", "1,300"):
            page_server.change(made["serialNumber"], points(value))
        for phone in (iphone, android):
            assert "pushed" not in phone.events
            expect(phone.whole.locator(".card")).to_contain_text("1,250")
            phone.switch("Flight mode")
        iphone.wait_for("updated", "1,250 → 1,300")
        iphone.wait_for("pushed", count=1)
        for phone in (iphone, android):
            expect(phone.whole.locator(".card")).to_contain_text("1,300", timeout=WAIT_MS)


def test_a_phone_in_flight_mode_says_why_nothing_happens(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        iphone, _ = phones_on(page)
        iphone.switch("Flight mode")
        iphone.open_link(made["shareUrl"])
        expect(iphone.whole.get_by_role("alert")).to_contain_text("flight mode")
        iphone.press("OK")
        expect(iphone.whole.get_by_role("alert")).to_have_count(0)


@pytest.mark.requirement("S0-08")
def test_a_pass_that_is_removed_is_unregistered(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        iphone, android = phones_on(page)
        for phone in (iphone, android):
            phone.install(made["shareUrl"])
            phone.open_pass()
            phone.press("Details")
            phone.press("Remove")
            phone.press("Really remove")
            phone.wait_for("removed")
            expect(phone.whole).to_contain_text("No passes yet")
            if phone is iphone:
                assert iphone.events[-2:] == ["unregistered", "removed"]
                assert page_server.change(made["serialNumber"])["notifiedDevices"] == 0


def test_a_new_phone_takes_over_and_the_old_one_falls_silent(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        for older in phones_on(page):
            older.install(made["shareUrl"])
            older.press("Restore on a new phone")
            newer = OnePhone(page, older.name.replace("1", "2"))
            newer.wait_for("waiting")
            expect(newer.whole.locator(".card")).to_contain_text("1,250")
        assert OnePhone(page, "iPhone 2").events == ["registered", "waiting", "unchanged"]
        assert page_server.change(made["serialNumber"])["notifiedDevices"] == 3, "two iPhones, and one Google account on two phones"
        for name in ("iPhone 1", "iPhone 2", "Android 1", "Android 2"):
            OnePhone(page, name).wait_for("notified")
        for name in ("iPhone 1", "Android 1"):
            older = OnePhone(page, name)
            older.press("Throw away")
            older.press("Really throw away")
            expect(older.whole).to_have_count(0)
        page_server.change(made["serialNumber"], points("1,400"))
        OnePhone(page, "iPhone 2").wait_for("updated", "1,400")
        OnePhone(page, "Android 2").wait_for("notified", count=2)


def test_notifications_off_updates_in_silence(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        for phone in phones_on(page):
            phone.install(made["shareUrl"])
            phone.open_pass()
            phone.press("Details")
            phone.switch("Notifications")
        page_server.change(made["serialNumber"])
        for phone in phones_on(page):
            phone.press("Front")
            expect(phone.whole.locator(".card")).to_contain_text("1,300", timeout=WAIT_MS)
            assert "notified" not in phone.events


def test_pull_to_refresh_asks_for_the_pass_at_once(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        iphone, _ = phones_on(page)
        iphone.install(made["shareUrl"])
        iphone.open_pass()
        card = iphone.whole.locator(".face .card")
        card.scroll_into_view_if_needed()
        box = card.bounding_box()
        assert box
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 160, steps=4)
        page.mouse.up()
        iphone.wait_for("unchanged", "Asked for the pass: not changed", count=2)


def test_phones_keep_their_passes_over_a_reload_and_catch_up(page_server: Billfold, look: Look) -> None:
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        for phone in phones_on(page):
            phone.install(made["shareUrl"])
        page.goto("about:blank")
        page_server.change(made["serialNumber"])
        page.goto(page_server.url + "/phones")
        for phone in phones_on(page):
            expect(phone.whole.locator(".card")).to_contain_text("1,300", timeout=WAIT_MS)
        iphone, _ = phones_on(page)
        iphone.wait_for("notified", LINE)


def test_one_tab_holds_the_phones(page_server: Billfold, look: Look) -> None:
    with look(page_server.url + "/phones") as page:
        phones_on(page)
        other = page.context.new_page()
        other.goto(page_server.url + "/phones")
        expect(other.get_by_role("status").filter(has_text="Another tab")).to_be_visible()
        page.goto("about:blank")
        phones_on(other)
        page.goto(page_server.url + "/phones")


def test_near_a_shop_the_lock_screen_offers_the_pass(page_server: Billfold, look: Look) -> None:
    place = {"latitude": 52.52, "longitude": 13.405, "relevant_text": "Free refill at this counter"}
    content = {"description": "Card", "logo_text": "Bayroast Coffee", "style": "store_card", "locations": [place]}
    _, link = link_to(page_server, content)
    with look(page_server.url + "/phones") as page:
        for phone in phones_on(page):
            phone.install(link)
        iphone, android = phones_on(page)
        expect(iphone.lock_screen).not_to_contain_text("Free refill")
        pin = page.get_by_role("button", name="iPhone 1, ")
        pin.focus()
        for key in ["ArrowRight"] * 27 + ["ArrowUp"] * 12:
            page.keyboard.press(key)
        expect(iphone.lock_screen).to_contain_text("Free refill at this counter")
        assert android.lock_screen.inner_text() == ""
        page.locator(".map").scroll_into_view_if_needed()
        shop = page.locator(".map").bounding_box()
        box = page.get_by_role("button", name="Android 1, ").bounding_box()
        assert shop
        assert box
        page.mouse.move(box["x"] + 10, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(shop["x"] + shop["width"] / 2, shop["y"] + shop["height"] / 2, steps=5)
        page.mouse.up()
        expect(android.lock_screen).to_contain_text("Wanted here and now")


@pytest.mark.requirement("S3-35")
def test_a_link_that_leads_nowhere_is_refused_with_the_reason(page_server: Billfold, look: Look) -> None:
    refused = {
        page_server.url + "/p/demo00t-" + "0" * 22: "it was answered 404",
        "https://example.com/p/x": "open links of",
        page_server.url + "/docs": "no button",
    }
    with look(page_server.url + "/phones", allow=("404",)) as page:
        for phone in phones_on(page):
            for link, reason in refused.items():
                phone.open_link(link)
                expect(phone.whole.get_by_role("alert")).to_contain_text(reason, timeout=WAIT_MS)


def test_a_phone_stands_in_any_page(page_server: Billfold, look: Look) -> None:
    """The component beside other things, with a memory that forgets."""
    made = page_server.make()
    with look(page_server.url + "/phones") as page:
        page.evaluate(
            """async base => {
              const load = name => import(base + name);
              const names = ["view/phone.js", "shelf.js", "memory.js", "line.js"];
              const [{ Phone }, { Shelf }, { Memory }, { Line }] = await Promise.all(names.map(load));
              const { html, render } = await import("billfold/html.js");
              const shelf = new Shelf(new Memory(null), new Line("/sandbox/lines"));
              window.phone = await shelf.make("iphone");
              const place = document.createElement("aside");
              document.body.replaceChildren(place);
              render(html`<${Phone} phone=${window.phone} shelf=${shelf} />`, place);
            }""",
            ROOM.assets.base,
        )
        page.evaluate("link => phone.add(link)", made["shareUrl"])
        expect(page.locator("aside .card")).to_contain_text("1,250", timeout=WAIT_MS)


def test_under_another_address_the_page_says_where_passes_reach_it(page_server: Billfold, look: Look) -> None:
    with look(page_server.url.replace("127.0.0.1", "localhost") + "/phones") as page:
        phones_on(page)
        assert page.get_by_role("link", name="/phones").get_attribute("href") == f"{page_server.url}/phones"


def test_the_demo_is_for_our_own_page_on_this_machine(page_server: Billfold) -> None:
    url, own = f"{page_server.url}/phones/demo/cards", {"Origin": page_server.url}
    assert ask("POST", url, headers=own).status == 201
    host = page_server.url.removeprefix("http://")
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
        own | {"X-Forwarded-For": "203.0.113.9"},
        own | {"Host": f"evil.example:{host.partition(':')[2]}"},
    ):
        assert ask("POST", url, headers=headers).status == 403, headers
        assert ask("POST", f"{url}/x/change", headers=headers).status == 403, headers
    assert ask("POST", f"{url}/none/change", headers=own).status == 409
    seen_elsewhere = urllib.request.Request(page_server.url + "/phones", headers={"Host": "evil.example"})
    with urllib.request.urlopen(seen_elsewhere) as page:
        assert b'data-demo="no"' in page.read()


def test_only_a_pass_of_the_test_environment_takes_a_phones_word(page_server: Billfold) -> None:
    made = page_server.make()
    page = ask("GET", made["shareUrl"], headers={"User-Agent": DESKTOP.agent, "X-Billfold-Phone": "iphone"}).body
    assert b'data-wallet="apple"' in page
    assert b'data-wallet="google"' not in page
    assert SAMPLE["logoText"].encode() in page


def test_vendored_files_are_what_their_list_says() -> None:
    vendor = ROOM.folder / "static" / "vendor"
    listed = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (vendor / "README.md").read_text(), re.MULTILINE))
    files = [path for path in vendor.rglob("*") if path.suffix in TYPES]
    assert listed == {path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


CLUB = {
    "description": "Club card",
    "style": "store_card",
    "primary": [{"key": "name", "label": "MEMBER", "value": "{{ sign_up.given_name | default('You') }}"}],
    "nfc": {"message": "member-1", "public_key": P256},
    "images": {"personalization_logo": LOGO},
    "sign_up": {"ask": ["name", "email"], "description": "Join the club", "terms": "As on our pages."},
}


def test_a_pass_with_a_form_is_added_once_its_holder_signed_up(page_server: Billfold, look: Look) -> None:
    template = page_server.api("POST", "/v1/templates", {"name": "Club", "content": CLUB}).json["id"]
    serial = page_server.api("POST", "/v1/passes", {"template_id": template}).json["id"]
    link = f"{page_server.url}/p/{serial}"
    with look(page_server.url + "/phones") as page:
        iphone, _ = phones_on(page)
        form = iphone.whole.get_by_role("form", name="Sign up on iPhone 1")

        def fill_in() -> None:
            iphone.open_link(link)
            expect(form).to_contain_text("Join the club")
            for label, text in (("First name", "Ada"), ("Last name", "Lovelace"), ("E-mail", "ada@example.org")):
                form.get_by_label(label).fill(text)
            iphone.press("Join")

        iphone.open_link(link)
        form.get_by_role("button", name="Not now").click(timeout=WAIT_MS)
        iphone.wait_for("not_signed_up")
        page.route("**/personalize", lambda route: route.fulfill(body=b"no signature"))
        fill_in()
        iphone.wait_for("complained", "the token's signature is invalid")
        page.unroute("**/personalize")
        expect(iphone.whole.locator(".card")).to_have_count(0)
        fill_in()
        iphone.wait_for("signed_up")
        iphone.wait_for("waiting")
        expect(iphone.whole.locator(".card")).to_contain_text("Ada")
        after = iphone.events[iphone.events.index("signed_up") :]
        assert after[:4] == ["signed_up", "fetched", "installed", "registered"]
        known = page_server.api("GET", f"/v1/passes/{serial}").json["values"]["sign_up"]
        assert known == {"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org"}
