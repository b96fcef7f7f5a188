"""Brings the pictures inside an SVG of ours to the pixels that they will have, before the engine sees them.

The engine would filter the largest form of each picture anew for every preview, which took two thirds of its time; a template's
pictures are the same for all of its passes, so what is fitted here is kept. May not enter: what a pass is, drawing."""

import base64
import io
import re
from functools import lru_cache

from PIL import Image, ImageFilter

from billfold.rendering.svg import attributes

IMAGE = re.compile(
    r'<image x="(?P<x>[^"]*)" y="(?P<y>[^"]*)" width="(?P<width>[^"]*)" height="(?P<height>[^"]*)"'
    r' preserveAspectRatio="(?P<align>x\w+) (?P<fit>\w+)" href="data:image/png;base64,(?P<data>[^"]*)"/>'
)
"""As svg.Canvas.picture writes it."""
_BLURRED = re.compile(rf'<g filter="url\(#(?P<filter>blur\d+)\)">({IMAGE.pattern})</g>')
_DEVIATION = re.compile(r'<filter id="(blur\d+)"[^>]*><feGaussianBlur stdDeviation="([\d.]+)"/></filter>')
KEPT_MAX = 48
_SHARES = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}


def fitted(document: str, scale: float) -> str:
    """The same SVG with its pictures as large as they are at `scale` pixels a point, and blurred already where they are to be. What
    is no picture stays as it is."""
    points = dict(_DEVIATION.findall(document))

    def blurred(found: re.Match[str]) -> str:
        return _fitted(scale, float(points.get(found["filter"], 0)), *_parts(found)) or found[0]

    document = _BLURRED.sub(blurred, document)
    return IMAGE.sub(lambda found: _fitted(scale, 0.0, *_parts(found)) or found[0], document)


def _parts(found: re.Match[str]) -> tuple[str, ...]:
    return found.group("x", "y", "width", "height", "align", "fit", "data")


@lru_cache(maxsize=KEPT_MAX)
def _fitted(scale: float, blur: float, x: str, y: str, width: str, height: str, align: str, fit: str, data: str) -> str | None:
    try:
        with Image.open(io.BytesIO(base64.b64decode(data))) as opened:
            picture = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    except (OSError, ValueError):
        return None
    box = (round(float(x) * scale), round(float(y) * scale), _pixels(width, scale), _pixels(height, scale))
    across, down = _SHARES[align[1:4]], _SHARES[align[5:8]]
    if fit == "slice":
        picture, place = _cut(picture, box[2], box[3], across, down), box
    else:
        picture = _whole(picture, box[2], box[3])
        over = box[2] - picture.width, box[3] - picture.height
        place = (box[0] + round(over[0] * across), box[1] + round(over[1] * down), picture.width, picture.height)
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(blur * scale))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    shown = dict(zip(("x", "y", "width", "height"), (one / scale for one in place), strict=True))
    return (
        f'<image{attributes(**shown)} preserveAspectRatio="none"'
        f' href="data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"/>'
    )


def _cut(picture: Image.Image, width: int, height: int, across: float, down: float) -> Image.Image:
    """Fills the box; what is too much at two sides goes."""
    share = max(width / picture.width, height / picture.height)
    wide, high = width / share, height / share
    left, top = (picture.width - wide) * across, (picture.height - high) * down
    return picture.resize((width, height), Image.Resampling.BICUBIC, box=(left, top, left + wide, top + high))


def _whole(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Stays inside the box."""
    share = min(width / picture.width, height / picture.height)
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _pixels(points: str, scale: float) -> int:
    return max(1, round(float(points) * scale))
