"""The Designer as people use it, in Chromium: from a starter to a published card, on a desktop and on a phone, and without JSON."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from e2e.browser import DESKTOP, NARROW_ANDROID
from e2e.conftest import Billfold
from plugins.pages import Look

WIDE = replace(DESKTOP, width=1400, height=950)
ASK = "async ([path, body]) => (await import('billfold/ask.js')).ask('POST', path, body)"
SCRIPTS = """() => Object.fromEntries(performance.getEntriesByType('resource').filter(one => one.name.endsWith('js'))
  .map(one => [one.name, one.decodedBodySize]))"""
SCRIPT_BYTES_MAX = 150_000
PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "</script><script>alert(1)</script>",
    "${alert(1)}",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<math><mtext></table></math><img src onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
)


def a_design(server: Billfold, starter: str = "cafe-stamps", name: str | None = None) -> str:
    body: dict[str, object] = {"starter": starter, "publish": False} | ({"name": name} if name else {})
    answer = server.api("POST", "/v1/templates", body)
    assert answer.status == 201, answer.body
    return answer.json["id"]


def saved(page: Page) -> None:
    """Everything that was typed is with the server."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # the word follows the change
    expect(page.locator('[data-state="saved"]')).to_be_visible(timeout=30_000)


@pytest.fixture
def editing(look: Look, page_server: Billfold) -> Callable[..., object]:
    @contextmanager
    def opened(design: str, visitor: object = WIDE, **more: object) -> Iterator[Page]:
        with look(f"{page_server.url}/studio/test/designs/{design}", visitor, **more) as page:
            expect(page.get_by_role("tab", name="Texts")).to_be_visible(timeout=30_000)
            expect(page.locator(".phone img")).to_have_count(2, timeout=30_000)
            yield page

    return opened


