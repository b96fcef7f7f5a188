"""The tables as people use them, in Chromium: found, looked at, changed, sent, replaced; on a phone, in the dark, by keyboard."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from e2e.browser import DESKTOP, NARROW_ANDROID
from e2e.conftest import Billfold, ask
from plugins.pages import Look

DARK = replace(DESKTOP, scheme="dark")
PAYLOADS = (
    "<img src=x onerror=window.ran=1>",
    "<script>window.ran=1</script>",
    '"><svg onload=window.ran=1>',
    "</script><script>window.ran=1</script>",
    "javascript:window.ran=1",
    "{{ 7 * 7 }}${7*7}",
)
CONTENT = {
    "description": "Club card",
    "organization_name": "Kettle & Crumb",
    "primary": [{"key": "who", "label": "NAME", "value": "{{ name }}", "change_message": "You are %@"}],
    "header": [{"key": "points", "label": "POINTS", "value": "{{ points }}"}],
}
SCHEMA = [
    {"name": "name", "type": "text", "required": True, "label": "Name on the card", "max_length": 40},
    {"name": "points", "type": "integer", "label": "Points"},
]


@pytest.fixture(scope="module")
def template(page_server: Billfold) -> str:
    made = page_server.api("POST", "/v1/templates", {"name": "Club", "content": CONTENT, "schema": SCHEMA})
    assert made.status == 201, made.body
    return str(made.json["id"])


def a_pass(server: Billfold, template: str, **values: object) -> str:
    made = server.api("POST", "/v1/passes", {"template_id": template, "values": {"name": "Ada", "points": 3} | values})
    assert made.status == 201, made.body
    return str(made.json["id"])


def fits(page: Page) -> None:
    """The last column is on the screen."""
    assert page.locator(".table").evaluate("one => one.scrollWidth <= one.clientWidth")


def test_somebody_finds_a_member_and_the_cards(look: Look, page_server: Billfold, no_serious_axe: Callable[[Page], None]) -> None:
    with look(f"{page_server.url}/studio/test/passes", DARK) as page:
        page.get_by_label("Find a pass").fill("okaf")
        page.get_by_label("Find a pass").press("Enter")
        expect(page.locator("tbody tr")).to_have_count(3)
        no_serious_axe(page)
        page.get_by_role("link", name="Ten coffees").first.click()
        expect(page.get_by_role("heading", name="Statement, stamps")).to_be_visible()
        expect(page.locator("figure img")).to_have_count(2)
        assert page.evaluate("Promise.all([...document.images].map(one => one.decode().then(() => one.naturalWidth > 0)))")
        no_serious_axe(page)
        page.get_by_role("link", name="Maya Okafor").click()
        expect(page.get_by_role("link", name="Ten coffees")).to_be_visible()
        no_serious_axe(page)


@pytest.mark.requirement("S2-31", "S2-49")
def test_what_was_charged_at_the_till_stands_on_the_cards_page(look: Look, page_server: Billfold) -> None:
    demo = page_server.ready["demo"]
    assert isinstance(demo, dict)
    serial = demo["storecard_pass_code"]
    scan = {"organization_identifier": "demo00", "pass_code": serial, "balance": -3.5, "description": "Flat white", "vat_rate": 21}
    headers = {"Authorization": f"Bearer {demo['scanner_device_token']}", "Content-Type": "application/json"}
    assert ask("POST", f"{page_server.url}/passes/scan/storecard", scan, headers).status == 200
    with look(f"{page_server.url}/studio/test/passes/{serial}", NARROW_ANDROID) as page:
        row = page.get_by_role("region", name="At the till").locator("tbody tr").first
        expect(row).to_contain_text("Flat white")
        expect(row).to_contain_text("-3.50 EUR")
        expect(row).to_contain_text("21 %")


@pytest.mark.requirement("S0-20")
def test_a_value_is_changed_and_a_wrong_one_is_explained_beside_it(look: Look, page_server: Billfold, template: str) -> None:
    serial = a_pass(page_server, template)
    with look(f"{page_server.url}/studio/test/passes/{serial}", NARROW_ANDROID, allow=("422",)) as page:
        page.get_by_label("Points").fill("lots")
        page.get_by_role("button", name="Save and tell the phones").click()
        expect(page.get_by_label("Points")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Points")).to_have_value("lots")
        page.get_by_label("Points").fill("12")
        page.get_by_label("Name on the card").fill("Grace")
        page.get_by_role("button", name="Save and tell the phones").click()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        page.get_by_role("button", name="Save and tell the phones").click()
        expect(page.get_by_role("status").filter(has_text="Nothing changed")).to_be_visible()
    assert page_server.api("GET", f"/v1/passes/{serial}").json["values"] == {"name": "Grace", "points": 12}


def test_a_pass_is_handed_out_and_what_is_missing_is_said_beside_it(
    look: Look, page_server: Billfold, template: str, no_serious_axe: Callable[[Page], None]
) -> None:
    with look(f"{page_server.url}/studio/test/passes", NARROW_ANDROID, allow=("422",)) as page:
        fits(page)
        page.get_by_role("link", name="Hand out a pass").click()
        page.get_by_label("Template").select_option(template)
        page.get_by_role("button", name="Choose").click()
        no_serious_axe(page)
        page.get_by_label("Points").fill("lots")
        page.get_by_role("button", name="Make the pass").click()
        expect(page.get_by_label("Name on the card")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Points")).to_have_value("lots")
        page.get_by_label("Name on the card").fill("Grace")
        page.get_by_label("Points").fill("12")
        page.get_by_role("button", name="Make the pass").click()
        expect(page.get_by_role("status").filter(has_text="This is the new pass")).to_be_visible()
        serial = re.sub(r"\?.*", "", page.url).rpartition("/")[2]
    assert page_server.api("GET", f"/v1/passes/{serial}").json["values"] == {"name": "Grace", "points": 12}


@pytest.mark.requirement("S0-04", "S3-38")
def test_what_hands_a_pass_out_is_copied_by_keyboard(
    look: Look, page_server: Billfold, template: str, no_serious_axe: Callable[[Page], None]
) -> None:
    """Each snippet is as `/v1` gives it; a hostile name stands in it as text."""
    serial = a_pass(page_server, template)
    known = page_server.api("GET", f"/v1/passes/{serial}/snippets").json
    told = ("share_url", "direct_url", "qr_png_url", "button_html", "mail_html")
    address = f"{page_server.url}/studio/test/passes/{serial}"
    with look(address, NARROW_ANDROID, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.get_by_role("link", name="Link and QR code").press("Enter")
        expect(page.locator("#hand-out")).to_be_focused()
        expect(page.get_by_role("img", name="QR code of the link")).to_be_in_viewport()
        copied = []
        for button in page.locator("#hand-out").get_by_role("button", name="Copy").all():
            button.press("Enter")
            expect(page.locator("#toasts").get_by_text("Copied").last).to_be_visible()
            copied.append(page.evaluate("navigator.clipboard.readText()"))
        assert copied == [known[one] for one in told]
        with page.expect_download() as download:
            page.get_by_role("link", name="QR code, PNG").press("Enter")
        with Image.open(download.value.path()) as picture:
            assert picture.size == (1024, 1024)
            assert [one.text for one in zxingcpp.read_barcodes(picture.convert("L"))] == [known["share_url"]]
        no_serious_axe(page)


def test_a_pass_is_replaced_and_made_void_by_keyboard(look: Look, page_server: Billfold, template: str) -> None:
    serial = a_pass(page_server, template)
    with look(f"{page_server.url}/studio/test/passes/{serial}", NARROW_ANDROID) as page:
        page.get_by_role("button", name="Reissue").press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Reissue").press("Enter")
        expect(page.get_by_role("status").filter(has_text="This is the new pass")).to_be_visible()
        new = re.sub(r"\?.*", "", page.url).rpartition("/")[2]
        page.get_by_role("link", name=serial).click()
        expect(page.get_by_text("Void", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Make void")).to_have_count(0)
        page.goto(f"{page_server.url}/studio/test/passes/{new}")
        page.get_by_role("button", name="Make void").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert not page_server.api("GET", f"/v1/passes/{new}").json["voided"]
        page.get_by_role("button", name="Make void").click()
        page.get_by_role("dialog").get_by_role("button", name="Make void").click()
        expect(page.get_by_role("status").filter(has_text="The pass is void")).to_be_visible()
    assert page_server.api("GET", f"/v1/passes/{serial}").json["voided"]
    assert page_server.api("GET", f"/v1/passes/{new}").json["voided"]


def test_the_link_goes_out_by_mail_and_shows_among_the_mails(look: Look, page_server: Billfold, template: str) -> None:
    serial = a_pass(page_server, template)
    with look(f"{page_server.url}/studio/test/passes/{serial}", DESKTOP) as page:
        page.get_by_role("button", name="Send by mail").click()
        page.get_by_label("E-mail address").fill("kim@example.com")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="on its way")).to_be_visible()
        expect(page.get_by_text("Link to the pass kim@example.com")).to_be_visible()


def test_a_member_is_added_changed_and_erased(look: Look, page_server: Billfold, no_serious_axe: Callable[[Page], None]) -> None:
    with look(f"{page_server.url}/studio/test/members", NARROW_ANDROID, allow=("422",)) as page:
        fits(page)
        page.get_by_role("link", name="New member").click()
        no_serious_axe(page)
        page.get_by_label("Name").fill("Noor Haddad")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_text("nothing says who this is")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value("Noor Haddad")
        page.get_by_label("E-mail").fill("noor@example.org")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("status").filter(has_text="Added.")).to_be_visible()
        page.get_by_label("Name of attribute 1").fill("tier")
        page.get_by_label("Value of attribute 1").fill("silver")
        page.get_by_label("Wants no mails but").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Wants no mails", exact=True)).to_be_visible()
        expect(page.get_by_label("Value of attribute 1")).to_have_value("silver")
        no_serious_axe(page)
        page.get_by_label("Name of attribute 1").fill("ti er")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("has odd characters")).to_be_visible()
        page.get_by_role("button", name="Erase").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Yes, erase this person for good").check()
        dialog.get_by_role("button", name="Erase").click()
        expect(page.get_by_role("status").filter(has_text="The person was erased")).to_be_visible()
        page.get_by_label("Find a member").fill("noor")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Nobody found")).to_be_visible()


@pytest.mark.requirement("S0-03")
def test_what_strangers_write_is_shown_and_never_run(look: Look, page_server: Billfold, template: str) -> None:
    brand = page_server.ready["demo"]["brand_id"]  # type: ignore[index,call-overload]
    paths = []
    for nth, payload in enumerate(PAYLOADS):
        serial = a_pass(page_server, template, name=payload[:40])
        member = {"brand_id": brand, "external_id": payload, "name": payload, "attributes": {"tier": payload}}
        made = page_server.api("POST", "/v1/members", member)
        assert made.status == 201, made.body
        paths += [f"/passes/{serial}", f"/members/{made.json['id']}", f"/passes?q=%22%3E%3Csvg+onload=ran{nth}"]
    with look(
        f"{page_server.url}/studio/test/members?q=%3Cimg", DESKTOP
    ) as page:  # what it must not do is noted of all that follow
        for path in ("/members?q=%3Cscript", *paths):
            page.goto(f"{page_server.url}/studio/test{path}")
            expect(page.locator("h1")).to_be_visible()
            assert page.evaluate("window.ran") is None, path
            assert page.evaluate("window.violations") == [], path
            assert page.locator("main img[src='x'], main script, main svg[onload]").count() == 0, path


def test_a_form_of_elsewhere_changes_nothing(page_server: Billfold, template: str) -> None:
    serial = a_pass(page_server, template)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "none"}
    cookie = ask("GET", f"{page_server.url}/studio/test/passes", None, headers).headers["set-cookie"].partition(";")[0]
    for origin in ("https://evil.example", page_server.url):
        sent = headers | {"Cookie": cookie, "Origin": origin}
        for act in ("void", "reissue", "link", "values"):
            answer = ask("POST", f"{page_server.url}/studio/test/passes/{serial}/{act}", b"csrf=0&carry=yes", sent)
            assert answer.status == 403, (act, answer.status)
    assert not page_server.api("GET", f"/v1/passes/{serial}").json["voided"]


def test_what_is_not_there_and_what_is_another_s_look_the_same(page_server: Billfold) -> None:
    headers = {"Sec-Fetch-Site": "none"}
    own, other = "demo00t-AAAAAAAAAAAAAAAAAAAAAA", "other0t-AAAAAAAAAAAAAAAAAAAAAA"
    for serial in (own, other, "x", "%00", "a" * 300):
        assert ask("GET", f"{page_server.url}/studio/test/passes/{serial}", None, headers).status == 404, serial
    assert ask("GET", f"{page_server.url}/studio/test/members/none", None, headers).status == 404
    assert ask("GET", f"{page_server.url}/studio/test/passes?after=zzz&template=x&state=%3C", None, headers).status in (200, 303)
