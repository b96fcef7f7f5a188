"""A page of a real browser for pictures that must look the same there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from e2e.browser import chromium


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page(viewport={"width": 400, "height": 900})
