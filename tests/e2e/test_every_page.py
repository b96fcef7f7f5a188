"""Every page of the product, opened once in Chromium, in a world in which each text is one that would run as script if it could:
nothing runs and no text becomes an element; axe finds nothing serious; scripts stay small. A page that is new is in by itself.

Pages that are one thing's (a pass, a member, a design) are opened with the first of thirty such things; of the others the page as
the server sends it is read by the browser's own parser."""

import asyncio
import json
import re
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from billfold import bootstrap
from billfold.api.openapi import operations
from billfold.domain.ids import Environment, Scope
from billfold.domain.mail import Subscriber
from billfold.flows import mailing, people, sign_in
from billfold.flows.people import Secret
from billfold.settings import load
from e2e.browser import DESKTOP, Visit, visiting
from e2e.conftest import Billfold, ask
from e2e.every_page import CONSOLE, DOCUMENTS, NO_PAGES, OUTSIDE, PAGES, Things, routes
from e2e.every_text import DETECT, PAYLOADS, Fill, Json, body_of, filled, free_paths
from e2e.phones_pages import phones_on

T = TypeVar("T")
pytestmark = pytest.mark.xdist_group("every page")  # whose world takes long to make

ROUNDS = len(PAYLOADS)
SCRIPT_BYTES_MAX = 150_000
SLOW_MS = 30_000
STORED = (
    "createBrand",
    "createProduct",
    "createTemplate",
    "createProgramme",
    "createMember",
    "createTerminal",
    "issueCard",
    "createPass",
    "facadeCreate",
    "sendMessage",
    "createOperation",
    "createScan",
    "createKey",
)
"""Operations whose texts are kept and shown, in an order in which each finds what it names."""
NOT_KEPT = {
    **dict.fromkeys(("facadeReplace", "facadeCreateBinary"), "takes what facadeCreate takes"),
    **dict.fromkeys(("replacePass",), "takes what createPass takes"),
    **dict.fromkeys(("publishTemplate", "saveTemplateDraft"), "takes what createTemplate takes"),
    **dict.fromkeys([f"replace{one}" for one in ("Brand", "Product", "Programme", "Member", "Terminal")], "as when it is made"),
    **dict.fromkeys(("issueCards", "changeCard"), "takes what issueCard takes"),
    **dict.fromkeys(("loyaltySend", "loyaltyModify", "loyaltyLink", "loyaltyScan"), "its texts name things"),
    **dict.fromkeys(("inspectCode",), "a code, which is looked for"),
    **dict.fromkeys(("previewContent", "checkPass"), "draws or checks, keeps nothing"),
    **dict.fromkeys(("uploadScans",), "takes what createScan takes, from a device with a grant"),
}
MUST_TAKE = {
    "createBrand": {".name"},
    "createProduct": {".name"},
    "createProgramme": {".title"},
    "createMember": {".name", ".external_id", ".attributes.tier"},
    "createTerminal": {".name", ".place"},
    "createKey": {".name"},
    "sendMessage": {".header", ".body"},
    "createScan": {".description"},
    "createTemplate": {".name", ".content.logo_text", ".content.organization_name", ".content.header[0].label"}
    | {f".content.{area}[0].value" for area in ("header", "primary", "secondary", "auxiliary", "back")}
    | {".content.barcode.alt_text", ".content.locations[0].relevant_text", ".schema[0].label"},
}
"""What is known to take any text, so that the walk is known to reach it."""
AREAS = ("header", "primary", "secondary", "auxiliary", "back")
SCHEMA = [{"name": "name", "type": "text", "label": "Name", "example": "Ada"}]


def content_example(content: Json) -> Json:
    """A content that uses each part with texts of its own."""
    areas = {area: [{"key": area, "label": "L", "value": "V", "change_message": "Now %@"}] for area in AREAS}
    place = {"latitude": 1, "longitude": 2, "relevant_text": "T"}
    extra = {"locations": [place], "translations": {"de": {"fields.header.label": "L"}}}
    return content | areas | extra | {"barcode": content["barcode"] | {"alt_text": "A"}}


