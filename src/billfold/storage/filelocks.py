"""Locks between processes by a file: held while the process lives, gone with it. May not enter: what is locked and why.

A lock belongs to its open file, so two stores of one process exclude each other too. Programs that it starts get no
copy of it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """One file, locked by at most one holder. Not reentrant."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, *, wait: bool) -> bool:
        """False when another holds it and `wait` is off."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._file = None

    @contextmanager
    def held(self) -> Iterator[None]:
        self.acquire(wait=True)
        try:
            yield
        finally:
            self.release()
