"""How wide a text is, and what becomes of it where there is too little room. Measured with the fonts that the pictures use.

Inter (SIL Open Font License, fonts/OFL.txt) comes along in two weights. May not enter: where a text stands."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

FOLDER = Path(__file__).parent / "fonts"
FILES = {False: FOLDER / "Inter-Regular.ttf", True: FOLDER / "Inter-SemiBold.ttf"}
FAMILY = "Inter"
FALLBACK = "Inter, system-ui, sans-serif"
_MEASURED_AT = 64
ELLIPSIS = "…"
_BREAKS = re.compile(r"[^\S\u00a0\u2007\u202f]+")
"""Where a line may end: spaces, but none that holds a number and its unit together."""


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FILES[bold], _MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _units(text: str, bold: bool) -> float:
    """Width at a size of 1. A character that the font lacks counts as wide as an ideograph."""
    known = "".join(one for one in text if not _foreign(one))
    return _font(bold).getlength(known) / _MEASURED_AT + (len(text) - len(known)) * 1.05


def _foreign(one: str) -> bool:
    return ord(one) > 0x2FFF or 0x0590 <= ord(one) < 0x1E00 or unicodedata.category(one) == "So"


def covers(text: str) -> bool:
    """False when a system font is needed beside ours."""
    return not any(map(_foreign, text))


def width(text: str, size: float, bold: bool = False) -> float:
    return _units(text, bold) * size


def shorten(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text as far as it fits into `room`, with an ellipsis where something had to go; "" when nothing fits."""
    text = " ".join(text.split())
    if width(text, size, bold) <= room:
        return text
    if width(ELLIPSIS, size, bold) > room:
        return ""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + ELLIPSIS, size, bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def shrink(text: str, size: float, room: float, smallest: float, bold: bool = False) -> tuple[str, float]:
    """(text, size): made smaller down to `smallest` before anything is cut, as phones do with large values."""
    needed = width(" ".join(text.split()), 1.0, bold)
    fitting = min(size, room / needed) if needed else size
    chosen = max(smallest, fitting)
    return shorten(text, chosen, room, bold), chosen


def wrap(text: str, size: float, room: float, lines_max: int, bold: bool = False) -> list[str]:
    """Lines broken at spaces, or inside a word that is wider than a line; the last one is shortened where more was there."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in _BREAKS.split(paragraph.strip()):
            joined = f"{line} {word}" if line else word
            if width(joined, size, bold) <= room:
                line = joined
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, size, room, bold, lines_max)
            lines += full
        lines.append(line)
        if len(lines) > lines_max:
            break
    if len(lines) <= lines_max:
        return lines
    kept = lines[:lines_max]
    kept[-1] = shorten(
        f"{kept[-1]} {ELLIPSIS}" if width(kept[-1] + ELLIPSIS, size, bold) > room else kept[-1] + ELLIPSIS, size, room, bold
    )
    return kept


def _pieces(word: str, size: float, room: float, bold: bool, pieces_max: int) -> list[str]:
    """An overlong word cut into lines; what is beyond `pieces_max` stays in the last one."""
    out: list[str] = []
    while width(word, size, bold) > room and len(word) > 1 and len(out) < pieces_max:
        cut = _cut(word, size, room, bold)
        out.append(word[:cut])
        word = word[cut:]
    return [*out, word]


def _cut(word: str, size: float, room: float, bold: bool) -> int:
    """How many letters of an overlong word go into a line; one at least."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width(word[:middle], size, bold) <= room:
            low = middle
        else:
            high = middle - 1
    return low