@dataclass
class World:
    """`ids`: parameter of an address → one id a round. `taken`: operation → texts that took anything."""

    billfold: Billfold
    document: Json
    ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    taken: dict[str, set[str]] = field(default_factory=dict)
    session: str = ""
    join_token: str = ""
    unsubscribe: str = ""

    def fill(self, name: str, number: int) -> Json:
        """Makes one thing of the round. Texts that are refused, of which the problem names the place, stay as in the example."""
        path, method, operation = next(one for one in operations(self.document) if one[2]["operationId"] == name)
        schema, example = body_of(self.document, operation)
        example = self._example(name, json.loads(json.dumps(example)), number)
        for parameter in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{parameter}}}", self.ids[parameter][number])
        key = self.billfold.ready["demo"]["scanner_device_token"] if name == "createScan" else None  # type: ignore[index]
        for _ in range(12):
            body = filled(self.document, schema, example, Fill(number), self.refused[name].__contains__)
            answer = self.billfold.api(method.upper(), path, body, key=key)
            if answer.status < 300:
                self.taken.setdefault(name, set(free_paths(self.document, schema, example)) - self.refused[name])
                return answer.json
            problem = answer.json
            wrong = {"." + one["path"] for one in problem.get("errors", [])} if answer.status == 422 else set()
            assert wrong - self.refused[name], (name, answer.status, problem)
            self.refused[name] |= wrong
        raise AssertionError((name, problem))

    def _example(self, name: str, example: Json, number: int) -> Json:
        for known in ("brand_id", "template_id", "programme_id", "member_id", "pass_id"):
            if known in example:
                example[known] = (self.ids["card_id"] if known == "pass_id" else self.ids[known])[number]
        if name in ("createTemplate", "createPass"):
            example["content"] = content_example(example["content"])
        if name == "createTemplate":
            example |= {"schema": SCHEMA, "bindings": {}}
        if name == "issueCard":
            example["values"] = {"name": Fill(number).text(4_000)}
        if name in ("createOperation", "createScan"):
            example["id"] = str(uuid.uuid4())
        return example


def furnish(world: World) -> None:
    keep = {
        "createBrand": "brand_id",
        "createTemplate": "template_id",
        "createProgramme": "programme_id",
        "createMember": "member_id",
        "issueCard": "card_id",
        "createPass": "pass_id",
    }
    for number in range(ROUNDS):
        for name in STORED:
            made = world.fill(name, number)
            if name in keep:
                world.ids[keep[name]].append(str(made.get("id") or made.get("pass_id")))
    with sqlite3.connect(world.billfold.data / "billfold.sqlite", timeout=30) as database:
        names = (Fill(0).text(64), Fill(7).text(64))
        database.execute("UPDATE workspace SET name = ?, organization_name = ? WHERE id = 'demo00'", names)


