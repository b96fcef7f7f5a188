"""Turns bytes of strangers into plain pixels, in the child process: upright, sRGB, 8 bits, first frame, nothing else of the file.

May not enter: files, formats beyond the three, scaling for a place (making.py).
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

SIDE_MAX = 4_096
PIXELS_MAX = 16_000_000
# No slot is larger, so a shorter side of twice this or more is halved (or more) as early as possible.
USEFUL_SIDE = 1_600
FORMATS = ("PNG", "JPEG", "WEBP")
# Beginnings of files that are pictures (or drawings) but of a kind that is never decoded here.
OTHER_FORMATS = (
    b"GIF8", b"BM", b"II*\0", b"MM\0*", b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF", b"\0\0\1\0", b"8BPS", b"<svg", b"<?xml",
    b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"qoif", b"\x76\x2f\x31\x01", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6",
)  # fmt: skip
_TURNED = (5, 6, 7, 8)
_ORIENTATION = 0x0112


class Refusal(Exception):
    """Carries one of the constant reasons of errors.py."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """`width` and `height` are those of the file, upright; `picture` may be smaller."""

    picture: Image.Image
    width: int
    height: int
    format: str
    animated: bool
    four_inks: bool


def normalised(data: bytes) -> Decoded:
    """The first frame, upright, as sRGB in 8 bits with or without transparency, and nothing else of the file. Raises Refusal."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise Refusal("too_many_pixels") from error
    except UnidentifiedImageError as error:
        raise Refusal(unidentified(data)) from error
    if image.width > SIDE_MAX or image.height > SIDE_MAX or image.width * image.height > PIXELS_MAX:
        raise Refusal("too_many_pixels")
    size, kind, four_inks = image.size, image.format or "", image.mode == "CMYK"
    animated = int(getattr(image, "n_frames", 1)) > 1
    factor = min(image.size) // USEFUL_SIDE
    image.draft(image.mode, (image.width // max(factor, 1), image.height // max(factor, 1)))  # JPEG decodes halved
    image.load()
    profile = image.info.get("icc_profile")
    turned = image.getexif().get(_ORIENTATION) in _TURNED
    upright = ImageOps.exif_transpose(image)
    plain = in_eight_bits(upright)
    factor = min(plain.size) // USEFUL_SIDE
    if factor > 1 and plain.mode not in ("P", "1"):
        plain = plain.reduce(factor)
    if isinstance(profile, bytes):
        plain = in_srgb(plain, profile)
    target = "RGBA" if "A" in plain.getbands() or "transparency" in plain.info else "RGB"
    converted = plain if plain.mode == target else plain.convert(target)
    bare = Image.new(converted.mode, converted.size)
    bare.paste(converted)
    width, height = reversed(size) if turned else size
    return Decoded(bare, width, height, kind, animated, four_inks)


def unidentified(data: bytes) -> str:
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    known = start.startswith(OTHER_FORMATS) or start[4:8] == b"ftyp"
    return "format_not_supported" if known else "not_an_image"


def in_eight_bits(image: Image.Image) -> Image.Image:
    """Pillow would clip deep greys instead of scaling them."""
    if image.mode.startswith("I") or image.mode == "F":
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours of a wide-gamut or print profile as a phone expects them; a broken profile is ignored."""
    if image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image
    out = "RGB" if image.mode in ("CMYK", "L") else image.mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=out)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    if found is None:
        return image
    if "transparency" in image.info:  # only meaningful for the colours as they were
        return image
    return found
