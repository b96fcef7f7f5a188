"""What a disk may hold after the power failed: all that was synced, and of the rest any part, in sectors, in any order.

Writes since a file's last sync may be there whole, in some of their sectors, or not at all, also later ones without earlier ones;
a file may have grown and hold nothing but zeros there; a removal that nothing synced may not have happened.
May not enter: SQLite, files."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from storage.power_loss.recording import Answer, Entry, Remove, Sync, Truncate, Write

SECTOR = 512


@dataclass
class _File:
    """`synced`: what is surely there. `pending`: what was asked since, each with its place in the log."""

    synced: bytearray
    pending: list[tuple[int, Write | Truncate]] = field(default_factory=list)
    removed: bool = False

    def sync(self, upto: int) -> None:
        for place, entry in self.pending:
            if place < upto:
                _apply(self.synced, entry)
        self.pending = [(place, entry) for place, entry in self.pending if place >= upto]


@dataclass(frozen=True)
class Image:
    """The files as found after the cut, and what had been answered before it. `cut`: place in the log."""

    cut: int
    files: dict[str, bytes]
    answered: int


def images(base: dict[str, bytes], log: Sequence[Entry], count: int, dice: random.Random) -> Iterator[Image]:
    """`count` images at cuts all over the log, in its order. `answered`: how many answers of the log came before the cut."""
    cuts = sorted(dice.randint(0, len(log)) for _ in range(count))
    files = {name: _File(bytearray(content)) for name, content in base.items()}
    place = answered = 0
    for cut in cuts:
        while place < cut:
            answered += isinstance(log[place], Answer)
            _note(files, place, log[place])
            place += 1
        yield Image(cut, _after_power_loss(files, dice), answered)


def everything(base: dict[str, bytes], log: Sequence[Entry]) -> dict[str, bytes]:
    """The files at the end, the power having stayed on."""
    files = {name: _File(bytearray(content)) for name, content in base.items()}
    for place, entry in enumerate(log):
        _note(files, place, entry)
    for file in files.values():
        file.sync(len(log))
    return {name: bytes(file.synced) for name, file in files.items() if not file.removed}


def _note(files: dict[str, _File], place: int, entry: Entry) -> None:
    if isinstance(entry, Answer):
        return
    file = files.get(entry.file)
    if file is None or (file.removed and not isinstance(entry, Remove)):
        file = files[entry.file] = _File(bytearray())
    match entry:
        case Write() | Truncate():
            file.pending.append((place, entry))
        case Sync():
            file.sync(entry.upto)
        case Remove():
            file.removed = True


def _apply(content: bytearray, entry: Write | Truncate) -> None:
    if isinstance(entry, Truncate):
        del content[entry.size :]
        content.extend(bytes(entry.size - len(content)))
        return
    content.extend(bytes(max(0, entry.offset - len(content))))
    content[entry.offset : entry.offset + len(entry.data)] = entry.data


def _after_power_loss(files: dict[str, _File], dice: random.Random) -> dict[str, bytes]:
    """Each image has a mood of its own: from "nothing more arrived" over single sectors to "everything did"."""
    whole, torn = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0)), dice.choice((0.0, 0.1, 0.5, 0.9))
    left = {}
    for name, file in files.items():
        if file.removed and dice.random() < 0.5:
            continue
        content = bytearray(file.synced)
        for _, entry in file.pending:
            if dice.random() < whole:
                _apply(content, entry)
            elif isinstance(entry, Write) and dice.random() < torn:
                _tear(content, entry, dice)
        grown = max((entry.offset + len(entry.data) for _, entry in file.pending if isinstance(entry, Write)), default=0)
        if dice.random() < 0.25:
            content.extend(bytes(max(0, grown - len(content))))
        left[name] = bytes(content)
    return left


def _tear(content: bytearray, entry: Write, dice: random.Random) -> None:
    """Some sectors of a write. What lies beside it in a sector stays: drives write a sector whole or not at all."""
    share, start = dice.random(), entry.offset
    while start < entry.offset + len(entry.data):
        end = min(start - start % SECTOR + SECTOR, entry.offset + len(entry.data))
        if dice.random() < share:
            _apply(content, Write(entry.file, start, entry.data[start - entry.offset : end - entry.offset]))
        start = end
