"""Draws every style in both wallets on one sheet, to look at after a change of the renderer.

`.venv/bin/python tools/renderings.py OUT.png [SCALE]`"""

import io
import sys

import msgspec
from PIL import Image, ImageDraw, ImageFilter

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Content,
    Field,
    ImageSlot,
    Location,
    MoneyFormat,
    NumberFormat,
    Poster,
    Style,
    TransitType,
)
from billfold.images.defaults import default_logo
from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene, Scheme, Side

CARD = Content(
    "Bayroast Coffee",
    "Loyalty card",
    style=Style.STORE_CARD,
    logo_text="Bayroast Coffee",
    background_color="#3b2417",
    foreground_color="#ffffff",
    label_color="#e7c9a9",
    header=(Field("points", "1250", "POINTS", "You have %@ points. Free coffee unlocked!", format=NumberFormat()),),
    primary=(Field("balance", "24.50", "Balance", format=MoneyFormat("EUR")),),
    secondary=(Field("member", "Ada Lovelace", "MEMBER"), Field("tier", "Gold", "TIER")),
    back=(
        Field("terms", "One point for each euro. Points do not expire as long as you visit us once a year.", "How it works"),
        Field("contact", "hello@bayroast.example\n+43 1 234 56 78", "Contact"),
    ),
    barcode=Barcode(BarcodeFormat.QR, "LOYALTY-98765", "98765"),
    locations=(Location(48.2, 16.37, relevant_text="Your coffee is 50 metres away."),),
    expires_at=1_830_297_600,
)
COUPON = Content(
    "Grove Market",
    "Coupon",
    style=Style.COUPON,
    logo_text="Grove Market",
    background_color="#166534",
    label_color="#bbf7d0",
    primary=(Field("offer", "20 % off", "on all fruit and vegetables"),),
    secondary=(Field("until", "31 Dec 2026", "VALID UNTIL"), Field("code", "GROVE20", "CODE")),
    barcode=Barcode(BarcodeFormat.CODE128, "GROVE20-4711", "GROVE20-4711"),
)
EVENT = Content(
    "Harbour Hall",
    "Concert ticket",
    style=Style.EVENT_TICKET,
    logo_text="Harbour Hall",
    background_color="#3b0764",
    label_color="#f5d0fe",
    header=(Field("date", "27 Nov", "20:00"),),
    primary=(Field("event", "Nightfall Orchestra", "EVENT"),),
    secondary=(Field("venue", "Harbour Hall, Pier 4", "VENUE"),),
    auxiliary=(
        Field("sec", "B", "SECTION"),
        Field("row", "12", "ROW"),
        Field("seat", "7", "SEAT"),
        Field("gate", "West", "GATE"),
    ),
    barcode=Barcode(BarcodeFormat.AZTEC, "TICKET-2026-000123"),
)
FLIGHT = Content(
    "Bay Air",
    "Boarding pass",
    style=Style.BOARDING_PASS,
    transit_type=TransitType.AIR,
    logo_text="Bay Air",
    background_color="#0c4a6e",
    label_color="#bae6fd",
    header=(Field("gate", "A14", "GATE"), Field("flight", "BA 204", "FLIGHT")),
    primary=(Field("from", "VIE", "VIENNA"), Field("to", "LIS", "LISBON")),
    auxiliary=(
        Field("board", "09:25", "BOARDING"),
        Field("zone", "2", "GROUP"),
        Field("seat", "14C", "SEAT"),
        Field("cl", "Y", "CLASS"),
    ),
    secondary=(Field("name", "Ada Lovelace", "PASSENGER"), Field("date", "28 Nov 2026", "DATE")),
    barcode=Barcode(BarcodeFormat.PDF417, "M1LOVELACE/ADA       EABC123 VIELISBA 0204 332Y014C0042 100"),
)
MEMBER = Content(
    "Northside Gym",
    "Membership",
    style=Style.GENERIC,
    logo_text="Northside Gym",
    background_color="#111827",
    label_color="#93c5fd",
    header=(Field("no", "20481", "MEMBER NO."),),
    primary=(Field("name", "Ada Lovelace", "MEMBER"),),
    secondary=(Field("plan", "All clubs", "PLAN"), Field("since", "2021", "SINCE")),
    auxiliary=(Field("club", "Northside", "HOME CLUB"), Field("next", "1 Dec 2026", "NEXT PAYMENT")),
    barcode=Barcode(BarcodeFormat.QR, "GYM-20481"),
)
POSTER = msgspec.structs.replace(
    MEMBER,
    description="Museum membership",
    organization_name="Museum of Tides",
    logo_text="Museum of Tides",
    background_color="#3b0764",
    poster=Poster(
        header=(Field("v", "Dec 2027", "VALID TO"),),
        primary=(Field("n", "Ada Lovelace", "MEMBER"), Field("t", "Patron", "LEVEL"), Field("g", "2", "GUESTS")),
        footer=(Field("no", "20481", "NUMBER"),),
    ),
)


