"""What a picture's file says of itself, from its headers alone: nothing is decoded here.

Bytes of strangers are decoded by the limited child process of images/ only. May not enter: pixels, sizes that a pass wants.
Source: W3C, "Portable Network Graphics", third edition, section 5."""

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNKS_MAX = 2_000
_OTHERS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"RIFF", "WebP"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"<!DO", "HTML"),
    (b"<htm", "HTML"),
)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """`format`: PNG, another one's name, or empty for what is none. `damage`: what is wrong with a PNG, as far as can be seen."""

    format: str
    width: int = 0
    height: int = 0
    damage: str = ""
    bytes: int = 0


def image_facts(data: bytes) -> ImageFacts:
    """Reads chunk by chunk up to the end; never raises."""
    if not data.startswith(SIGNATURE):
        kind = next((name for head, name in _OTHERS if data.startswith(head)), "")
        return ImageFacts(kind, bytes=len(data))
    width = height = 0
    at, has_data = len(SIGNATURE), False
    for _ in range(_CHUNKS_MAX):
        if at + 12 > len(data):
            return ImageFacts("PNG", width, height, "the file ends too early", len(data))
        length, kind_bytes = struct.unpack_from(">L4s", data, at)
        end = at + 12 + length
        if end > len(data):
            return ImageFacts("PNG", width, height, "the file ends too early", len(data))
        (check,) = struct.unpack_from(">L", data, end - 4)
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != check:
            return ImageFacts("PNG", width, height, "a part of the file does not have its checksum", len(data))
        if kind_bytes == b"IHDR" and length == 13:
            width, height = struct.unpack_from(">2L", data, at + 8)
        has_data |= kind_bytes == b"IDAT"
        at = end
        if kind_bytes == b"IEND":
            break
    if not (0 < width < 2**31 and 0 < height < 2**31):
        return ImageFacts("PNG", 0, 0, "the file does not say how large the picture is", len(data))
    return ImageFacts("PNG", width, height, "" if has_data else "the file holds no picture", len(data))
