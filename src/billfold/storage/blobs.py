"""Bytes by content hash, as files in a folder. What is there never changes, so a name is either complete or absent.

May not enter: what the bytes are."""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

MEMORY_BYTES_MAX = 32 * 2**20
_HASH = re.compile(r"[0-9a-f]{64}\Z")


class FolderBlobs:
    """`folder/ab/cd/abcd...`; the most recently used ones also in memory, up to `memory_bytes_max`."""

    def __init__(self, folder: Path, memory_bytes_max: int = MEMORY_BYTES_MAX) -> None:
        self._folder = folder
        self._memory_bytes_max = memory_bytes_max
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._memory_bytes = 0
        self._guard = threading.Lock()

    async def put(self, data: bytes) -> str:
        """The content's hash, when the file is on disk."""
        hash_ = hashlib.sha256(data).hexdigest()
        if self._remembered(hash_) is None:
            await asyncio.to_thread(self._store, hash_, data)
            self._remember(hash_, data)
        return hash_

    async def get(self, hash: str) -> bytes | None:
        """None when nothing is known by that hash. A damaged file counts as absent."""
        if not _HASH.match(hash):
            return None
        data = self._remembered(hash)
        if data is None:
            data = await asyncio.to_thread(self._load, hash)
            if data is not None:
                self._remember(hash, data)
        return data

    def _path(self, hash_: str) -> Path:
        return self._folder / hash_[:2] / hash_[2:4] / hash_

    def _store(self, hash_: str, data: bytes) -> None:
        path = self._path(hash_)
        if self._load(hash_) is not None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{hash_}.{secrets.token_hex(8)}")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            raise
        for folder in (path.parent, path.parent.parent, self._folder):
            _sync_folder(folder)

    def _load(self, hash_: str) -> bytes | None:
        try:
            data = self._path(hash_).read_bytes()
        except FileNotFoundError:
            return None
        return data if hashlib.sha256(data).hexdigest() == hash_ else None

    def _remembered(self, hash_: str) -> bytes | None:
        with self._guard:
            data = self._memory.get(hash_)
            if data is not None:
                self._memory.move_to_end(hash_)
            return data

    def _remember(self, hash_: str, data: bytes) -> None:
        if len(data) > self._memory_bytes_max // 4:
            return
        with self._guard:
            if hash_ in self._memory:
                return
            self._memory[hash_] = data
            self._memory_bytes += len(data)
            while self._memory_bytes > self._memory_bytes_max:
                _, dropped = self._memory.popitem(last=False)
                self._memory_bytes -= len(dropped)


def _sync_folder(folder: Path) -> None:
    """Makes a new name in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
