"""Draws what a phone would show of a picture: the whole of it, what is cut off dimmed, and the area that always stays in sight.

Pure, in the child process. May not enter: text, other places than slots.py has.
"""

from PIL import Image, ImageDraw

from billfold.images.framing import ROUND, SAFE_AREAS, Area, Frame, shown
from billfold.images.making import made_for
from billfold.images.slots import Fit, Slot
from billfold.images.vectors import rgb

SIDE_MAX = 960
_FINE = 2
_PAPER = (238, 240, 243)
_SQUARES = (250, 251, 252)
_SHADE = (17, 24, 39)
_SHADE_SHARE = 170
_LINE = (255, 255, 255)
_LINE_EDGE = (17, 24, 39)
_ICON_ROUNDING = 0.225
_SQUARE = 24


def draw(picture: Image.Image, slot: Slot, frame: Frame | None, ground: str | None) -> Image.Image:
    """RGB, at most 960 pixels a side. `ground`: the pass's colour, seen through what is transparent."""
    if slot.fit in (Fit.COVER, Fit.FLEXIBLE):
        return _cut(picture, slot, frame, ground)
    return _placed(picture, slot, frame, ground)


def _cut(picture: Image.Image, slot: Slot, frame: Frame | None, ground: str | None) -> Image.Image:
    """The whole picture, dimmed outside of what is shown."""
    ratio = min(SIDE_MAX / picture.width, SIDE_MAX / picture.height)
    size = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
    canvas = _on_ground(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), ground)
    area = _pixels(shown(slot, picture.width, picture.height, frame), canvas.size)
    keep = Image.new("L", (canvas.width * _FINE, canvas.height * _FINE), _SHADE_SHARE)
    pen = ImageDraw.Draw(keep)
    fine = tuple(round(edge * _FINE) for edge in area)
    rounding = _ICON_ROUNDING * (fine[2] - fine[0]) if slot.name == "icon" else 0.03 * min(fine[2] - fine[0], fine[3] - fine[1])
    pen.rounded_rectangle((fine[0], fine[1], fine[2] - 1, fine[3] - 1), radius=rounding, fill=0)
    canvas.paste(_SHADE, (0, 0), keep.resize(canvas.size, Image.Resampling.BOX))
    for safe in SAFE_AREAS.get(slot.name, ()):
        _dashed(canvas, _inside(area, safe))
    return canvas


def _placed(picture: Image.Image, slot: Slot, frame: Frame | None, ground: str | None) -> Image.Image:
    """The picture in its place, which it may fill in one direction only; where it is left is the pass's colour."""
    _, made = made_for(picture, slot, frame)[-1]
    box = slot.largest
    ratio = min(SIDE_MAX / box.width, SIDE_MAX / box.height)
    place = Image.new("RGB", (round(box.width * ratio), max(24, round(box.height * ratio))), rgb(ground) if ground else _PAPER)
    if ground is None:
        _chequer(place)
    fitted = made.resize((max(1, round(made.width * ratio)), max(1, round(made.height * ratio))), Image.Resampling.LANCZOS)
    at = (0, (place.height - fitted.height) // 2) if slot.fit is Fit.CONTAIN else (0, 0)
    place.paste(fitted, at, fitted if fitted.mode == "RGBA" else None)
    if slot.name in ROUND:
        outside = Image.new("L", (place.width * _FINE, place.height * _FINE), 255)
        ImageDraw.Draw(outside).ellipse((0, 0, outside.width - 1, outside.height - 1), fill=0)
        place.paste(
            _SHADE, (0, 0), outside.resize(place.size, Image.Resampling.BOX).point(lambda value: value * _SHADE_SHARE // 255)
        )
    return place


def _on_ground(picture: Image.Image, ground: str | None) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    canvas = Image.new("RGB", picture.size, rgb(ground) if ground else _PAPER)
    if ground is None:
        _chequer(canvas)
    canvas.paste(picture, (0, 0), picture)
    return canvas


def _chequer(canvas: Image.Image) -> None:
    pen = ImageDraw.Draw(canvas)
    for row in range(0, canvas.height, _SQUARE):
        for column in range(row // _SQUARE % 2 * _SQUARE, canvas.width, 2 * _SQUARE):
            pen.rectangle((column, row, column + _SQUARE - 1, row + _SQUARE - 1), fill=_SQUARES)


def _pixels(area: Area, size: tuple[int, int]) -> Area:
    return area[0] * size[0], area[1] * size[1], area[2] * size[0], area[3] * size[1]


def _inside(area: Area, part: Area) -> Area:
    width, height = area[2] - area[0], area[3] - area[1]
    return area[0] + part[0] * width, area[1] + part[1] * height, area[0] + part[2] * width, area[1] + part[3] * height


def _dashed(canvas: Image.Image, area: Area) -> None:
    left, top, right, bottom = (round(edge) for edge in area)
    pen = ImageDraw.Draw(canvas)
    for offset, color in ((1, _LINE_EDGE), (0, _LINE)):
        for x in range(left, right, 16):
            for y in (top, bottom):
                pen.line((x + offset, y + offset, min(x + 8, right) + offset, y + offset), fill=color, width=2)
        for y in range(top, bottom, 16):
            for x in (left, right):
                pen.line((x + offset, y + offset, x + offset, min(y + 8, bottom) + offset), fill=color, width=2)
