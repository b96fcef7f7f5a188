"""Takes a foreign zip archive apart in memory, under limits, and says what is odd about it. Its counterpart is bundle.py.

Lenient where a phone may be: what can be read is given back, however damaged the rest. Never raises for bad input, never writes.
Its work is bounded by Limits whatever the archive claims: entries may not overlap, sizes are counted while inflating and not
believed, and what is thrown away counts too. May not enter: what the files mean (reader.py), disk, network.
Source: PKWARE APPNOTE 6.3.10."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from billfold.wallets.apple.findings import Findings, plain

NOT_VALID = "the add sheet never opens"
UNCERTAIN = "whether Wallet takes it is not documented"


@dataclass(frozen=True, slots=True)
class Limits:
    """`ratio_max` counts from `ratio_from_bytes` on: small texts may shrink a lot. `depth_max`: nesting of JSON."""

    bytes_max: int = 32 * 1024 * 1024
    entries_max: int = 1_000
    entry_bytes_max: int = 16 * 1024 * 1024
    unpacked_bytes_max: int = 64 * 1024 * 1024
    ratio_max: int = 200
    ratio_from_bytes: int = 1024 * 1024
    name_bytes_max: int = 255
    json_bytes_max: int = 2 * 1024 * 1024
    depth_max: int = 32


@dataclass(slots=True)
class Unpacked:
    """Files by the name in the archive, in its order. `is_zip`: it could be taken for an archive at all."""

    files: dict[str, bytes] = field(default_factory=dict)
    is_zip: bool = True


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the directory says of one file. `packed`, `size`: bytes; `start`: of its local header."""

    name: str
    flags: int
    method: int
    check: int
    packed: int
    size: int
    mode: int
    start: int


_END, _END64, _LOCATOR = b"PK\5\6", b"PK\6\6", b"PK\6\7"
_LOCAL_SIGN, _CENTRAL_SIGN = b"PK\3\4", b"PK\1\2"
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s2B4H3L2H")
_END_RECORD = struct.Struct("<4s4H2LH")
_END64_RECORD = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED, _DESCRIPTOR, _STRONG, _UTF8 = 0x1, 0x8, 0x40, 0x800
_STORED, _DEFLATED = 0, 8
_DEFLATE_RATIO_MAX = 1_032
_SYMLINK, _KIND = 0o120000, 0o170000
_NEXT_HEADER = re.compile(rb"PK(?:\x03\x04|\x07\x08|\x01\x02)")
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROLS = re.compile(r"[\0-\x1f\x7f]")


def unpack(data: bytes, limits: Limits, found: Findings) -> Unpacked:
    """The files that can be read; everything odd goes into `found`."""
    if len(data) > limits.bytes_max:
        mend = "ship smaller pictures"
        found.error("", "archive_too_large", f"the file is larger than {limits.bytes_max // 1024 // 1024} MB", mend, NOT_VALID)
        return Unpacked()
    if _LOCAL_SIGN not in data[: 1024 * 1024] and _END not in data[-65_600:]:
        mend = "a .pkpass is a zip archive; check that no error page or unfinished download was saved under that name"
        found.error("", "not_an_archive", "this is no zip archive", mend, "Safari says that it cannot download the file")
        return Unpacked(is_zip=False)
    entries = _directory(data, limits, found)
    if entries is None:
        mend = "make or download the file again; it is incomplete"
        found.error("", "archive_truncated", "the archive's directory is missing or damaged", mend, NOT_VALID)
        entries = list(_salvage(data, limits))
    return Unpacked(_Extraction(data, limits, found).run(entries))


# --- the directory ----------------------------------------------------------------------------------------------------------------


def _directory(data: bytes, limits: Limits, found: Findings) -> list[_Entry] | None:
    """The entries as the central directory lists them; None when there is none that could be followed."""
    end = data.rfind(_END)
    if end < 0 or end + _END_RECORD.size > len(data):
        return None
    _, disk, _, _, count, size, offset, comment = _END_RECORD.unpack_from(data, end)
    rest = len(data) - end - _END_RECORD.size - comment
    if rest > 0:
        mend = "end the file where the archive ends"
        found.warning("", "archive_trailing_bytes", "bytes follow the end of the archive", mend, UNCERTAIN)
    directory_end = end
    if 0xFFFF in (count, disk) or 0xFFFF_FFFF in (size, offset):
        wide = _wide_end(data, end)
        if wide is None:
            return None
        count, size, offset, directory_end = wide
        found.warning("", "archive_zip64", "the archive is in ZIP64 form", "write a plain zip; a pass is far below 4 GB", UNCERTAIN)
    base = directory_end - size - offset
    if base < 0 or directory_end - size < 0:
        return None
    if base > 0:
        mend = "write one archive, from the first byte of the file on"
        found.warning("", "archive_leading_bytes", "bytes, or another archive, come before the archive", mend, UNCERTAIN)
    if count > limits.entries_max:
        _too_many(limits, found)
    return _records(data, base, directory_end - size, directory_end, limits, found)


