"""The child process in which pictures of strangers are decoded. pool.py starts it and speaks with it over two pipes.

It gives up what it does not need before it looks at the first byte: memory, files to write, core dumps, CPU time. It says
"ready". One job: 4 bytes length, JSON; 4 bytes length, the picture. One answer: the same, JSON and then the PNGs one after another.
May not enter: any import of Billfold (it runs by path, isolated), network, settings, anything that outlives a job.
"""

import io
import json
import math
import resource
import struct
import sys
import warnings
from typing import BinaryIO, TypedDict

from PIL import (
    Image,
    ImageCms,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

SIDE_MAX = 4_096
PIXELS_MAX = 16_000_000
MASTER_SIDE_MAX = 1_600
# No slot is larger, so a shorter side of twice this or more is halved (or more) as early as possible.
USEFUL_SIDE = 1_600
OPTIMISED_PIXELS_MAX = 100_000
WELL_PACKED_PIXELS_MAX = 500_000
MEMORY_BYTES_MAX = 640 * 1024 * 1024
CPU_SECONDS_PER_JOB = 3
# A child that holds more than this after a job is replaced, so that one large picture does not keep memory for ever.
KEPT_MEMORY_BYTES_MAX = 128 * 1024 * 1024
FORMATS = ("PNG", "JPEG", "WEBP")
# Beginnings of files that are pictures (or drawings) but of a kind that is never decoded here.
OTHER_FORMATS = (
    b"GIF8", b"BM", b"II*\0", b"MM\0*", b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF", b"\0\0\1\0", b"8BPS", b"<svg", b"<?xml",
    b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"qoif", b"\x76\x2f\x31\x01", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6",
)  # fmt: skip


class BoxPlan(TypedDict):
    scale: int
    width: int
    height: int


class Plan(TypedDict):
    """What pool.py asks for: the rule and the boxes of one slot."""

    fit: str
    margin_percent: int
    boxes: list[BoxPlan]


class Refusal(Exception):
    """Carries one of the constant reasons of errors.py."""


def main() -> None:
    give_up_rights()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b"ready\n")
    answers.flush()
    while (plan := read_block(requests)) is not None:
        data = read_block(requests)
        if data is None:
            return
        allow_cpu_for_one_job()
        head, pictures = answer(json.loads(plan), data)
        head["last"] = grown()
        write(answers, head, pictures)


def give_up_rights() -> None:
    """Lower what the kernel grants this process for good. A limit that a system does not know is skipped."""
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
    ]
    for limit, value in limits:
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_CHUNK = 64 * 1024
    PngImagePlugin.MAX_TEXT_MEMORY = 1024 * 1024
    # Load what decoding needs now: later there is no need to open a file.
    for plugin in (PngImagePlugin, JpegImagePlugin, WebPImagePlugin):
        assert plugin
    ImageCms.createProfile("sRGB")


