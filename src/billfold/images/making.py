"""Makes the pictures of a pass from decoded ones, in the child process: cut, scaled, packed as small PNGs.

Pure. May not enter: bytes of strangers (decoding.py), pipes (worker.py).
"""

import io

from PIL import Image

from billfold.images.framing import Frame, box_ratio, shown
from billfold.images.slots import Box, Fit, Slot

MASTER_SIDE_MAX = 2_048
OPTIMISED_PIXELS_MAX = 100_000
WELL_PACKED_PIXELS_MAX = 500_000


def master_of(source: Image.Image) -> Image.Image:
    """The whole picture, bounded: any place can be filled from it later."""
    if max(source.size) <= MASTER_SIDE_MAX:
        return source
    master = source.copy()
    master.thumbnail((MASTER_SIDE_MAX, MASTER_SIDE_MAX), Image.Resampling.LANCZOS)
    return master


def made_for(source: Image.Image, slot: Slot, frame: Frame | None) -> list[tuple[Box, Image.Image]]:
    """The slot's picture at each of its scales."""
    left, top, right, bottom = shown(slot, source.width, source.height, frame)
    area = (left * source.width, top * source.height, right * source.width, bottom * source.height)
    return [(box, _fitted(source, slot, box, frame, area)) for box in slot.boxes]


def _fitted(source: Image.Image, slot: Slot, box: Box, frame: Frame | None, area: tuple[float, float, float, float]) -> Image.Image:
    width, height = area[2] - area[0], area[3] - area[1]
    match slot.fit:
        case Fit.COVER:
            return _scaled(source, box.width, box.height, area)
        case Fit.FLEXIBLE:
            return _scaled(source, box.height * box_ratio(slot, source.width, source.height, frame), box.height, area)
        case Fit.CONTAIN:
            # As large as the box or as the source allows at the largest scale; then each scale in proportion to it.
            ratio = min(slot.largest.width / width, slot.largest.height / height, 1.0) * box.scale / slot.largest.scale
            return _scaled(source, width * ratio, height * ratio, area)
        case Fit.CONTAIN_IN_SQUARE:
            free = 1 - 2 * slot.margin_percent / 100
            ratio = min(box.width * free / width, box.height * free / height)
            picture = _scaled(source, width * ratio, height * ratio, area).convert("RGBA")
            ground = Image.new("RGBA", (box.width, box.height), (0, 0, 0, 0))
            ground.paste(picture, ((ground.width - picture.width) // 2, (ground.height - picture.height) // 2))
            return ground


def _scaled(source: Image.Image, width: float, height: float, area: tuple[float, float, float, float]) -> Image.Image:
    size = (max(1, round(width)), max(1, round(height)))
    if size == source.size and area == (0.0, 0.0, float(source.width), float(source.height)):
        return source
    # A rounding error beyond the edge would be refused.
    inside = (max(0.0, area[0]), max(0.0, area[1]), min(source.width, area[2]), min(source.height, area[3]))
    return source.resize(size, Image.Resampling.LANCZOS, box=inside, reducing_gap=3.0)


def reduced(image: Image.Image) -> Image.Image:
    """Three quarters of the width and height, for a file that is too large."""
    size = (max(1, image.width * 3 // 4), max(1, image.height * 3 // 4))
    return image.resize(size, Image.Resampling.LANCZOS)


def as_png(image: Image.Image) -> bytes:
    """Small where that is cheap; a large picture would cost seconds for a few per cent. Opacity that says nothing is left out."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    buffer = io.BytesIO()
    if image.width * image.height <= OPTIMISED_PIXELS_MAX:
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "PNG", compress_level=6 if image.width * image.height <= WELL_PACKED_PIXELS_MAX else 2)
    return buffer.getvalue()
