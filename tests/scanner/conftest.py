"""The scanner's modules, asked one by one in a real browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from billfold.scanner.pages import ROOM
from e2e.browser import DESKTOP, visiting
from e2e.conftest import Billfold


@pytest.fixture(scope="module")
def page(page_server: Billfold, browser: Browser) -> Iterator[Page]:
    with visiting(browser, DESKTOP, f"{page_server.url}/scan") as visit:
        yield visit.page


@pytest.fixture
def module(page: Page) -> Callable[..., Any]:
    """`module("amounts.js", "(m, [a, b]) => m.press(a, b)", 5, "0")` → what it gives."""

    def ask(name: str, body: str, *arguments: object) -> Any:
        return page.evaluate(f"async given => ({body})(await import('{ROOM.assets.address(name)}'), given)", list(arguments))

    return ask
