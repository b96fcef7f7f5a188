"""What people see of mails in a browser: the catcher's pages and the link under every mail, readable by everybody."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from e2e.browser import NARROW_ANDROID
from e2e.conftest import Billfold, ask
from e2e.test_faults import until
from plugins.pages import Look

BODY = {"email": "grace@example.com", "status": "active", "pass_title": "A slice on us"}


@pytest.fixture(scope="module")
def mail(page_server: Billfold) -> dict[str, str]:
    """Addresses of the catcher, of one mail in it, and of the link under that mail."""
    demo = page_server.ready["demo"]
    assert isinstance(demo, dict)
    body = BODY | {"brand_id": demo["brand_id"], "coupon_id": demo["coupon_id"]}
    headers = {"Authorization": f"Bearer {demo['api_token']}", "Content-Type": "application/json"}
    assert ask("POST", f"{page_server.url}/passes", body, headers).status == 200
    catcher = f"{page_server.url}/sandbox/mail"

    async def there() -> bool:
        return bool(ask("GET", f"{catcher}/messages?to=grace@example.com").json["messages"])

    with ThreadPoolExecutor(1) as beside:  # Playwright's loop may be this thread's
        beside.submit(asyncio.run, until(there, "the mail is caught", 60)).result()
    (newest, *_) = ask("GET", f"{catcher}/messages?to=grace@example.com").json["messages"]
    headers = ask("GET", f"{catcher}/messages/{newest['id']}").json["headers"]
    return {"list": f"{catcher}/", "mail": f"{catcher}/{newest['id']}", "link": headers["list-unsubscribe"].strip("<>")}


@pytest.mark.requirement("S2-23", "S2-25", "S1-26")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_mails_are_readable_by_everybody(scheme, mail, look: Look, no_serious_axe: Callable[[Page], None]) -> None:
    visitor = replace(NARROW_ANDROID, scheme=scheme)
    with look(mail["list"], visitor) as page:
        no_serious_axe(page)
    with look(mail["mail"], visitor) as page:
        expect(page.get_by_role("heading", name=re.compile("A slice on us"))).to_be_visible()
        no_serious_axe(page)
    with look(mail["link"], visitor) as page:
        expect(page.locator("main")).to_contain_text("Kettle & Crumb")
        no_serious_axe(page)
        page.get_by_role("button", name="Unsubscribe").click()
        expect(page.get_by_role("status")).to_contain_text("Kettle & Crumb")
        no_serious_axe(page)
