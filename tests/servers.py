"""Billfold, or a part of it, in processes of its own, as many tests start it: forked from one that has loaded the modules already.

A start then costs a fifth of what loading them anew costs, and there are some hundred starts. How it starts for a newcomer, with
its loading, is shown in tests/tooling and tests/cli. May not enter: what a server is asked.
"""

import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

_FORKS = get_context("forkserver")
_LOADED = ("cli.serving", "cli.demo", "storage.migrate", "storage.postgres")
_LATER = ("pydantic.v1", "babel.numbers", "uvicorn.protocols.websockets.auto", "stringprep", "psutil", "encodings.idna")
"""What a start loads when it comes to it."""
_FORKS.set_forkserver_preload([f"billfold.{name}" for name in _LOADED] + [*_LATER])


def _child(answers: Connection, log: str, program: Callable[..., object], arguments: tuple[object, ...]) -> None:
    os.dup2(answers.fileno(), 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    answers.close()
    gc.freeze()  # what was loaded before the fork stays: to look through it costs each start a tenth of a second
    program(*arguments)


def _billfold(arguments: list[str], environment: dict[str, str], folder: Path) -> None:
    """As if `python -m billfold` had just been started."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["billfold", *arguments]
    from billfold.cli.main import main

    main()


class Forked:
    """`program(*arguments)`, running. What it prints comes by `stdout`; what it logs is put at the end of the file `log`."""

    def __init__(self, log: Path, program: Callable[..., object], *arguments: object) -> None:
        ours, theirs = _FORKS.Pipe(duplex=False)
        self._process = _FORKS.Process(target=_child, args=(theirs, str(log), program, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self.stdout = open(os.dup(ours.fileno()))  # noqa: SIM115
        ours.close()
        self._log = log

    def line(self) -> str:
        """The next one that it prints."""
        found = self.stdout.readline()
        assert found, self._log.read_text()[-3_000:]
        return found

    @property
    def runs(self) -> bool:
        return self._process.exitcode is None

    def send_signal(self, number: int) -> None:
        assert self._process.pid
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """By SIGKILL; gone when this comes back."""
        self.send_signal(signal.SIGKILL)
        self.ended(10)

    def stop(self) -> None:
        """By SIGTERM, which it must obey with a good end. Nothing where it has ended already."""
        if self.runs:
            self.send_signal(signal.SIGTERM)
            assert self.ended(30) == 0, self._log.read_text()[-3_000:]
        self.stdout.close()

    def ended(self, seconds: float) -> int:
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"still runs after {seconds} s"
        self.stdout.close()
        return self._process.exitcode


class Started(Forked):
    """`billfold ARGUMENTS`."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path, log: Path) -> None:
        super().__init__(log, _billfold, arguments, environment, folder)


def ran(arguments: list[str], environment: dict[str, str], folder: Path) -> CompletedProcess[str]:
    """`billfold ARGUMENTS`, to its end."""
    with tempfile.NamedTemporaryFile("r") as log:
        process = Started(arguments, environment, folder, Path(log.name))
        said = process.stdout.read()
        return CompletedProcess(arguments, process.ended(60), said, log.read())


@contextlib.contextmanager
def serving(folder: Path, environment: dict[str, str], data: str = "data") -> Iterator[dict[str, Any]]:
    """`billfold serve` in the folder, which gets its data folder and server.log: the line that it says when it is ready."""
    server = Started(["serve", "--port", "0", "--data", data, "--json"], environment, folder, folder / "server.log")
    try:
        yield json.loads(server.line())
    finally:
        server.stop()
