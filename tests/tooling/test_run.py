"""run.py on a fresh copy of the checkout, without git, without uv, without pip: what a newcomer's machine has.

One real installation serves all tests of this file (some ten seconds); it is interrupted once and then asked for twice at a time.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from billfold import __version__

ROOT = Path(__file__).parents[2]
PARTS = ("run.py", "tools", "src", "pyproject.toml", "requirements.lock", "requirements-dev.lock")
BASE_PYTHON = os.path.realpath(sys.executable)
"""The interpreter below the virtual environment that runs the tests."""

pytestmark = pytest.mark.xdist_group("run.py")


def copy_checkout(to: Path) -> Path:
    to.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, to / name)
    return to


def surroundings(**variables: str) -> dict[str, str]:
    """An environment whose PATH holds no uv, and no settings of ours."""
    foreign = ("BILLFOLD_", "COV_", "PYTEST_", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    folders = [folder for folder in kept.get("PATH", "").split(os.pathsep) if not (Path(folder) / "uv").exists()]
    return {**kept, "PATH": os.pathsep.join(folders), "NO_COLOR": "1", **variables}


def start(checkout: Path, *arguments: str, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BASE_PYTHON, str(checkout / "run.py"), *arguments],
        cwd=cwd,
        env=surroundings(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(checkout: Path, *arguments: str, cwd: Path, **variables: str) -> tuple[int, str, str]:
    process = start(checkout, *arguments, cwd=cwd, **variables)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


class Installed:
    """A copy whose set-up was killed half-way and then asked for by two starts at a time; what each of those said."""

    def __init__(self, folder: Path, cwd: Path) -> None:
        self.checkout, self.cwd = copy_checkout(folder), cwd
        first = start(self.checkout, "version", cwd=cwd)
        assert first.stderr is not None
        while "installing" not in (line := first.stderr.readline()):
            assert line, "run.py ended before it installed anything"
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        both = [start(self.checkout, "version", cwd=cwd) for _ in range(2)]
        self.said = [process.communicate(timeout=300) for process in both]
        self.codes = [process.returncode for process in both]

    def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        return run(self.checkout, *arguments, cwd=self.cwd, **variables)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("copy") / "a folder with spaces", tmp_path_factory.mktemp("elsewhere"))


def test_help_teaches_and_sets_nothing_up(tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    code, out, err = run(checkout, "--help", cwd=tmp_path)
    assert (code, err) == (0, "")
    for word in ("test", "check", "bench", "lock", "phone iphone", "keys create", "doctor", "./data"):
        assert word in out
    assert not (checkout / ".venv").exists()


@pytest.mark.requirement("S3-58")
def test_an_interrupted_set_up_is_noticed_and_two_starts_share_the_next(installed: Installed) -> None:
    assert installed.codes == [0, 0], installed.said
    assert [out for out, _ in installed.said] == [f"{__version__}\n"] * 2
    texts = [err for _, err in installed.said]
    assert sum("did not finish; starting over" in text for text in texts) == 1
    assert sum("installing" in text for text in texts) == 1


def test_the_wheel_in_tools_installed_it_without_pip_or_ensurepip(installed: Installed) -> None:
    [site_packages] = (installed.checkout / ".venv").glob("lib/python3.*/site-packages")
    assert (site_packages / "fastapi").is_dir()
    assert not (site_packages / "pip").exists()
    assert not (site_packages / "pytest").exists()


def test_the_environment_runs_the_checkouts_own_sources(installed: Installed) -> None:
    probe = "import billfold, fastapi, pycurl, psycopg, cryptography; print(billfold.__file__)"
    python = installed.checkout / ".venv" / "bin" / "python"
    done = subprocess.run([python, "-c", probe], cwd=installed.cwd, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == (installed.checkout / "src" / "billfold" / "__init__.py").resolve()


def test_the_next_start_installs_nothing(installed: Installed) -> None:
    assert installed.run("version") == (0, f"{__version__}\n", "")


def test_the_second_start_finds_everything_compiled_and_the_sources_stay_clean(installed: Installed) -> None:
    """Also where Python is told to leave no compiled files about: then they are in .venv."""
    source = installed.checkout / "src"
    for cache in list(source.rglob("__pycache__")):
        shutil.rmtree(cache)
    compiled = installed.checkout / ".venv" / "compiled"
    seen = []
    for _ in range(2):
        assert installed.run("settings", PYTHONDONTWRITEBYTECODE="1")[0] == 0
        seen.append({path: path.stat().st_mtime_ns for path in compiled.rglob("*.pyc")})
    first, second = seen
    assert {"settings", "main", "typing"} <= {path.name.partition(".")[0] for path in first}
    assert second == first
    assert not list(source.rglob("__pycache__"))


def test_the_launcher_is_the_command_also_through_a_link(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "bf").symlink_to(installed.checkout / ".venv" / "bin" / "billfold")
    done = subprocess.run([tmp_path / "bf", "version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{__version__}\n"


def test_words_and_exit_codes_pass_through(installed: Installed) -> None:
    assert "8000" in installed.run("settings")[1]
    code, _, err = installed.run("settings", "--no-such-option")
    assert code == 2
    assert "--no-such-option" in err


def test_options_alone_are_those_of_serve(installed: Installed) -> None:
    code, _, err = installed.run("--port", "70000")
    assert code == 2
    assert "--port must lie between 0 and 65535" in err


def test_the_folder_one_stands_in_shadows_nothing(installed: Installed, tmp_path: Path) -> None:
    for name in ("billfold", "typing", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')")
    assert run(installed.checkout, "version", cwd=tmp_path)[:2] == (0, f"{__version__}\n")


def test_bench_tells_which_there_are(installed: Installed) -> None:
    assert installed.run("bench")[:2] == (0, "python3 run.py bench NAME [--json], where NAME is one of: (none yet)\n")
    assert installed.run("bench", "no-such")[0] == 2


def test_a_benchmark_gets_its_words_and_finds_what_benchmarks_share(installed: Installed) -> None:
    folder = installed.checkout / "benchmarks"
    folder.mkdir(exist_ok=True)
    (folder / "common.py").write_text("WORD = 'shared'\n")
    (folder / "one.py").write_text("import sys\nfrom common import WORD\nprint(WORD, sys.argv[1:], __name__)\n")
    assert installed.run("bench", "one", "--json")[:2] == (0, "shared ['--json'] __main__\n")
    assert installed.run("bench")[1].endswith("one of: one\n")
    shutil.rmtree(folder)


def test_a_changed_lock_and_a_moved_checkout_are_taken_up(installed: Installed) -> None:
    moved = installed.checkout.with_name("moved")
    installed.checkout.rename(moved)
    try:
        assert run(moved, "version", cwd=installed.cwd) == (0, f"{__version__}\n", "")
        with (moved / "requirements.lock").open("a") as lock:
            lock.write("# changed\n")
        code, out, err = run(moved, "version", cwd=installed.cwd)
        assert (code, out) == (0, f"{__version__}\n")
        assert "installing the" in err
        assert "starting over" not in err
    finally:
        moved.rename(installed.checkout)


def test_a_package_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    [pinned] = re.findall(r"^typer==[^ ]+", (checkout / "requirements.lock").read_text(), re.MULTILINE)
    (checkout / "requirements.lock").write_text(f"{pinned} --hash=sha256:{'0' * 64}\n")
    code, out, err = run(checkout, "version", cwd=tmp_path)
    assert (code, out) == (1, "")
    assert "hashes" in err.lower()
    assert not list((checkout / ".venv").glob("lib/*/site-packages/typer"))


@pytest.fixture
def own_copy() -> ModuleType:
    """run.py as a module of this test's own, so that it may be told of another world."""
    spec = importlib.util.spec_from_file_location("run_py_under_test", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_python_that_does_not_fit_is_told_which_would(own_copy: ModuleType) -> None:
    own_copy.OLDEST = own_copy.NEWEST = (9, 9)
    with pytest.raises(own_copy.SetupError, match=r"needs Python 3\.11, 3\.12 or 3\.13; none of those is on the PATH") as caught:
        own_copy.base_python()
    assert "\n" not in str(caught.value)


def test_a_python_that_fits_is_used_itself(own_copy: ModuleType) -> None:
    assert own_copy.base_python() == sys.executable
    assert own_copy.version_of(sys.executable) == sys.version_info[:2]
    assert own_copy.version_of("/no/such/python") is None
