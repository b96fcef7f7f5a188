"""The child process in which pictures of strangers are decoded. pool.py starts it and speaks with it over two pipes.

It gives up what it does not need before it looks at the first byte: memory, files to write, core dumps, CPU time. It says
"ready". One job: 4 bytes length, JSON; 4 bytes length, the picture. One answer: the same, JSON and then the PNGs one after another.
May not enter: any room of Billfold but this one and the words of domain/content.py, network, settings, what outlives a job.
"""

import json
import math
import resource
import struct
import sys
import warnings
from typing import BinaryIO, TypedDict

from PIL import Image, ImageCms, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from billfold.images import framing, preview, stamps
from billfold.images.decoding import PIXELS_MAX, Decoded, Refusal, normalised
from billfold.images.making import MASTER_SIDE_MAX, as_png, made_for, master_of, reduced
from billfold.images.measure import measured
from billfold.images.slots import SLOTS

__all__ = ["MASTER_SIDE_MAX", "MEMORY_BYTES_MAX", "main"]
MEMORY_BYTES_MAX = 640 * 1024 * 1024
CPU_SECONDS_PER_JOB = 5
# A child that holds more than this after a job is replaced, so that one large picture does not keep memory for ever.
KEPT_MEMORY_BYTES_MAX = 128 * 1024 * 1024
# Google fetches these and takes any size; a photograph of 1,860 pixels a side would be 5 MB (reference section 7: under 1 MB).
FETCHED = ("google_module", "google_wide_logo")
FETCHED_BYTES_MAX = 1_000_000


class Plan(TypedDict):
    """What pool.py asks for. `job`: make (the master, then each slot's pictures), preview, or stamps (one picture a size)."""

    job: str
    slots: list[str]
    frame: list[str] | None
    ground: str | None
    spec: dict[str, str | int | bool | None]
    sizes: list[list[int]]


Drawn = tuple[str, int, Image.Image, bytes]
"""Slot, scale, the picture and its PNG."""


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
        facts, pictures = work(plan, data)
    except Refusal as refusal:
        return {"refused": str(refusal)}, []
    except (Exception, MemoryError):  # a decoder may raise anything; its text is not for the outside
        return {"refused": "decode_failed"}, []
    described = [
        {"name": name, "scale": scale, "width": image.width, "height": image.height, "bytes": len(png)}
        for name, scale, image, png in pictures
    ]
    return {"pictures": described, "facts": facts}, [png for _, _, _, png in pictures]


def work(plan: Plan, data: bytes) -> tuple[dict[str, object] | None, list[Drawn]]:
    frame = framing.parse(*plan["frame"]) if plan["frame"] else None
    decoded = normalised(data)
    match plan["job"]:
        case "make":
            return facts_of(decoded, len(data)), make(decoded, plan["slots"], frame)
        case "preview":
            return None, [drawn("preview", 1, preview.draw(decoded.picture, SLOTS[plan["slots"][0]], frame, plan["ground"]))]
        case "stamps":
            spec = stamps.StampSpec(**plan["spec"])  # type: ignore[arg-type]  # made of one by pool.py
            own = decoded.picture.convert("RGBA")
            return None, [
                ("stamps", scale, Image.new("1", (width, height)), stamps.stamp_png(spec, width, height, own))
                for scale, width, height in plan["sizes"]
            ]
    raise ValueError("no such job")


def make(decoded: Decoded, names: list[str], frame: framing.Frame | None) -> list[Drawn]:
    """The master first, then the pictures of each slot by rising scale."""
    pictures = [drawn("master", 1, master_of(decoded.picture))]
    for name in names:
        for box, image in made_for(decoded.picture, SLOTS[name], frame):
            made = drawn(name, box.scale, image)
            while name in FETCHED and len(made[3]) > FETCHED_BYTES_MAX:
                made = drawn(name, box.scale, reduced(made[2]))
            pictures.append(made)
    return pictures


def drawn(name: str, scale: int, image: Image.Image) -> Drawn:
    return name, scale, image, as_png(image)


def facts_of(decoded: Decoded, size: int) -> dict[str, object]:
    """As facts.Facts."""
    return {
        "width": decoded.width,
        "height": decoded.height,
        "bytes": size,
        "format": decoded.format,
        "animated": decoded.animated,
        "four_inks": decoded.four_inks,
    } | measured(decoded.picture)


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