@pytest.mark.requirement("S3-39", "S3-44")
def test_from_a_starter_to_a_published_card(look: Look, page_server: Billfold, no_serious_axe: Callable[[Page], None]) -> None:
    with look(f"{page_server.url}/studio/test/designs/new", WIDE) as page:
        expect(page.get_by_role("heading", name="Café stamp card")).to_be_visible(timeout=30_000)
        no_serious_axe(page)
        page.get_by_role("button", name="Begin with this Café stamp card").click()
        page.wait_for_url(re.compile(r"/studio/test/designs/tpl_"))
        expect(page.locator(".phone img")).to_have_count(2, timeout=30_000)
        before = page.locator(".phone.apple img").get_attribute("src")
        page.locator("input[name=logo_text]").fill("Maya's Café")
        expect(page.locator(".phone.apple img")).not_to_have_attribute("src", before or "", timeout=30_000)
        page.get_by_role("tab", name="Rules").click()
        page.get_by_label("Expires").select_option("days")
        expect(page.get_by_text("Each pass expires 365 days after it was issued.")).to_be_visible()
        saved(page)
        design = page.url.rpartition("/")[2]
        draft = page_server.api("GET", f"/v1/templates/{design}/draft").json
        assert (draft["content"]["logo_text"], draft["expires_in_days"]) == ("Maya's Café", 365)
        no_serious_axe(page)
        page.get_by_role("button", name="Publish", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Nobody has a pass of it yet.")).to_be_visible(timeout=30_000)
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(page.get_by_text("Published: 1")).to_be_visible(timeout=30_000)
    published = page_server.api("GET", f"/v1/templates/{design}").json
    assert (published["revision"], published["content"]["logo_text"]) == (1, "Maya's Café")
    values = {"member": {"name": "Ada", "number": "KC-1"}, "stamps": {"collected": 1, "total": 10}}
    assert page_server.api("POST", "/v1/passes", {"template_id": design, "values": values}).status == 201


def test_fields_are_added_moved_with_the_keyboard_and_undone(editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server, "retail-points")

    def areas() -> dict[str, list[str]]:
        content = page_server.api("GET", f"/v1/templates/{design}/draft").json["content"]
        return {area: [one["key"] for one in content[area]] for area in ("header", "primary", "secondary", "back")}

    was = areas()
    with editing(design) as page:
        second = page.get_by_role("region", name="Second row")
        second.get_by_role("button", name=re.compile("Move .* down")).first.press("Enter")
        saved(page)
        assert areas()["secondary"] == [was["secondary"][1], was["secondary"][0], *was["secondary"][2:]]
        second.locator("button.summary").first.click()
        second.get_by_label("Stands in").select_option("back")
        saved(page)
        assert areas()["back"] == [*was["back"], was["secondary"][1]]
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        saved(page)
        assert areas() == was
        page.get_by_role("button", name="Redo").click()
        saved(page)
        assert areas()["secondary"][0] == was["secondary"][1]
        source, target = second.locator(".line").first, page.get_by_role("region", name="Header").locator("ol.fields")
        source.drag_to(target)
        saved(page)
        assert areas()["header"] == [was["secondary"][1], *was["header"]]


@pytest.mark.requirement("S3-41", "S3-43")
def test_what_is_wrong_stands_beside_its_field(editing: Callable[..., object], page_server: Billfold) -> None:
    with editing(a_design(page_server)) as page:
        expect(page.get_by_text("put what must stay readable into the second row")).to_be_visible()
        page.get_by_role("tab", name="Look").click()
        page.locator("input[name=foreground_color]").fill("#3b2418")
        page.locator("input[name=foreground_color]").blur()
        expect(page.get_by_text("hard to read on this ground")).to_be_visible()
        saved(page)
        page.get_by_role("tab", name="Texts").click()
        header = page.get_by_role("region", name="Header")
        header.locator("button.summary").first.click()
        header.get_by_label("What the phone says when it changes").fill("Stamped, and no number")
        saved(page)
        page.get_by_role("tab", name="Code").click()
        page.locator(".finding", has_text="Header, STAMPS: What the phone says when it changes").first.click()
        expect(header.get_by_label("What the phone says when it changes")).to_be_visible()
        expect(page.get_by_role("tab", name="Texts")).to_have_attribute("aria-selected", "true")


def test_nobody_overwrites_what_somebody_else_has_saved(editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server)
    with editing(design, allow=("412",)) as page:
        draft = page_server.api("GET", f"/v1/templates/{design}/draft").json
        theirs = {name: draft[name] for name in ("content", "schema", "missing", "bindings")} | {"name": "Theirs"}
        theirs["content"] = {name: value for name, value in draft["content"].items() if value is not None and name != "images"}
        assert page_server.api("PUT", f"/v1/templates/{design}/draft", theirs).status == 200
        page.locator("input[name=design-name]").fill("Mine")
        expect(page.get_by_role("dialog").get_by_text("no longer the newest")).to_be_visible(timeout=30_000)
        assert page_server.api("GET", f"/v1/templates/{design}/draft").json["name"] == "Theirs"
        page.get_by_role("button", name="Open the newest").click()
        expect(page.locator("input[name=design-name]")).to_have_value("Theirs", timeout=30_000)


def test_a_revision_is_compared_and_published_again(editing: Callable[..., object], page_server: Billfold) -> None:
    design = page_server.api("POST", "/v1/templates", {"starter": "cafe-stamps"}).json["id"]
    for name in ("First", "Second"):
        draft = page_server.api("GET", f"/v1/templates/{design}/draft").json
        body = {one: draft[one] for one in ("schema", "missing", "bindings")} | {"name": name}
        content = {one: value for one, value in draft["content"].items() if value is not None and one != "images"}
        body["content"] = content | {"logo_text": name}
        assert page_server.api("PUT", f"/v1/templates/{design}", body).status == 200
    with editing(design) as page:
        page.get_by_role("button", name="Revisions").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name=re.compile("^2, ")).click()
        expect(dialog.locator("ins", has_text="Second").first).to_be_visible(timeout=30_000)
        expect(dialog.locator("del", has_text="First").first).to_be_visible()
        dialog.get_by_role("button", name="Publish this one again").click()
        expect(page.locator("input[name=logo_text]")).to_have_value("First", timeout=30_000)
    assert page_server.api("GET", f"/v1/templates/{design}").json["revision"] == 4


def test_languages_stand_beside_each_other_and_people_try_the_design(editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server)
    with editing(design) as page:
        page.get_by_role("tab", name="Languages").click()
        page.get_by_label("Add a language").select_option("es")
        page.get_by_label("STAMPS: Label").fill("SELLOS")
        saved(page)
        content = page_server.api("GET", f"/v1/templates/{design}/draft").json["content"]
        assert content["translations"]["es"] == {"fields.stamps.label": "SELLOS"}
        page.get_by_role("tab", name="Values").click()
        before = page.locator(".phone.apple img").get_attribute("src")
        page.get_by_role("button", name="Long texts").click()
        expect(page.locator(".phone.apple img")).not_to_have_attribute("src", before or "", timeout=30_000)


