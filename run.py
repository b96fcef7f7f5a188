#!/usr/bin/env python3
"""Starts Billfold from a checkout: sets up .venv once, then hands over. Needs Python 3.11 to 3.13 and its standard library alone.

    python3 run.py [options of serve]        set up, then serve on http://127.0.0.1:8000 with the data in ./data
    python3 run.py test [pytest options]     every test, on SQLite and on a real PostgreSQL; --requirements shows what is proved
    python3 run.py check                     linter, formatter, type checker
    python3 run.py check FILE                explains why a pass does not open (billfold check)
    python3 run.py bench NAME [--json]       benchmarks/NAME.py; without a NAME: which there are
    python3 run.py lock [--upgrade]          make requirements.lock and requirements-dev.lock again (needs uv)
    python3 run.py COMMAND ...               any other command of billfold, for instance:
                   keys create               a new access key
                   phone iphone LINK         a virtual iPhone that opens a share link, installs the pass and waits for changes
                   doctor                    checks certificates, keys, clock and database, and says what to do
                   COMMAND --help            what a command takes

The first start installs what requirements.lock names (every file is checked against its hash) into .venv beside this file; later
starts find it there. A uv on the PATH is used when there is one, else the pip in tools/. To set up again, remove .venv.
"""

from __future__ import annotations  # so that an older Python reaches the line that says what is needed

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
OLDEST, NEWEST = (3, 11), (3, 13)
RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"
UNFINISHED = VENV / ".billfold-unfinished"  # there while something is being installed, and after an interruption
LOCK_HEADER = "see CONTRIBUTING.md, 'Dependencies'"
# Per-user pip settings that would send packages elsewhere than into .venv.
MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")

LAUNCHER = """#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
exec "$here/python" -P -m billfold "$@"
"""


START_BENCHMARK = "import runpy, sys; folder, name = sys.argv[1:3]; sys.path.insert(0, folder); sys.argv[:3] = [name]; "
START_BENCHMARK += "runpy.run_module(name, run_name='__main__', alter_sys=True)"


class SetupError(Exception):
    """Something a person must mend; the text is the one line they get."""


def say(text: str) -> None:
    print(f"billfold: {text}", file=sys.stderr, flush=True)


# --- which Python -----------------------------------------------------------------------------------------------------------------