def _wide_end(data: bytes, end: int) -> tuple[int, int, int, int] | None:
    """(count, size, offset, end of the directory) of a ZIP64 archive."""
    at = end - 20
    if at < 0 or data[at : at + 4] != _LOCATOR:
        return None
    (where,) = struct.unpack_from("<Q", data, at + 8)
    if where + _END64_RECORD.size > len(data) or data[where : where + 4] != _END64:
        where = data.rfind(_END64, 0, at)
        if where < 0 or where + _END64_RECORD.size > len(data):
            return None
    *_, count, size, offset = _END64_RECORD.unpack_from(data, where)
    return count, size, offset, where


def _too_many(limits: Limits, found: Findings) -> None:
    if not found.has("archive_too_many_entries"):
        text = f"the archive lists more than {limits.entries_max:,} files"
        mend = "a pass has some dozens of files; pack these alone"
        found.error("", "archive_too_many_entries", text, mend, NOT_VALID)


def _records(data: bytes, base: int, at: int, end: int, limits: Limits, found: Findings) -> list[_Entry] | None:
    entries: list[_Entry] = []
    while at + _CENTRAL.size <= end and data[at : at + 4] == _CENTRAL_SIGN:
        if len(entries) >= limits.entries_max:
            _too_many(limits, found)
            break
        row = _CENTRAL.unpack_from(data, at)
        system, flags, method, check, packed, size = row[2], row[5], row[6], row[9], row[10], row[11]
        name_length, extra_length, comment_length, attributes, start = row[12], row[13], row[14], row[17], row[18]
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + name_length]
        extra = data[at + _CENTRAL.size + name_length : at + _CENTRAL.size + name_length + extra_length]
        if 0xFFFF_FFFF in (packed, size, start):
            size, packed, start = _wide_sizes(extra, size, packed, start)
        mode = attributes >> 16 if system == 3 else 0
        entries.append(_Entry(_name(name, flags), flags, method, check, packed, size, mode, base + start))
        at += _CENTRAL.size + name_length + extra_length + comment_length
    return entries if entries or at == end else None


def _wide_sizes(extra: bytes, size: int, packed: int, start: int) -> tuple[int, int, int]:
    """The sizes that a ZIP64 extra field gives, in its order, for those that do not fit."""
    at, values = 0, list[int]()
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            body = extra[at + 4 : at + 4 + length]
            values = [int.from_bytes(body[place : place + 8], "little") for place in range(0, len(body) - 7, 8)]
            break
        at += 4 + length
    given = iter(values)
    wide = [next(given, value) if value == 0xFFFF_FFFF else value for value in (size, packed, start)]
    return wide[0], wide[1], wide[2]


