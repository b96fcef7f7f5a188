"""Measures a decoded picture, in the child process: sizes, empty borders, lightness and how busy it is where.

On a copy of 128 x 128 pixels, so that a picture of any size costs the same. May not enter: anything but Pillow and facts.py.
"""

from PIL import Image

from billfold.images.facts import BINS, GRID

SIDE = 128
_OPAQUE = 250
_SEEN = 12
_ALIKE = 24
_LINEAR = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in range(256)]
_RED, _GREEN, _BLUE = ([share * part * 4095 for part in _LINEAR] for share in (0.2126, 0.7152, 0.0722))
_CURVE = [
    min(255, round(255 * (step / 4095 * 12.92 if step <= 12 else 1.055 * (step / 4095) ** (1 / 2.4) - 0.055)))
    for step in range(4097)
]


def measured(picture: Image.Image) -> dict[str, object]:
    """The members of facts.Facts that come from pixels. `picture`: RGB or RGBA, upright."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX).convert("RGBA")
    pixels = small.tobytes()
    light = lightness(pixels)
    alpha = pixels[3::4]
    seen = sum(alpha)
    bins = [0] * BINS
    for value, weight in zip(light, alpha, strict=True):
        bins[value * BINS // 256] += weight
    means, spreads = _fields(light, alpha)
    return {
        "coverage": round(seen / (255 * SIDE * SIDE), 4),
        "border": _border(picture),
        "ink": [round(one / seen, 4) if seen else 0.0 for one in bins],
        "edge": _edge(picture),
        "light": means,
        "busy": spreads,
    }


def lightness(pixels: bytes) -> bytes:
    """Of RGBA pixels: relative luminance in sRGB's curve, a byte each."""
    return bytes(
        _CURVE[int(_RED[red] + _GREEN[green] + _BLUE[blue])]
        for red, green, blue in zip(pixels[0::4], pixels[1::4], pixels[2::4], strict=True)
    )


def _fields(light: bytes, alpha: bytes) -> tuple[list[int], list[int]]:
    side = SIDE // GRID
    means, spreads = [], []
    for row in range(GRID):
        for column in range(GRID):
            values: list[int] = []
            for line in range(row * side, (row + 1) * side):
                start = line * SIDE + column * side
                values += [
                    255 + (value - 255) * weight // 255
                    for value, weight in zip(light[start : start + side], alpha[start : start + side], strict=True)
                ]
            mean = sum(values) / len(values)
            means.append(round(mean))
            spreads.append(round((sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5))
    return means, spreads


def _border(picture: Image.Image) -> list[float]:
    if picture.mode != "RGBA":
        return [0.0] * 4
    found = picture.getchannel("A").point([255 if value > _SEEN else 0 for value in range(256)]).getbbox()
    if found is None:
        return [0.5] * 4
    left, top, right, bottom = found
    shares = left / picture.width, top / picture.height, 1 - right / picture.width, 1 - bottom / picture.height
    return [round(share, 4) for share in shares]


def _edge(picture: Image.Image) -> str | None:
    """The colour of the outermost pixels where they are opaque and alike."""
    rgba = picture.convert("RGBA") if picture.mode != "RGBA" else picture
    width, height = rgba.size
    lines = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    pixels = b"".join(rgba.crop(line).tobytes() for line in lines)
    bands = [pixels[band::4] for band in range(4)]
    if min(bands[3]) < _OPAQUE or any(max(band) - min(band) > _ALIKE for band in bands[:3]):
        return None
    return "#" + "".join(f"{(min(band) + max(band)) // 2:02x}" for band in bands[:3])