def version_of(python: str) -> tuple[int, int] | None:
    """(major, minor) of an interpreter, None when it does not run (a pyenv shim without its version, say)."""
    ask = [python, "-I", "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=20, check=True).stdout.split()
        return int(answer[0]), int(answer[1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def base_python() -> str:
    """The running interpreter when it is of a supported version, else the first supported one on the PATH."""
    mine = sys.version_info[:2]
    if OLDEST <= mine <= NEWEST:
        return sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        path = shutil.which(name)
        if path and OLDEST <= (version_of(path) or (0, 0)) <= NEWEST:
            return path
    uv = usable_uv()
    if uv:
        found = subprocess.run(
            [uv, "python", "find", "--no-python-downloads", ">=3.11,<3.14"], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            return found.stdout.strip()
    raise SetupError(
        f"this is Python {mine[0]}.{mine[1]}, and Billfold needs Python 3.11, 3.12 or 3.13; none of those is on the PATH. "
        "Install one (Debian: apt-get install python3; macOS: brew install python@3.13), then start again."
    )


def venv_version() -> str | None:
    """Python version of .venv as far as it is usable ("3.11"), told from its files so that a start costs nothing."""
    if not VENV_PYTHON.exists():  # also when the interpreter behind the link is gone
        return None
    found = [folder.parent.name[len("python") :] for folder in VENV.glob("lib/python3.*/site-packages")]
    return found[0] if found and found[0] in ("3.11", "3.12", "3.13") else None


# --- setting up -------------------------------------------------------------------------------------------------------------------


def fingerprint(lock: str) -> str:
    """What the stamp of an installed lock must say: the lock's content and the Python that it was installed for."""
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest() + f" python {venv_version()}"


def stamp(lock: str) -> Path:
    return VENV / f".billfold-{lock}"


def installed(lock: str) -> bool:
    try:
        return venv_version() is not None and stamp(lock).read_text() == fingerprint(lock)
    except OSError:
        return False


@contextlib.contextmanager
def only_one():
    """Holds the checkout's lock, so that two starts at the same time do not install over each other."""
    if fcntl is None:
        raise SetupError("this system is neither Linux nor macOS; on Windows, start Billfold inside WSL")
    folder = os.open(ROOT, os.O_RDONLY)  # the folder itself is the lock: it is there, and nothing is left behind
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is setting up this checkout; waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def ensure(*locks: str) -> None:
    """Makes .venv hold what `locks` name. Returns at once when it does."""
    if all(installed(lock) for lock in locks):
        return
    with only_one():
        if all(installed(lock) for lock in locks):
            return  # the other start did it
        if not os.access(ROOT, os.W_OK):
            raise SetupError(f"the folder {ROOT} cannot be written, and .venv must go there; copy it to one of yours")
        if UNFINISHED.exists():
            say("an earlier set-up did not finish; starting over")
        if UNFINISHED.exists() or venv_version() is None:
            make_venv()
        UNFINISHED.touch()
        for lock in locks:
            if not installed(lock):
                with contextlib.suppress(FileNotFoundError):
                    stamp(lock).unlink()
                install(lock)
                stamp(lock).write_text(fingerprint(lock))
        connect_sources()
        UNFINISHED.unlink()
        say("ready")


def make_venv() -> None:
    python = base_python()
    version = version_of(python) or (0, 0)
    say(f"making .venv with Python {version[0]}.{version[1]} ({python})")
    shutil.rmtree(VENV, ignore_errors=True)
    attempt([python, "-m", "venv", "--without-pip", str(VENV)])  # --without-pip: Debian's bare Python has no ensurepip
    if venv_version() is None:
        raise SetupError(f"{python} -m venv made nothing usable in {VENV}")


def connect_sources() -> None:
    """Puts src/ on .venv's path and writes .venv/bin/billfold. Both are relative, so the checkout may move."""
    for site_packages in VENV.glob("lib/python3.*/site-packages"):
        replace(site_packages / "billfold.pth", os.path.relpath(ROOT / "src", site_packages) + "\n")
    replace(VENV / "bin" / "billfold", LAUNCHER)
    (VENV / "bin" / "billfold").chmod(0o755)


def replace(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.replace(path)


def pip_wheel() -> Path | None:
    return next(iter(sorted((ROOT / "tools").glob("pip-*-py3-none-any.whl"), reverse=True)), None)


def usable_uv() -> str | None:
    return shutil.which("uv")


def install(lock: str) -> None:
    """Installs what a lock names: by uv when there is one and it can, else by pip."""
    names = sum(line[:1].isalpha() for line in (ROOT / lock).read_text().splitlines())
    what = f"the {names} packages of {lock}"
    uv = usable_uv()
    if uv:
        say(f"installing {what} with uv")
        command = [uv, "pip", "install", "--quiet", "--no-python-downloads", "--python", str(VENV_PYTHON)]
        try:
            attempt([*command, "--require-hashes", "-r", lock])
            return
        except SetupError as problem:
            say(f"uv could not ({str(problem).splitlines()[-1]}); trying pip")
    say(f"installing {what} with pip (half a minute, less when pip has them cached)")
    wheel = pip_wheel()
    if wheel:
        pip = [str(VENV_PYTHON), str(wheel / "pip")]  # a wheel is a zip archive, and Python runs what is inside
    else:
        attempt([str(VENV_PYTHON), "-m", "ensurepip"])
        pip = [str(VENV_PYTHON), "-m", "pip"]
    # Not compiled here: Python compiles what it imports at the first start, and most of it never is.
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--root-user-action=ignore"]
    attempt([*pip, "install", *quiet, "--no-deps", "--require-hashes", "-r", lock])


def attempt(command: list[str]) -> None:
    """Runs one step of the set-up; its output is shown only when it fails."""
    environ = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError as problem:
        raise SetupError(f"cannot run {command[0]}: {problem}") from problem
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise SetupError(f"this step failed with exit code {done.returncode}: {' '.join(command)}\n{tail}")


# --- what a person asked for ------------------------------------------------------------------------------------------------------


def hand_over(*arguments: str) -> None:
    """Becomes .venv's Python: its exit code, its signals and its terminal are the caller's."""
    sys.stdout.flush()
    sys.stderr.flush()
    # -P: the folder one happens to stand in must not shadow a module. A script still finds its neighbours in its own folder.
    alone = ["-P"] if arguments[0].startswith("-") else []
    os.execve(VENV_PYTHON, [str(VENV_PYTHON), *alone, *arguments], compiling(os.environ))


def compiling(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which Python keeps what it compiled: without, each start takes two seconds more. Who forbids it does not
    want files strewn about, so they go into .venv, which is ours."""
    found = dict(environ)
    if found.pop("PYTHONDONTWRITEBYTECODE", ""):
        found.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "compiled"))
    return found


def test(arguments: list[str]) -> None:
    ensure(RUNTIME, DEV)
    os.chdir(ROOT)
    # On the two cores of continuous integration, a third worker uses the time that the others wait.
    hand_over("-m", "pytest", "-n", "3", "--dist", "loadgroup", *arguments)


def check(_: list[str]) -> int:
    ensure(RUNTIME, DEV)
    failed = []
    for step in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        say(" ".join(step))
        if subprocess.run([str(VENV_PYTHON), "-P", "-m", *step], cwd=ROOT, check=False).returncode:
            failed.append(" ".join(step))
    say(f"failed: {', '.join(failed)}" if failed else "all clean")
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    there = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py") if path.stem != "common")
    if not arguments or arguments[0] not in there:
        print("python3 run.py bench NAME [--json], where NAME is one of: " + (", ".join(there) or "(none yet)"))
        return 2 if arguments else 0
    ensure(RUNTIME, DEV)
    os.chdir(ROOT)
    benchmarks = str(ROOT / "benchmarks")  # -P keeps a script's own folder from Python's path, and they share modules
    hand_over("-c", START_BENCHMARK, benchmarks, arguments[0], *arguments[1:])
    return 0


def lock(arguments: list[str]) -> int:
    """Both locks for every supported Python and system, without the address of any index."""
    uv = usable_uv() or (str(VENV / "bin" / "uv") if (VENV / "bin" / "uv").exists() else None)
    if uv is None:
        raise SetupError("remaking the locks needs uv (https://docs.astral.sh/uv/); it is not on the PATH")
    common = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--python-version", "3.11"]
    environ = {**os.environ, "UV_CUSTOM_COMPILE_COMMAND": LOCK_HEADER}
    for extra, out in (([], RUNTIME), (["--group", "dev", "-c", RUNTIME], DEV)):
        say(f"making {out}")
        command = [uv, "pip", "compile", "--quiet", "pyproject.toml", *common, *extra, *arguments, "-o", out]
        code = subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode
        if code:
            return code
    return 0


def main(arguments: list[str]) -> int:
    word = arguments[0] if arguments else ""
    if word in ("-h", "--help", "help"):
        print((__doc__ or "").strip())
        return 0
    if word == "test":
        test(arguments[1:])
    own = {"check": check, "bench": bench, "lock": lock}
    if word in own and not (word == "check" and arguments[1:]):  # `check FILE` is `billfold check FILE`
        return own[word](arguments[1:])
    ensure(RUNTIME)
    serve = [] if word and not word.startswith("-") else ["serve"]
    hand_over("-m", "billfold", *serve, *arguments)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as problem:
        say(str(problem))
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted; the next start sets up again where needed")
        sys.exit(130)
