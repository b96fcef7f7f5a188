"""The image workshop: what it accepts and refuses, the sizes it gives, and that it survives its child."""

import asyncio
import hashlib
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import psutil
import pytest
import uvloop
from PIL import Image

from billfold.images import worker
from billfold.images.errors import HINTS, ImageReason, ImageRefused
from billfold.images.pool import ImageWorkshop, Picture, Prepared
from billfold.images.slots import SLOTS, Fit, Slot
from images import samples

PATIENCE = 60.0  # no test here is about speed; the machine may be busy
HOSTILE = samples.hostile()
HONEST = samples.honest()


@pytest.fixture
async def workshop() -> AsyncIterator[ImageWorkshop]:
    made = ImageWorkshop(job_seconds_max=PATIENCE)
    yield made
    await made.close()


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.png), formats=("PNG",))
    image.load()
    return image


def sizes(prepared: Prepared) -> list[tuple[int, int, int]]:
    return [(picture.scale, picture.width, picture.height) for picture in prepared.variants]


# --- hostile files ----------------------------------------------------------------------------------------------------


def test_there_are_at_least_thirty_hostile_files() -> None:
    assert len(HOSTILE) >= 30
    assert len(HOSTILE["PNG bomb of 20,000 x 20,000 in 49 kB"][0]) < 60_000


async def test_hostile_files_are_refused_or_made_harmless_and_the_next_one_works(workshop: ImageWorkshop) -> None:
    for name, (data, reasons) in HOSTILE.items():
        outcome = await _outcome(workshop, data)
        if isinstance(outcome, ImageRefused):
            assert outcome.reason in reasons, name
            assert outcome.hint == HINTS[outcome.reason]
        else:
            assert reasons == () or "" in reasons, name
            _assert_plain(outcome)
        assert sizes(await workshop.prepare(HONEST["PNG"], "icon")) == [(1, 38, 38), (2, 76, 76), (3, 114, 114)], name


async def _outcome(workshop: ImageWorkshop, data: bytes) -> Prepared | ImageRefused:
    try:
        return await workshop.prepare(data, "icon")
    except ImageRefused as refused:
        return refused


def _assert_plain(prepared: Prepared) -> None:
    """A PNG of known chunks only, in plain colours, of the size it was said to have."""
    for picture in (prepared.master, *prepared.variants):
        image = opened(picture)
        assert image.size == (picture.width, picture.height)
        assert image.mode in ("RGB", "RGBA")
        assert set(_chunks(picture.png)) <= {b"IHDR", b"IDAT", b"IEND"}
        assert getattr(image, "n_frames", 1) == 1


def _chunks(data: bytes) -> list[bytes]:
    kinds, at = [], 8
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    assert at == len(data)  # nothing rides behind the end
    return kinds


async def test_bytes_over_the_limit_are_refused_before_any_child_is_started() -> None:
    small = ImageWorkshop(bytes_max=1_000)
    with pytest.raises(ImageRefused) as caught:
        await small.prepare(b"\x89PNG" + b"x" * 1_000, "icon")
    assert caught.value.reason is ImageReason.TOO_LARGE
    assert small.child_pid is None


async def test_an_animation_shows_its_first_frame(workshop: ImageWorkshop) -> None:
    for kind in ("PNG", "WEBP"):
        prepared = await workshop.prepare(samples.animated(kind), "icon")
        pixel = opened(prepared.master).convert("RGB").getpixel((30, 30))
        assert isinstance(pixel, tuple)
        assert all(abs(a - b) < 12 for a, b in zip(pixel, samples.RED, strict=True))


# --- honest files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HONEST)
async def test_a_picture_comes_out_upright_in_its_colours_and_without_metadata(workshop: ImageWorkshop, name: str) -> None:
    prepared = await workshop.prepare(HONEST[name], "icon")
    _assert_plain(prepared)
    assert b"secret" not in prepared.master.png
    image = opened(prepared.master).convert("RGBA")
    assert image.size == (64, 64)
    tolerance = 40 if "inks" in name else 16
    for at, colour in (((16, 16), samples.RED), ((48, 16), samples.GREEN), ((16, 48), samples.BLUE)):
        pixel = image.getpixel(at)
        assert isinstance(pixel, tuple)
        if pixel[3] == 255:
            assert all(abs(a - b) <= tolerance for a, b in zip(pixel[:3], colour, strict=True)), (at, pixel)