def allow_cpu_for_one_job() -> None:
    """The kernel ends this process when one job takes much more CPU than a picture of the allowed size needs."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent.ru_utime + spent.ru_stime) + CPU_SECONDS_PER_JOB, hard))


def grown() -> bool:
    """This process holds much memory and wants to be replaced."""
    try:
        with open("/proc/self/statm", "rb") as file:
            held = int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # no Linux: judge by the most it ever held (bytes on macOS)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held > KEPT_MEMORY_BYTES_MAX


def answer(plan: Plan, data: bytes) -> tuple[dict[str, object], list[bytes]]:
    try:
        pictures = prepare(plan, data)
    except Refusal as refusal:
        return {"refused": str(refusal)}, []
    except (Exception, MemoryError):  # a decoder may raise anything; its text is not for the outside
        return {"refused": "decode_failed"}, []
    described = [
        {"scale": scale, "width": image.width, "height": image.height, "bytes": len(png)} for scale, image, png in pictures
    ]
    return {"pictures": described}, [png for _, _, png in pictures]


def prepare(plan: Plan, data: bytes) -> list[tuple[int, Image.Image, bytes]]:
    """The master first, then one picture for each box."""
    source = normalised(data)
    master = source
    if max(source.size) > MASTER_SIDE_MAX:
        master = source.copy()
        master.thumbnail((MASTER_SIDE_MAX, MASTER_SIDE_MAX), Image.Resampling.LANCZOS)
    pictures = [(1, master, as_png(master))]
    boxes = plan["boxes"]
    largest = max(boxes, key=lambda box: box["scale"])
    for box in boxes:
        fitted = fit(source, plan, box, largest)
        pictures.append((box["scale"], fitted, as_png(fitted)))
    return pictures


# --- decoding ---------------------------------------------------------------------------------------------------------


def normalised(data: bytes) -> Image.Image:
    """The first frame, upright, as sRGB in 8 bits with or without transparency, and nothing else of the file."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise Refusal("too_many_pixels") from error
    except UnidentifiedImageError as error:
        raise Refusal(unidentified(data)) from error
    if image.width > SIDE_MAX or image.height > SIDE_MAX or image.width * image.height > PIXELS_MAX:
        raise Refusal("too_many_pixels")
    factor = min(image.size) // USEFUL_SIDE
    image.draft(image.mode, (image.width // max(factor, 1), image.height // max(factor, 1)))  # JPEG decodes halved
    image.load()
    profile = image.info.get("icc_profile")
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
    return bare


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


# --- scaling ----------------------------------------------------------------------------------------------------------


def fit(source: Image.Image, plan: Plan, box: BoxPlan, largest: BoxPlan) -> Image.Image:
    if plan["fit"] == "cover":
        return cover(source, box["width"], box["height"])
    if plan["fit"] == "contain":
        # As large as the box or as the source allows at the largest scale; then each scale in proportion to it.
        ratio = min(largest["width"] / source.width, largest["height"] / source.height, 1.0)
        ratio *= box["scale"] / largest["scale"]
        return scaled(source, source.width * ratio, source.height * ratio)
    margin = plan["margin_percent"] / 100
    inner_width, inner_height = box["width"] * (1 - 2 * margin), box["height"] * (1 - 2 * margin)
    ratio = min(inner_width / source.width, inner_height / source.height)
    picture = scaled(source, source.width * ratio, source.height * ratio).convert("RGBA")
    ground = Image.new("RGBA", (box["width"], box["height"]), (0, 0, 0, 0))
    ground.paste(picture, ((ground.width - picture.width) // 2, (ground.height - picture.height) // 2))
    return ground


def cover(source: Image.Image, width: int, height: int) -> Image.Image:
    wanted = min(source.width / width, source.height / height)
    cut_width, cut_height = width * wanted, height * wanted
    # A rounding error of one part in 10^16 beyond the edge would be refused, hence max and min.
    left, top = max(0.0, (source.width - cut_width) / 2), max(0.0, (source.height - cut_height) / 2)
    area = (left, top, min(source.width, left + cut_width), min(source.height, top + cut_height))
    return source.resize((width, height), Image.Resampling.LANCZOS, box=area, reducing_gap=3.0)


def scaled(source: Image.Image, width: float, height: float) -> Image.Image:
    size = (max(1, round(width)), max(1, round(height)))
    if size == source.size:
        return source
    return source.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def as_png(image: Image.Image) -> bytes:
    """Small where that is cheap; a large picture would cost seconds for a few per cent."""
    buffer = io.BytesIO()
    if image.width * image.height <= OPTIMISED_PIXELS_MAX:
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "PNG", compress_level=6 if image.width * image.height <= WELL_PACKED_PIXELS_MAX else 2)
    return buffer.getvalue()


# --- pipes ------------------------------------------------------------------------------------------------------------


def read_block(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    data = stream.read(length)
    return data if len(data) == length else None


def write(stream: BinaryIO, head: dict[str, object], pictures: list[bytes]) -> None:
    described = json.dumps(head).encode()
    stream.write(struct.pack(">I", len(described)) + described)
    for png in pictures:
        stream.write(png)
    stream.flush()


if __name__ == "__main__":
    main()
