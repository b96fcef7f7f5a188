"""The Designer's pure modules, in a browser: what is opened can be saved, nothing is lost, undoing goes word by word."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from billfold.designer.pages import ROOM
from billfold.domain.content import Content, Field
from billfold.rendering import google
from billfold.starters import catalogue
from e2e.conftest import Billfold

ROUND_TRIP = "async ([file, draft]) => { const m = await import(file); return m.saved(m.opened(draft)) }"


@pytest.fixture(scope="module")
def bare(browser: Browser, page_server: Billfold) -> Iterator[Page]:
    """A page of the server's own origin without a policy, on which modules can be looked at alone."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(page_server.url + ROOM.assets.address("design.js"))
    yield page
    context.close()


@pytest.mark.parametrize("starter", catalogue.names())
def test_what_is_opened_and_saved_again_is_the_same_design(bare: Page, page_server: Billfold, starter: str) -> None:
    made = page_server.api("POST", "/v1/templates", {"starter": starter, "publish": False}).json
    address = f"/v1/templates/{made['id']}/draft"
    draft = page_server.api("GET", address).json
    answer = page_server.api("PUT", address, bare.evaluate(ROUND_TRIP, [ROOM.assets.address("design.js"), draft]))
    assert answer.status == 200, answer.body
    for name in ("name", "content", "schema", "missing", "bindings", "expires_in_days"):
        assert answer.json[name] == draft[name], name


def test_no_move_loses_or_doubles_a_field(bare: Page) -> None:
    counted = bare.evaluate(
        """async (file) => {
          const m = await import(file);
          let seed = 7;
          const roll = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
          const content = { header: [{ key: "a" }], primary: [], secondary: [{ key: "b" }, { key: "c" }], back: [{ key: "d" }] };
          let design = { name: "x", content, schema: [] };
          for (let step = 0; step < 2000; step++) {
            const all = m.fields(design.content);
            const { area, at } = all[roll(all.length)];
            design = m.moveField(design, area, at, m.AREAS[roll(m.AREAS.length)], roll(5));
            const keys = m.fields(design.content).map(({ field }) => field.key).sort().join("");
            if (keys !== "abcd") return `${step}: ${keys}`;
          }
          return "all there";
        }""",
        ROOM.assets.address("design.js"),
    )
    assert counted == "all there"


def test_what_stands_on_googles_card_is_what_the_renderer_puts_there(bare: Page) -> None:
    areas = ("header", "primary", "secondary", "auxiliary")
    for counts in ((1, 1, 2, 1), (0, 0, 0, 0), (3, 1, 4, 4), (2, 2, 1, 0), (0, 0, 7, 5), (1, 3, 4, 2)):
        fields = {area: [{"key": f"{area}{at}"} for at in range(count)] for area, count in zip(areas, counts, strict=True)}
        shown = bare.evaluate(
            "async ([file, content]) => (await import(file)).onGooglesCard(content)", [ROOM.assets.address("design.js"), fields]
        )
        content = Content("x", "x", **{area: tuple(Field(one["key"], "1") for one in fields[area]) for area in areas})
        keys = [one.key for row in google.rows(content) for one in row] + [one.key for one in content.primary[:1]]
        assert shown == {area: sum(key.startswith(area) for key in keys) for area in (*areas, "back")}, counts
    journey = "async (file) => (await import(file)).onGooglesCard({ kind: 'flight', primary: [{ key: 'from' }] })"
    assert bare.evaluate(journey, ROOM.assets.address("design.js")) is None


def test_a_new_field_has_a_key_that_no_other_has(bare: Page) -> None:
    keys = bare.evaluate(
        """async (file) => {
          const m = await import(file);
          let design = { name: "x", content: {}, schema: [] };
          for (const wish of ["Points", "points", "Größe", "", "!!"]) {
            design = m.addField(design, "back", { key: m.freshKey(design.content, wish) });
          }
          return design.content.back.map((one) => one.key);
        }""",
        ROOM.assets.address("design.js"),
    )
    assert keys == ["points", "points_2", "gro_e", "field", "field_2"]


def test_undoing_takes_back_a_word_and_not_a_letter(bare: Page) -> None:
    seen = bare.evaluate(
        """async (file) => {
          const { createHistory } = await import(file);
          let clock = 0;
          const history = createHistory("", () => clock);
          for (const text of ["C", "Ca", "Caf", "Café"]) { clock += 200; history.change(text, "label"); }
          clock += 5000;
          history.change("Café!", "label");
          history.change("other", null);
          const back = [history.undo(), history.undo(), history.undo(), history.canUndo];
          return [...back, history.redo(), history.redo(), history.redo(), history.canRedo];
        }""",
        ROOM.assets.address("history.js"),
    )
    assert seen == ["Café!", "Café", "", False, "Café", "Café!", "other", False]


@pytest.mark.parametrize(
    ("first", "second", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)]
)
def test_contrast_is_that_of_the_web_guidelines(bare: Page, first: str, second: str, ratio: float) -> None:
    found = bare.evaluate(
        "async ([file, a, b]) => (await import(file)).contrast(a, b)", [ROOM.assets.address("colours.js"), first, second]
    )
    assert found == pytest.approx(ratio, abs=0.01)