async def test_greys_of_16_bits_are_scaled_and_not_clipped(workshop: ImageWorkshop) -> None:
    deep = Image.new("I;16", (64, 64), 0x8000)
    pixel = opened((await workshop.prepare(samples.saved(deep, "PNG"), "icon")).master).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert all(abs(value - 0x80) <= 1 for value in pixel)


async def test_transparency_is_kept(workshop: ImageWorkshop) -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 32, 64))
    for data in (samples.saved(image, "PNG"), samples.saved(image, "WEBP", lossless=True)):
        icon = opened((await workshop.prepare(data, "icon")).variants[2])
        assert icon.mode == "RGBA"
        assert icon.getpixel((10, 50)) == (0, 0, 255, 255)
        transparent = icon.getpixel((104, 50))
        assert isinstance(transparent, tuple)
        assert transparent[3] == 0


@pytest.mark.requirement("S3-30")
async def test_the_same_input_gives_the_same_bytes_in_another_child_too(workshop: ImageWorkshop) -> None:
    def digest(prepared: Prepared) -> str:
        return hashlib.sha256(b"".join(p.png for p in (prepared.master, *prepared.variants))).hexdigest()

    for data in (HONEST["JPEG turned"], HONEST["PNG with palette and transparency"]):
        first = digest(await workshop.prepare(data, "strip"))
        assert digest(await workshop.prepare(data, "strip")) == first
        await workshop.close()
        assert digest(await workshop.prepare(data, "strip")) == first


# --- sizes ------------------------------------------------------------------------------------------------------------

SHAPES = [(1, 1), (3, 2), (64, 64), (500, 20), (20, 500), (1_125, 432), (1_700, 3_400), (4_000, 300)]


@pytest.mark.parametrize("part", range(3))
async def test_each_slot_gets_exactly_its_sizes_from_a_picture_of_any_shape(workshop: ImageWorkshop, part: int) -> None:
    names = sorted(SLOTS)[part::3]
    for width, height in SHAPES:
        made = await workshop.make(samples.saved(samples.quarters(width, height), "PNG"), names)
        assert sorted(made.variants) == sorted(names)
        for name in names:
            _assert_sizes(SLOTS[name], made.variants[name], width, height)


def _assert_sizes(slot: Slot, pictures: tuple[Picture, ...], width: int, height: int) -> None:
    assert [picture.scale for picture in pictures] == [box.scale for box in slot.boxes]
    for box, picture in zip(slot.boxes, pictures, strict=True):
        assert opened(picture).size == (picture.width, picture.height)
        if slot.fit is Fit.CONTAIN:
            assert 1 <= picture.width <= min(box.width, max(1, width))
            assert 1 <= picture.height <= min(box.height, max(1, height))
        elif slot.fit is Fit.FLEXIBLE:
            assert picture.height == box.height
            assert round(box.width * slot.width_min_percent / 100) <= picture.width <= box.width
        else:
            assert (picture.width, picture.height) == (box.width, box.height)


async def test_a_logo_keeps_its_proportions_and_is_never_enlarged(workshop: ImageWorkshop) -> None:
    wide = samples.saved(samples.quarters(1_600, 400), "PNG")
    assert sizes(await workshop.prepare(wide, "logo")) == [(1, 160, 40), (2, 320, 80), (3, 480, 120)]
    small = samples.saved(samples.quarters(120, 60), "PNG")
    assert sizes(await workshop.prepare(small, "logo")) == [(1, 40, 20), (2, 80, 40), (3, 120, 60)]
    tall = samples.saved(samples.quarters(300, 600), "PNG")
    assert sizes(await workshop.prepare(tall, "logo")) == [(1, 25, 50), (2, 50, 100), (3, 75, 150)]


async def test_a_cover_cuts_both_sides_alike_and_does_not_distort(workshop: ImageWorkshop) -> None:
    image = samples.quarters(1_000, 400)
    strip = opened((await workshop.prepare(samples.saved(image, "PNG"), "strip")).variants[0]).convert("RGB")
    assert strip.size == (375, 144)
    assert strip.getpixel((5, 5)) == samples.RED
    assert strip.getpixel((370, 5)) == samples.GREEN
    assert strip.getpixel((5, 138)) == samples.BLUE
    icon = opened((await workshop.prepare(samples.saved(image, "PNG"), "icon")).variants[2]).convert("RGB")
    assert icon.getpixel((40, 20)) == samples.RED  # the middle of the source is the middle of the icon
    assert icon.getpixel((74, 20)) == samples.GREEN


