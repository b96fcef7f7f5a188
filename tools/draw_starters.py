"""Draws the pictures of the starter templates from vector shapes: python tools/draw_starters.py

They are committed beside each starter, so that nobody needs this to use one; change a drawing here and run it again. Flat colours
and no text, since phones read texts aloud and pictures not. All of it is our own work."""

import io
import itertools
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from PIL import Image, ImageDraw  # noqa: E402

from billfold.images.icons import ICONS  # noqa: E402
from billfold.images.vectors import Shape, box, disc, mask, mixed, path, rgb  # noqa: E402

STARTERS = ROOT / "src" / "billfold" / "starters"
STRIP, STRIP_EVENT, THUMBNAIL, FOOTER = (1_125, 432), (1_125, 368), (270, 270), (804, 45)
FINE = 3
Point = tuple[float, float]

MUSEUM: Shape = (
    path("M50 10 L92 32 V40 H8 V32 Z"),
    *(box(left, 45, 12, 32) for left in (14, 34, 54, 74)),
    box(8, 81, 84, 9),
)
MOON: Shape = (disc(50, 50, 40), disc(66, 40, 33, cut=True))
BOWL: Shape = (
    path("M10 50 H90 C90 72 72 88 50 88 C28 88 10 72 10 50 Z"),
    box(34, 86, 32, 6, 3),
    path("M38 42 C32 36 43 31 37 21 L43 21 C50 31 39 36 44 42 Z"),
    path("M55 42 C49 36 60 31 54 21 L60 21 C67 31 56 36 61 42 Z"),
)


