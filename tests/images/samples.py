"""Pictures that tests send: honest ones of every kind, and thirty hostile ones, all made here from nothing.

May not enter: anything of billfold.images.
"""

import io
import struct
import zipfile
import zlib

from PIL import Image, ImageCms, PngImagePlugin

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (255, 255, 255)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def quarters(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red, green, blue and white from the upper left by rows: shows at once what was turned or cut."""
    image = Image.new("RGB", (2, 2))
    image.putdata([RED, GREEN, BLUE, WHITE])
    return image.resize((width, height), Image.Resampling.NEAREST).convert(mode)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, body: bytes, extra: bytes = b"") -> bytes:
    """A PNG from its parts, honest or not."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def bomb_png(width: int, height: int) -> bytes:
    """One bit a pixel, all zero: 20,000 x 20,000 in 49 kB."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png(width, height, 1, 0, body)


def animated(kind: str, **options: object) -> bytes:
    frames = [Image.new("RGB", (60, 60), colour) for colour in (RED, GREEN, BLUE)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)


def jpeg_with_size(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    data = bytearray(saved(quarters(64, 64), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_with_size(width: int, height: int) -> bytes:
    """A VP8X header that claims another canvas."""
    body = struct.pack("<I", 0x02)[:1] + b"\0\0\0" + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    chunks = b"VP8X" + struct.pack("<I", len(body)) + body
    frame = saved(quarters(64, 64), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(frame)) + b"WEBP" + chunks + frame


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def text_chunk(length: int) -> bytes:
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * length, 9))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;&x;</text></svg>'
)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\nshowpage\n"
ICO = b"\0\0\1\0\1\0\1\1\0\0\1\0\x18\0\x30\0\0\0\x16\0\0\0" + b"\0" * 48
BIG_ROWS = zlib.compress(b"\0" * (1 + 64 * 3) * 64, 9)


def hostile() -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """Name → bytes and the reasons allowed; an empty tuple means that the file must be accepted and made harmless."""
    honest = saved(quarters(64, 64), "PNG")
    photo = saved(quarters(64, 64), "JPEG")
    webp = saved(quarters(64, 64), "WEBP")
    return {
        "PNG bomb of 20,000 x 20,000 in 49 kB": (bomb_png(20_000, 20_000), ("too_many_pixels",)),
        "PNG just over the side": (bomb_png(4_097, 10), ("too_many_pixels",)),
        "PNG just over the pixels": (bomb_png(4_096, 4_000), ("too_many_pixels",)),
        "PNG of 1 x 30,000": (bomb_png(1, 30_000), ("too_many_pixels",)),
        "PNG that claims 2^31 - 1 a side": (png(2**31 - 1, 2**31 - 1, 8, 6, b"x"), ("too_many_pixels", "not_an_image")),
        "PNG of no width": (png(0, 10, 8, 2, b""), ("not_an_image", "decode_failed")),
        "PNG that unpacks to more than its size": (
            png(64, 64, 8, 2, zlib.compress(b"\0" * 50_000_000, 9)),
            ("decode_failed", ""),
        ),
        "PNG that unpacks to less than its size": (png(4_000, 4_000, 8, 6, BIG_ROWS), ("decode_failed",)),
        "PNG cut short": (honest[: len(honest) // 2], ("decode_failed",)),
        "PNG with a wrong checksum": (honest.replace(b"IDAT", b"IDAX", 1), ("decode_failed", "not_an_image")),
        "PNG signature alone": (honest[:8], ("not_an_image", "decode_failed")),
        "PNG with a text of 60 MB": (
            png(64, 64, 8, 2, BIG_ROWS, text_chunk(60_000_000)),
            ("decode_failed", "not_an_image"),
        ),
        "PNG with 300 texts of 60 kB": (
            png(64, 64, 8, 2, BIG_ROWS, text_chunk(60_000) * 300),
            ("decode_failed", "not_an_image"),
        ),
        "PNG with a broken colour profile": (
            png(64, 64, 8, 2, BIG_ROWS, chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile"))),
            (),
        ),
        "PNG with a profile bomb": (
            png(64, 64, 8, 2, BIG_ROWS, chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 80_000_000, 9))),
            ("decode_failed", "not_an_image", ""),
        ),
        "animated PNG": (animated("PNG"), ()),
        "animated WebP": (animated("WEBP"), ()),
        "JPEG that claims 65,500 a side": (jpeg_with_size(65_500, 65_500), ("too_many_pixels",)),
        "JPEG that claims 4,000 a side": (jpeg_with_size(4_000, 4_000), ("decode_failed", "")),
        "JPEG cut short": (photo[: len(photo) // 2], ("decode_failed",)),
        "JPEG of scans without end": (photo[:-2] + photo[photo.index(b"\xff\xda") : -2] * 2_000, ("decode_failed", "")),
        "WebP that claims 16,383 a side": (webp_with_size(16_383, 16_383), ("too_many_pixels", "not_an_image")),
        "WebP cut short": (webp[: len(webp) // 2], ("decode_failed", "not_an_image")),
        "GIF": (saved(quarters(64, 64), "GIF"), ("format_not_supported",)),
        "animated GIF": (animated("GIF"), ("format_not_supported",)),
        "SVG": (SVG, ("format_not_supported",)),
        "SVG with entities": (ENTITIES, ("format_not_supported",)),
        "EPS": (EPS, ("format_not_supported",)),
        "EPS that begins like a PNG": (honest[:8] + EPS, ("not_an_image", "decode_failed")),
        "TIFF": (saved(quarters(64, 64), "TIFF"), ("format_not_supported",)),
        "BMP": (saved(quarters(64, 64), "BMP"), ("format_not_supported",)),
        "ICO": (ICO, ("format_not_supported",)),
        "PDF": (b"%PDF-1.7\n1 0 obj<<>>endobj\n", ("format_not_supported",)),
        "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100, ("format_not_supported",)),
        "zip named .png": (zipped({"../../etc/x": b"x" * 1_000}), ("not_an_image",)),
        "PNG with a zip behind it": (honest + zipped({"evil.sh": b"rm"}), ()),
        "PNG with a page inside it": (png(64, 64, 8, 2, BIG_ROWS, chunk(b"tEXt", b"a\0<script>x</script>")), ()),
        "HTML": (b"<html><script>alert(1)</script></html>", ("not_an_image",)),
        "text": (b"no picture at all", ("not_an_image",)),
        "zeros": (b"\0" * 100_000, ("not_an_image",)),
        "nothing": (b"", ("not_an_image",)),
    }


def honest() -> dict[str, bytes]:
    """Pictures that people really send; each shows the four quarters (grey ones apart)."""
    palette = quarters(64, 64).quantize(8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: shown upright after 90 degrees clockwise
    exif[0x010E] = "secret place"
    turned = quarters(64, 64).transpose(Image.Transpose.ROTATE_90)
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "secret name")
    return {
        "PNG": saved(quarters(64, 64), "PNG"),
        "PNG with text": saved(quarters(64, 64), "PNG", pnginfo=texts),
        "PNG with transparency": saved(quarters(64, 64, "RGBA"), "PNG"),
        "PNG with palette": saved(palette, "PNG"),
        "PNG with palette and transparency": saved(palette, "PNG", transparency=7),
        "PNG of 16 bits a colour": png(64, 64, 16, 2, zlib.compress(b"".join(_deep_row(row) for row in range(64)))),
        "PNG with profile": saved(quarters(64, 64), "PNG", icc_profile=srgb),
        "JPEG": saved(quarters(64, 64), "JPEG", quality=95),
        "JPEG progressive": saved(quarters(64, 64), "JPEG", quality=95, progressive=True),
        "JPEG turned": saved(turned, "JPEG", quality=95, exif=exif),
        "JPEG of four inks": saved(quarters(64, 64, "CMYK"), "JPEG", quality=95),
        "WebP": saved(quarters(64, 64), "WEBP", quality=95),
        "WebP with transparency": saved(quarters(64, 64, "RGBA"), "WEBP", lossless=True),
    }


def _deep_row(row: int) -> bytes:
    pair = (RED, GREEN) if row < 32 else (BLUE, WHITE)
    return b"\0" + b"".join(bytes(part for value in colour for part in (value, value)) * 32 for colour in pair)
