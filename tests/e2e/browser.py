"""Looks at pages as people do: Debian's Chromium with the user agent and the screen of a phone or a desktop.

What a page must never do is noted on every visit. May not enter: what any page says."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from judges import judge

Scheme = Literal["light", "dark"]
WEBKIT = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/604.1"
BLINK = "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
GECKO = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass(frozen=True)
class Visitor:
    name: str
    agent: str
    width: int
    height: int
    scheme: Scheme = "light"


IPHONE, NARROW_IPHONE = Visitor("iphone", WEBKIT, 390, 844), Visitor("iphone", WEBKIT, 360, 640)
ANDROID, NARROW_ANDROID = Visitor("android", BLINK, 390, 844), Visitor("android", BLINK, 360, 640)
DESKTOP = Visitor("desktop", GECKO, 1280, 800)
VISITORS = (IPHONE, NARROW_IPHONE, ANDROID, NARROW_ANDROID, DESKTOP)

_PLAIN = ("--no-sandbox", "--renderer-process-limit=1")
"""The limit is of processes in store for pages that nobody opened yet: each visit made one in vain, for a fifth of its time."""
_INSIDE = ("data:", "blob:")
"""Addresses of what the page itself holds."""
_WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', one => window.violations.push(one.violatedDirective + ' ' + one.blockedURI));
"""
_CONTRAST = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * part[0] + .7152 * part[1] + .0722 * part[2];
  };
  const behind = one => {
    for (; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color.length < 4 || color[3]) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const one = node.parentElement;
    if (!node.data.trim() || !one.getClientRects().length || one.closest('svg')) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push(node.data.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return found;
}"""


@dataclass
class Visit:
    """An open page and what it did that it should not have done."""

    page: Page
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def complaints(self, home: str) -> list[str]:
        """Errors in the console, violations of the page's own policy, requests to anywhere else, too little contrast, and anything
        wider than the screen."""
        found = self.errors + [f"policy: {one}" for one in self.page.evaluate("window.violations")]
        found += [f"outside: {url}" for url in self.asked if not url.startswith(f"{home}/")]
        found += [f"contrast: {one}" for one in self.page.evaluate(_CONTRAST)]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than the screen")
        return found


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=judge("chromium"), args=[*_PLAIN, *arguments])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visiting(browser: Browser, visitor: Visitor, url: str, scale: float = 1, permissions: Sequence[str] = ()) -> Iterator[Visit]:
    context = browser.new_context(
        user_agent=visitor.agent,
        viewport={"width": visitor.width, "height": visitor.height},
        color_scheme=visitor.scheme,
        device_scale_factor=scale,
        permissions=permissions,
    )
    context.add_init_script(_WATCH)
    asked: list[str] = []
    errors: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url) if not request.url.startswith(_INSIDE) else None)
        page.on("console", lambda line: errors.append(f"console: {line.text}") if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: errors.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    context.on("page", watch)  # also of tabs that are opened later
    page = context.new_page()
    page.goto(url, wait_until="load")
    try:
        yield Visit(page, asked, errors)
    finally:
        context.close()
