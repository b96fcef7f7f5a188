"""How codes get into the scanner: a real browser's camera that sees drawn codes, readers that type, and hands."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from billfold.domain.content import Barcode, BarcodeFormat
from billfold.scanner.pages import ROOM
from e2e.browser import DESKTOP, NARROW_ANDROID, chromium, visiting
from e2e.conftest import Billfold
from plugins.pages import Look
from scanner import films, keys

CODES = (
    Barcode(BarcodeFormat.QR, "https://example.com/p/demo00tQ?x=1&y=ü"),
    Barcode(BarcodeFormat.AZTEC, "BF1.demo00tAZTEC.0.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
    Barcode(BarcodeFormat.PDF417, "LOYALTY-98765 with spaces"),
    Barcode(BarcodeFormat.CODE128, "CARD-0000123"),
)
WATCH = """async base => {
  const [{ createDecoder }, { watch, onlyNew }] = await Promise.all(['decoder.js', 'camera.js'].map(one => import(base + one)));
  const decoder = await createDecoder();
  window.kind = decoder.kind;
  window.looks = [];
  window.found = [];
  const told = onlyNew(text => window.found.push(text));
  window.watched = await watch(document.createElement('video'), decoder, text => { window.looks.push(text); told(text) });
}"""
UNTIL = """([list, many]) => new Promise(done => {
  const look = () => window[list].length >= many ? done(window[list]) : setTimeout(look, 20);
  look();
})"""


@pytest.mark.requirement("S0-15")
def test_the_camera_reads_every_kind_of_code_that_passes_carry(page_server: Billfold, tmp_path: Path) -> None:
    film = films.film(tmp_path / "codes.y4m", *(films.draw(code, tilt=8 * number) for number, code in enumerate(CODES)))
    with (
        chromium(*films.arguments(film)) as browser,
        visiting(browser, DESKTOP, f"{page_server.url}/scan", permissions=["camera"]) as visit,
    ):
        page = visit.page
        page.evaluate(WATCH, ROOM.assets.base)
        assert set(page.evaluate(UNTIL, ["found", len(CODES)])) == {code.message for code in CODES}
        assert page.evaluate("window.kind") == "shipped"  # this browser has no detector of its own
        page.evaluate("window.watched.stop()")
        assert visit.complaints(page_server.url) == []


def test_a_code_that_stays_in_view_is_told_once(page_server: Billfold, tmp_path: Path) -> None:
    film = films.film(tmp_path / "one.y4m", films.draw(CODES[0]))
    with (
        chromium(*films.arguments(film)) as browser,
        visiting(browser, DESKTOP, f"{page_server.url}/scan", permissions=["camera"]) as visit,
    ):
        visit.page.evaluate(WATCH, ROOM.assets.base)
        assert set(visit.page.evaluate(UNTIL, ["looks", 8])) == {CODES[0].message}
        assert visit.page.evaluate("window.found") == [CODES[0].message]


def test_a_reader_that_types_is_heard_wherever_the_focus_is(page_server: Billfold, look: Look) -> None:
    with look(f"{page_server.url}/scan", NARROW_ANDROID) as page:
        field = page.get_by_label("Terminal code")
        field.fill("typed by hand before")
        keys.reader(page, "ABCD-EFGH")
        expect(field).to_have_value("ABCD-EFGH")  # what the keys put into the field is taken out again: it holds the code alone
        button = page.get_by_role("button", name="Set up")
        button.focus()
        keys.reader(page, "https://example.com/scan#code=JKLM 1", end="Tab")
        expect(field).to_have_value("")  # heard, though it is no terminal's code
        keys.reader(page, "https://example.com/scan#code=JKLM-NPQR")
        expect(field).to_have_value("JKLM-NPQR")
        expect(button).to_be_focused()
        assert page.get_by_role("alert").count() == 0, "the button was not pressed"


def test_people_who_type_are_no_readers(page_server: Billfold, look: Look) -> None:
    with look(f"{page_server.url}/scan", NARROW_ANDROID) as page:
        field = page.get_by_label("Terminal code")
        field.focus()
        keys.press(page, [*"wxyz", "Tab"], keys.PERSON_MS)
        expect(field).to_have_value("wxyz")
        expect(page.get_by_role("button", name="Set up")).to_be_focused()


def test_a_link_brings_the_terminals_code(page_server: Billfold, look: Look) -> None:
    with look(f"{page_server.url}/scan#code=ABCD-EFGH-JKLM", NARROW_ANDROID) as page:
        expect(page.get_by_label("Terminal code")).to_have_value("ABCD-EFGH-JKLM")
        assert page.url == f"{page_server.url}/scan", "the code is no longer in the address"
