"""Keeps one child process warm that decodes pictures, hands it one job at a time, and replaces it when it fails.

May not enter: decoding in this process, not even of the answer. The answer is checked like any other input, because
the child has read bytes of strangers.
"""

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from billfold.images.errors import ImageReason, ImageRefused
from billfold.images.facts import Facts, facts_of
from billfold.images.framing import Frame
from billfold.images.slots import SLOTS, Box
from billfold.images.stamps import StampSpec

BYTES_MAX = 5_000_000
# The kernel ends a job by its CPU time (worker.py, 5 s); this clock is for a child that hangs, on a busy machine too.
JOB_SECONDS_MAX = 8.0
START_SECONDS_MAX = 15.0
JOBS_PER_CHILD = 200
ENDS_BY_ITSELF_SECONDS = 0.1
ANSWER_HEAD_BYTES_MAX = 64 * 1024
PICTURE_BYTES_MAX = 32 * 1024 * 1024
PICTURES_MAX = 64
READY = b"ready\n"
_SIDE_MAX = 8_192
_WORKER = Path(__file__).with_name("worker.py")


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG without metadata. `scale` is 1, 2 or 3; the size is in pixels."""

    scale: int
    width: int
    height: int
    png: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture made ready for one slot.

    `master` is the whole picture, normalised, at most 2,048 pixels a side: keep it to make other slots from later.
    `variants` are what the slot shows, by rising scale.
    """

    master: Picture
    variants: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """The same for several slots at once, and what was measured."""

    master: Picture
    variants: dict[str, tuple[Picture, ...]]
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the child made: (slot, picture) in the order of the plan."""

    pictures: tuple[tuple[str, Picture], ...]
    facts: Facts | None


class ImageWorkshop:
    """Prepares pictures one after another in a child process. One per process and event loop; close it at the end."""

    def __init__(
        self,
        *,
        bytes_max: int = BYTES_MAX,
        job_seconds_max: float = JOB_SECONDS_MAX,
        jobs_per_child: int = JOBS_PER_CHILD,
    ) -> None:
        self._bytes_max = bytes_max
        self._job_seconds_max = job_seconds_max
        self._jobs_per_child = jobs_per_child
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._jobs_done = 0

    @property
    def child_pid(self) -> int | None:
        """The warm child's process id, for operators and tests."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def prepare(self, data: bytes, slot: str) -> Prepared:
        """The picture at the sizes of `slot` (a key of slots.SLOTS). The same input gives the same bytes.

        Raises ImageRefused; KeyError for a slot that does not exist.
        """
        made = await self.make(data, (slot,))
        return Prepared(made.master, made.variants[slot])

    async def make(self, data: bytes, slots: Sequence[str], frame: Frame | None = None) -> Made:
        """The same for several slots in one job, of the part that `frame` names. Raises as `prepare`."""
        for name in slots:
            assert SLOTS[name]
        answer = await self._job(data, _plan("make", slots=slots, frame=frame))
        variants: dict[str, list[Picture]] = {name: [] for name in slots}
        for name, picture in answer.pictures[1:]:
            variants[name].append(picture)
        if answer.facts is None or any(len(variants[name]) != len(SLOTS[name].boxes) for name in slots):
            raise ImageRefused(ImageReason.DECODE_FAILED)
        return Made(answer.pictures[0][1], {name: tuple(found) for name, found in variants.items()}, answer.facts)

    async def preview(self, data: bytes, slot: str, frame: Frame | None, ground: str | None) -> bytes:
        """A PNG that shows what `slot` shows of the picture. `ground`: `#rrggbb`. Raises as `prepare`."""
        assert SLOTS[slot]
        answer = await self._job(data, _plan("preview", slots=(slot,), frame=frame, ground=ground))
        return answer.pictures[0][1].png

    async def stamps(self, data: bytes, spec: StampSpec, boxes: Sequence[Box]) -> tuple[Picture, ...]:
        """A stamp card with the picture for its stamps, at each size. Raises ImageRefused."""
        sizes = [[box.scale, box.width, box.height] for box in boxes]
        answer = await self._job(data, _plan("stamps", spec=asdict(spec), sizes=sizes))
        if len(answer.pictures) != len(boxes):
            raise ImageRefused(ImageReason.DECODE_FAILED)
        return tuple(picture for _, picture in answer.pictures)

    async def _job(self, data: bytes, plan: bytes) -> _Answer:
        if len(data) > self._bytes_max:
            raise ImageRefused(ImageReason.TOO_LARGE)
        if not data:
            raise ImageRefused(ImageReason.NOT_AN_IMAGE)
        async with self._turn:
            try:
                outcome = await self._run(plan, data)
            except _ChildEnded as ended:
                # A child that had done jobs may have been ended while it was idle: that is not this picture's fault.
                outcome = await self._run_once_more(plan, data) if ended.had_done_jobs else ImageReason.DECODE_FAILED
        if isinstance(outcome, ImageReason):
            raise ImageRefused(outcome)
        return outcome

    async def close(self) -> None:
        """Ends the child. The workshop may be used again and then starts a new one. Idempotent."""
        async with self._turn:
            await self._end_child()

    async def _run(self, plan: bytes, data: bytes) -> _Answer | ImageReason:
        child = await self._warm_child()
        try:
            async with asyncio.timeout(self._job_seconds_max):
                outcome, last = await _ask(child, plan, data)
        except TimeoutError:
            await self._end_child()
            return ImageReason.TOOK_TOO_LONG
        except (_Broken, OSError, asyncio.IncompleteReadError) as error:
            if await self._end_child() == -signal.SIGXCPU:
                return ImageReason.TOOK_TOO_LONG
            raise _ChildEnded(had_done_jobs=self._jobs_done > 0) from error
        except asyncio.CancelledError:
            await self._end_child()  # the answer of a given-up job must not become the next one's
            raise
        self._jobs_done += 1
        if last or self._jobs_done >= self._jobs_per_child:
            await self._end_child()
        return outcome

    async def _run_once_more(self, plan: bytes, data: bytes) -> _Answer | ImageReason:
        try:
            return await self._run(plan, data)
        except _ChildEnded:
            return ImageReason.DECODE_FAILED

    async def _warm_child(self) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        self._jobs_done = 0
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_WORKER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_child_environment(),
            start_new_session=True,
            limit=1024 * 1024,
        )
        # A job's time begins when the child is ready, not while Python and the decoder are being loaded.
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                await _ready(self._child)
        except (TimeoutError, _Broken, OSError, asyncio.IncompleteReadError) as error:
            await self._end_child()
            raise RuntimeError("the image worker does not start") from error
        except asyncio.CancelledError:
            await self._end_child()
            raise
        return self._child

    async def _end_child(self) -> int | None:
        """Kills the child unless it has ended by itself; its return code (negative: the signal)."""
        child, self._child = self._child, None
        if child is None:
            return None
        with contextlib.suppress(TimeoutError):  # one that just ended by itself tells how, unless `kill` asks first
            await asyncio.wait_for(child.wait(), ENDS_BY_ITSELF_SECONDS)
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        if child.stdin is not None:
            child.stdin.close()
        return await child.wait()