async def test_googles_logo_keeps_a_transparent_margin_of_15_per_cent(workshop: ImageWorkshop) -> None:
    prepared = await workshop.prepare(samples.saved(samples.quarters(600, 600), "PNG"), "google_logo")
    (logo,) = prepared.variants
    assert opened(logo).getchannel("A").getbbox() == (99, 99, 561, 561)


async def test_what_google_fetches_stays_below_a_megabyte(workshop: ImageWorkshop) -> None:
    noise = Image.frombytes("RGB", (2_000, 1_000), random.Random(5).randbytes(6_000_000))
    (module,) = (await workshop.prepare(samples.saved(noise, "JPEG", quality=60), "google_module")).variants
    assert len(module.png) <= 1_000_000
    assert abs(module.width - 2 * module.height) <= 4  # rounded at each step
    calm = samples.saved(samples.quarters(1_860, 930), "PNG")
    assert (await workshop.prepare(calm, "google_module")).variants[0].width == 1_860


async def test_the_master_is_the_whole_picture_bounded(workshop: ImageWorkshop) -> None:
    prepared = await workshop.prepare(samples.saved(samples.quarters(3_600, 1_800), "JPEG"), "icon")
    assert (prepared.master.width, prepared.master.height) == (worker.MASTER_SIDE_MAX, worker.MASTER_SIDE_MAX // 2)


async def test_the_largest_picture_allowed_is_accepted(workshop: ImageWorkshop) -> None:
    prepared = await workshop.prepare(samples.saved(Image.new("RGBA", (4_000, 4_000), (9, 9, 9, 9)), "PNG"), "background")
    assert sizes(prepared) == [(1, 343, 503), (2, 686, 1_006), (3, 1_029, 1_509)]


async def test_an_unknown_slot_is_the_callers_mistake(workshop: ImageWorkshop) -> None:
    with pytest.raises(KeyError):
        await workshop.prepare(HONEST["PNG"], "no such slot")


# --- the child --------------------------------------------------------------------------------------------------------


LIMITS_AS_THE_CHILD_SEES_THEM = """
import json, resource, runpy, sys
worker = runpy.run_path(sys.argv[1])
worker["give_up_rights"]()
worker["allow_cpu_for_one_job"]()
names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_CPU")
print(json.dumps({name: resource.getrlimit(getattr(resource, name)) for name in names}))
"""


def test_the_child_gives_up_memory_files_and_time_for_good() -> None:
    command = [sys.executable, "-I", "-c", LIMITS_AS_THE_CHILD_SEES_THEM, worker.__file__]
    limits = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert limits["RLIMIT_CORE"] == [0, 0]
    assert limits["RLIMIT_FSIZE"] == [0, 0]
    assert limits["RLIMIT_NOFILE"] == [16, 16]
    assert limits["RLIMIT_AS"] == [worker.MEMORY_BYTES_MAX] * 2
    assert limits["RLIMIT_CPU"][0] < 60


async def test_the_child_sees_neither_the_environment_nor_the_open_files_of_the_server(workshop: ImageWorkshop) -> None:
    os.environ["BILLFOLD_TEST_SECRET"] = "s"
    try:
        await workshop.prepare(HONEST["PNG"], "icon")
    finally:
        del os.environ["BILLFOLD_TEST_SECRET"]
    child = psutil.Process(workshop.child_pid)
    assert "BILLFOLD_TEST_SECRET" not in child.environ()
    assert child.num_fds() <= 4


def test_memory_beyond_the_limit_is_refused_by_the_kernel() -> None:
    """The header check is not the only wall: the kernel refuses what goes beyond the limit."""
    ask_for_more = "import runpy, sys; w = runpy.run_path(sys.argv[1]); w['give_up_rights'](); bytearray(w['MEMORY_BYTES_MAX'])"
    ended = subprocess.run([sys.executable, "-I", "-c", ask_for_more, worker.__file__], capture_output=True)
    assert b"MemoryError" in ended.stderr


async def test_one_child_stays_warm_and_is_replaced_after_its_share_of_jobs() -> None:
    workshop = ImageWorkshop(jobs_per_child=2, job_seconds_max=PATIENCE)
    pids = []
    for _ in range(4):
        pids.append(workshop.child_pid)
        await workshop.prepare(HONEST["PNG"], "icon")
    await workshop.close()
    assert pids[0] is None
    assert pids[1] is not None
    assert pids[2] is None
    assert pids[3] not in (None, pids[1])


async def test_a_large_picture_does_not_keep_the_memory_it_needed(workshop: ImageWorkshop) -> None:
    await workshop.prepare(samples.saved(Image.new("RGBA", (4_000, 4_000)), "PNG"), "icon")
    if workshop.child_pid is not None:
        assert psutil.Process(workshop.child_pid).memory_info().rss < 1.1 * worker.KEPT_MEMORY_BYTES_MAX
    await workshop.prepare(HONEST["PNG"], "icon")
    assert workshop.child_pid is not None


async def _stopped_child(workshop: ImageWorkshop) -> int:
    """Starts the child and stops it, so that the next job hangs for certain."""
    await workshop._warm_child()
    assert workshop.child_pid is not None
    os.kill(workshop.child_pid, signal.SIGSTOP)
    return workshop.child_pid


async def test_a_child_that_hangs_is_killed_and_the_next_job_works() -> None:
    workshop = ImageWorkshop(job_seconds_max=0.2)
    pid = await _stopped_child(workshop)
    with pytest.raises(ImageRefused) as caught:
        await workshop.prepare(HONEST["PNG"], "icon")
    assert caught.value.reason is ImageReason.TOOK_TOO_LONG
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    workshop._job_seconds_max = PATIENCE
    assert len((await workshop.prepare(HONEST["PNG"], "icon")).variants) == 3
    await workshop.close()


async def test_a_child_killed_in_its_first_job_refuses_that_picture_and_the_next_job_works(workshop: ImageWorkshop) -> None:
    pid = await _stopped_child(workshop)
    job = asyncio.ensure_future(workshop.prepare(HONEST["PNG"], "icon"))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ImageRefused) as caught:
        await job
    assert caught.value.reason is ImageReason.DECODE_FAILED
    assert len((await workshop.prepare(HONEST["PNG"], "icon")).variants) == 3