def _name(raw: bytes, flags: int) -> str:
    """UTF-8 where it says so or can be; else the code page that zip began with."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace") if flags & _UTF8 else raw.decode("cp437")


def _salvage(data: bytes, limits: Limits) -> Iterator[_Entry]:
    """Entries by their local headers alone, one after another from the start, as far as they go."""
    at = data.find(_LOCAL_SIGN)
    for _ in range(limits.entries_max):
        if at < 0 or at + _LOCAL.size > len(data) or data[at : at + 4] != _LOCAL_SIGN:
            return
        _, _, _, flags, method, _, _, check, packed, size, name_length, extra_length = _LOCAL.unpack_from(data, at)
        name = _name(data[at + _LOCAL.size : at + _LOCAL.size + name_length], flags)
        body = at + _LOCAL.size + name_length + extra_length
        if flags & _DESCRIPTOR and not packed:  # the sizes stand behind the data: look for the next header
            following = _NEXT_HEADER.search(data, body)
            packed = (following.start() if following else len(data)) - body
            size, check = limits.entry_bytes_max, -1
        yield _Entry(name, flags & ~_DESCRIPTOR, method, check, min(packed, len(data) - body), size, 0, at)
        at = body + packed
        if data[at : at + 4] == b"PK\7\x08":
            at += 16


# --- the files --------------------------------------------------------------------------------------------------------------------


class _Extraction:
    """Reads entries one after another while the budgets last."""

    def __init__(self, data: bytes, limits: Limits, found: Findings) -> None:
        self._data, self._limits, self._found = data, limits, found
        self._left = limits.unpacked_bytes_max
        self._files: dict[str, bytes] = {}

    def run(self, entries: list[_Entry]) -> dict[str, bytes]:
        overlapping = _overlapping(entries)
        for one in entries:
            if id(one) in overlapping:
                self._error(one, "archive_overlapping", "the file shares its bytes with another one", "pack the pass anew")
            elif self._is_plain(one):
                self._read(one)
        return self._files

    def _error(self, one: _Entry, code: str, message: str, mend: str) -> None:
        self._found.error(plain(one.name), code, message, mend, NOT_VALID)

    def _is_plain(self, one: _Entry) -> bool:
        """Whether this is a file that a pass can have. Rows 48 and 51."""
        name, found = one.name, self._found
        if name.endswith("/") and not one.size:
            found.warning(plain(name), "archive_folder_entry", "the archive lists a folder", "list files alone", UNCERTAIN)
            return False
        if _unsafe(name) or len(name.encode("utf-8", "replace")) > self._limits.name_bytes_max:
            self._error(one, "archive_unsafe_path", "the name leads out of the archive, or is none", "use plain relative names")
            return False
        if one.mode & _KIND == _SYMLINK:
            self._error(one, "archive_symlink", "this is a link to another file", "pack the file itself")
            return False
        if one.flags & (_ENCRYPTED | _STRONG):
            self._error(one, "archive_encrypted", "the file is encrypted", "pack without a password")
            return False
        if one.method not in (_STORED, _DEFLATED):
            self._error(one, "archive_method", "the file is packed in a way that phones do not know", "store or deflate it")
            return False
        if name in self._files:
            self._error(one, "archive_name_twice", "two files have this name", "pack each file once")
            return False
        return True

    def _read(self, one: _Entry) -> None:
        header = self._data[one.start : one.start + _LOCAL.size]
        if len(header) < _LOCAL.size or header[:4] != _LOCAL_SIGN:
            self._damaged(one)
            return
        row = _LOCAL.unpack(header)
        body = one.start + _LOCAL.size + row[10] + row[11]
        if _name(self._data[one.start + _LOCAL.size : one.start + _LOCAL.size + row[10]], row[3]) != one.name:
            text = "the file's name differs from the one in the directory"
            self._error(one, "archive_names_differ", text, "pack the pass anew, with another program")
        if one.flags & _DESCRIPTOR and not self._found.has("archive_data_descriptor"):
            mend = "let the packer write sizes before the data"
            text = "sizes follow the data of the files, as streaming packers write them"
            self._found.warning(plain(one.name), "archive_data_descriptor", text, mend, UNCERTAIN)
        content = self._content(one, memoryview(self._data)[body : body + one.packed])
        if content is None:
            return
        self._files[one.name] = content
        if one.check >= 0 and zlib.crc32(content) != one.check:
            self._error(one, "archive_checksum", "the file does not have the checksum that the archive gives", "pack it anew")

    def _content(self, one: _Entry, packed: memoryview) -> bytes | None:
        """None when nothing of it can be kept. Whatever is inflated is taken from the budget."""
        limits = self._limits
        most = min(limits.entry_bytes_max, self._left, max(limits.ratio_from_bytes, len(packed) * limits.ratio_max))
        if one.method == _STORED:
            if len(packed) > most:
                self._too_much(one)
                return None
            self._left -= len(packed)
            if len(packed) != one.size and one.check >= 0:
                self._damaged(one)
            return bytes(packed)
        inflating = zlib.decompressobj(-15)
        try:
            content = inflating.decompress(packed, most + 1)
        except zlib.error:
            self._left -= min(most, len(packed) * _DEFLATE_RATIO_MAX)
            self._damaged(one)
            return None
        self._left -= min(len(content), most)
        if len(content) > most:
            self._too_much(one)
            return None
        if not inflating.eof or (len(content) != one.size and one.check >= 0):
            self._damaged(one)
        return content

    def _too_much(self, one: _Entry) -> None:
        text = "the file unpacks to far more than its packed size, or than a pass may have"
        self._error(one, "archive_bomb", text, "leave it out; a pass unpacks to a few megabytes")

    def _damaged(self, one: _Entry) -> None:
        self._error(one, "archive_damaged", "the file is incomplete or damaged", "make or download the pass again")


def _overlapping(entries: list[_Entry]) -> set[int]:
    """Identities of the entries that begin inside another one: what makes small archives unpack to everything."""
    found, reached = set(), -1
    for one in sorted(entries, key=lambda entry: (entry.start, -entry.packed)):
        if one.start < reached:
            found.add(id(one))
        reached = max(reached, one.start + _LOCAL.size + one.packed)
    return found


def _unsafe(name: str) -> bool:
    steps = name.split("/")
    return (
        not name
        or "\\" in name
        or bool(_CONTROLS.search(name) or _DRIVE.match(name))
        or not all(steps)
        or bool({".", ".."} & {*steps})
    )
