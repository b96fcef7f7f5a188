"""Makes the pictures of the documentation anew: `python -m e2e.pictures` in tests/. No part of the test run."""

import tempfile
from pathlib import Path

from e2e.browser import DESKTOP, IPHONE, Visitor, chromium, visiting
from e2e.conftest import ROOT, SAMPLE, running

CARD = SAMPLE | {
    "color": "#7c2d12",
    "secondaryFields": [{"label": "MEMBER", "value": "Ada Lovelace"}, {"label": "SINCE", "value": "2019"}],
}
PICTURES: dict[str, Visitor] = {"share-desktop.png": DESKTOP, "share-iphone.png": IPHONE}


def main() -> None:
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        database = f"sqlite:///{home}/billfold.sqlite"
        with running(Path(home), database) as billfold, chromium() as browser:
            link = billfold.make(CARD)["shareUrl"]
            for name, visitor in PICTURES.items():
                with visiting(browser, visitor, link, scale=1.5) as visit:
                    visit.page.screenshot(path=folder / name)
                    print(folder / name)


if __name__ == "__main__":
    main()
