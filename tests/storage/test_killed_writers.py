"""What was answered is there after `kill -9`, 20 times on each engine, looked up by plain drivers that know nothing of our code."""

import random
import sqlite3
import time
from pathlib import Path

import psycopg

from billfold.storage.store import open_store, sqlite_path
from servers import Forked
from storage.killed_writer import killed_writer
from storage.material import PASS_TYPE, add_workspaces

KILLS = 20
PASSES = "SELECT id, number FROM pass WHERE workspace = 'd3m0ab' AND environment = 'test'"
ROWS = "SELECT target, wanted FROM delivery WHERE workspace = 'd3m0ab' AND environment = 'test' AND channel = 'apple'"
HELD = "SELECT pass_id, device FROM registration WHERE workspace = 'd3m0ab' AND environment = 'test'"
COUNTER = "SELECT value FROM counter WHERE workspace = 'd3m0ab' AND environment = 'test'"


def look(url: str, *queries: str) -> list[list[tuple[object, ...]]]:
    """The answers, by a driver alone."""
    path = sqlite_path(url)
    if path is not None:
        plain = sqlite3.connect(path)
        try:
            assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [plain.execute(query).fetchall() for query in queries]
        finally:
            plain.close()
    with psycopg.connect(url) as connection:
        return [connection.execute(query.encode()).fetchall() for query in queries]


def kill_a_writer(url: str, journal: Path, round_: int, seconds: float) -> None:
    writer = Forked(journal.with_suffix(".log"), killed_writer, url, journal, round_)
    assert writer.line() == "ready\n"
    lines = journal.stat().st_size if journal.exists() else 0
    while not journal.exists() or journal.stat().st_size == lines:  # at least one promise a round
        assert writer.runs, "the writer ended by itself"
        time.sleep(0.002)
    time.sleep(seconds)
    writer.kill()


async def test_nothing_that_was_answered_is_lost(migrated_url: str, tmp_path: Path) -> None:
    store = open_store(migrated_url)
    await store.write(add_workspaces)
    await store.close()
    journal, chance = tmp_path / "journal", random.Random(2026)
    for round_ in range(KILLS):
        kill_a_writer(migrated_url, journal, round_, chance.uniform(0.0, 0.15))
    whole_lines = journal.read_text().rpartition("\n")[0].splitlines()
    promised = [(pass_id, int(number), int(wanted)) for pass_id, number, wanted in map(str.split, whole_lines)]
    passes, rows, held, counter = look(migrated_url, PASSES, ROWS, HELD, COUNTER)
    number_of = {str(pass_id): int(str(number)) for pass_id, number in passes}
    wanted_of = {str(target): int(str(wanted)) for target, wanted in rows}
    device_of = {str(pass_id): str(device) for pass_id, device in held}
    for pass_id, number, wanted in promised:
        assert number_of[pass_id] >= number
        assert wanted_of[f"{PASS_TYPE}/{device_of[pass_id]}"] >= wanted
    assert len(promised) >= KILLS
    # Nothing half-written: each pass has its registration and its row, and no number was given twice.
    assert set(device_of) == set(number_of)
    assert len(wanted_of) == len(number_of)
    numbers = list(number_of.values())
    assert len(set(numbers)) == len(numbers)
    assert int(str(counter[0][0])) >= max(numbers)
