"""What a run says at its end: which judges were missing, and which requirements have a passing test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

SUITE = """
import pytest
from judges import JUDGES, Judge, judge
JUDGES["nobody"] = Judge("nobody-package", ("no-such-program",))

@pytest.mark.requirement("S3-25", "S3-30")
def test_shown(): pass

@pytest.mark.requirement("S3-26")
def test_broken(): assert False

@pytest.mark.requirement("S3-27")
def test_unjudged(): judge("nobody")

@pytest.fixture
def peer(): return judge("nobody")

def test_unjudged_too(peer): pass
"""


def run(folder: Path, suite: str, *arguments: str, **variables: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["plugins.requirements_report", "plugins.judges_report"]')
    (folder / "test_it.py").write_text(suite)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    requirement(*numbers): x\n")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(TESTS), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "2")])
def test_a_missing_judge_skips_and_is_told_at_the_end(tmp_path: Path, workers: tuple[str, ...]) -> None:
    _, said = run(tmp_path, SUITE, *workers)
    assert "Judge not found: nobody (Debian package nobody-package); 2 tests went unjudged." in said
    assert "1 failed, 1 passed, 2 skipped" in said


def test_in_ci_a_missing_judge_is_a_failure(tmp_path: Path) -> None:
    code, said = run(tmp_path, SUITE, CI="true")
    assert code == 1
    assert "Judge not found: nobody (Debian package nobody-package); 2 tests went unjudged." in said
    assert "2 failed, 1 passed, 1 error" in said


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "2")])
def test_requirements_are_listed_with_what_shows_them(tmp_path: Path, workers: tuple[str, ...]) -> None:
    _, said = run(tmp_path, SUITE, "--requirements", *workers)
    lines = {line.split()[0]: line.split()[1] for line in said.splitlines() if line[:1] == "S" and line[2:3] == "-"}
    assert len(lines) == 196
    assert (lines["S3-25"], lines["S3-30"], lines["S3-26"], lines["S3-27"]) == ("pass", "pass", "FAIL", "skipped")
    assert set(lines.values()) == {"pass", "FAIL", "skipped", "none"}
    assert "Requirements: 2 have passing tests, 1 have a failing one, 1 only skipped ones, 192 have none yet." in said


@pytest.mark.parametrize("marker", ['"S3-99"', '"S3-25", "s3-26"', ""])
def test_a_marker_that_names_no_requirement_stops_the_run(tmp_path: Path, marker: str) -> None:
    code, said = run(tmp_path, f"import pytest\n@pytest.mark.requirement({marker})\ndef test_it(): pass\n")
    assert code == 4
    assert "test_it.py::test_it" in said