class Picture:
    """A canvas on which everything is placed in pixels of the finished picture."""

    def __init__(self, size: tuple[int, int], ground: str) -> None:
        self.size = size
        self._image = Image.new("RGB", (size[0] * FINE, size[1] * FINE), rgb(ground))
        self._pen = ImageDraw.Draw(self._image)

    def polygon(self, points: list[Point], color: str) -> None:
        self._pen.polygon([(x * FINE, y * FINE) for x, y in points], fill=rgb(color))

    def disc(self, x: float, y: float, radius: float, color: str) -> None:
        self._pen.ellipse(tuple(round(one * FINE) for one in (x - radius, y - radius, x + radius, y + radius)), fill=rgb(color))

    def line(self, points: list[Point], width: float, color: str) -> None:
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            turn = math.atan2(y1 - y0, x1 - x0) + math.pi / 2
            across, down = math.cos(turn) * width / 2, math.sin(turn) * width / 2
            ahead = [(x0 + across, y0 + down), (x1 + across, y1 + down)]
            self.polygon([*ahead, (x1 - across, y1 - down), (x0 - across, y0 - down)], color)
        for x, y in points:
            self.disc(x, y, width / 2, color)

    def shape(self, shape: Shape, x: float, y: float, side: float, color: str, turn: float = 0) -> None:
        """Centred at (x, y), turned by degrees clockwise."""
        drawn = mask(shape, round(side * FINE))
        if turn:
            drawn = drawn.rotate(-turn, resample=Image.Resampling.BICUBIC, expand=True)
        self._image.paste(rgb(color), (round(x * FINE - drawn.width / 2), round(y * FINE - drawn.height / 2)), drawn)

    def png(self, colors: int = 96) -> bytes:
        small = self._image.reduce(FINE).quantize(colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        out = io.BytesIO()
        small.save(out, "PNG", optimize=True)
        return out.getvalue()


def tint(first: str, second: str, share: float) -> str:
    return "#" + "".join(f"{one:02x}" for one in mixed(rgb(first), rgb(second), share))


def icon(shape: Shape, ground: str, ink: str) -> bytes:
    picture = Picture((174, 174), ground)
    picture.shape(shape, 87, 87, 112, ink)
    return picture.png(32)


def logo(shape: Shape, ground: str, ink: str) -> bytes:
    """A round badge on nothing: it stands on any pass colour, and on white."""
    side = 660
    badge = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    badge.paste(rgb(ground), (0, 0), mask((disc(50, 50, 50),), side))
    inner = round(side * 0.6)
    badge.paste(rgb(ink), ((side - inner) // 2, (side - inner) // 2), mask(shape, inner))
    flat = badge.quantize(48, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    flat.save(out, "PNG", optimize=True)
    return out.getvalue()


def frond(picture: Picture, start: Point, angle: float, length: float, leaves: int, color: str) -> None:
    """A fern's leaf: a bent stem with leaflets that get shorter towards its end."""
    points = []
    x, y = start
    for step in range(leaves + 1):
        points.append((x, y))
        bend = math.radians(angle + step * 1.6)
        x, y = x + math.cos(bend) * length / leaves, y + math.sin(bend) * length / leaves
    for step, (x, y) in enumerate(points[1:], 1):
        reach = length * 0.34 * math.sin(math.pi * (0.12 + 0.88 * (1 - step / (leaves + 1)))) ** 0.8
        bend = angle + step * 1.6
        for side in (-1, 1):
            leaflet(picture, (x, y), bend + side * 62, reach, color)
    picture.line(points, 4, color)


def leaflet(picture: Picture, start: Point, angle: float, length: float, color: str) -> None:
    along, across = math.radians(angle), math.radians(angle + 90)
    points = []
    for side in (1, -1):
        for step in range(11):
            share = step / 10 if side == 1 else 1 - step / 10
            wide = side * math.sin(math.pi * share**0.8) * length * 0.13
            x = start[0] + math.cos(along) * length * share + math.cos(across) * wide
            points.append((x, start[1] + math.sin(along) * length * share + math.sin(across) * wide))
    picture.polygon(points, color)


# --- one function for each picture ------------------------------------------------------------------------------------------------


def ferns() -> bytes:
    picture = Picture(STRIP, "#1d4b3b")
    for start, angle, length, color in (
        ((1_150, 470), 222, 560, "#24594a"),
        ((900, 480), 262, 470, "#2a6653"),
        ((1_165, 300), 190, 430, "#2a6653"),
        ((1_075, 470), 240, 430, "#3d8168"),
        ((1_150, 440), 216, 330, "#63a286"),
    ):
        frond(picture, start, angle, length, 13, color)
    return picture.png()


def plates() -> bytes:
    picture = Picture(STRIP, "#56264a")
    for x, y, radius, first, second in (
        (1_000, 90, 250, "#632f56", "#6d365f"),
        (760, 400, 170, "#632f56", "#6d365f"),
        (985, 240, 168, "#7d4570", "#f3d9e2"),
    ):
        picture.disc(x, y, radius, first)
        picture.disc(x, y, radius * 0.93, second)
    picture.disc(985, 240, 112, "#e6bfce")
    picture.disc(985, 240, 106, "#fbeff3")
    for at, color in enumerate(("#d9485f", "#e8a33d", "#6aa84f", "#d9485f", "#e8a33d", "#6aa84f")):
        angle = math.tau * at / 6 + 0.3
        picture.disc(985 + 58 * math.cos(angle), 240 + 58 * math.sin(angle), 25, color)
    picture.disc(985, 240, 30, "#f7c948")
    return picture.png()


def meadow() -> bytes:
    picture = Picture(STRIP, "#a82a4a")
    chance = random.Random(11)  # noqa: S311  # the same meadow each time
    picture.disc(1_040, 250, 300, "#b4395a")
    stems = [(792, 262, 84), (860, 120, 104), (918, 300, 116), (990, 110, 120), (1_052, 270, 132), (1_104, 92, 90)]
    for x, y, _ in stems:
        picture.line([(x, y), (x + chance.uniform(-14, 14), 470)], 5, "#7d1d38")
    colors = ["#f7b7c5", "#ffd8a8", "#f48ba4", "#ffe8ee", "#ffc078", "#f7b7c5"]
    for (x, y, side), color in zip(stems, colors, strict=True):
        picture.shape(ICONS["flower"], x, y, side, color, chance.uniform(0, 70))
    for x, y, turn in ((812, 398, 30), (884, 420, -60), (985, 404, 20), (1_088, 420, -50)):
        picture.shape(ICONS["leaf"], x, y, 70, "#7d1d38", turn)
    return picture.png()


def night() -> bytes:
    picture = Picture(STRIP_EVENT, "#17173d")
    chance = random.Random(4)  # noqa: S311  # the same night each time
    for _ in range(70):
        x, y = chance.uniform(0, 1_125), chance.uniform(0, 240)
        picture.disc(x, y, chance.choice((1.4, 2, 2.8)), tint("#17173d", "#c9c6ff", chance.uniform(0.25, 0.7)))
    picture.disc(1_006, 142, 80, "#f6d98b")
    picture.disc(1_035, 125, 68, "#17173d")
    for number in range(46):
        height = 26 + 74 * abs(math.sin(number * 0.55) * math.cos(number * 0.21)) + chance.uniform(0, 22)
        x = 500 + number * 14
        picture.line([(x, 368), (x, 331 - height)], 8, tint("#3c3a9e", "#ff7eb6", number / 45))
    return picture.png()


def pulse() -> bytes:
    picture = Picture(STRIP, "#15171c")
    for at in range(7):
        x = 700 + at * 86
        picture.polygon([(x, 432), (x + 46, 432), (x + 246, 0), (x + 200, 0)], tint("#15171c", "#c8f03c", 0.04 + at * 0.016))
    line = [(700, 236), (806, 236), (832, 192), (858, 266), (894, 88), (936, 356), (966, 206), (988, 236), (1_140, 236)]
    picture.line(line, 11, "#c8f03c")
    return picture.png()


def ribbon() -> bytes:
    """The bow keeps away from what Google's hero cuts off above and below, and from an iPhone's text at the left."""
    picture = Picture(STRIP, "#114b50")
    for row in range(6):
        for column in range(16):
            picture.disc(40 + column * 74 + row % 2 * 37, 22 + row * 78, 5, "#175a5f")
    picture.polygon([(802, 0), (872, 0), (872, 432), (802, 432)], "#e0b04c")
    picture.polygon([(816, 0), (822, 0), (822, 432), (816, 432)], "#f0cf86")
    picture.polygon([(852, 0), (858, 0), (858, 432), (852, 432)], "#f0cf86")
    left, left_hole = "M50 50 C34 22 4 16 4 38 C4 62 34 64 50 50 Z", "M44 47 C34 32 16 28 16 39 C16 50 34 54 44 47 Z"
    right, right_hole = "M50 50 C66 22 96 16 96 38 C96 62 66 64 50 50 Z", "M56 47 C66 32 84 28 84 39 C84 50 66 54 56 47 Z"
    tails = (path("M46 50 L24 92 L36 88 L42 96 L54 52 Z"), path("M54 50 L76 92 L64 88 L58 96 L46 52 Z"))
    picture.shape(tails, 837, 190, 330, "#c8952f")
    picture.shape((path(left), path(left_hole, cut=True)), 837, 190, 330, "#f0cf86")
    picture.shape((path(right), path(right_hole, cut=True)), 837, 190, 330, "#f0cf86")
    picture.disc(837, 186, 26, "#c8952f")
    return picture.png()


def cabinet() -> bytes:
    """A wall of small framed things."""
    picture = Picture(THUMBNAIL, "#f4ead8")
    frames = ((18, 18, 104, 130), (140, 18, 112, 84), (140, 120, 112, 132), (18, 166, 104, 86))
    grounds = ("#2f4858", "#d1495b", "#edae49", "#00798c")
    for (x, y, width, height), ground in zip(frames, grounds, strict=True):
        picture.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], "#5c2a2a")
        picture.polygon([(x + 6, y + 6), (x + width - 6, y + 6), (x + width - 6, y + height - 6), (x + 6, y + height - 6)], ground)
    picture.shape(ICONS["leaf"], 70, 83, 78, "#f4ead8")
    picture.disc(196, 60, 24, "#f4ead8")
    picture.disc(196, 60, 12, "#d1495b")
    picture.shape(ICONS["crown"], 196, 186, 78, "#5c2a2a")
    picture.shape(ICONS["cup"], 70, 209, 56, "#f4ead8")
    return picture.png()


def garage() -> bytes:
    picture = Picture(THUMBNAIL, "#1f4f8f")
    picture.polygon([(0, 190), (270, 190), (270, 270), (0, 270)], "#163a6b")
    for x in (20, 126, 232):
        picture.polygon([(x, 206), (x + 40, 206), (x + 22, 270), (x - 18, 270)], "#f5d04c")
    picture.disc(206, 58, 24, "#f5d04c")
    picture.shape(ICONS["car"], 135, 140, 206, "#ffffff")
    return picture.png()


def tail() -> bytes:
    """A flight path: dots that lead to a plane."""
    picture = Picture(FOOTER, "#0b3d5c")
    for at in range(58):
        picture.disc(14 + at * 12.6, 22.5, 2.3, tint("#0b3d5c", "#7fd1e8", 0.25 + 0.75 * at / 57))
    picture.shape(ICONS["plane"], 766, 22.5, 44, "#ffffff")
    return picture.png()


PICTURES: dict[str, dict[str, Callable[[], bytes]]] = {
    "cafe-stamps": {
        "logo": lambda: logo(ICONS["cup"], "#f3dfc6", "#3b2417"),
        "icon": lambda: icon(ICONS["cup"], "#3b2417", "#f3dfc6"),
    },
    "retail-points": {
        "logo": lambda: logo(ICONS["leaf"], "#d8ead9", "#1d4b3b"),
        "icon": lambda: icon(ICONS["leaf"], "#1d4b3b", "#d8ead9"),
        "strip": ferns,
    },
    "prepaid-card": {
        "logo": lambda: logo(BOWL, "#f8dfe7", "#56264a"),
        "icon": lambda: icon(BOWL, "#56264a", "#f8dfe7"),
        "strip": plates,
    },
    "coupon": {
        "logo": lambda: logo(ICONS["flower"], "#ffe3ea", "#a82a4a"),
        "icon": lambda: icon(ICONS["flower"], "#a82a4a", "#ffe3ea"),
        "strip": meadow,
    },
    "event-ticket": {
        "logo": lambda: logo(MOON, "#f6d98b", "#17173d"),
        "icon": lambda: icon(MOON, "#17173d", "#f6d98b"),
        "strip": night,
    },
    "membership": {
        "logo": lambda: logo(MUSEUM, "#f4ead8", "#6b2737"),
        "icon": lambda: icon(MUSEUM, "#6b2737", "#f4ead8"),
        "thumbnail": cabinet,
    },
    "gym": {
        "logo": lambda: logo(ICONS["dumbbell"], "#c8f03c", "#15171c"),
        "icon": lambda: icon(ICONS["dumbbell"], "#15171c", "#c8f03c"),
        "strip": pulse,
    },
    "boarding-pass": {
        "logo": lambda: logo(ICONS["plane"], "#d9f1f7", "#0b3d5c"),
        "icon": lambda: icon(ICONS["plane"], "#0b3d5c", "#d9f1f7"),
        "footer": tail,
    },
    "parking": {
        "logo": lambda: logo(ICONS["car"], "#f5d04c", "#163a6b"),
        "icon": lambda: icon(ICONS["car"], "#163a6b", "#f5d04c"),
        "thumbnail": garage,
    },
    "gift-card": {
        "logo": lambda: logo(ICONS["book"], "#f0cf86", "#114b50"),
        "icon": lambda: icon(ICONS["book"], "#114b50", "#f0cf86"),
        "strip": ribbon,
    },
}
"""Starter → picture → how it is drawn."""


def main() -> None:
    for name, pictures in PICTURES.items():
        folder = STARTERS / name
        folder.mkdir(parents=True, exist_ok=True)
        for slot, draw in pictures.items():
            data = draw()
            (folder / f"{slot}.png").write_bytes(data)
            print(f"{name}/{slot}.png  {len(data):,} bytes")


if __name__ == "__main__":
    main()