def scenery(width: int, height: int, low: str, high: str, sun: str) -> bytes:
    """A landscape of our own: a soft sky, a sun, hills."""
    image = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(image)
    start, end = (tuple(bytes.fromhex(one[1:])) for one in (high, low))
    for y in range(height):
        share = y / height
        pen.line((0, y, width, y), tuple(round(a * (1 - share) + b * share) for a, b in zip(start, end, strict=True)))
    pen.ellipse((width * 0.62, height * 0.12, width * 0.62 + height * 0.4, height * 0.52), fill=sun)
    for number, top in enumerate((0.62, 0.74, 0.86)):
        shade = tuple(round(one * (0.75 - number * 0.18)) for one in end)
        points = [(0, height)] + [(x, height * (top + 0.07 * ((x // 97 + number) % 3 - 1))) for x in range(0, width + 97, 97)]
        pen.polygon([*points, (width, height)], fill=shade)
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(width / 260)).save(out, "PNG")
    return out.getvalue()


def _logo(color: str, letters: str) -> dict[ImageSlot, bytes]:
    return {ImageSlot.LOGO: default_logo(color, letters), ImageSlot.ICON: default_logo(color, letters, 114)}


def samples() -> list[tuple[Content, dict[ImageSlot, bytes]]]:
    """One pass a style, as a designer would fill it."""
    sea = scenery(1125, 432, "#1d4e89", "#f7b267", "#fff3d6")
    wood = scenery(1125, 432, "#14532d", "#a7d7a8", "#fef9c3")
    dusk = scenery(1074, 1344, "#3b0764", "#fb7185", "#fde68a")
    return [
        (CARD, _logo("#c2410c", "BC") | {ImageSlot.STRIP: sea}),
        (COUPON, _logo("#15803d", "GM") | {ImageSlot.STRIP: wood}),
        (
            EVENT,
            _logo("#be185d", "HH")
            | {ImageSlot.BACKGROUND: dusk, ImageSlot.THUMBNAIL: scenery(270, 300, "#3b0764", "#f59e0b", "#fff7ed")},
        ),
        (FLIGHT, _logo("#0284c7", "BA")),
        (MEMBER, _logo("#2563eb", "NG") | {ImageSlot.THUMBNAIL: scenery(270, 270, "#1e3a8a", "#93c5fd", "#ffffff")}),
        (POSTER, _logo("#7c3aed", "MT") | {ImageSlot.ARTWORK: dusk}),
    ]


def sheet(scale: float = 1.0) -> Image.Image:
    columns: list[list[Image.Image]] = []
    for number, (content, pictures) in enumerate(samples()):
        scheme = Scheme.DARK if number % 2 else Scheme.LIGHT
        shown = Scene(content, "en", pictures, scheme)
        sides = [(Wallet.APPLE, Side.FRONT), (Wallet.GOOGLE, Side.FRONT)]
        sides.append((Wallet.APPLE if number % 3 == 0 else Wallet.GOOGLE, Side.BACK if number % 2 == 0 else Side.LOCK))
        if number == 0:
            sides[2] = (Wallet.APPLE, Side.LOCK)
        columns.append([Image.open(io.BytesIO(png(svg(shown, wallet, side), scale))).convert("RGBA") for wallet, side in sides])
    gap = round(24 * scale)
    heights = [max(column[row].height for column in columns) for row in range(3)]
    wide = sum(column[0].width + gap for column in columns) + gap
    made = Image.new("RGB", (wide, sum(heights) + gap * 4), "#e8eaee")
    left = gap
    for column in columns:
        top = gap
        for one, height in zip(column, heights, strict=True):
            made.paste(one, (left, top), one)
            top += height + gap
        left += column[0].width + gap
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("name the file to draw into: tools/renderings.py OUT.png [SCALE]")
    sheet(float(sys.argv[2]) if len(sys.argv) > 2 else 0.8).save(sys.argv[1], optimize=True)