def apart(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own, since Playwright has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def people_come(world: World) -> None:
    """Thirty of them; the first is the owner, and signed in with a browser of an odd name."""
    settings = load({"data": world.billfold.data, "port": world.billfold.port}, environ=world.billfold.environment)
    async with bootstrap.operate(settings) as parts:
        services = parts.services
        token = str(world.billfold.ready["owner_url"]).rpartition("/")[2]
        owner = None
        for number in range(ROUNDS):
            if owner is not None:
                actor = sign_in.SignedIn(owner, None, "", proved=True).actor(Environment.TEST)  # type: ignore[arg-type]
                token = await people.invite(services, actor, f"p{number}@example.com", "viewer")
            secret = Secret(passkey_id=f"passkey-{number}", passkey_key="QUJD")
            joined = await people.join(services, token, Fill(number).text(100), f"p{number}@example.com", secret)
            owner = owner or joined.person
        assert owner is not None
        scope = Scope("demo00", Environment.TEST)
        world.unsubscribe = mailing.unsubscribe_token(services, Subscriber(scope, "a" * 24, world.ids["brand_id"][0]))
        world.session = (await sign_in.after_joining(services, owner, Fill(0).text(200))).token
        actor = sign_in.SignedIn(owner, None, "", proved=True).actor(Environment.TEST)  # type: ignore[arg-type]
        world.join_token = await people.invite(services, actor, "next@example.com", "viewer")


@pytest.fixture(scope="module")
def world(page_server: Billfold) -> World:
    made = World(page_server, ask("GET", f"{page_server.url}/openapi.json").json)
    furnish(made)
    apart(people_come(made))
    return made


@pytest.fixture(scope="module")
def tab(world: World, browser: Browser) -> Iterator[Visit]:
    """Signed in as the owner."""
    home = world.billfold.url
    with visiting(browser, DESKTOP, f"{home}/studio/sign-in") as visit:
        visit.page.context.add_cookies([{"name": "billfold", "value": world.session, "url": home}])
        visit.page.set_default_timeout(SLOW_MS)
        yield visit


@dataclass
class Seen:
    """What a page did in one visit. `scripts`: address → bytes that travelled for it, packed."""

    hostile: list[str]
    serious: list[str]
    scripts: dict[str, int]


_SCRIPTS = """performance.getEntriesByType('resource').filter(one => /\\.m?js$/.test(one.name))
  .map(one => [one.name.replace(location.origin, ''), one.encodedBodySize])"""


@pytest.fixture(scope="module")
def judged(world: World, tab: Visit, serious_axe: Callable[[Page], list[str]]) -> Callable[[], Seen]:
    """What the page that is open has done since the last look."""

    def look() -> Seen:
        page = tab.page
        found = page.evaluate(f"({DETECT})(document)")
        found += [f"ran: {which}" for which in [page.evaluate("window.ran")] if which is not None]
        found += [one for one in tab.complaints(world.billfold.url) if not one.startswith(("contrast", "wider"))]
        tab.errors.clear()
        tab.asked.clear()
        return Seen(found, serious_axe(page), dict(page.evaluate(_SCRIPTS)))

    return look


@pytest.fixture(scope="module")
def first(world: World) -> Things:
    ids = {name: each[0] for name, each in world.ids.items()}
    return Things(ids["template_id"], ids["card_id"], ids["pass_id"], ids["member_id"], world.join_token, world.unsubscribe)


@pytest.fixture(scope="module")
def seen(world: World, tab: Visit, first: Things, judged: Callable[[], Seen]) -> dict[str, Seen]:
    """Each page, opened once; those that modules make are then used."""
    found = {}
    for route, address in PAGES.items():
        tab.page.goto(world.billfold.url + first.address(address))
        use = USES.get(route)
        if use is not None:
            use(tab.page, world)
        elif route not in DOCUMENTS:
            tab.page.wait_for_load_state("networkidle")
        found[route] = judged()
    tab.page.goto(str(world.billfold.ready["demo"]["mail_url"]))  # type: ignore[index]
    caught = tab.page.locator("ul li a").first
    for _ in range(30):
        if caught.count():
            break
        tab.page.wait_for_timeout(500)
        tab.page.reload()
    found["mail catcher"] = judged()
    caught.click()
    found["mail"] = judged()
    return found


# --- how a page that lives by its modules is used --------------------------------------------------------------------------------


def in_the_designer(page: Page, _world: World) -> None:
    expect(page.locator(".phone img").first).to_be_visible()
    for name in ("Look", "Pictures", "Code", "Places", "Languages", "Values", "Rules", "Texts"):
        page.get_by_role("tab", name=name).click()
    page.get_by_role("button", name="As a request").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")


def in_the_playground(page: Page, _world: World) -> None:
    for operation in ("listMembers", "listProducts", "listTemplates", "listEvents"):
        page.evaluate("id => { location.hash = id }", operation)
        expect(page.locator(f'.operations a[href="#{operation}"]')).to_have_attribute("aria-current", "true")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#answer [data-status]")).to_have_text("200")


def at_the_till(page: Page, world: World) -> None:
    """A terminal of that name and place, a card of that holder, and all products."""
    terminal = world.billfold.api("GET", "/v1/terminals").json["items"][-1]["id"]
    code = world.billfold.api("POST", f"/v1/terminals/{terminal}/enrolment").json["enrolment_code"]
    page.get_by_label("Terminal code").fill(code)
    page.get_by_role("button", name="Set up", exact=True).click()
    page.get_by_label("Or type the code").fill(world.ids["card_id"][0])
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator(".face")).to_be_visible()


