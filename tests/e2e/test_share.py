"""The hosted page of a pass in a real browser: the one right thing for each visitor, readable, quiet, and safe."""

import base64
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from e2e.browser import ANDROID, DESKTOP, IPHONE, NARROW_ANDROID, NARROW_IPHONE, VISITORS, Visitor, visiting
from e2e.conftest import Billfold, ask
from hostile import PAYLOADS
from plugins.pages import Look
from plugins.peers import Decoded

INSTAGRAM = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 350.0.0"
FACEBOOK = "Mozilla/5.0 (Linux; Android 16; wv) AppleWebKit/537.36 Version/4.0 Chrome/142.0 Mobile Safari/537.36 [FB_IAB/FB4A;]"
FULL = {
    "description": "Loyalty card",
    "organization_name": "Bayroast Coffee",
    "logo_text": "Bayroast Coffee",
    "background_color": "#7c2d12",
    "header": [{"label": "POINTS", "value": "1,250"}],
    "primary": [{"label": "CARD", "value": "Coffee Rewards"}],
    "secondary": [{"label": "MEMBER", "value": "Ada Lovelace"}, {"label": "SINCE", "value": "2019"}],
    "auxiliary": [{"label": "TIER", "value": "Gold"}],
    "barcode": {"format": "QR", "message": "LOYALTY-98765"},
}


def link_to(server: Billfold, content: dict[str, object]) -> str:
    made = server.api("POST", "/v1/passes", {"content": content})
    assert made.status == 201, made.body
    return f"{server.url}/p/{made.json['id']}"


@pytest.fixture(scope="module")
def link(page_server: Billfold) -> str:
    return link_to(page_server, FULL)


def buttons(page: Page) -> list[str]:
    found: list[str] = page.locator("a[data-wallet]").evaluate_all("all => all.map(one => one.dataset.wallet)")
    return found


def drawn(page: Page) -> bool:
    whole: bool = page.locator("figure img").evaluate("one => one.decode().then(() => one.naturalWidth > 300)")
    return whole


EVERYBODY = [replace(one, scheme=scheme) for one in VISITORS for scheme in ("light", "dark")]


@pytest.mark.requirement("S3-35", "S3-36", "S3-37", "S0-05", "S0-06", "S0-07")
@pytest.mark.parametrize("visitor", EVERYBODY, ids=lambda one: f"{one.name}-{one.width}-{one.scheme}")
def test_each_visitor_sees_the_one_right_thing(
    look: Look, page_server: Billfold, link: str, visitor: Visitor, no_serious_axe: Callable[[Page], None]
) -> None:
    with look(link, visitor) as page:
        assert buttons(page) == {"iphone": ["apple"], "android": ["google"], "desktop": ["apple", "google"]}[visitor.name]
        assert page.locator(".qr svg").count() == (1 if visitor.name == "desktop" else 0)
        assert page.locator("h1").inner_text() == "Bayroast Coffee"
        assert page.locator(".brand").evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(124, 45, 18)"
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (back == "rgb(15, 15, 18)") == (visitor.scheme == "dark")
        assert drawn(page)
        if visitor.name != "desktop":
            box = page.locator("a[data-wallet]").bounding_box()
            assert box
            assert box["height"] >= 48
            assert box["y"] + box["height"] <= visitor.height, "one must scroll to the button"
        page.get_by_text("in words").click()
        text = page.locator("main").inner_text()
        assert all(value in text for value in ("1,250", "Coffee Rewards", "Ada Lovelace", "Gold"))
        no_serious_axe(page)


@pytest.mark.requirement("S0-05", "S3-36")
@pytest.mark.parametrize(
    ("visitor", "way"),
    [
        (replace(NARROW_IPHONE, agent=INSTAGRAM, scheme="dark"), "x-safari-http://"),
        (replace(NARROW_ANDROID, agent=FACEBOOK), "intent://"),
    ],
    ids=["instagram", "facebook"],
)
def test_inside_an_app_the_way_out_comes_first(
    look: Look, link: str, visitor: Visitor, way: str, no_serious_axe: Callable[[Page], None]
) -> None:
    with look(link, visitor) as page:
        out = page.locator(".leave")
        assert str(out.get_attribute("href")).startswith(way)
        box = out.bounding_box()
        assert box
        assert box["y"] + box["height"] <= visitor.height
        assert page.locator(".address").inner_text() == link
        assert len(buttons(page)) == 1
        no_serious_axe(page)


@pytest.mark.requirement("S3-37")
def test_the_page_carries_the_brands_logo(look: Look, page_server: Billfold) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (160, 50), "#1d4ed8").save(picture, "PNG")
    logo = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    link = link_to(page_server, FULL | {"images": {"logo": logo}})
    for visitor in (IPHONE, ANDROID, DESKTOP):
        with look(link, visitor) as page:
            assert page.locator(".brand img").evaluate("one => one.naturalWidth") == 660
            assert drawn(page)


@pytest.mark.requirement("S3-36", "S0-04")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_reads_the_code_on_the_desktop_and_no_other(
    look: Look, link: str, scheme: str, decode_barcode: Callable[[bytes], Sequence[Decoded]]
) -> None:
    with look(link, replace(DESKTOP, scheme=scheme)) as page:
        assert drawn(page)
        read = decode_barcode(page.screenshot())
    assert {(one.reader, one.text) for one in read} == {("zxing", link), ("zbar", link)}


