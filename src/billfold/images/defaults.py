"""Draws an icon where a brand has sent none: its initials on its colour.

Pure: the same input gives the same bytes. It decodes nothing, so it needs no child process.
May not enter: pictures or fonts from outside.
"""

import io
import re
import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

ICON_SIDE = 114
_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})")
_DARK, _LIGHT = (17, 17, 17), (255, 255, 255)


def default_icon(color_hex: str, initials: str, size: int = ICON_SIDE) -> bytes:
    """A square PNG of `size` pixels: `initials` (the first two count) on `color_hex` ("#1a2b3c").

    Initials that the bundled font cannot draw, or none, give Billfold's mark instead: a folded card.
    Raises ValueError for a colour that is not six hexadecimal digits.
    """
    return _png(_tile(color_hex, initials, size))


def default_logo(color_hex: str, initials: str, height: int = 150) -> bytes:
    """The same tile with round corners on a transparent ground, for the logo's place (50 points high)."""
    tile = _tile(color_hex, initials, height).convert("RGBA")
    mask = Image.new("L", (height * 4, height * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, height * 4 - 1, height * 4 - 1), radius=height * 4 // 5, fill=255)
    tile.putalpha(mask.resize((height, height), Image.Resampling.LANCZOS))
    return _png(tile)


def _tile(color_hex: str, initials: str, size: int) -> Image.Image:
    found = _COLOR.fullmatch(color_hex)
    if found is None:
        raise ValueError("the colour is not six hexadecimal digits")
    red, green, blue = bytes.fromhex(found[1])
    tile = Image.new("RGB", (size, size), (red, green, blue))
    # Perceived brightness, ITU-R BT.601: dark letters on light grounds.
    ink = _DARK if red * 299 + green * 587 + blue * 114 > 150_000 else _LIGHT
    text = _plain(initials)
    if text and all(_can_draw(letter) for letter in text):
        _draw_letters(tile, text, ink)
    else:
        _draw_mark(tile, ink)
    return tile


def _plain(initials: str) -> str:
    """Two capitals. Accents go, since the bundled font has none: Ä is drawn as A."""
    letters = unicodedata.normalize("NFKD", initials).upper()
    return "".join(letter for letter in letters if letter.isalnum())[:2]


def _draw_letters(tile: Image.Image, text: str, ink: tuple[int, int, int]) -> None:
    size = tile.width
    font = _font(size * (0.46 if len(text) == 2 else 0.56))
    left, top, right, bottom = font.getbbox(text)
    if right - left > size * 0.76:  # wide pairs such as WM
        font = _font(size * 0.46 * size * 0.76 / (right - left))
        left, top, right, bottom = font.getbbox(text)
    at = ((size - (right - left)) / 2 - left, (size - (bottom - top)) / 2 - top)
    ImageDraw.Draw(tile).text(at, text, fill=ink, font=font)


def _draw_mark(tile: Image.Image, ink: tuple[int, int, int]) -> None:
    """A card looking out of a fold."""
    unit = tile.width / 12
    pen = ImageDraw.Draw(tile)
    pen.rounded_rectangle(
        (2.5 * unit, 3 * unit, 9.5 * unit, 6 * unit), radius=0.6 * unit, outline=ink, width=max(1, round(unit / 2))
    )
    pen.rounded_rectangle((2 * unit, 5 * unit, 10 * unit, 9.5 * unit), radius=0.8 * unit, fill=ink)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    """Pillow's bundled font, laid out by FreeType alone, so that the shaping library of a machine changes nothing."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow is built with FreeType"
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


@cache
def _missing_glyph() -> bytes:
    return bytes(_font(24).getmask("\U0010fffd"))


def _can_draw(letter: str) -> bool:
    return bytes(_font(24).getmask(letter)) != _missing_glyph()


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
