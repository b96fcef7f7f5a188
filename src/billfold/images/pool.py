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
from dataclasses import dataclass
from pathlib import Path

from billfold.images.errors import ImageReason, ImageRefused
from billfold.images.slots import SLOTS, Slot

BYTES_MAX = 5_000_000
# The kernel ends a job by its CPU time (worker.py, 3 s); this clock is for a child that hangs, on a busy machine too.
JOB_SECONDS_MAX = 8.0
START_SECONDS_MAX = 15.0
JOBS_PER_CHILD = 200
ANSWER_HEAD_BYTES_MAX = 64 * 1024
PICTURE_BYTES_MAX = 32 * 1024 * 1024
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

    `master` is the whole picture, normalised, at most 1,600 pixels a side: keep it to make other slots from later.
    `variants` are what the slot shows, by rising scale.
    """

    master: Picture
    variants: tuple[Picture, ...]


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
        plan = _plan(SLOTS[slot])
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

    async def _run(self, plan: bytes, data: bytes) -> Prepared | ImageReason:
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

    async def _run_once_more(self, plan: bytes, data: bytes) -> Prepared | ImageReason:
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
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()  # one that was just ended by another signal keeps that signal as its return code
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


def _plan(slot: Slot) -> bytes:
    boxes = [{"scale": box.scale, "width": box.width, "height": box.height} for box in slot.boxes]
    return json.dumps({"fit": slot.fit.value, "margin_percent": slot.margin_percent, "boxes": boxes}).encode()


async def _ready(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    if await child.stdout.readexactly(len(READY)) != READY:
        raise _Broken


async def _ask(child: asyncio.subprocess.Process, plan: bytes, data: bytes) -> tuple[Prepared | ImageReason, bool]:
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
    except (ValueError, KeyError, TypeError) as error:
        raise _Broken from error
    if not 2 <= len(described) <= 8:
        raise _Broken
    pictures = [Picture(scale, width, height, await child.stdout.readexactly(size)) for scale, width, height, size in described]
    return Prepared(pictures[0], tuple(pictures[1:])), last


def _described(row: dict[str, object]) -> tuple[int, int, int, int]:
    scale, width, height, size = (row[name] for name in ("scale", "width", "height", "bytes"))
    if not (isinstance(scale, int) and isinstance(width, int) and isinstance(height, int) and isinstance(size, int)):
        raise _Broken
    if not (1 <= scale <= 3 and 1 <= width <= _SIDE_MAX and 1 <= height <= _SIDE_MAX and 0 < size <= PICTURE_BYTES_MAX):
        raise _Broken
    return scale, width, height, size
