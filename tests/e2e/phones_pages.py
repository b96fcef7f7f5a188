"""The page of the phones as a person uses it: open it, read a phone's journal and lock screen, press what is on it.

May not enter: what any test expects."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from e2e.conftest import Billfold

WAIT_MS = 15_000
"""How long a test waits for what must come; nothing is asserted about how soon it does."""


@dataclass(frozen=True)
class OnePhone:
    """A phone of the page. `name`: as it is written on it, such as "iPhone 1"."""

    page: Page
    name: str

    @property
    def whole(self) -> Locator:
        return self.page.get_by_role("region", name=self.name, exact=True)

    def button(self, name: str) -> Locator:
        return self.whole.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click(timeout=WAIT_MS)

    def switch(self, name: str) -> None:
        self.whole.get_by_role("switch", name=name).click()

    def open_link(self, link: str) -> None:
        self.page.get_by_label("Share link of a pass").fill(link)
        self.page.get_by_role("button", name=f"Open on {self.name}").click()

    def open_pass(self) -> None:
        """The first in the stack."""
        self.whole.locator(".peek").first.click()

    def wait_for(self, event: str, text: str = "", count: int = 1) -> None:
        """Until the journal has `count` such lines."""
        lines = self.whole.locator(f'.journal [data-event="{event}"]').filter(has_text=text)
        expect(lines).to_have_count(count, timeout=WAIT_MS)

    def install(self, link: str) -> None:
        """Until the phone waits for news of the pass, which a push or a change then brings."""
        self.open_link(link)
        self.wait_for("installed")
        self.wait_for("waiting")

    @property
    def events(self) -> list[str]:
        found: list[str] = self.whole.locator(".journal li").evaluate_all("all => all.map(one => one.dataset.event)")
        return found

    @property
    def lock_screen(self) -> Locator:
        if not self.whole.locator(".lock").count():
            self.press("Lock screen")
        return self.whole.locator(".lock .notices")


def phones_on(page: Page) -> tuple[OnePhone, OnePhone]:
    """The two that everybody begins with."""
    page.locator(".phone").first.wait_for()
    return OnePhone(page, "iPhone 1"), OnePhone(page, "Android 1")


def link_to(billfold: Billfold, content: dict[str, object]) -> tuple[str, str]:
    """A new pass of this content: serial number and share link."""
    made = billfold.api("POST", "/v1/passes", {"content": content})
    assert made.status == 201, made.body
    return made.json["id"], f"{billfold.url}/p/{made.json['id']}"