@pytest.mark.requirement("S3-40")
def test_the_request_that_does_the_same_can_be_copied_and_works(editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server)
    with editing(design) as page:
        page.get_by_role("button", name="As a request").click()
        page.get_by_role("button", name="Replace the design").click()
        text = page.locator("pre.code").inner_text()
    method, address = re.findall(r"-X (\w+) (\S+)", text)[0]
    body = text.partition("-d '")[2].removesuffix("'").replace("'\\''", "'")
    answer = page_server.api(method, address.removeprefix(page_server.url), body.encode())
    assert (answer.status, answer.json["revision"]) == (200, 1)


@pytest.mark.requirement("S3-42")
def test_a_place_is_where_one_stands_and_a_beacon_what_its_sender_says(
    editing: Callable[..., object], page_server: Billfold
) -> None:
    design = a_design(page_server)
    with editing(design) as page:
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation({"latitude": 48.208333, "longitude": 16.373056})
        page.get_by_role("tab", name="Places").click()
        page.get_by_role("button", name="Use where I am").click()
        expect(page.get_by_role("img", name="1 places, north is up")).to_be_visible(timeout=30_000)
        beacons = page.get_by_role("group", name="Beacons")
        for number in ("7", "8"):
            beacons.get_by_role("button", name="Add a beacon").click()
            beacons.get_by_label("Major").last.fill(number)
        beacons.get_by_label("Beacon's id").first.fill("F8F589E0-8B1C-4F1A-9A0E-0D3C1F1E2A11")
        beacons.get_by_label("Text on the lock screen").first.fill("At the till")
        beacons.get_by_role("button", name="Remove this beacon").last.click()
        saved(page)
    content = page_server.api("GET", f"/v1/templates/{design}/draft").json["content"]
    (place,) = content["locations"]
    assert (place["latitude"], place["longitude"]) == (48.208333, 16.373056)
    (beacon,) = content["beacons"]
    assert beacon == {"uuid": "f8f589e0-8b1c-4f1a-9a0e-0d3c1f1e2a11", "major": 7, "relevant_text": "At the till"}


def test_hostile_texts_run_nothing_anywhere(look: Look, editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server, name=PAYLOADS[0])
    with editing(design) as page:
        names = ("logo_text", "organization_name", "description", "design-name")
        for name, payload in zip(names, PAYLOADS[1:], strict=False):
            page.locator(f"input[name={name}]").fill(payload)
        header = page.get_by_role("region", name="Header")
        header.locator("button.summary").first.click()
        for label, payload in zip(("Label", "Value", "What the phone says when it changes"), PAYLOADS[5:], strict=False):
            header.get_by_label(label, exact=True).first.fill(payload)
        saved(page)
        for panel in ("Look", "Pictures", "Code", "Places", "Languages", "Values", "Rules"):
            page.get_by_role("tab", name=panel).click()
        page.get_by_role("button", name="Revisions").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
    with look(f"{page_server.url}/studio/test/designs", WIDE) as page:
        expect(page.get_by_role("link", name=PAYLOADS[4])).to_be_visible(timeout=30_000)


