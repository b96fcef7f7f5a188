"""The documents as the server shows them: each there, each link leads somewhere, found by search; and the checklist."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

from playwright.sync_api import Page, expect

from billfold.manual import library
from e2e.browser import DESKTOP, NARROW_ANDROID
from e2e.conftest import Billfold, ask
from plugins.pages import Look


def test_every_document_is_shown_and_every_link_leads_somewhere(page_server: Billfold) -> None:
    pages = {name: ask("GET", f"{page_server.url}/docs/{name}") for name in library.names()}
    assert {answer.status for answer in pages.values()} == {200}
    assert {"getting-started", "going-live", "CHANGELOG", "designer"} <= pages.keys()
    bodies = {f"/docs/{name}": answer.body.decode() for name, answer in pages.items()}
    bodies["/docs"] = ask("GET", f"{page_server.url}/docs").body.decode()
    targets = set()
    for address, body in bodies.items():
        for target in re.findall(r'(?:href|src)="([^"]+)"', body):
            target = html.unescape(target)
            targets.add(address + target if target.startswith("#") else target)
    dead = []
    for target in sorted(one for one in targets if one.startswith("/")):
        path, _, anchor = target.partition("#")
        if path in bodies:
            good = not anchor or f'id="{anchor}"' in bodies[path]
        else:
            good = ask("GET", page_server.url + path).status in (200, 303)
        if not good:
            dead.append(target)
    assert dead == []


def test_markdown_cannot_bring_html_or_scripts(tmp_path: object, monkeypatch: object) -> None:
    hostile = "# A <script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)> [y](data:text/html,x)\n"
    path = tmp_path / "docs"  # type: ignore[operator]
    path.mkdir()
    (path / "hostile.md").write_text(hostile)
    monkeypatch.setattr(library, "_BESIDE", path)  # type: ignore[attr-defined]
    library.find.cache_clear()
    try:
        shown = library.find("hostile")
        assert shown is not None
        assert not re.search(r"<(script|img)|href=\"(javascript|data):", shown.html)
        assert "&lt;script&gt;" in shown.html
        assert (library.find("../hostile"), library.find("nothing")) == (None, None)
    finally:
        library.find.cache_clear()


def test_a_reader_searches_copies_and_goes_on(look: Look, page_server: Billfold, no_serious_axe: Callable[[Page], None]) -> None:
    with look(f"{page_server.url}/docs", replace(DESKTOP, scheme="dark")) as page:
        no_serious_axe(page)
        page.get_by_label("Search the headings").fill("more machine")
        page.get_by_role("link", name="More than one machine").click()
        expect(page).to_have_url(re.compile("/docs/going-live#more-than-one-machine"))
        no_serious_axe(page)
        expect(page.get_by_role("button", name="Copy").first).to_be_visible()


def test_documents_fit_a_narrow_phone(look: Look, page_server: Billfold) -> None:
    for name in ("settings", "ARCHITECTURE", "why-does-my-pass-not-open"):
        with look(f"{page_server.url}/docs/{name}", NARROW_ANDROID) as page:
            expect(page.locator("h1")).to_be_visible()


def test_the_reference_stays_beside_them(page_server: Billfold) -> None:
    answer = ask("GET", f"{page_server.url}/docs/api")
    assert (answer.status, b'id="reference"' in answer.body) == (200, True)
    assert ask("GET", f"{page_server.url}/docs/problems").body.count(b"<h2 id=") > 20


def test_the_checklist_looks_by_itself(look: Look, page_server: Billfold, no_serious_axe: Callable[[Page], None]) -> None:
    with look(f"{page_server.url}/studio/test/going-live", DESKTOP) as page:
        rows = page.locator("tbody tr")
        expect(rows.filter(has_text="public address")).to_contain_text("https only")
        expect(rows.filter(has_text="apple, demo00 live")).to_contain_text("billfold certs import")
        expect(rows.filter(has_text="clock")).to_contain_text("good")
        no_serious_axe(page)
