"""Draws a stamp card from its counts: rows that suit the picture's shape, stamps collected and still open, the reward at the end.

The same code draws each scale anew, so every one is crisp. Pure: the same card and size give the same bytes.
May not enter: which sizes there are (slots.py), storing, pictures that are not plain PNGs of ours.
"""

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from billfold.images import icons
from billfold.images.vectors import Color, Shape, contrast, disc, mask, mixed, rgb

STAMPS_MAX = 30
FILL = 0.86
"""Share of a cell that its stamp takes; the rest is air between stamps."""
_RING: Shape = (disc(50, 50, 49), disc(50, 50, 45.5, cut=True))
_DISC: Shape = (disc(50, 50, 49),)
_ICON_SHARE = 0.6
_PICTURE_SHARE = 0.98
_LIGHT: Color = (255, 255, 255)
_DARK: Color = (17, 17, 17)


@dataclass(frozen=True, slots=True)
class StampSpec:
    """What is drawn. `filled` of `total` (1 to 30) are collected; the last place is the reward's when `reward` names a shape of
    icons.py. Colours are `#rrggbb`. `picture`: content hash of an own picture in place of `icon`."""

    filled: int
    total: int
    icon: str
    stamp_color: str
    empty_color: str
    ground_color: str
    reward: str | None = "gift"
    picture: str | None = None


def rows_of(total: int, width: float, height: float) -> list[int]:
    """How many stamps stand in each row, so that the stamps are as large as a picture of this shape allows; of two ways the one
    with fewer rows. Rows differ by one at most, the longer ones above."""
    best, size = 1, 0.0
    for rows in range(1, total + 1):
        cell = min(width / -(-total // rows), height / rows)
        if cell > size + 1e-9:
            best, size = rows, cell
    longer = total % best
    return [total // best + (row < longer) for row in range(best)]


def draw(spec: StampSpec, width: int, height: int, picture: Image.Image | None = None) -> Image.Image:
    """The card as RGB. `picture`: drawn on each stamp in place of the icon (RGBA); needed when the spec says so."""
    ground = rgb(spec.ground_color)
    card = Image.new("RGB", (width, height), ground)
    margin_across, margin_down = round(width * 0.035), round(height * 0.06)
    inner_width, inner_height = width - 2 * margin_across, height - 2 * margin_down
    rows = rows_of(spec.total, inner_width, inner_height)
    pitch = min(inner_width / rows[0], inner_height / len(rows))
    side = max(2, round(pitch * FILL))
    # A little more air across than down reads as rows; never so much that the stamps drift apart.
    across = min(inner_width / rows[0], pitch * 1.35)
    down = min(inner_height / len(rows), pitch * 1.12)
    number = 0
    for row, count in enumerate(rows):
        top = round(height / 2 + (row - len(rows) / 2 + 0.5) * down - side / 2)
        for column in range(count):
            left = round(width / 2 + (column - count / 2 + 0.5) * across - side / 2)
            _stamp(card, spec, number, (left, top), side, picture)
            number += 1
    return card


def stamp_png(spec: StampSpec, width: int, height: int, picture: Image.Image | None = None) -> bytes:
    buffer = io.BytesIO()
    drawn = draw(spec, width, height, picture)
    if picture is None:
        # Few colours and their blends: a palette is a third of the size and loses nothing that can be seen.
        drawn = drawn.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    drawn.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _stamp(card: Image.Image, spec: StampSpec, number: int, at: tuple[int, int], side: int, picture: Image.Image | None) -> None:
    filled = number < spec.filled
    reward = spec.reward if number == spec.total - 1 and spec.total > 1 else None
    ground, stamp, empty = rgb(spec.ground_color), rgb(spec.stamp_color), rgb(spec.empty_color)
    if reward is not None:
        edge = icons.BADGE
        if filled:
            _paint(card, edge, at, side, stamp)
            _centred(card, icons.ICONS[reward], at, side, 0.52, _ink_on(stamp, ground))
        else:
            _paint(card, edge, at, side, empty)
            inner = max(1, round(side * 0.035))
            _paint(card, edge, (at[0] + inner, at[1] + inner), side - 2 * inner, mixed(ground, empty, 0.12))
            _centred(card, icons.ICONS[reward], at, side, 0.52, empty)
        return
    if picture is not None:
        _pictured(card, picture, at, side, filled=filled, empty=empty)
        return
    if filled:
        _paint(card, _DISC, at, side, stamp)
        _centred(card, icons.ICONS[spec.icon], at, side, _ICON_SHARE, _ink_on(stamp, ground))
    else:
        _paint(card, _RING, at, side, empty)
        _centred(card, icons.ICONS[spec.icon], at, side, _ICON_SHARE, mixed(ground, empty, 0.45))


def _ink_on(stamp: Color, ground: Color) -> Color:
    """The ground shows through a stamp where that can be seen well enough, else white or nearly black."""
    if contrast(stamp, ground) >= 3:
        return ground
    return max(_LIGHT, _DARK, key=lambda ink: contrast(ink, stamp))


def _paint(card: Image.Image, shape: Shape, at: tuple[int, int], side: int, color: Color) -> None:
    card.paste(color, at, _mask(shape, side))


def _centred(card: Image.Image, shape: Shape, at: tuple[int, int], side: int, share: float, color: Color) -> None:
    inner = max(1, round(side * share))
    inner += (side - inner) % 2  # the same air on both sides
    away = (side - inner) // 2
    _paint(card, shape, (at[0] + away, at[1] + away), inner, color)


def _pictured(card: Image.Image, picture: Image.Image, at: tuple[int, int], side: int, *, filled: bool, empty: Color) -> None:
    inner = max(1, round(side * _PICTURE_SHARE))
    ratio = min(inner / picture.width, inner / picture.height)
    size = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
    fitted = picture.resize(size, Image.Resampling.LANCZOS)
    place = (at[0] + (side - size[0]) // 2, at[1] + (side - size[1]) // 2)
    alpha = fitted.getchannel("A")
    if filled:
        card.paste(fitted, place, alpha)
        return
    _paint(card, _RING, at, side, empty)
    faint = fitted.convert("L").convert("RGB")
    card.paste(faint, place, alpha.point(lambda value: value * 22 // 100))


@lru_cache(maxsize=64)
def _mask(shape: Shape, side: int) -> Image.Image:
    return mask(shape, side)
