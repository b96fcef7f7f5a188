"""Pages under test: one server for a module, one browser, and a visit that ends with what the page must never have done.

    def test_it_greets(page_server, look, no_serious_axe):
        with look(page_server.url + "/scan", NARROW_ANDROID) as page:
            assert page.locator("h1").inner_text() == "Scanner"
            no_serious_axe(page)

A module that uses these holds no async test: Playwright's loop and pytest's do not stand beside each other. All its tests run in
one worker, so that its server and its browser start once. What a test expects to see, it waits for as long as a busy machine may
take: a wait is a limit to patience and measures nothing. May not enter: what any page says.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.browser import DESKTOP, Visitor, chromium, visiting
from e2e.conftest import Billfold, running

Look = Callable[..., AbstractContextManager[Page]]
PATIENCE_MS = 30_000
_SERIOUS = ("serious", "critical")
_OURS = "{ include: [['html']], exclude: [['.swagger-ui']] }"
"""Of what a page shows, all but the program of others that shows the API reference."""


def pytest_configure() -> None:
    expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"page_server", "browser"} & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Billfold]:
    """The product on SQLite, for all tests of a module: each makes what it needs and counts on nothing else being there."""
    with running(tmp_path_factory.mktemp("pages"), "") as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def look(browser: Browser) -> Look:
    """`with look(url, visitor, allow=("404",)) as page:` and at its end: no error in the console, nothing that the page's own
    policy refused, no request to elsewhere, readable contrast, nothing wider than the screen. `allow`: words of complaints that are
    meant to be there."""

    @contextmanager
    def visit(url: str, visitor: Visitor = DESKTOP, allow: tuple[str, ...] = (), **context: object) -> Iterator[Page]:
        parts = urlsplit(url)
        with visiting(browser, visitor, url, **context) as one:
            yield one.page
            found = one.complaints(f"{parts.scheme}://{parts.netloc}")
        assert [line for line in found if not any(word in line for word in allow)] == []

    return visit


@pytest.fixture(scope="session")
def serious_axe(axe_source: str) -> Callable[[Page], list[str]]:
    """What axe-core finds of serious or critical things; each line names the rule and the element."""

    def ask(page: Page) -> list[str]:
        page.evaluate(axe_source)
        # without `preload`, which puts styles into pages that have shadow trees
        answer = page.evaluate(f"axe.run({_OURS}, {{ resultTypes: ['violations'], preload: false }})")
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:160]}"
            for one in answer["violations"]
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]

    return ask


@pytest.fixture(scope="session")
def no_serious_axe(serious_axe: Callable[[Page], list[str]]) -> Callable[[Page], None]:
    """`no_serious_axe(page)` fails when there is any."""

    def ask(page: Page) -> None:
        assert serious_axe(page) == []

    return ask
