"""Draws docs/images/starters.png, each starter as both wallets show it, and stamps.png: python tools/starters_overview.py

From the files of the starters alone, by the renderer that previews use."""

import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from PIL import Image  # noqa: E402

from billfold.api.v1.content import ContentIn, draft_of  # noqa: E402
from billfold.domain import texts  # noqa: E402
from billfold.domain.content import ImageSlot  # noqa: E402
from billfold.domain.passes import fill  # noqa: E402
from billfold.images.shelf import spec_of  # noqa: E402
from billfold.images.stamps import StampSpec, draw, stamp_png  # noqa: E402
from billfold.rendering.preview import Wallet, png, svg  # noqa: E402
from billfold.rendering.scene import Scene  # noqa: E402
from billfold.starters import catalogue  # noqa: E402

ORDER = (
    "cafe-stamps", "retail-points", "prepaid-card", "coupon", "gift-card",
    "event-ticket", "membership", "gym", "boarding-pass", "parking",
)  # fmt: skip
COLUMNS, GAP, GROUND = 5, 28, (238, 240, 243)
SCALE = 0.84


def scene_of(name: str, language: str) -> Scene:
    """What the starter's person of this language has on the phone."""
    starter = catalogue.load(name)
    body = starter.body()["content"]
    sample = next(one for one in starter.samples if one.language == language)
    content = fill(draft_of(ContentIn.model_validate(body)).content, sample.values)
    files = starter.template["content"]["images"]  # type: ignore[index,call-overload]
    pictures = {ImageSlot(slot): starter.pictures[file] for slot, file in files.items()}
    if content.stamps is not None:
        pictures[ImageSlot.STRIP] = stamp_png(spec_of(content), 1_125, 432)
    return Scene(texts.in_language(content, language), language, pictures)


STAMPS = (
    StampSpec(4, 10, "cup", "#f3dfc6", "#8f6f57", "#3b2417"),
    StampSpec(7, 8, "paw", "#ffffff", "#9fc5b1", "#1f6f50"),
    StampSpec(3, 5, "scissors", "#e2b04a", "#777777", "#1b1b1b"),
    StampSpec(11, 30, "car", "#ffffff", "#88aadd", "#1e40af"),
    StampSpec(5, 7, "pizza", "#c92a2a", "#d8c3a5", "#fff8ec"),
    StampSpec(12, 12, "heart", "#d6336c", "#e8b4c6", "#fff0f5"),
)


def stamps() -> None:
    width, height = 563, 216
    sheet = Image.new("RGB", (3 * (width + GAP) + GAP, 2 * (height + GAP) + GAP), GROUND)
    for at, spec in enumerate(STAMPS):
        sheet.paste(draw(spec, width, height), (GAP + at % 3 * (width + GAP), GAP + at // 3 * (height + GAP)))
    save(sheet, "stamps.png")


def save(sheet: Image.Image, name: str) -> None:
    path = ROOT / "docs" / "images" / name
    sheet.quantize(200, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)
    print(f"{path.relative_to(ROOT)}  {sheet.size}  {path.stat().st_size:,} bytes")


def starters() -> None:
    cards = [
        Image.open(io.BytesIO(png(svg(scene_of(name, "en"), wallet), SCALE))).convert("RGBA")
        for half in (ORDER[:5], ORDER[5:])
        for wallet in Wallet
        for name in half
    ]
    width, rows = max(card.width for card in cards), [cards[at : at + COLUMNS] for at in range(0, len(cards), COLUMNS)]
    heights = [max(card.height for card in row) for row in rows]
    sheet = Image.new("RGB", (COLUMNS * (width + GAP) + GAP, sum(heights) + GAP * (len(rows) + 1)), GROUND)
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for column, card in enumerate(row):
            sheet.paste(card, (GAP + column * (width + GAP), top), card)
        top += height + GAP
    save(sheet, "starters.png")


if __name__ == "__main__":
    starters()
    stamps()