async def test_a_child_that_died_between_jobs_costs_nobody_a_picture(workshop: ImageWorkshop) -> None:
    await workshop.prepare(HONEST["PNG"], "icon")
    assert workshop.child_pid is not None
    os.kill(workshop.child_pid, signal.SIGKILL)
    assert len((await workshop.prepare(HONEST["PNG"], "icon")).variants) == 3


async def test_a_child_ended_for_its_cpu_time_took_too_long(workshop: ImageWorkshop) -> None:
    pid = await _stopped_child(workshop)
    job = asyncio.ensure_future(workshop.prepare(HONEST["PNG"], "icon"))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGXCPU)  # what the kernel does at the limit
    os.kill(pid, signal.SIGCONT)
    with pytest.raises(ImageRefused) as caught:
        await job
    assert caught.value.reason is ImageReason.TOOK_TOO_LONG


async def test_a_cancelled_job_does_not_hand_its_answer_to_the_next(workshop: ImageWorkshop) -> None:
    pid = await _stopped_child(workshop)
    job = asyncio.ensure_future(workshop.prepare(HONEST["PNG"], "icon"))
    await asyncio.sleep(0)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert [scale for scale, _, _ in sizes(await workshop.prepare(HONEST["PNG"], "google_hero"))] == [1]


async def test_jobs_at_once_take_turns(workshop: ImageWorkshop) -> None:
    names = ["icon", "logo", "google_hero", "thumbnail", "footer"]
    results = await asyncio.gather(*(workshop.prepare(HONEST["JPEG"], name) for name in names))
    assert [len(prepared.variants) for prepared in results] == [3, 3, 1, 3, 3]


def test_the_workshop_runs_on_uvloop() -> None:
    async def run() -> int:
        workshop = ImageWorkshop(job_seconds_max=PATIENCE)
        try:
            return len((await workshop.prepare(HONEST["PNG"], "icon")).variants)
        finally:
            await workshop.close()

    assert uvloop.run(run()) == 3


async def test_this_process_does_not_grow_by_the_pictures_it_passes_on(workshop: ImageWorkshop) -> None:
    data = samples.bomb_png(20_000, 20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5):
        with pytest.raises(ImageRefused):
            await workshop.prepare(data, "icon")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes; decoded it would be 50 MB
