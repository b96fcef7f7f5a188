"""Readers that others wrote, as fixtures: KDE's, GNOME Passes, passkit-generator's schemas, axe-core, and two barcode decoders.

Each is a process that answers line by line, started once for each worker of a test run. What has to be built or fetched first (a
C++ program, packages of npm) goes into .venv/judges and is kept there. A reader that is missing skips its tests with a reason, as
every judge does (judges.py). Their known defects are listed here, with the reason. May not enter: judgements of ours.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from judges import absent, judge

PEERS = Path(__file__).parents[1] / "peers"
KEPT = Path(__file__).parents[2] / ".venv" / "judges"

KEYS_UNKNOWN_TO_PASSKIT = ("barcode",)
"""Known defect of passkit-generator's schemas: no entry for the old key, which iOS 8 reads. Taken away before they are asked.

Of KDE's reader (5.22): pass.strings in UTF-16 are read big end first only; values that are numbers are empty; a quote in
pass.strings keeps its backslash. Of GNOME Passes (0.7): pass.strings in UTF-8 or ASCII with an even number of bytes are taken for
UTF-16; a quote keeps its backslash; of the new barcode formats it draws none. Of zbar: it knows neither PDF417 nor Aztec nor Data
Matrix."""


@dataclass(frozen=True)
class Decoded:
    """`reader`: zxing or zbar. `format`: as our barcode formats are called."""

    reader: str
    format: str
    text: str


class Peer:
    """A program that answers lines with lines."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ask(self, question: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the judge ended: {self._process.stderr.read()[-2000:]}"
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one worker builds or fetches."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepared(name: str, prepare: Callable[[Path], None], mend: str) -> Path:
    """A folder of what `prepare` makes from tests/peers/NAME: made once for each state of those files."""
    source = PEERS / name
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(source.iterdir()) if path.is_file())).hexdigest()
    folder = KEPT / f"{name}-{state[:16]}"
    with _alone(folder):
        if not (folder / "ready").exists():
            shutil.copytree(source, folder, dirs_exist_ok=True)
            try:
                prepare(folder)
            except subprocess.CalledProcessError as error:
                absent(name, f"{mend}: {(error.stderr or error.stdout or '')[-400:]}")
            (folder / "ready").touch()
    return folder


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)


def _build_kde(folder: Path) -> None:
    cmake = judge("cmake")
    _run(folder, cmake, "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release")
    _run(folder, cmake, "--build", "build")


def _npm_ci(folder: Path) -> None:
    _run(folder, judge("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@pytest.fixture(scope="session")
def kde_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any] | None]]:
    """`kde_reader(bundle, language="en")` → what KDE's reader understood of a .pkpass; None when it refuses it."""
    judge("kpkpass")
    judge("make")
    judge("c++")
    folder = _prepared("kde", _build_kde, "cmake and a C++ compiler build it")
    yield from _file_peer(Peer(folder / "build" / "kde-reader"), tmp_path_factory)


@pytest.fixture(scope="session")
def gnome_passes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any] | None]]:
    """`gnome_passes(bundle, language="en")` → what GNOME Passes understood; {"error": ...} when it refuses the file."""
    judge("passes-gtk")
    if not Path("/usr/bin/python3").exists():
        absent("the system's Python", "Debian package python3")
    yield from _file_peer(Peer("/usr/bin/python3", PEERS / "gnome" / "reader.py"), tmp_path_factory)


def _file_peer(peer: Peer, folders: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any] | None]]:
    path = folders.mktemp("peer") / "a.pkpass"

    def ask(bundle: bytes, language: str = "en") -> dict[str, Any] | None:
        path.write_bytes(bundle)
        answer: dict[str, Any] | None = peer.ask({"path": str(path), "language": language})
        return answer

    yield ask
    peer.close()


@pytest.fixture(scope="session")
def passkit() -> Iterator[Peer]:
    """passkit-generator's schemas, asked line by line (tests/peers/passkit/check.mjs)."""
    node = judge("node")
    judge("npm")
    folder = _prepared("passkit", _npm_ci, "npm ci fetches it")
    peer = Peer(node, folder / "check.mjs", folder)
    yield peer
    peer.close()


@pytest.fixture(scope="session")
def passkit_keys(passkit: Peer) -> dict[str, dict[str, str]]:
    """Kind of object (pass, field, semantics...) → its keys with their types, as passkit-generator knows them."""
    answer: dict[str, dict[str, str]] = passkit.ask("describe")
    return answer


@pytest.fixture(scope="session")
def passkit_schema(passkit: Peer) -> Callable[[dict[str, Any]], list[str]]:
    """`passkit_schema(pass_json)` → what passkit-generator's schemas object to, as lines; empty when nothing."""

    def ask(pass_json: dict[str, Any]) -> list[str]:
        known = {key: value for key, value in pass_json.items() if key not in KEYS_UNKNOWN_TO_PASSKIT}
        answer: list[str] = passkit.ask(known)
        return answer

    return ask


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core, the judge of accessibility, as a script for a page (plugins/pages.py runs it)."""
    judge("npm")
    folder = _prepared("axe", _npm_ci, "npm ci fetches it")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


_ZBAR_NAMES = {
    "QR-Code": "QR", "CODE-128": "Code128", "CODE-39": "Code39", "Codabar": "Codabar", "EAN-13": "EAN13", "EAN-8": "EAN8",
    "UPC-A": "UPCA", "I2/5": "ITF",
}  # fmt: skip
_ZXING_NAMES = {
    "QRCode": "QR", "PDF417": "PDF417", "Aztec": "Aztec", "Code128": "Code128", "Code39": "Code39", "Codabar": "Codabar",
    "EAN13": "EAN13", "EAN8": "EAN8", "UPCA": "UPCA", "ITF": "ITF", "DataMatrix": "DataMatrix",
}  # fmt: skip


@pytest.fixture(scope="session")
def decode_barcode(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], list[Decoded]]:
    """`decode_barcode(png)` → what zxing-cpp and zbar read from a picture. zbar knows neither PDF417 nor Aztec nor Data Matrix."""
    zbar = judge("zbarimg")
    path = tmp_path_factory.mktemp("codes") / "a.png"

    def decode(png: bytes) -> list[Decoded]:
        path.write_bytes(png)
        with Image.open(path) as picture:
            found = zxingcpp.read_barcodes(picture.convert("L"))
        read = [Decoded("zxing", _zxing_name(str(one.format)), one.text) for one in found]
        said = subprocess.run([zbar, "-q", "--nodbus", str(path)], capture_output=True, text=True, check=False).stdout
        for line in said.splitlines():
            kind, _, text = line.partition(":")
            read.append(Decoded("zbar", _ZBAR_NAMES.get(kind, kind), text))
        return read

    return decode


def _zxing_name(name: str) -> str:
    plain = name.rpartition(".")[2].replace(" ", "").replace("-", "").replace("_", "")
    return _ZXING_NAMES.get(plain, plain)