@pytest.mark.requirement("S0-05", "S0-06")
def test_the_keyboard_reaches_the_button_and_it_hands_over_the_pass(browser: Browser, link: str) -> None:
    serial = link.rpartition("/")[2]
    with visiting(browser, NARROW_IPHONE, link) as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.dataset.wallet") == "apple"
        assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        with visit.page.expect_download() as download:
            visit.page.keyboard.press("Enter")
        bundle = zipfile.ZipFile(download.value.path())
        assert serial.encode() in bundle.read("pass.json")
        assert download.value.suggested_filename == f"{serial}.pkpass"
    with visiting(browser, NARROW_ANDROID, link) as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.dataset.wallet") == "google"
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/gp/v/save/**")
    with visiting(browser, DESKTOP, link) as visit:
        reached = []
        for _ in range(2):
            visit.page.keyboard.press("Tab")
            reached.append(visit.page.evaluate("document.activeElement.dataset.wallet"))
        assert reached == ["apple", "google"]


def test_the_language_is_switched_without_a_script(look: Look, link: str, no_serious_axe: Callable[[Page], None]) -> None:
    with look(link, NARROW_IPHONE) as page:
        page.get_by_role("navigation", name="Language").get_by_role("link", name="Deutsch").press("Enter")
        page.wait_for_url("**?lang=de")
        assert page.locator("html").get_attribute("lang") == "de"
        assert page.get_by_role("link", name="Zu Apple Wallet hinzufügen").is_visible()
        no_serious_axe(page)


@pytest.mark.requirement("S3-35", "S3-36")
def test_the_page_of_several_is_as_good(
    look: Look, link: str, page_server: Billfold, no_serious_axe: Callable[[Page], None]
) -> None:
    ids = (link.rpartition("/")[2], link_to(page_server, FULL).rpartition("/")[2])
    for visitor in (NARROW_IPHONE, replace(NARROW_ANDROID, scheme="dark"), DESKTOP):
        with look(f"{page_server.url}/ps/{'.'.join(ids)}", visitor) as page:
            assert buttons(page) == (["google"] * 2 if visitor.name == "android" else ["apple"])
            no_serious_axe(page)


@pytest.mark.requirement("S3-35", "S0-11")
def test_a_void_and_an_expired_pass_say_so(look: Look, page_server: Billfold, no_serious_axe: Callable[[Page], None]) -> None:
    voided = link_to(page_server, FULL)
    assert page_server.api("POST", f"/v1/passes/{voided.rpartition('/')[2]}/void").status == 200
    ended = link_to(page_server, FULL | {"expires_at": "2020-01-01T00:00:00Z"})
    for link, words in ((voided, "no longer valid"), (ended, "expired")):
        for visitor in (NARROW_IPHONE, ANDROID, replace(DESKTOP, scheme="dark")):
            with look(link, visitor) as page:
                assert words in page.get_by_role("status").inner_text()
                assert page.locator(".add, .qr").count() == 0
                no_serious_axe(page)
    with look(page_server.url + "/p/demo00t-" + "0" * 22, NARROW_IPHONE, allow=("404",)) as page:
        assert "There is no pass here" in page.locator("h1").inner_text()
        assert buttons(page) == []


@pytest.mark.requirement("S3-35")
def test_what_a_pass_says_is_shown_and_never_run(browser: Browser, page_server: Billfold) -> None:
    """Thirty payloads in every text that the page shows of a pass: each is read as it was written."""
    visitors = (NARROW_IPHONE, NARROW_ANDROID, DESKTOP)
    links = []
    for payload in PAYLOADS:
        one = {"label": payload, "value": payload, "change_message": f"{payload} %@"}
        content: dict[str, object] = dict.fromkeys(("description", "logo_text", "organization_name"), payload)
        content |= {group: [one] for group in ("header", "primary", "secondary", "auxiliary", "back")}
        content["barcode"] = {"format": "QR", "message": payload, "alt_text": payload}
        links.append(link_to(page_server, content))
    for at, visitor in enumerate(visitors):
        with visiting(browser, visitor, links[0]) as visit:
            page = visit.page
            for payload, link in list(zip(PAYLOADS, links, strict=True))[at :: len(visitors)]:
                page.goto(link)
                assert drawn(page), payload
                assert page.evaluate("window.ran === undefined"), payload
                assert page.url == link
                assert page.locator("h1").inner_text() == payload
                assert page.locator("dd").all_text_contents() == [payload] * 4
                assert payload in page.title()
                assert payload in str(page.locator("figure img").get_attribute("alt"))
                assert page.locator("script, iframe, base, object, form, img[src='x'], meta[http-equiv]").count() == 0
                assert visit.complaints(page_server.url) == []


@pytest.mark.requirement("S3-35")
def test_the_picture_alone_runs_nothing_either(browser: Browser, page_server: Billfold) -> None:
    """An SVG that somebody opens by its address is a page of its own."""
    link = link_to(page_server, FULL | {"logo_text": PAYLOADS[11], "primary": [{"label": PAYLOADS[3], "value": PAYLOADS[11]}]})
    with visiting(browser, DESKTOP, f"{link}/picture.svg") as visit:
        assert visit.page.evaluate("window.ran === undefined")
        assert visit.page.locator("script").count() == 0


@pytest.mark.requirement("S3-35", "S0-03")
def test_the_page_is_private_and_small(page_server: Billfold, link: str) -> None:
    answer = ask("GET", link, headers={"User-Agent": IPHONE.agent})
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert len(answer.body) < 30_000
    again = ask("GET", link, headers={"User-Agent": IPHONE.agent, "If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    head = ask("HEAD", link, headers={"User-Agent": IPHONE.agent})
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", answer.headers["etag"])