@pytest.mark.requirement("S3-39", "S3-28")
def test_a_design_is_tried_on_the_phones_beside_it(
    editing: Callable[..., object], page_server: Billfold, no_serious_axe: Callable[[Page], None]
) -> None:
    design = page_server.api("POST", "/v1/templates", {"starter": "cafe-stamps"}).json["id"]
    with editing(design) as page:
        scripts = page.evaluate(SCRIPTS)
        assert sum(scripts.values()) < SCRIPT_BYTES_MAX, scripts
        assert not [name for name in scripts if "/phones/" in name], "phones are fetched when somebody wants them"
        page.get_by_text("Try it on a phone").click()
        iphone, android = page.locator(".phone.iphone"), page.locator(".phone.android")
        for name, phone in (("iPhone", iphone), ("Android phone", android)):
            page.get_by_role("button", name=f"Put it on the {name}").click()
            expect(phone.locator(".card")).to_contain_text("4 / 10", timeout=30_000)
        expect(iphone.locator('[data-event="waiting"]')).to_have_count(1, timeout=30_000)
        header = page.get_by_role("region", name="Header")
        header.locator("button.summary").first.click()
        header.get_by_label("Value", exact=True).fill("{{ stamps.collected }} of {{ stamps.total }}")
        saved(page)
        page.get_by_role("button", name="Publish", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Header, STAMPS: Value")).to_be_visible(timeout=30_000)
        expect(dialog.get_by_text("Lock screens tell of: STAMPS.")).to_be_visible()
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(iphone.locator(".banner")).to_contain_text("Stamped! You have 4 of 10 now.", timeout=30_000)
        expect(android.locator(".card")).to_contain_text("4 of 10", timeout=30_000)

        page.get_by_role("button", name="The draft", exact=True).click()
        page.locator("input[name=logo_text]").fill("Only the draft")
        page.get_by_role("button", name="Put it on the iPhone").click()
        expect(iphone.locator(".card").filter(has_text="Only the draft")).to_have_count(1, timeout=30_000)
        page.locator("input[name=logo_text]").fill("The draft again")
        page.get_by_role("button", name="Put it on the iPhone").click()
        expect(iphone.locator(".card").filter(has_text="The draft again")).to_have_count(1, timeout=30_000)
        assert iphone.locator(".card").count() == 2, "one of what is published, one of the draft"
        no_serious_axe(page)
        mine = page.evaluate("name => JSON.parse(sessionStorage.getItem(name))", f"sample {design} published")
        values = {"member": {"name": "Eve", "number": "KC-6"}, "stamps": {"collected": 9, "total": 10}}
        asked = {"which": "published", "values": values, "earlier": mine["serial"], "proof": "0" * 64}
        given = page.evaluate(ASK, [f"/studio/test/designs/{design}/sample", asked])
        assert (given["again"], given["serial"] != mine["serial"]) == (False, True), (
            "nobody changes a pass that was not given to them"
        )
    passes = page_server.api("GET", f"/v1/passes?template_id={design}").json["items"]
    assert sorted(one["values"]["member"]["name"] for one in passes) == ["Eve", "Maya Okafor"], "both phones hold the same one"


def test_a_field_is_dragged_by_a_finger(editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server, "retail-points")
    was = page_server.api("GET", f"/v1/templates/{design}/draft").json["content"]["secondary"]
    with editing(design, replace(NARROW_ANDROID, height=2400)) as page:
        rows = page.get_by_role("region", name="Second row").locator(".field-row")
        rows.first.scroll_into_view_if_needed()
        grip, target = rows.nth(0).locator(".grip").bounding_box(), rows.nth(1).bounding_box()
        assert grip
        assert target
        fingers = page.context.new_cdp_session(page)
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
        end = target["y"] + target["height"] - 4
        fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for at in (y + 10, (y + end) / 2, end):
            fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": at}]})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        saved(page)
    now = page_server.api("GET", f"/v1/templates/{design}/draft").json["content"]["secondary"]
    assert [one["key"] for one in now[:2]] == [was[1]["key"], was[0]["key"]]


def test_a_picture_is_cut_to_what_matters(editing: Callable[..., object], page_server: Billfold) -> None:
    design = a_design(page_server, "retail-points")
    with editing(design) as page:
        page.get_by_role("tab", name="Pictures").click()
        strip = page.get_by_role("region", name="Strip")
        strip.get_by_label("Zoom").fill("2")
        strip.get_by_role("button", name=re.compile("^Point that stays in sight")).press("ArrowRight")
        expect(strip.get_by_role("button", name=re.compile("55 % from the left"))).to_be_visible()
        expect(strip.get_by_text("pixels").first).to_be_visible(timeout=30_000)
        saved(page)
        page.get_by_role("button", name="Undo").click()
        expect(strip.get_by_label("Zoom")).to_have_value("1")
        saved(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_works_on_a_narrow_phone(
    editing: Callable[..., object], page_server: Billfold, no_serious_axe: Callable[[Page], None], scheme: str
) -> None:
    with editing(a_design(page_server), replace(NARROW_ANDROID, scheme=scheme)) as page:
        for panel in ("Look", "Pictures", "Code", "Places", "Languages", "Values", "Rules", "Texts"):
            page.get_by_role("tab", name=panel).click()
            no_serious_axe(page)
        page.locator("input[name=logo_text]").fill("Small")
        saved(page)
