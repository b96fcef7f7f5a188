"""Pages of the console as somebody meets them who has never been here: a browser with nothing kept opens one, until what it is for
can be used. The time counts from the click to the element that says so; beside it, how many bytes of script travelled.

Bar: the first page after signing in within 1 s, on an idle machine."""

import argparse
import json
import shutil
import statistics
import sys
import time

from playwright.sync_api import Browser, sync_playwright

from common import Server, arguments, report, server

BAR_MS = 1_000.0
WAIT_MS = 30_000
SCRIPTS = """performance.getEntriesByType('resource').filter(one => /\\.m?js$/.test(one.name))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


def ways(one: Server, design: str) -> dict[str, tuple[str, str]]:
    """Page → (address, what is there when it can be used)."""
    made = one.make_pass()["serialNumber"]
    return {
        "overview": ("/studio/test", "#issued"),
        "designs": ("/studio/test/designs", f'a[href$="{design}"]'),
        "a design": (f"/studio/test/designs/{design}", ".phone.apple img"),
        "passes": ("/studio/test/passes", "tbody tr"),
        "a pass": (f"/studio/test/passes/{made}", "#timeline li"),
        "members": ("/studio/test/members", "tbody tr"),
        "access keys": ("/studio/test/keys", "[data-key]"),
        "Playground": ("/studio/test/playground", ".operations a"),
        "phones": ("/phones", ".phone .device"),
        "scanner": ("/scan", "input"),
        "documents": ("/docs", "h1"),
        "share page": (f"/p/{made}", "h1, h2, a"),
    }


def opened(browser: Browser, url: str, there: str) -> tuple[float, int]:
    """(milliseconds, bytes of script)"""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(there).first.wait_for(timeout=WAIT_MS)
    spent = (time.perf_counter() - began) * 1000
    page.wait_for_load_state("load")
    size = int(page.evaluate(SCRIPTS))
    context.close()
    return spent, size


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=10, help="how often each page is opened")


def main() -> None:
    args = arguments(__doc__, options)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("this benchmark needs Chromium; on Debian: apt-get install chromium")
    rows: dict[str, float | int | str | bool] = {}
    with server() as one, sync_playwright() as playwright:
        design = json.loads(one.call("POST", "/v1/templates", {"starter": "cafe-stamps"})[1])["id"]
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (address, there) in ways(one, design).items():
            visits = [opened(browser, one.url + address, there) for _ in range(args.times)]
            rows[f"{name}: p50 ms"] = statistics.median(spent for spent, _ in visits)
            rows[f"{name}: script bytes"] = max(size for _, size in visits)
        browser.close()
    report(args, "pages", rows | {"bar ms": BAR_MS, "met": float(rows["overview: p50 ms"]) <= BAR_MS})


if __name__ == "__main__":
    main()
