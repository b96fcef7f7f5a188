"""The hosted page of a pass in a real browser: the one right thing for each visitor, readable, quiet, and safe."""

import base64
import io
import zipfile
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from e2e.browser import ANDROID, DESKTOP, IPHONE, NARROW_ANDROID, NARROW_IPHONE, VISITORS, chromium, visiting
from e2e.conftest import SAMPLE, Billfold, ask

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])  # the page is the same over either

PAGE_BYTES_MAX = 30_000
FULL = {
    "description": "Loyalty card",
    "logo_text": "Bayroast Coffee",
    "background_color": "#7c2d12",
    "header": [{"label": "POINTS", "value": "1,250"}],
    "primary": [{"label": "CARD", "value": "Coffee Rewards"}],
    "secondary": [{"label": "MEMBER", "value": "Ada Lovelace"}, {"label": "SINCE", "value": "2019"}],
    "auxiliary": [{"label": "TIER", "value": "Gold"}],
    "barcode": {"format": "QR", "message": "LOYALTY-98765"},
}
PAYLOADS = (
    "<script>window.ran=1</script>",
    "</style><script>window.ran=2</script>",
    "</title><img src=x onerror=window.ran=3>",
    '"><svg onload=window.ran=4>',
    "' onfocus=window.ran=5 autofocus='",
    "{{ 7*7 }}{% for a in b %}",
    "javascript:window.ran=7",
    '<iframe srcdoc="<script>parent.ran=8</script>">',
    "<a href=//evil.example>click</a><base href=//evil.example/>",
    "</section><meta http-equiv=refresh content=0;url=//evil.example>",
)


def link_to(billfold: Billfold, content: dict[str, object]) -> str:
    made = billfold.api("POST", "/v1/passes", {"content": content})
    assert made.status == 201, made.body
    return f"{billfold.url}/p/{made.json['id']}"


def size(billfold: Billfold, link: str, agent: str) -> int:
    return len(ask("GET", link, headers={"User-Agent": agent}).body)


def buttons(page: Page) -> list[str]:
    return page.locator("a[data-wallet]").evaluate_all("all => all.map(one => one.dataset.wallet)")


@pytest.mark.requirement("S3-35", "S3-36", "S3-37", "S0-05", "S0-06", "S0-07")
def test_each_visitor_sees_the_one_right_thing(billfold: Billfold, subtests: pytest.Subtests) -> None:
    link = link_to(billfold, FULL)
    with chromium() as browser:
        for visitor in (replace(one, scheme=scheme) for one in VISITORS for scheme in ("light", "dark")):
            with subtests.test(visitor.name, width=visitor.width, scheme=visitor.scheme), visiting(browser, visitor, link) as visit:
                page = visit.page
                assert visit.complaints(billfold.url) == []
                expected = {"iphone": ["apple"], "android": ["google"], "desktop": ["apple", "google"]}[visitor.name]
                assert buttons(page) == expected
                assert page.locator("section svg").count() == (1 if visitor.name == "desktop" else 0)
                assert page.locator("h1").inner_text() == "Bayroast Coffee"
                text = page.locator("main").inner_text()
                assert all(value in text for value in ("1,250", "Coffee Rewards", "Ada Lovelace", "Gold"))
                card = page.locator(".card").evaluate("one => getComputedStyle(one).backgroundColor")
                assert card == "rgb(124, 45, 18)"
                back = page.evaluate("getComputedStyle(document.body).backgroundColor")
                assert (back == "rgb(15, 15, 18)") == (visitor.scheme == "dark")
                if visitor.name != "desktop":
                    box = page.locator("a[data-wallet]").bounding_box()
                    assert box
                    assert box["height"] >= 44
                    assert box["y"] + box["height"] <= visitor.height, "one must scroll to the button"
                assert size(billfold, link, visitor.agent) < PAGE_BYTES_MAX


@pytest.mark.requirement("S3-37")
def test_the_page_carries_the_brands_logo(billfold: Billfold) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (160, 50), "#1d4ed8").save(drawn, "PNG")
    logo = "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()
    link = billfold.make(SAMPLE | {"logoURL": logo})["shareUrl"]
    with chromium() as browser:
        for visitor in (IPHONE, ANDROID, DESKTOP):
            with visiting(browser, visitor, link) as visit:
                assert visit.complaints(billfold.url) == []
                assert visit.page.locator(".card img").evaluate("one => one.naturalWidth") > 0


