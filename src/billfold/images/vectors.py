"""Draws flat shapes crisply at any size: outlines in a box of 100 x 100, filled at a multiple of the size and averaged down.

Pure: the same shape and size give the same bytes on every machine, since nothing here is rounded by a font or a graphics card.
May not enter: pictures from outside, which shapes there are (icons.py), where they stand (stamps.py).
"""

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw

BOX = 100.0
CURVE_STEPS = 24
_TOKEN = re.compile(r"[MLHVCQZ]|-?[0-9]*\.?[0-9]+")
_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "Z": 0}

Point = tuple[float, float]
Outline = list[Point]
Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One step of drawing a shape. `cut` takes away what earlier parts drew.

    `path`: outlines in the letters of SVG paths (absolute M L H V C Q Z); `disc`: centre and radius; `box`: left, top, width,
    height, corner radius; `bar`: a line with round ends, its two ends and its width."""

    kind: Literal["path", "disc", "box", "bar"]
    numbers: tuple[float, ...] = ()
    path: str = ""
    cut: bool = False


Shape = tuple[Part, ...]


def path(text: str, *, cut: bool = False) -> Part:
    return Part("path", path=text, cut=cut)


def disc(x: float, y: float, radius: float, *, cut: bool = False) -> Part:
    return Part("disc", (x, y, radius), cut=cut)


def box(left: float, top: float, width: float, height: float, radius: float = 0, *, cut: bool = False) -> Part:
    return Part("box", (left, top, width, height, radius), cut=cut)


def bar(x0: float, y0: float, x1: float, y1: float, width: float, *, cut: bool = False) -> Part:
    return Part("bar", (x0, y0, x1, y1, width), cut=cut)


def mask(shape: Shape, width: int, height: int | None = None) -> Image.Image:
    """Coverage (mode L) of the shape, its box stretched to `width` x `height` pixels (a square without a height)."""
    height = width if height is None else height
    fine = 8 if max(width, height) <= 160 else 4
    canvas = Image.new("L", (width * fine, height * fine), 0)
    pen = ImageDraw.Draw(canvas)
    across, down = width * fine / BOX, height * fine / BOX
    for part in shape:
        for outline in outlines(part):
            pen.polygon([(x * across, y * down) for x, y in outline], fill=0 if part.cut else 255)
    return canvas.reduce(fine)


def outlines(part: Part) -> list[Outline]:
    """The closed outlines of a part, curves as chords short enough for any size that a phone shows."""
    numbers = part.numbers
    match part.kind:
        case "path":
            return _of_path(part.path)
        case "disc":
            return [_arc(numbers[0], numbers[1], numbers[2], 0, 360)]
        case "box":
            left, top, width, height, radius = numbers
            return [_rounded(left, top, width, height, min(radius, width / 2, height / 2))]
        case "bar":
            x0, y0, x1, y1, width = numbers
            along = math.degrees(math.atan2(y1 - y0, x1 - x0))
            return [_arc(x1, y1, width / 2, along - 90, along + 90) + _arc(x0, y0, width / 2, along + 90, along + 270)]


def _arc(x: float, y: float, radius: float, start: float, end: float) -> Outline:
    steps = max(2, round(CURVE_STEPS * 4 * abs(end - start) / 360))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _rounded(left: float, top: float, width: float, height: float, radius: float) -> Outline:
    right, bottom = left + width, top + height
    if radius <= 0:
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    corners = (
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
        (right - radius, top + radius, 270),
    )
    return [point for x, y, start in corners for point in _arc(x, y, radius, start, start + 90)]


def _of_path(text: str) -> list[Outline]:
    found: list[Outline] = []
    current: Outline = []
    tokens = _TOKEN.findall(text)
    at, command = 0, "M"
    while at < len(tokens):
        if tokens[at] in _NUMBERS:
            command, at = tokens[at], at + 1
        count = _NUMBERS[command]
        numbers = [float(token) for token in tokens[at : at + count]]
        at += count
        if command == "Z":
            continue
        if command == "M":
            current = [(numbers[0], numbers[1])]
            found.append(current)
            command = "L"
            continue
        current += _step(command, numbers, current[-1])
    return found


def _step(command: str, numbers: Sequence[float], start: Point) -> Outline:
    match command:
        case "H":
            return [(numbers[0], start[1])]
        case "V":
            return [(start[0], numbers[0])]
        case "L":
            return [(numbers[0], numbers[1])]
    points = [start, *zip(numbers[::2], numbers[1::2], strict=True)]
    return [_bezier(points, step / CURVE_STEPS) for step in range(1, CURVE_STEPS + 1)]


def _bezier(points: Sequence[Point], at: float) -> Point:
    while len(points) > 1:
        points = [(x0 + (x1 - x0) * at, y0 + (y1 - y0) * at) for (x0, y0), (x1, y1) in itertools.pairwise(points)]
    return points[0]


def rgb(color: str) -> Color:
    """`#rrggbb` → three numbers. Raises ValueError for anything else."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        raise ValueError("the colour is not # and six hexadecimal digits")
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def mixed(first: Color, second: Color, share: float) -> Color:
    """`share` of the second colour, the rest of the first."""
    red, green, blue = (round(one + (other - one) * share) for one, other in zip(first, second, strict=True))
    return red, green, blue


def blended(first: str, second: str, share: float) -> str:
    """The same of `#rrggbb`."""
    return "#" + "".join(f"{part:02x}" for part in mixed(rgb(first), rgb(second), share))


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    parts = [value / 255 for value in color]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: Color, second: Color) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
