"""The widgets of all pages in a real browser, on a page that has each of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from e2e.browser import DESKTOP, NARROW_ANDROID
from plugins.pages import Look

SCRIPT_BYTES_MAX = 40_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("visitor", [DESKTOP, NARROW_ANDROID], ids=["desktop", "360px"])
def test_every_widget_is_readable_and_quiet(visitor, scheme, specimen_url: str, look: Look, no_serious_axe: Callable[[Page], None]):
    with look(specimen_url, replace(visitor, scheme=scheme)) as page:
        no_serious_axe(page)
        page.get_by_role("button", name="Dialog").click()
        no_serious_axe(page)


def test_a_dialog_keeps_the_focus_and_gives_it_back(specimen_url: str, look: Look) -> None:
    with look(specimen_url) as page:
        opener = page.get_by_role("button", name="Dialog")
        opener.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('dialog') !== null")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.textContent") == "Dialog"
        opener.click()
        page.get_by_role("button", name="Cancel").click()
        assert page.locator("dialog[open]").count() == 0


def test_tabs_are_moved_with_arrow_keys(specimen_url: str, look: Look) -> None:
    with look(specimen_url) as page:
        page.get_by_role("tab", name="Front").focus()
        assert page.get_by_role("tabpanel").inner_text() == "The front"
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tabpanel").inner_text() == "The back"
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == "front"


def test_a_toast_says_a_text_and_runs_none_of_it(specimen_url: str, look: Look) -> None:
    with look(specimen_url) as page:
        page.locator("#greet").click()
        assert "Hello <b>Ada</b>" in page.get_by_role("status").inner_text()
        page.get_by_role("status").get_by_role("button").click()
        assert page.get_by_role("status").inner_text() == ""


def test_parts_of_a_page_may_be_alive(specimen_url: str, look: Look) -> None:
    """Preact and htm from the import map, a room's modules importing each other, and a style set by a script."""
    with look(specimen_url) as page:
        page.locator("#count").click()
        page.locator("#count").click()
        expect(page.locator("#count")).to_have_text("2")
        expect(page.locator("html")).to_have_attribute("data-worker", f"{specimen_url}/worker.js")
        expect(page.locator("html")).to_have_attribute("data-refused", "TypeError")


def test_a_page_speaks_the_visitors_language(specimen_url: str, look: Look) -> None:
    with look(specimen_url) as page:
        page.set_extra_http_headers({"Accept-Language": "de-AT, en;q=0.5"})
        page.goto(specimen_url)
        assert page.locator("h1").inner_text().strip() == "Muster"
        assert page.locator("html").get_attribute("lang") == "de"


SINKS = """html => {
  const one = document.createElement('a');
  const tries = [
    () => { document.getElementById('live').innerHTML = html },
    () => one.setAttribute('onclick', 'window.ran = 1'),
    () => { document.createElement('script').text = 'window.ran = 2' },
  ];
  one.href = 'javascript:window.ran=3';
  document.body.append(one);
  one.click();
  return tries.map(one => { try { one(); return 'done' } catch (error) { return error.name } });
}"""


def test_what_a_stranger_gets_into_a_page_does_not_run(specimen_url: str, look: Look) -> None:
    with look(specimen_url, allow=("Content Security Policy", "policy:", "Trusted")) as page:
        assert page.evaluate(SINKS, "<img src=x onerror=window.ran=4>") == ["TypeError", "TypeError", "TypeError"]
        page.wait_for_function("window.violations.some(one => one.startsWith('script-src'))")
        assert page.evaluate("window.ran === undefined")


def test_all_modules_together_are_small(specimen_url: str, look: Look) -> None:
    with look(specimen_url) as page:
        loaded = "performance.getEntriesByType('resource').filter(one => one.name.endsWith('js'))"
        sizes = page.evaluate(f"{loaded}.map(one => one.decodedBodySize)")
        assert len(sizes) <= 20
        assert 0 < sum(sizes) < SCRIPT_BYTES_MAX
