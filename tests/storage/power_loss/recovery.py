"""Opens what the disk held as anybody would, by SQLite alone, and compares it with what had been answered.

May not enter: the store of Billfold (`ledger_checker` shares no code with it)."""

import contextlib
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from billfold.storage import ledger_checker
from storage.power_loss.disk import Image, images
from storage.power_loss.recording import Answer, Entry

PROCESSES = 2
IMAGES_A_TASK = 200
FOUND_MAX = 5


@dataclass
class Verdict:
    """How many of `images` were damaged, how many lacked something that had been answered; `found` tells of a few."""

    images: int = 0
    damaged: int = 0
    lost: int = 0
    found: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        self.images += other.images
        self.damaged += other.damaged
        self.lost += other.lost
        self.found = (self.found + other.found)[:FOUND_MAX]


def judge(base: dict[str, bytes], log: list[Entry], count: int, seed: int) -> Verdict:
    """`count` images, of which those of a task are of one seed, so that each can be made again."""
    whole = Verdict()
    tasks = [(seed + nth, min(IMAGES_A_TASK, count - nth * IMAGES_A_TASK)) for nth in range(-(-count // IMAGES_A_TASK))]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _begin, (base, log)) as pool:
        for verdict in pool.map(_task, tasks):
            whole.add(verdict)
    return whole


_base: dict[str, bytes] = {}
_log: list[Entry] = []


def _begin(base: dict[str, bytes], log: list[Entry]) -> None:
    _base.update(base)
    _log.extend(log)


def _task(task: tuple[int, int]) -> Verdict:
    seed, count = task
    verdict = Verdict()
    answers = [entry for entry in _log if isinstance(entry, Answer)]
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None, prefix="power-loss-") as folder:
        for nth, image in enumerate(images(_base, _log, count, random.Random(seed))):
            damage, loss = _look(Path(folder), image, answers[: image.answered])
            verdict.images += 1
            verdict.damaged += bool(damage)
            verdict.lost += bool(loss)
            if (damage or loss) and len(verdict.found) < FOUND_MAX:
                verdict.found.append(f"seed {seed} image {nth}, cut at {image.cut}: {damage or loss}")
    return verdict


def _look(folder: Path, image: Image, answered: list[Answer]) -> tuple[str, str]:
    """(what is damaged, what is lost), each "" when nothing is."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in image.files.items():
        (folder / name).write_bytes(content)
    path = folder / "billfold.sqlite"
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            told = database.execute("PRAGMA integrity_check").fetchall()
            if told != [("ok",)]:
                return str(told[0]), ""
            operations = {id_ for (id_,) in database.execute("SELECT id FROM ledger_operation")}
            postings = {(id_, owner, unit): balance for id_, owner, unit, balance in database.execute(_POSTINGS)}
        report = ledger_checker.verify(f"sqlite:///{path}")
        if not report.good:
            return str(report.drifts[0]), ""
    except sqlite3.DatabaseError as problem:
        return str(problem), ""
    return "", next(_missing(answered, operations, postings), "")


_POSTINGS = "SELECT operation, owner, unit, balance FROM ledger_posting WHERE owner NOT LIKE 'system:%'"


def _missing(answered: list[Answer], operations: set[str], postings: dict[tuple[str, str, str], int]) -> Iterator[str]:
    for one in answered:
        if one.operation not in operations:
            yield f"{one.operation} was answered"
        for (owner, unit), balance in one.balances.items():
            if postings.get((one.operation, owner, unit)) != balance:
                yield f"{one.operation} was answered with {balance} {unit} on {owner}"
