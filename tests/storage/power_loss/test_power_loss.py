"""The power fails while the ledger works: whatever the disk made of it, nothing that was answered is missing, nothing is damaged.

2,000 images with the store's own settings; TEST_POWER_LOSSES=50000 makes it as many. The same test finds the losses of weaker ones.
May not enter: how images are made (disk.py) and judged (recovery.py)."""

import asyncio
import os
from pathlib import Path

import pytest

from billfold.storage import checkpoints
from judges import absent
from storage.power_loss import workload
from storage.power_loss.disk import everything
from storage.power_loss.recording import Entry, Recorder, Remove, Sync, Write, library
from storage.power_loss.recovery import Verdict, judge

IMAGES = int(os.environ.get("TEST_POWER_LOSSES", "2000"))
IMAGES_OF_WEAK_SETTINGS = max(150, IMAGES // 10)
OPERATIONS = 200


async def recorded(folder: Path, synchronous: str = "") -> tuple[dict[str, bytes], Recorder]:
    """The files as they were before, and all that was asked of the disk since: surely all, since it gives the files as they are."""
    if library() is None:
        absent("sqlite", "this Python has SQLite built in, where nothing can listen")
    await workload.prepare(folder)
    base = {"billfold.sqlite": await asyncio.to_thread((folder / "billfold.sqlite").read_bytes)}
    assert not (folder / "billfold.sqlite-wal").exists(), "closed whole"
    recorder = Recorder(folder)
    with recorder.recording():
        await workload.work(folder, OPERATIONS, recorder, synchronous)
    assert everything(base, recorder.log) == {"billfold.sqlite": await asyncio.to_thread((folder / "billfold.sqlite").read_bytes)}
    return base, recorder


@pytest.fixture
def checkpoints_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is copied into the database, and begun anew, several times in a short run."""
    monkeypatch.setattr(checkpoints, "STEP_GROUPS", 4)
    monkeypatch.setattr(checkpoints, "STEPS", 1)


@pytest.mark.usefixtures("checkpoints_often")
async def test_nothing_that_was_answered_is_lost_when_the_power_fails(tmp_path: Path) -> None:
    base, recorder = await recorded(tmp_path)
    verdict = judge(base, recorder.log, IMAGES, 1)
    print(f"{verdict.images} images of {len(recorder.log)} moments: {verdict.damaged} damaged, {verdict.lost} lost something")
    assert verdict == Verdict(IMAGES)
    # What the log has to hold, or nothing was shown: writes to both files, syncs between, the log begun anew, its end.
    assert {entry.file for entry in recorder.log if isinstance(entry, Write)} == {"billfold.sqlite", "billfold.sqlite-wal"}
    assert sum(isinstance(entry, Sync) and entry.file == "billfold.sqlite" for entry in recorder.log) >= 3
    assert Remove("billfold.sqlite-wal") in recorder.log
    assert commits_before_the_copy_is_synced(recorder.log) >= 2


def commits_before_the_copy_is_synced(entries: list[Entry]) -> int:
    """How often the log was written to and synced while the disk had not yet all that was copied into the database."""
    copied = written = False
    count = 0
    for entry in entries:
        match entry:
            case Write(file="billfold.sqlite"):
                copied = True
            case Sync(file="billfold.sqlite"):
                copied = written = False
            case Write(file="billfold.sqlite-wal"):
                written = copied
            case Sync(file="billfold.sqlite-wal"):
                count += written
                written = False
            case _:
                pass
    return count


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
@pytest.mark.usefixtures("checkpoints_often")
async def test_weaker_settings_fail_the_same_test(tmp_path: Path, synchronous: str) -> None:
    base, recorder = await recorded(tmp_path, synchronous)
    verdict = judge(base, recorder.log, IMAGES_OF_WEAK_SETTINGS, 2)
    print(f"{synchronous}: {verdict.images} images, {verdict.damaged} damaged, {verdict.lost} lost something")
    assert verdict.damaged + verdict.lost > verdict.images // 4
    assert bool(verdict.damaged) == (synchronous == "OFF")
