"""Records what SQLite asks of the disk: every write, truncation, sync and removal, in the order in which they happen.

The very library that Python's sqlite3 uses gets a file layer of its own (a "VFS"), which notes each call and passes it on to the
real one. Nothing of Billfold is changed or knows of it. May not enter: what a disk may make of it (disk.py).
Source: SQLite, "The SQLite OS Interface or VFS"; sqlite3.h."""

import _sqlite3
import contextlib
import ctypes
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Write(NamedTuple):
    file: str
    offset: int
    data: bytes


class Truncate(NamedTuple):
    file: str
    size: int


class Sync(NamedTuple):
    """What was noted of `file` before place `upto` of the log is on the disk now."""

    file: str
    upto: int


class Remove(NamedTuple):
    file: str


class Answer(NamedTuple):
    """At this moment somebody was told that `operation` was done: card and unit → balance."""

    operation: str
    balances: dict[tuple[str, str], int]


Entry = Write | Truncate | Sync | Remove | Answer

_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_Delete = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(ctypes.Structure):
    """struct sqlite3_vfs, as far as it is changed here; what follows is copied as it is."""

    _fields_ = (
        *((name, c_int) for name in ("version", "file_bytes", "path_max")),
        *(("next", c_void_p), ("name", c_char_p), ("data", c_void_p), ("open", _Open), ("delete", _Delete)),
        ("rest", c_void_p * 14),
    )


class _Methods(ctypes.Structure):
    """struct sqlite3_io_methods likewise."""

    _fields_ = (
        *(("version", c_int), ("close", c_void_p), ("read", c_void_p)),
        *(("write", _Write), ("truncate", _Truncate), ("sync", _Sync)),
        ("rest", c_void_p * 13),
    )


_VERSION = 3
"""Of both structures: SQLite 3.7.17 and later."""


def library() -> ctypes.CDLL | None:
    """SQLite as Python's own module has loaded it; None where it is built into the interpreter and cannot be reached."""
    path = getattr(_sqlite3, "__file__", None)
    found = ctypes.CDLL(path) if path else None
    return found if found is not None and hasattr(found, "sqlite3_vfs_register") else None


@dataclass
class Recorder:
    """`log` grows while connections that were opened inside `recording` are used."""

    folder: Path
    log: list[Entry] = field(default_factory=list)
    _real: "ctypes._Pointer[_Vfs] | None" = None
    _methods: dict[int, tuple[_Methods, _Methods]] = field(default_factory=dict)
    """Address of the real table → (real, ours), for each kind of file."""
    _names: dict[int, str] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)
    """What SQLite still points at."""

    def _opened(self, _vfs: int, path: int | None, file: int, flags: int, out: "ctypes._Pointer[c_int]") -> int:
        assert self._real is not None
        code: int = self._real.contents.open(self._real, path, file, flags, out)
        name = Path(ctypes.string_at(path).decode()) if path else None
        if code == 0 and name is not None and name.parent == self.folder:
            self._names[file] = name.name
            table = c_void_p.from_address(file)
            assert table.value is not None
            table.value = ctypes.addressof(self._ours(table.value))
        return code

    def _ours(self, real: int) -> _Methods:
        if real not in self._methods:
            original = _Methods.from_address(real)
            assert original.version == _VERSION
            changed = _Methods.from_buffer_copy(original)
            changed.write = _Write(lambda file, data, size, offset: self._written(original, file, data, size, offset))
            changed.truncate = _Truncate(lambda file, size: self._truncated(original, file, size))
            changed.sync = _Sync(lambda file, flags: self._synced(original, file, flags))
            self._methods[real] = (original, changed)
        return self._methods[real][1]

    def _written(self, real: _Methods, file: int, data: int, size: int, offset: int) -> int:
        self.log.append(Write(self._names[file], offset, ctypes.string_at(data, size)))
        return int(real.write(file, data, size, offset))

    def _truncated(self, real: _Methods, file: int, size: int) -> int:
        self.log.append(Truncate(self._names[file], size))
        return int(real.truncate(file, size))

    def _synced(self, real: _Methods, file: int, flags: int) -> int:
        upto = len(self.log)
        code = int(real.sync(file, flags))
        if code == 0:
            self.log.append(Sync(self._names[file], upto))
        return code

    def _removed(self, _vfs: int, path: bytes, sync_folder: int) -> int:
        assert self._real is not None
        code: int = self._real.contents.delete(self._real, path, sync_folder)
        if code == 0 and Path(path.decode()).parent == self.folder:
            self.log.append(Remove(Path(path.decode()).name))
        return code

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Connections that are opened inside are recorded, and must be closed inside."""
        sqlite = library()
        assert sqlite is not None
        sqlite.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._real = sqlite.sqlite3_vfs_find(None)
        assert self._real.contents.version == _VERSION
        ours = _Vfs.from_buffer_copy(self._real.contents)
        ours.next, ours.name = None, b"recording"
        ours.open, ours.delete = _Open(self._opened), _Delete(self._removed)
        self._kept.append(ours)
        assert sqlite.sqlite3_vfs_register(ctypes.byref(ours), 1) == 0
        try:
            yield
        finally:
            sqlite.sqlite3_vfs_unregister(ctypes.byref(ours))
            assert sqlite.sqlite3_vfs_register(self._real, 1) == 0
