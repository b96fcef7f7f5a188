"""Makes the pictures of the documentation anew: `python -m e2e.pictures` in tests/. No part of the test run."""

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser
from rich.console import Console
from rich.text import Text

from e2e.browser import DESKTOP, IPHONE, Visitor, chromium, visiting
from e2e.conftest import ROOT, SAMPLE, Billfold, running
from e2e.phones_pages import phones_on

CARD = SAMPLE | {
    "color": "#7c2d12",
    "secondaryFields": [{"label": "MEMBER", "value": "Ada Lovelace"}, {"label": "SINCE", "value": "2019"}],
}
CHANGED = CARD | {
    "headerFields": [{"label": "POINTS", "value": "1,300", "changeMessage": "You hit %@ points. Free coffee unlocked!"}]
}
PICTURES: dict[str, Visitor] = {"share-desktop.png": DESKTOP, "share-iphone.png": IPHONE}
COLUMNS = 64
_OVERVIEW = """<style>
body { margin: 0; background: #e7e5e4; font: 15px system-ui; color: #44403c }
div { display: flex; gap: 28px; padding: 28px; align-items: flex-start; width: 1500px; box-sizing: border-box }
figure { margin: 0 } img { width: 100%; border-radius: 16px }
</style>
<div>
<figure style="width: 640px"><img src="DESKTOP"><figcaption>the link on a desktop</figcaption></figure>
<figure style="width: 200px"><img src="IPHONE"><figcaption>on an iPhone</figcaption></figure>
<figure style="width: 548px">TERMINAL<figcaption>a virtual iPhone in the terminal, before and after the PUT</figcaption></figure>
</div>"""


def terminal(billfold: Billfold, made: dict[str, str]) -> str:
    """What `billfold phone iphone LINK` prints while the pass is installed and changed, as SVG."""

    def change() -> None:
        time.sleep(4)
        billfold.change(made["serialNumber"], CHANGED)

    threading.Thread(target=change).start()
    command = [sys.executable, "-m", "billfold", "phone", "iphone", made["shareUrl"], "--once", "--timeout", "30"]
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    out = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=True).stdout
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(out))
    return console.export_svg(title="python3 run.py phone iphone LINK")


def overview(browser: Browser, folder: Path, svg: str) -> None:
    html = _OVERVIEW.replace("TERMINAL", svg)
    for name, file in (("DESKTOP", "share-desktop.png"), ("IPHONE", "share-iphone.png")):
        html = html.replace(name, "data:image/png;base64," + base64.b64encode((folder / file).read_bytes()).decode())
    page = browser.new_page(viewport={"width": 1500, "height": 560})
    page.set_content(html)
    page.screenshot(path=folder / "overview.png", full_page=True)
    page.close()


def phones(browser: Browser, billfold: Billfold, folder: Path) -> None:
    """The phones of `/phones` with a stamp card, and their lock screens after a stamp: two clicks."""
    with visiting(browser, replace(DESKTOP, height=1000), f"{billfold.url}/phones", scale=1.5) as visit:
        page = visit.page
        page.get_by_role("button", name="Make me a card").click()
        shown = phones_on(page)
        for phone in shown:
            phone.wait_for("waiting")
        page.get_by_role("button", name="Change it").click()
        for phone in shown:
            phone.wait_for("notified")
            phone.open_pass()
        page.get_by_role("button", name="Close").click()
        page.locator(".face svg.modules").nth(1).wait_for()
        page.wait_for_timeout(500)
        devices = [phone.whole.locator(".device").screenshot() for phone in shown]
        for phone in shown:
            phone.press("Lock screen")
            devices.append(phone.whole.locator(".device").screenshot())
    drawn = [Image.open(io.BytesIO(one)).convert("RGB") for one in devices]
    width, height, gap = drawn[0].width, drawn[0].height, 30
    strip = Image.new("RGB", (len(drawn) * (width + gap) - gap, height), "#f5f6f8")
    for at, one in enumerate(drawn):
        strip.paste(one, (at * (width + gap), 0))
    strip.quantize(256).save(folder / "phones.png", optimize=True)


def designer(browser: Browser, billfold: Billfold, folder: Path) -> None:
    """A starter in the Designer, one field opened."""
    made = billfold.api("POST", "/v1/templates", {"starter": "cafe-stamps", "publish": False}).json["id"]
    address = f"{billfold.url}/studio/test/designs/{made}"
    with visiting(browser, replace(DESKTOP, width=1320, height=860), address, scale=1.5) as visit:
        page = visit.page
        page.locator(".phone.google img").wait_for()
        page.get_by_role("region", name="Header").locator("button.summary").click()
        page.wait_for_timeout(1000)
        shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shown.quantize(256).save(folder / "designer.png", optimize=True)


def main() -> None:
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        database = f"sqlite:///{home}/billfold.sqlite"
        with running(Path(home), database) as billfold, chromium() as browser:
            made = billfold.make(CARD)
            for name, visitor in PICTURES.items():
                with visiting(browser, visitor, made["shareUrl"], scale=1.5) as visit:
                    visit.page.screenshot(path=folder / name)
            overview(browser, folder, terminal(billfold, made))
            phones(browser, billfold, folder)
            designer(browser, billfold, folder)
            print(json.dumps(sorted(one.name for one in folder.iterdir())))


if __name__ == "__main__":
    main()
