"""What must be true before a start, each checked so that a failure is one line with its mend and not a traceback.

The data folder is ours when it holds our marker file; an empty one becomes ours; anything else is left untouched. May not enter:
whatever needs the database or the network (that is `billfold doctor`).
"""

import errno
import json
import os
import socket
import tempfile
from pathlib import Path

MARKER = "billfold.json"
FORMAT = 1
"""Layout of the data folder. Raised when an older Billfold must not open a folder that a newer one wrote."""

_HALF_WRITTEN = f".{MARKER}.new"
_NOT_FOREIGN = frozenset({"lost+found", ".DS_Store", ".gitkeep", _HALF_WRITTEN})
"""What a fresh folder or file system may hold by itself, and what a start that died at once leaves."""


class PreflightError(Exception):
    """Something that a person must mend before a start; the text is one line."""


class FolderUnusable(PreflightError):
    """The data folder cannot be made or written, or is no folder."""


class FolderForeign(PreflightError):
    """The data folder holds things that Billfold did not put there, or that a newer Billfold did."""


class NothingInstalled(PreflightError):
    """Somebody wants to look at an installation where there is none."""


class AddressUnusable(PreflightError):
    """The address to listen on is taken, not allowed, or not of this machine."""


class DeploymentDiffers(PreflightError):
    """This process and the server on the same database do not agree on what they must agree on."""


def prepare_folder(data: Path) -> None:
    """Makes `data` when missing, marks it when empty, and checks that it is ours and can be written."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        inside = {entry.name for entry in data.iterdir()}
        with tempfile.TemporaryFile(dir=data):
            pass
    except (FileExistsError, NotADirectoryError):
        raise FolderUnusable(f"the data folder {data} is a file or below one; choose a folder with --data") from None
    except OSError as problem:
        reason = (problem.strerror or "unknown reason").lower()
        raise FolderUnusable(
            f"the data folder {data} cannot be written ({reason}); change its rights or choose another with --data"
        ) from None
    if MARKER in inside:
        _check_marker(data)
    elif inside - _NOT_FOREIGN:
        raise FolderForeign(
            f"the folder {data} holds other things than Billfold's data (no {MARKER} in it); choose an empty one with --data"
        )
    else:
        _write_marker(data)


def find_folder(data: Path) -> None:
    """Checks that `data` is a folder of ours, and makes nothing. Raises NothingInstalled, FolderForeign."""
    if not (data / MARKER).is_file():
        raise NothingInstalled(
            f"there is no installation in {data}; `billfold serve` makes one, or name the folder of yours with --data"
        )
    _check_marker(data)


def _check_marker(data: Path) -> None:
    try:
        marker = json.loads((data / MARKER).read_text(encoding="utf-8"))
        version = marker["format"] if marker["product"] == "billfold" else None
    except (OSError, ValueError, KeyError, TypeError):
        version = None
    if not isinstance(version, int):
        raise FolderForeign(f"{data / MARKER} is not one that Billfold wrote; choose another folder with --data")
    if version > FORMAT:
        raise FolderForeign(f"the folder {data} was written by a newer Billfold; start that one, or choose another with --data")


def _write_marker(data: Path) -> None:
    """Whole or not at all: a start that dies here must not leave a folder that the next one finds foreign."""
    fresh = data / _HALF_WRITTEN
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"product": "billfold", "format": FORMAT}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / MARKER)


def check_address(host: str, port: int) -> None:
    """That `port` of `host` can be listened on now. 0 always can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except (socket.gaierror, UnicodeError):
        raise AddressUnusable(f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1") from None
    except OSError as problem:
        raise AddressUnusable(_address_line(host, port, problem.errno)) from None


def _address_line(host: str, port: int, code: int | None) -> str:
    if code == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; stop what uses it, or choose another with --port (0: any free one)"
    if code in (errno.EACCES, errno.EPERM):
        return f"port {port} of {host} may not be used by this account; choose one above 1023 with --port"
    if code in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1"
    return f"cannot listen on port {port} of {host} ({os.strerror(code or 0).lower()}); choose others with --host and --port"