class _ChildEnded(Exception):
    """The child went away without an answer, or answered nonsense."""

    def __init__(self, *, had_done_jobs: bool) -> None:
        super().__init__("the image worker ended")
        self.had_done_jobs = had_done_jobs


class _Broken(Exception):
    """The child's answer does not have the agreed form."""


def _child_environment() -> dict[str, str]:
    """Nothing of this process's environment (it may hold keys), but what the loader and the locale need."""
    return {"LANG": "C.UTF-8", "PATH": os.defpath, "MALLOC_ARENA_MAX": "2"}


def _plan(
    job: str,
    *,
    slots: Sequence[str] = (),
    frame: Frame | None = None,
    ground: str | None = None,
    spec: dict[str, object] | None = None,
    sizes: list[list[int]] | None = None,
) -> bytes:
    """As worker.Plan. The frame travels as the end of an address would say it."""
    words = frame.text().split("=") if frame else None
    plan = {"job": job, "slots": list(slots), "frame": words, "ground": ground, "spec": spec or {}, "sizes": sizes or []}
    return json.dumps(plan).encode()


async def _ready(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    if await child.stdout.readexactly(len(READY)) != READY:
        raise _Broken


async def _ask(child: asyncio.subprocess.Process, plan: bytes, data: bytes) -> tuple[_Answer | ImageReason, bool]:
    """The child's answer, and whether it wants to be replaced."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(struct.pack(">I", len(plan)) + plan + struct.pack(">I", len(data)) + data)
    await child.stdin.drain()
    (length,) = struct.unpack(">I", await child.stdout.readexactly(4))
    if length > ANSWER_HEAD_BYTES_MAX:
        raise _Broken
    try:
        head = json.loads(await child.stdout.readexactly(length))
        last = bool(head["last"])
        if "refused" in head:
            return ImageReason(head["refused"]), last
        described = [_described(row) for row in head["pictures"]]
        facts = facts_of(json.dumps(head["facts"]).encode()) if head["facts"] is not None else None
    except (ValueError, KeyError, TypeError) as error:
        raise _Broken from error
    if not 1 <= len(described) <= PICTURES_MAX:
        raise _Broken
    pictures = [
        (name, Picture(scale, width, height, await child.stdout.readexactly(size)))
        for name, scale, width, height, size in described
    ]
    return _Answer(tuple(pictures), facts), last


def _described(row: dict[str, object]) -> tuple[str, int, int, int, int]:
    name, scale, width, height, size = (row[name] for name in ("name", "scale", "width", "height", "bytes"))
    if not (isinstance(scale, int) and isinstance(width, int) and isinstance(height, int) and isinstance(size, int)):
        raise _Broken
    if not (1 <= scale <= 3 and 1 <= width <= _SIDE_MAX and 1 <= height <= _SIDE_MAX and 0 < size <= PICTURE_BYTES_MAX):
        raise _Broken
    if not isinstance(name, str):
        raise _Broken
    return name, scale, width, height, size
