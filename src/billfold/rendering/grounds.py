"""A picture in two parts: its ground, which the passes of a template have alike, and what stands on it.

The engine takes some 60 ms for each picture that fills a card, and as much again for a clip and a fade over it; so it draws a
ground once, and what stands on it is laid over that. May not enter: what a ground shows, the engine."""

import io
import re

from PIL import Image

from billfold.rendering.svg import FRONT, GROUND

_TITLE = re.compile("<title>.*?</title>", re.DOTALL)
_QUICK = 3
"""How hard zlib tries: with 6 a picture is a twentieth smaller and takes half as long again."""


def split(document: str) -> tuple[str, str] | None:
    """(ground, front), each an SVG of its own of the same size; None where no ground was laid. Two passes that have the same ground
    get the same text for it."""
    head, laid, rest = document.partition(GROUND)
    ground, ended, front = rest.partition(FRONT)
    return (f"{_TITLE.sub('', head)}{ground}</svg>", f"{head}<g>{front}") if laid and ended else None


def joined(ground: bytes, front: bytes) -> bytes:
    """The front laid over the ground: two PNGs of one size, and one."""
    with Image.open(io.BytesIO(ground)) as below, Image.open(io.BytesIO(front)) as above:
        whole = Image.alpha_composite(below.convert("RGBA"), above.convert("RGBA"))
    out = io.BytesIO()
    whole.save(out, "PNG", compress_level=_QUICK)
    return out.getvalue()
