"""The fuzzers' target, run here for some hundred inputs: every seed, and what a simple mutator makes of it, the same each time.

For longer runs with atheris see reader_target.py."""

import random
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from fuzz.reader_target import target
from wallets.apple.foreign import zipped

CORPUS = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").iterdir())}
ROUNDS = 25
ODD = (
    b"",
    b"\0",
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"PK\3\4",
    b"PK\1\2",
    b"PK\5\6",
    b"{",
    b'"',
    b"//",
    b"1e999",
    b"\xd8\0",
    b"../",
)


@pytest.mark.parametrize("name", CORPUS)
def test_every_seed_ends_in_a_report(name: str) -> None:
    target(CORPUS[name])


@pytest.mark.parametrize("name", CORPUS)
def test_every_seed_changed_at_random_ends_in_a_report(name: str) -> None:
    chance = random.Random(name)
    for _ in range(ROUNDS):
        data = CORPUS[name]
        for _ in range(chance.randint(1, 4)):
            data = chance.choice(MUTATORS)(data, chance)
        target(data)


def test_the_corpus_is_small_and_of_every_kind() -> None:
    assert len(CORPUS) >= 15
    assert sum(map(len, CORPUS.values())) < 60_000


# --- mutators ---------------------------------------------------------------------------------------------------------------------


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    place = chance.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 1 << chance.randrange(8),)) + data[place + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[end:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    place, piece = chance.randrange(len(data) + 1), chance.choice(ODD)
    return data[:place] + piece + data[place + chance.choice((0, len(piece))) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:end] * chance.randint(1, 3) + data[end:]


def _splice(data: bytes, chance: random.Random) -> bytes:
    other = chance.choice(list(CORPUS.values()))
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _inside(data: bytes, chance: random.Random) -> bytes:
    """Changes one file of an archive and packs it again, so that the change is not stopped at the door."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # whatever is wrong with it: then it is changed outside
        return _flip(data, chance)
    if files:
        name = chance.choice(list(files))
        files[name] = chance.choice((_flip, _cut, _insert, _repeat))(files[name], chance)
    try:
        return zipped(files)
    except Exception:
        return data


MUTATORS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _insert, _repeat, _splice, _inside, _inside)