def on_the_phones(page: Page, world: World) -> None:
    for phone in phones_on(page):
        phone.install(f"{world.billfold.url}/p/{world.ids['card_id'][0]}")
        phone.open_pass()
        phone.press("Details")


def sends_by_mail(page: Page, _world: World) -> None:
    page.get_by_role("button", name="Send by mail").click()
    page.get_by_label("E-mail address").or_(page.get_by_role("button", name="Send", exact=True)).first.focus()
    if page.get_by_label("E-mail address").count():
        page.get_by_label("E-mail address").fill("kim@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="on its way")).to_be_visible()


USES: dict[str, Callable[[Page, World], None]] = {
    "/studio/{environment}/designs/{template_id}": in_the_designer,
    "/studio/{environment}/passes/{serial}": sends_by_mail,
    "/studio/test/playground": in_the_playground,
    "/scan": at_the_till,
    "/phones": on_the_phones,
}


# --- what is shown ---------------------------------------------------------------------------------------------------------------


def test_every_page_is_in_the_table(tmp_path: Path) -> None:
    assert apart(routes(tmp_path)) == PAGES.keys() | NO_PAGES.keys()


def test_every_text_of_the_api_is_tried(world: World) -> None:
    """An operation that is new and takes a text is written among those whose texts are kept, or said why not."""
    taking = {
        operation["operationId"]
        for _, _, operation in operations(world.document)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
        and any(free_paths(world.document, *body_of(world.document, operation)))
    }
    assert taking - NOT_KEPT.keys() <= {*STORED}
    assert {name: texts - world.taken[name] for name, texts in MUST_TAKE.items() if texts - world.taken[name]} == {}


@pytest.mark.requirement("S0-03")
def test_no_text_runs_or_becomes_an_element(seen: dict[str, Seen]) -> None:
    assert {page: one.hostile for page, one in seen.items() if one.hostile} == {}


def test_nor_any_of_the_other_texts(world: World, browser: Browser) -> None:
    """As the server sends them, read by the browser's own parser."""
    page, found = browser.new_page(), {}
    cookie = {"Cookie": f"billfold={world.session}"}
    for number in range(1, ROUNDS):
        ids = {name: each[number] for name, each in world.ids.items()}
        for address in (
            f"/p/{ids['card_id']}",
            f"/studio/test/passes/{ids['card_id']}",
            f"/studio/test/passes/{ids['pass_id']}",
            f"/studio/test/members/{ids['member_id']}",
            f"/studio/test/designs/{ids['template_id']}",
            f"/studio/test/passes/new?template={ids['template_id']}",
        ):
            answer = ask("GET", world.billfold.url + address, headers=cookie)
            assert answer.status == 200, address
            parsed = f"html => ({DETECT})(new DOMParser().parseFromString(html, 'text/html'))"
            if became := page.evaluate(parsed, answer.body.decode()):
                found[address] = became
    page.close()
    assert found == {}


def test_axe_finds_nothing_serious(seen: dict[str, Seen]) -> None:
    assert {page: one.serious for page, one in seen.items() if one.serious} == {}


def test_scripts_are_small(seen: dict[str, Seen]) -> None:
    """Of each page, and of all pages of the console together, as they travel. The API reference shows somebody else's program."""
    sizes = {page: sum(one.scripts.values()) for page, one in seen.items()}
    assert {page: size for page, size in sizes.items() if size >= SCRIPT_BYTES_MAX and page != "/docs/api"} == {}
    console: dict[str, int] = {}
    for page in CONSOLE | OUTSIDE:
        console |= seen[page].scripts
    assert 0 < sum(console.values()) < SCRIPT_BYTES_MAX
    assert sizes["/p/{serial}"] < 5_000