@pytest.mark.requirement("S3-36", "S0-04")
def test_a_phone_reads_the_code_on_the_desktop(billfold: Billfold) -> None:
    link = billfold.make()["shareUrl"]
    with chromium() as browser:
        for scheme in ("light", "dark"):
            with visiting(browser, replace(DESKTOP, scheme=scheme), link) as visit:
                shown = Image.open(io.BytesIO(visit.page.screenshot()))
                assert [one.text for one in zxingcpp.read_barcodes(shown)] == [link]


@pytest.mark.requirement("S0-05", "S0-06")
def test_the_keyboard_reaches_the_button_and_it_hands_over_the_pass(billfold: Billfold) -> None:
    made = billfold.make()
    with chromium() as browser:
        with visiting(browser, NARROW_IPHONE, made["shareUrl"]) as visit:
            visit.page.keyboard.press("Tab")
            assert visit.page.evaluate("document.activeElement.dataset.wallet") == "apple"
            assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            with visit.page.expect_download() as download:
                visit.page.keyboard.press("Enter")
            bundle = zipfile.ZipFile(download.value.path())
            assert made["serialNumber"].encode() in bundle.read("pass.json")
            assert download.value.suggested_filename == f"{made['serialNumber']}.pkpass"
        with visiting(browser, NARROW_ANDROID, made["shareUrl"]) as visit:
            visit.page.keyboard.press("Tab")
            assert visit.page.evaluate("document.activeElement.dataset.wallet") == "google"
            visit.page.keyboard.press("Enter")
            visit.page.wait_for_url("**/gp/v/save/**")
        with visiting(browser, DESKTOP, made["shareUrl"]) as visit:
            reached = []
            for _ in range(2):
                visit.page.keyboard.press("Tab")
                reached.append(visit.page.evaluate("document.activeElement.dataset.wallet"))
            assert reached == ["apple", "google"]


@pytest.mark.requirement("S3-35", "S0-11")
def test_a_void_and_an_expired_pass_say_so(billfold: Billfold, subtests: pytest.Subtests) -> None:
    voided = billfold.make()
    assert billfold.api("POST", f"/v1/passes/{voided['serialNumber']}/void").status == 200
    content = {"description": "Ticket", "logo_text": "Bayroast Coffee", "expires_at": "2020-01-01T00:00:00Z"}
    cases = {voided["shareUrl"]: "no longer valid", link_to(billfold, content): "expired"}
    with chromium() as browser:
        for link, words in cases.items():
            for visitor in (IPHONE, ANDROID, replace(DESKTOP, scheme="dark")):
                with subtests.test(words, visitor=visitor.name), visiting(browser, visitor, link) as visit:
                    assert words in visit.page.get_by_role("status").inner_text()
                    assert visit.complaints(billfold.url) == []
        with visiting(browser, IPHONE, billfold.url + "/p/demo00t-" + "0" * 22) as visit:
            assert "There is no pass here" in visit.page.locator("h1").inner_text()
            assert buttons(visit.page) == []


@pytest.mark.requirement("S3-35")
def test_what_a_pass_says_is_shown_and_never_run(billfold: Billfold, subtests: pytest.Subtests) -> None:
    """Ten payloads in every text of a pass: each is read on the page as it was written."""
    with chromium() as browser:
        for payload in PAYLOADS:
            one = {"label": payload, "value": payload, "change_message": f"{payload} %@"}
            content: dict[str, object] = dict.fromkeys(("description", "logo_text", "organization_name"), payload)
            content |= {group: [one] for group in ("header", "primary", "secondary", "auxiliary", "back")}
            content["barcode"] = {"format": "QR", "message": payload, "alt_text": payload}
            link = link_to(billfold, content)
            for visitor in (NARROW_IPHONE, NARROW_ANDROID, DESKTOP):
                with subtests.test(payload, visitor=visitor.name), visiting(browser, visitor, link) as visit:
                    page = visit.page
                    page.wait_for_timeout(50)
                    assert page.evaluate("window.ran === undefined")
                    assert page.url == link
                    assert visit.complaints(billfold.url) == []
                    assert page.locator("h1").inner_text() == payload
                    assert page.locator("dd").all_inner_texts() == [payload] * 4
                    assert payload in page.title()
                    assert page.locator("script, iframe, base, img, meta[http-equiv]").count() == 0


@pytest.mark.requirement("S3-35", "S0-03")
def test_the_page_is_private(billfold: Billfold) -> None:
    made = billfold.make()
    answer = ask("GET", made["shareUrl"], headers={"User-Agent": IPHONE.agent})
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    nonces = {ask("GET", made["shareUrl"]).headers["content-security-policy"] for _ in range(3)}
    assert len(nonces) == 3
